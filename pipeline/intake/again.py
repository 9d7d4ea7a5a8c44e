"""Which files of the inbox are new, and which refused deliveries are judged again.

A file says something new unless it lies where it lay, or holds the sender's latest accepted delivery. What was refused for a
cause outside the file is judged again when that cause may have changed; the same verdict twice is said once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipeline.intake.discover import Found
from pipeline.intake.senders import CENTRAL_REGISTER
from pipeline.intake.vault import Ledger, Received
from pipeline.settings import Settings
from pipeline.store import code_hash, digest

# Causes that can go away while the file stays as it is: limits and faults of the program, days to come, code lists,
# joint projects, owners of projects, deliveries to withdraw.
OUTSIDE_THE_FILE = frozenset({"JS012", "JS013", "JS202", "JS211", "JS213", "JS214", "JS215", "JS220", "JS304"})


def circumstances(ledger: Ledger, settings: Settings) -> str:
    """Fingerprint of what a verdict rests on beside the file: program, rules and code lists, environment, accepted deliveries."""
    taken = (r.receipt_id for r in ledger.deliveries if r.taken_in)
    return digest([code_hash("intake", "rules"), settings.environment, *taken])


def lies_as_it_lay(entry: Found, sha256: str, ledger: Ledger) -> bool:
    """Whether the file lies where it lay with the bytes it had when we last looked."""
    return ledger.inbox.get(entry.avsender, {}).get(entry.name_hash) == sha256


def to_judge_again(entry: Found, sha256: str, ledger: Ledger, now: str) -> Received | None:
    """The refused delivery that a file of the inbox still is, if it deserves another judgement.

    Args:
        entry: a file that is known.
        sha256: its content hash.
        ledger: the ledger before this night.
        now: ``circumstances`` of this night.
    """
    earlier = ledger.with_bytes(entry.avsender, sha256)
    if not earlier or earlier[-1].name_hash != entry.name_hash:
        return None
    refused = earlier[-1]
    changed = _rests_on_circumstances(refused) and refused.circumstances != now
    return refused if changed and not overtaken(refused, ledger) else None


def same_verdict(one: Received, other: Received) -> bool:
    """Whether two judgements of the same file say the same."""
    return (one.state, one.codes, one.tables, one.n_error) == (other.state, other.codes, other.tables, other.n_error)


def remembered(ledger: Ledger, judged: Collection[str], now: str) -> Ledger:
    """The ledger with what the refusals among the receipts ``judged`` this night rested on."""
    marked = (
        replace(r, circumstances=now) if r.receipt_id in judged and _rests_on_circumstances(r) else r for r in ledger.deliveries
    )
    return Ledger(tuple(marked), ledger.inbox)


def _rests_on_circumstances(received: Received) -> bool:
    return not received.taken_in and not OUTSIDE_THE_FILE.isdisjoint(received.codes)


def overtaken(refused: Received, ledger: Ledger, second: Collection[str] = ()) -> bool:
    """Whether a later accepted delivery of the same tables has taken its place: old content must not come back over newer.

    Args:
        refused: the delivery that is judged again.
        ledger: the deliveries until now.
        second: receipts that are themselves second judgements of this night: they are no newer.
    """
    later = (r for r in ledger.deliveries if r.rekkefolge > refused.rekkefolge and r.taken_in and r.receipt_id not in second)
    return any(_speaks_for(r, refused) and (not refused.tables or set(refused.tables) & set(r.tables)) for r in later)


def _speaks_for(one: Received, other: Received) -> bool:
    return one.avsender == other.avsender or CENTRAL_REGISTER in (one.avsender, other.avsender)
