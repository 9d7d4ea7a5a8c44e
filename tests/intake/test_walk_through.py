"""The adviser's way from the template to an accepted delivery and back: broken as people break it, checked, mended, withdrawn."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import OSLO
from tests.intake.adviser import SENDER, broken, filled, withdrawing, withdrawing_all_of, workbook
from tests.intake.intake_case import Inbox, codes

DOCS = Path(__file__).parents[2] / "docs"
NIGHTS = [datetime(2026, 2, day, 2, 30, tzinfo=OSLO) for day in (10, 12, 13, 14)]
FAULTS = {"JS101", "JS102", "JS106", "JS120", "JS201", "JS218"}


@pytest.fixture
def told(inbox: Inbox) -> list[dict[str, Any]]:
    """The receipts of four nights: broken, mended, a row withdrawn, that delivery withdrawn."""
    said: list[dict[str, Any]] = []
    for number, make in enumerate((lambda: workbook(broken()), lambda: workbook(filled()), withdrawing)):
        said.append(inbox.deliver(make(), f"{number}.xlsx", SENDER, now=NIGHTS[number]))
    said.append(inbox.deliver(withdrawing_all_of(said[-1]["receipt_id"]), "3.xlsx", SENDER, now=NIGHTS[3]))
    return said


def test_each_mistake_is_named_and_the_rest_is_taken_in(told: list[dict[str, Any]]) -> None:
    first = told[0]
    assert first["state"] == "accepted_with_remarks"
    assert codes(first, "error") == FAULTS
    assert {f["code"]: f["rows"] for f in first["findings"] if f["code"] in ("JS106", "JS120")} == {"JS106": [5], "JS120": [3]}
    assert {t: counts["quarantined"] for t, counts in first["tables"].items() if counts["quarantined"]} == {
        "deltaker": 2,
        "kartlegging": 2,
        "tiltak": 2,
        "oppfolging": 1,
    }


def test_mended_delivery_is_accepted_and_says_what_was_solved(told: list[dict[str, Any]]) -> None:
    second = told[1]
    assert (second["state"], second["findings"]) == ("accepted", [])
    assert {f["outcome"] for f in second["compared"]["findings"]} == {"solved"}
    assert {f["code"] for f in second["compared"]["findings"]} == FAULTS | {"JS209"}
    assert second["changes"]["deltaker"] == {"new": 2, "changed": 0, "unchanged": 2, "gone": 0}


def test_a_row_is_withdrawn_by_its_key_alone_and_comes_back_with_the_whole_delivery(told: list[dict[str, Any]]) -> None:
    row, whole = told[2], told[3]
    assert (row["state"], row["tables"]["oppfolging"]["withdrawn"]) == ("accepted", 1)
    assert (whole["state"], codes(whole, "info")) == ("accepted", {"JS307"})


def test_what_stands_after_the_withdrawal_of_the_withdrawal(inbox: Inbox, told: list[dict[str, Any]]) -> None:
    again = inbox.deliver(workbook({"oppfolging": filled()["oppfolging"]}), "4.xlsx", SENDER, now=NIGHTS[3])
    assert told
    assert again["changes"]["oppfolging"] == {"new": 0, "changed": 0, "unchanged": 4, "gone": 0}


def test_the_guide_has_its_pictures_and_they_are_light() -> None:
    named = re.findall(r"\]\((pictures/[\w-]+\.png)\)", (DOCS / "levere.md").read_text(encoding="utf-8"))
    assert 6 <= len(named) <= 8
    assert {f"pictures/{p.name}" for p in (DOCS / "pictures").iterdir()} == set(named)
    assert all((DOCS / name).stat().st_size < 120_000 for name in named)
