"""Erasing persons from the identified zone, whole or not at all; what is derived follows with the next night.

First the tombstones and counts are written, then rows and originals go, then the erasure is marked as done. A run that dies in
between leaves an erasure that is not done: the next erasure or night carries it out by the references alone.

An original that holds an erased person is deleted, whoever else it holds: rows of others stand in files of their own, and the
hash stays, so that the same bytes are known again. An original that cannot be searched is deleted too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from pipeline.intake.erased import Erasure, Refer
from pipeline.intake.merge import Resolve, full_history, project_owners
from pipeline.intake.traces import may_hold
from pipeline.intake.vault import Ledger, Received, Vault
from pipeline.settings import Settings
from pipeline.store import digest
from pipeline.tables import DELIVERY_TABLES

_NUMBER = r"\d{12}|\d{6}[ \u00a0.\-]?\d{5}"
_NOT_A_DIGIT = r"\D"
_HELD_BACK = "JS280"


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure will do.

    Attributes:
        erasure: as it will be recorded; null when nothing is stored about any of the persons.
        rows: accepted rows per table.
        deliveries: how many deliveries they came with.
        other_numbers: other identity numbers that the same participations have carried and that were not asked for.
        persons: how many persons something is stored about, each once.
    """

    erasure: Erasure | None
    rows: Mapping[str, int]
    deliveries: int
    other_numbers: int
    persons: int = 0


def erased_references(settings: Settings) -> frozenset[str]:
    """The references of everybody who has ever been erased in this home."""
    return frozenset(reference for erasure in Vault(settings.home).erasures() for reference in erasure.persons)


def plan_erasure(settings: Settings, numbers: pl.Series, refer: Refer, resolve: Resolve | None = None) -> ErasurePlan:
    """What erasing these persons would do; nothing is written.

    Args:
        settings: home and clock.
        numbers: the identity numbers.
        refer: makes the keyed references of the tombstones.
        resolve: numbers to the number the same person has now: what is held back under one of hers is so under all that are listed.
    """
    vault = Vault(settings.home)
    deliveries = [r for r in vault.ledger().deliveries if r.taken_in]
    references = set(refer(numbers).to_list())
    history = full_history(vault, deliveries)
    people, owners = history["deltaker"], project_owners(history)
    own = people.filter(pl.col("fnr").is_in(numbers.implode()) & pl.col("deltakelse_id").is_not_null())
    named = own.select("prosjekt_id", "deltakelse_id").unique().sort("prosjekt_id", "deltakelse_id")
    shared = people.join(named, on=["prosjekt_id", "deltakelse_id"]).filter(~pl.col("fnr").is_in(numbers.implode()))
    rows: dict[str, dict[str, int]] = {}
    holders: dict[str, set[str]] = {reference: set() for reference in references}
    for r in deliveries:
        for table, frame in _tables_of(vault, r):
            gone = _gone(frame, references, set(named.rows()), refer)
            if bool(gone.any()):
                rows.setdefault(r.receipt_id, {})[table] = int(gone.sum())
                for number, project in frame.filter(gone).select("fnr", "prosjekt_id").drop_nulls("fnr").unique().rows():
                    holders[refer(pl.Series([number]))[0]] |= {r.avsender, owners.get(project, r.avsender)}
    _share_senders(holders, numbers, refer, resolve)
    originals = _originals(vault, rows, numbers)
    persons = {reference: sorted(senders) for reference, senders in sorted(holders.items()) if senders}
    counts = {t: sum(per.get(t, 0) for per in rows.values()) for t in DELIVERY_TABLES if any(t in per for per in rows.values())}
    erasure = None
    if rows or originals:
        erasure_id = digest([*sorted(references), *sorted(rows), *originals])[:12]
        pairs = [list(pair) for pair in named.rows()]
        erasure = Erasure(erasure_id, settings.now.isoformat(), persons, rows, originals, pairs)
    found = _persons(numbers, persons, refer, resolve) if erasure else 0
    return ErasurePlan(erasure, counts, len(rows), shared["fnr"].drop_nulls().n_unique(), found)


def _persons(numbers: pl.Series, references: Iterable[str], refer: Refer, resolve: Resolve | None) -> int:
    """How many persons these references are about, each once however many numbers she has."""
    of_whom = numbers if resolve is None else resolve(numbers)
    return of_whom.filter(refer(numbers).is_in(sorted(references))).n_unique()


def _share_senders(holders: dict[str, set[str]], numbers: pl.Series, refer: Refer, resolve: Resolve | None) -> None:
    """Let every number of a person have the senders of all her numbers."""
    if resolve is None:
        return
    hers: dict[str, set[str]] = {}
    for person, reference in zip(resolve(numbers), refer(numbers), strict=True):
        hers.setdefault(person, set()).add(reference)
    for group in hers.values():
        together = set().union(*(holders[reference] for reference in group))
        holders.update({reference: set(together) for reference in group})


def carry_out(settings: Settings, erasure: Erasure, refer: Refer) -> None:
    """Record the erasure and carry it out, together with any that a run left undone."""
    vault = Vault(settings.home)
    known = vault.erasures()
    if all(e.erasure_id != erasure.erasure_id for e in known):
        vault.write_erasures([*known, erasure])
    complete_erasures(settings, refer)


def complete_erasures(settings: Settings, refer: Refer) -> bool:
    """Carry out every erasure that is not done; whether there was any. What a night left that died may hold anybody, and goes."""
    vault = Vault(settings.home)
    vault.clear_unfinished()
    vault.clear_passing()
    erasures = vault.erasures()
    undone = [e for e in erasures if not e.done]
    if not undone:
        return False
    vault.write_ledger(_counted(vault.ledger(), erasures))
    for erasure in undone:
        _erase_rows(vault, erasure, refer)
        for sha256 in erasure.originals:
            vault.original(sha256).unlink(missing_ok=True)
    vault.write_erasures([replace(e, named=[], done=True) for e in erasures])
    return True


def lift_tombstones(
    settings: Settings, numbers: pl.Series, refer: Refer, *, dry_run: bool, resolve: Resolve | None = None
) -> int:
    """Let what is delivered of these persons from now on be taken in again; what was erased stays erased.

    Returns:
        How many of the persons had a tombstone.
    """
    vault = Vault(settings.home)
    asked, erasures = set(refer(numbers).to_list()), vault.erasures()
    held = {reference for e in erasures for reference in e.holding} & asked
    if held and not dry_run:
        vault.write_ledger(_lifted(vault.ledger()))  # first: what is marked in vain does no harm, what is not is never taken in
        now = settings.now.isoformat()
        vault.write_erasures(
            [replace(e, lifted={**e.lifted, **{r: now for r in sorted(held & e.holding.keys())}}) for e in erasures]
        )
    return _persons(numbers, held, refer, resolve) if held else 0


def _erase_rows(vault: Vault, erasure: Erasure, refer: Refer) -> None:
    named = {(project, participation) for project, participation in erasure.named}
    for r in (r for r in vault.ledger().deliveries if r.taken_in):
        for table, frame in _tables_of(vault, r):
            kept = frame.filter(~_gone(frame, set(erasure.persons), named, refer))
            clean = _without_numbers(kept, set(erasure.persons), refer)
            if not clean.equals(frame):
                vault.write_rows(r.receipt_id, table, clean)


def _counted(ledger: Ledger, erasures: Iterable[Erasure]) -> Ledger:
    """The ledger with how many rows of each delivery have been erased, all erasures together."""
    sums: dict[str, dict[str, int]] = {}
    for rows in (erasure.rows for erasure in erasures):
        for receipt, tables in rows.items():
            mine = sums.setdefault(receipt, {})
            for table, n in tables.items():
                mine[table] = mine.get(table, 0) + n
    marked = tuple(replace(r, erased=sums[r.receipt_id]) if r.receipt_id in sums else r for r in ledger.deliveries)
    return Ledger(marked, ledger.inbox)


def _lifted(ledger: Ledger) -> Ledger:
    """The ledger with a mark on the deliveries that lost rows to an erasure: their bytes may be delivered again."""
    marked = (replace(r, lifted=True) if r.erased or _HELD_BACK in r.codes else r for r in ledger.deliveries)
    return Ledger(tuple(marked), ledger.inbox)


def _gone(frame: pl.DataFrame, references: set[str], named: set[tuple[str, str]], refer: Refer) -> pl.Series:
    """True for the persons' rows, and for withdrawals that name one of their participations without a number."""
    if "fnr" not in frame.columns:
        return pl.Series([False] * frame.height, dtype=pl.Boolean)
    gone = refer(frame["fnr"]).is_in(sorted(references)).fill_null(value=False)
    if "deltakelse_id" not in frame.columns or not named:
        return gone
    pairs = frame.select("prosjekt_id", "deltakelse_id").rows()
    return gone | (frame["fnr"].is_null() & pl.Series([pair in named for pair in pairs], dtype=pl.Boolean))


def _without_numbers(frame: pl.DataFrame, references: set[str], refer: Refer) -> pl.DataFrame:
    """The rows with the persons' numbers taken out of every other text cell that mentions them."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String and name != "fnr"]
    found = [frame[name].drop_nulls().str.extract_all(_NUMBER).explode().drop_nulls() for name in texts]
    spellings = pl.concat([pl.Series([], dtype=pl.String), *(f.alias("") for f in found)]).unique()
    digits = spellings.str.replace_all(_NOT_A_DIGIT, "")
    mentioned = spellings.filter(refer(digits).is_in(sorted(references)).fill_null(value=False)).to_list()
    if not mentioned:
        return frame
    return frame.with_columns(pl.col(name).str.replace_many(mentioned, [""] * len(mentioned)) for name in texts)


def _originals(vault: Vault, receipts: Iterable[str], numbers: pl.Series) -> list[str]:
    """Content hashes of the stored originals that hold a person or cannot be searched."""
    holding = {r.sha256 for r in vault.ledger().deliveries if r.receipt_id in set(receipts)}
    stored = vault.originals()
    return sorted(sha for sha, path in stored.items() if sha in holding or may_hold(path, numbers.to_list()))


def _tables_of(vault: Vault, received: Received) -> list[tuple[str, pl.DataFrame]]:
    """The stored rows of one delivery, as stored."""
    return [(name, frame) for name in DELIVERY_TABLES if (frame := vault.stored_rows(received.receipt_id, name)) is not None]
