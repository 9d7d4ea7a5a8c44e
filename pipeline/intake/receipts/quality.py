"""A sender's own quality over time: findings solved since the previous receipt, and the last deliveries side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.intake.findings import Finding
from pipeline.intake.vault import Ledger, Received
from pipeline.rules import rule

OUTCOMES = ("new", "still", "not_checked", "solved")
TREND_LENGTH = 6


def said_of(findings: Iterable[Finding]) -> list[list[Any]]:
    """What the ledger remembers of a receipt's findings that ask for something: code, table, column and count of each."""
    wanted = (f for f in findings if rule(f.code).severity != "info")
    return sorted(([f.code, f.table, f.column, f.count] for f in wanted), key=_order)


def compared(received: Received, ledger: Ledger) -> dict[str, Any] | None:
    """The findings of a delivery against those of the same sender's previous receipt; None for the first one.

    A finding is solved when its table was read again and the rule found nothing there. What was not in this file, or could not be
    judged because the file was stopped, is not checked.

    Returns:
        ``receipt_id`` and ``mottatt`` of the previous one, and ``findings``: outcome (see ``OUTCOMES``), code, table, column, count before and
        now, what is new first.
    """
    previous = next((r for r in reversed(ledger.deliveries) if r.avsender == received.avsender), None)
    if previous is None:
        return None
    if previous.n_fatal + previous.n_error + previous.n_remark and not previous.said:
        return None  # a ledger from before findings were kept in it
    before, now = (_counts(r.said) for r in (previous, received))
    found = [
        {"outcome": _outcome(key, before, now, received), "code": key[0], "table": key[1], "column": key[2],
         "before": before.get(key, 0), "now": now.get(key, 0)}
        for key in sorted({*before, *now}, key=_order)
    ]  # fmt: skip
    found.sort(key=lambda f: OUTCOMES.index(f["outcome"]))
    return {"receipt_id": previous.receipt_id, "mottatt": previous.mottatt, "findings": found}


def trend(received: Received, ledger: Ledger) -> list[dict[str, Any]]:
    """The sender's last deliveries, this one last: day, decision, rows in, rows taken in, errors and remarks (places)."""
    own = [*(r for r in ledger.deliveries if r.avsender == received.avsender), received]
    return [_point(r) for r in own[-TREND_LENGTH:]]


def _counts(said: Iterable[Iterable[Any]]) -> dict[tuple[Any, ...], int]:
    return {(code, table, column): count for code, table, column, count in said}


def _order(key: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(part or "") for part in key)


def _outcome(key: tuple[Any, ...], before: Mapping[Any, int], now: Mapping[Any, int], received: Received) -> str:
    if key in now:
        return "still" if key in before else "new"
    read = received.n_fatal == 0 and (key[1] is None or key[1] in received.tables)
    return "solved" if read else "not_checked"


def _point(r: Received) -> dict[str, Any]:
    rows = {k: sum(t[k] for t in r.tables.values()) for k in ("rows_in", "accepted", "withdrawn", "duplicates")}
    return {
        "receipt_id": r.receipt_id,
        "mottatt": r.mottatt,
        "state": r.state,
        "rows_in": rows["rows_in"],
        "rows_taken": rows["accepted"] + rows["withdrawn"] + rows["duplicates"],
        "errors": _places(r, ("fatal", "error"), r.n_fatal + r.n_error),
        "remarks": _places(r, ("remark",), r.n_remark),
    }


def _places(r: Received, severities: tuple[str, ...], findings: int) -> int:
    """Rows and other places that rules of these severities found something in, as the receipt's summary counts them.

    A ledger from before findings were kept in it knows only how many findings there were.
    """
    return sum(count for code, _, _, count in r.said if rule(code).severity in severities) if r.said else findings
