"""One night's work on one register: what is new in its drop zone, whether it may be used, and what the register's table is after it.

Belongs here: the order of events. Must not be here: reading files, counting, judging (handed in), or storing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.pseudonyms.extracts.asked_for import cut_down_to, never_sought, outside_extracts
from pipeline.pseudonyms.extracts.counted import Counted
from pipeline.pseudonyms.extracts.extract_tonight import Judge, Tonight
from pipeline.pseudonyms.extracts.received import Extract, in_use, reach
from pipeline.pseudonyms.extracts.register_store import RegisterStore, combine
from pipeline.pseudonyms.extracts.whom import Participants
from pipeline.settings import Settings
from pipeline.store import digest, sha256_file
from pipeline.tables.uttrekk import period_of


@dataclass(frozen=True)
class Taken:
    """What a night made of one register.

    Attributes:
        changed: whether the register's table may have changed.
        refused: what is said of the newest extract when it was refused, and of others in use that could not be read anew; else empty.
            Without values.
        counted: the profiles of all its extracts.
        extracts: every extract received, in order.
        outside: ``KLARGJORT["utenfor_uttrekk"]``: participants whose rows were never asked for, or never looked for.
        unseen: how many participants came while the files of an extract in use were away.
        reach: ``KLARGJORT["uttrekk_rekkevidde"]``: what the extracts in use speak of.
    """

    changed: bool
    refused: str
    counted: Counted
    extracts: list[Extract]
    outside: pl.DataFrame
    unseen: int
    reach: pl.DataFrame


def take_in_register(
    register: str, files: list[Path], settings: Settings, who: Participants, judge: Judge, *, has_basis: bool
) -> Taken:
    """Take in what is new of one register, and write ``inndata/register_<name>.parquet`` anew when anything about it changed.

    The files that came since the night before are one extract. A good one takes the place of the last one, month by month (year by year)
    where the register has such a column, else whole; a bad one stops its own use and the last good one stays. Admitted rows are kept also
    when the files are gone; who is no participant any more is taken out of them.

    Args:
        register: name in ``REGISTERS``.
        files: the files that lie in its drop zone and stand still; none: what was admitted stays, for those who still take part.
        settings: home, run clock, memory limit.
        who: whose rows pass.
        judge: says what makes an extract unfit.
        has_basis: whether a whole population may be received.

    Raises:
        UserError: never for an extract's faults; those are told in the result.
    """
    store = RegisterStore(settings.home, register)
    recorded, by_id = store.extracts(), {file_id(path, period_of(register)): path for path in files}
    counted = Counted(*store.counted())
    before = [_seen_again(extract, set(by_id), in_use(register, recorded)) for extract in recorded]
    night = Tonight(register, store, settings, who, judge, has_basis, by_id, frozenset(in_use(register, before)))
    done: list[Extract] = []
    for extract in before:
        extract, counted = night.brought_up_to_date(extract, done, counted)
        done.append(extract)
    if new := sorted(set(by_id) - {file for extract in before for file in extract.files}):
        extract, counted = night.taken_in(new, done, counted)
        done.append(extract)
    target = settings.home.warehouse / "inndata" / f"register_{register}.parquet"
    used = in_use(register, done)
    stood = [extract.with_(gone=False) for extract in recorded] == [extract.with_(gone=False) for extract in done]
    changed = not stood or (bool(used) and not target.is_file())
    if changed:
        cut_down_to(store, who.persons["person_key"])
        if used:
            combine(store, used, target, settings.memory_limit)
        store.keep_counted((counted.columns, counted.values))
    if done != recorded:
        store.record(done)
    participants = who.persons["person_key"].unique().sort()
    outside, unseen = outside_extracts(store, used, done, participants), never_sought(store, used, participants)
    return Taken(changed, _refused(register, done, set(by_id), used), counted, done, outside, unseen, reach(register, used, done))


def _refused(register: str, extracts: list[Extract], files: set[str], used: Mapping[str, list[str] | None]) -> str:
    """What is to be told: of the newest extract, and of each other in use whose files lie there and could not be read for tonight's participants."""
    told = [e.told for e in extracts[:-1] if e.extract_id in used and e.lies_in(files)]
    for newest in extracts[-1:]:
        away = " Its files have been taken away since; this is told until another extract comes."
        told.append(newest.told + (away if newest.told and not newest.lies_in(files) else ""))
    said = " ".join(dict.fromkeys(text for text in told if text))
    return f"registers/{register}: {said}" if said else ""


def _seen_again(extract: Extract, files: set[str], used: Mapping[str, list[str] | None]) -> Extract:
    """The extract with what its files tell: taken away, or back again. What came back and is not wholly in use is news: its files count as new.

    An empty drop zone tells nothing: a disk that was away for a night must not make old extracts the newest.
    """
    if not files:
        return extract
    lying, periods = set(extract.files) & files, used.get(extract.extract_id, [])
    if not extract.files or lying < set(extract.files):
        # Where it is in use beside a correction, those of its files that lay there all the time must not become news with the one that was away.
        return extract if lying and periods else extract.with_(gone=True)
    if not extract.gone:
        return extract
    return extract.with_(gone=False) if periods is None else extract.with_(files=[])


def file_id(path: Path, period: str | None) -> str:
    """Hash of a file's content and of the month or year in its folder's name; another name is no other file."""
    folder = next((part for part in reversed(path.parts[:-1]) if period and part.lower().startswith(f"{period}=")), "")
    return digest([sha256_file(path), folder])
