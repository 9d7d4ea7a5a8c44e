"""The analysts' file: one DuckDB database with every pseudonymised table and the latest release, replaced as a whole.

Belongs here: copying tables with their descriptions. Must not be here: identities, or anything computed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import UserError
from pipeline.settings import Home
from pipeline.store import Warehouse
from pipeline.tables import STATES, Table

WAREHOUSE_STATES = ("inndata", "klargjort", "statistikk")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "temp_directory": "",
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def build_snapshot(home: Home, released_tables: Mapping[str, pl.DataFrame], memory_limit: str) -> Path:
    """Write ``snapshot/jobbsjansen.duckdb`` anew and return its path.

    Schemas ``inndata``, ``klargjort`` and ``statistikk`` hold the warehouse as it is (a table not built yet is there, empty),
    ``utdata`` the released frames alone. Tables and columns carry their descriptions as comments. A notebook that has the
    earlier file open keeps reading it; the new one is there at its next connection.

    Raises:
        UserError: the earlier file cannot be replaced; it is left as it was.
    """
    target = home.snapshot
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _write_database(temporary, home, released_tables, memory_limit)
        _replace(temporary, target)
    finally:
        _remove_leftovers(target)
    return target


def _write_database(path: Path, home: Home, released_tables: Mapping[str, pl.DataFrame], memory_limit: str) -> None:
    with duckdb.connect(str(path), config=_CONFIG | {"memory_limit": memory_limit}) as connection:
        # One transaction: committing each of some 500 statements would flush the disk as often.
        connection.execute("BEGIN")
        for state in (*WAREHOUSE_STATES, "utdata"):
            connection.execute(f'CREATE SCHEMA "{state}"')
        for state in WAREHOUSE_STATES:
            for name, table in STATES[state].items():
                _copy_parquet(connection, Warehouse(home).path(state, name), table)
                _describe(connection, table)
        for name, frame in released_tables.items():
            _copy_frame(connection, "utdata", name, frame)
            if name in STATES["utdata"]:
                _describe(connection, STATES["utdata"][name])
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")


def _copy_parquet(connection: duckdb.DuckDBPyConnection, path: Path, table: Table) -> None:
    if not path.is_file():
        _copy_frame(connection, table.state, table.name, table.empty())
        return
    connection.read_parquet([str(path)], hive_partitioning=False).create_view("kilde", replace=True)
    connection.execute(f"CREATE TABLE {_quoted(table.state, table.name)} AS SELECT * FROM kilde")
    connection.execute("DROP VIEW kilde")


def _copy_frame(connection: duckdb.DuckDBPyConnection, state: str, name: str, frame: pl.DataFrame) -> None:
    connection.register("ramme", frame.to_arrow())
    connection.execute(f"CREATE TABLE {_quoted(state, name)} AS SELECT * FROM ramme")
    connection.unregister("ramme")


def _describe(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    place = _quoted(table.state, table.name)
    connection.execute(f"COMMENT ON TABLE {place} IS {_literal(f'One row is {table.grain}.')}")
    present = {row[0] for row in connection.execute(f"SELECT column_name FROM (DESCRIBE {place})").fetchall()}
    for column in table.columns:
        if column.name in present:
            unit = f" [{column.unit}]" if column.unit else ""
            connection.execute(f"COMMENT ON COLUMN {place}.{_quoted(column.name)} IS {_literal(column.meaning + unit)}")


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def _literal(text: str) -> str:
    # COMMENT takes no bound parameter; the texts are our own descriptions.
    return "'" + text.replace("'", "''") + "'"


def _replace(temporary: Path, target: Path) -> None:
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.replace(temporary, target)
    except OSError:
        raise UserError(
            "The analyst file could not be replaced; the earlier one is untouched.",
            "Close notebooks and other programs that hold snapshot/jobbsjansen.duckdb, and run again.",
        ) from None


def _remove_leftovers(target: Path) -> None:
    for leftover in sorted(target.parent.glob(f".{target.name}.*.tmp*")):
        leftover.unlink(missing_ok=True)
