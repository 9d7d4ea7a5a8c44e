"""Rules across tables and over time: a delivery that breaks each against what came before, beside one that does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from expectations import validate
from pipeline.codes import joint_projects
from pipeline.intake import senders
from tests.intake.intake_case import Inbox, Tables, codes, csv_bytes, make_fnr, valid_tables, zip_of

Change = Callable[[Tables], None]


def named(n: int = 3, project: str = "P1") -> Tables:
    tables = valid_tables(n, project=project)
    for i, row in enumerate(tables["deltaker"]):
        row["deltakelse_id"] = f"D{i}"
    return tables


def cell(table: str, **values: Any) -> Change:
    def change(tables: Tables) -> None:
        tables[table][0] |= values

    return change


def new_level(day: date, level: str) -> Change:
    def change(tables: Tables) -> None:
        tables["kartlegging"] = [tables["kartlegging"][0] | {"kartlegging_id": "K9", "dato": day, "norsk_niva": level}]

    return change


def second(table: str, **values: Any) -> Change:
    def change(tables: Tables) -> None:
        tables[table] = [tables[table][0] | values]

    return change


# code, table, what the first delivery is, what the second breaks, and what it may do
CASES: list[tuple[str, str, Change, Change, Change]] = [
    ("JS271", "deltaker", cell("deltaker"), cell("deltaker", kjonn="mann"), cell("deltaker", norsk_slutt="b1")),
    ("JS272", "deltaker", cell("deltaker"), cell("deltaker", fodselsdato=date(1991, 1, 1)), cell("deltaker", antall_barn=2)),
    ("JS273", "deltaker", cell("deltaker"), cell("deltaker", landbakgrunn="ERI"), cell("deltaker", landbakgrunn="Somalia")),
    ("JS274", "deltaker", cell("deltaker"), cell("deltaker", start_dato=date(2023, 8, 1)), cell("deltaker", start_dato=date(2023, 2, 10))),
    ("JS277", "deltaker", cell("deltaker"), cell("deltaker", fnr=make_fnr(800)), cell("deltaker", deltakelse_id="D9", fnr=make_fnr(800))),
    (
        "JS275", "deltaker", cell("deltaker", slutt_dato=date(2023, 5, 1)),
        cell("deltaker", slutt_dato=date(2023, 5, 1), avslutning="avbrutt"), cell("deltaker", slutt_dato=date(2023, 5, 2)),
    ),
    ("JS276", "kartlegging", cell("kartlegging", norsk_niva="b1"), new_level(date(2023, 9, 1), "a1"), new_level(date(2023, 9, 1), "a2")),
    (
        "JS208", "tiltak", cell("tiltak"),
        second("tiltak", tiltak_id="T9", start_dato=date(2023, 4, 1)), second("tiltak", tiltak_id="T9", start_dato=date(2023, 7, 1), slutt_dato=None),
    ),
    (
        "JS207", "deltaker", cell("deltaker"),
        second("deltaker", deltakelse_id="D9", start_dato=date(2023, 11, 1), slutt_dato=date(2024, 2, 1)),
        second("deltaker", deltakelse_id="D9", start_dato=date(2024, 1, 1), slutt_dato=date(2024, 2, 1)),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "table", "first", "wrong", "right"), CASES, ids=[c[0] for c in CASES])
def test_rule_over_time_passes_and_fails(
    code: str, table: str, first: Change, wrong: Change, right: Change, inbox: Inbox
) -> None:
    inbox.validate = validate
    for change, expected in ((right, False), (wrong, True)):
        sender, project = ("4601", "P1") if expected else ("5001", "P2")
        before, after = named(project=project), named(project=project)
        for tables in (before, after):
            tables["prosjekt"][0]["komm_nr"] = sender
        first(before)
        change(after)
        inbox.deliver(zip_of(before), f"a{sender}.zip", sender)
        receipt = inbox.deliver(csv_bytes(after[table]), f"{table}_{sender}.csv", sender)
        found = [f for f in receipt["findings"] if f["code"] == code]
        assert bool(found) is expected
        if expected:
            assert (found[0]["table"], found[0]["severity"], found[0]["rows"]) == (table, "remark", [2])
            assert receipt["tables"][table]["quarantined"] == 0


def test_second_project_at_the_same_time_is_told_to_its_own_sender_only(inbox: Inbox) -> None:
    inbox.validate = validate
    inbox.deliver(zip_of(valid_tables(2)), "a.zip")
    receipt = inbox.deliver(zip_of(valid_tables(1, project="P2")), "b.zip")
    assert [(f["code"], f["count"]) for f in receipt["findings"]] == [("JS270", 1)]
    later = valid_tables(1, project="P3")
    later["deltaker"][0] |= {"start_dato": date(2023, 12, 2), "slutt_dato": None, "avslutning": None}
    assert "JS270" not in codes(inbox.deliver(csv_bytes(later["deltaker"]), "deltaker_c.csv"))
    others = valid_tables(1, project="P5", komm_nr="5001")
    assert codes(inbox.deliver(zip_of(others), "d.zip", "5001")) == set()
    assert "JS270" not in codes(inbox.deliver(zip_of(valid_tables(1, project="P6", komm_nr="4601")), "e.zip", "imdi"))


@pytest.mark.parametrize(("changed", "told"), [(40, True), (15, False), (19, False)])
def test_very_many_changed_rows_are_remarked(changed: int, told: bool, inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables(60)), "a.zip")
    tables = valid_tables(60)
    for row in tables["oppfolging"][:changed]:
        row["minutter"] = 90
    assert ("JS320" in codes(inbox.deliver(csv_bytes(tables["oppfolging"]), "oppfolging.csv"))) is told


@pytest.mark.parametrize(
    ("owner", "project", "komm_nr", "broken"),
    [("4601", "P1", "5001", True), ("4601", "P1", "4601", False), ("1505", "P1", "1554", False), ("1505", "P1", "4601", True)],
)
def test_participant_of_the_central_register_lives_in_the_projects_municipalities(
    owner: str, project: str, komm_nr: str, broken: bool, inbox: Inbox
) -> None:
    tables = valid_tables(1, project=project, komm_nr=owner)
    tables["deltaker"][0]["komm_nr"] = komm_nr
    inbox.drop("imdi", "a.zip", zip_of({"prosjekt": tables["prosjekt"]}))
    inbox.drop("imdi", "b.zip", zip_of({"deltaker": tables["deltaker"]}))
    inbox.run()
    assert ("JS214" in codes(inbox.receipts()[1])) is broken


def test_joint_project_may_be_registered_by_name_and_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    row = {
        "avsender": "4601",
        "komm_nr": "4627",
        "prosjekt_id": "P1",
        "gyldig_fra": date(2023, 1, 1),
        "gyldig_til": date(2024, 1, 1),
    }
    listed = pl.DataFrame([row | {"kilde": "test"}])
    assert listed.columns == joint_projects().columns
    monkeypatch.setattr(senders, "joint_projects", lambda: listed)
    senders._joint.cache_clear()
    try:
        may = [
            senders.may_deliver_for("4601", "4627", None, project, day)
            for project, day in (("P1", date(2023, 5, 1)), ("P2", date(2023, 5, 1)), ("P1", date(2024, 1, 1)), (None, None))
        ]
    finally:
        senders._joint.cache_clear()
    assert may == [True, False, False, True]


def test_project_row_may_come_before_or_with_the_participants_but_not_be_withdrawn(inbox: Inbox) -> None:
    tables = valid_tables(1)
    inbox.drop("4601", "a.csv", b"")
    inbox.drop("4601", "prosjekt.csv", csv_bytes(tables["prosjekt"]))
    inbox.drop("4601", "deltaker_1.csv", csv_bytes(tables["deltaker"]))
    inbox.drop("4601", "prosjekt_2.csv", csv_bytes([tables["prosjekt"][0] | {"slettes": "ja"}]))
    inbox.drop("4601", "deltaker_2.csv", csv_bytes([tables["deltaker"][0] | {"antall_barn": 1}]))
    inbox.run()
    assert ["JS216" in codes(r) for r in inbox.receipts()[-4:]] == [False, False, False, True]
