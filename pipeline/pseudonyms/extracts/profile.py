"""What an extract holds, column by column, month by month and code by code, counted in one pass over all its rows.

Belongs here: counting. Must not be here: whether the counts are good enough (``expectations`` judges them), or any value of a text column.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl

from pipeline.pseudonyms.extract_files import value_free
from pipeline.pseudonyms.extracts.columns import can_be_lost, given, payload, typed
from pipeline.pseudonyms.extracts.source import Source
from pipeline.rules import extract_rules
from pipeline.tables import REGISTERS, Column
from pipeline.tables.uttrekk import UTTREKKSFORDELING, UTTREKKSPROFIL, period_of

ID_FORM = "[0-9]{11}"
KEY_FORM = "[b-df-hj-np-t]{32}"
# Of other columns the smallest and largest value may be one person's.
_PERIODS = ("maaned", "aar")


@dataclass(frozen=True)
class Profile:
    """The counts of one extract, all persons.

    Attributes:
        columns: ``STATISTIKK["uttrekksprofil"]``.
        values: ``STATISTIKK["uttrekksfordeling"]``.
        rows: rows in the files.
        persons: persons (approximate), 0 in a register without persons.
        malformed: rows whose ``person_id`` is not eleven digits, or whose ``person_key`` is no pseudonym.
        foreign: rows made with another key version than ours, where the extract is keyed by the owner's pseudonyms.
        least_filled: in a register of months or years, per column that decides an outcome: the share of rows with something in it in the month
            where it is lowest, as a ratio to the share of all rows. Months of a few rows, and columns that are mostly empty or 0, are left out.
        first, last: what it speaks of: months, years, or the days of its first date column.
    """

    columns: pl.DataFrame
    values: pl.DataFrame
    rows: int
    persons: int
    malformed: int
    foreign: int
    least_filled: dict[str, float]
    first: date | None
    last: date | None


def profile(
    connection: duckdb.DuckDBPyConnection, source: Source, register: str, extract_id: str, person: str | None, version: str
) -> Profile:
    """The profile of an open extract.

    Args:
        connection: where ``source`` was opened.
        source: the extract.
        register: name in ``REGISTERS``.
        extract_id: goes into the rows.
        person: ``person_id``, ``person_key``, or None in a register without persons.
        version: our key version.

    Raises:
        UserError: the files could not be read to the end. Without a value.
    """
    columns, period = payload(REGISTERS[register]), period_of(register)
    measures = [*_person_measures(source, person), *(m for c in columns for m in _measures(c, source))]
    counted = f"count(*) AS n, {', '.join(measures)}"
    sql = f"SELECT 1 AS samlet, NULL AS periode, {counted} FROM {source.sql} AS uttrekk"
    if period:
        value = f"CAST({typed(_column(columns, period), source)} AS VARCHAR)"
        rows_with_period = f"(SELECT *, {value} AS periode FROM {source.sql}) AS uttrekk"
        sql = f"SELECT grouping(periode) AS samlet, periode, {counted} FROM {rows_with_period} GROUP BY GROUPING SETS ((), (periode))"
    what = f"The extract {register} could not be read to the end: a file is damaged or half written."
    rows = value_free(lambda: _dicts(connection, sql, {"version": version} if person == "person_key" else {}), what)
    total = next(row for row in rows if row["samlet"])
    tables = _column_rows(total, columns), _value_rows(rows, total, columns, period)
    named = [
        table.conform(frame.with_columns(uttrekk_id=pl.lit(extract_id), register=pl.lit(register)))
        for table, frame in zip((UTTREKKSPROFIL, UTTREKKSFORDELING), tables, strict=True)
    ]
    first, last = _reach(total, columns, period)
    persons, malformed, foreign = (int(total.get(name) or 0) for name in ("personer", "ugyldige", "fremmede"))
    filled = _least_filled(rows, total, columns) if period else {}
    return Profile(named[0], named[1], int(total["n"]), persons, malformed, foreign, filled, first, last)


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, str]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, bound)
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _person_measures(source: Source, person: str | None) -> list[str]:
    if person is None:
        return []
    name = source.columns[person][0]
    counted = [f"approx_count_distinct({name}) AS personer"]
    if person == "person_id":
        counted.append(f"count(*) - count(*) FILTER (WHERE regexp_full_match({name}, '{ID_FORM}')) AS ugyldige")
    if person == "person_key":
        counted.append(f"count(*) - count(*) FILTER (WHERE regexp_full_match({name}, '{KEY_FORM}')) AS ugyldige")
        counted.append(
            f"count(*) FILTER (WHERE CAST({source.columns['key_version'][0]} AS VARCHAR) IS DISTINCT FROM $version) AS fremmede"
        )
    return counted


def _measures(column: Column, source: Source) -> list[str]:
    if column.name not in source.columns:
        return []
    name, value = column.name, typed(column, source)
    made = [f"count({value}) AS {name}__n", f"approx_count_distinct({value}) AS {name}__ulike"]
    if can_be_lost(column, source):
        # what was read is not looked at again
        made.append(f"count(CASE WHEN {value} IS NULL AND {given(column, source)} THEN 1 END) AS {name}__uleselig")
    if column.name in _PERIODS or (column.kind == "date" and column.key):
        made += [f"CAST(min({value}) AS VARCHAR) AS {name}__minste", f"CAST(max({value}) AS VARCHAR) AS {name}__storste"]
    if is_amount(column):
        # In whole hundredths: a sum of fractions depends on which thread came first.
        size = f"CAST(sum(CAST(round(abs({value}) * 100) AS BIGINT)) AS DOUBLE)"
        made.append(f"coalesce({size} / nullif(100 * count(*) FILTER (WHERE {value} <> 0), 0), 0) AS {name}__middel")
    if column.decisive:
        made.append(f"count(*) FILTER (WHERE {value} <> 0) AS {name}__ikke0")
    # Codes are the description's own words, never the owner's.
    made += [f"count(*) FILTER (WHERE {value} = '{code}') AS {name}__kode_{i}" for i, code in enumerate(column.codes)]
    return made


def _column_rows(total: dict[str, Any], columns: list[Column]) -> pl.DataFrame:
    rows = []
    for c in columns:
        filled = int(total.get(f"{c.name}__n") or 0)
        listed = sum(int(total.get(f"{c.name}__kode_{i}") or 0) for i in range(len(c.codes)))
        rows.append(
            {
                "kolonne": c.name, "n_rader": int(total["n"]), "n_null": int(total["n"]) - filled,
                "n_uleselig": int(total.get(f"{c.name}__uleselig") or 0), "n_ulike": int(total.get(f"{c.name}__ulike") or 0),
                "n_utenfor_kodeliste": filled - listed if c.codes else None,
                "middel": total.get(f"{c.name}__middel") if filled >= extract_rules()["sammenlign"]["fra_rader_i_maaned"] else None,
                "minste": total.get(f"{c.name}__minste") if c.name in _PERIODS else None,
                "storste": total.get(f"{c.name}__storste") if c.name in _PERIODS else None,
            }
        )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def is_amount(column: Column) -> bool:
    """Whether a column holds sizes that can be averaged."""
    return column.kind in ("float", "int") and not column.key


def _least_filled(rows: list[dict[str, Any]], total: dict[str, Any], columns: list[Column]) -> dict[str, float]:
    bar, found = extract_rules()["sammenlign"]["fra_rader_i_maaned"], {}
    months = [row for row in rows if not row["samlet"] and row["periode"] is not None and row["n"] >= bar]
    for name in [f"{c.name}__ikke0" for c in columns if c.decisive]:
        if months and total[name] >= total["n"] / 2:  # where most rows have nothing, a month may well have less
            found[name.removesuffix("__ikke0")] = min(row[name] / row["n"] for row in months) / (total[name] / total["n"])
    return found


def _value_rows(rows: list[dict[str, Any]], total: dict[str, Any], columns: list[Column], period: str | None) -> pl.DataFrame:
    months = [(period, row["periode"], row["n"]) for row in rows if period and not row["samlet"] and row["periode"] is not None]
    codes = [(c.name, code, int(total.get(f"{c.name}__kode_{i}") or 0)) for c in columns for i, code in enumerate(c.codes)]
    return pl.DataFrame([*months, *codes], schema={"kolonne": pl.String, "verdi": pl.String, "n_rader": pl.Int64}, orient="row")


def _reach(total: dict[str, Any], columns: list[Column], period: str | None) -> tuple[date | None, date | None]:
    name = period or next((c.name for c in columns if c.kind == "date" and c.key), None)
    ends = [total.get(f"{name}__{end}") for end in ("minste", "storste")]
    if name is None or None in ends:
        return None, None
    first, last = (f"{end}-01-01" if name == "aar" else str(end)[:10] for end in ends)
    return date.fromisoformat(first), date.fromisoformat(last)


def _column(columns: list[Column], name: str | None) -> Column:
    return next(c for c in columns if c.name == name)
