"""From the inbox to readings: what is new or judged again, in order of receipt, with the originals kept."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline.intake.again import lies_as_it_lay, to_judge_again
from pipeline.intake.discover import Found, Moved, read_stable
from pipeline.intake.findings import Finding, Reading
from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.reading.sandbox import Readers, Sandbox
from pipeline.intake.senders import family
from pipeline.intake.vault import Ledger, Received, Vault
from pipeline.rules import limits

Inbox = dict[str, dict[str, str]]


@dataclass(frozen=True)
class TakenUp:
    """What is judged this night, and what the inbox then holds.

    Attributes:
        new: deliveries in order of receipt, those judged again last.
        inbox: sender to name hash to content hash of every file that has been taken up.
        n_waiting: files left for another night: what a sender has delivered beyond what one night takes, or after files that took all
            the time or memory there is.
    """

    new: list[Delivery]
    inbox: Inbox
    n_waiting: int


@dataclass(frozen=True)
class _Wanted:
    entry: Found
    sha256: str
    refused: Received | None = None


def take_up(found: Iterable[Found], ledger: Ledger, vault: Vault, readers: Readers, now: str) -> TakenUp:
    """Read what is new in order of receipt, then what is judged again, and say which names now hold which bytes.

    What holds the bytes of the sender's latest accepted delivery is left out, unless another file of the sender's lies between
    them this night: then only the verdict over that one tells (``already_latest``).

    Args:
        found: entries of the inbox that stand still.
        ledger: the ledger before this night.
        vault: keeps the originals.
        readers: read them.
        now: the night's ``again.circumstances``.
    """
    held = sorted(
        ((entry.mtime, content_hash(entry, vault), entry) for entry in found), key=lambda h: (h[0], h[1], h[2].name_hash)
    )
    fresh: list[_Wanted] = []
    again: list[_Wanted] = []
    coming: set[str] = set()
    for _, sha256, entry in held:
        refused = to_judge_again(entry, sha256, ledger, now)
        if not lies_as_it_lay(entry, sha256, ledger):
            if entry.avsender in coming or not already_latest(entry.avsender, sha256, ledger):
                fresh.append(_Wanted(entry, sha256))
                coming.add(entry.avsender)
        elif refused:
            again.append(_Wanted(entry, sha256, refused))
    tonight = {(w.entry.avsender, w.sha256) for w in fresh}
    wanted = fresh + [w for w in again if (w.entry.avsender, w.sha256) not in tonight]
    read = _read(wanted, vault, readers)
    taken = [(w, reading) for w, reading in zip(wanted, read, strict=True) if reading is not None]
    new = [_delivery(w, reading, order) for order, (w, reading) in enumerate(taken, start=len(ledger.deliveries) + 1)]
    waiting = {w.entry.name_hash for w, reading in zip(wanted, read, strict=True) if reading is None and not w.refused}
    inbox: Inbox = {}
    for _, sha256, entry in held:
        if entry.name_hash not in waiting:  # what waits is new the next night
            inbox.setdefault(entry.avsender, {})[entry.name_hash] = sha256
    return TakenUp(new, inbox, len(waiting))


def _read(wanted: Sequence[_Wanted], vault: Vault, readers: Readers) -> list[Reading | None]:
    """What could be read of each; nothing of those that wait. How many are read at once may tell which wait after files that were too much."""
    most = limits()["deliveries_a_night"]
    of_sender: Counter[str] = Counter()
    too_much: Counter[str] = Counter()

    def one(sandbox: Sandbox, w: _Wanted) -> Reading | None:
        sender = w.entry.avsender
        if _of_family(too_much, sender) >= limits()["too_much_a_night"]:
            return None
        reading = sandbox.read(vault.readable(w.sha256), w.entry.table)
        too_much[sender] += any(f.code == "JS012" for f in reading.findings)
        return reading

    opened: dict[int, Callable[[Sandbox], Reading | None]] = {}
    read: dict[int, Reading | None] = {}
    for at, w in enumerate(wanted):
        of_sender[w.entry.avsender] += 1
        if _of_family(of_sender, w.entry.avsender) > most:
            read[at] = None
        elif problem := _unopenable(w, vault):
            read[at] = Reading([Finding(problem)])
        else:
            opened[at] = partial(one, w=w)
    # what was too much before comes last: else it would keep the sender's other refused files from a second judgement for ever
    first = sorted(opened, key=lambda at: _was_too_much(wanted[at]))
    read |= zip(first, readers.all(opened[at] for at in first), strict=True)
    return [read[at] for at in range(len(wanted))]


def _of_family(counted: Counter[str], avsender: str) -> int:
    """Counted under all numbers of a municipality: what waits under one must not come back over what is newer under another."""
    return sum(counted[number] for number in family(avsender))


def _was_too_much(w: _Wanted) -> bool:
    return w.refused is not None and "JS012" in w.refused.codes


def _unopenable(w: _Wanted, vault: Vault) -> str:
    return w.entry.problem or ("" if vault.readable(w.sha256).is_file() else "JS014")


def _delivery(w: _Wanted, reading: Reading, order: int) -> Delivery:
    return Delivery("", w.entry.avsender, w.sha256, order, reading, name_hash=w.entry.name_hash, refused=w.refused)


def already_latest(avsender: str, sha256: str, ledger: Ledger) -> bool:
    """Whether these are the bytes of the sender's latest accepted delivery, and would say nothing new."""
    latest = ledger.latest_taken_in(avsender)
    return latest is not None and latest.sha256 == sha256 and not latest.lifted


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


def _unopened_hash(entry: Found) -> str:
    return hashlib.sha256(f"{entry.problem}:{entry.name_hash}:{entry.look[0]}".encode()).hexdigest()
