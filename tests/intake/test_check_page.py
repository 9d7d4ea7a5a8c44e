"""The page for senders gives the same answer as ``check``: the whole corpus, in a real browser, against an empty home."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake import check_file, night
from pipeline.intake.decide import state_of
from pipeline.intake.findings import Finding
from pipeline.intake.sandbox import Sandbox
from pipeline.intake.sjekk import check_page, write_check_page
from pipeline.intake.sjekk.katalog import NOT_CHECKED, OPEN_CODES
from pipeline.rules import catalogue
from pipeline.settings import OSLO, Home, Settings
from tests.dashboard.dash_browser import Browser, browser, chromium
from tests.intake.corpus import CASES, Case
from tests.intake.corpus_case import TODAY
from tests.intake.intake_case import reference_validate

NOW = datetime.combine(TODAY, time(2, 30), tzinfo=OSLO)
ENVIRONMENTS = ("demo", "prod")
UNCHECKED = {code for codes in NOT_CHECKED.values() for code in codes}
# Deliveries in a form that the page says it does not read.
UNREAD = {b"PAR1": "unread_parquet"}

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sjekk")
    for name in ENVIRONMENTS:
        write_check_page(made / f"{name}.html", demo=name == "demo")
    return made


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def one_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All deliveries are read by one child process."""
    with Sandbox(tmp_path_factory.mktemp("reader")) as reader, pytest.MonkeyPatch.context() as patch:

        class Shared:
            def __init__(self, _: Path) -> None: ...

            def __enter__(self) -> Sandbox:
                return reader

            def __exit__(self, *_: object) -> None: ...

        patch.setattr(night, "Sandbox", Shared)
        yield


def page_answer(tab: Browser, data: bytes, name: str, avsender: str) -> dict[str, Any]:
    """What the page says of these bytes on the corpus' day; ``unread`` names the text when it reads no such file."""
    asked = json.dumps([base64.b64encode(data).decode(), name, avsender, TODAY.isoformat()])
    answer = tab.evaluate(
        f"""(async ([text, name, sender, today]) => {{
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          try {{ return JSON.stringify(await sjekk.check(bytes, name, sender, today)); }}
          catch (fault) {{ const key = sjekk.unread(fault); if (key) return JSON.stringify({{unread: key}}); throw fault; }}
        }})({asked})"""
    )
    return dict(json.loads(answer))


def check_answer(root: Path, data: bytes, name: str, avsender: str, environment: str) -> dict[str, Any]:
    """The receipt of ``check`` from a home that has nothing."""
    path = root / "delivery" / name
    path.parent.mkdir()
    path.write_bytes(data)
    settings = Settings(Home(root / "home"), environment, NOW, min_age_seconds=0.0)
    return check_file(path, avsender, settings, reference_validate)


def places(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(f["code"], f["table"], f["column"], tuple(f["rows"]), f["count"]) for f in findings]


def decided(receipt: dict[str, Any], tables: dict[str, dict[str, int]]) -> str:
    """The decision by the receipt's findings without those that other deliveries decide, and the rows that these hold back."""
    kept = [Finding(f["code"]) for f in receipt["findings"] if f["code"] not in UNCHECKED | set(OPEN_CODES)]
    return state_of(kept, tables)


def assert_same(page: dict[str, Any], receipt: dict[str, Any]) -> None:
    """The page's receipt and the intake's agree in all but the rules that the page names as not checked."""
    sure = [f for f in receipt["findings"] if f["code"] not in UNCHECKED | set(OPEN_CODES)]
    assert places(page["findings"]) == places(sure)
    assert places(page["open"]) == places([f for f in receipt["findings"] if f["code"] in OPEN_CODES])
    assert page["state"] == decided(receipt, page["tables"])
    held = {f["table"] for f in receipt["findings"] if f["code"] in UNCHECKED}
    assert {n: t for n, t in page["tables"].items() if n not in held} == {n: t for n, t in receipt["tables"].items() if n not in held}
    for name in ("form", "encoding", "delimiter", "header_row"):
        assert page[name] == receipt[name]


@pytest.mark.usefixtures("one_reader")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_corpus_gets_the_same_answer_in_the_browser(tab: Browser, folder: Path, tmp_path: Path, environment: str) -> None:
    tab.open(f"file://{folder}/{environment}.html")
    wrong: dict[str, str] = {}
    cases = [case for case in CASES if case.environment == environment]
    for number, case in enumerate(cases):
        (tmp_path / str(number)).mkdir()
        if told := _difference(tab, case, tmp_path / str(number)):
            wrong[case.name] = told
    assert wrong == {}
    assert tab.problems == []
    assert len(cases) >= (60 if environment == "demo" else 1)


def _difference(tab: Browser, case: Case, root: Path) -> str:
    """Why page and receipt differ; empty when they agree."""
    data = case.build()
    receipt = check_answer(root, data, case.file_name, case.avsender, case.environment)
    if any(f["code"] in NOT_CHECKED["server"] for f in receipt["findings"]):
        return ""
    page = page_answer(tab, data, case.file_name, case.avsender)
    if "unread" in page:
        return "" if page["unread"] == UNREAD.get(data[:4]) else f"not read: {page['unread']}"
    try:
        assert_same(page, receipt)
    except AssertionError as difference:
        return str(difference)
    return ""


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
