"""Persons found to be one: told once whatever stops the night, and no longer than it is true."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from assets.night import Night
from assets.persons import REPLACED, pseudonymised
from jobbsjansen.erasing import erase_persons, references
from pipeline.intake import run_intake
from pipeline.pseudonyms import last_good_copy, person_keys
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import parquet_bytes, write_bytes
from pipeline.tables import INNDATA
from tests.intake.intake_case import make_fnr, reference_validate, valid_tables, zip_of

EARLIER, OTHER, NOW, LATER = make_fnr(0, day=1), make_fnr(10, day=2), make_fnr(300, day=41), make_fnr(700, day=3)


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    """A home after a night, two persons in one project and one in another, nobody linked."""
    shutil.copytree(template, tmp_path / "home")
    return settings_of(tmp_path)


def settings_of(folder: Path) -> Settings:
    return Settings(Home(folder / "home"), "demo", datetime(2026, 2, 1, 2, 30, tzinfo=OSLO), min_age_seconds=0)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``settings`` starts from."""
    made = settings_of(tmp_path_factory.mktemp("nobody_linked"))
    theirs = valid_tables(2)
    elsewhere = {
        name: [row | {"fnr": NOW} if "fnr" in row else row for row in rows]
        for name, rows in valid_tables(1, "P2", "1103").items()
    }
    for sender, tables in (("4601", theirs), ("1103", elsewhere)):
        path = made.home.inbox / sender / "levering.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(zip_of(tables))
    run_intake(made, reference_validate, lambda _: None, references(made))
    night(made)
    return made.home.root


def night(settings: Settings) -> Night:
    """What a night does of it, written down."""
    made = Night(settings)
    write(made, pseudonymised(made))
    return made


def write(made: Night, frames: dict[str, pl.DataFrame]) -> None:
    for name in (REPLACED, *frames):
        made.warehouse.write("inndata", name, frames[name])


def links(settings: Settings, *pairs: tuple[str, str]) -> None:
    path = settings.home.registers / "identitet" / "lenker.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["tidligere_id,person_id", *(",".join(pair) for pair in pairs), ""]))


def replaced(made: Night) -> list[tuple[str, str]]:
    table = made.warehouse.read("inndata", REPLACED)
    return table.filter(pl.col("slag") == "person").select("gammel_key", "person_key").rows()


def keys_of(made: Night, *people: str) -> list[str]:
    return person_keys(pl.Series(people), made.keys).to_list()


def lists(settings: Settings) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in settings.home.exports.rglob("ompseudonymisering_*.csv")}


def members(settings: Settings, frame: pl.DataFrame | None = None) -> pl.DataFrame:
    path = settings.home.warehouse / "release_members" / "r0001.parquet"
    if frame is not None:
        write_bytes(path, parquet_bytes(frame), mode=0o600)
    return pl.read_parquet(path)


def test_night_that_dies_anywhere_tells_the_same_once(settings):
    before = Night(settings).warehouse.read("inndata", "deltaker").select("person_key", "deltakelse_key")
    members(settings, before)
    links(settings, (EARLIER, NOW))
    died = Night(settings)
    frames = pseudonymised(died)  # and nothing of it was written
    told = lists(settings)
    assert len(told) == 1
    halfway = Night(settings.with_(now=datetime(2026, 2, 2, 2, 30, tzinfo=OSLO)))
    again = pseudonymised(halfway)
    for name in (REPLACED, "prosjekt", "deltaker"):  # died between two tables
        halfway.warehouse.write("inndata", name, again[name])
    assert lists(settings) == told
    last = night(settings.with_(now=datetime(2026, 2, 3, 2, 30, tzinfo=OSLO)))
    assert "pseudonyms_replaced" not in last.facts
    assert lists(settings) == told
    table = last.warehouse.read("inndata", REPLACED)
    assert table.select("slag", "gammel_key", "person_key").equals(frames[REPLACED].select("slag", "gammel_key", "person_key"))
    assert table["dato"].unique().to_list() == [datetime(2026, 2, 2).date()]
    assert replaced(last) == [tuple(keys_of(last, EARLIER, NOW))]
    now = last.warehouse.read("inndata", "deltaker").select("person_key", "deltakelse_key")
    assert members(settings).sort("deltakelse_key").equals(now.sort("deltakelse_key"))


def test_chain_that_grows_leads_to_todays_pseudonym_in_one_step(settings):
    links(settings, (EARLIER, NOW))
    night(settings)
    links(settings, (EARLIER, NOW), (NOW, LATER))
    last = night(settings)
    first, second, third = keys_of(last, EARLIER, NOW, LATER)
    assert sorted(replaced(last)) == sorted([(first, third), (second, third)])
    assert last.facts["pseudonyms_replaced"]["persons"] == 1
    assert len(lists(settings)) == 2


def test_link_that_is_taken_back_is_no_longer_told(settings):
    links(settings, (EARLIER, NOW))
    night(settings)
    links(settings)
    last = night(settings)
    assert replaced(last) == []
    assert set(keys_of(last, EARLIER, OTHER, NOW)) == set(last.warehouse.read("inndata", "deltaker")["person_key"])


def test_erased_person_is_gone_from_the_list_and_from_the_copy(settings, tmp_path):
    links(settings, (EARLIER, NOW), (OTHER, LATER))
    night(settings)
    listed = tmp_path / "persons.txt"
    listed.write_text(NOW)
    erase_persons(settings, listed, dry_run=False)
    assert pl.read_parquet(last_good_copy(settings))["tidligere_id"].to_list() == [OTHER]
    last = night(settings)
    assert replaced(last) == [tuple(keys_of(last, OTHER, LATER))]
    assert pl.read_parquet(last_good_copy(settings))["tidligere_id"].to_list() == [OTHER]


def test_damaged_file_leaves_everybody_who_she_was(settings):
    links(settings, (EARLIER, NOW))
    night(settings)
    before = Night(settings).warehouse.read("inndata", "deltaker")
    (settings.home.registers / "identitet" / "lenker.csv").write_text("noe annet\n1\n")
    last = night(settings)
    assert last.warehouse.read("inndata", "deltaker").equals(before)
    assert "pseudonyms_replaced" not in last.facts
    assert last.identity_history.refused


def test_night_that_finds_persons_to_be_one_renames_what_was_admitted_before_it_is_over(settings):
    """A register's rows that came under the earlier number, whose files are gone, and the roster she stood on."""
    folder, (hers,) = settings.home.warehouse / "uttrekk" / "selvstendig", keys_of(Night(settings), EARLIER)
    write_bytes(folder / "abc.parquet", parquet_bytes(income(hers)))
    write_bytes(folder / "spurt" / "r1.parquet", parquet_bytes(income(hers).select("person_key")))
    links(settings, (EARLIER, NOW))
    made = Night(settings)
    pseudonymised(made)  # and nothing of it was written: the next night finds the same persons
    (now,) = keys_of(made, NOW)
    assert pl.read_parquet(folder / "abc.parquet").equals(income(now))
    assert pl.read_parquet(folder / "spurt" / "r1.parquet").to_series().to_list() == [now]
    stood = [p.stat().st_mtime_ns for p in sorted(folder.rglob("*.parquet"))]
    night(settings)
    night(settings)
    assert [p.stat().st_mtime_ns for p in sorted(folder.rglob("*.parquet"))] == stood


def income(key: str) -> pl.DataFrame:
    return INNDATA["register_selvstendig"].conform(
        pl.DataFrame({"person_key": [key], "aar": [2024], "naeringsinntekt_nok": [9.0]})
    )
