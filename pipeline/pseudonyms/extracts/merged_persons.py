"""Persons who were two and are found to be one, in what was admitted of registers and in whom rosters asked for.

Belongs here: the pseudonym she has now in the place of the earlier one, each file whole or not at all, as often as one likes.
Must not be here: who was found to be one (``remapping``), or another key for everybody (``rotation``).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect, cure_of, escaped, spill_place
from pipeline.errors import Fault
from pipeline.pseudonyms.extracts.register_store import RegisterStore, write_sorted
from pipeline.settings import Settings
from pipeline.store import finish_file, parquet_bytes, write_bytes
from pipeline.tables import INNDATA, REGISTERS


def follow_merges(settings: Settings, replaced: pl.DataFrame) -> int:
    """Give every merged person's rows, and her place on rosters, the pseudonym she has now; how many files were changed.

    What was admitted is hers whichever number it came under, also when the owner's files are gone. Rows that are the same once they are one
    person's count once; different ones stay, as in an extract that holds both her numbers. Running it again changes nothing.

    Args:
        settings: home, memory limit, spill folder.
        replaced: ``remapping.merged``; no file is opened for an empty one.

    Raises:
        Fault: a file cannot be read or written; without a value. It stands as it was.
    """
    moved = replaced.filter(pl.col("slag") == "person").select("gammel_key", pl.col("person_key").alias("ny_key"))
    registers = [name for name in REGISTERS if "person_key" in INNDATA[f"register_{name}"]] if moved.height else []
    return sum(_follow(RegisterStore(settings.home, register), moved, settings) for register in registers)


def _follow(store: RegisterStore, moved: pl.DataFrame, settings: Settings) -> int:
    """Admitted rows, the register's table (a new extract is held against its participants), and the lists of persons asked for."""
    table = settings.home.warehouse / "inndata" / f"register_{store.register}.parquet"
    steps = [
        partial(_moved_rows, store, path, moved, settings) for path in [*_parquet(store.folder, "*"), table] if path.is_file()
    ]
    steps += [partial(_moved_list, path, moved) for path in _parquet(store.folder, "*/*")]
    try:
        return sum(step() for step in steps)
    except (duckdb.Error, pl.exceptions.PolarsError, OSError) as problem:
        failed, cure = type(problem).__name__, cure_of(problem, settings.memory_limit)
    raise Fault(
        f"{store.register}: what was admitted could not be given the pseudonyms that persons have now ({failed}). {cure}".strip(),
        ours=not cure,
    )


def _parquet(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(f"{pattern}.parquet"))
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _moved_rows(store: RegisterStore, path: Path, moved: pl.DataFrame, settings: Settings) -> bool:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    stands = f"read_parquet('{escaped(path)}', hive_partitioning = false) AS stands"
    others = ", ".join(f'stands."{name}"' for name in INNDATA[f"register_{store.register}"].names if name != "person_key")
    try:
        with spill_place(settings) as spill, connect(settings.memory_limit, spill) as connection:
            connection.register("moved", moved.to_arrow())
            earlier = f"SELECT count(*) FROM {stands} SEMI JOIN moved ON stands.person_key = moved.gammel_key"
            ((stale,),) = connection.execute(earlier).fetchall()
            if not stale:
                return False
            rows = (
                f"SELECT DISTINCT coalesce(moved.ny_key, stands.person_key) AS person_key, {others} "
                f"FROM {stands} LEFT JOIN moved ON stands.person_key = moved.gammel_key"
            )
            write_sorted(connection, rows, store.register, temporary)
        finish_file(temporary, path)
        return True
    finally:
        temporary.unlink(missing_ok=True)


def _moved_list(path: Path, moved: pl.DataFrame) -> bool:
    listed = pl.read_parquet(path)
    if "person_key" not in listed.columns:
        return False
    now = listed.with_columns(pl.col("person_key").replace(moved["gammel_key"], moved["ny_key"])).unique().sort(listed.columns)
    if now["person_key"].equals(listed["person_key"]):
        return False
    write_bytes(path, parquet_bytes(now))
    return True
