"""Spark on a cluster or in local mode: the same SQL files, written in its dialect, and the same tables.

Belongs here: everything that knows Spark's ways of running a step. Must not be here: what a step computes, or how a session is got.
Rows pass in and out as Parquet in the spill folder, which the executors have to see as the driver does.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path

import polars as pl

from pipeline.engine.base import value_free
from pipeline.engine.duck import connect, write_sorted
from pipeline.engine.spark_session import open_session
from pipeline.settings import Settings
from pipeline.tables import Table


class SparkEngine:
    """An ``Engine`` on Spark; each step is kept as Parquet in the spill folder, so that a plan never grows by those of the steps before it."""

    def __init__(self, settings: Settings, spill: Path) -> None:
        self._spill, self._memory_limit = spill, settings.memory_limit
        self._session = open_session(settings, spill)
        self._places: dict[str, Path] = {}
        self._steps = count()

    def show_parquet(self, name: str, path: Path | None, table: Table) -> None:
        if path is None or not path.is_file():
            self.show_frame(name, table.empty())
            return
        value_free(name, lambda: self._show(name, path), Exception)

    def show_frame(self, name: str, frame: pl.DataFrame) -> None:
        path = self._spill / f"shown_{name}.parquet"
        frame.write_parquet(path)
        value_free(name, lambda: self._show(name, path), Exception)

    def run(self, name: str, sql: str, parameters: Mapping[str, int | str]) -> None:
        value_free(name, lambda: self._keep(name, sql, parameters), Exception)

    def _keep(self, name: str, sql: str, parameters: Mapping[str, int | str]) -> None:
        folder = self._spill / f"made_{next(self._steps)}_{name}"
        # now, so that a failure is this step's, and a step that is read twice is computed once
        self._session.spark.sql(in_spark(sql), args=dict(parameters)).write.parquet(location(folder))
        self._show(name, folder)

    def _show(self, name: str, place: Path) -> None:
        self._session.spark.read.parquet(location(place)).createOrReplaceTempView(name)
        self._places[name] = place

    def fetch(self, name: str, table: Table) -> pl.DataFrame:
        parts = self._parts(name)
        return value_free(name, lambda: table.conform(pl.read_parquet(parts)), pl.exceptions.PolarsError)

    def write(self, name: str, table: Table, target: Path) -> None:
        # The order and the file are DuckDB's work on the driver, within its memory limit: both engines give the same bytes.
        parts = [str(part) for part in self._parts(name)]
        with connect(self._memory_limit, self._spill) as connection:
            connection.read_parquet(parts, hive_partitioning=False).create_view(name)
            write_sorted(connection, name, table, target, self._memory_limit)

    def _parts(self, name: str) -> list[Path]:
        place = self._places[name]
        return [place] if place.is_file() else sorted(place.glob("part-*.parquet"))

    def close(self) -> None:
        # A session that is already dead has nothing left to let go of, and its complaint must not hide what broke it.
        with suppress(Exception):
            self._session.close()


@cache
def in_spark(sql: str) -> str:
    """A step's SQL, written in DuckDB's dialect, as Spark reads it."""
    import sqlglot

    (statement,) = sqlglot.transpile(sql, read="duckdb", write="spark")
    return statement


def location(path: Path) -> str:
    """A path of this machine as Spark finds it: a file, or on a Databricks-like platform the mounted volume it stands for."""
    text = str(path)
    if text.startswith("/Volumes/"):
        return text
    return f"dbfs:{text.removeprefix('/dbfs')}" if text.startswith("/dbfs/") else f"file://{text}"
