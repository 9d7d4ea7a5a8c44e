"""Erasure of a person: rows and originals go, others' rows stay, tombstones hold back, and a run that dies is taken up again."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jobbsjansen.erasing import erase_persons, lift_erasure
from pipeline.errors import HomeBusy, UserError
from pipeline.intake import IntakeNight, check_file, current_rows, erasure, run_intake
from pipeline.pseudonyms import load_keys, log_references, person_keys, recipient_keys
from pipeline.store import home_lock
from tests.intake.intake_case import Inbox, codes, csv_bytes, make_fnr, reference_validate, valid_tables, xlsx_of, zip_of

PERSON = make_fnr(0, day=1)
OTHER = make_fnr(10, day=2)


def night(inbox: Inbox) -> IntakeNight:
    keys = load_keys(inbox.settings)
    return run_intake(inbox.settings, reference_validate, lambda _: None, lambda s: log_references(s, keys))


def erase(inbox: Inbox, *numbers: str, dry_run: bool = False) -> dict[str, Any]:
    listed = inbox.root / "persons.txt"
    listed.write_text("\n".join(numbers) + "\n", encoding="utf-8")
    return erase_persons(inbox.settings, listed, dry_run=dry_run)[0]


def empty_inbox(inbox: Inbox) -> None:
    for path in inbox.settings.home.inbox.rglob("*"):
        if path.is_file():
            path.unlink()


def stored(inbox: Inbox, *folders: str) -> str:
    """Everything in the folders as one text; tables as their cells."""
    files = [p for f in folders for p in sorted((inbox.settings.home.root / f).rglob("*")) if p.is_file()]
    texts = [pl.read_parquet(p).write_csv() if p.suffix == ".parquet" else p.read_bytes().decode("latin-1") for p in files]
    return "\n".join(texts)


def test_person_is_gone_and_the_others_stay(inbox: Inbox) -> None:
    tables = valid_tables()
    tables["prosjekt"][0]["navn"] = f"Veien {PERSON[:6]} {PERSON[6:]} videre"
    receipt = inbox.deliver(zip_of(tables))
    tables["deltaker"][0]["norsk_start"] = "b1"
    inbox.deliver(xlsx_of(tables), "b.xlsx")
    assert PERSON in stored(inbox, "identified")
    told = erase(inbox, PERSON)
    assert told["rows"] == {"deltaker": 2, "kartlegging": 2, "tiltak": 2, "oppfolging": 2}
    assert (told["deliveries"], told["originals"], told["inbox_files"]) == (2, 2, {"4601": 2})
    text = stored(inbox, "identified", "receipts")
    assert PERSON not in text
    assert f"{PERSON[:6]} {PERSON[6:]}" not in text
    assert person_keys(pl.Series([PERSON]), load_keys(inbox.settings))[0] not in text
    rows = current_rows(inbox.settings)
    assert {name: rows[name].height for name in ("prosjekt", "deltaker", "tiltak")} == {"prosjekt": 1, "deltaker": 2, "tiltak": 2}
    mottak = night(inbox).mottak
    assert mottak["rows_erased"].to_list() == [4, 4]
    assert mottak["rows_accepted"].to_list() == [13, 13]
    assert receipt["tables"]["deltaker"]["accepted"] == 3
    assert PERSON not in stored(inbox, "identified", "receipts")


def test_redelivery_is_held_back_row_by_row_and_its_original_not_kept(inbox: Inbox, tmp_path: Path) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON)
    later = valid_tables(4)
    path = tmp_path / "b.zip"
    path.write_bytes(zip_of(later))
    keys = load_keys(inbox.settings)
    asked = check_file(path, "4601", inbox.settings, reference_validate, lambda s: log_references(s, keys))
    inbox.drop("4601", "b.zip", path.read_bytes())
    assert night(inbox).n_new == 1
    receipt = inbox.receipts()[-1]
    assert asked["findings"] == receipt["findings"]
    assert codes(receipt, "error") == {"JS280"}
    assert {(f["table"], f["count"]) for f in receipt["findings"] if f["code"] == "JS280"} == {
        (name, 1) for name in ("deltaker", "tiltak", "oppfolging", "kartlegging")
    }
    assert receipt["tables"]["deltaker"] | {"accepted": 3, "quarantined": 1} == receipt["tables"]["deltaker"]
    assert current_rows(inbox.settings)["deltaker"].height == 3
    for _ in range(2):
        assert PERSON not in stored(inbox, "identified", "receipts")
        assert night(inbox).n_new == 0


def test_same_bytes_under_another_name_are_known_though_the_original_is_gone(inbox: Inbox) -> None:
    data = zip_of(valid_tables())
    inbox.deliver(data, "a.zip")
    erase(inbox, PERSON)
    inbox.drop("4601", "b.zip", data)
    assert night(inbox).n_new == 0
    assert PERSON not in stored(inbox, "identified")


def test_sender_that_had_delivered_nothing_about_the_person_learns_nothing(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON)
    inbox.drop("5001", "c.zip", zip_of(valid_tables(project="P5", komm_nr="5001")))
    inbox.drop("imdi", "d.zip", zip_of({"deltaker": valid_tables(1)["deltaker"]}))
    night(inbox)
    assert [codes(r, "error") for r in inbox.receipts()[1:]] == [set(), {"JS280"}]


def test_refused_originals_that_hold_the_person_go_too(inbox: Inbox) -> None:
    inbox.drop("4601", "liste.csv", csv_bytes([{"hvem": PERSON}]))
    inbox.drop("4601", "budsjett.csv", b"konto;sum\n1;2\n")
    inbox.run()
    assert erase(inbox, PERSON)["originals"] == 1
    assert PERSON not in stored(inbox, "identified")
    assert len(list((inbox.settings.home.identified / "originals").iterdir())) == 1


def test_dry_run_writes_nothing_and_says_the_same(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    before = {p: p.read_bytes() for p in inbox.settings.home.identified.rglob("*") if p.is_file()}
    would = erase(inbox, PERSON, dry_run=True)
    files = [p for p in inbox.settings.home.identified.rglob("*") if p.is_file() and p.name != "key_check.json"]
    assert {p: p.read_bytes() for p in files} == before
    assert not inbox.settings.home.exports.exists()
    did = erase(inbox, PERSON)
    assert would | {"dry_run": False, "lists": did["lists"]} == did


def test_recipients_list_holds_their_own_pseudonyms_and_is_closed_to_others(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    (path,) = map(Path, erase(inbox, PERSON)["lists"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys = load_keys(inbox.settings)
    own = person_keys(pl.Series([PERSON]), keys)
    lines = path.read_text("utf-8").splitlines()
    assert f"person_key;{recipient_keys(own, keys, 'ssb')[0]}" in lines
    assert [line.split(";")[0] for line in lines] == ["slag", "person_key", "deltakelse_key"]
    assert own[0] not in path.read_text("utf-8")


def test_tombstone_is_a_keyed_reference_and_nothing_else(inbox: Inbox) -> None:
    import hashlib

    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON)
    (kept,) = json.loads((inbox.settings.home.identified / "erasures.json").read_text("utf-8"))["erasures"]
    reference = log_references(pl.Series([PERSON]), load_keys(inbox.settings))[0]
    assert kept["persons"] == {reference: ["4601"]}
    assert kept["named"] == []
    assert hashlib.sha256(PERSON.encode()).hexdigest() not in json.dumps(kept)


@pytest.mark.parametrize("step", ["write_erasures", "write_ledger", "write_rows"])
@pytest.mark.parametrize("finish", ["erase", "night"])
def test_erasure_that_dies_is_taken_up_again(
    step: str, finish: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(zip_of(valid_tables()))
    real = getattr(erasure.Vault, step)
    calls = []

    def dies(self: Any, *args: Any) -> None:
        calls.append(step)
        if len(calls) == 2 or step == "write_ledger":
            raise OSError(28, "disk full")
        real(self, *args)

    with monkeypatch.context() as broken:
        broken.setattr(erasure.Vault, step, dies)
        with pytest.raises(OSError, match="disk full"):
            erase(inbox, PERSON)
    if finish == "erase":
        assert erase(inbox, PERSON)["completed_earlier"]
    mottak = night(inbox).mottak
    assert mottak["rows_erased"].to_list() == [4]
    assert PERSON not in stored(inbox, "identified")
    assert current_rows(inbox.settings)["deltaker"].height == 2
    assert json.loads((inbox.settings.home.identified / "erasures.json").read_text("utf-8"))["erasures"][0]["done"]
    assert erase(inbox, PERSON)["erasure_id"] is None


def test_withdrawal_that_names_only_the_participation_goes_with_the_person(inbox: Inbox) -> None:
    tables = valid_tables(2)
    for i, row in enumerate(tables["deltaker"]):
        row["deltakelse_id"] = f"D{i}"
    inbox.deliver(zip_of(tables), "a.zip")
    inbox.deliver(
        csv_bytes([dict.fromkeys(tables["deltaker"][0]) | {"prosjekt_id": "P1", "deltakelse_id": "D0", "slettes": "ja"}]),
        "deltaker_b.csv",
    )
    assert erase(inbox, PERSON)["rows"]["deltaker"] == 2
    assert "D0" not in stored(inbox, "identified")


def test_another_number_on_the_same_participation_is_told_as_a_count(inbox: Inbox) -> None:
    tables = valid_tables(1)
    tables["deltaker"][0]["deltakelse_id"] = "D1"
    inbox.deliver(zip_of(tables), "a.zip")
    tables["deltaker"][0]["fnr"] = make_fnr(700)
    inbox.deliver(zip_of({"deltaker": tables["deltaker"]}), "b.zip")
    assert erase(inbox, make_fnr(700), dry_run=True)["other_numbers"] == 1
    assert erase(inbox, make_fnr(700), PERSON, dry_run=True)["other_numbers"] == 0


def test_person_file_is_refused_by_line_without_its_content(inbox: Inbox) -> None:
    for wrong in ("12345678901", "hei", "1819000049"):
        with pytest.raises(UserError, match="line 2") as told:
            erase(inbox, PERSON, wrong)
        assert not re.search(r"\d{6}", str(told.value))
    with pytest.raises(UserError):
        erase(inbox)


def test_erasure_waits_for_no_night(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    with home_lock(inbox.settings.home), pytest.raises(HomeBusy) as busy:
        erase(inbox, PERSON)
    assert busy.value.exit_code == 4
    assert PERSON in stored(inbox, "identified")


def test_home_with_erasures_takes_nothing_in_without_the_key(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON)
    inbox.drop("4601", "b.zip", zip_of(valid_tables(4)))
    with pytest.raises(UserError):
        inbox.run()
    assert len(inbox.receipts()) == 1


def lift(inbox: Inbox, *numbers: str, dry_run: bool = False) -> dict[str, Any]:
    listed = inbox.root / "persons.txt"
    listed.write_text("\n".join(numbers) + "\n", encoding="utf-8")
    return lift_erasure(inbox.settings, listed, dry_run=dry_run)[0]


def test_lifted_person_is_taken_in_again_and_the_others_stay_held_back(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON, OTHER)
    assert lift(inbox, PERSON, dry_run=True)["persons_lifted"] == 1
    assert lift(inbox, PERSON, make_fnr(500))["persons_lifted"] == 1
    assert lift(inbox, PERSON)["persons_lifted"] == 0
    empty_inbox(inbox)
    inbox.drop("4601", "b.zip", zip_of(valid_tables(4)))
    night(inbox)
    people = set(current_rows(inbox.settings)["deltaker"]["fnr"])
    assert PERSON in people
    assert OTHER not in people
    assert "JS280" in codes(inbox.receipts()[-1])


def test_lifted_person_can_be_erased_again(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON)
    lift(inbox, PERSON)
    empty_inbox(inbox)
    inbox.drop("4601", "b.zip", zip_of(valid_tables(4)))
    night(inbox)
    assert erase(inbox, PERSON)["persons_with_rows"] == 1
    empty_inbox(inbox)
    inbox.drop("4601", "c.zip", zip_of(valid_tables(5)))
    night(inbox)
    assert PERSON not in set(current_rows(inbox.settings)["deltaker"]["fnr"])
    assert PERSON not in stored(inbox, "identified", "receipts")
