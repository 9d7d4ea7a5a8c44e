"""One in-memory DuckDB per call, with the registers as views over Parquet and the steps as SQL files.

Belongs here: limits, views, running a step. Must not be here: what a step computes (that is in its SQL file).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect
from pipeline.settings import Settings
from pipeline.tables import INNDATA, REGISTERS

FOLDER = Path(__file__).parent
# What each step binds; every other number in the SQL files is part of a definition.
PARAMETERS: dict[str, dict[str, object]] = {"vindu": {"maaneder_foer": 12, "maaneder_etter": 60}}


class StepFailed(RuntimeError):
    """A step of the linkage failed; names the step and the kind of error, never what the database said (it quotes values)."""


@contextmanager
def linkage(
    settings: Settings, registers: Mapping[str, Path], frames: Mapping[str, pl.DataFrame]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which every register is a view and every frame a table of its name.

    A register that is missing becomes an empty view: its columns come out null, no participation is lost.
    """
    spill = settings.home.warehouse / ".spill"
    connection = connect(settings.memory_limit, spill)
    try:
        for name in REGISTERS:
            _show_register(connection, name, registers.get(name))
        for name, frame in frames.items():
            connection.register(name, frame.to_arrow())
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def run_step(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run ``<name>.sql`` and keep its result as the table ``name``.

    Raises:
        StepFailed: the database refused; without its message.
    """
    sql = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    kind = ""
    try:
        connection.execute(f"CREATE TEMP TABLE {name} AS\n{sql}", PARAMETERS.get(name, {}))
    except duckdb.Error as error:
        kind = type(error).__name__
    if kind:
        raise StepFailed(f"Linkage step {name} failed ({kind}).")


def result(connection: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """The table ``name`` as a frame."""
    frame: pl.DataFrame = connection.sql(f"SELECT * FROM {name}").pl()
    return frame


def _show_register(connection: duckdb.DuckDBPyConnection, name: str, path: Path | None) -> None:
    if path is not None and path.is_file():
        connection.read_parquet([str(path)], hive_partitioning=False).create_view(name)
    else:
        connection.register(name, INNDATA[f"register_{name}"].empty().to_arrow())
