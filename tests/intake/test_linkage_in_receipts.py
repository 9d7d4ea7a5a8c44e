"""Link loss is added to the latest receipt once registers have been joined: own shares only, safe alone and over time, idempotent."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.intake import add_linkage
from pipeline.tables import STATISTIKK
from tests.intake.intake_case import Inbox, valid_tables, zip_of


def joined(*rows: tuple[str, str, int, int | None]) -> pl.DataFrame:
    """``statistikk.kobling`` of (register, owner, participations, found)."""
    frame = pl.DataFrame(
        rows, schema=["register", "avsender", "n_deltakelser", "n_koblet"], orient="row", infer_schema_length=None
    )
    return STATISTIKK["kobling"].conform(frame.with_columns(siste_maaned=pl.lit(date(2024, 3, 1))))


def shares(inbox: Inbox) -> dict[str, Any]:
    return {x["register"]: x["share"] for x in inbox.receipts()[-1]["linkage"]}


def files(inbox: Inbox) -> dict[str, bytes]:
    roots: tuple[Path, ...] = (inbox.settings.home.receipts, inbox.settings.home.identified)
    return {str(p): p.read_bytes() for root in roots for p in sorted(root.rglob("*")) if p.is_file()}


def test_shares_come_into_json_and_page_and_stay_the_same_bytes(inbox: Inbox) -> None:
    receipt = inbox.deliver(zip_of(valid_tables()))
    assert receipt["linkage"] == []
    rows = joined(
        ("ytelse", "4601", 60, 45), ("folkeregister", "4601", 60, 60), ("norskprove", "4601", 60, None), ("ytelse", "5001", 9, 1)
    )
    assert add_linkage(rows, inbox.settings) == 1
    assert shares(inbox) == {"folkeregister": 0, "ytelse": 25}
    page = (inbox.settings.home.receipts / "4601" / f"{receipt['receipt_id']}.html").read_text(encoding="utf-8")
    assert all(
        heading in page for heading in ("Ikke funnet i registrene", "Ikkje funne i registra", "Not found in the registers")
    )
    before = files(inbox)
    assert add_linkage(rows, inbox.settings) == 0
    assert files(inbox) == before


def test_small_numbers_on_either_side_are_hidden(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    add_linkage(joined(("ytelse", "4601", 60, 57), ("utdanning", "4601", 60, 3), ("norskprove", "4601", 60, 60)), inbox.settings)
    assert shares(inbox) == {"ytelse": ":", "utdanning": ":", "norskprove": ":"}


def test_a_share_moves_only_when_it_tells_about_many(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    add_linkage(joined(("ytelse", "4601", 60, 45)), inbox.settings)
    add_linkage(joined(("ytelse", "4601", 60, 43)), inbox.settings)
    assert shares(inbox) == {"ytelse": 25}
    inbox.deliver(zip_of(valid_tables(4)), "b.zip")
    add_linkage(joined(("ytelse", "4601", 61, 45)), inbox.settings)
    assert shares(inbox) == {"ytelse": 25}
    add_linkage(joined(("ytelse", "4601", 60, 40)), inbox.settings)
    assert shares(inbox) == {"ytelse": 33}


def test_a_share_is_held_against_all_that_was_shown(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    add_linkage(joined(("ytelse", "4601", 60, 45)), inbox.settings)
    add_linkage(joined(("ytelse", "4601", 60, 40)), inbox.settings)
    add_linkage(joined(("ytelse", "4601", 60, 46)), inbox.settings)  # far from 20 and 40, but one person from 15 and 45
    assert shares(inbox) == {"ytelse": 33}


def test_memory_of_the_last_shown_alone_is_still_read(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    (inbox.settings.home.identified / "linkage_shown.json").write_text('{"4601": {"ytelse": [15, 45]}}', encoding="utf-8")
    add_linkage(joined(("ytelse", "4601", 60, 46)), inbox.settings)
    assert shares(inbox) == {"ytelse": 25}


def test_earlier_receipts_and_exact_counts_stay_where_they_are(inbox: Inbox) -> None:
    first = inbox.deliver(zip_of(valid_tables()), "a.zip")
    inbox.deliver(zip_of(valid_tables(4)), "b.zip")
    add_linkage(joined(("ytelse", "4601", 60, 45)), inbox.settings)
    assert inbox.receipts()[0] == first
    memory = inbox.settings.home.identified / "linkage_shown.json"
    assert json.loads(memory.read_text(encoding="utf-8")) == {"4601": {"ytelse": [[15, 45]]}}
    assert memory.stat().st_mode & 0o077 == 0


def test_without_registers_nothing_is_written(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    before = files(inbox)
    assert add_linkage(STATISTIKK["kobling"].empty(), inbox.settings) == 0
    assert files(inbox) == before
