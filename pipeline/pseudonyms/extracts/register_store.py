"""What stands of each register: the admitted extracts, one file each, and the record of which came and which are in use.

Belongs here: the folder ``warehouse/uttrekk/``. Must not be here: reading an owner's files, or judging.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect, copy_sorted, escaped
from pipeline.settings import Home
from pipeline.store import finish_file, json_text, parquet_bytes, write_bytes, write_text
from pipeline.tables import INNDATA
from pipeline.tables.uttrekk import REKKEVIDDE, UTTREKK, UTTREKKSFORDELING, UTTREKKSPROFIL, period_of

_YEAR = len("2024")
_COUNTED = (UTTREKKSPROFIL, UTTREKKSFORDELING)


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

    def with_(self, **changes: object) -> Extract:
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class RegisterStore:
    """The folder of one register under ``warehouse/uttrekk/``."""

    home: Home
    register: str

    @property
    def folder(self) -> Path:
        return self.home.warehouse / "uttrekk" / self.register

    @property
    def scratch(self) -> Path:
        """Where an owner's rows may spill to while they are read: in the identified zone."""
        return self.home.identified / f".grense.{self.register}.{os.getpid()}.tmp"

    def path(self, extract_id: str) -> Path:
        return self.folder / f"{extract_id}.parquet"

    def counted(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """``uttrekksprofil`` and ``uttrekksfordeling`` of every extract that was counted."""
        paths = [self.folder / "telt" / f"{table.name}.parquet" for table in _COUNTED]
        kept = [pl.read_parquet(p) if p.is_file() else t.empty() for p, t in zip(paths, _COUNTED, strict=True)]
        return kept[0], kept[1]

    def keep_counted(self, frames: Iterable[pl.DataFrame]) -> None:
        """Write down what was counted; before the record, so that no extract is on record without its counts."""
        for table, frame in zip(_COUNTED, frames, strict=True):
            write_bytes(self.folder / "telt" / f"{table.name}.parquet", parquet_bytes(table.conform(frame)))

    def extracts(self) -> list[Extract]:
        """Every extract received, in order of receipt."""
        record = self.folder / "mottatt.json"
        if not record.is_file():
            return []
        return [Extract(**entry) for entry in json.loads(record.read_text(encoding="utf-8"))]

    def record(self, extracts: Iterable[Extract]) -> None:
        """Write down the extracts received, in order of receipt."""
        kept = sorted(extracts, key=lambda extract: extract.order)
        write_text(self.folder / "mottatt.json", json_text([asdict(extract) for extract in kept]))


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


def combine(store: RegisterStore, used: Mapping[str, list[str] | None], target: Path, memory_limit: str) -> None:
    """Write what is in use as ``INNDATA["register_<name>"]``: one sorted file, replaced as a whole."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if list(used.values()) == [None]:
            shutil.copyfile(store.path(next(iter(used))), temporary)
        else:
            with _database(store, memory_limit) as connection:
                parts = " UNION ALL ".join(
                    f"SELECT * FROM {_rows(store, store.path(extract_id), periods)}" for extract_id, periods in used.items()
                )
                write_sorted(connection, parts, store.register, temporary)
        finish_file(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def keep_participants(store: RegisterStore, path: Path, participants: Iterable[str], memory_limit: str) -> tuple[int, int]:
    """Take out of an admitted file who is no participant any more; rows and participants that are left."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    relation = f"read_parquet('{escaped(path)}', hive_partitioning = false)"
    try:
        with _database(store, memory_limit) as connection:
            if "person_key" in INNDATA[f"register_{store.register}"]:
                relation = f"(SELECT kept.* FROM {relation} AS kept {_semi_join(connection, participants)})"
            write_sorted(connection, f"SELECT * FROM {relation} AS rows_kept", store.register, temporary)
            left = counts(connection, store.register, f"read_parquet('{escaped(temporary)}', hive_partitioning = false)")
        finish_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return left


def participants_in(
    store: RegisterStore, path: Path, periods: Iterable[str] | None, participants: Iterable[str], memory_limit: str
) -> set[str]:
    """Which of the participants have a row in an admitted file; within those months or years where any are given."""
    if "person_key" not in INNDATA[f"register_{store.register}"] or not path.is_file():
        return set()
    with _database(store, memory_limit) as connection:
        rows = f"(SELECT * FROM {_rows(store, path, periods)}) AS kept {_semi_join(connection, participants)}"
        return {key for (key,) in connection.execute(f"SELECT DISTINCT kept.person_key FROM {rows}").fetchall()}


def write_sorted(connection: duckdb.DuckDBPyConnection, chosen: str, register: str, target: Path) -> None:
    """Write the rows of a statement to ``target`` in the table's columns, sorted by all of them: order of files and rows leaves no trace."""
    table = INNDATA[f"register_{register}"]
    # A pseudonym may be held as a number with the pseudonyms' own order while it is sorted; it is written as text.
    columns = ", ".join(f'CAST("{n}" AS VARCHAR) AS "{n}"' if n == "person_key" else f'"{n}"' for n in table.names)
    copy_sorted(connection, chosen, dict.fromkeys([*table.key, *table.names]), target, columns)


def counts(connection: duckdb.DuckDBPyConnection, register: str, relation: str) -> tuple[int, int]:
    """Rows and participants of an admitted relation; 0 participants in a register without persons."""
    persons = "count(DISTINCT person_key)" if "person_key" in INNDATA[f"register_{register}"] else "0"
    ((rows, participants),) = connection.execute(f"SELECT count(*), {persons} FROM {relation}").fetchall()
    return int(rows), int(participants)


def _database(store: RegisterStore, memory_limit: str) -> duckdb.DuckDBPyConnection:
    return connect(memory_limit, store.folder / f".spill.{os.getpid()}.tmp")


def _semi_join(connection: duckdb.DuckDBPyConnection, participants: Iterable[str]) -> str:
    """The end of a statement that leaves the participants' rows alone."""
    keys = pl.DataFrame({"person_key": pl.Series(sorted(set(participants)), dtype=pl.String)})
    connection.register("participants", keys.to_arrow())
    return "SEMI JOIN participants USING (person_key)"


def _rows(store: RegisterStore, path: Path, periods: Iterable[str] | None) -> str:
    """An admitted file as a relation; of those months or years alone where any are given."""
    relation = f"read_parquet('{escaped(path)}', hive_partitioning = false)"
    if periods is None:
        return relation
    listed = ", ".join(f"'{value}'" for value in periods) or "NULL"
    return f'{relation} WHERE CAST("{period_of(store.register)}" AS VARCHAR) IN ({listed})'
