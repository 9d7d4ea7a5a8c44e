"""One extract as it stands for tonight's participants: received, judged, cut to them, cut anew, or cut down to those who are left.

Belongs here: what becomes of one extract. Must not be here: which extracts there are and what the register's table is made of (``night``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import OutOfRoom, UnfitFile
from pipeline.pseudonyms.extracts.admission import Admitted, admit, at_the_border, look_at, open_checked
from pipeline.pseudonyms.extracts.asked_for import remember_sought
from pipeline.pseudonyms.extracts.change import Standing, is_whole_population, measures, places
from pipeline.pseudonyms.extracts.counted import Counted, standing_of
from pipeline.pseudonyms.extracts.profile import Profile
from pipeline.pseudonyms.extracts.received import Extract
from pipeline.pseudonyms.extracts.register_store import RegisterStore, keep_participants, participants_in
from pipeline.pseudonyms.extracts.source import Source, pointing_out
from pipeline.pseudonyms.extracts.whom import Participants
from pipeline.pseudonyms.roster import rosters
from pipeline.rules import extract_rules
from pipeline.settings import Settings
from pipeline.store import code_hash, digest
from pipeline.tables import REGISTERS
from pipeline.tables.uttrekk import period_of

Judge = Callable[[str, pl.DataFrame], list[str]]
"""(register, measures of one extract) to the codes of what makes it unfit, sorted; empty when it may be used."""


@dataclass(frozen=True)
class Tonight:
    """What an extract is held against tonight.

    Attributes:
        register: name in ``REGISTERS``.
        store: what the home keeps of the register.
        settings: home, run clock, memory limit.
        who: whose rows pass.
        judge: says what makes an extract unfit.
        has_basis: whether a whole population may be received.
        files: the files that lie in the drop zone, by their ids.
        used: the extracts that the register's table is made of.
    """

    register: str
    store: RegisterStore
    settings: Settings
    who: Participants
    judge: Judge
    has_basis: bool
    files: Mapping[str, Path]
    used: frozenset[str]

    @property
    def for_whom(self) -> str:
        """Changes when the answer to an extract might change: other participants, key, code or limits, or a basis that has been recorded."""
        return digest([self.who.fingerprint, str(self.has_basis)])

    @cached_property
    def for_those_who_left(self) -> str:
        """Stands in place of ``for_whom`` where the files were away: who has left is taken out, but who has come is still to be looked for."""
        return digest(["away", self.for_whom])

    @cached_property
    def for_nobody(self) -> str:
        """Stands in place of ``for_whom`` where a file is unfit whoever asks: it is not read again before it, or our code, changes."""
        return digest(["unfit", code_hash("pseudonyms", "engine")])

    def brought_up_to_date(self, extract: Extract, earlier: list[Extract], counted: Counted) -> tuple[Extract, Counted]:
        """An extract of an earlier night as it stands for tonight's participants: cut anew, judged anew when it was refused, or cut down."""
        if extract.cut == self.for_whom or (extract.cut == self.for_nobody and not extract.accepted):
            return extract, counted
        lies_there = extract.lies_in(self.files)
        if not extract.accepted:
            judged_anew = extract.with_(cut=self.for_whom)
            return self._judged(judged_anew, earlier, counted) if lies_there else (extract, counted)
        if lies_there and extract.extract_id in self.used:
            return self._cut_again(extract.with_(cut=self.for_whom)), counted
        if extract.cut == self.for_those_who_left:
            return extract, counted
        return self._kept(extract).with_(cut=self.for_those_who_left), counted

    def taken_in(self, new: list[str], earlier: list[Extract], counted: Counted) -> tuple[Extract, Counted]:
        """The files that came tonight as one extract.

        Where the last one was refused for a gap and its files still lie there, the new ones may be meant to complete it: the missing month. They
        do when they speak of less than it did, and the two together may be used. Together they are never what hides a fault of one of them:
        neither may have been refused for anything but a gap.
        """
        alone, counted_alone = self._judged(self._received(new, earlier), earlier, counted)
        last = earlier[-1] if earlier else None
        if last is None or not _has_only_a_gap(last) or not last.lies_in(self.files):
            return alone, counted_alone
        speaks_of_all = set(last.periods or []) <= set(alone.periods or [])
        if speaks_of_all or not (alone.accepted or _has_only_a_gap(alone)):
            return alone, counted_alone
        both, counted_both = self._judged(self._received(sorted({*new, *last.files}), earlier), earlier, counted)
        return (both, counted_both) if both.accepted else (alone, counted_alone)

    def _received(self, files: list[str], earlier: list[Extract]) -> Extract:
        made = [e.roster_id for e in rosters(self.settings.home) if e.register == self.register and e.kind == "roster"]
        stamp, asked = self.settings.now.isoformat(), made[-1] if made else ""
        return Extract(
            digest([*files, str(len(earlier) + 1)])[:12], len(earlier) + 1, stamp, files, cut=self.for_whom, roster=asked
        )

    def _kept(self, extract: Extract) -> Extract:
        """What was admitted stays, for those who still take part."""
        rows, participants = keep_participants(
            self.store, self.store.path(extract.extract_id), self.who.persons["person_key"], self.settings.memory_limit
        )
        return extract.with_(kept=rows, participants=participants)

    def _cut_again(self, extract: Extract) -> Extract:
        """The rows of tonight's participants from the files that still lie there; they were judged when they came."""
        try:
            with self._border() as connection:
                source = self._opened(connection, extract)
                result = pointing_out(connection, source, lambda: self._admitted(connection, source, self._candidate(extract)))
        except UserError as problem:  # made under a key that has been replaced, or damaged since
            until = "" if isinstance(problem, OutOfRoom) else self.for_whom
            return self._kept(extract).with_(told=str(problem), cut=until)
        if not result.rows and extract.kept:  # the same, but it does not say so itself
            self._candidate(extract).unlink()
            return self._kept(extract)
        self._put_in_place(extract)
        return extract.with_(told="", **_counts(result))

    def _judged(self, extract: Extract, earlier: list[Extract], counted: Counted) -> tuple[Extract, Counted]:
        """Counted, cut and judged: accepted, or refused with its reasons."""
        candidate = self._candidate(extract)
        try:
            with self._border() as connection:
                source = self._opened(connection, extract)
                seen = pointing_out(connection, source, lambda: self._looked_at(connection, source, extract))
                result = pointing_out(connection, source, lambda: self._admitted(connection, source, candidate))
        except UserError as problem:
            unusable = {"accepted": False, "reasons": ["uttrekk_ubrukelig"], "told": str(problem), "cut": self._until(problem)}
            return extract.with_(**unusable), counted
        extract = extract.with_(
            rows=seen.rows, persons=seen.persons, malformed=seen.malformed, **_counts(result), first=_iso(seen.first), last=_iso(seen.last),
            whole_population=is_whole_population(seen.persons, self.who.count), periods=_periods(self.register, seen),
        )  # fmt: skip
        standing = standing_of(self.register, earlier, counted, whole_population=extract.whole_population)
        reasons = self._found_against(extract, seen, candidate, standing)
        if reasons:
            candidate.unlink()
        else:
            self._put_in_place(extract)
        extract = extract.with_(
            accepted=not reasons, reasons=reasons, told=_told(self.register, reasons, seen, standing, extract)
        )
        return extract, counted.with_profile(seen, extract.extract_id)

    def _border(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return at_the_border(self.store.scratch, self.settings.memory_limit)

    def _opened(self, connection: duckdb.DuckDBPyConnection, extract: Extract) -> Source:
        files = [self.files[file] for file in extract.files]
        return open_checked(connection, files, self.register, self.who.keys, self.store.scratch)

    def _looked_at(self, connection: duckdb.DuckDBPyConnection, source: Source, extract: Extract) -> Profile:
        return look_at(connection, source, self.register, self.who.keys, extract.extract_id)

    def _admitted(self, connection: duckdb.DuckDBPyConnection, source: Source, target: Path) -> Admitted:
        return admit(connection, source, self.register, self.who.keys, self.who.persons, target)

    def _until(self, problem: UserError) -> str:
        """What must be another before the files are read once more: the files themselves, or who asks; nothing where it was want of room."""
        if isinstance(problem, UnfitFile):
            return self.for_nobody
        return "" if isinstance(problem, OutOfRoom) else self.for_whom

    def _candidate(self, extract: Extract) -> Path:
        return self.store.path(extract.extract_id).with_name(f".{extract.extract_id}.kandidat.tmp")

    def _put_in_place(self, extract: Extract) -> None:
        """The rows first: whoever stands on the list of those looked for must have been."""
        self._candidate(extract).replace(self.store.path(extract.extract_id))
        if "person_key" in REGISTERS[self.register]:
            remember_sought(self.store, extract.extract_id, self.who.persons["person_key"])

    def _found_against(self, extract: Extract, seen: Profile, candidate: Path, standing: Standing) -> list[str]:
        new, last = self._months_to_compare(extract, standing)
        table = self.settings.home.warehouse / "inndata" / f"register_{self.register}.parquet"
        found, before = (
            participants_in(self.store, path, periods, self.who.persons["person_key"], self.settings.memory_limit)
            for path, periods in ((candidate, new), (table, last))
        )
        # in other months others may be in work, or on a benefit: there they are counted, not looked for one by one
        again = found & before if new == last else found
        measured = measures(
            self.register, seen, replace(standing, participants=len(before)), found=extract.participants, found_there=len(found),
            found_again=len(again), asked_for=self.who.count, whole_population=extract.whole_population, has_basis=self.has_basis,
            sharing=extract.sharing, distinct=extract.kept + extract.surplus,
        )  # fmt: skip
        return self.judge(self.register, measured)

    def _months_to_compare(self, extract: Extract, standing: Standing) -> tuple[list[str] | None, list[str] | None]:
        """The months both speak of; where there are none, the two that lie nearest each other. None = no months in this register."""
        if extract.periods is None:
            return None, None
        known = standing.periods["verdi"].to_list()
        common = sorted(set(extract.periods) & set(known))
        if common or not known:
            return common, common
        before = bool(extract.periods) and max(extract.periods) < min(known)
        return (extract.periods[-1:], [min(known)]) if before else (extract.periods[:1], [max(known)])


def _has_only_a_gap(extract: Extract) -> bool:
    """Whether it was refused, and for a missing month alone."""
    return not extract.accepted and list(extract.reasons or []) == ["uttrekk_hull"]


def _periods(register: str, seen: Profile) -> list[str] | None:
    period = period_of(register)
    return None if period is None else sorted(seen.values.filter(pl.col("kolonne") == period)["verdi"].to_list())


def _counts(result: Admitted) -> dict[str, int]:
    return {
        "kept": result.rows, "repeated": result.repeated, "sharing": result.sharing, "surplus": result.surplus,
        "participants": result.participants,
    }  # fmt: skip


def _told(register: str, reasons: list[str], seen: Profile, standing: Standing, extract: Extract) -> str:
    rules, key = extract_rules()["regel"], ", ".join(REGISTERS[register].key)
    where = {
        **places(register, seen, standing),
        "uttrekk_samme_nokkel": f" Rows: {extract.sharing} of {extract.kept + extract.surplus}, key {key}.",
    }
    return " ".join(f"{code}: {rules[code]['text']}{where.get(code, '')} {rules[code]['cure']}" for code in reasons)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
