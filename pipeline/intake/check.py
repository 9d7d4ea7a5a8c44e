"""What ``check`` does: the receipt that one file would get tonight, without taking anything in."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.intake.discover import Moved, look_at, read_stable
from pipeline.intake.erased import Refer
from pipeline.intake.judging.delivery import Delivery, Validate
from pipeline.intake.judging.known import known_of
from pipeline.intake.reading.sandbox import Sandbox
from pipeline.intake.receipts.receipt import receipt_place
from pipeline.intake.take_up import already_latest, unopened
from pipeline.intake.vault import Ledger, Vault
from pipeline.intake.verdicts import judge_turn, receipt_of
from pipeline.settings import Settings


@dataclass(frozen=True)
class Checked:
    """What ``check`` says of one file: the receipt it would get, and what was read and found in it."""

    receipt: dict[str, Any]
    delivery: Delivery


def check_file(path: Path, avsender: str, settings: Settings, validate: Validate, refer: Refer | None = None) -> dict[str, Any]:
    """The receipt that a file would get from this sender tonight; nothing is taken in and nothing is written to the home.

    A file that holds the bytes of the sender's latest accepted delivery has its receipt already: that one is returned.
    """
    return checked_file(path, avsender, settings, validate, refer).receipt


def checked_file(path: Path, avsender: str, settings: Settings, validate: Validate, refer: Refer | None = None) -> Checked:
    """``check_file`` with what was read, for the marked workbook."""
    vault = Vault(settings.home)
    ledger = vault.ledger()
    with tempfile.TemporaryDirectory(prefix="jobbsjansen-check-") as scratch, Sandbox(Path(scratch)) as sandbox:
        d = _checked(path, avsender, len(ledger.deliveries) + 1, Path(scratch), sandbox)
    known = known_of(vault, ledger, refer)
    (verdict,) = judge_turn([d], known, validate, settings)
    return Checked(_given(d, ledger, settings) or receipt_of(verdict, ledger, settings), d)


def _given(d: Delivery, ledger: Ledger, settings: Settings) -> dict[str, Any] | None:
    """The receipt of the sender's latest accepted delivery when this one has the same bytes."""
    latest = ledger.latest_taken_in(d.avsender)
    if latest is None or not already_latest(d.avsender, d.sha256, ledger):
        return None
    given = receipt_place(settings.home, d.avsender, latest.receipt_id)
    return dict(json.loads(given.read_text(encoding="utf-8"))) if given.is_file() else None


def _checked(path: Path, avsender: str, order: int, scratch: Path, sandbox: Sandbox) -> Delivery:
    found = look_at(path, avsender)
    if found.problem:
        return unopened(found, order)
    try:
        data = read_stable(found)
    except Moved:
        return unopened(replace(found, problem="JS014"), order)
    copy = scratch / "delivery"
    copy.write_bytes(data)
    return Delivery("", found.avsender, hashlib.sha256(data).hexdigest(), order, sandbox.read(copy, found.table))
