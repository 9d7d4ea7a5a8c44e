"""What is said about a delivery: where and which rule, never a value from the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from pipeline.rules import rule

FIRST_ROWS = 20
FINDING_ROWS = pl.Schema(
    {"receipt_id": pl.String(), "table": pl.String(), "code": pl.String(), "column": pl.String(), "row_no": pl.Int64()}
)


@dataclass(frozen=True)
class Finding:
    """One broken rule in one place of a delivery: ``rows`` are the first 20 source rows, ``count`` all of them."""

    code: str
    table: str | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        """The finding as the receipt shows it, with the rule's severity and texts."""
        broken = rule(self.code)
        return {
            "code": self.code,
            "severity": broken.severity,
            "table": self.table,
            "column": self.column,
            "rows": list(self.rows),
            "count": self.count,
            "message": broken.message,
            "why": broken.why,
            "fix": broken.fix,
        }


@dataclass(frozen=True)
class Changes:
    """Rows of one delivery in one table against what stood when it came; counts only.

    Attributes:
        new: accepted rows whose key did not stand.
        changed: accepted rows whose key stood with another content.
        unchanged: accepted rows that stood already.
        gone: rows of the same projects that stand but are not in the file; they stay until they are withdrawn.
        changed_rows: source rows of the first changed ones.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    changed_rows: tuple[int, ...] = field(default=())

    def as_json(self) -> dict[str, int]:
        """The four counts as the receipt shows them."""
        return {k: v for k, v in asdict(self).items() if k != "changed_rows"}


@dataclass
class Reading:
    """What the reader found in one file: raw rows per table and how the file was written.

    ``tables`` maps a table to its frame of text columns and ``row_no``. ``facts`` says form, encoding and header rows.
    """

    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def facts_json(self) -> dict[str, Any]:
        return {"findings": [asdict(f) for f in self.findings], "facts": self.facts, "tables": sorted(self.tables)}


class Refused(Exception):
    """The file is refused by a fatal rule; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.code)


def refuse(code: str, table: str | None = None, column: str | None = None, rows: Iterable[int] = ()) -> Refused:
    """The refusal to raise for a fatal rule."""
    listed = tuple(rows)
    return Refused(Finding(code, table, column, listed[:FIRST_ROWS], max(1, len(listed))))


def grouped(found: pl.DataFrame) -> list[Finding]:
    """Row findings of one delivery (``FINDING_ROWS``) as findings, one per table, rule and column, in that order."""
    groups = found.group_by("table", "code", "column").agg(
        pl.col("row_no").sort().head(FIRST_ROWS).alias("rows"), pl.len().alias("count")
    )
    return [
        Finding(g["code"], g["table"], g["column"], tuple(g["rows"]), int(g["count"]))
        for g in groups.sort("table", "code", "column").to_dicts()
    ]
