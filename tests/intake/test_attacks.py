"""What somebody who means harm delivers: nothing of others is learnt, no number gets through, nobody else's night is spoilt."""

from __future__ import annotations

import copy
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.intake import current_rows
from pipeline.intake.reading.identity import identity_kind
from pipeline.intake.vault import Ledger, Vault
from tests.intake.intake_case import Inbox, codes, make_fnr, valid_tables, xlsx_of, zip_bytes, zip_of

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


def test_rows_of_a_night_that_died_do_not_come_back_when_the_next_judges_otherwise(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = valid_tables(2, project="P2")
    tables["tiltak"] = [row | {"prosjekt_id": "P1"} for row in tables["tiltak"]]
    inbox.drop("4601", "a.zip", zip_of(tables))
    with monkeypatch.context() as dying:
        dying.setattr(Vault, "write_ledger", _die)
        with pytest.raises(KeyboardInterrupt):
            inbox.run()
    older = inbox.drop("3301", "b.zip", zip_of(valid_tables(1, komm_nr="3301")))
    os.utime(older, (1_600_000_000, 1_600_000_000))
    inbox.run()
    assert inbox.receipts()[1]["tables"]["tiltak"] == {
        "rows_in": 2, "accepted": 0, "quarantined": 2, "withdrawn": 0, "duplicates": 0,
    }  # fmt: skip
    assert current_rows(inbox.settings)["tiltak"].select("prosjekt_id", "avsender").rows() == [("P1", "3301")]


def test_rows_of_a_night_that_died_are_not_kept_when_the_file_is_gone(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    file = inbox.drop("4601", "a.zip", zip_of(valid_tables(2)))
    with monkeypatch.context() as dying:
        dying.setattr(Vault, "write_ledger", _die)
        with pytest.raises(KeyboardInterrupt):
            inbox.run()
    file.unlink()
    inbox.run()
    assert list((inbox.settings.home.identified / "rows").rglob("*.parquet")) == []


def _die(vault: Vault, ledger: Ledger) -> None:
    raise KeyboardInterrupt


def test_a_project_that_falls_away_with_a_withdrawal_is_free_the_same_night_as_the_next(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(valid_tables(2)))
    inbox.drop("4601", "w.zip", zip_of({"innsending": [{"trekker_tilbake": first["receipt_id"]}]}))
    inbox.drop("3301", "b.zip", zip_of(valid_tables(1, komm_nr="3301")))
    inbox.run()
    receipt = inbox.receipts()[-1]
    assert "JS215" not in codes(receipt)
    assert receipt["tables"]["deltaker"]["accepted"] == 1


def test_a_text_stored_once_and_used_many_times_does_not_fill_the_memory(inbox: Inbox) -> None:
    n, large = 400, "x" * 1_000_000
    answers = pl.DataFrame(
        {"prosjekt_id": ["P1"] * n, "aar": [2023] * n, "sporsmal": ["malsetting"] * n, "kategori": [large] * n}
    )  # fmt: skip
    buffer = io.BytesIO()
    answers.write_parquet(buffer)
    assert len(buffer.getvalue()) < 1_000_000
    receipt = inbox.deliver(buffer.getvalue(), name="undersokelse.parquet")
    assert receipt["state"] == "quarantined"
    assert codes(receipt) == {"JS005"}


def test_a_table_of_numbers_alone_is_read(inbox: Inbox) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"statusdato": [date(2024, 5, 1)]}).write_parquet(buffer)
    receipt = inbox.deliver(buffer.getvalue(), name="innsending.parquet")
    assert receipt["tables"]["innsending"]["accepted"] == 1


def test_a_workbook_that_names_one_sheet_a_thousand_times_is_not_opened(inbox: Inbox) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_of(valid_tables(1)))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    more = "".join(f'<sheet name="Ark {i}" sheetId="{i + 100}" r:id="rId1"/>' for i in range(1000))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", f"{more}</sheets>".encode())
    receipt = inbox.deliver(zip_bytes(parts), name="levering.xlsx")
    assert codes(receipt, "info") == {"JS005"}


def test_a_folder_that_may_not_be_opened_does_not_stop_the_others(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables(2)))
    inbox.drop("3301", "b.zip", zip_of(valid_tables(2, project="Q1", komm_nr="3301")))
    listed = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder.name == "3301":
            raise PermissionError(13, "closed")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    inbox.run()
    assert {(r["avsender"], r["state"]) for r in inbox.receipts()} == {("ukjent", "quarantined"), ("4601", "accepted")}


@pytest.mark.parametrize("day", ["0000-01-01", "01.01.0000"])
def test_a_year_that_never_was_is_no_date_and_no_crash(inbox: Inbox, day: str) -> None:
    tables = valid_tables(2)
    tables["deltaker"][0] |= {"start_dato": day, "fodselsdato": day}
    tables["prosjekt"][0]["start_dato"] = day
    tables["tiltak"][0]["slutt_dato"] = day
    assert codes(inbox.deliver(zip_of(tables))) >= {"JS106"}


def test_the_last_year_a_date_can_have_is_judged(inbox: Inbox) -> None:
    tables = valid_tables(2)
    for name in ("deltaker", "tiltak"):
        tables[name][0] |= {"start_dato": "9999-12-31", "slutt_dato": "9999-12-31"}
    receipt = inbox.deliver(zip_of(tables))
    assert codes(receipt) >= {"JS203", "JS204"}
    assert "JS013" not in codes(receipt)


@pytest.mark.parametrize(
    ("born", "start", "end", "too"),
    [
        (date(2005, 2, 1), date(2023, 2, 1), date(2023, 12, 1), set()),  # 18 that day
        (date(2005, 2, 2), date(2023, 2, 1), date(2023, 12, 1), {"JS230"}),
        (date(1967, 2, 2), date(2023, 2, 1), date(2023, 12, 1), set()),  # 55, the day before the 56th birthday
        (date(1967, 2, 1), date(2023, 2, 1), date(2023, 12, 1), {"JS230"}),  # 56 that day
        (date(1990, 1, 1), date(2021, 2, 1), date(2024, 2, 1), set()),  # 36 months to the day
        (date(1990, 1, 1), date(2021, 2, 1), date(2024, 2, 2), {"JS233"}),
        (date(1990, 1, 1), date(2020, 2, 29), date(2023, 2, 28), set()),
        (date(1990, 1, 1), date(2020, 2, 29), date(2023, 3, 2), {"JS233"}),
    ],
)
def test_the_borders_of_age_and_length(inbox: Inbox, born: date, start: date, end: date, too: set[str]) -> None:
    tables = {name: rows for name, rows in valid_tables(1).items() if name in ("prosjekt", "deltaker")}
    tables["prosjekt"][0]["tilskuddsaar"] = start.year
    tables["deltaker"][0] |= {"fodselsdato": born, "start_dato": start, "slutt_dato": end}
    assert codes(inbox.deliver(zip_of(tables))) & {"JS230", "JS233"} == too


@pytest.mark.parametrize(
    ("ended", "start", "too"),
    [
        (date(2015, 1, 1), date(2017, 12, 31), {"JS231"}),  # three years until 2018
        (date(2014, 12, 31), date(2017, 12, 31), set()),
        (date(2016, 1, 1), date(2018, 1, 1), set()),  # two years from then on
        (date(2016, 1, 2), date(2018, 1, 1), {"JS231"}),
        (date(2018, 6, 1), date(2018, 1, 1), {"JS231"}),  # ends after the start
    ],
)
def test_the_borders_after_the_introduction_programme(inbox: Inbox, ended: date, start: date, too: set[str]) -> None:
    tables = {name: rows for name, rows in valid_tables(1).items() if name in ("prosjekt", "deltaker")}
    tables["deltaker"][0] |= {"intro_avsluttet_dato": ended, "start_dato": start, "slutt_dato": None, "avslutning": None}
    assert codes(inbox.deliver(zip_of(tables))) & {"JS231"} == too


@pytest.mark.parametrize(
    ("start", "too"),
    [(date(2012, 12, 31), set()), (date(2013, 1, 1), {"JS232"}), (date(2020, 12, 31), {"JS232"}), (date(2021, 1, 1), set())],
)
def test_the_borders_of_social_assistance(inbox: Inbox, start: date, too: set[str]) -> None:
    tables = {name: rows for name, rows in valid_tables(1).items() if name in ("prosjekt", "deltaker")}
    tables["deltaker"][0] |= {"inntektskilde_start": "sosialhjelp", "start_dato": start, "slutt_dato": None, "avslutning": None}
    assert codes(inbox.deliver(zip_of(tables))) & {"JS232"} == too
