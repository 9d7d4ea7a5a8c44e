"""Whether matched persons are the same persons: what the project delivered against what the national register says."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.linkage.connection import linkage, run_steps
from pipeline.settings import Settings
from pipeline.tables import STATISTIKK

_NEEDED = ("deltakelse_key", "person_key", "start_dato", "kjonn", "fodselsaar", "landbakgrunn", "botid_aar")


def koblingskvalitet(deltakelse: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``STATISTIKK["koblingskvalitet"]``: one row per compared field; none without an extract of folkeregister, or without matches.

    A false link joins two persons, who differ in what neither of them changes. Participations whose person has a row in
    folkeregister are compared with the spell that holds on their first day; a field that is null on either side is not compared.
    The project's day of immigration is read from ``botid_aar``, so that one after the start is not compared.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        registers: register name to the admitted Parquet file; only folkeregister is read.
        settings: engine and its limits.

    Raises:
        StepFailed: the engine refused a step (a bug; without values).

    Source of the check: Harron et al. 2017, Int J Epidemiol 46:1699 (implausible or disagreeing values among links).
    """
    with linkage(settings, registers, {"deltakelse": deltakelse.select(_NEEDED)}) as engine:
        run_steps(engine, ("koblingskvalitet",))
        return engine.fetch("koblingskvalitet", STATISTIKK["koblingskvalitet"])
