"""Registry extracts into the pseudonymised zone: admitted at the border, measured, judged; and the record of which are in use."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl

from assets.night import Night, Output, StepFailed, value_free
from assets.specs import spec
from expectations import judge_extract
from pipeline.errors import UserError
from pipeline.intake import current_rows
from pipeline.pseudonyms import (
    IDENTITY_FOLDER,
    DropZone,
    Participants,
    Taken,
    drop_zones,
    extracts_received,
    person_table,
    take_in_register,
    whole_population_basis,
)
from pipeline.tables import REGISTERS

EXTRACTS = [f"register_{name}" for name in REGISTERS]
SPOKEN_OF = ["utenfor_uttrekk", "uttrekk_rekkevidde"]
RECORDS = ["uttrekk", "uttrekksprofil", "uttrekksfordeling"]


@dg.multi_asset(
    specs=[
        *(spec("inndata", t, ["inndata_deltaker"], {"duckdb"}) for t in EXTRACTS),
        *(spec("statistikk", t, ["inndata_deltaker"], {"duckdb"}) for t in RECORDS),
        *(spec("klargjort", t, ["inndata_deltaker"], {"polars"}) for t in SPOKEN_OF),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "uttrekk", asset=f"inndata_{t}", description="The newest extract may be used; else the last good one stays."
        )
        for t in EXTRACTS
    ],
    required_resource_keys={"night"},
)
def registre(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Registry extracts: pseudonymised at the border, participants only, measured and judged; a bad one stops its own use."""
    night: Night = context.resources.night
    registers = night.settings.home.registers
    zones = night.guard("registers", lambda: drop_zones(registers, REGISTERS, night.settings.min_age_seconds))
    who = night.guard("registre", lambda: _participants(night))
    taken: dict[str, Taken] = {}
    for register in REGISTERS:
        started = time.monotonic()
        taken[register] = night.guard(
            f"register_{register}", lambda register=register: _take_in(night, register, zones[register], who)
        )
        if taken[register].changed:
            night.built.append(f"register_{register}")
        (event,) = night.materialized([("inndata", f"register_{register}")], taken[register].changed, started)
        check = dg.AssetCheckResult(
            passed=not taken[register].refused,
            check_name="uttrekk",
            asset_key=f"inndata_register_{register}",
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"files": len(zones[register].files), "waiting": zones[register].waiting, "reason": taken[register].refused},
        )
        yield event._replace(check_results=[check])
    outputs: list[Output] = [*(("statistikk", t) for t in RECORDS), *(("klargjort", t) for t in SPOKEN_OF)]
    night.guard("uttrekk", lambda: _record(night, taken))
    yield from night.materialized(outputs, any(t.changed for t in taken.values()), time.monotonic())
    night.facts["extracts_refused"] = {register: t.refused for register, t in taken.items() if t.refused}
    night.facts["extracts_unseen"] = {register: t.unseen for register, t in taken.items() if t.unseen}
    night.facts["extracts_waiting"] = {register: zone.waiting for register, zone in zones.items() if zone.waiting}
    night.facts["extracts_ignored"] = {register: zone.ignored for register, zone in zones.items() if zone.ignored}
    known = {*REGISTERS, IDENTITY_FOLDER}
    night.facts["register_folders_unknown"] = (
        sum(p.is_dir() and p.name not in known for p in registers.iterdir()) if registers.is_dir() else 0
    )
    night.facts["extracts_of_whole_populations"] = sorted(
        register for register, t in taken.items() if any(e.accepted and e.whole_population for e in t.extracts)
    )


def _participants(night: Night) -> Participants:
    """Every number the participants are known by, with their pseudonyms; the numbers stay in memory."""
    rows = current_rows(night.settings, resolve=night.identity_history.current)
    return Participants(person_table(rows["deltaker"]["fnr"].unique().sort(), night.identity_history, night.keys), night.keys)


def _take_in(night: Night, register: str, zone: DropZone, who: Participants) -> Taken:
    """One register; whatever breaks over it stops that register alone, and is told: no owner's file takes the night from the others."""
    # synthetic persons need no legal basis
    has_basis = night.settings.is_demo or whole_population_basis(night.settings.home, register) is not None
    night.progress(f"register_{register}")

    def taken(files: list[Path]) -> Taken:
        step = partial(take_in_register, register, files, night.settings, who, judge_extract, has_basis=has_basis)
        return value_free(f"register_{register}", step)

    told = zone.problem
    if not told:
        try:
            return taken(zone.files)
        except (UserError, StepFailed) as broken:
            told = f"{broken} The register stays as it was: look for what is odd in its newest file, and report this."
    # without its files: what was admitted stays, but who has withdrawn or was erased does not
    return replace(taken([]), refused=f"registers/{register}: {told}")


def _record(night: Night, taken: dict[str, Taken]) -> None:
    frames = {
        "uttrekk": pl.concat([extracts_received(register, t.extracts) for register, t in taken.items()]),
        "uttrekksprofil": pl.concat([t.counted.columns for t in taken.values()]),
        "uttrekksfordeling": pl.concat([t.counted.values for t in taken.values()]),
    }
    for name, frame in frames.items():
        night.warehouse.write("statistikk", name, frame)
    night.warehouse.write("klargjort", "utenfor_uttrekk", pl.concat([t.outside for t in taken.values()]))
    night.warehouse.write("klargjort", "uttrekk_rekkevidde", pl.concat([t.reach for t in taken.values()]))


ASSETS = [registre]
