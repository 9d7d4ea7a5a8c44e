"""Work, education and benefits month by month around each participation."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.linkage.connection import linkage, result, run_step
from pipeline.settings import Settings
from pipeline.tables import KLARGJORT

STEPS = (
    "dekning",
    "vindu",
    "person_vindu",
    "jobb_maaned",
    "selvstendig_aar",
    "praksisplass",
    "praksisplass_maaned",
    "utdanning_maaned",
    "arbeidssoker_maaned",
    "ytelse_maaned",
    "bosatt_maaned",
    "person_maaned",
)
DELTAKELSE = ["deltakelse_key", "person_key", "start_dato", "slutt_dato"]
TILTAK = ["deltakelse_key", "er_praksis", "arbeidsgiver_orgnr"]


def person_maaned(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``KLARGJORT["person_maaned"]``: one row per participation and calendar month.

    From 12 months before the month of start to 60 after the month of exit, or to the last month any monthly extract reaches.
    A column is null where its register does not reach the month (first to last month found in the extract); work needs
    the employment register, to which self-employed income adds. Two participations of one person have their own rows.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``, for the placements' employers.
        registers: register name to the admitted Parquet file; a missing one leaves its columns null.
        settings: memory limit, and the home to spill into.

    Raises:
        StepFailed: the database refused a step (a bug; without values).
    """
    frames = {"deltakelse": deltakelse.select(DELTAKELSE), "tiltak": tiltak.select(TILTAK)}
    with linkage(settings, registers, frames) as connection:
        for step in STEPS:
            run_step(connection, step)
        return KLARGJORT["person_maaned"].conform(result(connection, "person_maaned"))
