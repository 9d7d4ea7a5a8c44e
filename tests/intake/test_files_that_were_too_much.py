"""What a night takes of one sender: no refused file is barred for ever, and nothing old comes back over newer rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.intake import current_rows, take_up
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


def test_what_waits_under_a_former_number_does_not_come_back_over_newer_rows(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_up, "limits", lambda: dict(limits()) | {"deliveries_a_night": 2})
    tables = valid_tables()
    for number in range(2):
        inbox.drop("1201", f"{number}.zip", zip_of(valid_tables(project=f"X{number}")))
    for sender, name in (("1201", "Gammelt navn"), ("4601", "Nytt navn")):
        inbox.drop(sender, "c.zip", zip_of({"prosjekt": [tables["prosjekt"][0] | {"navn": name}]}))
    inbox.drop("5001", "d.zip", zip_of(valid_tables(project="Q", komm_nr="5001")))
    first = inbox.run()
    assert (first.n_new, first.n_waiting) == (3, 2)
    assert inbox.run().n_new == 2
    projects = current_rows(inbox.settings)["prosjekt"]
    assert projects.filter(projects["prosjekt_id"] == "P1")["navn"].to_list() == ["Nytt navn"]
