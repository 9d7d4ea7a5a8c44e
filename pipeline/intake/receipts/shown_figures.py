"""Which key figures a receipt may show: no small count, no small share, and no pair of numbers that tells about a few persons.

A receipt stays with its sender but may be forwarded, and whoever has two receipts can subtract. So a figure is always judged against
the last one that this sender was shown, never only against the delivery before (decision 043).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import polars as pl

from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.judging.known import Known
from pipeline.intake.receipts.own_figures import COUNTS, FIGURES, POOLED_YEARS, Moment, key_of, members, own_rows
from pipeline.intake.senders import CENTRAL_REGISTER
from pipeline.intake.vault import Ledger, Received

HIDDEN = ":"
AT_ONCE = 50  # deliveries: what is compared holds every row that their senders have delivered
_NUMBERS = (
    "units",
    "persons",
    "yes",
    "yes_persons",
    "no_persons",
    "before_units",
    "before_yes",
    "changed",
    "yes_changed",
    "no_changed",
)


@dataclass(frozen=True)
class Shown:
    """A figure as a sender was last shown it: its value, and the delivery that it described."""

    value: int
    receipt_id: str
    moment: int
    day: date
    statusdato: date | None


def own_figures(
    turn: Iterable[tuple[Delivery, Received]], known: Known, today: date, threshold: int
) -> dict[str, list[dict[str, Any]]]:
    """Receipt to its key figures, for those deliveries of a turn that were taken in.

    The central register has none of its own, and a delivery that withdraws a whole one shows them in the next receipt.

    Args:
        turn: judged deliveries with what was decided; no two of one sender.
        known: what stood before the turn.
        today: the day of receipt.
        threshold: the smallest number of persons that may be shown.

    Returns:
        Per receipt and figure: ``figure``, ``unit``, ``day``, ``first_year``, ``before`` with ``before_receipt`` and ``before_day`` (null when
        never shown), and ``after``: a whole number, per cent for shares, or ``:``.
    """
    owned = [(d, r) for d, r in turn if r.taken_in and r.avsender != CENTRAL_REGISTER and not r.withdraws]
    if not owned:
        return {}
    shown = _last_shown(known.ledger)
    nows = [Moment(d.receipt_id, d.avsender, d.order, today, _stated(r)) for d, r in owned]
    asked = [[(now, f, shown.get((now.sender, key_of(f, today.year)))) for f in FIGURES] for now in nows]
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    for first in range(0, len(owned), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        rows = own_rows(known.history, [d for d, _ in owned[part]], known.owners)
        numbers |= _numbers(rows, list(chain.from_iterable(asked[part])))
    found: dict[str, list[dict[str, Any]]] = {}
    for now, figure, before in chain.from_iterable(asked):
        counted = numbers.get((now.receipt_id, key_of(figure, today.year)), _nobody())
        value = _shown_value(figure, counted, before, threshold)
        found.setdefault(now.receipt_id, []).append(_figure(figure, now, before, value))
    return found


def remembered_figures(figures: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What of a receipt's figures the ledger remembers: those that were shown."""
    return {key_of(f["figure"], date.fromisoformat(f["day"]).year): f["after"] for f in figures if f["after"] != HIDDEN}


def _last_shown(ledger: Ledger) -> dict[tuple[str, str], Shown]:
    return {
        (r.avsender, key): Shown(value, r.receipt_id, r.rekkefolge, r.day, _stated(r))
        for r in ledger.deliveries
        for key, value in r.figures.items()
    }


def _stated(received: Received) -> date | None:
    return date.fromisoformat(received.statusdato) if received.statusdato else None


def _numbers(
    rows: Mapping[str, pl.DataFrame], asked: Sequence[tuple[Moment, str, Shown | None]]
) -> dict[tuple[str, str], dict[str, int]]:
    """Per receipt and figure: how many it is about now, how many when it was last shown, and how many persons differ."""
    moments = [now for now, _, _ in asked]
    moments += [Moment(now.receipt_id, now.sender, b.moment, b.day, b.statusdato) for now, _, b in asked if b]
    wanted = pl.DataFrame(
        [(now.receipt_id, key_of(figure, now.day.year), now.moment, b.moment if b else None) for now, figure, b in asked],
        schema={"receipt_id": pl.String(), "figure": pl.String(), "now": pl.Int64(), "before": pl.Int64()},
        orient="row",
    )
    persons = members(rows, moments).group_by("receipt_id", "moment", "figure", "fnr").agg(n=pl.len(), yes=pl.col("yes").sum())
    met = persons.join(wanted, on=["receipt_id", "figure"])
    at = {name: pl.col("moment") == pl.col(name) for name in ("now", "before")}
    sides = met.group_by("receipt_id", "figure", "fnr").agg(
        *(pl.col(c).filter(at[side]).sum().cast(pl.Int64).alias(f"{side}_{c}") for side in at for c in ("n", "yes"))
    )
    no = {side: pl.col(f"{side}_n") - pl.col(f"{side}_yes") for side in at}
    yes_changed, no_changed = pl.col("now_yes") != pl.col("before_yes"), no["now"] != no["before"]
    counted = sides.group_by("receipt_id", "figure").agg(
        units=pl.col("now_n").sum(),
        persons=(pl.col("now_n") > 0).sum(),
        yes=pl.col("now_yes").sum(),
        yes_persons=(pl.col("now_yes") > 0).sum(),
        no_persons=(no["now"] > 0).sum(),
        before_units=pl.col("before_n").sum(),
        before_yes=pl.col("before_yes").sum(),
        changed=(yes_changed | no_changed).sum(),
        yes_changed=yes_changed.sum(),
        no_changed=no_changed.sum(),
    )
    return {(r["receipt_id"], r["figure"]): {k: int(r[k]) for k in _NUMBERS} for r in counted.iter_rows(named=True)}


def _nobody() -> dict[str, int]:
    return dict.fromkeys(_NUMBERS, 0)


def _shown_value(figure: str, n: Mapping[str, int], before: Shown | None, threshold: int) -> int | None:
    """The value when it may be shown, else None: alone first, then beside what was last shown."""

    def wide(persons: int) -> bool:
        return persons == 0 or persons >= threshold

    if figure in COUNTS:
        # a difference that the rows no longer explain (persons erased, deliveries withdrawn) counts as persons too
        gap = abs(n["before_units"] - before.value) if before else 0
        alone, beside = wide(n["persons"]), wide(n["changed"] + gap)
        return n["units"] if alone and (before is None or beside) else None
    if min(n["yes_persons"], n["no_persons"]) < threshold:
        return None
    value = percent(n["yes"], n["units"])
    if before is None:
        return value
    same = n["changed"] == 0 and percent(n["before_yes"], n["before_units"]) == before.value
    return value if same or min(n["yes_changed"], n["no_changed"]) >= threshold else None


def percent(part: int, whole: int) -> int:
    """Whole per cent, halves up; 0 of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def _figure(figure: str, now: Moment, before: Shown | None, value: int | None) -> dict[str, Any]:
    return {
        "figure": figure,
        "unit": "count" if figure in COUNTS else "percent",
        "day": now.day.isoformat(),
        "first_year": now.day.year - POOLED_YEARS,
        "before": before.value if before else None,
        "before_receipt": before.receipt_id if before else None,
        "before_day": before.day.isoformat() if before else None,
        "after": HIDDEN if value is None else value,
    }
