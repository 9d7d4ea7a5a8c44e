"""Nights in a row: duplicates, corrections, withdrawals, owners, statusdato, and a night that dies on the way."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from pipeline.intake import check_file, current_rows, night, run_intake, verdicts
from pipeline.settings import OSLO, Home
from tests.intake.intake_case import Inbox, codes, csv_bytes, make_fnr, reference_validate, rows_of, valid_tables, zip_of


def tree(root: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes."""
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def unzipped(content: bytes) -> dict[str, bytes]:
    """Every part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def outputs(inbox: Inbox) -> dict[str, bytes]:
    home = inbox.settings.home
    return {f"{f.name}/{k}": v for f in (home.receipts, home.identified) for k, v in tree(f).items()}


def test_second_night_with_nothing_new_changes_no_byte(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    inbox.drop("4601", "gal.csv", b"x")
    inbox.run()
    before = outputs(inbox)
    later = inbox.run(now=inbox.settings.now + timedelta(days=1))
    assert later.n_new == 0
    assert later.mottak.height == 2
    assert outputs(inbox) == before


def test_another_home_reaches_the_same_bytes(inbox: Inbox, tmp_path: Path) -> None:
    other = Inbox(tmp_path / "b", replace(inbox.settings, home=Home(tmp_path / "b" / "home")))
    for place in (inbox, other):
        place.drop("4601", "a.zip", zip_of(valid_tables()))
        place.drop("5001", "b.zip", zip_of(valid_tables(project="P2", komm_nr="5001")))
        place.run()
    assert outputs(inbox) == outputs(other)


def test_same_bytes_under_another_name_are_one_delivery(inbox: Inbox) -> None:
    data = zip_of(valid_tables())
    first = inbox.deliver(data)
    inbox.drop("4601", "kopi.zip", data)
    assert inbox.run().n_new == 0
    assert [r["receipt_id"] for r in inbox.receipts()] == [first["receipt_id"]]


def test_older_content_sent_again_is_a_new_delivery_with_a_remark(inbox: Inbox) -> None:
    old = valid_tables()
    new = valid_tables()
    new["oppfolging"][0]["minutter"] = 99
    first = inbox.deliver(zip_of(old), "a.zip")
    second = inbox.deliver(zip_of(new), "b.zip")
    third = inbox.deliver(zip_of(old), "c.zip")
    assert second["supersedes"] == first["receipt_id"]
    assert third["receipt_id"] != first["receipt_id"]
    assert "JS301" in codes(third)
    assert current_rows(inbox.settings)["oppfolging"]["minutter"].to_list() == [45, 45, 45]


def test_correction_wins_and_keeps_the_rest(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    changed = valid_tables()["oppfolging"][1] | {"minutter": 10}
    inbox.deliver(csv_bytes([changed]), "oppfolging_rettet.csv")
    assert rows_of(current_rows(inbox.settings)["oppfolging"], "oppfolging_id", "minutter") == [
        ("O0", 45),
        ("O1", 10),
        ("O2", 45),
    ]


def test_participation_id_lets_the_start_be_corrected(inbox: Inbox) -> None:
    tables = valid_tables(1)
    tables["deltaker"][0]["deltakelse_id"] = "D1"
    inbox.deliver(zip_of(tables), "a.zip")
    moved = tables["deltaker"][0] | {"start_dato": date(2023, 1, 15)}
    inbox.deliver(csv_bytes([moved]), "deltaker_b.csv")
    assert rows_of(current_rows(inbox.settings)["deltaker"], "deltakelse_id", "start_dato") == [("D1", date(2023, 1, 15))]


def test_participation_gets_its_id_later(inbox: Inbox) -> None:
    tables = valid_tables(1)
    inbox.deliver(zip_of(tables), "a.zip")
    inbox.deliver(csv_bytes([tables["deltaker"][0] | {"deltakelse_id": "D1"}]), "deltaker_b.csv")
    assert rows_of(current_rows(inbox.settings)["deltaker"], "deltakelse_id") == [("D1",)]


def test_row_is_withdrawn_by_its_key_alone(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    receipt = inbox.deliver(
        csv_bytes([{"tiltak_id": "T1", "prosjekt_id": "P1", "slettes": "JA", "fnr": "", "tiltak_type": "", "start_dato": ""}]),
        "tiltak_s.csv",
    )
    assert receipt["state"] == "accepted"
    assert receipt["tables"]["tiltak"] == {"rows_in": 1, "accepted": 0, "quarantined": 0, "withdrawn": 1, "duplicates": 0}
    assert current_rows(inbox.settings)["tiltak"]["tiltak_id"].to_list() == ["T0", "T2"]


def test_whole_delivery_is_withdrawn_by_its_own_sender_only(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(valid_tables()), "a.zip")
    wrong = valid_tables()["oppfolging"][0] | {"minutter": 1}
    second = inbox.deliver(csv_bytes([wrong]), "oppfolging_b.csv")
    withdrawal = csv_bytes([{"avsender": "5001", "trekker_tilbake": second["receipt_id"]}])
    assert "JS304" in codes(inbox.deliver(withdrawal, "innsending.csv", avsender="5001"))
    assert current_rows(inbox.settings)["oppfolging"]["minutter"][0] == 1
    receipt = inbox.deliver(withdrawal.replace(b"5001", b"4601"), "innsending.csv")
    assert "JS307" in codes(receipt, "info")
    assert current_rows(inbox.settings)["oppfolging"]["minutter"][0] == 45
    assert first["state"] == "accepted"


def test_project_belongs_to_whoever_delivered_it_first(inbox: Inbox) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("5001", "b.zip", zip_of(valid_tables(komm_nr="5001")))
    inbox.run()
    theirs = inbox.receipts()[-1]
    assert theirs["state"] == "rejected"
    assert codes(theirs) == {"JS215"}
    later = inbox.deliver(zip_of(valid_tables(2, komm_nr="5001")), "c.zip", avsender="5001")
    assert codes(later) == {"JS215"}
    assert set(current_rows(inbox.settings)["deltaker"]["avsender"]) == {"4601"}


def test_central_register_delivers_for_the_municipality(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "eksport.zip", avsender="imdi")
    more = inbox.deliver(zip_of(valid_tables(4)), "egen.zip", avsender="4601")
    assert more["state"] == "accepted"
    assert set(current_rows(inbox.settings)["tiltak"]["avsender"]) == {"4601"}


def test_municipality_keeps_its_project_through_a_change_of_number(inbox: Inbox) -> None:
    old = valid_tables(komm_nr="1201")
    old["prosjekt"][0]["tilskuddsaar"] = 2019
    inbox.deliver(zip_of(old), "a.zip", avsender="1201")
    receipt = inbox.deliver(zip_of(valid_tables(4)), "b.zip", avsender="4601")
    assert receipt["state"] == "accepted"


def test_same_person_in_two_municipalities_stays_in_both(inbox: Inbox) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("5001", "b.zip", zip_of(valid_tables(project="P2", komm_nr="5001")))
    inbox.run()
    assert [r["findings"] for r in inbox.receipts()] == [[], []]
    assert current_rows(inbox.settings)["deltaker"].height == 6


def statusdato(inbox: Inbox) -> list[tuple[object, ...]]:
    return rows_of(current_rows(inbox.settings)["statusdato"], "prosjekt_id", "statusdato", "oppgitt")


def test_statusdato_is_the_latest_date_until_it_is_stated(inbox: Inbox) -> None:
    tables = valid_tables()
    tables["deltaker"][0] |= {"start_dato": date(2024, 9, 1), "slutt_dato": None, "avslutning": None}
    inbox.deliver(zip_of(tables), "a.zip")
    assert statusdato(inbox) == [("P1", date(2023, 12, 1), False)]
    inbox.deliver(csv_bytes([{"avsender": "4601", "statusdato": "2024-03-31"}]), "innsending.csv")
    assert statusdato(inbox) == [("P1", date(2024, 3, 31), True)]
    inbox.deliver(csv_bytes([valid_tables()["oppfolging"][0] | {"minutter": 3}]), "oppfolging.csv")
    assert statusdato(inbox) == [("P1", date(2024, 3, 31), True)]


def test_stated_day_is_at_most_the_day_received(inbox: Inbox) -> None:
    tables = valid_tables() | {"innsending": [{"avsender": "4601", "statusdato": "2030-01-01"}]}
    assert "JS305" in codes(inbox.deliver(zip_of(tables)))
    assert statusdato(inbox) == [("P1", date(2024, 6, 1), True)]


def test_shrinking_by_a_third_is_remarked(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables(10)), "a.zip")
    assert "JS302" in codes(inbox.deliver(zip_of(valid_tables(6)), "b.zip"))
    assert current_rows(inbox.settings)["deltaker"].height == 10
    part = csv_bytes(valid_tables(1)["deltaker"])
    assert "JS302" not in codes(inbox.deliver(part, "deltaker_c.csv"))


@pytest.mark.parametrize(("module", "step"), [(night, "write_receipt"), (verdicts, "receipt_dict"), (verdicts, "_decide")])
def test_night_that_dies_is_taken_up_again_and_reaches_the_same_bytes(
    module: ModuleType, step: str, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Inbox(tmp_path / "b", replace(inbox.settings, home=Home(tmp_path / "b" / "home")))
    for place in (inbox, whole):
        place.drop("4601", "a.zip", zip_of(valid_tables()))
        place.drop("4601", "b.zip", zip_of(valid_tables(4)))
    whole.run()
    real, calls = getattr(module, step), []

    def die(*args: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module, step, die)
        with pytest.raises(KeyboardInterrupt):
            inbox.run()
    assert inbox.run().n_new == 2
    assert outputs(inbox) == outputs(whole)


def test_one_delivery_at_fault_does_not_stop_the_others(inbox: Inbox) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("5001", "b.zip", zip_of(valid_tables(project="P2", komm_nr="5001")))

    def crash_on_p2(table: str, frame: pl.DataFrame) -> pl.DataFrame:
        if "P2" in frame["prosjekt_id"].to_list():
            raise ValueError("a text that quotes 01010112345")
        return reference_validate(table, frame)

    result = run_intake(inbox.settings, crash_on_p2, lambda _: None)
    assert [r["state"] for r in inbox.receipts()] == ["accepted", "quarantined"]
    assert codes(inbox.receipts()[1]) == {"JS013"}
    assert result.n_failed == 1
    assert list(result.crashes.values()) == [w for w in result.crashes.values() if w.startswith("ValueError in test_night.py:")]


def test_a_validator_that_fails_on_everything_stops_the_night(inbox: Inbox) -> None:
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    inbox.drop("5001", "b.zip", zip_of(valid_tables(project="P2", komm_nr="5001")))

    def crash(table: str, frame: pl.DataFrame) -> pl.DataFrame:
        raise ValueError

    with pytest.raises(RuntimeError, match="at fault"):
        run_intake(inbox.settings, crash, lambda _: None)
    assert inbox.run().n_new == 2


def test_check_gives_the_receipt_and_takes_nothing_in(inbox: Inbox, tmp_path: Path) -> None:
    path = tmp_path / "levering.zip"
    path.write_bytes(zip_of(valid_tables()))
    told = check_file(path, "4601", inbox.settings, reference_validate)
    assert not inbox.settings.home.root.exists()
    assert told == inbox.deliver(path.read_bytes())


def test_no_value_leaves_the_identified_zone(inbox: Inbox) -> None:
    canary = make_fnr(700, day=28)
    tables = valid_tables()
    for table in ("deltaker", "tiltak"):
        tables[table][0]["fnr"] = canary
    tables["prosjekt"][0]["navn"] = f"<img onerror=alert(1)> {canary}"
    tables["deltaker"].append(tables["deltaker"][0] | {"kjonn": f"k {canary}", "start_dato": canary})
    tables["tiltak"].append(tables["tiltak"][0] | {"tiltak_id": canary, "tiltak_type": canary})
    tables["deltaker"][1][canary] = canary
    inbox.drop("4601", f"{canary}.zip", zip_of(tables))
    inbox.drop("4601", f"deltaker {canary}.csv", csv_bytes(tables["deltaker"]) + canary.encode())
    inbox.drop(canary, "a.zip", zip_of(tables))
    night_done = inbox.run()
    assert night_done.n_new == 3
    written = tree(inbox.settings.home.receipts)
    assert sorted(name.rsplit(".", 1)[1] for name in written) == ["html"] * 3 + ["json"] * 3 + ["xlsx"] * 2
    parts = {f"{n}/{part}": data for n, c in written.items() if n.endswith(".xlsx") for part, data in unzipped(c).items()}
    assert len(parts) > 20
    for name, content in (written | parts).items():
        assert canary not in name
        assert canary.encode() not in content
        assert b"onerror" not in content
    assert canary not in str(night_done.mottak.to_dicts())
    assert canary.encode() not in (inbox.settings.home.identified / "ledger.json").read_bytes()


def test_identified_zone_is_closed_to_others(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    zone = inbox.settings.home.identified
    assert zone.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o077 for p in zone.rglob("*") if p.is_file()} == {0}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("symlink", "JS002"),
        ("fifo", "JS002"),
        ("folder", "JS002"),
        ("hardlink", "JS003"),
        ("large", "JS004"),
        ("unknown", "JS001"),
    ],
)
def test_what_may_not_be_opened_gets_a_receipt_once(kind: str, code: str, inbox: Inbox, tmp_path: Path) -> None:
    folder = inbox.settings.home.inbox / "4601"
    folder.mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    if kind == "symlink":
        (folder / "deltaker.csv").symlink_to(secret)
    elif kind == "fifo":
        os.mkfifo(folder / "deltaker.csv")
    elif kind == "folder":
        (folder / "mappe").mkdir()
    elif kind == "hardlink":
        os.link(secret, folder / "deltaker.csv")
    elif kind == "large":
        with (folder / "deltaker.csv").open("wb") as handle:
            handle.truncate(200_000_000)
    else:
        inbox.drop("../inbox/Ola", "deltaker.csv", b"x")
    assert inbox.run().n_new == 1
    receipt = inbox.receipts()[0]
    assert receipt["state"] == "quarantined"
    assert codes(receipt) == {code}
    assert receipt["avsender"] == ("ukjent" if kind == "unknown" else "4601")
    assert inbox.run().n_new == 0
    assert not (inbox.settings.home.identified / "originals").exists()


def test_unfinished_files_are_left_alone(inbox: Inbox) -> None:
    for name in ("a.zip.part", "b.tmp", "~$c.xlsx"):
        inbox.drop("4601", name, zip_of(valid_tables()))
    night = inbox.run()
    assert (night.n_new, night.n_waiting) == (0, 2)  # the third is no delivery, but a note that a workbook is open


def test_file_that_still_grows_waits_for_the_next_night(inbox: Inbox) -> None:
    from pipeline.intake.discover import discover

    settings = replace(inbox.settings, min_age_seconds=5.0)
    path = inbox.drop("4601", "deltaker.csv", b"x")
    still = inbox.drop("4601", "tiltak.csv", b"x")
    now = datetime.now(OSLO).timestamp()
    for p in (path, still):
        os.utime(p, (now, now))
    waited = []

    def grow(seconds: float) -> None:
        waited.append(seconds)
        path.write_bytes(b"xy")

    found, unfinished = discover(settings, grow)
    assert ([f.path.name for f in found], unfinished) == (["tiltak.csv"], 1)
    assert waited == [5.0]
