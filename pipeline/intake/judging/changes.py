"""What a delivery changes: its rows against the last accepted state, and against the sender's last full delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.intake.findings import FIRST_ROWS, Changes, Finding
from pipeline.intake.judging.decide import NOT_THEIRS
from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.judging.known import Known
from pipeline.intake.merge import with_entity
from pipeline.intake.vault import Received
from pipeline.tables import DELIVERY_TABLES

SHRINKING = 0.7
MANY = 20
FULL_STATE = ("prosjekt", "deltaker")
_ABSENT = ""
_LABELS = ("receipt_id", "order", "row_no", "_fate")


def changes_of(deliveries: Sequence[Delivery], known: Known) -> dict[str, dict[str, Changes]]:
    """Receipt to table to changes, for judged deliveries in order of receipt; each meets what those before it left.

    The deliveries are of one turn: none of them speaks of what another one speaks of.
    """
    found: dict[str, dict[str, Changes]] = {d.receipt_id: {} for d in deliveries}
    for table in (name for name in DELIVERY_TABLES if name != "innsending"):
        fates = {d.receipt_id: _own_rows(d, table) for d in deliveries if table in d.fates}
        counted = _compared(table, list(fates.values()), known.current[table]) if fates else {}
        for receipt in fates:
            found[receipt][table] = counted.get(receipt, Changes())
    return found


def change_findings(changes: Mapping[str, Changes]) -> list[Finding]:
    """JS308 for every table in which rows that stood have got new content; JS320 where very many of them have."""
    told = [("JS308", name, c) for name, c in changes.items() if c.changed]
    told += [("JS320", name, c) for name, c in changes.items() if c.changed >= MANY and c.changed > c.unchanged]
    return [Finding(code, name, None, c.changed_rows, c.changed) for code, name, c in told]


def shrinking(d: Delivery, tables: Mapping[str, Mapping[str, int]], known: Known) -> list[Finding]:
    """JS302 per table in which a full delivery has far fewer rows than the sender's last full delivery about a common project."""
    previous = _last_full(d, known) if _is_full(tables) else None
    if previous is None:
        return []
    both = [name for name in DELIVERY_TABLES if name in tables and name in previous.tables]
    rows = {name: (tables[name]["rows_in"], previous.tables[name]["rows_in"]) for name in both}
    return [Finding("JS302", name, None, (), then - now) for name, (now, then) in rows.items() if now < SHRINKING * then]


def _last_full(d: Delivery, known: Known) -> Received | None:
    """The sender's latest full delivery that stands and speaks of a project that this one speaks of."""
    spoken = pl.concat([d.fates[name].select("prosjekt_id") for name in FULL_STATE])["prosjekt_id"].drop_nulls().unique()
    about = [known.history[n].filter(pl.col("prosjekt_id").is_in(spoken.implode())) for n in FULL_STATE if n in known.history]
    receipts = {receipt for frame in about for receipt in frame["receipt_id"].unique()}
    full = (r for r in reversed(known.ledger.standing()) if r.avsender == d.avsender and _is_full(r.tables))
    return next((r for r in full if r.receipt_id in receipts), None)


def _own_rows(d: Delivery, table: str) -> pl.DataFrame:
    """The rows about projects that are no other sender's, as far as is known: what stands in those is none of this sender's business."""
    others = d.found.filter((pl.col("table") == table) & pl.col("code").is_in(NOT_THEIRS))["row_no"]
    return d.fates[table].filter(~pl.col("row_no").is_in(others.implode()))


def _is_full(tables: Iterable[str]) -> bool:
    return set(FULL_STATE) <= set(tables)


def _compared(table: str, fates: Sequence[pl.DataFrame], current: pl.DataFrame) -> dict[str, Changes]:
    rows = _with_previous(table, fates, current)
    tonight = rows.filter(pl.col("receipt_id").is_not_null())
    accepted, stood = pl.col("_fate") == "accepted", pl.col("_before") != _ABSENT
    changed = accepted & stood & (pl.col("_content") != pl.col("_before"))
    counted = tonight.group_by("receipt_id").agg(
        (accepted & ~stood).sum().alias("new"),
        changed.sum().alias("changed"),
        (accepted & (pl.col("_content") == pl.col("_before"))).sum().alias("unchanged"),
        pl.col("row_no").filter(changed).sort().head(FIRST_ROWS).alias("changed_rows"),
        pl.col("_entity").filter(stood).n_unique().alias("present"),
    )
    joined = counted.join(_standing(rows, tonight), on="receipt_id", how="left")
    return {r["receipt_id"]: _changes(r) for r in joined.iter_rows(named=True)}


def _changes(row: Mapping[str, Any]) -> Changes:
    gone = (row["standing"] or 0) - row["present"]
    return Changes(row["new"], row["changed"], row["unchanged"], gone, tuple(row["changed_rows"]))


def _with_previous(table: str, fates: Sequence[pl.DataFrame], current: pl.DataFrame) -> pl.DataFrame:
    """Standing rows (order 0, no receipt) and tonight's with ``_content``, and ``_before``: the content its thing had until then."""
    names = DELIVERY_TABLES[table].names
    before = current.select(
        pl.lit(None, dtype=pl.String).alias("receipt_id"),
        pl.lit(0, dtype=pl.Int64).alias("order"),
        pl.lit(None, dtype=pl.Int64).alias("row_no"),
        pl.lit("accepted").alias("_fate"),
        *(pl.col(n) if n in current.columns else pl.lit(None, dtype=pl.String).alias(n) for n in names),
    )
    tonight = [f.filter(pl.col("_fate") != "duplicates").select(*_LABELS, *names) for f in fates]
    cells = [pl.col(n).cast(pl.String).fill_null("\x00") for n in names if n != "slettes"]
    rows = with_entity(table, pl.concat([before, *tonight]).sort("order", maintain_order=True))
    content = pl.concat_str(cells, separator="\x1f").alias("_content")
    rows = rows.filter(pl.col("_entity").is_not_null()).select(*_LABELS, "prosjekt_id", "_entity", content)
    left = pl.when(pl.col("_fate") == "accepted").then("_content").when(pl.col("_fate") == "withdrawn").then(pl.lit(_ABSENT))
    return rows.with_columns(left.forward_fill().shift(1).over("_entity").fill_null(_ABSENT).alias("_before"))


def _standing(rows: pl.DataFrame, tonight: pl.DataFrame) -> pl.DataFrame:
    """Per receipt: how many rows stood, before it came, in the projects that it speaks of."""
    stood = pl.col("_before") != _ABSENT
    came = ((pl.col("_fate") == "accepted") & ~stood).cast(pl.Int64)
    went = ((pl.col("_fate") == "withdrawn") & stood).cast(pl.Int64)
    moves = rows.group_by("prosjekt_id", "order").agg((came - went).sum().alias("standing"))
    spoken = tonight.select("receipt_id", "order", "prosjekt_id").unique()
    earlier = spoken.join(moves, on="prosjekt_id", suffix="_moved").filter(pl.col("order_moved") < pl.col("order"))
    return earlier.group_by("receipt_id").agg(pl.col("standing").sum())
