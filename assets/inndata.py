"""Deliveries and registry extracts into the pseudonymised zone: receipts, ledger, merged rows, admitted extracts and their profiles."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import dagster as dg
import polars as pl

from assets.night import Night, Output
from assets.persons import REPLACED, identity_history, pseudonymised
from assets.specs import file_spec, spec
from expectations import judge_profile, validate
from pipeline.errors import UserError
from pipeline.intake import IntakeNight, current_rows, erased_references, run_intake
from pipeline.linkage import profile_extract
from pipeline.pseudonyms import admit_extract, extract_files, references
from pipeline.store import digest, parquet_bytes, sha256_file, write_bytes
from pipeline.tables import DELIVERY_TABLES, INNDATA, REGISTERS

# what has been replaced comes first: it has to be known before the pseudonyms of the last night are gone
DELIVERED = [REPLACED, *(name for name in INNDATA if name not in ("mottak", REPLACED) and not name.startswith("register_"))]
JUDGED = [name for name in DELIVERY_TABLES if name in INNDATA]
EXTRACTS = [f"register_{name}" for name in REGISTERS]


@dg.multi_asset(
    specs=[
        spec("inndata", "mottak", kinds={"polars", "greatexpectations"}),
        file_spec(
            "kildedata_leveranser",
            "kildedata",
            "Originals and accepted rows of all deliveries (identified zone).",
            [],
            {"parquet"},
        ),
        file_spec(
            "kildedata_kvitteringer",
            "kildedata",
            "One receipt per delivery: JSON, HTML and the delivery's own workbook with cells marked.",
            [],
            {"json"},
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            f"regler_{table}", asset="inndata_mottak", description=f"This night's new rows of {table} against the rules."
        )
        for table in JUDGED
    ],
    required_resource_keys={"night"},
)
def leveranser(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Take in what is new in the inbox, judge it, answer each sender; bad deliveries are normal business."""
    night: Night = context.resources.night
    judged: dict[str, tuple[int, int]] = {}

    def judge(table: str, frame: pl.DataFrame) -> pl.DataFrame:
        findings = validate(table, frame)
        judged[table] = (frame.height, findings.height)
        return findings

    taken: IntakeNight = night.guard("intake", lambda: run_intake(night.settings, judge, night.progress, _refer(night)))
    night.warehouse.write("inndata", "mottak", taken.mottak)
    states = dict(taken.mottak.group_by("state").len().sort("state").iter_rows())
    night.facts["deliveries"] = {
        "new": taken.n_new,
        "waiting": taken.n_waiting,
        "known": taken.mottak.height,
        "states": states,
    }
    checks = [
        dg.AssetCheckResult(
            passed=judged.get(table, (0, 0))[1] == 0,
            check_name=f"regler_{table}",
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"rows": judged.get(table, (0, 0))[0], "findings": judged.get(table, (0, 0))[1]},
        )
        for table in JUDGED
    ]
    yield dg.MaterializeResult(
        asset_key="inndata_mottak", metadata={"dagster/row_count": taken.mottak.height}, check_results=checks
    )
    yield dg.MaterializeResult(asset_key="kildedata_leveranser", metadata={"new": taken.n_new})
    yield dg.MaterializeResult(asset_key="kildedata_kvitteringer", metadata={"new": taken.n_new})


@dg.multi_asset(
    specs=[spec("inndata", t, ["inndata_mottak", "kildedata_leveranser"]) for t in DELIVERED], required_resource_keys={"night"}
)
def inndata(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """All accepted rows merged by key and pseudonymised, each person under the number she has now."""
    night: Night = context.resources.night
    outputs: list[Output] = [("inndata", t) for t in DELIVERED]
    started = time.monotonic()
    identity_history(night)

    def compute() -> dict[Output, pl.DataFrame]:
        frames = pseudonymised(night)
        return {("inndata", t): frames[t] for t in DELIVERED}

    built = night.build(
        "inndata",
        night.inputs([("inndata", "mottak")], night.keys.check_value, night.identity_history.fingerprint(night.keys)),
        ["intake", "pseudonyms", "rules"],
        outputs,
        compute,
    )
    yield from night.materialized(outputs, built, started)


def _refer(night: Night) -> Callable[[pl.Series], pl.Series]:
    """Keyed references, by which intake knows erased persons, under whichever number and whichever version of the key."""
    return references(night.keys, night.identity_history, erased_references(night.settings))


def _keep_participants(night: Night, register: str) -> None:
    """Take out of a standing extract who is no participant any more (withdrawn, erased), also when no new extract has come."""
    standing = night.warehouse.read("inndata", f"register_{register}")
    if "person_key" in standing.columns and standing.height:
        participants = night.warehouse.read("inndata", "deltaker").select("person_key").unique()
        kept = standing.join(participants, on="person_key", how="semi")
        if kept.height < standing.height:
            night.warehouse.write("inndata", f"register_{register}", kept)


def _identities(night: Night) -> pl.Series:
    """The participants' numbers, for mapping an owner's pseudonyms at the border; stays in memory."""
    return current_rows(night.settings)["deltaker"]["fnr"].unique().sort()


def _admit(night: Night, register: str, files: list[Path], identities: Callable[[], pl.Series]) -> pl.DataFrame:
    """The admitted extract, once its profile has been judged.

    Raises:
        UserError: the extract is unusable; the last good one stays in use.
    """
    participants = night.warehouse.read("inndata", "deltaker")["person_key"].unique().sort()
    admitted = admit_extract(files, register, night.keys, participants, identities=identities())
    candidate = night.settings.home.warehouse / ".candidate" / f"register_{register}.parquet"
    write_bytes(candidate, parquet_bytes(INNDATA[f"register_{register}"].conform(admitted.frame)))
    try:
        profile = profile_extract(candidate, register)
    finally:
        candidate.unlink()
        candidate.parent.rmdir()
    broken = judge_profile(profile, register)
    if broken.height:
        codes = ", ".join(sorted(set(broken["code"].to_list())))
        raise UserError(
            f"registers/{register}: {broken.height} findings against the contract ({codes}).", "Ask the owner for a new extract."
        )
    return admitted.frame


@dg.multi_asset(
    specs=[spec("inndata", t, ["inndata_deltaker"], {"polars", "duckdb"}) for t in EXTRACTS],
    check_specs=[
        dg.AssetCheckSpec(
            "uttrekk", asset=f"inndata_{t}", description="The newest extract keeps the contract; else the last good one stays."
        )
        for t in EXTRACTS
    ],
    required_resource_keys={"night"},
)
def registre(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Registry extracts: pseudonymised at the border, participants only, profiled and judged; a bad one stops its own use."""
    night: Night = context.resources.night
    refused: dict[str, str] = {}
    identities = cache(lambda: _identities(night))
    for register in REGISTERS:
        started = time.monotonic()
        files = extract_files([night.settings.home.registers / register])
        outputs: list[Output] = [("inndata", f"register_{register}")]
        built = False
        if files:
            inputs = digest(
                [
                    *(f"{f.name}:{sha256_file(f)}" for f in files),
                    night.warehouse.hash("inndata", "deltaker"),
                    night.keys.check_value,
                ]
            )
            try:
                built = night.build(
                    f"register_{register}",
                    inputs,
                    ["pseudonyms", "linkage"],
                    outputs,
                    lambda register=register, files=files: {
                        ("inndata", f"register_{register}"): _admit(night, register, files, identities)
                    },
                )
            except UserError as problem:
                refused[register] = str(problem)
        if not built:
            _keep_participants(night, register)
        (event,) = night.materialized(outputs, built, started)
        check = dg.AssetCheckResult(
            passed=register not in refused,
            check_name="uttrekk",
            asset_key=f"inndata_register_{register}",
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"files": len(files), "reason": refused.get(register, "")},
        )
        yield event._replace(check_results=[check])
    night.facts["extracts_refused"] = refused


ASSETS = [leveranser, inndata, registre]
