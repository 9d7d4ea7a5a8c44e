"""DuckDB in this process: limited memory, spilling to disk, nothing looked up and nothing downloaded.

Belongs here: everything that knows DuckDB's ways of running a step. Must not be here: what a step computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine.base import value_free
from pipeline.tables import Table

SQL_TYPE = {"text": "VARCHAR", "date": "DATE", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN"}


def connect(memory_limit: str, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database: limited memory, Norwegian days wherever it runs, no look-up of Python variables, nothing downloaded.

    Args:
        memory_limit: as DuckDB writes sizes, e.g. ``1500MB``.
        spill: folder for what does not fit in memory; ``None`` lets nothing out on disk.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory_limit,
            "temp_directory": str(spill) if spill else "",
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        },
    )
    connection.execute("SET TimeZone = 'Europe/Oslo'")
    return connection


class DuckEngine:
    """An ``Engine`` in this process; steps are temporary tables, which go to ``spill`` when memory is short."""

    def __init__(self, memory_limit: str, spill: Path) -> None:
        self._memory_limit = memory_limit
        self._cure = partial(cure_of, memory_limit=memory_limit)
        self._connection = connect(memory_limit, spill)

    def show_parquet(self, name: str, path: Path | None, table: Table) -> None:
        if path is None or not path.is_file():
            self.show_frame(name, table.empty())
            return
        files = [str(path)]
        value_free(
            name,
            lambda: self._connection.read_parquet(files, hive_partitioning=False).create_view(name, replace=True),
            duckdb.Error,
            self._cure,
        )

    def show_frame(self, name: str, frame: pl.DataFrame) -> None:
        self._connection.register(name, frame.to_arrow())

    def run(self, name: str, sql: str, parameters: Mapping[str, int | str]) -> None:
        statement = f"CREATE TEMP TABLE {name} AS\n{sql}"
        value_free(name, lambda: self._connection.execute(statement, dict(parameters)), duckdb.Error, self._cure)

    def fetch(self, name: str, table: Table) -> pl.DataFrame:
        return value_free(
            name,
            lambda: table.conform(self._connection.sql(f"SELECT * FROM {name}").pl()),
            (duckdb.Error, pl.exceptions.PolarsError),
            self._cure,
        )

    def write(self, name: str, table: Table, target: Path) -> None:
        write_sorted(self._connection, name, table, target, self._memory_limit)

    def close(self) -> None:
        self._connection.close()


def cure_of(problem: Exception, memory_limit: str) -> str:
    """How to mend want of memory or disk, by the settings' names; empty where an error is another. Holds no value.

    Args:
        problem: what DuckDB raised.
        memory_limit: the limit it worked within, as the settings write it.
    """
    if isinstance(problem, duckdb.OutOfMemoryException):
        # A spill folder that may not grow is want of memory to DuckDB.
        disk = "max_temp_directory_size" in str(problem)
        room = "Make room on the disk of the spill folder (JOBBSJANSEN_SPILL), or raise" if disk else "Raise"
        return f"{room} JOBBSJANSEN_MEMORY_LIMIT (now {memory_limit})."
    if isinstance(problem, duckdb.IOException):
        return "Look at the disks that the home and the spill folder (JOBBSJANSEN_SPILL) lie on: room, permissions, whether they answer."
    return ""


def write_sorted(connection: duckdb.DuckDBPyConnection, name: str, table: Table, target: Path, memory_limit: str) -> None:
    """Stream the table or view ``name`` of ``connection`` to ``target`` as ``Engine.write`` says, whatever engine made it.

    Raises:
        StepFailed: it lacks columns, a value does not fit its column, or memory (``memory_limit`` is told) and disk do not suffice.
    """
    columns = ", ".join(f'CAST("{c.name}" AS {SQL_TYPE[c.kind]}) AS "{c.name}"' for c in table.columns)
    try:
        value_free(
            name,
            lambda: copy_sorted(connection, f"SELECT {columns} FROM {name}", table.key or table.names, target),
            duckdb.Error,
            partial(cure_of, memory_limit=memory_limit),
        )
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def copy_sorted(connection: duckdb.DuckDBPyConnection, rows: str, order: Iterable[str], target: Path, columns: str = "*") -> None:
    """Write the rows of a statement to the Parquet file ``target``, sorted: the same rows give the same bytes, wherever they came from.

    Args:
        connection: where the statement is run.
        rows: a SELECT.
        order: the columns to sort by, nulls last: a key, or all columns where rows may share one.
        target: the file.
        columns: what is written of the sorted rows, as SQL.

    Raises:
        duckdb.Error: the statement fails, or memory and disk do not suffice.
    """
    by = ", ".join(f'"{name}" ASC NULLS LAST' for name in order)
    # COPY takes no bound parameter for its file.
    statement = (
        f"COPY (SELECT {columns} FROM (SELECT * FROM ({rows}) AS chosen ORDER BY {by}) AS in_order) TO '{escaped(target)}' "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, USE_TMP_FILE false)"
    )
    # What DuckDB happens to know of a column (no nulls) changes bytes of the file, and depends on where the rows came from.
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    try:
        connection.execute(statement)
    finally:
        connection.execute("RESET disabled_optimizers")


def escaped(path: Path) -> str:
    """A path inside single quotes of a statement."""
    return str(path).replace("'", "''")


def doubled_keys(path: Path, table: Table, memory_limit: str, spill: Path) -> int:
    """How many rows of a Parquet file share their key with another row, counted within ``memory_limit``."""
    key = ", ".join(f'"{name}"' for name in table.key)
    statement = f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM fil GROUP BY {key} HAVING count(*) > 1)"

    def count() -> int:
        with connect(memory_limit, spill) as connection:
            connection.read_parquet([str(path)], hive_partitioning=False).create_view("fil")
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0

    return value_free(table.name, count, duckdb.Error, partial(cure_of, memory_limit=memory_limit))
