"""The page for senders gives the same answer as ``check``: the whole corpus, in a real browser, against an empty home."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from pipeline.intake.reading.containers import read_delivery
from pipeline.intake.reading.identity import holds_identity
from pipeline.intake.sjekk import check_page, write_check_page
from pipeline.intake.sjekk.katalog import NOT_CHECKED, OPEN_CODES
from pipeline.rules import catalogue
from tests.dashboard.dash_browser import Browser
from tests.intake.corpus import CASES, Case
from tests.intake.corpus_answers import check_answer, receipt_of
from tests.intake.intake_case import csv_bytes, make_fnr, valid_tables, xlsx_of, zip_of
from tests.intake.page_case import UNCHECKED, assert_same, page_answer, page_texts
from tests.intake.page_deliveries import ODD_WORKBOOKS, random_delivery, spoiled

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "inbox"
ENVIRONMENTS = ("demo", "prod")
# Deliveries in a form that the page says it does not read.
UNREAD = {b"PAR1": "unread_parquet"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sjekk")
    for name in ENVIRONMENTS:
        write_check_page(made / f"{name}.html", demo=name == "demo")
    return made


@pytest.mark.usefixtures("one_reader")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_corpus_gets_the_same_answer_in_the_browser(tab: Browser, folder: Path, environment: str) -> None:
    tab.open(f"file://{folder}/{environment}.html")
    wrong: dict[str, str] = {}
    cases = [case for case in CASES if case.environment == environment]
    for case in cases:
        if told := _difference(tab, case):
            wrong[case.name] = told
    assert wrong == {}
    assert tab.problems == []
    assert len(cases) >= (60 if environment == "demo" else 1)


def _difference(tab: Browser, case: Case) -> str:
    """Why page and receipt differ; empty when they agree."""
    data = case.build()
    receipt = receipt_of(case)
    if any(f["code"] in NOT_CHECKED["server"] for f in receipt["findings"]):
        return ""  # never read, so there is nothing to compare
    page = page_answer(tab, data, case.file_name, case.avsender)
    if "unread" in page:
        return "" if page["unread"] == UNREAD.get(data[:4]) else f"not read: {page['unread']}"
    try:
        assert_same(page, receipt)
    except AssertionError as difference:
        return str(difference)
    return ""


@pytest.mark.parametrize("name", sorted(ODD_WORKBOOKS))
def test_cells_of_odd_workbooks_are_the_same_texts(tab: Browser, folder: Path, name: str) -> None:
    data = ODD_WORKBOOKS[name]()
    tab.open(f"file://{folder}/demo.html")
    reading = read_delivery(data, None)
    page = page_texts(tab, data, "levering.xlsx")
    assert {t: [(r["row"], r["raw"]) for r in rows] for t, rows in page.items()} == {
        t: [(r.pop("row_no"), r) for r in frame.to_dicts()] for t, frame in reading.tables.items()
    }
    answer = page_answer(tab, data, "levering.xlsx", "4601")
    assert [f["code"] for f in answer["findings"] if f["code"] < "JS1"] == sorted(f.code for f in reading.findings)


@pytest.mark.usefixtures("one_reader")
@pytest.mark.parametrize("form", ["zip", "xlsx"])
@pytest.mark.parametrize("seed", range(4))
def test_random_cells_get_the_same_findings(tab: Browser, folder: Path, tmp_path: Path, seed: int, form: str) -> None:
    tab.open(f"file://{folder}/demo.html")
    data = random_delivery(seed, form)
    receipt = check_answer(tmp_path, data, f"levering.{form}", "4601", "demo")
    assert_same(page_answer(tab, data, f"levering.{form}", "4601"), receipt)
    assert len({f["code"] for f in receipt["findings"]}) > 20  # the cells break most rules of content


@pytest.mark.usefixtures("one_reader")
def test_a_hidden_identity_number_is_found_in_both_places(tab: Browser, folder: Path, tmp_path: Path) -> None:
    number = make_fnr(100, month=81)
    wide, raised = (number.translate(str.maketrans("0123456789", digits)) for digits in ("０１２３４５６７８９", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    hidden = [
        f"{number[:6]}  {number[6:]}",
        f"{number[:6]} \u2212 {number[6:]}",
        f"{wide[:6]}\u3000{wide[6:]}",
        raised,
        "12 345 678 901",
    ]
    rows = [valid_tables(1)["deltaker"][0] | {"veileder_id": text} for text in hidden]
    data = csv_bytes(rows)
    receipt = check_answer(tmp_path, data, "deltaker.csv", "4601", "demo")
    tab.open(f"file://{folder}/demo.html")
    assert_same(page_answer(tab, data, "deltaker.csv", "4601"), receipt)
    assert [f["rows"] for f in receipt["findings"] if f["code"] == "JS127"] == [[2, 3, 4, 5]]


@pytest.mark.usefixtures("one_reader")
def test_deliveries_of_the_sample_get_the_same_answer(tab: Browser, folder: Path, tmp_path: Path) -> None:
    tab.open(f"file://{folder}/demo.html")
    files = sorted(path for path in SAMPLE.glob("*/*") if path.is_file())[::3]
    for number, path in enumerate(files):
        receipt = check_answer(tmp_path / str(number), path.read_bytes(), path.name, path.parent.name, "demo")
        assert_same(page_answer(tab, path.read_bytes(), path.name, path.parent.name), receipt)
    assert len({path.suffix for path in files}) >= 3
    assert len(files) > 15


@pytest.mark.parametrize("name", ["deltaker.csv", "levering.zip", "levering.xlsx"])
def test_spoiled_files_are_read_or_refused_alike(tab: Browser, folder: Path, name: str) -> None:
    """Text and archives without exception; of broken XML a browser and a workbook reader may see a little differently, never fail."""
    tables = valid_tables(3)
    whole = {"deltaker.csv": csv_bytes(tables["deltaker"]), "levering.zip": zip_of(tables), "levering.xlsx": xlsx_of(tables)}[
        name
    ]
    chance = random.Random(7)
    tab.open(f"file://{folder}/demo.html")
    differing = 0
    for _ in range(150):
        data = spoiled(whole, chance)
        reading = read_delivery(data, "deltaker" if name.endswith(".csv") else None)
        answer = page_answer(tab, data, name, "4601")
        page = sorted((f["code"], f["table"] or "", f["column"] or "") for f in answer["findings"] if f["code"] < "JS1")
        differing += page != sorted((f.code, f.table or "", f.column or "") for f in reading.findings)
    assert differing <= (6 if name == "levering.xlsx" else 0)


def test_every_rule_is_computed_or_named_as_not_checked(tab: Browser, folder: Path) -> None:
    tab.open(f"file://{folder}/demo.html")
    computed = set(tab.evaluate("sjekk.codes()"))
    known = {r.code for r in catalogue() if r.kind != "profile"}
    assert known - computed - UNCHECKED == set()
    assert computed & UNCHECKED == set()
    assert (computed | UNCHECKED) - known == set()
    assert set(OPEN_CODES) <= computed


def test_equal_rules_give_equal_bytes() -> None:
    assert check_page(demo=True) == check_page(demo=True) != check_page(demo=False)


def test_page_holds_nothing_that_looks_like_a_person() -> None:
    assert not holds_identity(pl.Series([check_page(demo=True), check_page(demo=False)])).any()
