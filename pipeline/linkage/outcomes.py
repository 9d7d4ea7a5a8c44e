"""What became of each participation: direct transition, register status, lasting work, before and after."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.codes.harmonise import successors
from pipeline.linkage.connection import linkage, run_steps
from pipeline.linkage.person_months import DELTAKELSE, TILTAK
from pipeline.settings import Settings
from pipeline.tables import KLARGJORT, STATISTIKK

STEPS = (
    "kjent",
    "dekning",
    "registertreff",
    "utenfor",
    "praksisplass",
    "norskprove_best",
    "utfall_maaneder",
    "november_status",
    "bosted_utfall",
    "arbeidsgiver_12m",
    "arbeid_fra_start",
    "utfall",
)


def utfall(
    deltakelse: pl.DataFrame, tiltak: pl.DataFrame, person_maaned: Path, registers: dict[str, Path], settings: Settings
) -> pl.DataFrame:
    """``STATISTIKK["utfall"]``: exactly one row per participation.

    Month m is the calendar month of exit + m. Figures over several months are null unless all of them are reached;
    ``november_status`` (first match, November of the year after exit) is null unless employment, education and NAV's
    register all reach that November; ``samme_arbeidsgiver_12m`` is null without a placement employer.

    Who is dead or emigrated has no "not in work" after exit: shares are of living residents (decision 052), and ``bosatt_12m`` and
    ``bosatt_november`` say who is gone. From the start, where death is one of the ways to leave (``i_arbeid_uke_104``,
    ``varig_arbeid``), the dead are not in work, and the emigrated are unknown.

    Of a person whom folkeregister, where it has an extract, does not know and no other register has a row of, nothing is known:
    every column but ``direkte_overgang`` is null, and ``november_status`` is ``annet_eller_ukjent`` (decision 053). All are null where a
    register was never asked about her.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``, for the placements' employers.
        person_maaned: the file of ``KLARGJORT["person_maaned"]``, made of the same participations and extracts.
        registers: register name to the admitted Parquet file; a missing one leaves its columns null.
        settings: the engine, its memory limit, and where it spills.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).
    """
    own = deltakelse.select([*DELTAKELSE, "overgang"])
    frames = {"deltakelse": own, "tiltak": tiltak.select(TILTAK), "kommune_ref": successors()}
    with linkage(settings, registers, frames) as engine:
        engine.show_parquet("person_maaned", person_maaned, KLARGJORT["person_maaned"])
        run_steps(engine, STEPS)
        return engine.fetch("utfall", STATISTIKK["utfall"])
