"""One night's intake, from the inbox to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from pipeline.intake.again import circumstances, remembered
from pipeline.intake.discover import discover
from pipeline.intake.erased import Refer
from pipeline.intake.erasure import complete_erasures
from pipeline.intake.judging.delivery import Validate
from pipeline.intake.judging.known import known_of
from pipeline.intake.reading.sandbox import Readers
from pipeline.intake.receipts.receipt import write_receipt
from pipeline.intake.take_up import take_up
from pipeline.intake.vault import Ledger, Vault
from pipeline.intake.verdicts import Verdict, judge_in_turns, receipt_of
from pipeline.settings import Settings

Progress = Callable[[str], None]


@dataclass(frozen=True)
class IntakeNight:
    """What a night's intake did.

    Attributes:
        mottak: the whole ledger, ``INNDATA["mottak"]``.
        n_new: deliveries taken up this night, whatever became of them.
        n_failed: deliveries of this night that the program itself could not handle (JS013): for the engineer.
        receipts: ids of this night's receipts, in order of receipt.
        crashes: receipt id to what failed and where (kind of exception, module, line); never its text.
        n_waiting: files of the inbox left for the next night: still being written, or more of one sender than a night takes.
    """

    mottak: pl.DataFrame
    n_new: int
    n_failed: int = 0
    receipts: tuple[str, ...] = ()
    crashes: dict[str, str] = field(default_factory=dict)
    n_waiting: int = 0


def run_intake(settings: Settings, validate: Validate, progress: Progress, refer: Refer | None = None) -> IntakeNight:
    """Take in everything new in the inbox: originals, accepted rows, receipts, and last the ledger.

    Args:
        settings: home, environment and clock.
        validate: judges one table's batch, see ``Validate``.
        progress: called with a short text before each longer step.
        refer: keyed references, by which erased persons are known; may be left out where nobody has been erased.

    Returns:
        The ledger after the night. Nothing new leaves every file as it was.

    Raises:
        UserError: somebody has been erased in this home, and ``refer`` was not given.
    """
    vault = Vault(settings.home)
    vault.open()
    vault.clear_passing()
    if refer is not None:
        complete_erasures(settings, refer)
    before = vault.ledger()
    found, unfinished = discover(settings)
    with Readers(vault.scratch) as readers:
        progress(f"Ser etter nye leveranser: {len(found)} filer i innboksen")
        taken_up = take_up(found, before, vault, readers, circumstances(before, settings))
    new = taken_up.new
    verdicts: list[Verdict] = []
    if new:
        progress(f"Kontrollerer {len(new)} nye leveranser")
        verdicts = judge_in_turns(new, known_of(vault, before, refer), validate, settings, vault.write_rows)
    ledger = Ledger(before.deliveries, taken_up.inbox)
    for verdict in verdicts:
        ledger = _record(verdict, ledger, settings)
    vault.forget(v.received.sha256 for v in verdicts if "JS280" in v.received.codes)
    vault.clear_passing()
    judged = {d.receipt_id for d in new} | {d.refused.receipt_id for d in new if d.refused}
    ledger = remembered(ledger, judged, circumstances(ledger, settings))
    if ledger != before:
        vault.write_ledger(ledger)
    added = {r.receipt_id: r for r in ledger.deliveries[len(before.deliveries) :]}
    broken = sum("JS013" in r.codes for r in added.values())
    crashes = {d.receipt_id: d.crash for d in new if d.crash and d.receipt_id in added}
    waiting = taken_up.n_waiting + unfinished
    return IntakeNight(ledger.frame(), len(added), broken, tuple(added), crashes, waiting)


def _record(verdict: Verdict, ledger: Ledger, settings: Settings) -> Ledger:
    """Write a delivery's receipt, and return the ledger with it at the end; its rows have been kept."""
    received = replace(verdict.received, rekkefolge=len(ledger.deliveries) + 1)
    receipt = receipt_of(replace(verdict, received=received), ledger, settings)
    write_receipt(settings.home, receipt, verdict.delivery)
    return Ledger((*ledger.deliveries, received), ledger.inbox)
