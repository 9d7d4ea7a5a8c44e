"""Through the one gate: release, dashboard, package for Statistics Norway, analyst file."""

from collections.abc import Iterator

import dagster as dg

from assets.night import Night
from assets.publish import export_ssb, has_package, publish_snapshot, publish_when_due, rebuild_site
from assets.specs import file_spec, spec
from pipeline.disclosure import latest_release
from pipeline.errors import ReleaseRefused
from pipeline.tables import STATISTIKK, UTDATA

RELEASED = list(UTDATA)
_MADE_BY_NO_NIGHT = {"etterproving"}
_FROM_STATISTICS = ["klargjort_deltakelse", *(f"statistikk_{t}" for t in STATISTIKK if t not in _MADE_BY_NO_NIGHT)]


@dg.multi_asset(
    specs=[spec("utdata", t, _FROM_STATISTICS) for t in RELEASED],
    check_specs=[
        dg.AssetCheckSpec(
            "porten", asset=f"utdata_{RELEASED[0]}", description="Nothing hidden can be recovered from what is released."
        )
    ],
    required_resource_keys={"night"},
)
def utgivelse(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """A new numbered release when the calendar says so; the gate may refuse, then the last one stays."""
    night: Night = context.resources.night
    new, refusal = False, ""
    night.progress("utgivelse")
    try:
        new = night.guard("release", lambda: publish_when_due(night))
    except ReleaseRefused as refused:
        refusal = str(refused)
        night.facts["release_refused"] = refusal
    released = latest_release(night.settings.home)
    night.facts["release"] = {"release_id": released.release_id if released else None, "new": new}
    check = dg.AssetCheckResult(
        passed=not refusal,
        check_name="porten",
        asset_key=f"utdata_{RELEASED[0]}",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"why": refusal},
    )
    for table in RELEASED:
        rows = released.tables[table].height if released and table in released.tables else 0
        yield dg.MaterializeResult(
            asset_key=f"utdata_{table}",
            metadata={"dagster/row_count": rows, "release": released.release_id if released else "", "new": new},
            check_results=[check] if table == RELEASED[0] else [],
        )


@dg.multi_asset(
    specs=[
        file_spec(
            "utdata_nettsted",
            "utdata",
            "The dashboard: latest release plus tonight's status.",
            [f"utdata_{t}" for t in RELEASED],
            {"plotly"},
        ),
        file_spec(
            "utdata_ssb",
            "utdata",
            "The package for Statistics Norway.",
            ["klargjort_deltakelse", "statistikk_utfall"],
            {"parquet"},
        ),
        file_spec("utdata_analysefil", "utdata", "The analysts' DuckDB file.", _FROM_STATISTICS, {"duckdb"}),
    ],
    required_resource_keys={"night"},
)
def produkter(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Dashboard, package and analyst file from what stands."""
    night: Night = context.resources.night
    night.progress("produkter")
    site = night.guard("dashboard", lambda: rebuild_site(night))
    night.guard("analyst file", lambda: publish_snapshot(night))
    if has_package(night):
        night.guard("package", lambda: export_ssb(night))
    night.facts["site"] = str(site) if site else None
    night.completed = True
    yield dg.MaterializeResult(asset_key="utdata_nettsted", metadata={"built": site is not None})
    yield dg.MaterializeResult(asset_key="utdata_ssb")
    yield dg.MaterializeResult(asset_key="utdata_analysefil")


ASSETS = [utgivelse, produkter]
