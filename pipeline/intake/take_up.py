"""From the inbox to readings: what is new or judged again, in order of receipt, with the originals kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from pipeline.intake.again import lies_as_it_lay, to_judge_again
from pipeline.intake.discover import Found, Moved, read_stable
from pipeline.intake.findings import Finding, Reading
from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.reading.sandbox import Sandbox
from pipeline.intake.vault import Ledger, Received, Vault

Inbox = dict[str, dict[str, str]]


def take_up(found: Iterable[Found], ledger: Ledger, vault: Vault, sandbox: Sandbox, now: str) -> tuple[list[Delivery], Inbox]:
    """Read what is new in order of receipt, then what is judged again, and say which names now hold which bytes.

    What holds the bytes of the sender's latest accepted delivery is left out, unless another file of the sender's lies between
    them this night: then only the verdict over that one tells (``already_latest``).

    Args:
        found: entries of the inbox that stand still.
        ledger: the ledger before this night.
        vault: keeps the originals.
        sandbox: reads them.
        now: the night's ``again.circumstances``.
    """
    held = sorted(
        ((entry.mtime, content_hash(entry, vault), entry) for entry in found), key=lambda h: (h[0], h[1], h[2].name_hash)
    )
    new: list[Delivery] = []
    again: list[tuple[Received, Found]] = []
    inbox: Inbox = {}
    for _, sha256, entry in held:
        inbox.setdefault(entry.avsender, {})[entry.name_hash] = sha256
        refused = to_judge_again(entry, sha256, ledger, now)
        if lies_as_it_lay(entry, sha256, ledger):
            again += [(refused, entry)] if refused else []
        elif any(d.avsender == entry.avsender for d in new) or not already_latest(entry.avsender, sha256, ledger):
            new.append(_opened(entry, sha256, len(ledger.deliveries) + len(new) + 1, vault, sandbox))
    tonight = {(d.avsender, d.sha256) for d in new}
    for refused, entry in again:
        if (refused.avsender, refused.sha256) not in tonight:
            d = _opened(entry, refused.sha256, len(ledger.deliveries) + len(new) + 1, vault, sandbox)
            d.refused = refused
            new.append(d)
    return new, inbox


def already_latest(avsender: str, sha256: str, ledger: Ledger) -> bool:
    """Whether these are the bytes of the sender's latest accepted delivery."""
    latest = ledger.latest_taken_in(avsender)
    return latest is not None and latest.sha256 == sha256


def unopened(entry: Found, order: int) -> Delivery:
    """The delivery of an entry that may not be opened; it is known by how it lies there."""
    return Delivery("", entry.avsender, _unopened_hash(entry), order, Reading([Finding(entry.problem)]))


def content_hash(entry: Found, vault: Vault) -> str:
    """The content hash, with the original kept; for what may not be opened a hash of how it lies there."""
    if not entry.problem:
        try:
            return vault.keep_original(read_stable(entry))
        except Moved:
            return _unopened_hash(replace(entry, problem="JS014"))
    return _unopened_hash(entry)


def _opened(entry: Found, sha256: str, order: int, vault: Vault, sandbox: Sandbox) -> Delivery:
    if entry.problem or not vault.readable(sha256).is_file():
        d = unopened(entry if entry.problem else replace(entry, problem="JS014"), order)
    else:
        d = Delivery("", entry.avsender, sha256, order, sandbox.read(vault.readable(sha256), entry.table))
    d.name_hash = entry.name_hash
    return d


def _unopened_hash(entry: Found) -> str:
    return hashlib.sha256(f"{entry.problem}:{entry.name_hash}:{entry.look[0]}".encode()).hexdigest()
