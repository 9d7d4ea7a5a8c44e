"""A register whose last extract could not be used is told by its name, with what that means for the figures."""

from __future__ import annotations

import json
from datetime import date, datetime
from html import unescape
from pathlib import Path

import polars as pl
import pytest

from assets import publish
from assets.night import Night
from jobbsjansen import publishing
from pipeline.dashboard.texts import Texts
from pipeline.released import ReleasedTables
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import Warehouse, json_text, write_text
from pipeline.tables import INNDATA, KLARGJORT, REGISTERS, STATISTIKK
from pipeline.tables.base import Table

RECEIVED = [
    ("1", "arbeidsforhold", 1, "2026-01-31T23:30:00+01:00", "erstattet"),
    ("2", "arbeidsforhold", 2, "2026-02-28T23:30:00+01:00", "i_bruk"),
    ("3", "arbeidsforhold", 3, "2026-03-02T02:30:00+01:00", "avvist"),
    ("4", "norskprove", 1, "2026-03-02T02:30:00+01:00", "avvist"),
    ("5", "ytelse", 1, "2026-01-01T02:30:00+01:00", "delvis_erstattet"),
    ("6", "ytelse", 2, "2026-02-01T02:30:00+01:00", "i_bruk"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(Home(tmp_path / "home"), "demo", datetime(2026, 3, 3, 2, 30, tzinfo=OSLO))
    names = ("uttrekk_id", "register", "rekkefolge", "mottatt", "tilstand")
    rows = [dict(zip(names, row, strict=True)) | {"helbefolkning": False} for row in RECEIVED]
    Warehouse(found.home).write("statistikk", "uttrekk", filled(STATISTIKK["uttrekk"], rows))
    return found


def filled(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    return table.conform(pl.DataFrame([dict.fromkeys(table.names) | row for row in rows], schema=table.schema))


def test_the_page_names_the_register_and_says_which_figures_rest_on_what_is_older(site: Path) -> None:
    page = unescape((site / "index.html").read_text(encoding="utf-8"))
    assert (
        "Arbeidsforhold kunne ikke oppdateres med det siste uttrekket. Tall om arbeid, lønn, selvforsørging og status i november "
        "bygger derfor på opplysninger mottatt 3. oktober 2026 eller før."
    ) in page
    assert "Norskprøver kunne ikke oppdateres med det siste uttrekket, og det finnes ikke noe eldre." in page
    assert "<dd>Arbeidsforhold, Norskprøver</dd>" in page
    assert "norskprove" not in page


@pytest.mark.parametrize("register", REGISTERS)
def test_every_register_has_its_name_and_its_figures(register: str) -> None:
    t = Texts("nb")
    assert t.label("register", register) != register
    assert t.label("register_tall", register) != register
    assert not t.label("register_tall", register).endswith(".")


def test_a_refused_register_is_told_with_the_day_of_what_is_used_instead(settings: Settings) -> None:
    night = Night(settings, facts={"extracts_refused": dict.fromkeys(("ytelse", "norskprove", "arbeidsforhold"), "why")})
    assert publish._refused(night) == {"arbeidsforhold": date(2026, 2, 28), "norskprove": None, "ytelse": date(2026, 2, 1)}
    assert publish._refused(Night(settings)) == {}


def test_pages_built_after_the_night_still_tell_what_the_night_refused(settings: Settings) -> None:
    write_text(settings.home.status, json_text({"state": "completed", "extracts_refused": {"arbeidsforhold": "why"}}))
    before = json.loads(settings.home.status.read_text(encoding="utf-8"))
    assert publish._refused(publishing.night_after(settings)) == {"arbeidsforhold": date(2026, 2, 28)}
    assert json.loads(settings.home.status.read_text(encoding="utf-8")) == before


def test_a_home_without_a_status_has_refused_nothing(settings: Settings) -> None:
    assert publish._refused(publishing.night_after(settings)) == {}


def test_of_the_senders_that_are_due_no_more_can_have_come_than_there_are(settings: Settings) -> None:
    """The directorate delivers for others, and has no project of its own."""
    warehouse = Warehouse(settings.home)
    receipts = [("4601", "accepted"), ("imdi", "accepted_with_remarks"), ("1103", "rejected")]
    ledger = [{"avsender": who, "state": state, "rekkefolge": i} for i, (who, state) in enumerate(receipts)]
    warehouse.write("inndata", "mottak", filled(INNDATA["mottak"], ledger))
    projects = [{"avsender": who, "prosjekt_id": who} for who in ("4601", "1103")]
    warehouse.write("klargjort", "prosjekt", filled(KLARGJORT["prosjekt"], projects))
    warehouse.write("statistikk", "kobling", STATISTIKK["kobling"].empty())
    told = publish._freshness(Night(settings), ReleasedTables("r0001", {}, {"beregnet": "2026-03-01T02:30:00+01:00"}))
    assert (told.received, told.due, told.with_remarks) == (1, 2, 1)
