"""What somebody who means harm delivers: nothing of others is learnt, no number gets through, nobody else's night is spoilt."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import polars as pl
import pytest

from pipeline.intake import current_rows
from pipeline.intake.reading.identity import identity_kind
from tests.intake.intake_case import Inbox, codes, make_fnr, valid_tables, zip_of

STRANGER = make_fnr(900, day=28)
FULL_WIDTH = {48 + digit: 0xFF10 + digit for digit in range(10)}
ARABIC = {48 + digit: 0x0660 + digit for digit in range(10)}


def probe(inbox: Inbox, **row: Any) -> tuple[set[tuple[str, str | None]], Any, Any]:
    """What the receipt of another municipality says of one participant's row about the project of the first one."""
    tables = valid_tables(1, project="Q1", komm_nr="3301")
    tables["deltaker"].append(tables["deltaker"][0] | {"prosjekt_id": "P1"} | row)
    receipt = inbox.deliver(zip_of(tables), avsender="3301")
    told = {(f["code"], f["table"]) for f in receipt["findings"] if f["table"] != "prosjekt"}
    return told, receipt["changes"]["deltaker"]["gone"], receipt["tables"]["deltaker"]


def test_rows_about_a_foreign_project_say_nothing_of_who_is_in_it(inbox: Inbox) -> None:
    theirs = valid_tables(3)
    inbox.deliver(zip_of(theirs))
    member = theirs["deltaker"][0]
    guesses: list[dict[str, Any]] = [
        member,
        member | {"fnr": STRANGER},
        member | {"kjonn": "mann"},
        member | {"fodselsdato": date(1991, 1, 1), "landbakgrunn": "ERI"},
        member | {"start_dato": date(2023, 3, 1)},
        member | {"slettes": "ja"},
        member | {"fnr": STRANGER, "slettes": "ja"},
        member | {"komm_nr": "5001"},
        member | {"komm_nr": "4601"},
    ]
    answers = [probe(inbox, **guess) for guess in guesses]
    assert answers[0][0] == {("JS215", "deltaker")}
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][1] == 0


@pytest.mark.parametrize("table", ["tiltak", "kartlegging", "oppfolging", "etteroppfolging"])
def test_spells_about_a_foreign_project_do_not_tell_who_takes_part(inbox: Inbox, table: str) -> None:
    theirs = valid_tables(2)
    theirs["etteroppfolging"] = [
        {"prosjekt_id": "P1", "fnr": d["fnr"], "dato": date(2024, 1, 10), "hovedaktivitet": "lonnsarbeid"}
        for d in theirs["deltaker"]
    ]
    inbox.deliver(zip_of(theirs))
    said = []
    for fnr in (theirs["deltaker"][0]["fnr"], STRANGER):
        own = copy.deepcopy(valid_tables(1, project="Q1", komm_nr="3301"))
        own[table] = [theirs[table][0] | {"fnr": fnr}]
        receipt = inbox.deliver(zip_of(own), avsender="3301")
        said.append(({f["code"] for f in receipt["findings"] if f["table"] == table}, receipt["changes"][table]))
    assert said[0] == said[1] == ({"JS215"}, {"new": 0, "changed": 0, "unchanged": 0, "gone": 0})


@pytest.mark.parametrize("digits", [FULL_WIDTH, ARABIC], ids=["full width", "arabic"])
def test_digits_of_other_scripts_are_no_number_and_no_crash(inbox: Inbox, digits: dict[int, int]) -> None:
    tables = valid_tables(3)
    for name in ("deltaker", "tiltak", "oppfolging", "kartlegging"):
        tables[name][0]["fnr"] = tables[name][0]["fnr"].translate(digits)
    tables["oppfolging"][1]["minutter"] = "45".translate(digits)
    receipt = inbox.deliver(zip_of(tables))
    assert codes(receipt) == {"JS120", "JS107"}
    assert receipt["tables"]["deltaker"]["quarantined"] == 1


def test_the_kind_of_a_number_is_told_of_plain_digits_only() -> None:
    number = make_fnr(10)
    assert identity_kind(pl.Series([number, number.translate(FULL_WIDTH), f"{number[:3]}\u200b{number[3:]}"])).to_list() == [
        "synthetic",
        "invalid",
        "invalid",
    ]


@pytest.mark.parametrize(
    "shape",
    ["{a}/{b}", "{a}_{b}", "{d}/{m}/{y}/{b}", "{d}-{m}-{y}_{b}", "P.{a}.{b}", "{a}-{b3}-{b2}"],
)
def test_an_id_made_of_a_number_in_groups_is_found(inbox: Inbox, shape: str) -> None:
    number = make_fnr(900, day=8)
    parts = {
        "a": number[:6],
        "b": number[6:],
        "d": number[:2],
        "m": number[2:4],
        "y": number[4:6],
        "b3": number[6:9],
        "b2": number[9:],
    }
    tables = valid_tables(2)
    tables["deltaker"][0]["veileder_id"] = shape.format(**parts)
    receipt = inbox.deliver(zip_of(tables))
    assert codes(receipt) >= {"JS127"}
    assert number[6:] not in str(current_rows(inbox.settings)["deltaker"]["veileder_id"].to_list())


@pytest.mark.parametrize("shape", ["{n}", "{a} {b3} {b2}", "{a}\u2013{b}", "x{n}", "{a}\u200b{b}", "\u2060{a}\u00ad{b}"])
@pytest.mark.parametrize("digits", [{}, FULL_WIDTH, ARABIC], ids=["plain", "full width", "arabic"])
def test_a_category_that_holds_a_number_in_any_writing_is_found(inbox: Inbox, shape: str, digits: dict[int, int]) -> None:
    number = make_fnr(900, day=8)
    parts = {"n": number, "a": number[:6], "b": number[6:], "b3": number[6:9], "b2": number[9:]}
    tables = valid_tables(1)
    answer = {"prosjekt_id": "P1", "aar": 2023, "sporsmal": "malsetting", "kategori": shape.format(**parts).translate(digits)}
    tables["undersokelse"] = [answer]
    receipt = inbox.deliver(zip_of(tables))
    assert codes(receipt) == {"JS127"}
    assert receipt["tables"]["undersokelse"]["quarantined"] == 1


@pytest.mark.parametrize("shape", ["{t}", "{t},0", "{n},00", "{n}", "+{n}", "-{t}"])
@pytest.mark.parametrize("with_zero", [True, False])
def test_an_amount_that_holds_an_identity_number_is_found(inbox: Inbox, shape: str, with_zero: bool) -> None:
    number = make_fnr(900, day=8) if with_zero else make_fnr(900, day=8).lstrip("0")
    first = len(number) % 3
    thousands = " ".join([number[:first], *(number[i : i + 3] for i in range(first, len(number), 3))])
    tables = valid_tables(1)
    tables["prosjekt"][0]["tilskudd_nok"] = shape.format(t=thousands, n=number)
    receipt = inbox.deliver(zip_of(tables))
    assert "JS127" in codes(receipt)
    assert receipt["tables"]["prosjekt"]["quarantined"] == 1
