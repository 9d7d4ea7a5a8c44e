"""How far each register reaches and how many participations it knows: nothing is silently an inner join."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.linkage.connection import linkage, run_steps
from pipeline.settings import Settings
from pipeline.tables import STATISTIKK


def kobling(deltakelse: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``STATISTIKK["kobling"]``: one row per person register and owner, and one for all owners (``alle``).

    ``n_koblet`` counts participations whose person has at least one row in the register; null when it has no extract.
    ``virksomhet`` holds no persons and is left out.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).
    """
    frames = {"deltakelse": deltakelse.select("deltakelse_key", "person_key", "avsender")}
    with linkage(settings, registers, frames) as engine:
        run_steps(engine, ("kjent", "dekning", "registertreff", "kobling"))
        return engine.fetch("kobling", STATISTIKK["kobling"])
