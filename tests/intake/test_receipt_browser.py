"""The receipt in a real browser from ``file://``: policy, axe in each language, reflow at 320 px, print on A4.

Where no Chromium is installed these tests are skipped on a developer's machine and fail where ``CI`` is set.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.settings import OSLO, Home, Settings
from tests.dashboard.dash_browser import Browser
from tests.intake.intake_case import Inbox, valid_tables, xlsx_of, zip_of


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second delivery with errors, remarks and key figures: every part of the page is there."""
    root = tmp_path_factory.mktemp("receipt")
    now = datetime(2024, 6, 1, 2, 30, tzinfo=OSLO)
    inbox = Inbox(root, Settings(Home(root / "home"), "demo", now, min_age_seconds=0.0))
    tables = valid_tables(20)
    tables["deltaker"][0]["kjonn"] = "x"
    inbox.deliver(zip_of(tables), "a.zip")
    tables = valid_tables(26)
    tables["deltaker"][1] |= {"kjonn": "x", "slutt_dato": "31.02.2024"}
    tables["arbeidsgiver_svar"] = [dict.fromkeys(("prosjekt_id", "svar_id", "dato", "sporsmal", "kategori"))]  # the longest name
    said = inbox.deliver(xlsx_of(tables), "b.xlsx")
    return inbox.settings.home.receipts / "4601" / f"{said['receipt_id']}.html"


def shown(tab: Browser) -> list[str]:
    return list(tab.evaluate("[...document.querySelectorAll('article')].filter(a => a.offsetHeight).map(a => a.lang)"))


def test_the_language_is_switched_without_script(tab: Browser, receipt: Path) -> None:
    tab.open(receipt.as_uri())
    assert shown(tab) == ["nb"]
    for language in ("nn", "en", "nb"):
        tab.evaluate(f"document.querySelector('label[for=in-{language}]').click()")
        assert shown(tab) == [language]
    assert tab.problems == []
    assert tab.requests == [receipt.as_uri()]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(tab: Browser, receipt: Path, language: str, width: int) -> None:
    tab.open(receipt.as_uri(), width=width)
    tab.evaluate(f"document.getElementById('in-{language}').click()")
    assert tab.axe() == []


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_reflow_at_320(tab: Browser, receipt: Path, language: str) -> None:
    tab.open(receipt.as_uri(), width=320, height=640)
    tab.evaluate(f"document.getElementById('in-{language}').click()")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert tab.evaluate("document.querySelector('article:not([hidden]) h1').getBoundingClientRect().width") <= 320


@pytest.mark.parametrize("width", [320, 390])
def test_each_language_button_stands_beside_its_name(tab: Browser, receipt: Path, width: int) -> None:
    tab.open(receipt.as_uri(), width=width, height=640)
    apart = (
        "[...document.querySelectorAll('.languages input')].map((i) => "
        "Math.abs((i.getBoundingClientRect().top + i.getBoundingClientRect().bottom) / 2 - "
        "(i.labels[0].getBoundingClientRect().top + i.labels[0].getBoundingClientRect().bottom) / 2))"
    )
    assert max(tab.evaluate(apart)) < 6


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_rows_held_back_are_seen_on_a_phone_without_scrolling(tab: Browser, receipt: Path, language: str) -> None:
    tab.open(receipt.as_uri(), width=320, height=640)
    tab.evaluate(f"document.getElementById('in-{language}').click()")
    right = f"document.querySelector('.said-{language} .rows thead th:nth-child(4)').getBoundingClientRect().right"
    assert tab.evaluate(right) <= 320 - 16


def test_prints_on_a4_in_the_chosen_language_only(tab: Browser, receipt: Path, tmp_path: Path) -> None:
    tab.open(receipt.as_uri())
    tab.pdf(tmp_path / "receipt.pdf")
    printed = (tmp_path / "receipt.pdf").read_bytes()
    boxes = {tuple(round(float(x)) for x in m.split()) for m in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", printed)}
    assert boxes == {(0, 0, 595, 842)}
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 3
    tab.send("Emulation.setEmulatedMedia", media="print")
    try:
        # 180 mm is what A4 leaves between the margins
        tab.open(receipt.as_uri(), width=680)
        assert shown(tab) == ["nb"]
        assert tab.evaluate("getComputedStyle(document.querySelector('header')).display") == "none"
        wide = "[...document.querySelectorAll('article[lang=nb] table')].map(t => t.getBoundingClientRect().right)"
        assert max(tab.evaluate(wide)) <= 680
    finally:
        tab.send("Emulation.setEmulatedMedia", media="")
