"""One readable suite per delivery table, translated from ``pipeline/rules``.

Rules over one cell become native expectations; rules over rows and tables were computed by polars as flag columns
(true = broken) and are judged here as "the flag is false".
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import expectation_classes, judge
from pipeline.rules import Check, checks

ROW_LABELS: dict[str, pl.DataType] = {"receipt_id": pl.String(), "row_no": pl.Int64()}


def validate(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The broken rules of one table's batch: one row per rule, column and failing row.

    Args:
        table: name of a delivery table.
        frame: rows of all new deliveries: ``receipt_id``, ``row_no``, the parsed columns and the flag columns.

    Returns:
        ``receipt_id, table, code, column, row_no``; no value from the data.

    Raises:
        ValidatorCrashed: a rule could not be evaluated.
    """
    found = judge(f"levering_{table}", frame, suite(table), ROW_LABELS)
    return found.select("receipt_id", pl.lit(table).alias("table"), "code", "column", "row_no").sort(
        "receipt_id", "row_no", "code", "column"
    )


def suite(table: str) -> list[Any]:
    """The expectations of one delivery table, one per rule and column, in the catalogue's order."""
    gxe = expectation_classes()

    def one(check: Check) -> Any:
        meta = {"code": check.rule.code, "column": check.column.name}
        column = check.column.name
        if check.rule.kind == "required":
            return gxe.ExpectColumnValuesToNotBeNull(column=column, meta=meta)
        if check.rule.kind == "codes":
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(check.column.codes), meta=meta)
        if check.rule.kind == "range":
            low, high = check.column.minimum, check.column.maximum
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, meta=meta)
        if check.rule.kind == "pattern":
            return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=check.pattern, meta=meta)
        return gxe.ExpectColumnValuesToBeInSet(column=check.flag, value_set=[False], meta=meta)

    return [one(check) for check in checks(table)]
