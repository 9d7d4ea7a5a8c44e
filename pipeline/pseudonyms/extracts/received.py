"""The extracts received of a register: which are in use, for which months, and what they speak of.

Belongs here: what follows from the record of extracts alone. Must not be here: files (``register_store``), or judging.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pipeline.tables.uttrekk import REKKEVIDDE, UTTREKK, period_of

_YEAR = len("2024")


@dataclass(frozen=True)
class Extract:
    """One extract received.

    Attributes:
        extract_id: hash of its files, twelve hex digits.
        order: order of receipt within the register, from 1.
        received: run clock when first seen, ISO 8601.
        files: ids of its files (hash of content and of month or year in the folder's name), sorted.
        cut: what its admitted rows were made for: participants, key and code.
        accepted: whether it may be used.
        reasons: codes of what was found against it.
        told: what is said about a refusal; without values.
        rows, persons, malformed: counted in the files.
        kept, repeated, sharing, surplus, participants: counted in what was admitted.
        first, last: what it speaks of, ISO 8601.
        whole_population: whether it holds far more persons than take part.
        periods: months or years it holds, as text; empty where an extract replaces the last one whole.
        roster: the latest roster made for the register before it came; empty without one.
        gone: whether its files have been taken away; when they come back they are news.
        n_files: how many files it came in, also after they came back as another extract's.
    """

    extract_id: str
    order: int
    received: str
    files: list[str]
    cut: str = ""
    accepted: bool = False
    reasons: list[str] | None = None
    told: str = ""
    rows: int = 0
    persons: int = 0
    malformed: int = 0
    kept: int = 0
    repeated: int = 0
    sharing: int = 0
    surplus: int = 0
    participants: int = 0
    first: str | None = None
    last: str | None = None
    whole_population: bool = False
    periods: list[str] | None = None
    roster: str = ""
    gone: bool = False
    n_files: int = 0

    def __post_init__(self) -> None:
        if not self.n_files:  # just received, or on record since before they were counted
            object.__setattr__(self, "n_files", len(self.files))

    def lies_in(self, files: Collection[str]) -> bool:
        """Whether all its files are among these; never where they came back as another extract's."""
        return bool(self.files) and set(self.files) <= set(files)

    def with_(self, **changes: object) -> Extract:
        return replace(self, **changes)  # type: ignore[arg-type]


def extracts_received(register: str, extracts: Iterable[Extract]) -> pl.DataFrame:
    """``STATISTIKK["uttrekk"]`` of one register: one row per extract received."""
    listed = list(extracts)
    used = in_use(register, listed)
    rows = [
        {
            "uttrekk_id": e.extract_id, "register": register, "rekkefolge": e.order, "mottatt": e.received,
            "tilstand": _state(e, used), "begrunnelse": " ".join(e.reasons or []), "n_filer": e.n_files, "n_rader": e.rows,
            "n_personer": e.persons, "n_ugyldig_person": e.malformed, "n_identiske": e.repeated, "n_samme_nokkel": e.sharing,
            "n_rader_deltakere": e.kept,
            "n_deltakere": e.participants, "fra": _not_after(e.first, e), "til": _not_after(e.last, e),
            "helbefolkning": e.whole_population,
        }
        for e in listed
    ]  # fmt: skip
    return UTTREKK.conform(pl.DataFrame(rows, schema=UTTREKK.schema))


def _not_after(day: str | None, extract: Extract) -> date | None:
    """A day an extract speaks of, and the day it was received where one of its rows says a later one."""
    return date.fromisoformat(min(day, _day_of_receipt(extract))) if day else None


def _day_of_receipt(extract: Extract) -> str:
    return extract.received[: len("2024-01-01")]


def _state(extract: Extract, used: Mapping[str, list[str] | None]) -> str:
    if not extract.accepted:
        return "avvist"
    if extract.extract_id not in used:
        return "erstattet"
    return "i_bruk" if used[extract.extract_id] is None else "delvis_erstattet"


def in_use(register: str, extracts: Iterable[Extract]) -> dict[str, list[str] | None]:
    """The extracts in use, in order of receipt, and for which months or years; None = all their rows.

    The latest accepted extract that holds a month (or year) is the one for it; without such a column the latest replaces all others.
    """
    accepted = sorted((e for e in extracts if e.accepted), key=lambda extract: extract.order)
    if not accepted:
        return {}
    if period_of(register) is None:
        return {accepted[-1].extract_id: None}
    owner = {period: e.extract_id for e in accepted for period in e.periods or []}
    used = {e.extract_id: [p for p in e.periods or [] if owner[p] == e.extract_id] for e in accepted}
    whole = {e.extract_id for e in accepted if len(used[e.extract_id]) == len(e.periods or [])}
    return {i: None if i in whole else periods for i, periods in used.items() if periods or i == accepted[-1].extract_id}


def reach(register: str, used: Mapping[str, list[str] | None], extracts: Iterable[Extract]) -> pl.DataFrame:
    """``KLARGJORT["uttrekk_rekkevidde"]`` of one register: what the extracts in use speak of; empty without any.

    No extract speaks of days after it was received, whatever one of its rows says.
    """
    spoken: list[str] = []
    in_turn = [extract for extract in extracts if extract.extract_id in used]
    for extract in in_turn:
        periods, received = used[extract.extract_id], _day_of_receipt(extract)
        ends = periods if periods is not None else [day for day in (extract.first, extract.last) if day]
        spoken += [min(f"{end}-01-01" if len(end) == _YEAR else end, received) for end in ends]
    if not spoken:
        return REKKEVIDDE.empty()
    last, newest = max(spoken), max(map(_day_of_receipt, in_turn))
    if period_of(register) == "aar":  # an income year is its twelve months, as far as they have been
        last = min(f"{last[:_YEAR]}-12-01", newest)
    days = {"fra": min(spoken), "til": last, "mottatt": newest}
    row = {"register": register, **{name: date.fromisoformat(day) for name, day in days.items()}}
    return REKKEVIDDE.conform(pl.DataFrame([row]))
