"""One readable suite per delivery table, translated from ``pipeline/rules``.

Rules over one cell become native expectations, one per rule and column. Rules of reading, of rows and of tables were computed by
polars as flag columns (true = broken): one expectation judges that no flag of the row is raised, and the flags of the rows that
fail say which rules and cells. An expectation of its own per flag would say the same in two and a half times the time.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import ValidatorCrashed, expectation_classes, judge
from pipeline.rules import Check, checks

ANY_FLAG = "flag_any"
COMPUTED = "computed"  # stands for the code in the expectation on the flags
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
    flags = list(_computed(table))
    batch = frame.with_columns(pl.any_horizontal(flags).alias(ANY_FLAG)) if flags else frame
    judged = judge(f"levering_{table}", batch, suite(table), ROW_LABELS)
    found = pl.concat([judged.filter(pl.col("code") != COMPUTED), _raised(table, frame, judged)])
    return found.select("receipt_id", pl.lit(table).alias("table"), "code", "column", "row_no").sort(
        "receipt_id", "row_no", "code", "column"
    )


def suite(table: str) -> list[Any]:
    """The expectations of one delivery table in the catalogue's order, and last the one on everything that was computed."""
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
        raise ValueError(f"Rules of the kind {check.rule.kind} are no expectation on a cell.")

    flags = _computed(table)
    cells = [one(check) for check in checks(table) if check.flag not in flags]
    meta = {"code": COMPUTED, "column": "", "rules": sorted({c.rule.code for c in flags.values()})}
    return [*cells, *([gxe.ExpectColumnValuesToBeInSet(column=ANY_FLAG, value_set=[False], meta=meta)] if flags else [])]


def _computed(table: str) -> dict[str, Check]:
    """Flag column to the rule and column that it is about."""
    return {c.flag: c for c in checks(table) if c.rule.kind in ("parse", "flag")}


def _refuse_unanswered(table: str, frame: pl.DataFrame) -> None:
    """A flag that is missing or null was not computed: Great Expectations would pass over it in silence."""
    wrong = [f for f in _computed(table) if f not in frame.columns or frame[f].null_count()]
    if wrong:
        raise ValidatorCrashed(f"Suite levering_{table}: {len(wrong)} flag(s) missing or unanswered: {', '.join(wrong)}.")


def _raised(table: str, frame: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """What the flags of the rows that failed say: one row per code, column and row."""
    rows = frame.join(judged.filter(pl.col("code") == COMPUTED), on=list(ROW_LABELS), how="semi")
    said = [
        rows.filter(pl.col(flag)).select(pl.lit(c.rule.code).alias("code"), pl.lit(c.column.name).alias("column"), *ROW_LABELS)
        for flag, c in _computed(table).items()
    ]
    return pl.concat([judged.clear(), *said])
