"""From broken rules to a decision: which rows are taken in, and what becomes of the delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from pipeline.intake.findings import Finding
from pipeline.rules import SEVERITIES, catalogue, checks, rule
from pipeline.tables import DELIVERY_TABLES

COUNTS = ("rows_in", "accepted", "quarantined", "withdrawn", "duplicates")
_CELL_KINDS = ("required", "codes", "range", "pattern")
NOT_THEIRS = ("JS215", "JS220")  # another sender's project, and one of which it is not said whose it is
_ROW = ["receipt_id", "row_no"]
_CELL = [*_ROW, "column"]


def relevant(table: str, found: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The findings that say something of their own.

    A cell that could not be read breaks the rules of its content too, and a row that only withdraws another needs no more
    than its key: those findings are left out. Nor is a participation missed (JS209) of a number that is an error itself: to deliver
    the participant would not mend it. Of a row about another sender's project, or about one of which it is not said whose it is
    (``NOT_THEIRS``), nothing is said that rests on what stands there: not who takes part, not what is known of them, not that somebody
    was erased.
    """
    severities = pl.DataFrame(
        [(r.code, r.severity, r.kind) for r in catalogue()], schema=["code", "severity", "kind"], orient="row"
    )
    known = found.join(severities, on="code", how="left", maintain_order="left")
    unread = known.filter((pl.col("kind") == "parse") & (pl.col("severity") == "error")).select(_CELL).unique()
    of_content = known.filter(pl.col("kind").is_in(_CELL_KINDS)).join(unread, on=_CELL, how="anti")
    needless = _needless(table, frame)
    of_content = of_content.join(needless.with_columns(pl.lit("required").alias("kind")), on=[*_CELL, "kind"], how="anti")
    rest = known.filter(~pl.col("kind").is_in(_CELL_KINDS))
    foreign = known.filter(pl.col("code").is_in(NOT_THEIRS)).select(_ROW).unique()
    silent = (pl.col("kind") == "flag") & ~pl.col("code").is_in(NOT_THEIRS)
    rest = pl.concat([rest.filter(~silent), rest.filter(silent).join(foreign, on=_ROW, how="anti")])
    wrong = known.filter((pl.col("severity") == "error") & (pl.col("column") == "fnr")).select(_CELL).unique()
    missed = pl.col("code") == "JS209"
    rest = pl.concat([rest.filter(~missed), rest.filter(missed).join(wrong, on=_CELL, how="anti")])
    kept = pl.concat([of_content.select(known.columns), rest])
    return kept.sort("receipt_id", "row_no", "code", "column")


def _needless(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Cells that a withdrawing row may leave empty: all but its key; by ``deltakelse_id`` the project is enough."""
    described = DELIVERY_TABLES[table]
    withdrawing = frame.filter(pl.col("slettes") == "ja")
    others = [c for c in described.required if c not in described.key]
    cells = [withdrawing.select("receipt_id", "row_no", pl.lit(c).alias("column")) for c in others]
    if table == "deltaker":
        by_id = withdrawing.filter(pl.col("deltakelse_id").is_not_null())
        cells += [by_id.select("receipt_id", "row_no", pl.lit(c).alias("column")) for c in ("fnr", "start_dato")]
    schema = {"receipt_id": pl.String(), "row_no": pl.Int64(), "column": pl.String()}
    return pl.concat([pl.DataFrame(schema=schema), *cells])


def with_fate(table: str, frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The typed rows with ``_fate``: quarantined (an error), duplicates, withdrawn (``slettes=ja``) or accepted."""
    wrong = found.filter(pl.col("severity") == "error").select("receipt_id", "row_no", pl.lit(True).alias("_wrong")).unique()
    again = found.filter(pl.col("code") == "JS217").select("receipt_id", "row_no", pl.lit(True).alias("_again")).unique()
    keys = ["receipt_id", "row_no"]
    joined = frame.join(wrong, on=keys, how="left", maintain_order="left").join(again, on=keys, how="left", maintain_order="left")
    fate = (
        pl.when(pl.col("_wrong").fill_null(False)).then(pl.lit("quarantined"))
        .when(pl.col("_again").fill_null(False)).then(pl.lit("duplicates"))
        .when(pl.col("slettes") == "ja").then(pl.lit("withdrawn"))
        .otherwise(pl.lit("accepted"))
    )  # fmt: skip
    labels = [c for c in ("receipt_id", "sender", "order", "row_no") if c in joined.columns]
    return joined.select(*labels, *DELIVERY_TABLES[table].names, fate.alias("_fate"))


def counts(fates: pl.DataFrame) -> dict[str, int]:
    """Rows of one delivery in one table by fate; the four fates add up to ``rows_in``."""
    by_fate = dict(fates.group_by("_fate").len().rows())
    return {"rows_in": fates.height} | {name: int(by_fate.get(name, 0)) for name in COUNTS[1:]}


def state_of(findings: Iterable[Finding], tables: Mapping[str, Mapping[str, int]]) -> str:
    """The decision by the highest severity; a delivery of which no row was taken in is rejected."""
    broken = [rule(f.code) for f in findings]
    decisions = {r.decision for r in broken if r.severity == "fatal"}
    if decisions:
        return "quarantined" if "quarantined" in decisions else "rejected"
    rows_in = sum(t["rows_in"] for t in tables.values())
    if rows_in and sum(t["quarantined"] for t in tables.values()) == rows_in:
        return "rejected"
    worst = max((SEVERITIES.index(r.severity) for r in broken), default=0)
    return "accepted_with_remarks" if worst >= SEVERITIES.index("remark") else "accepted"


def judged_columns(table: str) -> list[str]:
    """The columns a validator needs: the row's labels, the cells and every flag of the catalogue."""
    flags = [c.flag for c in checks(table) if c.rule.kind in ("parse", "flag")]
    return ["receipt_id", "row_no", *DELIVERY_TABLES[table].names, *dict.fromkeys(flags)]
