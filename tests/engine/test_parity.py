"""DuckDB and Spark give the same tables: the same columns, rows and order, and of the monthly table the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline.linkage import kobling, koblingskvalitet, person_maaned, praksisutfall, utfall
from pipeline.linkage.link_loss import koblingstap
from pipeline.settings import Settings
from tests.engine.parity_cases import ParityWorld, from_long_ago, gappy, simulated
from tests.linkage.linkage_cases import extracts

WORLDS: dict[str, Callable[[], ParityWorld]] = {
    "gaps_1": lambda: gappy(1), "gaps_2": lambda: gappy(2), "long_ago": from_long_ago, "simulated": simulated,
}  # fmt: skip


def everything(world: ParityWorld, paths: dict[str, Path], settings: Settings, target: Path) -> dict[str, pl.DataFrame]:
    months = person_maaned(world.deltakelse, world.tiltak, paths, settings, target)
    return {
        "person_maaned": pl.read_parquet(months),
        "utfall": utfall(world.deltakelse, world.tiltak, months, paths, settings),
        "praksisutfall": praksisutfall(world.deltakelse, world.tiltak, paths, settings),
        "kobling": kobling(world.deltakelse, paths, settings),
        "koblingstap": koblingstap(world.deltakelse, paths, settings),
        "koblingskvalitet": koblingskvalitet(world.deltakelse, paths, settings),
    }


@pytest.mark.parametrize("name", WORLDS)
def test_both_engines_give_the_same_tables(tmp_path, settings, on_spark, name):
    world = WORLDS[name]()
    paths = extracts(tmp_path / "uttrekk", **world.registers)
    files = tmp_path / "duckdb.parquet", tmp_path / "spark.parquet"
    duckdb, spark = (everything(world, paths, s, file) for s, file in zip((settings, on_spark), files, strict=True))
    for table, expected in duckdb.items():
        assert spark[table].schema == expected.schema, table
        assert spark[table].equals(expected), table
    assert files[0].read_bytes() == files[1].read_bytes()
    assert duckdb["utfall"].height == world.deltakelse.height
    assert not duckdb["person_maaned"].is_empty()


def test_the_worlds_hold_what_they_are_meant_to_try(tmp_path, settings):
    world = gappy(1)
    made = everything(world, extracts(tmp_path / "uttrekk", **world.registers), settings, tmp_path / "m.parquet")
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
