"""The marked workbook: the same addresses as in the file, marked by text and comment, no formula, no value beside the receipt."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.intake import checked_file
from pipeline.intake.receipts.marked import marked_workbook
from tests.intake.intake_case import Inbox, Tables, csv_bytes, make_fnr, reference_validate, valid_tables, xlsx_of, zip_of


def spoiled() -> Tables:
    tables = valid_tables()
    tables["deltaker"][1] |= {"kjonn": "=HYPERLINK(1)", "slutt_dato": "31.02.2024"}
    tables["deltaker"][2]["norsk_start"] = "@SUM"
    return tables


def beside_receipt(inbox: Inbox) -> Any:
    (path,) = inbox.settings.home.receipts.rglob("*.xlsx")
    return openpyxl.load_workbook(path)


def with_values(inbox: Inbox, data: bytes, name: str = "a.xlsx") -> Any:
    path = inbox.root / name
    path.write_bytes(data)
    checked = checked_file(path, "4601", inbox.settings, reference_validate)
    return openpyxl.load_workbook(io.BytesIO(marked_workbook(checked.receipt, checked.delivery, with_values=True)))


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def column(sheet: Any, row: int, name: str) -> int:
    return next(c.column for c in sheet[row] if c.value == name)


@pytest.mark.parametrize("top", [0, 3])
def test_cells_are_marked_at_the_addresses_of_the_file(top: int, inbox: Inbox) -> None:
    data = xlsx_of(spoiled(), top=top)
    inbox.deliver(data, "a.xlsx")
    book, source = beside_receipt(inbox), openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames[0] == "Kvittering"
    sheet, theirs = book["deltaker"], source["deltaker"]
    kjonn = column(theirs, top + 1, "kjonn")
    assert sheet.cell(top + 1, kjonn).value == "kjonn"
    cell = sheet.cell(top + 3, kjonn)
    assert (cell.value, theirs.cell(top + 3, kjonn).value) == ("JS102", "=HYPERLINK(1)")
    assert "JS102: Verdien finnes ikke i kodelisten. Slik retter du:" in cell.comment.text
    assert cell.fill.fgColor.rgb == "FFF8D7D5"
    status = column(sheet, top + 1, "Status")
    assert sheet.cell(top + 3, status).value == "Holdt tilbake"
    assert sheet.cell(top + 3, status + 1).value == "JS102 kjonn, JS106 slutt_dato, JS035, JS235 avslutning"
    assert sheet.cell(top + 2, status).value is None


def test_beside_the_receipt_no_value_stands(inbox: Inbox) -> None:
    tables = spoiled()
    inbox.deliver(xlsx_of(tables), "a.xlsx")
    delivered = {str(v) for rows in tables.values() for row in rows for v in row.values()} - {"a1", "2", "45"}
    book = beside_receipt(inbox)
    shown = {str(c.value) for sheet in book.worksheets[1:] for row in sheet.iter_rows() for c in row if c.value is not None}
    assert shown & delivered == set()
    assert "Arbeidsboken holder ingen av verdiene" in " ".join(str(r[0].value) for r in book["Kvittering"].iter_rows())


def test_nothing_is_a_formula_and_the_own_copy_has_the_values(inbox: Inbox) -> None:
    tables = spoiled()
    book = with_values(inbox, xlsx_of(tables))
    sheet = book["deltaker"]
    assert all(c.data_type != "f" for s in book.worksheets for row in s.iter_rows() for c in row)
    assert all(c.hyperlink is None for s in book.worksheets for row in s.iter_rows() for c in row)
    row = {c.value: sheet.cell(3, c.column) for c in sheet[1] if c.value}
    assert row["fnr"].value == tables["deltaker"][1]["fnr"]
    assert row["fodselsdato"].value == datetime(1990, 1, 1)
    assert row["timer_per_uke"].value == 37.5
    assert row["slutt_dato"].value == "31.02.2024"
    assert row["slutt_dato"].comment.text.startswith("JS106")
    assert row["Status"].value == "Holdt tilbake"
    assert sheet.cell(2, row["Status"].column).value == "Tatt inn"


@pytest.mark.parametrize(
    "value", ["=1+1", '=HYPERLINK("x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "http://example.invalid/", "mailto:a@b"]
)
def test_every_dangerous_beginning_stays_text(value: str, inbox: Inbox) -> None:
    tables = valid_tables()
    tables["prosjekt"][0]["navn"] = value
    tables["deltaker"][0]["kjonn"] = "x"
    sheet = with_values(inbox, zip_of(tables), "a.zip")["prosjekt"]
    cell = sheet.cell(2, column(sheet, 1, "navn"))
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", value.strip(), None)


def test_unknown_columns_are_marked_where_they_stand(inbox: Inbox) -> None:
    tables = spoiled()
    tables["deltaker"] = [{"egen": 1} | row for row in tables["deltaker"]]
    inbox.deliver(xlsx_of(tables), "a.xlsx")
    sheet = beside_receipt(inbox)["deltaker"]
    assert sheet["A1"].value == "JS031"
    assert sheet["B1"].value == "prosjekt_id"


def test_same_delivery_same_bytes(inbox: Inbox, tmp_path: Path) -> None:
    data = xlsx_of(spoiled())
    inbox.deliver(data, "a.xlsx")
    other = Inbox(tmp_path / "other", replace(inbox.settings, home=type(inbox.settings.home)(tmp_path / "other" / "home")))
    other.deliver(data, "a.xlsx")
    (one,), (two,) = (list(i.settings.home.receipts.rglob("*.xlsx")) for i in (inbox, other))
    assert {n: b for n, b in parts(one).items() if parts(two)[n] != b} == {}
    assert one.read_bytes() == two.read_bytes()


def test_none_without_findings_and_none_for_what_was_not_opened(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    inbox.deliver(zip_of(spoiled())[:-30], "b.zip")
    assert inbox.receipts()[-1]["state"] == "quarantined"
    assert list(inbox.settings.home.receipts.rglob("*.xlsx")) == []


def test_a_stopped_file_shows_where_it_stopped(inbox: Inbox) -> None:
    tables = valid_tables()
    inbox.deliver(csv_bytes(tables["deltaker"]) + b"a;b\n", "deltaker.csv")
    assert inbox.receipts()[-1]["state"] == "rejected"
    assert beside_receipt(inbox).sheetnames == ["Kvittering"]


def test_a_row_of_a_person_keeps_its_number_as_text(inbox: Inbox) -> None:
    tables = valid_tables()
    tables["deltaker"][0] |= {"fnr": make_fnr(500, day=2), "kjonn": "x"}
    sheet = with_values(inbox, zip_of(tables), "a.zip")["deltaker"]
    cell = sheet.cell(2, column(sheet, 1, "fnr"))
    assert (cell.value, cell.data_type) == (tables["deltaker"][0]["fnr"], "s")


def test_a_table_that_does_not_begin_in_column_a_keeps_its_addresses(inbox: Inbox) -> None:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    tables = valid_tables()
    tables["deltaker"][1]["kjonn"] = "x"
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for place, title in enumerate(dict.fromkeys(k for row in rows for k in row), start=3):
            sheet.cell(2, place, title)
            for at, row in enumerate(rows, start=3):
                sheet.cell(at, place, row.get(title))
    book.remove(book["Sheet"])
    book.save(buffer)
    inbox.deliver(buffer.getvalue(), "a.xlsx")
    marked, theirs = beside_receipt(inbox)["deltaker"], book["deltaker"]
    assert [c.value for c in marked[2]][2:11] == [c.value for c in theirs[2]][2:11]
    assert marked.cell(4, column(theirs, 2, "kjonn")).value == "JS102"
