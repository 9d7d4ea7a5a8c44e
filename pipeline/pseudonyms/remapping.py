"""Which pseudonyms have been replaced by which, for those who have files of their own: analysts, recipients, the guard between releases.

Belongs here: finding and listing replaced pseudonyms. Must not be here: when that happens (the night, a rotation), or identities in what
is returned. A list of the replaced has the columns ``slag``, ``gammel_key``, ``person_key``, ``deltakelse_key`` of
``INNDATA["ompseudonymisering"]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.pseudonyms.identity_history import IdentityHistory
from pipeline.pseudonyms.inndata import participation_keys
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import person_keys, recipient_keys
from pipeline.settings import Home
from pipeline.store import digest, write_text
from pipeline.tables.identity import OMPSEUDONYMISERING

RECIPIENTS = ("ssb",)
_LIST = ["slag", "gammel_key", "person_key", "deltakelse_key"]
_NOW = {"person": "person_key", "deltakelse": "deltakelse_key"}


def merged(
    before: Mapping[str, pl.DataFrame], now: Mapping[str, pl.DataFrame], numbers: pl.DataFrame, keys: Keys
) -> pl.DataFrame:
    """Pseudonyms of the last night that tonight belong to a person who has another: she was two, and is one.

    Args:
        before: last night's ``INNDATA`` tables; empty ones before the first.
        now: tonight's.
        numbers: ``IdentityHistory.numbers_of`` everybody delivered.
        keys: this run's master key.
    """
    named = numbers.select(
        person_keys(numbers["person_id"], keys).alias("gammel_key"),
        person_keys(numbers["gjeldende_id"], keys).alias("person_key"),
    )
    used = pl.concat([f.select(pl.col("person_key").alias("gammel_key")) for f in before.values() if "person_key" in f.columns])
    persons = named.filter(pl.col("gammel_key") != pl.col("person_key")).join(used.unique(), on="gammel_key", how="semi")
    known = persons.rename({"gammel_key": "person_key", "person_key": "_now"})
    rows = before["deltaker"].select("deltakelse_key", "person_key", "prosjekt_id", "start_dato")
    rows = rows.with_columns(pl.col("person_key").replace(known["person_key"], known["_now"]))
    stands = now["deltaker"].select(pl.col("deltakelse_key").alias("_now"), "person_key", "prosjekt_id", "start_dato")
    ours = rows.filter(pl.col("person_key").is_in(known["_now"].unique().implode()))
    moved = ours.join(stands, on=["person_key", "prosjekt_id", "start_dato"]).filter(pl.col("deltakelse_key") != pl.col("_now"))
    participations = moved.select(
        pl.col("deltakelse_key").alias("gammel_key"), "person_key", pl.col("_now").alias("deltakelse_key")
    )
    return listed(persons, participations)


def rekeyed(rows: pl.DataFrame, others: pl.Series, history: IdentityHistory, old: Keys, new: Keys) -> pl.DataFrame:
    """Every pseudonym that the key before has made of these persons, and the one that the new key makes of them.

    Args:
        rows: rows of ``deltaker`` with ``avsender``, also withdrawn ones: what is kept of earlier releases may be about them.
        others: identity numbers of further persons.
        history: a number that led elsewhere last night leads to the same pseudonym from now on.
        old: the key before.
        new: the key from now on.
    """
    numbers = history.numbers_of(pl.concat([rows["fnr"].cast(pl.String), others.cast(pl.String).alias("fnr")]))
    persons = numbers.select(
        person_keys(numbers["person_id"], old).alias("gammel_key"), person_keys(numbers["gjeldende_id"], new).alias("person_key")
    )
    spelled = spelled_out(rows, history)
    participations = pl.DataFrame({
        "gammel_key": participation_keys(spelled, old),
        "person_key": person_keys(spelled["gjeldende_id"], new),
        "deltakelse_key": participation_keys(spelled.with_columns(fnr="gjeldende_id"), new),
    })  # fmt: skip
    return listed(persons, participations)


def spelled_out(rows: pl.DataFrame, history: IdentityHistory) -> pl.DataFrame:
    """The rows once per number their person is known by (``fnr``), with the number she has now as ``gjeldende_id``."""
    whose = rows.drop_nulls("fnr").with_columns(gjeldende_id=history.current(rows.drop_nulls("fnr")["fnr"])).drop("fnr")
    numbers = history.numbers_of(rows["fnr"]).rename({"person_id": "fnr"})
    return whose.join(numbers, on="gjeldende_id")


def listed(persons: pl.DataFrame, participations: pl.DataFrame) -> pl.DataFrame:
    """One list of persons (``gammel_key``, ``person_key``) and participations (with ``deltakelse_key``), each once, sorted."""
    both = [
        persons.select(
            pl.lit("person").alias("slag"), "gammel_key", "person_key", pl.lit(None, pl.String).alias("deltakelse_key")
        ),
        participations.select(pl.lit("deltakelse").alias("slag"), "gammel_key", "person_key", "deltakelse_key"),
    ]
    return pl.concat(both).unique("gammel_key", keep="first", maintain_order=True).sort("slag", "gammel_key")


def replacements(replaced: pl.DataFrame) -> dict[str, str]:
    """Pseudonym of a person or a participation to the one in its place."""
    now = pl.coalesce("deltakelse_key", "person_key")
    return dict(replaced.select("gammel_key", now.alias("_now")).iter_rows())


def unknown_in(replaced: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """The part of a list that the standing table does not hold yet."""
    return replaced.join(standing.select(_LIST), on=_LIST, how="anti", nulls_equal=True)


def extended(standing: pl.DataFrame, replaced: pl.DataFrame, reason: str, day: date) -> pl.DataFrame:
    """``INNDATA["ompseudonymisering"]`` with a list more: whoever looks up any earlier pseudonym finds today's in one step."""
    to = replacements(replaced)
    moved = standing.with_columns(pl.col(name).replace(to) for name in _NOW.values())
    added = replaced.with_columns(grunn=pl.lit(reason), dato=pl.lit(day))
    both = pl.concat([moved.select(OMPSEUDONYMISERING.names), added.select(OMPSEUDONYMISERING.names)])
    return OMPSEUDONYMISERING.conform(both.unique("gammel_key", keep="first", maintain_order=True))


def still_true(standing: pl.DataFrame, now: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table without what leads to nobody of tonight, and without pseudonyms that are in use again (a link was taken back)."""
    alive = pl.concat([f["person_key"] for f in now.values() if "person_key" in f.columns]).unique()
    participations = now["deltaker"]["deltakelse_key"].unique()
    used = pl.concat([alive.alias("key"), participations.alias("key")])
    person, participation = (pl.col(n).is_in(k.implode()) for n, k in (("person_key", alive), ("deltakelse_key", participations)))
    leads = pl.when(pl.col("slag") == "person").then(person).otherwise(participation)
    return OMPSEUDONYMISERING.conform(standing.filter(leads & ~pl.col("gammel_key").is_in(used.implode())))


def write_recipient_lists(home: Home, replaced: pl.DataFrame, old: Keys, new: Keys) -> list[Path]:
    """Per recipient ``ompseudonymisering_<id>.csv`` (0600): its own pseudonyms before and now; the same list is the same file.

    Args:
        home: the folders.
        replaced: a list of the replaced; nothing is written for an empty one.
        old: the key that made the pseudonyms before.
        new: the key that makes them now, the same where persons were merged.
    """
    written = []
    for recipient in RECIPIENTS if replaced.height else ():
        now = replaced.select(pl.coalesce("deltakelse_key", "person_key").alias("now"))["now"]
        lines = pl.DataFrame({
            "slag": replaced["slag"].replace({name: column for name, column in _NOW.items()}),
            "gammelt": recipient_keys(replaced["gammel_key"], old, recipient),
            "nytt": recipient_keys(now, new, recipient),
        }).sort("slag", "gammelt")  # fmt: skip
        text = lines.write_csv(separator=";")
        path = home.exports / recipient / f"ompseudonymisering_{digest([text])[:12]}.csv"
        write_text(path, text, mode=0o600)
        written.append(path)
    return written
