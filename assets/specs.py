"""One asset per table, named ``{state}_{table}``, described by ``pipeline/tables``."""

from collections.abc import Iterable

import dagster as dg

from pipeline.tables import STATES

OWNERS = ["team:jobbsjansen"]
KINDS = {
    "inndata": {"polars", "parquet"},
    "klargjort": {"polars", "parquet"},
    "statistikk": {"polars", "parquet"},
    "utdata": {"parquet"},
}


def spec(state: str, table: str, deps: Iterable[str] = (), kinds: set[str] | None = None) -> dg.AssetSpec:
    """The asset of one table; its description is the table's grain."""
    described = STATES[state][table]
    return dg.AssetSpec(
        key=f"{state}_{table}",
        deps=list(deps),
        description=f"One row is {described.grain}.",
        group_name=state,
        owners=OWNERS,
        kinds=kinds or KINDS[state],
    )


def file_spec(key: str, group: str, description: str, deps: Iterable[str], kinds: set[str]) -> dg.AssetSpec:
    """An asset that is not a table: receipts, site, package, analyst file."""
    return dg.AssetSpec(key=key, deps=list(deps), description=description, group_name=group, owners=OWNERS, kinds=kinds)
