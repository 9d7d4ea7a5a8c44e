"""The analyst's kit: open the snapshot, count with suppression as the default, draw what may be shown.

Belongs here: three functions to start from. Must not be here: rules of suppression (``pipeline.disclosure``), marks and colours
(``pipeline.dashboard.figures``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.disclosure.audit import audit
from pipeline.disclosure.problem import TOTAL, Measure, Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.errors import ReleaseRefused, UserError
from pipeline.settings import load_settings

EVERYONE = "I alt"
MISSING = "(mangler)"
PER_PARTICIPATION = ("klargjort.deltakelse", "statistikk.utfall")
HIDDEN, ZERO = ":", "-"
_ONE_DECIMAL_FROM = 100


def open_snapshot(home: Path | str | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the newest snapshot of ``home`` (default: JOBBSJANSEN_HOME, else ./home).

    Raises:
        UserError: this home has no snapshot yet.
    """
    snapshot = load_settings(Path(home) if home is not None else None).home.snapshot
    if not snapshot.is_file():
        raise UserError("This home has no snapshot yet.", "Run 'jobbsjansen nightly' first.")
    connection = duckdb.connect(str(snapshot), read_only=True)
    connection.execute("SET python_enable_replacements = false")
    return connection


def tabell(
    con: duckdb.DuckDBPyConnection,
    table: str,
    by: str | list[str],
    utfall: str | None = None,
    hvor: Mapping[str, Any] | None = None,
    terskel: int | None = None,
) -> pl.DataFrame:
    """Participations counted by one or more columns, with all margins; small cells and those that reveal them are hidden.

    The same gate decides as for publications: counts from 1 up to the threshold are hidden, then as many more as it takes that
    no hidden count can be computed. With ``utfall``, n, those with it and those without are protected together. What was
    hidden is printed. Each table is protected by itself: two tables that differ by a few persons may reveal them.

    Args:
        con: an open snapshot.
        table: ``klargjort.deltakelse`` or ``statistikk.utfall`` (one row per participation).
        by: columns to count by; dates are counted by year, missing values as ``(mangler)``.
        utfall: a yes/no column; participations where it is unknown are left out, and it is printed how many.
        hvor: column to value, kept rows only.
        terskel: smallest count that may be shown; default as the pipeline's setting.

    Returns:
        One row per combination and margin (``I alt``): the columns, ``n``, with an outcome also ``k`` and ``andel`` (0–1),
        and ``status`` (``:`` hidden, ``-`` zero). Hidden numbers are null.

    Raises:
        UserError: another table, an unknown column, nothing to count.
        ReleaseRefused: the table cannot be protected.
    """
    names = [by] if isinstance(by, str) else list(by)
    rows = _rows(con, table, names, utfall, dict(hvor or {}))
    kept = rows if utfall is None else rows.drop_nulls("_utfall")
    threshold = load_settings().threshold if terskel is None else terskel
    problem = _problem(kept, names, utfall is not None, threshold)
    out, hidden = _judged(problem, names)
    _say(out, hidden, threshold, rows.height - kept.height)
    return out


@dataclass(frozen=True)
class Figur:
    """A figure that a notebook shows by itself: plotly's JSON, without the bar of buttons."""

    data: Mapping[str, Any]
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"application/vnd.plotly.v1+json": dict(self.data), "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def figur(frame: pl.DataFrame, x: str, y: str = "n", tittel: str = "") -> Figur:
    """Bars of ``y`` by ``x`` from a frame made by ``tabell``; margins are left out, hidden cells have no bar and are said.

    Raises:
        UserError: the frame has no ``status``: it did not come through ``tabell``.
    """
    from pipeline.dashboard.figures import CONFIG, bar_figure  # plotly takes a second to import

    if "status" not in frame.columns or x not in frame.columns or y not in frame.columns:
        raise UserError("The frame is not one that tabell() made, or lacks the column.", "Make it with tabell(con, table, by=…).")
    others = [c for c in frame.columns if c not in (x, "n", "k", "andel", "status")]
    bars = frame.filter(pl.col(x) != EVERYONE, *(pl.col(c) == EVERYONE for c in others))
    shown = bars.drop_nulls(y)
    note = f"{tittel or y}: {shown.height} søyler, {bars.height - shown.height} skjult."
    return Figur({**bar_figure(shown, x, y, tittel), "config": dict(CONFIG)}, note)


def _rows(con: duckdb.DuckDBPyConnection, table: str, by: list[str], outcome: str | None, where: dict[str, Any]) -> pl.DataFrame:
    if table not in PER_PARTICIPATION:
        raise UserError("This table does not have one row per participation.", f"Choose one of: {', '.join(PER_PARTICIPATION)}.")
    state, name = table.split(".")
    listed = con.sql(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", params=[state, name]
    )
    types = dict(listed.fetchall())
    unknown = sorted({*by, *where, *([outcome] if outcome else [])} - types.keys())
    if unknown or not by:
        raise UserError(f"{table} has no such column (or none was given).", f"Choose among: {', '.join(sorted(types))}.")
    if outcome is not None and types[outcome] != "BOOLEAN":
        raise UserError("The outcome is not a yes/no column.", "Choose a column such as overgang or i_arbeid_12m.")
    columns = [f"{_value(c, types[c])} AS {c}" for c in by] + ([f"{outcome}::BIGINT AS _utfall"] if outcome else [])
    condition = " AND ".join(f"{column} = ?" for column in where) or "TRUE"
    query = f"SELECT {', '.join(columns)} FROM {state}.{name} WHERE {condition}"
    rows: pl.DataFrame = con.sql(query, params=list(where.values())).pl()
    return rows


def _value(column: str, kind: str) -> str:
    """Names stand in the catalogue of the snapshot, so they are safe to write into the query."""
    text = f"year({column})" if kind == "DATE" else column
    return f"coalesce({text}::VARCHAR, '{MISSING}')"


def _problem(rows: pl.DataFrame, by: list[str], with_outcome: bool, threshold: int) -> Problem:
    if rows.is_empty():
        raise UserError("There is nothing to count.", "Leave out a condition, or choose an outcome that is known for somebody.")
    sums = [pl.col("_utfall").sum().alias("k")] if with_outcome else []
    inner = rows.group_by(by).agg(pl.len().cast(pl.Int64).alias("n"), *sums).sort(by)
    spec = TableSpec(dims=tuple(by), hierarchy={}, tables=(tuple(by),), threshold=threshold)
    return build_problem(inner, spec, "n", "k" if with_outcome else None)


def _judged(problem: Problem, by: list[str]) -> tuple[pl.DataFrame, tuple[int, int, int]]:
    """The table with what may be shown, and (numbers, hidden, hidden for their own sake)."""
    pattern = suppress(problem)
    if not audit(problem, pattern).passed:
        raise ReleaseRefused("The table could not be protected.", "Count by fewer columns.")
    printed = [(m, shown) for m, shown in zip(problem.measures, pattern.shown, strict=True) if m.printed]
    hidden = [m for m, shown in printed if not shown]
    out = pl.DataFrame(_lines(printed, by, problem.has_outcome), infer_schema_length=None)
    order = [pl.when(pl.col(c) == EVERYONE).then(pl.lit("")).otherwise(pl.col(c)) for c in by]
    return out.sort(order), (len(printed), len(hidden), sum(m.primary for m in hidden))


def _lines(printed: list[tuple[Measure, bool]], by: list[str], with_outcome: bool) -> list[dict[str, Any]]:
    cells: dict[tuple[str, ...], dict[str, int | None]] = {}
    for measure, shown in printed:
        column = "n" if measure.part == "alle" else "k"
        cells.setdefault(measure.codes, {})[column] = measure.value if shown else None
    return [_line(codes, cell, by, with_outcome) for codes, cell in cells.items()]


def _line(codes: tuple[str, ...], cell: dict[str, int | None], by: list[str], with_outcome: bool) -> dict[str, Any]:
    line: dict[str, Any] = {name: EVERYONE if code == TOTAL else code for name, code in zip(by, codes, strict=True)}
    n, k = cell["n"], cell.get("k")
    line["n"] = n
    if with_outcome:
        line |= {"k": k, "andel": _share(n, k)}
    line["status"] = HIDDEN if None in cell.values() else ZERO if n == 0 else ""
    return line


def _share(n: int | None, k: int | None) -> float | None:
    """Whole percent under a hundred: more digits of a rate would tell the count behind it."""
    if not n or k is None:
        return None
    return round(k / n, 2 if n < _ONE_DECIMAL_FROM else 3)


def _say(out: pl.DataFrame, counts: tuple[int, int, int], threshold: int, left_out: int) -> None:
    numbers, hidden, small = counts
    if left_out:
        print(f"Utelatt: {left_out if left_out >= threshold else f'færre enn {threshold}'} deltakelser med ukjent utfall.")
    if not hidden:
        print(f"Ingen av {numbers} tall er skjult (terskel {threshold}).")
        return
    print(
        f"Skjult: {hidden} av {numbers} tall. {small} fordi de er for små til å vises (terskel {threshold}), "
        f"{hidden - small} for at de ikke skal kunne regnes ut."
    )
