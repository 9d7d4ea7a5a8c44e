"""What ``status --senders`` and ``status --as-of`` say: who is overdue, and what stood at any earlier night."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from jobbsjansen.senders import senders_status, senders_text, state_as_of
from pipeline.errors import UserError
from pipeline.intake import current_rows
from pipeline.pseudonyms import load_keys, to_inndata
from pipeline.settings import OSLO
from pipeline.store import Warehouse
from tests.intake.intake_case import Inbox, csv_bytes, valid_tables, zip_of

JANUARY = datetime(2026, 1, 20, 2, 30, tzinfo=OSLO)


def at(inbox: Inbox, *deliveries: tuple[str, bytes], now: datetime) -> None:
    """A night with these deliveries, with the tables that the night writes from them."""
    for i, (sender, data) in enumerate(deliveries):
        inbox.drop(sender, f"{now:%Y%m%d}-{i}.zip", data)
    night = inbox.run(now=now)
    warehouse = Warehouse(inbox.settings.home)
    warehouse.write("inndata", "mottak", night.mottak)
    made = to_inndata(current_rows(inbox.settings), load_keys(inbox.settings))
    for name in ("prosjekt", "deltaker"):
        warehouse.write("inndata", name, made[name])


def open_project(komm_nr: str, project: str) -> bytes:
    tables = valid_tables(2, project=project, komm_nr=komm_nr)
    tables["prosjekt"][0] |= {"tilskuddsaar": 2026, "start_dato": date(2023, 1, 1)}
    for row in tables["deltaker"]:
        row |= {"slutt_dato": None, "avslutning": None}
    return zip_of(tables)


def of(inbox: Inbox, sender: str, day: datetime) -> dict[str, Any]:
    (row,) = [r for r in senders_status(inbox.settings.with_(now=day)) if r["avsender"] == sender]
    return row


def test_sender_is_overdue_from_the_day_after_the_deadline_until_it_delivers(inbox: Inbox) -> None:
    at(inbox, ("4601", open_project("4601", "P1")), now=JANUARY)
    assert of(inbox, "4601", datetime(2026, 2, 15, tzinfo=OSLO)) == {
        "avsender": "4601", "due": date(2026, 2, 15), "overdue_days": 0, "deliveries": 1, "received": date(2026, 1, 20),
        "state": "accepted", "remarks": 0, "errors": 0, "accepted": date(2026, 1, 20),
    }  # fmt: skip
    late = of(inbox, "4601", datetime(2026, 2, 18, tzinfo=OSLO))
    assert (late["due"], late["overdue_days"]) == (date(2026, 2, 15), 3)
    at(inbox, ("4601", csv_bytes(valid_tables()["prosjekt"])), now=datetime(2026, 2, 18, 3, tzinfo=OSLO))
    rejected = of(inbox, "4601", datetime(2026, 2, 18, 9, tzinfo=OSLO))
    assert (rejected["state"], rejected["errors"], rejected["overdue_days"]) == ("rejected", 1, 3)


def test_what_the_central_register_delivers_is_received_for_the_owner(inbox: Inbox) -> None:
    at(inbox, ("imdi", open_project("4601", "P1")), now=datetime(2026, 2, 10, tzinfo=OSLO))
    day = datetime(2026, 2, 20, tzinfo=OSLO)
    assert of(inbox, "4601", day)["overdue_days"] == 0
    assert of(inbox, "4601", day)["received"] == date(2026, 2, 10)
    assert of(inbox, "imdi", day)["due"] is None


def test_sender_that_has_nothing_running_is_not_due(inbox: Inbox) -> None:
    at(inbox, ("4601", zip_of(valid_tables())), ("5001", open_project("5001", "P2")), now=JANUARY)
    rows = senders_status(inbox.settings.with_(now=datetime(2026, 3, 1, tzinfo=OSLO)))
    assert [(r["avsender"], r["overdue_days"]) for r in rows] == [("5001", 14), ("4601", 0)]
    assert senders_text(rows)[-1] == "1 of 2 senders are overdue."


def content(rows: dict[str, pl.DataFrame]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: frame.rows() for name, frame in rows.items()}


def test_every_past_night_comes_back_as_it_was(inbox: Inbox) -> None:
    corrected = valid_tables()
    corrected["deltaker"][0]["norsk_start"] = "b1"
    first = zip_of(valid_tables())
    steps = [
        ("4601", first, "a.zip"),
        ("4601", zip_of(corrected), "b.zip"),
        ("5001", zip_of(valid_tables(project="P5", komm_nr="5001")), "c.zip"),
        ("4601", csv_bytes([valid_tables()["tiltak"][0] | {"slettes": "ja"}]), "tiltak.csv"),
    ]
    there: list[tuple[datetime, str, dict[str, list[tuple[Any, ...]]]]] = []
    for i, (sender, data, name) in enumerate(steps):
        now = inbox.settings.now + timedelta(days=i)
        receipt = inbox.deliver(data, name, sender, now=now)
        there.append((now, receipt["receipt_id"], content(current_rows(inbox.settings))))
    withdrawing = csv_bytes([{"avsender": "4601", "trekker_tilbake": there[1][1]}])
    inbox.deliver(withdrawing, "innsending.csv", now=inbox.settings.now + timedelta(days=9))
    assert content(current_rows(inbox.settings)) != there[-1][2]
    for now, receipt_id, rows in there:
        assert content(current_rows(inbox.settings, now)) == rows
        assert content(current_rows(inbox.settings, receipt_id)) == rows


def test_state_as_of_counts_rows_and_refuses_what_is_neither_time_nor_receipt(inbox: Inbox) -> None:
    receipt = inbox.deliver(zip_of(valid_tables()))
    for as_of in (receipt["receipt_id"], "2024-06-01T02:30"):
        told, text = state_as_of(inbox.settings, as_of)
        assert told["rows"] | {"deltaker": 3, "prosjekt": 1} == told["rows"]
        assert "deltaker" in text
    assert state_as_of(inbox.settings, "2024-05-31")[0]["rows"]["deltaker"] == 0
    for wrong in ("yesterday", "0123456789ab"):
        with pytest.raises(UserError):
            state_as_of(inbox.settings, wrong)
