"""What the templates show: tables, charts and panels as plain values, and the CSV and JSON forms of them.

Belongs here: shapes that every page shares. Must not be here: what a single page says.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

Row = Mapping[str, Any]
_ALWAYS_IN_CSV = (
    "ki_nedre",
    "ki_ovre",
    "enhet",
    "grad",
    "utfall",
    "horisont_uker",
    "variant",
    "periode",
    "protokoll_hash",
    "status",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Field:
    """One column of a shown table: the frame's column, the reader's heading, how a row is written."""

    name: str
    heading: str
    show: Callable[[Row], str]
    numeric: bool = True


@dataclass(frozen=True)
class DataTable:
    """A table as shown and as downloaded; ``ident`` names the CSV file under ``data/``."""

    ident: str
    caption: str
    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    raw: pl.DataFrame

    @property
    def csv_name(self) -> str:
        return f"data/{self.ident}.csv"


@dataclass(frozen=True)
class Chart:
    """A figure, the sentence that stands for it, and the same numbers as a table."""

    ident: str
    title: str
    description: str
    figure: Mapping[str, Any]
    table: DataTable
    open_table: bool = False

    @property
    def height(self) -> int:
        return int(self.figure["layout"]["height"])

    @property
    def json(self) -> str:
        return script_json(self.figure)


@dataclass(frozen=True)
class Panel:
    """One of several charts of which the reader picks one; ``ident`` is its deep link."""

    ident: str
    label: str
    chart: Chart


def shown_table(
    ident: str, caption: str, frame: pl.DataFrame, fields: Sequence[Field], raw: pl.DataFrame | None = None
) -> DataTable:
    """``frame`` as a table: one shown row per row, in the frame's order; the CSV holds the same columns unformatted, or ``raw``."""
    return DataTable(
        ident,
        caption,
        tuple((f.heading, f.numeric) for f in fields),
        tuple(tuple(f.show(row) for f in fields) for row in frame.iter_rows(named=True)),
        frame.select(c for c in frame.columns if c in {*_ALWAYS_IN_CSV, *(f.name for f in fields)}) if raw is None else raw,
    )


def slug(code: str) -> str:
    """A code of the data as an id and a file name: letters, digits, ``_`` and ``-`` alone."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", code).strip("-") or "x"


def sentence_case(text: str) -> str:
    """The first letter as a capital, the rest as it stands."""
    return text[:1].upper() + text[1:]


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """CSV as Norwegian spreadsheets open it: UTF-8 with BOM, semicolon, decimal comma, null as empty.

    Text that a spreadsheet would run as a formula gets an apostrophe in front; lone statistical signs stay.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(v) for v in row] for row in frame.iter_rows())
    return buffer.getvalue().encode("utf-8-sig")


def script_json(value: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return (
        text.replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nei"
    if isinstance(value, float):
        return format(round(value, 6), "g" if abs(value) < 1e6 else ".2f").replace(".", ",")
    text = str(value)
    return "'" + text if len(text) > 1 and text.startswith(_FORMULA_STARTS) else text
