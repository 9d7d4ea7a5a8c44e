"""Participations with their spells, contacts and assessments, and their months in the registers."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from assets.night import Made, Night, Output
from assets.registre import SPOKEN_OF
from assets.specs import spec
from pipeline.cohort import build_klargjort
from pipeline.linkage import person_maaned
from pipeline.tables import REGISTERS

COHORT = ["deltakelse", "tiltak", "oppfolging", "kartlegging", "prosjekt"]
COHORT_INPUTS = ["prosjekt", "deltaker", "kartlegging", "tiltak", "oppfolging", "statusdato"]


def register_paths(night: Night) -> dict[str, Path]:
    """The admitted extracts that exist, by register, and what they speak of and of whom not."""
    paths = {r: night.warehouse.path("inndata", f"register_{r}") for r in REGISTERS}
    paths |= {t: night.warehouse.path("klargjort", t) for t in SPOKEN_OF}
    return {r: p for r, p in paths.items() if p.is_file()}


def register_inputs() -> list[Output]:
    """All admitted extracts as inputs, those that are missing too."""
    return [*(("inndata", f"register_{r}") for r in REGISTERS), *(("klargjort", t) for t in SPOKEN_OF)]


@dg.multi_asset(
    specs=[spec("klargjort", t, [f"inndata_{i}" for i in COHORT_INPUTS]) for t in COHORT], required_resource_keys={"night"}
)
def kohort(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """One row per participation, with what belongs to it."""
    night: Night = context.resources.night
    outputs: list[Output] = [("klargjort", t) for t in COHORT]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        tables = build_klargjort(night.tables("inndata", COHORT_INPUTS)).tables
        return {("klargjort", t): tables[t] for t in COHORT}

    built = night.build("kohort", night.inputs(("inndata", t) for t in COHORT_INPUTS), ["cohort"], outputs, compute)
    yield from night.materialized(outputs, built, started)


@dg.multi_asset(
    specs=[
        spec(
            "klargjort",
            "person_maaned",
            ["klargjort_deltakelse", "klargjort_tiltak", *(f"inndata_register_{r}" for r in REGISTERS)],
            {"duckdb"},
        )
    ],
    required_resource_keys={"night"},
)
def maaneder(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Work, education and benefits per participation and month, joined in the engine."""
    night: Night = context.resources.night
    outputs: list[Output] = [("klargjort", "person_maaned")]
    started = time.monotonic()

    def compute() -> dict[Output, Made]:
        own = night.tables("klargjort", ["deltakelse", "tiltak"])
        target = night.warehouse.unfinished(*outputs[0])
        return {outputs[0]: person_maaned(own["deltakelse"], own["tiltak"], register_paths(night), night.settings, target)}

    inputs = night.inputs([("klargjort", "deltakelse"), ("klargjort", "tiltak"), *register_inputs()])
    built = night.build("person_maaned", inputs, ["linkage", "engine"], outputs, compute)
    yield from night.materialized(outputs, built, started)


ASSETS = [kohort, maaneder]
