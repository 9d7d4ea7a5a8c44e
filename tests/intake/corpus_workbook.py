"""Workbooks as people make them: titles, totals, hidden rows, formulas, cells of every type."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

from tests.intake.corpus_archive import BOMB
from tests.intake.corpus_case import (
    Case,
    Change,
    accepted,
    cell,
    changed_tables,
    column,
    counted,
    one_held_back,
    person,
    quarantined,
    rejected,
    remarked,
    rewritten,
)
from tests.intake.corpus_text import DATES, NUMBERS
from tests.intake.intake_case import make_fnr, xlsx_of

SHAPE = "title rows, header not in row 1, several sheets, totals row, hidden rows, formula cells"
FORMULAS = "formula cells with and without a stored value; #REF!"
XLSX = {"file_name": "levering.xlsx"}
Spoil = Callable[[Any, dict[str, Any]], None]


def workbook(*changes: Change, spoil: Spoil | None = None, top: int = 0) -> Callable[[], bytes]:
    """The valid delivery as a workbook after some changes to its rows and its sheets."""
    return lambda: xlsx_of(changed_tables(*changes), spoil, top)


def long_id(written: str) -> Callable[[], bytes]:
    """A workbook in which a spell's id stands as that number, as other programs than spreadsheets write them."""

    def build() -> bytes:
        spelled = xlsx_of(changed_tables(cell("tiltak", "tiltak_id", 12345678901234567890)))
        sheets = [f"xl/worksheets/sheet{n}.xml" for n in range(1, 6)]
        swap = {s: lambda xml: re.sub(rb"<v>1\.23456789\d+E\+19</v>", f"<v>{written}</v>".encode(), xml) for s in sheets}
        made = rewritten(spelled, swap)
        assert made != spelled
        return made

    return build


def write(sheet: str, row: int, place: int, value: Any) -> Spoil:
    """Write one cell (rows and places from 0)."""

    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheets[sheet].write(row, place, value)

    return spoil


def formula(sheet: str, row: int, place: int, value: Any) -> Spoil:
    """Write one formula with its stored value."""

    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheets[sheet].write_formula(row, place, "=40+5", None, value)

    return spoil


def hide(book: Any, sheets: dict[str, Any]) -> None:
    """Hide a row of deltaker."""
    sheets["deltaker"].set_row(2, None, None, {"hidden": True})


def hide_sheet(book: Any, sheets: dict[str, Any]) -> None:
    """Hide a whole sheet."""
    sheets["tiltak"].hide()


def title(book: Any, sheets: dict[str, Any]) -> None:
    """A merged title above a sheet."""
    sheets["deltaker"].merge_range(0, 0, 0, 5, "Leveranse for 2023")


def another_sheet(name: str) -> Spoil:
    """One more sheet with something in it."""

    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        book.add_worksheet(name).write(0, 0, "Husk å levere")

    return spoil


def shifted() -> bytes:
    """A workbook whose table starts in the fourth column of its sheet."""

    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheet = book.add_worksheet("prosjekt")
        for place, (name, value) in enumerate(changed_tables()["prosjekt"][0].items(), start=3):
            sheet.write(4, place, name)
            sheet.write(5, place, value.isoformat() if isinstance(value, date) else value)

    return xlsx_of({}, spoil)


def in_1904() -> bytes:
    """A workbook that counts its days from 1904, as old Macs did."""
    from datetime import datetime

    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "date_1904": True})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet("prosjekt")
    for place, (name, value) in enumerate(changed_tables()["prosjekt"][0].items()):
        sheet.write(0, place, name)
        if isinstance(value, date):
            sheet.write_datetime(1, place, datetime(value.year, value.month, value.day), day)
        else:
            sheet.write(1, place, value)
    book.close()
    return buffer.getvalue()


def with_blank_rows(book: Any, sheets: dict[str, Any]) -> None:
    """Formatted but empty rows far below."""
    for row in range(10, 3000):
        sheets["deltaker"].write_blank(row, 0, None, book.add_format({"bold": True}) if row == 10 else None)


def without_places(data: bytes) -> bytes:
    """A workbook whose rows and cells do not say where they are, as some programs write them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    return rewritten(data, dict.fromkeys(sheets, lambda xml: re.sub(rb'<(row|c) r="\w+"', rb"<\1", xml)))


def written_otherwise(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook in whose parts of that name the XML is written in another way that means the same."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [name for name in archive.namelist() if name.startswith(part)]
    return rewritten(data, dict.fromkeys(parts, lambda xml: xml.replace(old, new)))


SHAPES = (
    accepted(SHAPE, "workbook", workbook(), **XLSX),
    accepted(SHAPE, "title above every header", workbook(spoil=title, top=2), "JS033", **XLSX),
    accepted(SHAPE, "header in row 20", workbook(top=19), "JS033", **XLSX),
    rejected(SHAPE, "header in row 21", workbook(top=20), "JS026", **XLSX),
    accepted(SHAPE, "table that starts in the fourth column", shifted, "JS033", tables={"prosjekt": (1, 1, 0, 0, 0)}, **XLSX),
    accepted(SHAPE, "sheet of one's own", workbook(spoil=another_sheet("Veiledning")), "JS032", **XLSX),
    rejected(SHAPE, "two sheets of one table", workbook(spoil=another_sheet("Deltakere 2")), "JS027",
             tables=counted(**{t: (n[0], 0, n[0], 0, 0) for t, n in counted().items()}), **XLSX),
    accepted(SHAPE, "totals row", workbook(spoil=write("oppfolging", 4, 0, "Sum")), "JS036", **XLSX),
    remarked(SHAPE, "hidden row", workbook(spoil=hide), "JS034", **XLSX),
    accepted(SHAPE, "formatted blank rows", workbook(spoil=with_blank_rows), **XLSX),
    quarantined(BOMB, "a million blank rows in a sheet", workbook(spoil=write("deltaker", 999_999, 0, " ")), "JS011", **XLSX),
    quarantined(BOMB, "a sheet of thousands of columns", workbook(spoil=write("deltaker", 1, 9_000, "x")), "JS011", **XLSX),
)  # fmt: skip

FORMULA_CELLS = (
    remarked(FORMULAS, "formula with its stored value", workbook(spoil=formula("oppfolging", 1, 5, 45)), "JS035", **XLSX),
    remarked(FORMULAS, "formula that was never computed", workbook(spoil=formula("oppfolging", 1, 5, "")), "JS116",
             tables=one_held_back("oppfolging"), **XLSX),
    remarked(FORMULAS, "formula that fails", workbook(spoil=formula("oppfolging", 1, 5, "#REF!")), "JS035", "JS110",
             tables=one_held_back("oppfolging"), **XLSX),
    remarked(FORMULAS, "formula that looks up nothing", workbook(spoil=formula("oppfolging", 1, 5, "#N/A")), "JS035", "JS110",
             tables=one_held_back("oppfolging"), **XLSX),
    accepted(SHAPE, "cells that do not say their place", lambda: without_places(workbook()()), **XLSX),
    remarked(SHAPE, "hidden row that does not say its place", lambda: without_places(workbook(spoil=hide)()), "JS034", **XLSX),
    remarked(FORMULAS, "formula that fails, in a cell that does not say its place",
             lambda: without_places(workbook(spoil=formula("oppfolging", 1, 5, "#REF!"))()), "JS035", "JS110",
             tables=one_held_back("oppfolging"), **XLSX),
    remarked(FORMULAS, "formula that was never computed, in a cell that does not say its place",
             lambda: without_places(workbook(spoil=formula("oppfolging", 1, 5, ""))()), "JS116",
             tables=one_held_back("oppfolging"), **XLSX),
    *(
        remarked(FORMULAS, f"formula that fails, {name}",
                 lambda how=how: written_otherwise(workbook(spoil=formula("oppfolging", 1, 5, "#REF!"))(), *how), "JS035", "JS110",
                 tables=one_held_back("oppfolging"), **XLSX)
        for name, how in (
            ("in attributes with single quotes", ("xl/worksheets/sheet", b't="e"', b"t='e'")),
            ("in attributes with blanks", ("xl/worksheets/sheet", b't="e"', b't = "e"')),
            ("in a sheet whose part is named in capitals", ("xl/_rels/workbook", b"worksheets/sheet", b"worksheets/SHEET")),
        )
    ),
    quarantined(FORMULAS, "sheet whose part is missing",
                lambda: written_otherwise(workbook()(), "xl/_rels/workbook", b"worksheets/sheet2", b"worksheets/sheet9"), "JS009",
                **XLSX),
    accepted(FORMULAS, "text that looks like a formula",
             workbook(cell("prosjekt", "navn", " =1+1")), **XLSX),
)  # fmt: skip

TYPES = (
    accepted(DATES, "dates of the spreadsheet", workbook(), **XLSX),
    accepted(DATES, "dates counted from 1904", in_1904, tables={"prosjekt": (1, 1, 0, 0, 0)}, **XLSX),
    accepted(DATES, "dates as text in a workbook", workbook(column("tiltak", "start_dato", lambda d: d.strftime("%d.%m.%Y"))), **XLSX),
    remarked(DATES, "day number without a date's format", workbook(cell("tiltak", "start_dato", 44986)), "JS104",
             tables=one_held_back("tiltak"), **XLSX),
    accepted(NUMBERS, "codes as numbers in a workbook", workbook(cell("prosjekt", "komm_nr", 4601)), **XLSX),
    accepted(NUMBERS, "identity number as a number", workbook(person(make_fnr(100, day=18))), **XLSX),
    remarked(NUMBERS, "identity number that lost its zero", workbook(column("deltaker", "fnr", int), column("tiltak", "fnr", int),
             column("oppfolging", "fnr", int), column("kartlegging", "fnr", int)), "JS121",
             tables=counted(**{t: (3, 0, 3, 0, 0) for t in ("deltaker", "tiltak", "oppfolging", "kartlegging")}), **XLSX),
    remarked(NUMBERS, "id of more digits than a number keeps", workbook(cell("tiltak", "tiltak_id", 12345678901234567890)), "JS109",
             tables=one_held_back("tiltak"), **XLSX),
    *(remarked(NUMBERS, f"id of more digits than a number keeps, as {written}", long_id(written), "JS109",
               tables=one_held_back("tiltak"), **XLSX) for written in ("1.234567890123457e+16", "1E16", "1.5e+20")),
    remarked(NUMBERS, "yes as the spreadsheet's true", workbook(cell("tiltak", "fadder", True)), "JS102",
             tables=one_held_back("tiltak"), **XLSX),
)  # fmt: skip

WORKBOOK_CASES: tuple[Case, ...] = (*SHAPES, *FORMULA_CELLS, *TYPES)
