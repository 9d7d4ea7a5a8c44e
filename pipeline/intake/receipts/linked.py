"""What the registers knew of a sender's participants, added to the latest receipt once it is known.

The intake itself never needs this: a receipt is whole without it. A share is judged alone and against all that the sender was ever shown
(decision 043): here only counts are known, so the difference of counts stands for the persons that changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.intake.receipts.receipt import receipt_place, rewrite_receipt
from pipeline.intake.receipts.shown_figures import HIDDEN, percent
from pipeline.intake.vault import Vault
from pipeline.settings import Settings
from pipeline.store import json_text, write_text

MEMORY = "linkage_shown.json"  # exact counts behind all that was shown: never outside the identified zone
WHOLE_POPULATION = "folkeregister"  # everybody is in it, so that nobody missing tells nothing about anyone
Counts = dict[str, dict[str, list[list[int]]]]


def add_linkage(kobling: pl.DataFrame, settings: Settings) -> int:
    """Add the shares not found to each sender's latest accepted receipt; nothing new, nothing written.

    Args:
        kobling: ``STATISTIKK["kobling"]``; registers without an extract have no count and are left out.
        settings: home and threshold.

    Returns:
        How many receipts were written anew.
    """
    known = kobling.filter(pl.col("n_koblet").is_not_null()).sort("register")
    by_sender = {str(s): rows.to_dicts() for (s,), rows in known.partition_by("avsender", as_dict=True).items()}
    latest = {r.avsender: r.receipt_id for r in Vault(settings.home).ledger().deliveries if r.taken_in}
    memory = settings.home.identified / MEMORY
    shown = _remembered(memory)
    written = 0
    for avsender, receipt_id in sorted(latest.items()):
        place = receipt_place(settings.home, avsender, receipt_id)
        if avsender not in by_sender or not place.is_file():
            continue
        said, shown[avsender] = _said(by_sender[avsender], shown.get(avsender, {}), settings.threshold)
        receipt = json.loads(place.read_text(encoding="utf-8"))
        if receipt.get("linkage") != said:
            rewrite_receipt(place, receipt | {"linkage": said})
            written += 1
    if shown:
        write_text(memory, json_text(shown), mode=0o600)
    return written


def _remembered(memory: Path) -> Counts:
    """What was shown; an earlier version remembered one pair of counts per register."""
    found = json.loads(memory.read_text(encoding="utf-8")) if memory.is_file() else {}
    return {
        sender: {name: counts if isinstance(counts[0], list) else [counts] for name, counts in registers.items()}
        for sender, registers in found.items()
    }


def _said(
    rows: Iterable[Mapping[str, Any]], shown: Mapping[str, list[list[int]]], threshold: int
) -> tuple[list[dict[str, Any]], dict[str, list[list[int]]]]:
    """What the receipt says of each register, and the counts (not found, found) behind all that was shown, the last one last."""
    said, kept = [], dict(shown)
    for row in rows:
        register = row["register"]
        now = [row["n_deltakelser"] - row["n_koblet"], row["n_koblet"]]
        ever = shown.get(register, [])
        if _wide(now, register, threshold) and all(_apart(now, then, threshold) for then in ever):
            kept[register] = ever = [*(then for then in ever if then != now), now]
        share: int | str = percent(ever[-1][0], sum(ever[-1])) if ever else HIDDEN
        said.append({"register": register, "share": share, "last_month": str(row["siste_maaned"])})
    return said, kept


def _wide(counts: list[int], register: str, threshold: int) -> bool:
    missing, found = counts
    few_missing = missing < threshold and not (missing == 0 and register == WHOLE_POPULATION)
    return found >= threshold and not few_missing


def _apart(now: list[int], before: list[int], threshold: int) -> bool:
    return all(a == b or abs(a - b) >= threshold for a, b in zip(now, before, strict=True))
