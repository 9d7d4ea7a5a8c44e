"""One readable suite per delivery table, translated from ``pipeline/rules``.

Rules over one cell become native expectations; rules over rows and tables were computed by polars as flag columns
(true = broken) and are judged here as "the flag is false". A reading rule has a flag per column; it is judged once for the
row (no cell of it is broken), and the flags of the rows that fail say which cells.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import ValidatorCrashed, expectation_classes, judge
from pipeline.rules import Check, checks, flag_name

ROW_LABELS: dict[str, pl.DataType] = {"receipt_id": pl.String(), "row_no": pl.Int64()}


def validate(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The broken rules of one table's batch: one row per rule, column and failing row.

    Args:
        table: name of a delivery table.
        frame: rows of all new deliveries: ``receipt_id``, ``row_no``, the parsed columns and the flag columns.

    Returns:
        ``receipt_id, table, code, column, row_no``; no value from the data.

    Raises:
        ValidatorCrashed: a rule could not be evaluated, or a flag is missing or unanswered.
    """
    _refuse_unanswered(table, frame)
    by_row = [pl.any_horizontal(flags).alias(flag_name(code)) for code, flags in _reading_flags(table).items()]
    judged = judge(f"levering_{table}", frame.with_columns(by_row), suite(table), ROW_LABELS)
    found = pl.concat([judged.filter(pl.col("column") != ""), _broken_cells(table, frame, judged)])
    return found.select("receipt_id", pl.lit(table).alias("table"), "code", "column", "row_no").sort(
        "receipt_id", "row_no", "code", "column"
    )


def suite(table: str) -> list[Any]:
    """The expectations of one delivery table in the catalogue's order: one per rule and column, a reading rule's in one."""
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
        if check.rule.kind == "parse":
            meta, flag = {"code": check.rule.code, "column": ""}, flag_name(check.rule.code)
            return gxe.ExpectColumnValuesToBeInSet(column=flag, value_set=[False], meta=meta)
        return gxe.ExpectColumnValuesToBeInSet(column=check.flag, value_set=[False], meta=meta)

    once: dict[tuple[str, str], Check] = {}
    for check in checks(table):
        once.setdefault((check.rule.code, "" if check.rule.kind == "parse" else check.column.name), check)
    return [one(check) for check in once.values()]


def _reading_flags(table: str) -> dict[str, list[str]]:
    """Code of each reading rule to its flag columns."""
    flags: dict[str, list[str]] = {}
    for check in checks(table):
        if check.rule.kind == "parse":
            flags.setdefault(check.rule.code, []).append(check.flag)
    return flags


def _refuse_unanswered(table: str, frame: pl.DataFrame) -> None:
    """A flag that is missing or null was not computed: Great Expectations would pass over it in silence."""
    flags = dict.fromkeys(c.flag for c in checks(table) if c.rule.kind in ("parse", "flag"))
    wrong = [f for f in flags if f not in frame.columns or frame[f].null_count()]
    if wrong:
        raise ValidatorCrashed(f"Suite levering_{table}: {len(wrong)} flag(s) missing or unanswered: {', '.join(wrong)}.")


def _broken_cells(table: str, frame: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """The cells behind each row that failed a reading rule: one row per code, column and row."""
    failed = judged.filter(pl.col("column") == "")
    cells = [
        frame.filter(c.flag).select(pl.lit(c.rule.code).alias("code"), pl.lit(c.column.name).alias("column"), *ROW_LABELS)
        for c in checks(table)
        if c.rule.kind == "parse" and c.rule.code in failed["code"]
    ]
    return pl.concat([judged.clear(), *cells]).join(failed, on=["code", *ROW_LABELS], how="semi")
