"""The template workbook: what Excel offers and stops, what the help says, and that intake takes a filled one without a word."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from jobbsjansen.checking import check_delivery
from jobbsjansen.cli import main
from jobbsjansen.template import template_bytes
from jobbsjansen.template_cells import FORMATS, _lengths
from jobbsjansen.template_guide import guide_names, header, ordered_tables, sheet_name, words
from pipeline.rules import limits, patterns
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import GUIDE_SHEETS
from pipeline.tables.meanings import code_list, code_lists, column_meaning

LANGUAGES = ("nb", "nn")
MADE = {language: template_bytes(language, None) for language in LANGUAGES}
FOR_BERGEN = template_bytes("nb", "4601")


def _open(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def _validations(sheet) -> dict[str, object]:
    """Heading to the validation of the cells under it."""
    found = {next(iter(v.sqref.ranges)).min_col: v for v in sheet.data_validations.dataValidation}
    return {str(cell.value).rstrip(" *"): found[cell.column] for cell in sheet[1] if cell.column in found}


def _fill(content: bytes, path: Path, tables: set[str], changed: dict[tuple[str, str], object] | None = None) -> Path:
    """Write the example rows into the template's own sheets as a person would, and save it with another program."""
    book = _open(content)
    for table in ordered_tables():
        if table.name not in tables:
            continue
        sheet = book[sheet_name(table, "nb")]
        row = words()["example"][table.name] | {c: v for (t, c), v in (changed or {}).items() if t == table.name}
        for cell in sheet[1]:
            value = row.get(str(cell.value).rstrip(" *"))
            if value is not None:
                sheet.cell(2, cell.column).value = value
    book.save(path)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Home(tmp_path / "home"), "demo", datetime(2026, 2, 1, 2, 30, tzinfo=OSLO))


def _findings(path: Path, settings: Settings) -> tuple[str, list[tuple[str, str | None]]]:
    receipt, _ = check_delivery(path, "4601", settings)
    return str(receipt["state"]), [(f["code"], f["table"]) for f in receipt["findings"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_per_table_with_the_optional_last_and_headings_only(language: str) -> None:
    book = _open(MADE[language])
    guide, example, lists = guide_names(language)
    tables = ordered_tables()
    assert [t.optional for t in tables] == sorted(t.optional for t in tables)
    assert book.sheetnames == [guide, *(sheet_name(t, language) for t in tables), example, lists]
    for table in tables:
        sheet = book[sheet_name(table, language)]
        assert sheet.max_row == 1
        assert [c.value for c in sheet[1]] == [header(c) for c in table.columns]
        assert sheet.freeze_panes == "A2"
        assert ("(valgfri)" in sheet.title or "(valfri)" in sheet.title) == table.optional
    assert set(guide_names(language)) == set(GUIDE_SHEETS[language])
    assert all(book[name].protection.sheet for name in GUIDE_SHEETS[language])


def test_required_columns_are_marked_by_a_star_bold_and_colour() -> None:
    book = _open(MADE["nb"])
    for table in ordered_tables():
        for cell, column in zip(book[sheet_name(table, "nb")][1], table.columns, strict=True):
            assert str(cell.value).endswith(" *") == column.required
            assert bool(cell.font.b) == column.required


@pytest.mark.parametrize("language", LANGUAGES)
def test_drop_downs_hold_the_codes_of_each_column(language: str) -> None:
    book = _open(MADE[language])
    for table in ordered_tables():
        asked = _validations(book[sheet_name(table, language)])
        for column in (c for c in table.columns if c.codes):
            found = asked[column.name]
            place = re.fullmatch(r"Kodelister!\$B\$(\d+):\$B\$(\d+)", found.formula1)
            assert place
            assert found.type == "list"
            assert found.errorStyle in (None, "stop")
            held = [book["Kodelister"].cell(row, 2).value for row in range(int(place[1]), int(place[2]) + 1)]
            assert tuple(held) == column.codes
            meant = [book["Kodelister"].cell(row, 3).value for row in range(int(place[1]), int(place[2]) + 1)]
            assert meant == [said[language] for said in code_lists()[code_list(column)].values()]
            assert str(found.sqref).endswith(str(limits()["sheet_rows"]))


def test_drop_downs_are_in_the_file_itself() -> None:
    with zipfile.ZipFile(BytesIO(MADE["nb"])) as archive:
        sheets = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")}
    lists = sum(xml.count('<dataValidation type="list"') for xml in sheets.values())
    codes = sum(bool(c.codes) for t in DELIVERY_TABLES.values() for c in t.columns)
    assert lists == codes + 3  # countries, questions to employers and their answers are offered


def test_dates_numbers_and_ids_are_checked_as_intake_does() -> None:
    book = _open(MADE["nb"])
    for table in ordered_tables():
        sheet = book[sheet_name(table, "nb")]
        asked = _validations(sheet)
        for column in table.columns:
            found = asked.get(column.name)
            if column.kind == "date":
                assert (found.type, found.errorTitle) == ("date", "JS104")
            elif column.minimum is not None:
                assert (found.type, found.errorStyle) == ({"int": "whole", "float": "decimal"}[column.kind], "warning")
                assert (float(found.formula1), float(found.formula2)) == (column.minimum, column.maximum)
            elif column.name == "fnr":
                assert (found.type, found.formula1) == ("textLength", "11")
            elif column.name in patterns() and not column.codes:
                assert found.type == "textLength"
    assert [_lengths(patterns()[name]) for name in ("komm_nr", "bydel_nr", "orgnr", "trekker_tilbake")] == [
        (n, n) for n in (4, 6, 9, 12)
    ]
    assert _lengths(patterns()["tiltak_id"]) == (1, 64)


def test_text_columns_are_text_so_that_excel_eats_no_zeros() -> None:
    with zipfile.ZipFile(BytesIO(MADE["nb"])) as archive:
        styles = archive.read("xl/styles.xml").decode()
        sheet = archive.read("xl/worksheets/sheet3.xml").decode()
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    custom = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', styles))
    shown = {"49": "@", "1": "0", "0": "General"} | custom
    columns = re.findall(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"', sheet)
    styled = {n: shown[formats[int(s)]] for low, high, s in columns for n in range(int(low), int(high) + 1)}
    for place, column in enumerate(DELIVERY_TABLES["deltaker"].columns, start=1):
        assert styled.get(place, "General") == FORMATS[column.kind], column.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_have_comments_with_meaning_and_rules(language: str) -> None:
    book = _open(MADE[language])
    for table in ordered_tables():
        for cell, column in zip(book[sheet_name(table, language)][1], table.columns, strict=True):
            assert column_meaning(table, column, language)[1:] in cell.comment.text
            assert ("JS102" in cell.comment.text) == bool(column.codes)
    assert "JS120" in book["deltaker"]["A1"].comment.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_names_every_sheet_and_column_and_holds_no_place_to_fill(language: str) -> None:
    cells = [str(c) for row in _open(MADE[language])["Hjelp"].iter_rows(values_only=True) for c in row if c is not None]
    for table in ordered_tables():
        assert sheet_name(table, language) in cells
        assert {header(c) for c in table.columns} <= set(cells)
    assert not [c for c in cells if re.search(r"[{}<>]|TODO|XX", c)]
    assert not {"ikke", "fra", "kolonnen", "raden"} & set(re.findall(r"\w+", " ".join(cells))) or language == "nb"


def test_same_bytes_for_the_same_asked() -> None:
    assert template_bytes("nb", None) == MADE["nb"]
    assert template_bytes("nb", "4601") == FOR_BERGEN
    with zipfile.ZipFile(BytesIO(MADE["nb"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_a_senders_template_offers_its_own_numbers() -> None:
    book = _open(FOR_BERGEN)
    assert book["innsending (valgfri)"]["A2"].value == "4601"
    assert "4601 Bergen" in str(book["Hjelp"]["A3"].value)
    assert _validations(book["prosjekt"])["komm_nr"].formula1 == '"1201,4601"'
    district = _open(template_bytes("nb", "030101"))
    asked = _validations(district["prosjekt"])
    assert (asked["komm_nr"].formula1, asked["bydel_nr"].formula1) == ('"0301"', '"030101"')
    assert _validations(_open(template_bytes("nn", "imdi"))["prosjekt"])["komm_nr"].type == "textLength"


@pytest.mark.parametrize("content", [*MADE.values(), FOR_BERGEN], ids=[*LANGUAGES, "bergen"])
def test_an_untouched_template_says_only_that_the_main_tables_are_empty(content: bytes, tmp_path: Path, settings) -> None:
    path = tmp_path / "mal.xlsx"
    path.write_bytes(content)
    state, found = _findings(path, settings)
    assert state == "accepted_with_remarks"
    assert found == [("JS030", name) for name in sorted(t.name for t in ordered_tables() if not t.optional)]


@pytest.mark.parametrize("which", ["all", "main"])
@pytest.mark.parametrize("content", [MADE["nb"], FOR_BERGEN], ids=["anybody", "bergen"])
def test_a_filled_template_is_accepted_without_a_word(content: bytes, which: str, tmp_path: Path, settings) -> None:
    tables = {t.name for t in ordered_tables() if which == "all" or not t.optional}
    path = _fill(content, tmp_path / "utfylt.xlsx", tables)
    assert _validations(_open(path.read_bytes())["deltaker"])["kjonn"].type == "list"
    assert _findings(path, settings) == ("accepted", [])
    receipt, _ = check_delivery(path, "4601", settings)
    assert {name: rows["accepted"] for name, rows in receipt["tables"].items() if rows["rows_in"]} == dict.fromkeys(
        tables | ({"innsending"} if content is FOR_BERGEN else set()), 1
    )


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (("deltaker", "fnr"), 1234567890, "JS121"),
        (("deltaker", "kjonn"), "K", "JS102"),
        (("tiltak", "start_dato"), "31.02.2025", "JS106"),
        (("kartlegging", "arbeidsklar"), 9, "JS103"),
        (("prosjekt", "komm_nr"), "0301", "JS214"),
    ],
)
def test_a_template_filled_wrong_is_told_so(place: tuple[str, str], value: object, code: str, tmp_path: Path, settings) -> None:
    path = _fill(MADE["nb"], tmp_path / "feil.xlsx", {t.name for t in ordered_tables()}, {place: value})
    state, found = _findings(path, settings)
    assert state == "accepted_with_remarks"
    assert (code, place[0]) in found


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["template", *arguments])
    return int(ended.value.code or 0)


def test_the_command_writes_once_and_never_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mal.xlsx"
    assert _run("--out", str(path), "--language", "nn", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"out": str(path)}
    assert path.read_bytes() == MADE["nn"]
    path.write_bytes(b"mine")
    assert _run("--out", str(path)) == 2
    assert path.read_bytes() == b"mine"
    assert "overwritten" in capsys.readouterr().err


def test_without_out_the_file_is_named_after_version_and_sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("--avsender", "4601", "--quiet") == 0
    assert [p.name for p in tmp_path.iterdir()] == ["jobbsjansen-mal-2026-1-4601.xlsx"]
    assert _run("--avsender", "4601", "--quiet") == 2


@pytest.mark.parametrize(
    "wrong",
    [["--language", "en"], ["--avsender", "9998"], ["--out", "mal.csv"], ["--out", "nowhere/mal.xlsx"], ["--avsender", "../x"]],
)
def test_wrong_wishes_are_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(*wrong) == 2
    assert list(tmp_path.iterdir()) == []
