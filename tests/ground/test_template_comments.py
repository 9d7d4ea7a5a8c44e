"""Comments of the template's headings name the rules that the cells below can break in a workbook, and no others."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from jobbsjansen.checking import check_delivery
from jobbsjansen.template import template_bytes
from jobbsjansen.template_guide import ordered_tables, sheet_name, words
from pipeline.settings import OSLO, Home, Settings
from tests.intake.intake_case import valid_tables, xlsx_of

LANGUAGES = ("nb", "nn")
NUMBERS = ("fnr", "komm_nr", "bydel_nr", "orgnr", "arbeidsgiver_orgnr")


def codes_of(language: str) -> dict[tuple[str, str], set[str]]:
    """Table and column to the codes that the comment of its heading names."""
    book = openpyxl.load_workbook(BytesIO(template_bytes(language, None)))
    cells = [(t, c, book[sheet_name(t, language)].cell(1, n)) for t in ordered_tables() for n, c in enumerate(t.columns, 1)]
    return {(t.name, c.name): set(re.findall(r"JS\d{3}", cell.comment.text)) for t, c, cell in cells}


@pytest.mark.parametrize("language", LANGUAGES)
def test_exponents_are_told_of_ids_only(language: str) -> None:
    """A workbook keeps fifteen digits of a number as they are: only an id can have more."""
    named = codes_of(language)
    assert {c for (_, c), codes in named.items() if "JS109" in codes} == {c for _, c in named if c.endswith("_id")}
    assert not [place for place, codes in named.items() if place[1] in NUMBERS and "JS109" in codes]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_that_states_the_delivery_is_told_of_no_withdrawal_by_key(language: str) -> None:
    named = codes_of(language)
    assert {t for (t, c), codes in named.items() if c == "slettes" and "JS219" not in codes} == {"innsending"}


def found_with(tmp_path: Path, table: str, column: str, value: object) -> set[str]:
    """Codes of the findings about that table when the cell of its first row holds the value, in a workbook as Excel writes it."""
    tables = valid_tables()
    example = {name: value for name, value in words()["example"][table].items() if name != "prosjekt_id"}
    tables.setdefault(table, [example if table == "innsending" else {"prosjekt_id": "P1"} | example])[0][column] = value
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "utfylt.xlsx").write_bytes(xlsx_of(tables))
    settings = Settings(Home(tmp_path / "home"), "demo", datetime(2026, 2, 1, 2, 30, tzinfo=OSLO))
    receipt, _ = check_delivery(tmp_path / "utfylt.xlsx", "4601", settings)
    return {f["code"] for f in receipt["findings"] if f["table"] == table}


@pytest.mark.parametrize("column", NUMBERS)
def test_numbers_of_a_workbook_get_no_exponent(column: str, tmp_path: Path) -> None:
    table = next(t.name for t in ordered_tables() if column in t)
    found = found_with(tmp_path, table, column, 123456789012345)
    assert found & {"JS113", "JS120"}
    assert "JS109" not in found


def test_an_id_of_many_digits_gets_one(tmp_path: Path) -> None:
    assert "JS109" in found_with(tmp_path, "tiltak", "tiltak_id", 12345678901234567)


def test_a_withdrawn_statement_is_not_missed(tmp_path: Path) -> None:
    assert "JS219" not in found_with(tmp_path, "innsending", "slettes", "ja")
    assert "JS219" in found_with(tmp_path / "other", "tiltak", "slettes", "ja")
