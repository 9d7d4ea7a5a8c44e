"""The last look at a whole release, from the released values alone.

Belongs here: what makes the gate refuse although every part was made by its rule. Must not be here: any rule's repair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline.disclosure import estimate_group, estimates, indicators, link_losses, trials
from pipeline.disclosure.parameters import HIDDEN, ZERO, unsafe
from pipeline.errors import ReleaseRefused


def last_look(tables: Mapping[str, pl.DataFrame], threshold: int) -> None:
    """The whole once more.

    Raises:
        ReleaseRefused: a shown count is unsafe, a hidden row carries a number, or a table is finer than its rounding.
    """
    numbers, local = tables["nokkeltall"], tables["kommune"]
    bad = {
        "nokkeltall": indicators.apart(numbers, threshold).filter("_hidden").height
        + numbers.filter(unsafe(pl.col("nevner"), pl.col("teller"), threshold) & (pl.col("status") != ZERO)).height
        + numbers.filter((pl.col("nevner") > 0) & (pl.col("nevner") < threshold)).height
        + numbers.filter((pl.col("status") == HIDDEN) & (pl.col("verdi").is_not_null() | pl.col("teller").is_not_null())).height,
        "kommune": local.filter(unsafe(pl.col("n"), pl.col("observert"), threshold)).height
        + estimates.fine_municipalities(local),
        "etterproving": trials.unsafe_proof(tables["etterproving"]),
        "koblingstap": link_losses.unsafe_link_losses(tables["koblingstap"]),
    }
    small = {
        "effekt": _small(tables["effekt"], ("n_personer", "n_hendelser"), threshold),
        "effekt_naiv": _small(tables["effekt_naiv"], ("n_strategi", "n_sammenligning"), threshold),
        "kurver": _small(tables["kurver"], ("n_hendelser", "n_under_risiko"), threshold),
        "aarsakskjede": _small(tables["aarsakskjede"], ("n", "n_hendelser"), threshold),
    }
    fine = estimate_group.unsafe_rows(tables, threshold)
    wrong = sorted({name for found in (bad, small, fine) for name, count in found.items() if count})
    if wrong:
        raise ReleaseRefused(
            f"Numbers under the threshold, or too exact, would be shown in {', '.join(wrong)}.", "The last release stays."
        )


def _small(frame: pl.DataFrame, columns: Sequence[str], threshold: int) -> int:
    return frame.filter(pl.any_horizontal([(pl.col(c) > 0) & (pl.col(c) < threshold) for c in columns])).height
