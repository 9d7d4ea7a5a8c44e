"""Work, education and benefits month by month around each participation."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.codes.harmonise import successors
from pipeline.linkage.connection import linkage, run_steps
from pipeline.settings import Settings
from pipeline.tables import KLARGJORT

STEPS = (
    "kjent",
    "dekning",
    "registertreff",
    "utenfor",
    "spenn",
    "vindu",
    "person_vindu",
    "utenfor_maaned",
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


def person_maaned(
    deltakelse: pl.DataFrame, tiltak: pl.DataFrame, registers: dict[str, Path], settings: Settings, target: Path
) -> Path:
    """``KLARGJORT["person_maaned"]`` as the Parquet file ``target``: one row per participation and calendar month.

    Some 90 rows per participation: the table goes from the engine to the file and is never held in memory as a whole.

    From 12 months before the month of start to 60 after the month of exit, or to the last month any monthly extract reaches.
    A column is null where its register does not reach the month (first to last month found in the extract); work needs
    the employment register, to which self-employed income adds. Two participations of one person have their own rows.
    An amount is 0 where she has no row in a month that its register reaches, and null where one of her rows lacks it.
    In a month in which a person is gone (dead or emigrated on its first and last day, and without a job) all columns about work,
    education and benefits are null: that is no "no" (decision 052). So they are in every month of a person whom no register
    recognises: there is an extract of folkeregister, but neither it nor any other has a row of hers (decision 053).

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``, for the placements' employers.
        registers: register name to the admitted Parquet file; a missing one leaves its columns null.
        settings: the engine, its memory limit, and where it spills.
        target: a name that nobody reads yet, in the folder the table belongs in.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).
    """
    frames = {"deltakelse": deltakelse.select(DELTAKELSE), "tiltak": tiltak.select(TILTAK), "kommune_ref": successors()}
    with linkage(settings, registers, frames) as engine:
        run_steps(engine, STEPS)
        engine.write("person_maaned", KLARGJORT["person_maaned"], target)
    return target
