"""``status --senders`` and ``status --as-of``: who is due, what came and how it was, and what stood at an earlier time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from pipeline.codes import Deadline, last_deadline, next_deadline
from pipeline.errors import UserError
from pipeline.intake.vault import TAKEN_IN
from pipeline.settings import OSLO, Settings
from pipeline.store import Warehouse
from pipeline.tables import DELIVERY_TABLES


def senders_status(settings: Settings) -> list[dict[str, Any]]:
    """One row per sender that is due or has ever delivered, the most overdue first.

    Returns:
        ``avsender``; ``due`` (the deadline it has to meet: the last one when nothing has come for it, else the next one, null when
        it has neither project nor participants then); ``overdue_days`` (0 = in time); ``deliveries``; ``received`` and ``state`` of the
        latest delivery by or for it, with its ``remarks`` and ``errors``; ``accepted`` (day of the latest accepted one).
    """
    warehouse, today = Warehouse(settings.home), settings.today
    latest = {row["avsender"]: row for row in _latest(warehouse.read("inndata", "mottak")).iter_rows(named=True)}
    last, coming = last_deadline(today), next_deadline(today)
    due_last, due_next = (_due(warehouse, deadline) for deadline in (last, coming))
    rows = []
    for sender in sorted({*latest, *due_last, *due_next}):
        row = latest.get(sender, {"deliveries": 0, "received": None, "state": None, "remarks": 0, "errors": 0, "accepted": None})
        missed = last is not None and sender in due_last and not _met(row["accepted"], last)
        due = last if missed else coming if sender in due_next else None
        overdue = (today - last.day).days if missed and last else 0
        rows.append(row | {"avsender": sender, "due": due.day if due else None, "overdue_days": overdue})
    return sorted(rows, key=lambda r: (-r["overdue_days"], r["avsender"]))


def senders_text(rows: list[dict[str, Any]]) -> list[str]:
    """The table as lines for a terminal."""
    head = f"{'sender':>6}  {'due':<10}  {'overdue':>7}  {'received':<10}  {'state':<21}  {'remarks':>7}  {'errors':>6}"
    lines = [
        f"{r['avsender']:>6}  {_day(r['due']):<10}  {r['overdue_days']:>7}  {_day(r['received']):<10}  {r['state'] or '-':<21}"
        f"  {r['remarks']:>7}  {r['errors']:>6}"
        for r in rows
    ]
    late = sum(r["overdue_days"] > 0 for r in rows)
    told = "Remarks and errors are findings (rule, table and column); receipts count the cells."
    return [head, *lines, told, f"{late} of {len(rows)} senders are overdue."]


def state_as_of(settings: Settings, as_of: str) -> tuple[dict[str, Any], str]:
    """How many deliveries and rows per table stood at a time (ISO 8601) or just after a receipt, as dict and as text.

    Raises:
        UserError: neither a time nor a receipt of this home.
    """
    from pipeline.intake import current_rows

    rows = current_rows(settings, _moment(as_of))
    counts = {name: rows[name].height for name in DELIVERY_TABLES if name in rows}
    text = "\n".join([f"Rows that stood as of {as_of}:", *(f"  {name:<18}{n:>9}" for name, n in counts.items())])
    return {"as_of": as_of, "rows": counts}, text


def _moment(as_of: str) -> datetime | str:
    if len(as_of) == 12 and all(c in "0123456789abcdef" for c in as_of):
        return as_of
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        raise UserError(
            "--as-of is neither a time in ISO 8601 nor a receipt id.", "Write 2026-01-15T23:59 or a receipt id."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)


def _latest(mottak: pl.DataFrame) -> pl.DataFrame:
    """One row per sender: its latest delivery, or the latest one that spoke of its projects."""
    owners = pl.col("eiere").fill_null("").str.split(" ").list.filter(pl.element() != "")
    day = pl.col("mottatt").str.slice(0, 10).str.to_date("%Y-%m-%d")
    said = mottak.sort("rekkefolge").with_columns(
        avsender=pl.concat_list("avsender", owners).list.unique(maintain_order=True), received=day
    )
    return said.explode("avsender").group_by("avsender", maintain_order=True).agg(
        pl.len().alias("deliveries"),
        pl.col("received").last(),
        pl.col("state").last(),
        pl.col("n_remark").last().alias("remarks"),
        (pl.col("n_error") + pl.col("n_fatal")).last().alias("errors"),
        pl.col("received").filter(pl.col("state").is_in(TAKEN_IN)).max().alias("accepted"),
    )  # fmt: skip


def _due(warehouse: Warehouse, deadline: Deadline | None) -> set[str]:
    """Senders with a project or a participant in the period that ends on the day the deadline's data are complete to."""
    if deadline is None:
        return set()
    before = last_deadline(deadline.day)
    last = deadline.complete_to
    first = before.complete_to + timedelta(days=1) if before else date(last.year, 1, 1)
    runs = (pl.col("start_dato") <= last) & (pl.col("slutt_dato").fill_null(last) >= first)
    people = warehouse.read("inndata", "deltaker").filter(runs)
    projects = warehouse.read("inndata", "prosjekt").filter(runs & (pl.col("tilskuddsaar").cast(pl.Int64) == last.year))
    return {*people["avsender"].to_list(), *projects["avsender"].to_list()}


def _met(accepted: date | None, deadline: Deadline) -> bool:
    """Only what came after the last day it covers can be complete to it."""
    return accepted is not None and accepted > deadline.complete_to


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"
