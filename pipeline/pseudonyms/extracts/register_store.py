"""What stands of each register: the admitted extracts, one file each, and the record of them.

Belongs here: the folder ``warehouse/uttrekk/``. Must not be here: what the record says (``received``), reading an owner's files, or judging.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect, copy_sorted, escaped
from pipeline.pseudonyms.extracts.received import Extract
from pipeline.settings import Home
from pipeline.store import finish_file, json_text, parquet_bytes, write_bytes, write_text
from pipeline.tables import INNDATA
from pipeline.tables.uttrekk import UTTREKKSFORDELING, UTTREKKSPROFIL, period_of

_COUNTED = (UTTREKKSPROFIL, UTTREKKSFORDELING)


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
