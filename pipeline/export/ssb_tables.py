"""The tables for Statistics Norway, minimised: only the variables listed in ``variabler.csv``."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.export.variables import key, table_names, variables


def prepare_ssb_tables(deltakelse: pl.DataFrame, utfall: pl.DataFrame, tiltak: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """``deltaker_utfall`` (one row per participation) and ``tiltak`` (one row per spell), sorted by key.

    Minimised: birth year and country group, no country, health, benefits, pay, adviser or employer, nothing in free words.

    Args:
        deltakelse: ``klargjort.deltakelse``, with ``person_key`` and ``deltakelse_key`` already the recipient's pseudonyms.
        utfall: ``statistikk.utfall``, likewise; participations without a row get nulls.
        tiltak: ``klargjort.tiltak``, likewise; numbered within the participation (``lopenr``) instead of the sender's id.
    """
    outcomes = utfall.select("deltakelse_key", *(v.name for v in variables("deltaker_utfall") if v.source == "statistikk.utfall"))
    spells = tiltak.sort("deltakelse_key", "start_dato", "tiltak_type", "tiltak_id", "prosjekt_id")
    wide = {
        "deltaker_utfall": deltakelse.join(outcomes, on="deltakelse_key", how="left"),
        "tiltak": spells.with_columns(lopenr=pl.int_range(1, pl.len() + 1).over("deltakelse_key")),
    }
    return {name: _chosen(name, wide) for name in table_names()}


def _chosen(table: str, wide: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    columns = [pl.col(v.name).cast(v.column.dtype) for v in variables(table)]
    return wide[table].select(columns).sort(key(table))
