"""Descriptions before disclosure control: pathways, sequences, waits, employers and surveys. They reach analysts in the snapshot."""

import time
from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.klargjort import register_inputs, register_paths
from assets.night import Night, Output
from assets.specs import spec
from pipeline.cohort import arbeidsgiversvar, forlop, opphold, prosjektundersokelse, sekvenser
from pipeline.effects import arbeidsgivere
from pipeline.linkage import praksisutfall
from pipeline.tables import REGISTERS

PATHWAYS = ["forlop", "sekvens", "opphold"]
ANSWERS = ["undersokelse", "arbeidsgiver_svar"]
_PARTICIPATIONS = ["klargjort_deltakelse", "klargjort_tiltak"]


@dg.multi_asset(specs=[spec("statistikk", t, _PARTICIPATIONS) for t in PATHWAYS], required_resource_keys={"night"})
def forlopene(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Where participants are month by month, which measures follow which, and the waits between them."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", t) for t in PATHWAYS]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        own = night.tables("klargjort", ["deltakelse", "tiltak"])
        made = {"forlop": forlop, "sekvens": sekvenser, "opphold": opphold}
        return {("statistikk", name): make(own["deltakelse"], own["tiltak"]) for name, make in made.items()}

    built = night.build("forlop", night.inputs(("klargjort", t) for t in ("deltakelse", "tiltak")), ["cohort"], outputs, compute)
    yield from night.materialized(outputs, built, started)


@dg.multi_asset(
    specs=[spec("statistikk", "praksisutfall", [*_PARTICIPATIONS, *(f"inndata_register_{r}" for r in REGISTERS)], {"duckdb"})],
    required_resource_keys={"night"},
)
def praksisplasser(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Which placements were followed by a job with the same employer."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", "praksisutfall")]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        own = night.tables("klargjort", ["deltakelse", "tiltak"])
        return {outputs[0]: praksisutfall(own["deltakelse"], own["tiltak"], register_paths(night), night.settings)}

    inputs = night.inputs([("klargjort", "deltakelse"), ("klargjort", "tiltak"), *register_inputs()])
    built = night.build("praksisutfall", inputs, ["linkage", "engine"], outputs, compute)
    yield from night.materialized(outputs, built, started)


@dg.multi_asset(
    specs=[spec("statistikk", "arbeidsgiver", [*_PARTICIPATIONS, "klargjort_oppfolging", "statistikk_praksisutfall"])],
    required_resource_keys={"night"},
)
def arbeidsgiverne(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """How many placements ended in a job with the same employer, group by group."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", "arbeidsgiver")]
    needed = ["tiltak", "deltakelse", "oppfolging"]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        own = night.tables("klargjort", needed)
        jobs = night.warehouse.read("statistikk", "praksisutfall")
        return {outputs[0]: arbeidsgivere(*(own[t] for t in needed), jobs)}

    inputs = night.inputs([*(("klargjort", t) for t in needed), ("statistikk", "praksisutfall")])
    built = night.build("arbeidsgiver", inputs, ["effects"], outputs, compute)
    yield from night.materialized(outputs, built, started)


@dg.multi_asset(
    specs=[spec("statistikk", t, ["inndata_undersokelse", "inndata_arbeidsgiver_svar", "klargjort_prosjekt"]) for t in ANSWERS],
    required_resource_keys={"night"},
)
def svarene(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """What projects and employers answered about themselves."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", t) for t in ANSWERS]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        asked = night.tables("inndata", ANSWERS)
        projects = night.warehouse.read("klargjort", "prosjekt")
        return {
            ("statistikk", "undersokelse"): prosjektundersokelse(asked["undersokelse"], projects),
            ("statistikk", "arbeidsgiver_svar"): arbeidsgiversvar(asked["arbeidsgiver_svar"]),
        }

    inputs = night.inputs([*(("inndata", t) for t in ANSWERS), ("klargjort", "prosjekt")])
    built = night.build("undersokelse", inputs, ["cohort"], outputs, compute)
    yield from night.materialized(outputs, built, started)


ASSETS = [forlopene, praksisplasser, arbeidsgiverne, svarene]
