"""Several deliveries of one sender in one night: each meets what stood when it came, what came before it that night included."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake import check_file, current_rows
from pipeline.intake.judging import turns
from pipeline.settings import Home
from tests.intake.intake_case import Inbox, Tables, codes, csv_bytes, make_fnr, reference_validate, valid_tables, zip_of


def states(inbox: Inbox) -> list[str]:
    return [r["state"] for r in inbox.receipts()]


def kept(inbox: Inbox) -> dict[str, bytes]:
    """Every file of the receipts and of the identified zone."""
    home = inbox.settings.home
    files = [p for folder in (home.receipts, home.identified) for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p.relative_to(home.root)): p.read_bytes() for p in files}


def all_wrong(tables: Tables) -> bytes:
    """A delivery that is whole, and of which no row can be taken in."""
    return zip_of({"deltaker": [row | {"kjonn": "ukjent"} for row in tables["deltaker"]]})


def test_refused_delivery_is_not_the_latest_for_the_one_after_it(inbox: Inbox) -> None:
    first = zip_of(valid_tables())
    inbox.deliver(first, "a.zip")
    inbox.drop("4601", "b.zip", all_wrong(valid_tables()))
    inbox.drop("4601", "c.zip", first)
    assert inbox.run().n_new == 1
    assert states(inbox) == ["accepted", "rejected"]


def test_refused_delivery_does_not_hide_the_same_file_under_another_name(inbox: Inbox) -> None:
    data = all_wrong(valid_tables())
    inbox.drop("4601", "a.zip", data)
    inbox.drop("4601", "b.zip", data)
    assert inbox.run().n_new == 2
    assert states(inbox) == ["rejected", "rejected"]
    assert len({r["receipt_id"] for r in inbox.receipts()}) == 2


def test_second_is_judged_against_the_first(inbox: Inbox) -> None:
    tables = valid_tables()
    inbox.drop("4601", "a.zip", zip_of({"prosjekt": tables["prosjekt"], "deltaker": tables["deltaker"]}))
    inbox.drop("4601", "tiltak.csv", csv_bytes(tables["tiltak"]))
    inbox.run()
    assert states(inbox) == ["accepted", "accepted"]
    first, second = inbox.receipts()
    assert second["supersedes"] == first["receipt_id"]
    assert second["findings"] == []


def test_what_comes_later_the_same_night_does_not_count_yet(inbox: Inbox) -> None:
    tables = valid_tables()
    inbox.drop("4601", "tiltak.csv", csv_bytes(tables["tiltak"]))
    inbox.drop("4601", "a.zip", zip_of({"prosjekt": tables["prosjekt"], "deltaker": tables["deltaker"]}))
    inbox.run()
    assert codes(inbox.receipts()[0]) == {"JS209"}


def test_row_that_was_held_back_is_no_parent_for_the_delivery_after_it(inbox: Inbox) -> None:
    tables = valid_tables()
    people = [tables["deltaker"][0] | {"kjonn": "ukjent"}, *tables["deltaker"][1:]]
    inbox.drop("4601", "a.zip", zip_of({"prosjekt": tables["prosjekt"], "deltaker": people}))
    inbox.drop("4601", "tiltak.csv", csv_bytes(tables["tiltak"]))
    inbox.run()
    assert [(f["code"], f["count"]) for f in inbox.receipts()[1]["findings"]] == [("JS209", 1)]


def test_participation_corrected_earlier_the_same_night_decides_what_lies_outside_it(inbox: Inbox) -> None:
    tables = valid_tables(1)
    tables["deltaker"][0] |= {"deltakelse_id": "D1"}
    inbox.deliver(zip_of(tables), "a.zip")
    corrected = tables["deltaker"][0] | {"start_dato": "2023-09-01"}
    inbox.drop("4601", "deltaker.csv", csv_bytes([corrected]))
    inbox.drop("4601", "oppfolging.csv", csv_bytes(tables["oppfolging"]))
    inbox.run()
    assert codes(inbox.receipts()[-1]) == {"JS210"}


def test_delivery_of_the_same_night_is_withdrawn_at_once(inbox: Inbox) -> None:
    from hashlib import sha256

    from pipeline.intake.vault import receipt_number

    data = zip_of(valid_tables())
    receipt_id = receipt_number("4601", sha256(data).hexdigest(), 0)
    inbox.drop("4601", "a.zip", data)
    inbox.drop("4601", "innsending.csv", csv_bytes([{"avsender": "4601", "trekker_tilbake": receipt_id}]))
    inbox.drop("4601", "tiltak.csv", csv_bytes(valid_tables()["tiltak"]))
    inbox.run()
    assert states(inbox) == ["accepted", "accepted", "accepted_with_remarks"]
    assert inbox.receipts()[2]["changes"]["tiltak"] == {"new": 3, "changed": 0, "unchanged": 0, "gone": 0}
    assert codes(inbox.receipts()[2]) == {"JS209"}
    assert current_rows(inbox.settings)["deltaker"].is_empty()


def test_shrinking_and_changes_are_told_against_the_first_of_the_night(inbox: Inbox) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables(10)))
    inbox.drop("4601", "b.zip", zip_of(valid_tables(3)))
    inbox.run()
    second = inbox.receipts()[1]
    assert "JS302" in codes(second)
    assert second["changes"]["deltaker"] == {"new": 0, "changed": 0, "unchanged": 3, "gone": 7}


def test_older_content_comes_back_within_one_night(inbox: Inbox) -> None:
    old, new = valid_tables(), valid_tables()
    new["oppfolging"][0]["minutter"] = 99
    inbox.drop("4601", "a.zip", zip_of(old))
    inbox.drop("4601", "a2.zip", zip_of(old))
    inbox.drop("4601", "b.zip", zip_of(new))
    inbox.drop("4601", "c.zip", zip_of(old))
    inbox.drop("4601", "d.zip", zip_of(old))
    assert inbox.run().n_new == 3
    assert [codes(r) for r in inbox.receipts()] == [set(), set(), {"JS301"}]
    assert current_rows(inbox.settings)["oppfolging"]["minutter"].to_list() == [45, 45, 45]
    assert inbox.run().n_new == 0


def test_withdrawn_withdrawal_lets_the_delivery_stand_again(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(valid_tables()), "a.zip")
    second = inbox.deliver(csv_bytes([{"avsender": "4601", "trekker_tilbake": first["receipt_id"]}]), "innsending_1.csv")
    assert current_rows(inbox.settings)["deltaker"].is_empty()
    inbox.deliver(csv_bytes([{"avsender": "4601", "trekker_tilbake": second["receipt_id"]}]), "innsending_2.csv")
    assert current_rows(inbox.settings)["deltaker"].height == 3


def test_one_night_and_two_nights_say_the_same(inbox: Inbox, tmp_path: Path) -> None:
    def outcome(box: Inbox, split: bool) -> list[dict[str, Any]]:
        later = valid_tables(4)
        later["deltaker"][1]["norsk_start"] = "b1"
        for sender, project in (("4601", "P1"), ("5001", "P2")):
            box.drop(sender, "a.zip", zip_of(valid_tables(project=project, komm_nr=sender)))
        if split:
            box.run()
        for sender, project in (("4601", "P1"), ("5001", "P2")):
            tables = {n: [r | {"prosjekt_id": project} for r in rows] for n, rows in later.items()}
            tables["prosjekt"][0]["komm_nr"] = sender
            box.drop(sender, "b.zip", zip_of(tables))
        box.run()
        return [r | {"versions": None} for r in box.receipts()]

    other = Inbox(tmp_path / "other", inbox.settings.with_(home=type(inbox.settings.home)(tmp_path / "other" / "home")))
    assert outcome(inbox, True) == outcome(other, False)


def test_check_of_the_latest_accepted_delivery_is_its_own_receipt(inbox: Inbox, tmp_path: Path) -> None:
    data = zip_of(valid_tables())
    given = inbox.deliver(data, "a.zip")
    path = tmp_path / "copy.zip"
    path.write_bytes(data)
    asked = check_file(path, "4601", inbox.settings, reference_validate)
    assert asked == given == json.loads(next(inbox.settings.home.receipts.rglob("*.json")).read_text("utf-8"))


def test_check_of_older_content_is_a_new_receipt(inbox: Inbox, tmp_path: Path) -> None:
    path = tmp_path / "copy.zip"
    path.write_bytes(zip_of(valid_tables()))
    first = inbox.deliver(path.read_bytes(), "a.zip")
    inbox.deliver(csv_bytes(valid_tables()["tiltak"]), "tiltak.csv")
    asked = check_file(path, "4601", inbox.settings, reference_validate)
    assert asked["receipt_id"] != first["receipt_id"]
    assert "JS301" in codes(asked)
    assert asked == inbox.deliver(path.read_bytes(), "c.zip")


def test_project_goes_to_the_first_of_the_night_whoever_delivers_more(inbox: Inbox) -> None:
    mine, theirs = valid_tables(1, project="P9"), valid_tables(1, project="P9", komm_nr="5001")
    for rows in mine.values():
        rows[:] = [row | ({"fnr": make_fnr(600)} if "fnr" in row else {}) for row in rows]
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("4601", "b.zip", zip_of(mine))
    inbox.drop("5001", "c.zip", zip_of(theirs))
    inbox.run()
    assert [r["state"] for r in inbox.receipts()] == ["accepted", "accepted", "rejected"]
    assert codes(inbox.receipts()[2]) == {"JS215"}


def test_shrinking_is_told_per_table_and_only_about_the_same_projects(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables(10)), "a.zip")
    assert "JS302" not in codes(inbox.deliver(zip_of(valid_tables(2, project="P2")), "b.zip"))
    later = valid_tables(10)
    later["oppfolging"] = later["oppfolging"][:4]
    receipt = inbox.deliver(zip_of(later), "c.zip")
    assert [(f["table"], f["count"]) for f in receipt["findings"] if f["code"] == "JS302"] == [("oppfolging", 6)]


def test_a_turn_in_parts_gives_the_same_bytes(inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Inbox(tmp_path / "b", replace(inbox.settings, home=Home(tmp_path / "b" / "home")))
    for place in (inbox, parts):
        for number, sender in enumerate(("4601", "1103", "5001")):
            place.drop(sender, "a.zip", zip_of(valid_tables(project=f"P{number}", komm_nr=sender)))
    inbox.run()
    monkeypatch.setattr(turns, "MOST_ROWS", 20)
    parts.run()
    assert [r["state"] for r in parts.receipts()] == ["accepted"] * 3
    assert kept(parts) == kept(inbox)
