"""The page for senders beside the intake: how tests ask both, and in what the answers must agree."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.intake.findings import Finding
from pipeline.intake.judging.decide import state_of
from pipeline.intake.sjekk.katalog import NOT_CHECKED, OPEN_CODES
from tests.dashboard.dash_browser import Browser
from tests.intake.corpus_case import TODAY
from tests.intake.intake_case import Tables, make_fnr, valid_tables

UNCHECKED = {code for codes in NOT_CHECKED.values() for code in codes}


def page_answer(tab: Browser, data: bytes, name: str, avsender: str) -> dict[str, Any]:
    """What the page says of these bytes on the corpus' day; ``unread`` names the text when it reads no such file."""
    return _asked(tab, "sjekk.check(bytes, name, sender, today)", data, name, avsender)


def page_texts(tab: Browser, data: bytes, name: str) -> dict[str, list[dict[str, Any]]]:
    """The texts of the cells as the page reads them, per table: rows with ``row`` and ``raw``."""
    answer = _asked(tab, "sjekk.read(bytes, name).then((r) => Object.fromEntries(r.tables))", data, name, "")
    return {table: rows for table, rows in answer.items() if isinstance(rows, list)}


def faulty_tables() -> Tables:
    """A delivery with values that must not be seen again: an impossible number, a project's name, an unknown code."""
    tables = valid_tables(3)
    tables["prosjekt"][0]["navn"] = "Hemmelig navn"
    tables["deltaker"][0]["slutt_dato"] = date(2022, 1, 1)
    tables["deltaker"][1]["fnr"] = "12345678901"
    tables["deltaker"][2]["kjonn"] = "uoppgitt-verdi"
    tables["tiltak"][0]["fnr"] = make_fnr(500)
    return tables


def choose(tab: Browser, path: Path) -> None:
    """Choose a file in the page's own field, as a person does."""
    root = tab.send("DOM.getDocument")["root"]["nodeId"]
    field = tab.send("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    tab.send("DOM.setFileInputFiles", files=[str(path)], nodeId=field)


def name_sender(tab: Browser, text: str) -> None:
    tab.evaluate(
        f"(() => {{ const s = document.getElementById('sender'); s.value = {json.dumps(text)}; s.dispatchEvent(new Event('change')); }})()"
    )


def checked(tab: Browser, page: Path, delivery: Path, width: int = 1280) -> None:
    """The page with that faulty delivery's findings on it."""
    tab.open(page.as_uri(), width=width)
    name_sender(tab, "4601")
    choose(tab, delivery)
    tab.wait_for("document.querySelector('.finding') !== null")


def speak(tab: Browser, language: str) -> None:
    tab.evaluate(
        f"(() => {{ const l = document.getElementById('language'); l.value = '{language}'; l.dispatchEvent(new Event('change')); }})()"
    )


def shown(tab: Browser) -> str:
    """All that stands on the page but the catalogue, attributes included."""
    return str(
        tab.evaluate(
            "(() => { const c = document.documentElement.cloneNode(true);"
            " c.querySelectorAll('script, style').forEach((e) => e.remove()); return c.outerHTML; })()"
        )
    )


def assert_same(page: dict[str, Any], receipt: dict[str, Any]) -> None:
    """The page's receipt and the intake's agree in all but the rules that the page names as not checked."""
    sure = [f for f in receipt["findings"] if f["code"] not in UNCHECKED | set(OPEN_CODES)]
    assert _places(page["findings"]) == _places(sure)
    assert _places(page["open"]) == _places([f for f in receipt["findings"] if f["code"] in OPEN_CODES])
    assert page["state"] == _decided(receipt, page["tables"])
    held = {f["table"] for f in receipt["findings"] if f["code"] in UNCHECKED}
    assert {n: t for n, t in page["tables"].items() if n not in held} == {
        n: t for n, t in receipt["tables"].items() if n not in held
    }
    for name in ("form", "encoding", "delimiter", "header_row"):
        assert page[name] == receipt[name]


def _asked(tab: Browser, call: str, data: bytes, name: str, avsender: str) -> dict[str, Any]:
    asked = json.dumps([base64.b64encode(data).decode(), name, avsender, TODAY.isoformat()])
    answer = tab.evaluate(
        f"""(async ([text, name, sender, today]) => {{
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          try {{ return JSON.stringify(await {call}); }}
          catch (fault) {{ const key = sjekk.unread(fault); if (key) return JSON.stringify({{unread: key}}); throw fault; }}
        }})({asked})"""
    )
    return dict(json.loads(answer))


def _places(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(f["code"], f["table"], f["column"], tuple(f["rows"]), f["count"]) for f in findings]


def _decided(receipt: dict[str, Any], tables: dict[str, dict[str, int]]) -> str:
    """The decision by the receipt's findings without those that other deliveries decide, and the rows that these hold back."""
    kept = [Finding(f["code"]) for f in receipt["findings"] if f["code"] not in UNCHECKED | set(OPEN_CODES)]
    return state_of(kept, tables)
