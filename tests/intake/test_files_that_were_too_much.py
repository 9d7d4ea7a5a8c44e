"""Files that once were too much to read do not keep the sender's other refused files from a second judgement."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.intake import take_up
from pipeline.intake.findings import Finding, Reading
from pipeline.intake.reading import sandbox
from pipeline.rules import limits
from tests.intake.intake_case import Inbox, codes, csv_bytes, valid_tables, zip_of


def test_refused_file_behind_one_that_is_too_much_is_judged_again(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_up, "limits", lambda: dict(limits()) | {"too_much_a_night": 1})
    bad = zip_of(valid_tables(project="BAD"))
    reads = sandbox.Sandbox.read

    def killed_by_one(self: sandbox.Sandbox, source: Path, table: str | None) -> Reading:
        return Reading([Finding("JS012")]) if source.read_bytes() == bad else reads(self, source, table)

    monkeypatch.setattr(sandbox.Sandbox, "read", killed_by_one)
    monkeypatch.setattr("pipeline.intake.night.Readers", lambda folder: sandbox.Readers(folder, 1))
    inbox.deliver(bad, "a.zip")
    coming = valid_tables()["kartlegging"][0] | {"dato": inbox.settings.today + timedelta(days=5)}
    assert codes(inbox.deliver(csv_bytes([coming]), "kartlegging.csv")) >= {"JS202"}
    inbox.deliver(zip_of(valid_tables(project="Q", komm_nr="5001")), "c.zip", "5001")
    assert inbox.run(now=inbox.settings.now + timedelta(days=10)).n_new == 1
    assert [(r["avsender"], r["state"]) for r in inbox.receipts()] == [
        ("4601", "quarantined"),
        ("4601", "rejected"),
        ("5001", "accepted"),
        ("4601", "accepted_with_remarks"),
    ]
