"""Tables of all kinds of values, and every way in which a sender may write them down."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import xlsxwriter
from hypothesis import strategies as st

from pipeline.intake.reading.sheet import RAW_BLANKS
from pipeline.rules import is_id, patterns
from pipeline.tables import DELIVERY_TABLES, Column
from tests.intake.intake_case import make_fnr

PEOPLE = tuple(make_fnr(10 * i, day=1 + i) for i in range(20))
COUNTRIES = ("SOM", "ERI", "SYR", "NOR", "XXA")
_BREAK = re.compile("\r\n|\r|\n")
_DAMAGED = re.compile("[ÃÂâ├ï\ufffd]")  # letters that mojibake is made of have a rule of their own
_LETTERS = st.sampled_from("\n;,\t\"'æøåÆØÅ \u00a0") | st.characters(codec="cp1252", exclude_categories=("Cc", "Cs", "Cn"))
_TEXT = st.text(_LETTERS, min_size=1, max_size=15).map(lambda t: t.strip(RAW_BLANKS))

Value = str | int | float | date | None


@dataclass(frozen=True)
class Written:
    """A table as its sender means it.

    Attributes:
        table: the delivery table.
        columns: its columns in the order in which they are written.
        rows: one value per column.
    """

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def meant(self, name: str) -> list[Value]:
        """The values of one column; empty text is no value."""
        at = self.columns.index(name)
        return [None if row[at] == "" else row[at] for row in self.rows]


@dataclass(frozen=True)
class Dialect:
    """How a table is written as text: every combination is allowed."""

    delimiter: str
    encoding: str
    newline: str
    quotes: str
    day: str
    decimal: str
    thousands: str
    top: int


def tables() -> st.SearchStrategy[Written]:
    """Any delivery table with its required columns, some of the others, and values of every kind."""
    return st.sampled_from(sorted(DELIVERY_TABLES)).flatmap(_table)


def dialects() -> st.SearchStrategy[Dialect]:
    """Any way to write a table as text."""
    return st.builds(
        Dialect,
        delimiter=st.sampled_from([";", ",", "\t"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        newline=st.sampled_from(["\n", "\r\n", "\r"]),
        quotes=st.sampled_from(["needed", "text", "all"]),
        day=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d 00:00:00"]),
        decimal=st.sampled_from([",", "."]),
        thousands=st.sampled_from(["", " ", "\u00a0"]),
        top=st.integers(0, 12),
    )


def as_csv(written: Written, dialect: Dialect) -> tuple[bytes, list[int]]:
    """The file, and the line on which each row starts."""
    lines = ["Utskrift"] * dialect.top + [dialect.delimiter.join(_quoted(name, dialect) for name in written.columns)]
    starts = []
    for row in written.rows:
        starts.append(1 + sum(1 + len(_BREAK.findall(line)) for line in lines))
        cells = [_as_text(value, dialect) for value in row]
        lines.append(dialect.delimiter.join(_quoted(cell, dialect) for cell in cells))
    return dialect.newline.join([*lines, ""]).encode(dialect.encoding), starts


def as_workbook(written: Written, *, top: int, left: int, gap: int, dates_as_text: bool) -> tuple[bytes, list[int]]:
    """A workbook with typed cells, its table some rows down and some columns in, with blank rows between the rows."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet(written.table)
    for place, name in enumerate(written.columns, start=left):
        sheet.write_string(top, place, name)
    starts = [top + 2 + number * (1 + gap) for number in range(len(written.rows))]
    for start, row in zip(starts, written.rows, strict=True):
        for place, value in enumerate(row, start=left):
            if isinstance(value, date) and not dates_as_text:
                sheet.write_datetime(start - 1, place, datetime(value.year, value.month, value.day), day)
            elif isinstance(value, (int, float)):
                sheet.write_number(start - 1, place, value)
            elif value:
                sheet.write_string(start - 1, place, str(value))
    book.close()
    return buffer.getvalue(), starts


def as_parquet(written: Written) -> tuple[bytes, list[int]]:
    """A Parquet file with typed columns; rows count from 1."""
    types = DELIVERY_TABLES[written.table].schema
    frame = pl.DataFrame({n: written.meant(n) for n in written.columns}, schema={n: types[n] for n in written.columns})
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue(), list(range(1, len(written.rows) + 1))


def fits(written: Written, dialect: Dialect) -> bool:
    """Whether the encoding has the letters and its bytes are not, by chance, those of another encoding."""
    try:
        data, _ = as_csv(written, dialect)
    except UnicodeEncodeError:
        return False
    if dialect.encoding != "cp1252" or data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _table(name: str) -> st.SearchStrategy[Written]:
    described = DELIVERY_TABLES[name]
    needed = [c.name for c in described.columns if c.required or c.key] or ["avsender"]
    others = [c.name for c in described.columns if c.name not in needed]
    chosen = st.tuples(st.integers(0, len(others)), st.permutations(others)).flatmap(
        lambda drawn: st.permutations([*needed, *drawn[1][: drawn[0]]])
    )

    def rows(columns: list[str]) -> st.SearchStrategy[Written]:
        row = st.tuples(*(_value(described[c], needed=c in needed) for c in columns))
        return st.lists(row, min_size=1, max_size=5).map(lambda r: Written(name, tuple(columns), tuple(r)))

    # a table of one column has no delimiter to be told by; two are the least that a header is known by
    return chosen.filter(lambda columns: len(columns) > 1).flatmap(rows)


def _value(column: Column, *, needed: bool) -> st.SearchStrategy[Value]:
    value = _filled(column)
    return value if needed else st.none() | value


def _filled(column: Column) -> st.SearchStrategy[Any]:
    if column.name == "fnr":
        return st.sampled_from(PEOPLE)
    if column.name == "landbakgrunn":
        return st.sampled_from(COUNTRIES)
    if column.codes:
        return st.sampled_from(column.codes)
    if column.kind == "date":
        return st.dates(date(1905, 1, 1), date(2100, 1, 1))
    if column.kind == "int":
        return st.integers(-(10**6), 10**6)
    if column.kind == "float":
        return st.integers(-(10**9), 10**9).map(lambda hundredths: hundredths / 100)
    if is_id(column):
        return st.from_regex(r"[0-9A-ZÆØÅa-zæøå._/-]{1,20}", fullmatch=True).filter(_no_number)
    if column.name in patterns():
        digits = {"komm_nr": 4, "bydel_nr": 6, "trekker_tilbake": 12}.get(column.name, 9)
        return st.integers(0, 10**digits - 1).map(lambda n: str(n).zfill(digits))
    return _TEXT.filter(lambda t: bool(t) and not _DAMAGED.search(t) and not t.lower().startswith(("sum", "total", "i alt", "#")))


def _no_number(text: str) -> bool:
    """Whether a spreadsheet would leave the id alone: none of its total's words, nor a number with an exponent."""
    return not re.fullmatch(r"\d+([.,]\d+)?[eE]\+?\d+", text) and not text.lower().startswith(("sum", "total", "ialt"))


def _quoted(cell: str, dialect: Dialect) -> str:
    plain = not re.search(f'["\r\n{dialect.delimiter}]', cell)
    if plain and (dialect.quotes == "needed" or (dialect.quotes == "text" and re.fullmatch(r"[\d,. \u00a0-]*", cell))):
        return cell
    return '"' + cell.replace('"', '""') + '"'


def _as_text(value: Value, dialect: Dialect) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime(dialect.day)
    if isinstance(value, int):
        return f"{value:,}".replace(",", dialect.thousands)
    if isinstance(value, float):
        # three digits after a dot would be unclear, so the decimals are two
        return f"{value:,.2f}".replace(",", " ").replace(".", dialect.decimal).replace(" ", dialect.thousands)
    return value
