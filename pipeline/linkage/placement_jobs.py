"""Which placements were followed by a job with the same employer."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.linkage.connection import linkage, run_steps
from pipeline.settings import Settings
from pipeline.tables import STATISTIKK

DELTAKELSE = ["deltakelse_key", "person_key", "slutt_dato", "statusdato"]
TILTAK = ["tiltak_id", "prosjekt_id", "deltakelse_key", "er_praksis", "slutt_dato", "arbeidsgiver_orgnr"]


def praksisutfall(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``STATISTIKK["praksisutfall"]``: one row per placement that has ended by statusdato; null where its employer is not known.

    Null also where the employment register was not asked about the person in one of the months, or no register recognises her.

    Unlike ``utfall``, which asks of all employers of a participation at once, each placement is asked of its own employer and
    from its own end: the placement's last day or, where that is not reported or later, the participation's.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``.
        registers: register name to the admitted Parquet file; without employment every placement is unknown.
        settings: the engine, its memory limit, and where it spills.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).
    """
    frames = {"deltakelse": deltakelse.select(DELTAKELSE), "tiltak": tiltak.select(TILTAK)}
    with linkage(settings, registers, frames) as engine:
        run_steps(engine, ("kjent", "dekning", "registertreff", "utenfor", "praksisutfall"))
        return engine.fetch("praksisutfall", STATISTIKK["praksisutfall"])
