"""One delivery on its way through the night: what was found, what was read, what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from pipeline.intake.findings import FINDING_ROWS, Changes, Finding, Reading
from pipeline.intake.judging.decide import judged_columns, relevant, with_fate
from pipeline.intake.judging.history import history_flags
from pipeline.intake.judging.known import Known
from pipeline.intake.judging.relations import relation_flags
from pipeline.intake.judging.rows import row_flags
from pipeline.intake.reading.cells import typed
from pipeline.intake.vault import Received
from pipeline.rules import rule
from pipeline.settings import Settings
from pipeline.tables import DELIVERY_TABLES

Validate = Callable[[str, pl.DataFrame], pl.DataFrame]


@dataclass
class Delivery:
    """A new delivery: filled in as the night goes on, written to the ledger at its end."""

    receipt_id: str
    avsender: str
    sha256: str
    order: int
    reading: Reading
    fates: dict[str, pl.DataFrame] = field(default_factory=dict)
    crash: str = ""
    name_hash: str = ""
    refused: Received | None = None  # the earlier verdict when this is a second judgement
    changes: dict[str, Changes] = field(default_factory=dict)
    found: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FINDING_ROWS))

    @property
    def fatal(self) -> bool:
        return any(rule(f.code).severity == "fatal" for f in self.reading.findings)


@dataclass(frozen=True)
class Judged:
    """Every row of a batch with its fate, and every finding about it, per table."""

    fates: dict[str, pl.DataFrame]
    found: dict[str, pl.DataFrame]


def judge(deliveries: Iterable[Delivery], known: Known, validate: Validate, settings: Settings) -> Judged:
    """Type, flag and judge the rows of all deliveries: one batch per table, handed once to the validator.

    Args:
        deliveries: readings without a fatal finding.
        known: what stood before this night.
        validate: the validator; it sees the typed columns and the flags, and answers with codes and row numbers.
        settings: environment and clock.
    """
    raw = _batches(deliveries)
    # texts are let go table by table: a night's take a quarter of its memory
    rows = {name: row_flags(name, typed(name, raw.pop(name), demo=settings.is_demo), settings.today) for name in list(raw)}
    fates: dict[str, pl.DataFrame] = {}
    found: dict[str, pl.DataFrame] = {}
    for name in rows:
        flagged = history_flags(name, relation_flags(name, rows, known), rows, known, settings.today)
        answer = validate(name, flagged.select(judged_columns(name))).select(FINDING_ROWS.names())
        found[name] = relevant(name, answer, flagged)
        fates[name] = with_fate(name, flagged, found[name])
    return Judged(fates, found)


def share(judged: Judged, deliveries: Iterable[Delivery]) -> None:
    """Give each delivery its own rows and findings."""
    fates = {name: _by_receipt(frame) for name, frame in judged.fates.items()}
    none = pl.DataFrame(schema=FINDING_ROWS)
    found = _by_receipt(pl.concat([none, *(frame.select(none.columns) for frame in judged.found.values())]))
    for d in deliveries:
        d.fates = {
            name: fates[name][d.receipt_id] if d.receipt_id in fates[name] else judged.fates[name].clear()
            for name in d.reading.tables
        }
        d.found = found.get(d.receipt_id, none)


def add_row_findings(d: Delivery, table: str, code: str, column: str, rows: pl.Series) -> None:
    """Add an error that is only known after judgement: the rows are quarantined, the finding is recorded."""
    if rows.is_empty():
        return
    labels = {"receipt_id": d.receipt_id, "table": table, "code": code, "column": column}
    more = pl.DataFrame({"row_no": rows}).with_columns(pl.lit(v).alias(k) for k, v in labels.items())
    d.found = pl.concat([d.found, more.select(FINDING_ROWS.names())])
    hit = pl.col("row_no").is_in(rows.implode())
    fate = pl.when(hit).then(pl.lit("quarantined")).otherwise(pl.col("_fate"))
    d.fates[table] = d.fates[table].with_columns(fate.alias("_fate"))


def _by_receipt(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("receipt_id", maintain_order=True)
    return {part["receipt_id"][0]: part for part in parts}


def failed() -> Reading:
    """The reading of a delivery that the program could not handle: our fault, nothing taken in."""
    return Reading([Finding("JS013")])


def _batches(deliveries: Iterable[Delivery]) -> dict[str, pl.DataFrame]:
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in DELIVERY_TABLES}
    for d in deliveries:
        exact = d.reading.facts.get("form") in ("xlsx", "parquet")
        for name, frame in d.reading.tables.items():
            labels = [pl.lit(d.receipt_id).alias("receipt_id"), pl.lit(d.avsender).alias("sender"), pl.lit(exact).alias("exact")]
            parts[name].append(frame.with_columns(*labels, pl.lit(d.order, dtype=pl.Int64).alias("order")))
    return {name: pl.concat(frames, how="diagonal") for name, frames in parts.items() if frames}
