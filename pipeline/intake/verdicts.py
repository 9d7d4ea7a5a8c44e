"""What is decided about deliveries: a night's in turns, so that each meets what stood when it came, or one alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from pipeline.intake.again import overtaken, same_verdict
from pipeline.intake.findings import Finding, grouped
from pipeline.intake.judging.batch import judge_safely, refuse_when_all_failed
from pipeline.intake.judging.changes import change_findings, changes_of, shrinking
from pipeline.intake.judging.decide import counts, state_of
from pipeline.intake.judging.delivery import Delivery, Validate, add_row_findings
from pipeline.intake.judging.known import Known
from pipeline.intake.judging.relations import foreign
from pipeline.intake.judging.turns import turns
from pipeline.intake.merge import claims, owners_of
from pipeline.intake.receipts.quality import said_of
from pipeline.intake.receipts.receipt import receipt_dict
from pipeline.intake.receipts.shown_figures import OwnFigures, own_figures
from pipeline.intake.senders import CENTRAL_REGISTER
from pipeline.intake.take_up import already_latest
from pipeline.intake.vault import Ledger, Received, receipt_number
from pipeline.rules import rule
from pipeline.settings import Settings
from pipeline.tables import DELIVERY_TABLES

Keep = Callable[[str, str, pl.DataFrame], None]


@dataclass(frozen=True)
class Verdict:
    """One delivery with what was decided about it."""

    delivery: Delivery
    received: Received
    findings: list[Finding]
    figures: list[dict[str, Any]] = field(default_factory=list)


def judge_in_turns(new: list[Delivery], known: Known, validate: Validate, settings: Settings, keep: Keep) -> list[Verdict]:
    """Judge the night's deliveries so that each meets what stood when it came; what turns out to say nothing is left out.

    Args:
        new: the deliveries in order of receipt; their rows are let go as they are kept.
        known: what stood before the night.
        validate: judges one table's batch.
        settings: home, environment and clock.
        keep: called with receipt id, table and rows (``row_no`` and the table's columns) of what is taken in.

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
            for v in judge_turn(fresh, known, validate, settings)
            if not (v.delivery.refused and same_verdict(v.delivery.refused, v.received))
        ]
        second |= {v.received.receipt_id for v in verdicts if v.delivery.refused}
        said += verdicts
        rows = _rows_of(verdicts)
        for name, frames in rows.items():
            for kept in (f for f in frames if f.height):
                keep(kept["receipt_id"][0], name, kept.select("row_no", *DELIVERY_TABLES[name].names))
        _let_go(fresh)
        if turn is not queue[-1]:
            known = known.after([v.received for v in verdicts], rows)
    refuse_when_all_failed(new)
    return sorted(said, key=lambda v: v.delivery.order)


def _let_go(judged: Iterable[Delivery]) -> None:
    """Keep of the rows only what receipts need: which columns were read, and what became of each row."""
    for d in (d for d in judged if not d.fatal):
        d.reading.tables = {name: frame.clear() for name, frame in d.reading.tables.items()}
        d.fates = {name: fates.select("row_no", "_fate") for name, fates in d.fates.items()}


def _says_nothing(d: Delivery, ledger: Ledger, second: set[str]) -> bool:
    if d.refused is None:
        return already_latest(d.avsender, d.sha256, ledger)
    return overtaken(d.refused, ledger, second)


def judge_turn(turn: list[Delivery], known: Known, validate: Validate, settings: Settings) -> list[Verdict]:
    """Judge deliveries of which no two concern the same thing."""
    for d in turn:
        d.receipt_id = receipt_number(d.avsender, d.sha256, len(known.ledger.with_bytes(d.avsender, d.sha256)))
    judge_safely(turn, known, validate, settings)
    _settle_owners(turn, known)
    _compare(turn, known)
    return _with_figures([Verdict(d, *_decide(d, known, settings)) for d in turn], known, settings)


def _with_figures(turn: list[Verdict], known: Known, settings: Settings) -> list[Verdict]:
    """The verdicts with the senders' own key figures; the ledger keeps those of them that are shown."""
    found = own_figures([(v.delivery, v.received) for v in turn], known, settings.today, settings.threshold)
    none = OwnFigures([], {})
    own = [found.get(v.received.receipt_id, none) for v in turn]
    return [
        replace(v, figures=o.figures, received=replace(v.received, figures=o.remembered)) for v, o in zip(turn, own, strict=True)
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


def receipt_of(verdict: Verdict, ledger: Ledger, settings: Settings) -> dict[str, Any]:
    """The receipt, as told by the ledger that stood before the delivery."""
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
