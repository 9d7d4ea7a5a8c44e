"""The sender's workbook written anew with the cells marked that a rule found something in, at the addresses of the file delivered.

The one that lies beside the receipt holds no value: receipts leave the identified zone. On the sender's own machine ``check --marked``
writes the same with the values in it (decision 044). Nothing is ever written as a formula or a link.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.receipts.told import Told, in_order, told
from pipeline.intake.receipts.wording import Words
from pipeline.rules import SEVERITIES, rule
from pipeline.tables import DELIVERY_TABLES

MOST_CELLS = 5_000  # marked cells of one workbook: what a person mends one by one, and what a spreadsheet opens quickly
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FILLS = {"fatal": "#F8D7D5", "error": "#F8D7D5", "remark": "#FFF1CC", "info": "#E5ECF3"}
_UNNAMED = "kolonne "  # how a finding names a column by its place, first = 1
_FIRST_DAY = date(1900, 3, 1)  # a spreadsheet's days before this one are off by one
_LONGEST_TEXT = 32_767
_COMMENT = {"x_scale": 2.5, "y_scale": 1.5, "font_size": 9, "author": ""}


@dataclass(frozen=True)
class _Sheet:
    """One table of the file as it was read.

    Attributes:
        table: delivery table.
        header_row: row of the names in the file, first = 1; 0 where the file has names but no row of them (Parquet).
        places: column to its place in the file, first = 0.
        left: the first place that holds anything.
        width: first free place to the right of everything in the file.
        fates: row number to what became of the row.
        marks: row number to (column, code) of each finding about the row.
        rows: the rows as read (``row_no`` and text columns); what stands in the workbook when values may.
        typed: the same rows with dates and numbers as such.
    """

    table: str
    header_row: int
    places: Mapping[str, int]
    left: int
    width: int
    fates: Mapping[int, str]
    marks: Mapping[int, tuple[tuple[str, str], ...]]
    rows: pl.DataFrame
    typed: pl.DataFrame | None


@dataclass
class _Formats:
    """The few formats of a workbook, each made once."""

    book: Workbook
    made: dict[tuple[Any, ...], Format] = field(default_factory=dict)

    def __call__(self, **wanted: Any) -> Format:
        key = tuple(sorted(wanted.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({"valign": "top", **wanted})
        return self.made[key]


def worth_marking(receipt: Mapping[str, Any]) -> bool:
    """Whether a workbook tells more than the page: something was read, and at least a remark is about rows of it."""
    gravest = SEVERITIES.index("remark")
    told_rows = any(f["rows"] and SEVERITIES.index(f["severity"]) >= gravest for f in receipt["findings"])
    return receipt["state"] != "quarantined" and told_rows


def marked_workbook(receipt: Mapping[str, Any], delivery: Delivery, *, with_values: bool, language: str = "nb") -> bytes:
    """The workbook: decision and findings on the first sheet, then a sheet per table. Same input, same bytes.

    Args:
        receipt: ``receipts.receipt_dict``.
        delivery: what was read and judged.
        with_values: whether the cells hold what was delivered; only on the sender's own machine.
        language: one of ``rules.said.LANGUAGES``.
    """
    said, listed = (
        told(receipt, language),
        [_sheet(delivery, name, rows) for name, rows in in_order(delivery.reading.tables).items()],
    )
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _OPTIONS)
    book.set_properties({"created": datetime.fromisoformat(receipt["mottatt"]).replace(tzinfo=None), "title": said.headline})
    formats = _Formats(book)
    cut = sum(len(marks) for s in listed for marks in s.marks.values()) > MOST_CELLS
    _write_summary(book.add_worksheet(said.words("sheet_summary")), said, formats, with_values=with_values, cut=cut)
    left = MOST_CELLS
    for sheet in listed:
        left -= _write_sheet(book.add_worksheet(sheet.table), sheet, said.words, formats, with_values=with_values, left=left)
    book.close()
    return buffer.getvalue()


def _sheet(d: Delivery, table: str, rows: pl.DataFrame) -> _Sheet:
    fates = d.fates.get(table)
    kept = dict(fates.select("row_no", "_fate").rows()) if fates is not None else dict.fromkeys(rows["row_no"], "quarantined")
    marks: dict[int, list[tuple[str, str]]] = {}
    for number, column, code in d.found.filter(pl.col("table") == table).select("row_no", "column", "code").rows():
        marks.setdefault(number, []).append((column, code))
    for finding in d.reading.findings:
        for number in finding.rows if finding.table == table else ():
            marks.setdefault(number, []).append((finding.column or "", finding.code))
    header = d.reading.facts.get("header_row", {}).get(table, 0)
    if header in marks:  # of what is said about the row of names only the columns nobody knows have a place
        marks[header] = [m for m in marks[header] if m[0].startswith(_UNNAMED)]
    left = d.reading.facts.get("left", {}).get(table, 0)
    read = d.reading.facts.get("places", {}).get(table) or {name: i for i, name in enumerate(rows.columns[1:])}
    places = {name: left + place for name, place in read.items()}
    width = max(left + d.reading.facts.get("width", {}).get(table, 0), *(p + 1 for p in places.values()), 1)
    return _Sheet(
        table,
        header,
        places,
        left,
        width,
        kept,
        {n: tuple(sorted(m, key=_gravest_first)) for n, m in sorted(marks.items())},
        rows,
        fates,
    )


def _write_summary(page: Worksheet, said: Told, formats: _Formats, *, with_values: bool, cut: bool) -> None:
    w, wrapped, bold = said.words, formats(text_wrap=True), formats(bold=True, text_wrap=True)
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 60)
    page.set_column(2, 6, 16)
    page.write_string(0, 0, said.headline, formats(bold=True, font_size=14))
    lines = [said.synthetic, said.explanation, said.summary, w("sheet_reading")]
    lines += [w("sheet_with_values" if with_values else "sheet_without_values"), w("sheet_cut", n=MOST_CELLS) if cut else ""]
    at = 1
    for line in filter(None, lines):
        page.merge_range(at, 0, at, 6, "", wrapped)
        page.write_string(at, 0, line, wrapped)
        page.set_row(at, 15 * (1 + len(line) // 110))
        at += 1
    at += 1
    for name, value in said.facts:
        page.write_string(at, 0, name, bold)
        page.write_string(at, 1, value, wrapped)
        at += 1
    for row in (said.rows.columns, *said.rows.rows) if said.rows else ():
        at += row is said.rows.columns if said.rows else 0
        for place, cell in enumerate(row):
            number = place > 0 and cell.isdigit()
            (page.write_number(at, place, int(cell), wrapped) if number else page.write_string(at, place, cell, bold))
        at += 1
    at += 1
    for group in said.groups:
        fill = formats(bold=True, text_wrap=True, bg_color=_FILLS[group.severity])
        page.write_string(at, 0, f"{group.severity_name} {group.code}", fill)
        page.write_string(at, 1, group.message, fill)
        for label, text in (("", group.why), (w("finding_fix"), group.fix), ("", "\n".join(group.places))):
            at += 1
            page.write_string(at, 0, label, bold)
            page.write_string(at, 1, text, wrapped)
        at += 2


def _write_sheet(page: Worksheet, sheet: _Sheet, w: Words, formats: _Formats, *, with_values: bool, left: int) -> int:
    """Write one table's sheet; returns how many cells were marked, at most ``left``."""
    shift = 0 if sheet.header_row else 1  # Parquet numbers its rows from 1 without a row of names
    head, bold = sheet.header_row + shift - 1, formats(bold=True, bottom=1)
    status, codes = sheet.width, sheet.width + 1
    for column, place in sheet.places.items():
        page.write_string(head, place, column, bold)
    page.write_string(head, status, w("sheet_status"), bold)
    page.write_string(head, codes, w("sheet_codes"), bold)
    page.set_column(0, sheet.width - 1, 14)
    page.set_column(status, codes, 24)
    page.freeze_panes(head + 1, 0)
    values = _values(sheet) if with_values else {}
    for number, cells in values.items():
        for place, value in cells.items():
            _write_value(page, number + shift - 1, place, value, formats, {})
    numbers = sheet.fates if with_values else {n: sheet.fates[n] for n in sheet.marks if n in sheet.fates}
    for number, fate in numbers.items():
        page.write_string(number + shift - 1, status, w(f"rows_{fate}"))
    marked = 0
    for number, found in sheet.marks.items():
        by_place: dict[int, list[str]] = {}
        for column, code in found:
            by_place.setdefault(_place_of(column, sheet), []).append(code)
        if number != sheet.header_row:
            page.write_string(number + shift - 1, codes, ", ".join(f"{code} {column}".strip() for column, code in found))
        for place, broken in by_place.items():
            if marked == left:
                return marked
            at, gravest = number + shift - 1, max((rule(code).severity for code in broken), key=SEVERITIES.index)
            look = {"bg_color": _FILLS[gravest], "border": 1, "bold": True}
            page.write_comment(at, place, _comment(broken, w), _COMMENT)
            if place == status:
                page.write_string(at, place, w(f"rows_{sheet.fates[number]}") if number in sheet.fates else "", formats(**look))
            elif with_values:
                _write_value(page, at, place, values.get(number, {}).get(place), formats, look)
            else:
                page.write_string(at, place, " ".join(dict.fromkeys(broken)), formats(**look))
            marked += 1
    last = max([head + 1, *(n + shift - 1 for n in numbers)])
    page.autofilter(head, 0, last, codes)
    return marked


def _gravest_first(mark: tuple[str, str]) -> tuple[int, str, str]:
    column, code = mark
    return -SEVERITIES.index(rule(code).severity), code, column


def _place_of(column: str, sheet: _Sheet) -> int:
    """Where the column stands in the file; the status column for what is about the whole row."""
    if column.startswith(_UNNAMED):
        return sheet.left + int(column.removeprefix(_UNNAMED)) - 1
    return sheet.places.get(column, sheet.width)


def _comment(codes: Iterable[str], w: Words) -> str:
    said = [(code, rule(code).said(w.language)) for code in dict.fromkeys(codes)]
    return "\n".join(f"{code}: {s.message} {w('finding_fix')} {s.fix}" for code, s in said)


def _values(sheet: _Sheet) -> dict[int, dict[int, Any]]:
    """Row number to place to what was delivered: dates and numbers as such where they could be read, else the text as it stood."""
    exact = [c.name for c in DELIVERY_TABLES[sheet.table].columns if c.kind in ("date", "int", "float")]
    typed = dict(zip(sheet.typed["row_no"], sheet.typed.select(exact).to_dicts(), strict=True)) if sheet.typed is not None else {}
    out: dict[int, dict[int, Any]] = {}
    for row in sheet.rows.to_dicts():
        number = row["row_no"]
        read = {
            name: v for name, v in typed.get(number, {}).items() if v is not None and not (isinstance(v, date) and v < _FIRST_DAY)
        }
        out[number] = {place: read.get(name, row[name]) for name, place in sheet.places.items() if row.get(name) is not None}
    return out


def _write_value(page: Worksheet, at: int, place: int, value: Any, formats: _Formats, look: Mapping[str, Any]) -> None:
    if isinstance(value, date):
        page.write_datetime(at, place, datetime(value.year, value.month, value.day), formats(num_format="dd.mm.yyyy", **look))
    elif isinstance(value, (int, float)):
        page.write_number(at, place, value, formats(**look))
    elif value is None:
        page.write_blank(at, place, None, formats(**look))
    else:
        page.write_string(at, place, str(value)[:_LONGEST_TEXT], formats(num_format="@", **look))
