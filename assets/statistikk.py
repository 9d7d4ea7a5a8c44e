"""Outcomes, indicators and estimates, before disclosure control."""

import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import polars as pl

from assets.klargjort import COHORT, register_inputs, register_paths
from assets.night import Night, Output
from assets.specs import file_spec, spec
from pipeline import __version__
from pipeline.cohort import nokkeltall
from pipeline.effects import Stamps, estimate, municipality_table
from pipeline.effects.drift import changed_conclusions, drift, not_noted, with_earlier
from pipeline.intake import add_linkage
from pipeline.linkage import kobling, koblingskvalitet, utfall
from pipeline.linkage.link_loss import koblingstap
from pipeline.store import code_hash

LINKED = ["utfall", "kobling", "koblingstap", "koblingskvalitet"]
ESTIMATES = ["effekt", "effekt_naiv", "kurver", "aarsakskjede", "selvtest"]
LEDGERS = ["effekt_historikk", "effekt_avvik"]
PROJECTS = {"prosjekt": "klargjort", "veileder": "inndata", "undersokelse": "inndata"}


@dg.multi_asset(
    specs=[spec("statistikk", t, ["klargjort_person_maaned"], {"duckdb"}) for t in LINKED], required_resource_keys={"night"}
)
def koblet(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Both outcome definitions per participation, how many were matched, who was not, and whether they agree."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", t) for t in LINKED]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        own, paths = night.tables("klargjort", ["deltakelse", "tiltak"]), register_paths(night)
        months = night.warehouse.path("klargjort", "person_maaned")
        return {
            ("statistikk", "utfall"): utfall(own["deltakelse"], own["tiltak"], months, paths, night.settings),
            ("statistikk", "kobling"): kobling(own["deltakelse"], paths, night.settings),
            ("statistikk", "koblingstap"): koblingstap(own["deltakelse"], paths, night.settings),
            ("statistikk", "koblingskvalitet"): koblingskvalitet(own["deltakelse"], paths, night.settings),
        }

    inputs = night.inputs([*(("klargjort", t) for t in ("deltakelse", "tiltak", "person_maaned")), *register_inputs()])
    built = night.build("utfall", inputs, ["linkage", "engine"], outputs, compute)
    yield from night.materialized(outputs, built, started)


@dg.multi_asset(
    specs=[
        file_spec(
            "statistikk_kvitteringer",
            "statistikk",
            "Each sender's latest receipt with the share of its participants that each register does not know.",
            ["kildedata_kvitteringer", "statistikk_kobling"],
            {"json"},
        )
    ],
    required_resource_keys={"night"},
)
def kvitteringer_koblet(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """What is known only after the registers were joined, added to receipts that were whole without it."""
    night: Night = context.resources.night
    reach = night.warehouse.read("statistikk", "kobling")
    written = night.guard("kvitteringer", lambda: add_linkage(reach, night.settings))
    yield dg.MaterializeResult(asset_key="statistikk_kvitteringer", metadata={"written_anew": written})


@dg.multi_asset(
    specs=[spec("statistikk", "nokkeltall", ["statistikk_utfall", "inndata_etteroppfolging", "inndata_mottak"])],
    required_resource_keys={"night"},
)
def indikatorer(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Indicators for every level, period, breakdown and denominator rule."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", "nokkeltall")]
    needed = [
        *(("klargjort", t) for t in [*COHORT, "person_maaned"]),
        ("statistikk", "utfall"),
        ("inndata", "etteroppfolging"),
        ("inndata", "mottak"),
    ]
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        read = night.warehouse.read
        mottak = read("inndata", "mottak")
        # "today" of a table that may not change from night to night is the day of the last delivery
        last = mottak["mottatt"].str.slice(0, 10).str.to_date("%Y-%m-%d").max() or night.settings.today
        frame = nokkeltall(
            night.tables("klargjort", COHORT),
            night.warehouse.scan("klargjort", "person_maaned"),
            read("statistikk", "utfall"),
            read("inndata", "etteroppfolging"),
            mottak,
            last,
        )
        return {outputs[0]: frame}

    built = night.build("nokkeltall", night.inputs(needed), ["cohort"], outputs, compute)
    yield from night.materialized(outputs, built, started)


def ledgers(night: Night, latest: pl.DataFrame) -> dict[Output, pl.DataFrame]:
    """Every estimate ever made and every correction ever due; the latest run's are added once."""
    history, notes = (night.warehouse.read("statistikk", name) for name in LEDGERS)
    found = drift(history, latest)
    night.facts["estimates"] = {"changed_conclusion": changed_conclusions(not_noted(notes, found))}
    kept = with_earlier("effekt_historikk", history, latest), with_earlier("effekt_avvik", notes, found)
    return {("statistikk", name): frame for name, frame in zip(LEDGERS, kept, strict=True)}


@dg.multi_asset(
    specs=[
        spec(
            "statistikk",
            t,
            [
                "klargjort_deltakelse",
                "klargjort_tiltak",
                "klargjort_kartlegging",
                "klargjort_oppfolging",
                "statistikk_utfall",
                *(f"{state}_{table}" for table, state in PROJECTS.items()),
            ],
        )
        for t in [*ESTIMATES, *LEDGERS, "kommune"]
    ],
    required_resource_keys={"night"},
)
def effekter(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Which efforts lead where: target-trial estimates, the naive contrast beside them, the causal chain, municipalities."""
    night: Night = context.resources.night
    outputs: list[Output] = [("statistikk", t) for t in [*ESTIMATES, *LEDGERS, "kommune"]]
    needed = [*(("klargjort", t) for t in ("deltakelse", "tiltak", "kartlegging", "oppfolging")), ("statistikk", "utfall")]
    needed += [(state, table) for table, state in PROJECTS.items()]
    inputs = night.inputs(needed, str(night.settings.seed), str(night.settings.bootstraps))
    started = time.monotonic()

    def compute() -> dict[Output, pl.DataFrame]:
        own = night.tables("klargjort", ["deltakelse", "tiltak", "kartlegging", "oppfolging"])
        stamps = Stamps(inputs, f"{__version__}+{code_hash('effects')[:12]}", night.stamp)
        effects = estimate(
            own["deltakelse"],
            own["tiltak"],
            own["kartlegging"],
            own["oppfolging"],
            night.warehouse.read("statistikk", "utfall"),
            seed=night.settings.seed,
            bootstraps=night.settings.bootstraps,
            stamps=stamps,
            progress=night.progress,
            projects={table: night.warehouse.read(state, table) for table, state in PROJECTS.items()},
        )
        frames = {("statistikk", name): getattr(effects, name) for name in ESTIMATES}
        frames |= ledgers(night, effects.effekt)
        last = own["deltakelse"]["statusdato"].max() or night.settings.today
        # the day after the data end: a year whose last day is covered is a whole year
        frames["statistikk", "kommune"] = municipality_table(own["deltakelse"], last + timedelta(days=1))
        return frames

    night.facts["estimates"] = {"changed_conclusion": 0}
    built = night.build("effekter", inputs, ["effects"], outputs, compute)
    yield from night.materialized(outputs, built, started)


ASSETS = [koblet, kvitteringer_koblet, indikatorer, effekter]
