"""One night's intake from the inbox to the ledger, and the same for a single file without taking it in."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.intake.again import circumstances, overtaken, remembered, same_verdict
from pipeline.intake.discover import Moved, discover, look_at, read_stable
from pipeline.intake.erased import Refer
from pipeline.intake.erasure import complete_erasures
from pipeline.intake.findings import Finding, grouped
from pipeline.intake.judging.batch import judge_safely, refuse_when_all_failed
from pipeline.intake.judging.changes import change_findings, changes_of, shrinking
from pipeline.intake.judging.decide import counts, state_of
from pipeline.intake.judging.delivery import Delivery, Validate, add_row_findings
from pipeline.intake.judging.known import Known, known_of
from pipeline.intake.judging.relations import foreign
from pipeline.intake.judging.turns import turns
from pipeline.intake.merge import claims, owners_of
from pipeline.intake.reading.sandbox import Readers, Sandbox
from pipeline.intake.receipts.quality import said_of
from pipeline.intake.receipts.receipt import receipt_dict, receipt_place, write_receipt
from pipeline.intake.receipts.shown_figures import own_figures, remembered_figures
from pipeline.intake.senders import CENTRAL_REGISTER
from pipeline.intake.take_up import already_latest, take_up, unopened
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
        verdicts = _in_turns(new, known_of(vault, before, refer), validate, settings)
    ledger = Ledger(before.deliveries, taken_up.inbox)
    for verdict in verdicts:
        ledger = _record(verdict, ledger, vault, settings)
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
    (verdict,) = _judge_turn([d], known, validate, settings)
    return Checked(_given(d, ledger, settings) or _receipt(verdict, ledger, settings), d)


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


@dataclass(frozen=True)
class Verdict:
    """One delivery with what was decided about it."""

    delivery: Delivery
    received: Received
    findings: list[Finding]
    figures: list[dict[str, Any]] = field(default_factory=list)


def _in_turns(new: list[Delivery], known: Known, validate: Validate, settings: Settings) -> list[Verdict]:
    """Judge the night's deliveries so that each meets what stood when it came; what turns out to say nothing is left out.

    Returns:
        The verdicts in order of receipt. Left out are the bytes of the sender's latest accepted delivery, and refused
        deliveries whose second judgement a newer delivery has overtaken or that get the same verdict again.
    """
    said: list[Verdict] = []
    second: set[str] = set()
    queue = turns(new)
    for turn in queue:
        fresh = [d for d in turn if not _says_nothing(d, known.ledger, second)]
        verdicts = [
            v
            for v in _judge_turn(fresh, known, validate, settings)
            if not (v.delivery.refused and same_verdict(v.delivery.refused, v.received))
        ]
        second |= {v.received.receipt_id for v in verdicts if v.delivery.refused}
        said += verdicts
        _forget_cells(fresh)
        if turn is not queue[-1]:
            known = known.after([v.received for v in verdicts], _rows_of(verdicts))
    refuse_when_all_failed(new)
    return sorted(said, key=lambda v: v.delivery.order)


def _forget_cells(judged: Iterable[Delivery]) -> None:
    """Keep of the raw tables only their columns where the rows have been judged: a night's receipts show no cell, and they take space."""
    for d in judged:
        if not d.fatal:
            d.reading.tables = {name: frame.clear() for name, frame in d.reading.tables.items()}


def _says_nothing(d: Delivery, ledger: Ledger, second: set[str]) -> bool:
    if d.refused is None:
        return already_latest(d.avsender, d.sha256, ledger)
    return overtaken(d.refused, ledger, second)


def _judge_turn(turn: list[Delivery], known: Known, validate: Validate, settings: Settings) -> list[Verdict]:
    for d in turn:
        d.receipt_id = receipt_number(d.avsender, d.sha256, len(known.ledger.with_bytes(d.avsender, d.sha256)))
    judge_safely(turn, known, validate, settings)
    _settle_owners(turn, known)
    _compare(turn, known)
    return _with_figures([Verdict(d, *_decide(d, known, settings)) for d in turn], known, settings)


def _with_figures(turn: list[Verdict], known: Known, settings: Settings) -> list[Verdict]:
    """The verdicts with the senders' own key figures; the ledger keeps those of them that are shown."""
    found = own_figures([(v.delivery, v.received) for v in turn], known, settings.today, settings.threshold)
    figures = [found.get(v.received.receipt_id, []) for v in turn]
    return [
        replace(v, figures=f, received=replace(v.received, figures=remembered_figures(f)))
        for v, f in zip(turn, figures, strict=True)
    ]


def _rows_of(verdicts: Iterable[Verdict]) -> dict[str, list[pl.DataFrame]]:
    """Per table the accepted rows and withdrawals of what was taken in."""
    taken = [v.delivery for v in verdicts if v.received.taken_in]
    return {name: [_kept(d.fates[name]) for d in taken if name in d.fates] for name in DELIVERY_TABLES}


def _kept(fates: pl.DataFrame) -> pl.DataFrame:
    return fates.filter(pl.col("_fate").is_in(["accepted", "withdrawn"]))


def _settle_owners(new: list[Delivery], known: Known) -> None:
    """Projects first delivered tonight belong to whoever's row is accepted first; later claims of others are errors.

    Within a turn no two deliveries speak of the same project, and only the central register's rows claim for several owners: no other
    delivery can be at odds with itself.
    """
    owners = dict(known.owners)
    for d in (d for d in new if not d.fatal and d.avsender == CENTRAL_REGISTER):
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


def _record(verdict: Verdict, ledger: Ledger, vault: Vault, settings: Settings) -> Ledger:
    """Write a delivery's rows and receipt, and return the ledger with it at the end."""
    d = verdict.delivery
    received = replace(verdict.received, rekkefolge=len(ledger.deliveries) + 1)
    if received.taken_in:
        for name, kept in ((name, _kept(fates)) for name, fates in d.fates.items()):
            if kept.height:
                vault.write_rows(d.receipt_id, name, kept.select("row_no", *DELIVERY_TABLES[name].names))
    receipt = _receipt(replace(verdict, received=received), ledger, settings)
    write_receipt(settings.home, receipt, d)
    return Ledger((*ledger.deliveries, received), ledger.inbox)


def _receipt(verdict: Verdict, ledger: Ledger, settings: Settings) -> dict[str, Any]:
    d, received = verdict.delivery, verdict.received
    told = _told(d, received)
    return receipt_dict(received, verdict.findings, d.reading.facts, told, verdict.figures, ledger, settings)


def _decide(d: Delivery, known: Known, settings: Settings) -> tuple[Received, list[Finding]]:
    previous = known.ledger.latest_taken_in(d.avsender)
    tables = _rejected_counts(d) if d.fatal else {name: counts(f) for name, f in d.fates.items()}
    stated = None if d.fatal else _innsending(d)
    findings = [*d.reading.findings, *grouped(d.found)]
    if not d.fatal:
        again = any(r.taken_in for r in known.ledger.with_bytes(d.avsender, d.sha256))
        findings += [Finding("JS301")] if again else []
        findings += [*shrinking(d, tables, known), *change_findings(d.changes)]
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
        said=said_of(findings),
        name_hash=d.name_hash,
        owners=[] if d.fatal else owners_of(d.fates, known.owners),
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
