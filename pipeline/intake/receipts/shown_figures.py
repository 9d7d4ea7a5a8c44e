"""Which key figures a receipt may show: no small count, no small share, and no pair of numbers that tells about a few persons.

A receipt stays with its sender but may be forwarded, and whoever has two receipts can subtract. So a figure is judged against every
value of it that this municipality was ever shown, by whichever of its numbers, and against the rows as they stood then (decision 043).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.judging.known import Known
from pipeline.intake.merge import project_owners
from pipeline.intake.receipts.own_figures import COUNTS, FIGURES, POOLED_YEARS, Moment, key_of, members, own_rows
from pipeline.intake.senders import CENTRAL_REGISTER, family
from pipeline.intake.vault import Ledger, Received

HIDDEN = ":"
AT_ONCE = 60  # moments: what is compared holds the sender's rows at each of them
_YES, _NO = "_ja", "_nei"  # exact numbers behind a share, for the ledger alone
_NOW = ("units", "persons", "yes", "yes_persons", "no_persons")
_THEN = ("before_yes", "before_no", "yes_changed", "no_changed")


@dataclass(frozen=True)
class Shown:
    """A figure as it was once shown: its value, the exact numbers behind a share, and the delivery that it described."""

    value: int
    sender: str
    receipt_id: str
    moment: int
    day: date
    statusdato: date | None
    yes: int | None = None
    no: int | None = None

    def seen_for(self, receipt_id: str) -> Moment:
        """The moment that it described, as another receipt asks for it."""
        return Moment(receipt_id, self.sender, self.moment, self.day, self.statusdato)


@dataclass(frozen=True)
class _Asked:
    """A figure of a receipt, with all that was shown of it before."""

    now: Moment
    figure: str
    earlier: tuple[Shown, ...]

    @property
    def key(self) -> str:
        return key_of(self.figure, self.now.day.year)


@dataclass(frozen=True)
class OwnFigures:
    """The key figures of one receipt, and what the ledger remembers of those that were shown."""

    figures: list[dict[str, Any]]
    remembered: dict[str, int]


def own_figures(turn: Iterable[tuple[Delivery, Received]], known: Known, today: date, threshold: int) -> dict[str, OwnFigures]:
    """Receipt to its key figures, for those deliveries of a turn that were taken in.

    The central register has none of its own, and a delivery that withdraws a whole one shows them in the next receipt.

    Args:
        turn: judged deliveries with what was decided; no two of one municipality.
        known: what stood before the turn.
        today: the day of receipt.
        threshold: the smallest number of persons that may be shown.

    Returns:
        Per receipt and figure: ``figure``, ``unit``, ``day``, ``first_year``, ``before`` with ``before_receipt`` and ``before_day`` (null when
        this sender was never shown it), and ``after``: a whole number, per cent for shares, or ``:``.
    """
    owned = [(d, r) for d, r in turn if r.taken_in and r.avsender != CENTRAL_REGISTER and not r.withdraws]
    shown = _ever_shown(known.ledger) if owned else {}
    asked = {
        d.receipt_id: [
            _Asked(now, f, _seen(shown, now.sender, key_of(f, today.year)))
            for now in [Moment(d.receipt_id, d.avsender, d.order, today, _stated(r))]
            for f in FIGURES
        ]
        for d, r in owned
    }
    found: dict[str, OwnFigures] = {}
    for part in _parts(asked):
        now, then = _numbers(
            known, [d for d, _ in owned if d.receipt_id in part], [a for receipt in part for a in asked[receipt]]
        )
        for receipt in part:
            found[receipt] = _of_receipt(asked[receipt], now, then, threshold)
    return found


def _of_receipt(
    asked: Sequence[_Asked], now: Mapping[Any, Mapping[str, int]], then: Mapping[Any, Mapping[str, int]], threshold: int
) -> OwnFigures:
    figures: list[dict[str, Any]] = []
    remembered: dict[str, int] = {}
    for a in asked:
        n = now.get((a.now.receipt_id, a.key), dict.fromkeys(_NOW, 0))
        nobody = dict.fromkeys(_THEN, 0)
        pairs = [(s, then.get((a.now.receipt_id, a.key, s.moment), nobody)) for s in a.earlier]
        value = _shown_value(a.figure, n, pairs, threshold)
        last = next((s for s in reversed(a.earlier) if s.sender == a.now.sender), None)
        figures.append(_figure(a.figure, a.now, last, value))
        if value is not None:
            behind = {} if a.figure in COUNTS else {a.key + _YES: n["yes"], a.key + _NO: n["units"] - n["yes"]}
            remembered |= {a.key: value, **behind}
    return OwnFigures(figures, remembered)


def _parts(asked: Mapping[str, Sequence[_Asked]]) -> Iterator[list[str]]:
    """The receipts in parts that look at a limited number of moments."""
    part: list[str] = []
    n = 0
    for receipt, figures in asked.items():
        n += 1 + len({s.moment for a in figures for s in a.earlier})
        part.append(receipt)
        if n >= AT_ONCE:
            yield part
            part, n = [], 0
    if part:
        yield part


def _ever_shown(ledger: Ledger) -> dict[tuple[str, str], list[Shown]]:
    """Sender and figure, as ``key_of`` names it, to all that was ever shown of it."""
    ever: dict[tuple[str, str], list[Shown]] = {}
    for r in ledger.deliveries:
        for key, value in r.figures.items():
            behind = (r.figures.get(key + _YES), r.figures.get(key + _NO))
            shown = Shown(value, r.avsender, r.receipt_id, r.rekkefolge, r.day, _stated(r), *behind)
            ever.setdefault((r.avsender, key), []).append(shown)
    return ever


def _seen(ever: Mapping[tuple[str, str], Sequence[Shown]], sender: str, key: str) -> tuple[Shown, ...]:
    """What a municipality has been shown of a figure, in order of receipt."""
    return tuple(sorted((s for kin in family(sender) for s in ever.get((kin, key), ())), key=lambda s: s.moment))


def _stated(received: Received) -> date | None:
    return date.fromisoformat(received.statusdato) if received.statusdato else None


def _numbers(
    known: Known, turn: Sequence[Delivery], asked: Sequence[_Asked]
) -> tuple[dict[Any, dict[str, int]], dict[Any, dict[str, int]]]:
    """How many each figure is about now (by receipt and figure), and, by moment as well, how many then and how many persons differ."""
    wanted = pl.DataFrame(
        [(a.now.receipt_id, a.key, a.now.moment) for a in asked],
        schema={"receipt_id": pl.String(), "figure": pl.String(), "moment": pl.Int64()},
        orient="row",
    )
    pairs = pl.DataFrame(
        [(a.now.receipt_id, a.key, s.moment) for a in asked for s in a.earlier],
        schema={"receipt_id": pl.String(), "figure": pl.String(), "then": pl.Int64()},
        orient="row",
    )
    about = ["receipt_id", "moment", "figure", "fnr"]
    no = (pl.col("n") - pl.col("yes")).alias("no")
    persons = _about(known, turn, asked).group_by(about).agg(n=pl.len().cast(pl.Int64), yes=pl.col("yes").sum().cast(pl.Int64))
    persons = persons.with_columns(no)
    now = persons.join(wanted, on=["receipt_id", "figure", "moment"]).drop("moment")
    at = ["receipt_id", "figure"]
    counted = now.group_by(at).agg(
        units=pl.col("n").sum(),
        persons=pl.len(),
        yes=pl.col("yes").sum(),
        yes_persons=(pl.col("yes") > 0).sum(),
        no_persons=(pl.col("no") > 0).sum(),
    )
    before = persons.rename({"moment": "then"}).join(pairs, on=[*at, "then"])
    columns = [*at, "then", "fnr", "yes", "no"]
    moved = pl.concat([now.join(pairs, on=at).select(columns), before.select(*columns[:4], -pl.col("yes"), -pl.col("no"))])
    differ = moved.group_by(columns[:4]).agg(pl.col("yes").sum(), pl.col("no").sum())
    changed = differ.group_by(columns[:3]).agg(yes_changed=(pl.col("yes") != 0).sum(), no_changed=(pl.col("no") != 0).sum())
    stood = before.group_by(columns[:3]).agg(before_yes=pl.col("yes").sum(), before_no=pl.col("no").sum())
    both = changed.join(stood, on=columns[:3], how="left").fill_null(0)
    return (
        {(r["receipt_id"], r["figure"]): {k: int(r[k]) for k in _NOW} for r in counted.iter_rows(named=True)},
        {(r["receipt_id"], r["figure"], r["then"]): {k: int(r[k]) for k in _THEN} for r in both.iter_rows(named=True)},
    )


def _about(known: Known, turn: Sequence[Delivery], asked: Sequence[_Asked]) -> pl.DataFrame:
    """``members`` at every moment that is asked for, each with the deliveries that stood then: later withdrawals do not reach back."""
    moments = dict.fromkeys([a.now for a in asked] + [s.seen_for(a.now.receipt_id) for a in asked for s in a.earlier])
    otherwise: dict[tuple[frozenset[int], frozenset[int]], list[Moment]] = {}
    tonight = {a.now for a in asked}
    for moment in moments:
        aside = (frozenset[int](), frozenset[int]()) if moment in tonight else _since(known.ledger, moment)
        otherwise.setdefault(aside, []).append(moment)
    found = []
    for (gone, back), those in otherwise.items():
        history, owners = (known.history, known.owners) if not gone | back else _as_it_stood(known, gone, back)
        rows = own_rows(history, [] if gone | back else turn, owners, {m.sender for m in those})
        found.append(members(rows, those))
    return pl.concat(found)


def _since(ledger: Ledger, moment: Moment) -> tuple[frozenset[int], frozenset[int]]:
    """Deliveries about the moment's own projects that stood then and do not now, and those that do now and did not then."""
    speak = family(moment.sender) | {CENTRAL_REGISTER}
    if not any(r.withdraws and r.avsender in speak and r.rekkefolge > moment.moment for r in ledger.deliveries):
        return frozenset(), frozenset()
    spoken = tuple(r for r in ledger.deliveries if r.avsender in speak)
    known = tuple(r for r in spoken if r.rekkefolge <= moment.moment)
    then = frozenset(r.rekkefolge for r in Ledger(known).standing())
    now = frozenset(r.rekkefolge for r in Ledger(spoken).standing()) & {r.rekkefolge for r in known}
    return then - now, now - then


def _as_it_stood(known: Known, gone: frozenset[int], back: frozenset[int]) -> tuple[dict[str, pl.DataFrame], dict[str, str]]:
    """The accepted rows, and whose projects they belonged to, with deliveries that have gone since and without those that came back."""
    order = pl.col("order")
    history = {
        name: pl.concat(
            [frame.filter(~order.is_in(list(back))), known.fallen[name].filter(order.is_in(list(gone))).select(frame.columns)]
        ).sort("order", maintain_order=True)
        for name, frame in known.history.items()
    }
    return history, project_owners(history)


def _shown_value(
    figure: str, n: Mapping[str, int], pairs: Iterable[tuple[Shown, Mapping[str, int]]], threshold: int
) -> int | None:
    """The value when it may be shown, else None: alone first, then beside each of those that were shown before."""
    if figure in COUNTS:
        if n["persons"] and n["persons"] < threshold:
            return None
        apart = all(_apart(c["yes_changed"], abs(c["before_yes"] - s.value), threshold) is not None for s, c in pairs)
        return n["units"] if apart else None
    if min(n["yes_persons"], n["no_persons"]) < threshold:
        return None
    value = percent(n["yes"], n["units"])
    for s, c in pairs:
        yes = _apart(c["yes_changed"], abs(c["before_yes"] - s.yes) if s.yes is not None else 0, threshold)
        no = _apart(c["no_changed"], abs(c["before_no"] - s.no) if s.no is not None else 0, threshold)
        if yes is None or no is None or yes != no or (s.yes is None and not yes and s.value != value):
            return None
    return value


def _apart(changed: int, gap: int, threshold: int) -> bool | None:
    """False when nobody differs, True when enough persons do, None when a few may.

    ``gap`` is how far the rows no longer give the number that was shown (persons erased). Whom it is about is not known: they may be in
    today's rows again and only seem to be new, so that many persons fewer are sure to differ.
    """
    if changed == 0 and gap == 0:
        return False
    return True if changed - gap >= threshold else None


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
