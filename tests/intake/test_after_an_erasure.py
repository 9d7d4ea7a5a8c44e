"""After an erasure: the same file is taken in again once it is lifted, and what a dead night left goes with the erased."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from pipeline.intake import check_file, current_rows
from pipeline.intake.vault import Vault
from pipeline.pseudonyms import load_keys, log_references
from tests.intake.intake_case import Inbox, codes, make_fnr, reference_validate, valid_tables, zip_of
from tests.intake.test_erasure import OTHER, PERSON, empty_inbox, erase, lift, night, stored

UNKNOWN = make_fnr(500)


def people(inbox: Inbox) -> set[str]:
    return set(current_rows(inbox.settings)["deltaker"]["fnr"])


def test_same_file_is_taken_in_again_after_the_erasure_is_lifted(inbox: Inbox) -> None:
    file = zip_of(valid_tables())
    inbox.deliver(file)
    erase(inbox, PERSON)
    inbox.drop("4601", "b.zip", file)
    assert night(inbox).n_new == 0
    lift(inbox, PERSON)
    assert night(inbox).n_new == 0  # what lies there does not come back by itself
    again = inbox.drop("4601", "c.zip", file)
    keys = load_keys(inbox.settings)
    asked = check_file(again, "4601", inbox.settings, reference_validate, lambda s: log_references(s, keys))
    assert night(inbox).n_new == 1
    assert asked["receipt_id"] == inbox.receipts()[-1]["receipt_id"]
    assert PERSON in people(inbox)
    inbox.drop("4601", "d.zip", file)
    assert night(inbox).n_new == 0


def test_file_that_was_held_back_is_taken_in_whole_after_the_erasure_is_lifted(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    erase(inbox, PERSON, OTHER)
    file = zip_of(valid_tables(4))
    inbox.drop("4601", "b.zip", file)
    night(inbox)
    assert "JS280" in codes(inbox.receipts()[-1])
    lift(inbox, UNKNOWN)
    inbox.drop("4601", "c.zip", file)
    assert night(inbox).n_new == 0
    lift(inbox, PERSON)
    inbox.drop("4601", "d.zip", file)
    night(inbox)
    assert people(inbox) & {PERSON, OTHER} == {PERSON}
    lift(inbox, OTHER)
    inbox.drop("4601", "e.zip", file)
    night(inbox)
    assert people(inbox) >= {PERSON, OTHER}


@pytest.mark.parametrize("asked", [PERSON, UNKNOWN])
def test_what_a_dead_night_left_is_gone_after_an_erasure(inbox: Inbox, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    """A file that is not kept since it holds an erased person is laid out for the night; a night that dies leaves it lying."""
    first, second = zip_of(valid_tables()), zip_of(valid_tables(4))
    inbox.deliver(first)
    inbox.deliver(second, "b.zip")
    erase(inbox, PERSON)
    inbox.drop("4601", "c.zip", first)
    write = Vault.write_rows

    def die_after_one(self: Vault, receipt_id: str, table: str, rows: pl.DataFrame) -> Any:
        write(self, receipt_id, table, rows)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Vault, "write_rows", die_after_one)
        with pytest.raises(KeyboardInterrupt):
            night(inbox)
    identified = inbox.settings.home.identified
    assert list(identified.rglob("passing-*"))
    kept = {r["receipt_id"] for r in inbox.receipts()}
    assert {p.name for p in (identified / "rows").iterdir()} - kept
    empty_inbox(inbox)
    erase(inbox, asked)
    assert not list(identified.rglob("passing-*"))
    assert {p.name for p in (identified / "rows").iterdir()} <= kept
    assert PERSON not in stored(inbox, "identified")
