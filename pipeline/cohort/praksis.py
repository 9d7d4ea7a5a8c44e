"""The first placement of a participation, and placements brought along from before its start."""

from __future__ import annotations

import polars as pl

from pipeline.tables.deliveries import PLACEMENTS

IS_PLACEMENT = pl.col("tiltak_type").is_in(PLACEMENTS)


def with_first_placement(deltakelse: pl.DataFrame, spells: pl.DataFrame, all_spells: pl.DataFrame) -> pl.DataFrame:
    """``deltakelse`` with ``forste_praksis_dato``, ``uker_til_praksis`` and ``praksis_foer_start``; same rows.

    The first placement is the first arbeidspraksis or lonnstilskudd, interrupted or not, that began inside the
    participation; never after slutt_dato or statusdato, never before the start. Week 1 is days 0–6. ``praksis_foer_start``:
    a placement of the same person and project begun before the start had not ended by day 0, whichever participation it
    belongs to, if any; a spell without an end is taken to end with the participation it belongs to.

    Args:
        deltakelse: one row per participation.
        spells: spells attached to a participation (``deltakelse_key``).
        all_spells: every accepted spell, orphans too, with ``tiltak_id``, ``prosjekt_id``.
    """
    first = _first_inside(deltakelse, spells)
    carried = _carried_over(deltakelse, spells, all_spells)
    week = (pl.col("forste_praksis_dato") - pl.col("start_dato")).dt.total_days() // 7 + 1
    return deltakelse.join(first, on="deltakelse_key", how="left", maintain_order="left").with_columns(
        uker_til_praksis=week, praksis_foer_start=pl.col("deltakelse_key").is_in(carried.implode())
    )


def _first_inside(deltakelse: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    spans = deltakelse.select("deltakelse_key", _fra="start_dato", _til=pl.min_horizontal("slutt_dato", "statusdato"))
    begun = pl.col("start_dato")
    inside = begun.is_between(pl.col("_fra"), pl.col("_til"))
    return (
        spells.filter(IS_PLACEMENT)
        .join(spans, on="deltakelse_key")
        .filter(inside)
        .group_by("deltakelse_key")
        .agg(forste_praksis_dato=begun.min())
    )


def _carried_over(deltakelse: pl.DataFrame, spells: pl.DataFrame, all_spells: pl.DataFrame) -> pl.Series:
    own_end = spells.select("tiltak_id", "prosjekt_id", "deltakelse_key").join(
        deltakelse.select("deltakelse_key", _own_end="slutt_dato"), on="deltakelse_key"
    )
    placements = (
        all_spells.filter(IS_PLACEMENT)
        .join(own_end.drop("deltakelse_key"), on=["tiltak_id", "prosjekt_id"], how="left")
        .select("person_key", "prosjekt_id", _begun="start_dato", _ended=pl.coalesce("slutt_dato", "_own_end"))
    )
    running = (pl.col("_begun") < pl.col("start_dato")) & (
        pl.col("_ended").is_null() | (pl.col("_ended") >= pl.col("start_dato"))
    )
    return deltakelse.join(placements, on=["person_key", "prosjekt_id"]).filter(running)["deltakelse_key"].unique().sort()
