"""Findings against the sender's previous receipt, and the sender's own quality over the last deliveries."""

from __future__ import annotations

from typing import Any

from tests.intake.intake_case import Inbox, valid_tables, zip_of


def outcomes(receipt: dict[str, Any]) -> dict[tuple[str, str], tuple[str, int, int]]:
    return {(f["code"], f["column"]): (f["outcome"], f["before"], f["now"]) for f in receipt["compared"]["findings"]}


def with_wrong(**cells: str) -> dict[str, Any]:
    tables = valid_tables()
    tables["deltaker"][0] |= cells
    return tables


def test_solved_still_there_and_new(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(with_wrong(kjonn="x", norsk_start="y")), "a.zip")
    assert first["compared"] is None
    later = with_wrong(norsk_start="y", landbakgrunn="Atlantis")
    later["deltaker"][1]["norsk_start"] = "z"
    second = inbox.deliver(zip_of(later), "b.zip")
    assert second["compared"]["receipt_id"] == first["receipt_id"]
    assert outcomes(second) == {
        ("JS115", "landbakgrunn"): ("new", 0, 1),
        ("JS102", "norsk_start"): ("still", 1, 2),
        ("JS102", "kjonn"): ("solved", 1, 0),
    }


def test_what_is_not_in_the_file_is_not_called_solved(inbox: Inbox) -> None:
    tables = with_wrong(kjonn="x")
    inbox.deliver(zip_of(tables), "a.zip")
    part = {"prosjekt": tables["prosjekt"] + [tables["prosjekt"][0] | {"tilskuddsaar": 2024}]}
    assert outcomes(inbox.deliver(zip_of(part), "b.zip")) == {("JS102", "kjonn"): ("not_checked", 1, 0)}


def test_a_stopped_file_solves_nothing(inbox: Inbox) -> None:
    inbox.deliver(zip_of(with_wrong(kjonn="x")), "a.zip")
    stopped = inbox.deliver(b"fnr;tull\n1;2\n", "deltaker.csv")
    assert stopped["state"] == "rejected"
    assert outcomes(stopped)[("JS102", "kjonn")] == ("not_checked", 1, 0)


def test_only_the_senders_own_receipts_are_compared(inbox: Inbox) -> None:
    inbox.deliver(zip_of(with_wrong(kjonn="x")), "a.zip")
    other = inbox.deliver(zip_of(valid_tables(project="P2", komm_nr="5001")), "b.zip", avsender="5001")
    assert other["compared"] is None
    assert [p["receipt_id"] for p in other["trend"]] == [other["receipt_id"]]


def test_trend_holds_the_last_six(inbox: Inbox) -> None:
    for n in range(3, 11):
        receipt = inbox.deliver(zip_of(valid_tables(n)), f"{n}.zip")
    assert [p["rows_in"] for p in receipt["trend"]] == [4 * n + 1 for n in range(5, 11)]
    assert all(p["rows_taken"] == p["rows_in"] for p in receipt["trend"])
