"""Which participation a spell, a contact or an assessment belongs to."""

from __future__ import annotations

import polars as pl

DAYS_BEFORE_START = 30
"""A row dated at most so many days before the next participation of the same project belongs to it."""


def attach(rows: pl.DataFrame, deltakelse: pl.DataFrame, day: str) -> tuple[pl.DataFrame, int]:
    """The rows that have a participation, with its ``deltakelse_key``, and how many have none (orphans).

    A row belongs to the participation of the same person and project whose [start, end] holds its day (no end = open; of
    overlapping ones the latest begun), else to the next that starts within 30 days, else it is an orphan.

    Args:
        rows: one row per spell, contact or assessment, with ``person_key``, ``prosjekt_id`` and the date column ``day``.
        deltakelse: one row per participation, ``slutt_dato`` null while enrolled.
        day: the column that dates the row.

    Returns:
        The attached rows in their own order, never more than came in; the number of orphans.
    """
    numbered = rows.with_row_index("_row")
    spans = deltakelse.select("deltakelse_key", "person_key", "prosjekt_id", _fra="start_dato", _til="slutt_dato")
    until = pl.col("_fra") - pl.col(day)
    inside = (pl.col(day) >= pl.col("_fra")) & (pl.col("_til").is_null() | (pl.col(day) <= pl.col("_til")))
    soon = until.is_between(pl.duration(days=1), pl.duration(days=DAYS_BEFORE_START))
    chosen = (
        numbered.select("_row", "person_key", "prosjekt_id", day)
        .join(spans, on=["person_key", "prosjekt_id"])
        .filter(inside | soon)
        .with_columns(_later=~inside, _distance=until.abs())
        .sort("_row", "_later", "_distance", "deltakelse_key")
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", "deltakelse_key")
    )
    attached = numbered.join(chosen, on="_row", maintain_order="left").drop("_row")
    return attached, rows.height - attached.height
