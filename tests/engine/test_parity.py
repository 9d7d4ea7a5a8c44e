"""DuckDB and Spark give the same tables: the same columns, rows and order, and of the monthly table the same bytes.

What is compared is every table that the night's own assets make in an engine, so that none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
import polars as pl
import pytest

from assets import registre
from assets.definitions import ASSETS
from assets.night import Night
from pipeline.engine.duck import DuckEngine
from pipeline.linkage.connection import FOLDER, SPOKEN_OF
from pipeline.settings import Home, Settings
from pipeline.tables import STATES
from tests.engine.parity_cases import ParityWorld, asked_for_some, from_long_ago, gappy, simulated
from tests.linkage.reference import unrecognised

WORLDS: dict[str, Callable[[], ParityWorld]] = {
    "gaps_1": lambda: gappy(1), "gaps_2": lambda: gappy(2), "asked_for_some": lambda: asked_for_some(gappy(1), 5),
    "long_ago": from_long_ago, "simulated": simulated,
}  # fmt: skip
# The border is always DuckDB, and so is the analysts' file, which is no table.
BY_AN_ENGINE = [
    asset
    for asset in ASSETS
    if asset not in registre.ASSETS and any("duckdb" in s.kinds and s.group_name != "utdata" for s in asset.specs)
]
TABLES = [tuple(s.key.to_user_string().split("_", 1)) for asset in BY_AN_ENGINE for s in asset.specs]


def everything(world: ParityWorld, settings: Settings) -> dict[str, pl.DataFrame]:
    """Every table of the night that an engine makes, made by the night's own assets."""
    night = Night(settings)
    night.warehouse.write("klargjort", "deltakelse", world.deltakelse)
    night.warehouse.write("klargjort", "tiltak", world.tiltak)
    for name, frame in world.registers.items():
        night.warehouse.write("inndata", f"register_{name}", frame)
    for name, frame in world.spoken_of.items():
        night.warehouse.write("klargjort", name, frame)
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(BY_AN_ENGINE, resources={"night": dg.ResourceDefinition.hardcoded_resource(night)}, instance=instance)
    return {table: pl.read_parquet(night.warehouse.path(state, table)) for state, table in TABLES}


def at(settings: Settings, place: str) -> Settings:
    return settings.with_(home=Home(settings.home.root.with_name(place)))


@pytest.mark.parametrize("name", WORLDS)
def test_both_engines_give_the_same_tables(settings, on_spark, name):
    world = WORLDS[name]()
    homes = at(settings, "by_duckdb"), at(on_spark, "by_spark")
    duckdb, spark = (everything(world, home) for home in homes)
    for table, expected in duckdb.items():
        assert spark[table].schema == expected.schema, table
        assert spark[table].equals(expected), table
    months = [home.home.warehouse / "klargjort" / "person_maaned.parquet" for home in homes]
    assert months[0].read_bytes() == months[1].read_bytes()
    assert duckdb["utfall"].height == world.deltakelse.height
    assert not duckdb["person_maaned"].is_empty()


def test_every_step_of_the_linkage_is_among_those_compared(settings, monkeypatch):
    """A step whose table no compared asset makes would be run by DuckDB alone, and nobody would know."""
    ran, run = set(), DuckEngine.run

    def noted(engine, name, sql, parameters):
        ran.add(name)
        run(engine, name, sql, parameters)

    monkeypatch.setattr(DuckEngine, "run", noted)
    made = everything(WORLDS["asked_for_some"](), settings)
    assert ran == {path.stem for path in FOLDER.glob("*.sql")}
    assert {"person_maaned", "utfall", "praksisutfall", "kobling", "koblingstap", "koblingskvalitet"} <= set(made)
    assert [t for t in made if made[t].is_empty()] == []


def test_the_worlds_hold_what_they_are_meant_to_try(settings):
    made = everything(gappy(1), settings)
    months, outcomes = made["person_maaned"], made["utfall"]
    for column in (
        "i_arbeid",
        "utdanning_niva",
        "arbeidssoker_status",
        "ytelser_nok",
        "bosatt_status",
        "borte",
        "bosted_komm_nr_ref",
    ):
        assert 0 < months[column].null_count() < months.height, column
    for column in (
        "november_status",
        "norskprove_best_for",
        "lonn_nok_etter",
        "selvforsorget_foer",
        "samme_arbeidsgiver_12m",
        "naering_12m",
        "norskprove_trinn",
        "bosatt_12m",
        "bosatt_november",
        "flyttet_12m",
        "varig_arbeid",
    ):
        assert 0 < outcomes[column].null_count() < outcomes.height, column
    assert made["praksisutfall"]["ansatt_hos_praksisgiver"].n_unique() == 3
    nobody = unrecognised(gappy(1).registers)
    assert not outcomes.filter(nobody).is_empty()
    assert outcomes.filter(nobody)["maaneder_i_arbeid_foer"].null_count() == outcomes.filter(nobody).height
    assert not outcomes.filter(~nobody)["maaneder_i_arbeid_foer"].drop_nulls().is_empty()


def test_who_was_never_asked_about_changes_the_tables(settings):
    """The files of what extracts speak of are read: with them the same rows say something else."""
    plain = everything(gappy(1), at(settings, "plain"))
    world = asked_for_some(gappy(1), 5)
    assert set(world.spoken_of) == set(SPOKEN_OF)
    asked = everything(world, at(settings, "asked"))
    changed = {table for table, frame in plain.items() if not frame.equals(asked[table])}
    assert {"person_maaned", "utfall", "kobling", "koblingstap"} <= changed
    assert all(asked[table].columns == STATES[state][table].names for state, table in TABLES)
