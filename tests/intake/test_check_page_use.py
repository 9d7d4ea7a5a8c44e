"""The page for senders in use: keyboard, drop, languages, accessibility, print; nothing leaves it and nothing of the file is shown.

Where no Chromium is installed these tests are skipped on a developer's machine and fail where ``CI`` is set.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.intake.sjekk.katalog import NOT_CHECKED, OPEN_CODES, TEXTS
from pipeline.rules import LANGUAGES
from tests.dashboard.dash_browser import Browser
from tests.intake.intake_case import make_fnr, valid_tables, xlsx_of
from tests.intake.page_case import checked, choose, faulty_tables, name_sender, shown, speak


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("levering") / "ola nordmann.xlsx"
    path.write_bytes(xlsx_of(faulty_tables()))
    return path


def test_decision_comes_first_and_no_value_is_shown(tab: Browser, check_page: Path, faulty: Path) -> None:
    checked(tab, check_page, faulty)
    said = tab.evaluate("document.getElementById('decision').innerText")
    assert said.splitlines()[0] == "Leveransen ville blitt delvis tatt inn: rader med feil holdes tilbake"
    assert tab.evaluate("document.getElementById('decision').getAttribute('aria-live')") == "polite"
    text = shown(tab)
    assert {"JS102", "JS120", "JS201", "JS209"} <= set(
        tab.evaluate("[...document.querySelectorAll('.code')].map((c) => c.innerText.match(/JS\\d+/)[0])")
    )
    for value in ("12345678901", make_fnr(500), make_fnr(0, day=1), "Hemmelig navn", "uoppgitt-verdi"):
        assert value not in text


def test_nothing_leaves_and_nothing_is_stored(tab: Browser, check_page: Path, faulty: Path) -> None:
    checked(tab, check_page, faulty)
    assert tab.problems == []
    assert tab.requests == [check_page.as_uri()]
    assert tab.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    assert tab.evaluate("indexedDB.databases().then((d) => d.length)") == 0
    assert tab.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'stopped')") == "stopped"
    assert any("Content Security Policy" in problem for problem in tab.problems)
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    tab.evaluate("document.body.appendChild(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert tab.evaluate("window.ran === undefined")


def test_sender_is_asked_for_before_the_file_is_checked(tab: Browser, check_page: Path, faulty: Path) -> None:
    tab.open(check_page.as_uri())
    choose(tab, faulty)
    tab.wait_for("document.getElementById('sender-wrong').textContent !== ''")
    assert tab.evaluate("document.activeElement.id") == "sender"
    assert tab.evaluate("document.getElementById('sender').getAttribute('aria-invalid')") == "true"
    name_sender(tab, "bergen")  # a municipality by its name
    tab.wait_for("document.querySelector('.finding') !== null")
    assert tab.evaluate("document.getElementById('sender-wrong').textContent") == ""


def test_file_may_be_dropped(tab: Browser, check_page: Path, faulty: Path) -> None:
    tab.open(check_page.as_uri())
    name_sender(tab, "0301")
    content = base64.b64encode(faulty.read_bytes()).decode()
    tab.evaluate(
        f"""(() => {{ const held = new DataTransfer();
        held.items.add(new File([Uint8Array.from(atob('{content}'), (c) => c.charCodeAt(0))], 'levering.xlsx'));
        document.getElementById('drop').dispatchEvent(new DragEvent('drop', {{dataTransfer: held, bubbles: true, cancelable: true}})); }})()"""
    )
    tab.wait_for("document.querySelector('.finding') !== null")
    assert "JS214" in shown(tab)  # Bergen's project delivered by Oslo


def test_parquet_is_said_not_to_be_read(tab: Browser, check_page: Path, tmp_path: Path) -> None:
    target = io.BytesIO()
    pl.DataFrame({"prosjekt_id": ["P1"]}).write_parquet(target)
    (tmp_path / "prosjekt.parquet").write_bytes(target.getvalue())
    tab.open(check_page.as_uri())
    name_sender(tab, "4601")
    choose(tab, tmp_path / "prosjekt.parquet")
    tab.wait_for("document.getElementById('decision').innerText.includes('Parquet')")
    assert tab.evaluate("document.querySelectorAll('.finding').length") == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_whole_and_axe_finds_nothing(tab: Browser, check_page: Path, faulty: Path, language: str) -> None:
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    assert _keys(texts[language]) == _keys(texts["nb"])
    checked(tab, check_page, faulty)
    speak(tab, language)
    tab.evaluate("document.querySelector('details').open = true")
    assert tab.evaluate("document.documentElement.lang") == language
    assert tab.evaluate("document.querySelector('.verdict h2').innerText") == texts[language]["decisions"]["partly"]
    named = tab.evaluate("document.getElementById('not-checked-list').innerText")
    assert all(code in named for codes in (*NOT_CHECKED.values(), OPEN_CODES) for code in codes)
    assert "undefined" not in shown(tab)
    assert tab.axe() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_held_back_are_seen_on_a_phone_without_scrolling(
    tab: Browser, check_page: Path, faulty: Path, tmp_path: Path, language: str
) -> None:
    tables = valid_tables(3)
    tables["deltaker"][0]["kjonn"] = "x"
    tables["arbeidsgiver_svar"] = [dict.fromkeys(("prosjekt_id", "svar_id", "dato", "sporsmal", "kategori"))]  # the longest name
    (tmp_path / "levering.xlsx").write_bytes(xlsx_of(tables))
    checked(tab, check_page, tmp_path / "levering.xlsx", width=320)
    speak(tab, language)
    assert tab.evaluate("document.querySelector('#result thead th:nth-child(4)').getBoundingClientRect().right") <= 320 - 16


def test_page_fits_320_pixels_and_prints_what_is_not_checked(
    tab: Browser, check_page: Path, faulty: Path, tmp_path: Path
) -> None:
    checked(tab, check_page, faulty, width=320)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.pdf(tmp_path / "kontroll.pdf")
    assert (tmp_path / "kontroll.pdf").stat().st_size > 10_000
    assert tab.evaluate("document.getElementById('not-checked').open") is True


def test_whole_way_by_keyboard(tab: Browser, check_page: Path, faulty: Path) -> None:
    checked(tab, check_page, faulty)
    tab.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(7):
        for kind in ("keyDown", "keyUp"):
            tab.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(
            tab.evaluate("document.activeElement.id || document.activeElement.className || document.activeElement.tagName")
        )
    assert [r for r in reached if r != "BODY"][:6] == ["language", "sender", "file", "wide", "BUTTON", "SUMMARY"]


def _keys(value: object) -> object:
    """The shape of the texts: the same keys and lists of the same length in every language."""
    if isinstance(value, dict):
        return {key: _keys(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, list) else None
