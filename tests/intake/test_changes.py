"""The receipt says what a delivery changed: new, changed, unchanged and absent rows against the last accepted state, as counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake import check_file
from pipeline.intake.judging.changes import changes_of
from pipeline.intake.judging.delivery import Delivery, judge, share
from pipeline.intake.reading.containers import read_delivery
from tests.intake.intake_case import Inbox, codes, csv_bytes, make_fnr, reference_validate, valid_tables, zip_of
from tests.intake.test_balance import SETTINGS, nothing_known

NUMBERS = ("new", "changed", "unchanged", "gone")


def told(receipt: Mapping[str, Any], table: str) -> tuple[int, ...]:
    return tuple(receipt["changes"][table][n] for n in NUMBERS)


def test_first_delivery_is_all_new(inbox: Inbox) -> None:
    receipt = inbox.deliver(zip_of(valid_tables()))
    assert {name: told(receipt, name) for name in receipt["changes"]} == {"prosjekt": (1, 0, 0, 0)} | dict.fromkeys(
        ("deltaker", "tiltak", "oppfolging", "kartlegging"), (3, 0, 0, 0)
    )
    assert receipt["findings"] == []


@pytest.mark.parametrize("nights", [1, 2])
def test_correction_shows_what_it_changed_and_stays_accepted(nights: int, inbox: Inbox) -> None:
    later = valid_tables(4)
    later["deltaker"][1]["norsk_start"] = "b1"
    del later["deltaker"][0]
    inbox.drop("4601", "a.zip", zip_of(valid_tables()))
    if nights == 2:
        inbox.run()
    inbox.drop("4601", "b.zip", zip_of(later))
    inbox.run()
    receipt = inbox.receipts()[-1]
    assert told(receipt, "deltaker") == (1, 1, 1, 1)
    assert told(receipt, "tiltak") == (1, 0, 3, 0)
    assert [(f["table"], f["count"], f["rows"], f["severity"]) for f in receipt["findings"] if f["code"] == "JS308"] == [
        ("deltaker", 1, [2], "info")
    ]
    assert receipt["state"] == "accepted"


def test_corrected_start_of_a_named_participation_is_a_change(inbox: Inbox) -> None:
    tables = valid_tables(2)
    for i, row in enumerate(tables["deltaker"]):
        row["deltakelse_id"] = f"D{i}"
    inbox.deliver(zip_of(tables), "a.zip")
    tables["deltaker"][0]["start_dato"] = "2023-02-02"
    assert told(inbox.deliver(zip_of(tables), "b.zip"), "deltaker") == (0, 1, 1, 0)


def test_withdrawn_row_is_new_when_it_comes_back(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    row = valid_tables()["tiltak"][0]
    assert told(inbox.deliver(csv_bytes([row | {"slettes": "ja"}]), "tiltak_b.csv"), "tiltak") == (0, 0, 0, 2)
    assert told(inbox.deliver(csv_bytes([row]), "tiltak_c.csv"), "tiltak") == (1, 0, 0, 2)


def test_row_that_is_held_back_is_in_the_file_all_the_same(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    later = valid_tables()
    later["oppfolging"][0]["minutter"] = "en time"
    assert told(inbox.deliver(zip_of(later), "b.zip"), "oppfolging") == (0, 0, 2, 0)


def test_others_rows_are_never_counted(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    receipt = inbox.deliver(zip_of(valid_tables(1, project="P2", komm_nr="5001")), "b.zip", avsender="5001")
    assert told(receipt, "deltaker") == (1, 0, 0, 0)
    refused = inbox.deliver(zip_of(valid_tables(komm_nr="5001")), "c.zip", avsender="5001")
    assert refused["changes"] == {}


def test_shrinking_is_seen_without_measures_and_past_a_part_delivery(inbox: Inbox) -> None:
    def two(n: int) -> bytes:
        tables = valid_tables(n)
        return zip_of({name: tables[name] for name in ("prosjekt", "deltaker")})

    inbox.deliver(two(10), "a.zip")
    inbox.deliver(csv_bytes(valid_tables(1)["oppfolging"]), "oppfolging.csv")
    assert "JS302" not in codes(inbox.deliver(two(7), "b.zip"))
    receipt = inbox.deliver(two(3), "c.zip")
    assert receipt["state"] == "accepted_with_remarks"
    assert [f["count"] for f in receipt["findings"] if f["code"] == "JS302"] == [4]
    assert told(receipt, "deltaker") == (0, 0, 3, 7)


def test_check_says_the_same_changes(inbox: Inbox, tmp_path: Path) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    path = tmp_path / "b.zip"
    path.write_bytes(zip_of(valid_tables(5)))
    asked = check_file(path, "4601", inbox.settings, reference_validate)
    assert told(asked, "deltaker") == (2, 0, 3, 0)
    assert asked == inbox.deliver(path.read_bytes(), "b.zip")


ROW = st.fixed_dictionaries(
    {
        "tiltak_id": st.sampled_from(["T1", "T2", "T3"]),
        "prosjekt_id": st.sampled_from(["P1", "P2"]),
        "fnr": st.sampled_from([make_fnr(10), "x"]),
        "tiltak_type": st.sampled_from(["mentor", "annet"]),
        "start_dato": st.just("2023-03-01"),
        "slettes": st.sampled_from(["", "", "ja"]),
    }
)


@given(st.lists(st.lists(ROW, min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_counts_follow_the_rows_one_delivery_at_a_time(files: list[list[dict[str, str]]]) -> None:
    deliveries = [Delivery(f"r{i}", "4601", "0", i, read_delivery(csv_bytes(f), "tiltak")) for i, f in enumerate(files, start=1)]
    share(judge(deliveries, nothing_known(), reference_validate, SETTINGS), deliveries)
    counted = changes_of(deliveries, nothing_known())
    state: dict[tuple[str, str], str] = {}
    for d in deliveries:
        rows = [r for r in d.fates["tiltak"].to_dicts() if r["_fate"] != "duplicates"]
        named = {(r["prosjekt_id"], r["tiltak_id"]) for r in rows}
        scope = {key for key in state if key[0] in {p for p, _ in named}}
        expected = dict.fromkeys(NUMBERS, 0) | {"gone": len(scope - named)}
        before = dict(state)
        for r in rows:
            key = (r["prosjekt_id"], r["tiltak_id"])
            if r["_fate"] == "accepted":
                kind = "new" if key not in before else "unchanged" if before[key] == r["tiltak_type"] else "changed"
                expected[kind] += 1
                state[key] = r["tiltak_type"]
            elif r["_fate"] == "withdrawn":
                state.pop(key, None)
        assert counted[d.receipt_id]["tiltak"].as_json() == expected
