"""Deliveries into the pseudonymised zone: receipts, ledger, merged rows."""

import time
from collections.abc import Callable, Iterator

import dagster as dg
import polars as pl

from assets.night import Night, Output
from assets.persons import REPLACED, identity_history, pseudonymised
from assets.specs import file_spec, spec
from expectations import validate
from pipeline.intake import IntakeNight, erased_references, run_intake
from pipeline.pseudonyms import references
from pipeline.tables import DELIVERY_TABLES, INNDATA

# what has been replaced comes first: it has to be known before the pseudonyms of the last night are gone
DELIVERED = [REPLACED, *(name for name in INNDATA if name not in ("mottak", REPLACED) and not name.startswith("register_"))]
JUDGED = [name for name in DELIVERY_TABLES if name in INNDATA]


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


ASSETS = [leveranser, inndata]
