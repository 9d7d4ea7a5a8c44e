"""Whom an extract was asked to hold, and who was looked for in it: a participant who was not has no row in it, and that is no "no".

An extract that comes after a roster was made for its register speaks of those on the latest one. Who takes part later is outside it until the next
extract, unless it has a row of hers or holds a whole population. Where no roster was made the owner chose the persons in another way, and an
extract is taken to speak of everybody. Of them all it tells only about those whose rows were looked for while its files lay there: who came when
they were away is outside it until they are back.

Belongs here: remembering who was asked and looked for, and who is outside. Must not be here: what an outcome makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipeline.pseudonyms.extracts.received import Extract
from pipeline.pseudonyms.extracts.register_store import RegisterStore
from pipeline.settings import Home
from pipeline.store import parquet_bytes, write_bytes
from pipeline.tables.uttrekk import UTENFOR_UTTREKK, period_of

_ASKED, _SOUGHT = "spurt", "lett_etter"


def remember_asked(home: Home, register: str, roster_id: str, participants: pl.Series) -> None:
    """Write down the pseudonyms of the persons on a roster."""
    _write(_asked(RegisterStore(home, register), roster_id), participants)


def remember_sought(store: RegisterStore, extract_id: str, participants: pl.Series) -> None:
    """Write down whose rows were looked for in an extract's files."""
    _write(_sought(store, extract_id), participants)


def cut_down_to(store: RegisterStore, participants: pl.Series) -> None:
    """Take out of every such list who is no participant any more: withdrawn or erased."""
    for path in sorted(p for folder in (_ASKED, _SOUGHT) for p in (store.folder / folder).glob("*.parquet")):
        listed = _listed(path)
        _write(path, listed.filter(listed.is_in(participants.implode())))


def outside_extracts(
    store: RegisterStore, used: Mapping[str, list[str] | None], extracts: Iterable[Extract], participants: pl.Series
) -> pl.DataFrame:
    """``KLARGJORT["utenfor_uttrekk"]`` of one register: per extract in use the participants outside it, and for which months.

    Args:
        store: the register's folder.
        used: the extracts in use and their months or years (``in_use``).
        extracts: every extract received.
        participants: tonight's participants.
    """
    by_id = {extract.extract_id: extract for extract in extracts}
    parts = [UTENFOR_UTTREKK.empty()]
    for extract_id, periods in used.items():
        extract = by_id[extract_id]
        sought, asked = _sought(store, extract_id), _asked(store, extract.roster)
        # an extract on record since before these lists were kept is taken to have been searched for everybody
        inside = [_listed(sought)] if sought.is_file() else []
        if extract.roster and not extract.whole_population and asked.is_file():
            inside.append(_listed(asked))
        if not inside:
            continue
        missing = set(participants).difference(set.intersection(*map(set, inside)))
        outside = _without_rows(store, extract_id, pl.Series(sorted(missing), dtype=pl.String))
        runs = _runs((extract.periods or []) if periods is None else periods) if period_of(store.register) else [(None, None)]
        spans = pl.DataFrame(runs, schema={"fra": pl.Date, "til": pl.Date}, orient="row")
        people = pl.DataFrame({"person_key": outside}, schema={"person_key": pl.String})
        parts.append(UTENFOR_UTTREKK.conform(people.join(spans, how="cross").with_columns(register=pl.lit(store.register))))
    return UTENFOR_UTTREKK.conform(pl.concat(parts))


def never_sought(store: RegisterStore, used: Iterable[str], participants: pl.Series) -> int:
    """How many participants came while the files of an extract in use were away: nobody has looked for them in it."""
    missed: set[str] = set()
    for extract_id in used:
        if (sought := _sought(store, extract_id)).is_file():
            unseen = participants.filter(~participants.is_in(_listed(sought).implode()))
            missed |= set(_without_rows(store, extract_id, unseen))
    return len(missed)


def _without_rows(store: RegisterStore, extract_id: str, participants: pl.Series) -> pl.Series:
    if participants.is_empty():  # on most nights: no file is read
        return participants
    known = pl.scan_parquet(store.path(extract_id)).select("person_key").unique().collect()["person_key"]
    return participants.filter(~participants.is_in(known.implode()))


def _asked(store: RegisterStore, roster_id: str) -> Path:
    return store.folder / _ASKED / f"{roster_id}.parquet"


def _sought(store: RegisterStore, extract_id: str) -> Path:
    return store.folder / _SOUGHT / f"{extract_id}.parquet"


def _listed(path: Path) -> pl.Series:
    return pl.read_parquet(path)["person_key"]


def _write(path: Path, asked: pl.Series) -> None:
    write_bytes(path, parquet_bytes(pl.DataFrame({"person_key": asked.unique().sort()}, schema={"person_key": pl.String})))


def _runs(periods: list[str]) -> list[tuple[date, date]]:
    """Unbroken runs of months: first and last month of each; a year is its twelve months."""
    months = sorted({m for p in periods for m in ([_number(p)] if "-" in p else range(int(p) * 12, int(p) * 12 + 12))})
    starts = [m for m in months if m - 1 not in set(months)]
    ends = [m for m in months if m + 1 not in set(months)]
    return [(_day(a), _day(b)) for a, b in zip(starts, ends, strict=True)]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _day(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
