"""What the page says about a delivery: what was checked, for whom and when; rows in all; findings in the receipt's order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from babel.dates import format_date

from pipeline.intake.receipts.told import told
from pipeline.intake.receipts.wording import words
from pipeline.rules import LANGUAGES
from pipeline.settings import OSLO
from tests.dashboard.dash_browser import Browser
from tests.intake.corpus_answers import check_answer
from tests.intake.intake_case import Tables, valid_tables, xlsx_of
from tests.intake.page_case import checked, choose, faulty_tables, name_sender, speak

A4_WIDTH = 680  # pixels within the printout's margins
NAME = "<img src=x onerror=window.ran=1> & æøå.xlsx"


@pytest.fixture(scope="module")
def tables() -> Tables:
    """A table described late breaks the rule with the lowest code; sheets stand in another order than the tables are described."""
    made = faulty_tables()
    made["deltaker"][2]["kjonn"] = "kvinne"
    made["innsending"] = [{"avsender": "4601"}]
    made["deltaker"][0]["antall_barn"] = 1000
    made["tiltak"][1]["tiltak_type"] = "x"
    made["tiltak"][2]["slutt_dato"] = date(2022, 1, 1)
    return {name: made[name] for name in reversed(made)}


@pytest.fixture(scope="module")
def delivery(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("levering") / NAME
    path.write_bytes(xlsx_of(tables))
    return path


@pytest.fixture
def print_media(tab: Browser) -> Iterator[None]:
    tab.send("Emulation.setEmulatedMedia", media="print")
    yield
    tab.send("Emulation.setEmulatedMedia", media="")


def head(tab: Browser) -> str:
    """What can be seen of the answer's head."""
    return str(tab.evaluate("document.getElementById('decision').innerText"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_says_what_was_checked_for_whom_and_when(tab: Browser, check_page: Path, delivery: Path, language: str) -> None:
    checked(tab, check_page, delivery)
    speak(tab, language)
    today = format_date(datetime.now(OSLO).date(), "long", locale={"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}[language])
    assert {NAME, "4601 Bergen", today} <= set(head(tab).splitlines())
    assert tab.evaluate("document.querySelectorAll('main img').length") == 0
    assert tab.evaluate("window.ran === undefined")


@pytest.mark.usefixtures("print_media")
def test_printout_says_it_too_and_leaves_out_what_is_for_the_screen(tab: Browser, check_page: Path, delivery: Path) -> None:
    checked(tab, check_page, delivery, width=A4_WIDTH)
    assert {NAME, "4601 Bergen"} <= set(head(tab).splitlines())
    assert tab.evaluate("document.querySelector('.again').offsetParent") is None
    assert tab.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH


@pytest.mark.parametrize(("written", "named"), [("imdi", "IMDi"), ("030101", "030101 Gamle Oslo"), ("bergen", "4601 Bergen")])
def test_sender_is_named_as_chosen(tab: Browser, check_page: Path, delivery: Path, written: str, named: str) -> None:
    tab.open(check_page.as_uri())
    name_sender(tab, written)
    choose(tab, delivery)
    tab.wait_for("document.querySelector('.about') !== null")
    assert named in head(tab).splitlines()


def test_what_is_said_stays_that_of_the_file_when_another_sender_is_being_written(
    tab: Browser, check_page: Path, delivery: Path
) -> None:
    checked(tab, check_page, delivery)
    tab.evaluate("document.getElementById('sender').value = '0301'")
    speak(tab, "nn")
    assert "4601 Bergen" in head(tab).splitlines()


def test_file_that_is_not_read_is_named_all_the_same(tab: Browser, check_page: Path, tmp_path: Path) -> None:
    (tmp_path / "deltaker.parquet").write_bytes(b"PAR1")
    tab.open(check_page.as_uri())
    name_sender(tab, "4601")
    choose(tab, tmp_path / "deltaker.parquet")
    tab.wait_for("document.getElementById('decision').innerText.includes('Parquet')")
    assert {"deltaker.parquet", "4601 Bergen"} <= set(head(tab).splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_come_in_the_receipts_order_with_a_total(
    tab: Browser, check_page: Path, delivery: Path, tables: Tables, tmp_path: Path, language: str
) -> None:
    checked(tab, check_page, delivery)
    speak(tab, language)
    listed = told(check_answer(tmp_path, xlsx_of(tables), "levering.xlsx", "4601", "demo"), language).rows
    assert listed is not None
    lines = tab.evaluate("[...document.querySelectorAll('#result tbody tr')].map((r) => [...r.children].map((c) => c.innerText))")
    assert [tuple(line) for line in lines] == list(listed.rows)
    assert lines[-1][:2] == [words(language)("total"), str(sum(len(rows) for rows in tables.values()))]
    assert tab.evaluate("document.querySelector('#result tbody tr:last-child').className") == "total"
    heads = tab.evaluate("[...document.querySelectorAll('#result thead th')].map((c) => c.innerText)")
    assert [h[:2] for h in heads[1:6]] == [c[:2] for c in listed.columns[1:6]]  # the signs that make the sum plain
    assert (heads[1], heads[6]) == (listed.columns[1], listed.columns[6])
    assert listed.intro in tab.evaluate("document.getElementById('result').innerText").splitlines()


def test_findings_come_in_the_receipts_order(
    tab: Browser, check_page: Path, delivery: Path, tables: Tables, tmp_path: Path
) -> None:
    checked(tab, check_page, delivery)
    receipt = check_answer(tmp_path, xlsx_of(tables), "levering.xlsx", "4601", "demo")
    codes = tab.evaluate("[...document.querySelectorAll('.finding .code')].map((c) => c.innerText.match(/JS\\d+/)[0])")
    open_codes = [c for c in codes if c in ("JS209", "JS210")]  # shown apart, below
    assert codes == [g.code for g in told(receipt, "nb").groups if g.code not in open_codes] + open_codes
    assert codes.index("JS102") < codes.index("JS120") < codes.index("JS201")
    by_table = list(dict.fromkeys(f["code"] for f in receipt["findings"]))
    assert by_table.index("JS102") > by_table.index("JS201")  # what the order by table would have been


def test_delivery_without_findings_has_a_total_too(tab: Browser, check_page: Path, tmp_path: Path) -> None:
    (tmp_path / "levering.xlsx").write_bytes(xlsx_of(valid_tables(2)))
    tab.open(check_page.as_uri())
    name_sender(tab, "4601")
    choose(tab, tmp_path / "levering.xlsx")
    tab.wait_for("document.querySelector('#result .total') !== null")
    total = tab.evaluate("[...document.querySelectorAll('#result .total td')].map((c) => c.innerText)")
    assert total[:5] == ["9", "9", "0", "0", "0"]
