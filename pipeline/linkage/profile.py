"""One row per column of an extract, computed in one pass: what the validator judges instead of the rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect
from pipeline.errors import UserError
from pipeline.tables import INNDATA, STATISTIKK, Column


def profile_extract(parquet_path: Path, register: str, memory_limit: str = "1500MB") -> pl.DataFrame:
    """``STATISTIKK["uttrekksprofil"]`` of one admitted extract: one row per column of its description.

    Rows, nulls, distinct values (approximate), rows outside the code list; smallest and largest of dates and numbers only.
    ``n_utenfor_kodeliste`` is null for columns without a code list.

    Raises:
        UserError: the file is not the register's table; without what the database said.
    """
    columns = INNDATA[f"register_{register}"].columns
    row = _one_pass(parquet_path, columns, memory_limit)
    if row is None:
        raise UserError(f"The extract {register} does not have the columns of its description.", "Admit it anew.")
    rows = [(register, c.name, row[0], *row[1 + 5 * i : 6 + 5 * i]) for i, c in enumerate(columns)]
    table = STATISTIKK["uttrekksprofil"]
    return table.conform(pl.DataFrame(rows, schema=table.schema, orient="row"))


def _one_pass(path: Path, columns: tuple[Column, ...], memory_limit: str) -> tuple[object, ...] | None:
    codes: dict[str, object] = {c.name: list(c.codes) for c in columns if c.codes}
    measures = ", ".join(_measures(c) for c in columns)
    with connect(memory_limit) as connection:
        try:
            connection.read_parquet([str(path)], hive_partitioning=False).create_view("uttrekk")
            return connection.execute(f"SELECT count(*), {measures} FROM uttrekk", codes).fetchone()
        except duckdb.Error:
            return None


def _measures(column: Column) -> str:
    # The name is ours, from the description; a value never becomes part of the statement.
    name = f'"{column.name}"'
    outside = f"count(*) FILTER (WHERE NOT list_contains(${column.name}, {name}))" if column.codes else "NULL"
    ends = f"CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR)" if column.kind != "text" else "NULL, NULL"
    return f"count(*) - count({name}), approx_count_distinct({name}), {outside}, {ends}"
