"""Measures as spans of days inside their participation, with the order that decides between several at a time.

Belongs here: what the descriptions of pathways, sequences and waits share. Must not be here: placements' first day (``praksis``).
"""

from __future__ import annotations

import polars as pl

from pipeline.tables.deliveries import PLACEMENTS
from pipeline.tables.statistikk_beskrivelse import NOT_COUNTED

PRECEDENCE = (*PLACEMENTS, "spraakpraksis", "norskopplaering")
"""Of several measures at a time the first of these, then any other."""


def rank(tiltak_type: pl.Expr) -> pl.Expr:
    """0 for the measure that goes before all others; the same for all that are not named in ``PRECEDENCE``."""
    return tiltak_type.replace_strict(
        {name: number for number, name in enumerate(PRECEDENCE)}, default=len(PRECEDENCE), return_dtype=pl.Int64
    )


def spans(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """One row per spell of a counted measure that has begun: deltakelse_key, tiltak_type, fra, til, slutt_dato, inne_til.

    ``til`` is the last day inside the participation, ``slutt_dato`` the spell's own where it is reported and has come, and
    ``inne_til`` the last day that the participation is known to hold: its exit, else statusdato. Spells that begin after it are
    plans, not facts. kartlegging and mentor are left out.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``.
    """
    inside = deltakelse.select("deltakelse_key", inne_til=pl.min_horizontal("slutt_dato", "statusdato"))
    ended = pl.when(pl.col("slutt_dato") <= pl.col("inne_til")).then("slutt_dato")
    return (
        tiltak.filter(~pl.col("tiltak_type").is_in(NOT_COUNTED))
        .select("deltakelse_key", "tiltak_type", "start_dato", "slutt_dato")
        .join(inside, on="deltakelse_key")
        .filter(pl.col("start_dato") <= pl.col("inne_til"))
        .select(
            "deltakelse_key", "tiltak_type", "inne_til", fra="start_dato", slutt_dato=ended,
            til=pl.coalesce(ended, "inne_til"),
        )
        .sort("deltakelse_key", "fra", "til", "tiltak_type")
    )  # fmt: skip
