"""Whom the registers do not know: link loss by group, and how the lost differ from the matched."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.linkage.connection import linkage, run_steps
from pipeline.settings import Settings
from pipeline.tables import STATISTIKK

STEPS = ("kjent", "dekning", "registertreff", "koblingstap")
_NEEDED = (
    "deltakelse_key", "person_key", "avsender", "kjonn", "alder_start", "landgruppe", "malgruppe", "start_dato", "fylke_nr",
)  # fmt: skip


def koblingstap(deltakelse: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``STATISTIKK["koblingstap"]``: one row per person register with an extract, group variable and group.

    A participation is matched when its person has at least one row in the register, whenever. Participations are counted, so that a
    person who takes part twice counts twice; one without a value belongs to the group ``ukjent``. The standardised difference is
    (share of the lost - share of the matched) / sqrt of the mean of both variances; null where it cannot be formed.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        registers: register name to the admitted Parquet file; one without rows has no row here.
        settings: engine and its limits.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).

    Source of the measure: Austin 2009, Stat Med 28:3083; its use on lost links: Harron et al. 2017, Int J Epidemiol 46:1699.
    """
    with linkage(settings, registers, {"deltakelse": deltakelse.select(_NEEDED)}) as engine:
        run_steps(engine, STEPS)
        return engine.fetch("koblingstap", STATISTIKK["koblingstap"])
