from __future__ import annotations

import duckdb
import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.snapshot import WAREHOUSE_STATES, build_snapshot
from pipeline.store import Warehouse
from pipeline.tables import STATES

PROJECT = pl.DataFrame({"prosjekt_id": ["P1", "P2"], "tilskuddsaar": [2023, 2024], "avsender": ["4601", "4601"]})
RELEASED = {
    "nokkeltall": STATES["utdata"]["nokkeltall"].empty(),
    "ny_tabell": pl.DataFrame({"a": [1, None], "status": [None, ":"]}),
}


def query(path, sql):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_holds_every_table_and_the_released_ones_alone(settings):
    Warehouse(settings.home).write("klargjort", "prosjekt", PROJECT)
    path = build_snapshot(settings.home, RELEASED, settings.memory_limit)
    tables = set(query(path, "SELECT schema_name, table_name FROM duckdb_tables()"))
    expected = {(state, name) for state in WAREHOUSE_STATES for name in STATES[state]}
    assert tables == expected | {("utdata", "nokkeltall"), ("utdata", "ny_tabell")}
    assert query(path, "SELECT prosjekt_id, tilskuddsaar FROM klargjort.prosjekt ORDER BY ALL") == [("P1", 2023), ("P2", 2024)]
    assert query(path, "SELECT a, status FROM utdata.ny_tabell WHERE status = ':'") == [(None, ":")]


def test_tables_and_columns_carry_their_descriptions(settings):
    path = build_snapshot(settings.home, {}, settings.memory_limit)
    uncommented = query(path, "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL")
    assert uncommented == []
    assert query(path, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL") == [(0,)]
    text = query(
        path,
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'prosjekt' AND schema_name = 'klargjort' AND column_name = 'tilskudd_nok'",
    )
    assert text == [("grant [nok]",)]


def test_nothing_but_the_file_is_left_and_a_reader_is_not_disturbed(settings):
    Warehouse(settings.home).write("klargjort", "prosjekt", PROJECT)
    path = build_snapshot(settings.home, {}, settings.memory_limit)
    with duckdb.connect(str(path), read_only=True) as reader:
        Warehouse(settings.home).write("klargjort", "prosjekt", PROJECT[:1])
        build_snapshot(settings.home, {}, settings.memory_limit)
        assert reader.execute("SELECT count(*) FROM klargjort.prosjekt").fetchone() == (2,)
    assert query(path, "SELECT count(*) FROM klargjort.prosjekt") == [(1,)]
    assert [p.name for p in path.parent.iterdir()] == ["jobbsjansen.duckdb"]


def test_what_a_killed_run_left_is_removed(settings):
    folder = settings.home.snapshot.parent
    folder.mkdir(parents=True)
    for name in (".jobbsjansen.duckdb.1.tmp", ".jobbsjansen.duckdb.1.tmp.wal"):
        (folder / name).write_bytes(b"half")
    build_snapshot(settings.home, {}, settings.memory_limit)
    assert [p.name for p in folder.iterdir()] == ["jobbsjansen.duckdb"]


def test_a_file_that_cannot_be_replaced_says_what_to_do(settings):
    (settings.home.snapshot / "i_veien").mkdir(parents=True)
    with pytest.raises(UserError, match="Close notebooks"):
        build_snapshot(settings.home, {}, settings.memory_limit)
    assert [p.name for p in settings.home.snapshot.parent.iterdir()] == ["jobbsjansen.duckdb"]
