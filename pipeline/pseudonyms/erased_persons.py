"""References to persons who may not be named any more: one person's numbers and the key's versions lead to the reference on record.

Belongs here: which reference a person goes by. Must not be here: what an erasure holds back (intake decides).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl

from pipeline.pseudonyms.identity_history import IdentityHistory
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import log_references, pseudonyms


def references(keys: Keys, history: IdentityHistory, known: Collection[str]) -> Callable[[pl.Series], pl.Series]:
    """What turns identity numbers into references, in the same order; null stays null.

    A number goes by the reference among ``known`` that was made of it, or of another number of the same person, under this key or an
    earlier version: the number itself and this key first. One that none was made of goes by its own under this key.

    Args:
        keys: this run's master key, with what is left of the versions before it.
        history: which numbers are one person's.
        known: the references of everybody who has been erased.
    """

    def refer(identities: pl.Series) -> pl.Series:
        own = log_references(identities, keys)
        if not known:
            return own
        found = _known_references(identities, keys, history, known)
        asked = pl.DataFrame({"number": identities.cast(pl.String), "own": own})
        joined = asked.join(found, on="number", how="left", maintain_order="left")
        return joined.select(pl.coalesce("reference", "own"))["reference"].alias(identities.name)

    return refer


def _known_references(identities: pl.Series, keys: Keys, history: IdentityHistory, known: Collection[str]) -> pl.DataFrame:
    """``number``, ``reference``: the first known one of each number that has any."""
    distinct = identities.cast(pl.String).drop_nulls().unique().alias("number")
    named = (
        distinct.to_frame()
        .with_columns(gjeldende_id=history.current(distinct))
        .join(history.numbers_of(distinct), on="gjeldende_id")
    )
    log_keys = [keys.derive("log"), *(r.log_key for r in reversed(keys.retired))]
    made = [
        named.select("number", "person_id", pl.lit(age).alias("age"), pseudonyms(named["person_id"], key).alias("reference"))
        for age, key in enumerate(log_keys)
    ]
    listed = pl.Series(sorted(known), dtype=pl.String)
    hits = pl.concat(made).filter(pl.col("reference").is_in(listed.implode()))
    first = hits.sort(pl.col("person_id") != pl.col("number"), "age", "person_id").unique(
        "number", keep="first", maintain_order=True
    )
    return first.select("number", "reference")
