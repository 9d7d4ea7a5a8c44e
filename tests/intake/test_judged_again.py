"""A refused delivery gets another chance: under a new name at once, under its old name when its cause lay outside the file."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from pipeline.intake import current_rows, run_intake
from pipeline.intake.judging import relations
from pipeline.intake.vault import receipt_number
from tests.intake.intake_case import Inbox, codes, csv_bytes, reference_validate, valid_tables, zip_of


def outcome(inbox: Inbox) -> list[tuple[str, str]]:
    return [(r["avsender"], r["state"]) for r in inbox.receipts()]


def everything(inbox: Inbox) -> dict[str, bytes]:
    home = inbox.settings.home
    files = [p for folder in (home.receipts, home.identified) for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p): p.read_bytes() for p in files}


def test_file_that_is_renamed_as_the_receipt_advises_is_taken_in(inbox: Inbox) -> None:
    path = inbox.drop("4601", "liste.csv", csv_bytes(valid_tables()["deltaker"]))
    inbox.run()
    assert codes(inbox.receipts()[0]) == {"JS021"}
    path.rename(path.with_name("deltaker_liste.csv"))
    assert inbox.run().n_new == 1
    assert outcome(inbox) == [("4601", "rejected"), ("4601", "accepted_with_remarks")]
    assert current_rows(inbox.settings)["deltaker"].height == 3
    assert inbox.run().n_new == 0


def test_copy_with_the_right_name_in_the_same_night_is_taken_in(inbox: Inbox) -> None:
    data = csv_bytes(valid_tables()["deltaker"])
    inbox.drop("4601", "liste.csv", data)
    inbox.drop("4601", "deltaker_liste.csv", data)
    inbox.drop("4601", "deltaker_kopi.csv", data)
    assert inbox.run().n_new == 2
    assert outcome(inbox) == [("4601", "rejected"), ("4601", "accepted_with_remarks")]
    assert len({r["receipt_id"] for r in inbox.receipts()}) == 2
    assert inbox.run().n_new == 0


def test_refused_files_that_stay_say_no_more(inbox: Inbox) -> None:
    theirs = valid_tables(komm_nr="5001", project="P5")
    inbox.drop("5001", "a.zip", zip_of(theirs))
    inbox.drop("4601", "andres.zip", zip_of({"prosjekt": theirs["prosjekt"]}))
    inbox.drop("4601", "budsjett.csv", b"konto;sum\n1;2\n")
    assert inbox.run().n_new == 3
    before = everything(inbox)
    for night in range(1, 4):
        assert inbox.run(now=inbox.settings.now + timedelta(days=night)).n_new == 0
    assert everything(inbox) == before


def test_withdrawal_that_came_before_its_delivery_is_judged_again(inbox: Inbox) -> None:
    tables = valid_tables()
    later = zip_of(tables)
    receipt_id = receipt_number("4601", sha256(later).hexdigest(), 0)
    inbox.drop("4601", "innsending.csv", csv_bytes([{"avsender": "4601", "trekker_tilbake": receipt_id}]))
    inbox.run()
    assert codes(inbox.receipts()[0]) == {"JS304"}
    inbox.deliver(later, "a.zip")
    assert current_rows(inbox.settings)["deltaker"].height == 3
    assert inbox.run().n_new == 1
    assert [s for _, s in outcome(inbox)] == ["rejected", "accepted", "accepted"]
    assert [r["rekkefolge"] for r in inbox.receipts()] == [1, 2, 3]
    assert current_rows(inbox.settings)["deltaker"].is_empty()
    assert inbox.run().n_new == 0


def test_unchanged_verdict_is_not_said_twice_when_others_deliver(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    inbox.deliver(zip_of(valid_tables(komm_nr="5001")), "b.zip", avsender="5001")
    assert codes(inbox.receipts()[-1]) == {"JS215"}
    inbox.deliver(zip_of(valid_tables(project="P3", komm_nr="1103")), "c.zip", avsender="1103")
    judged = Counting(inbox)
    assert inbox.run().n_new == 0
    assert judged.calls > 0
    before, judged.calls = everything(inbox), 0
    assert inbox.run().n_new == 0
    assert judged.calls == 0
    assert everything(inbox) == before


class Counting:
    """Counts how often the validator is asked."""

    def __init__(self, inbox: Inbox) -> None:
        self.calls = 0
        inbox.validate = self

    def __call__(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        self.calls += 1
        return reference_validate(table, frame)


def test_project_that_its_owner_gives_up_is_free_for_the_other(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(valid_tables()), "a.zip")
    inbox.deliver(zip_of(valid_tables(komm_nr="5001")), "b.zip", avsender="5001")
    inbox.deliver(csv_bytes([{"avsender": "4601", "trekker_tilbake": first["receipt_id"]}]), "innsending.csv")
    assert inbox.run().n_new == 1
    assert outcome(inbox)[-1] == ("5001", "accepted")
    assert set(current_rows(inbox.settings)["deltaker"]["avsender"]) == {"5001"}


def test_joint_project_registered_later_frees_its_delivery(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    project = csv_bytes(valid_tables(komm_nr="5001")["prosjekt"])
    inbox.deliver(project, "prosjekt.csv")
    assert codes(inbox.receipts()[0]) == {"JS214"}
    assert inbox.run().n_new == 0
    monkeypatch.setattr(relations, "may_deliver_for", lambda *_: True)
    monkeypatch.setattr("pipeline.intake.again.code_hash", lambda *_: "another code list")
    assert inbox.run().n_new == 1
    assert outcome(inbox) == [("4601", "rejected"), ("4601", "accepted")]


def test_fault_of_the_program_is_forgotten_when_it_is_mended(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))

    def crash(table: str, frame: pl.DataFrame) -> pl.DataFrame:
        raise ValueError

    assert run_intake(inbox.settings, crash, lambda _: None).n_failed == 1
    assert run_intake(inbox.settings, crash, lambda _: None).n_new == 0
    monkeypatch.setattr("pipeline.intake.again.code_hash", lambda *_: "mended")
    assert run_intake(inbox.settings, crash, lambda _: None).n_new == 0
    monkeypatch.setattr("pipeline.intake.again.code_hash", lambda *_: "mended at last")
    assert inbox.run().n_new == 1
    assert [s for _, s in outcome(inbox)] == ["quarantined", "accepted"]


def test_old_refused_delivery_never_overrules_a_newer_accepted_one(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(table: str, frame: pl.DataFrame) -> pl.DataFrame:
        raise ValueError

    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    run_intake(inbox.settings, crash, lambda _: None)
    newer: dict[str, Any] = valid_tables()
    newer["oppfolging"][0]["minutter"] = 99
    inbox.deliver(zip_of(newer), "b.zip")
    monkeypatch.setattr("pipeline.intake.again.code_hash", lambda *_: "mended")
    assert inbox.run().n_new == 0
    assert current_rows(inbox.settings)["oppfolging"]["minutter"].to_list() == [99, 45, 45]
