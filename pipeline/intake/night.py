"""One night's intake from the inbox to the ledger, and the same for a single file without taking it in."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.intake.again import circumstances, is_known, remembered, same_verdict, to_judge_again
from pipeline.intake.changes import change_findings, changes_of, shrinking
from pipeline.intake.decide import counts, state_of
from pipeline.intake.delivery import Delivery, Validate, add_row_findings
from pipeline.intake.discover import Found, Moved, discover, look_at, read_stable
from pipeline.intake.findings import Finding, Reading, grouped
from pipeline.intake.judging import judge_safely
from pipeline.intake.merge import claims, full_history, merged, project_owners
from pipeline.intake.receipts import receipt_dict, write_receipt
from pipeline.intake.relations import Known, foreign
from pipeline.intake.sandbox import Sandbox
from pipeline.intake.vault import Ledger, Received, Vault, receipt_number
from pipeline.rules import rule
from pipeline.settings import Settings
from pipeline.tables import DELIVERY_TABLES

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
    """

    mottak: pl.DataFrame
    n_new: int
    n_failed: int = 0
    receipts: tuple[str, ...] = ()
    crashes: dict[str, str] = field(default_factory=dict)


def run_intake(settings: Settings, validate: Validate, progress: Progress) -> IntakeNight:
    """Take in everything new in the inbox: originals, accepted rows, receipts, and last the ledger.

    Args:
        settings: home, environment and clock.
        validate: judges one table's batch, see ``Validate``.
        progress: called with a short text before each longer step.

    Returns:
        The ledger after the night. Nothing new leaves every file as it was.
    """
    vault = Vault(settings.home)
    vault.open()
    before = vault.ledger()
    found = discover(settings)
    with Sandbox(vault.scratch) as sandbox:
        progress(f"Ser etter nye leveranser: {len(found)} filer i innboksen")
        new, inbox = _take_up(found, before, vault, sandbox, circumstances(before, settings))
    if new:
        progress(f"Kontrollerer {len(new)} nye leveranser")
        known = _known(vault, before)
        judge_safely(new, known, validate, settings)
        _settle_owners(new, known)
        _compare(new, known)
    ledger = Ledger(before.deliveries, inbox)
    for d in new:
        ledger = _record(d, ledger, vault, settings)
    judged = {d.receipt_id for d in new} | {d.refused.receipt_id for d in new if d.refused}
    ledger = remembered(ledger, judged, circumstances(ledger, settings))
    if ledger != before:
        vault.write_ledger(ledger)
    added = {r.receipt_id: r for r in ledger.deliveries[len(before.deliveries) :]}
    broken = sum("JS013" in r.codes for r in added.values())
    crashes = {d.receipt_id: d.crash for d in new if d.crash and d.receipt_id in added}
    return IntakeNight(ledger.frame(), len(added), broken, tuple(added), crashes)


def check_file(path: Path, avsender: str, settings: Settings, validate: Validate) -> dict[str, Any]:
    """The receipt that a file would get from this sender tonight; nothing is taken in and nothing is written to the home."""
    vault = Vault(settings.home)
    ledger = vault.ledger()
    with tempfile.TemporaryDirectory(prefix="jobbsjansen-check-") as scratch, Sandbox(Path(scratch)) as sandbox:
        d = _checked(path, avsender, len(ledger.deliveries) + 1, Path(scratch), sandbox, ledger)
    known = _known(vault, ledger)
    judge_safely([d], known, validate, settings)
    _settle_owners([d], known)
    _compare([d], known)
    received, findings = _decide(d, ledger, vault, settings)
    return receipt_dict(received, findings, d.reading.facts, _told(d, received), settings)


def _checked(path: Path, avsender: str, order: int, scratch: Path, sandbox: Sandbox, ledger: Ledger) -> Delivery:
    found = look_at(path, avsender)
    if found.problem:
        return _unopened(found, ledger, order)
    try:
        data = read_stable(found)
    except Moved:
        return _unopened(replace(found, problem="JS014"), ledger, order)
    copy = scratch / "delivery"
    copy.write_bytes(data)
    return _delivery(found.avsender, hashlib.sha256(data).hexdigest(), order, sandbox.read(copy, found.table), ledger, ())


def _take_up(
    found: Iterable[Found], ledger: Ledger, vault: Vault, sandbox: Sandbox, now: str
) -> tuple[list[Delivery], dict[str, dict[str, str]]]:
    """Read what is new in order of receipt, then what is judged again, and say which names now hold which bytes."""
    held: list[tuple[int, str, Found]] = []
    for entry in found:
        held.append((entry.mtime, _content(entry, vault), entry))
    new: list[Delivery] = []
    again: list[tuple[Received, Found]] = []
    inbox: dict[str, dict[str, str]] = {}
    latest = {r.avsender: r.sha256 for r in ledger.deliveries if r.taken_in}
    for _, sha256, entry in sorted(held, key=lambda h: (h[0], h[1], h[2].name_hash)):
        inbox.setdefault(entry.avsender, {})[entry.name_hash] = sha256
        if is_known(entry, sha256, ledger, latest):
            refused = to_judge_again(entry, sha256, ledger, now)
            again += [(refused, entry)] if refused else []
            continue
        d = _opened(entry, sha256, ledger, vault, sandbox, new)
        if not d.fatal:
            latest[d.avsender] = sha256
        new.append(d)
    tonight = {(d.avsender, d.sha256) for d in new}
    for refused, entry in again:
        if (refused.avsender, refused.sha256) not in tonight:
            d = _opened(entry, refused.sha256, ledger, vault, sandbox, new)
            d.refused = refused
            new.append(d)
    return new, inbox


def _opened(entry: Found, sha256: str, ledger: Ledger, vault: Vault, sandbox: Sandbox, new: list[Delivery]) -> Delivery:
    order = len(ledger.deliveries) + len(new) + 1
    if entry.problem or not vault.original(sha256).is_file():
        d = _unopened(entry if entry.problem else replace(entry, problem="JS014"), ledger, order, new)
    else:
        d = _delivery(entry.avsender, sha256, order, sandbox.read(vault.original(sha256), entry.table), ledger, new)
    d.name_hash = entry.name_hash
    return d


def _content(entry: Found, vault: Vault) -> str:
    """The content hash, with the original kept; for what may not be opened a hash of how it lies there."""
    if not entry.problem:
        try:
            return vault.keep_original(read_stable(entry))
        except Moved:
            return _unopened_hash(replace(entry, problem="JS014"))
    return _unopened_hash(entry)


def _unopened_hash(entry: Found) -> str:
    return hashlib.sha256(f"{entry.problem}:{entry.name_hash}:{entry.look[0]}".encode()).hexdigest()


def _delivery(avsender: str, sha256: str, order: int, reading: Reading, ledger: Ledger, new: Iterable[Delivery]) -> Delivery:
    earlier = len(ledger.with_bytes(avsender, sha256)) + sum(d.avsender == avsender and d.sha256 == sha256 for d in new)
    return Delivery(receipt_number(avsender, sha256, earlier), avsender, sha256, order, reading)


def _unopened(entry: Found, ledger: Ledger, order: int, new: Iterable[Delivery] = ()) -> Delivery:
    return _delivery(entry.avsender, _unopened_hash(entry), order, Reading([Finding(entry.problem)]), ledger, new)


def _known(vault: Vault, ledger: Ledger) -> Known:
    standing = ledger.standing()
    history = full_history(vault, standing)
    return Known(ledger, merged(standing, history), project_owners(history))


def _settle_owners(new: list[Delivery], known: Known) -> None:
    """Projects first delivered tonight belong to whoever's row is accepted first; later claims of others are errors."""
    owners = dict(known.owners)
    for d in (d for d in new if not d.fatal):
        for name in [n for n in DELIVERY_TABLES if n in d.fates and "prosjekt_id" in DELIVERY_TABLES[n]]:
            taken = d.fates[name].filter(pl.col("_fate") != "quarantined")
            wrong = taken.filter(foreign(name, taken, owners))
            add_row_findings(d, name, "JS215", "prosjekt_id", wrong["row_no"])
            rest = taken.filter(~pl.col("row_no").is_in(wrong["row_no"].implode()))
            for project, owner in claims(name, rest).select("prosjekt_id", "owner").rows():
                owners.setdefault(project, owner)


def _compare(new: list[Delivery], known: Known) -> None:
    sound = [d for d in new if not d.fatal]
    found = changes_of(sound, known)
    for d in sound:
        d.changes = found[d.receipt_id]


def _told(d: Delivery, received: Received) -> dict[str, dict[str, int]]:
    """What the delivery changed, per table; nothing when nothing of it was taken in."""
    return {name: c.as_json() for name, c in d.changes.items()} if received.taken_in else {}


def _record(d: Delivery, ledger: Ledger, vault: Vault, settings: Settings) -> Ledger:
    """Write a delivery's rows and receipt, and return the ledger with it at the end; a verdict said before is not said again."""
    d.order = len(ledger.deliveries) + 1
    received, findings = _decide(d, ledger, vault, settings)
    if d.refused and same_verdict(d.refused, received):
        return ledger
    if received.taken_in:
        for name, fates in d.fates.items():
            kept = fates.filter(pl.col("_fate").is_in(["accepted", "withdrawn"]))
            if kept.height:
                vault.write_rows(d.receipt_id, name, kept.select("row_no", *DELIVERY_TABLES[name].names))
    receipt = receipt_dict(received, findings, d.reading.facts, _told(d, received), settings)
    write_receipt(settings.home, receipt)
    return Ledger((*ledger.deliveries, received), ledger.inbox)


def _decide(d: Delivery, ledger: Ledger, vault: Vault, settings: Settings) -> tuple[Received, list[Finding]]:
    previous = ledger.latest_taken_in(d.avsender)
    tables = _rejected_counts(d) if d.fatal else {name: counts(f) for name, f in d.fates.items()}
    stated = None if d.fatal else _innsending(d)
    findings = [*d.reading.findings, *grouped(d.found)]
    if not d.fatal:
        again = any(r.taken_in for r in ledger.with_bytes(d.avsender, d.sha256))
        findings += [Finding("JS301")] if again else []
        findings += [*shrinking(d.avsender, tables, ledger), *change_findings(d.changes)]
        if stated and stated["trekker_tilbake"]:
            findings.append(Finding("JS307", "innsending", "trekker_tilbake"))
    severities = [rule(f.code).severity for f in findings]
    day = min(stated["statusdato"], settings.today) if stated and stated["statusdato"] else None
    return Received(
        receipt_id=d.receipt_id,
        avsender=d.avsender,
        sha256=d.sha256,
        mottatt=settings.now.isoformat(),
        state=state_of(findings, tables),
        supersedes=previous.receipt_id if previous else None,
        rekkefolge=d.order,
        tables=tables,
        n_fatal=severities.count("fatal"),
        n_error=severities.count("error"),
        n_remark=severities.count("remark"),
        statusdato=day.isoformat() if day else None,
        withdraws=stated["trekker_tilbake"] if stated else None,
        codes=sorted({f.code for f in findings}),
        name_hash=d.name_hash,
    ), findings


def _rejected_counts(d: Delivery) -> dict[str, dict[str, int]]:
    """Rows that were read before the delivery was refused: none of them is taken in."""
    rows = {name: frame.height for name, frame in d.reading.tables.items()}
    return {name: {"rows_in": n, "accepted": 0, "quarantined": n, "withdrawn": 0, "duplicates": 0} for name, n in rows.items()}


def _innsending(d: Delivery) -> dict[str, Any] | None:
    """The one accepted row of ``innsending``, if any."""
    if "innsending" not in d.fates:
        return None
    rows = d.fates["innsending"].filter(pl.col("_fate") == "accepted")
    return rows.row(0, named=True) if rows.height == 1 else None
