"""DuckDB within its limits: bounded memory, a private spill folder that goes away, sorted files with the same bytes, errors without values."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline.engine import StepFailed, connect, doubled_keys, open_engine
from pipeline.engine.duck import write_sorted
from pipeline.tables import Column, Table

TABLE = Table(
    "prove", "klargjort", "one row of a test",
    (
        Column("n", "int", "a number", key=True), Column("tekst", "text", "a text", key=True), Column("dag", "date", "a day"),
        Column("belop", "float", "an amount"), Column("ja", "bool", "yes or no"),
    ),
)  # fmt: skip
ROWS = pl.DataFrame(
    {
        "ja": [True, None, False, True], "tekst": ["b", "a", None, "å"], "n": [2, 1, 1, None],
        "dag": [date(2020, 2, 29), None, date(1899, 1, 1), date(2024, 1, 1)], "belop": [0.1, None, 1e300, -0.0],
    }
)  # fmt: skip
BIG = """SELECT i AS n, repeat(md5(CAST(i AS VARCHAR)), 6) AS tekst, DATE '2020-01-01' AS dag, CAST(i AS DOUBLE) AS belop, i % 2 = 0 AS ja
FROM range($rader) AS tall (i) ORDER BY hash(i)"""


def run_failing(settings, sql: str) -> None:
    with open_engine(settings) as engine:
        engine.show_frame("rader", ROWS.with_columns(tekst=pl.lit("hemmelig")))
        engine.run("feiler", sql, {})


def write_failing(settings, target: Path) -> None:
    with open_engine(settings) as engine:
        engine.show_frame("rader", ROWS.with_columns(n=pl.lit("hemmelig")))
        engine.write("rader", TABLE, target)


def fail_after_spilling(settings) -> None:
    with open_engine(settings.with_(memory_limit="60MB")) as engine:
        engine.run("forst", BIG, {"rader": 400_000})
        assert spilled(settings)
        engine.run("mange", "SELECT CAST('hemmelig' AS INTEGER) AS n FROM forst", {})


def spilled(settings) -> list[Path]:
    return [p for p in settings.home.warehouse.rglob("*") if p.is_file()]


def test_a_file_holds_the_described_columns_in_order_of_the_key_nulls_last(tmp_path, settings):
    with open_engine(settings) as engine:
        engine.show_frame("rader", ROWS)
        engine.write("rader", TABLE, tmp_path / "ut.parquet")
        assert engine.fetch("rader", TABLE).equals(TABLE.conform(ROWS))
    assert pl.read_parquet(tmp_path / "ut.parquet").equals(TABLE.conform(ROWS))


def test_a_missing_file_is_an_empty_view_with_the_described_types(tmp_path, settings):
    with open_engine(settings) as engine:
        for name, path in (("uten", None), ("borte", tmp_path / "borte.parquet")):
            engine.show_parquet(name, path, TABLE)
            assert engine.fetch(name, TABLE).equals(TABLE.empty())
        engine.write("uten", TABLE, tmp_path / "ut.parquet")
    assert pl.read_parquet(tmp_path / "ut.parquet").equals(TABLE.empty())


@pytest.mark.parametrize("threads", [1, 4])
def test_the_bytes_do_not_tell_where_the_rows_came_from(tmp_path, threads):
    rows = pl.DataFrame({"n": range(300_000)}).with_columns(
        tekst=pl.format("t{}", pl.col("n") % 1000), dag=pl.lit(date(2020, 1, 1)), belop=pl.col("n") / 7, ja=pl.col("n") % 3 == 0
    )
    parts = [rows.sample(fraction=1, shuffle=True, seed=1)[i::3] for i in range(3)]
    for i, part in enumerate(parts):
        part.write_parquet(tmp_path / f"{i}.parquet", row_group_size=5_000 * (i + 1))
    made = []
    with connect("400MB", tmp_path / "spill") as connection:
        connection.execute(f"SET threads = {threads}")
        connection.register("ramme", rows.to_arrow())
        connection.execute("CREATE TEMP TABLE tabell AS SELECT * FROM ramme ORDER BY belop DESC")
        connection.read_parquet([str(tmp_path / f"{i}.parquet") for i in range(3)]).create_view("filer")
        for name in ("ramme", "tabell", "filer"):
            write_sorted(connection, name, TABLE, tmp_path / f"{name}.ut", "200MB")
            made.append((tmp_path / f"{name}.ut").read_bytes())
    assert made[0] == made[1] == made[2]
    assert pl.read_parquet(tmp_path / "filer.ut")["n"].is_sorted()


def test_more_rows_than_memory_go_to_a_private_folder_that_is_gone_afterwards(tmp_path, settings):
    rows = 2_000_000  # some 450 MB as a table, and as much again to sort
    with open_engine(settings.with_(memory_limit="400MB")) as engine:
        engine.run("mange", BIG, {"rader": rows})
        (place,) = (settings.home.warehouse / ".spill").iterdir()
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert sum(p.stat().st_size for p in spilled(settings)) > 50e6
        engine.write("mange", TABLE, tmp_path / "mange.parquet")
    assert list(settings.home.warehouse.iterdir()) == []
    made = pl.scan_parquet(tmp_path / "mange.parquet").select("n").collect()["n"]
    assert (made.len(), made.is_sorted(), made[-1]) == (rows, True, rows - 1)


def test_want_of_memory_names_the_limit_and_is_no_fault_of_ours(tmp_path, settings):
    small = settings.with_(memory_limit="2MB")
    with open_engine(small) as engine, pytest.raises(StepFailed) as caught:
        engine.run("mange", BIG, {"rader": 400_000})
    assert str(caught.value) == "The step mange failed (OutOfMemoryException). Raise JOBBSJANSEN_MEMORY_LIMIT (now 2MB)."
    assert not caught.value.ours
    assert caught.value.__context__ is None
    with open_engine(settings) as engine:
        engine.run("mange", BIG, {"rader": 400_000})
        engine._connection.execute("SET memory_limit = '20MB'")
        with pytest.raises(StepFailed, match=r"Raise JOBBSJANSEN_MEMORY_LIMIT \(now 500MB\)"):
            engine.write("mange", TABLE, tmp_path / "ut.parquet")
    table = pl.select(belop=pl.int_range(400_000)).with_columns(n=pl.col("belop"), tekst=pl.col("belop").cast(pl.String))
    table.write_parquet(tmp_path / "f.parquet")
    with pytest.raises(StepFailed, match=r"Raise JOBBSJANSEN_MEMORY_LIMIT \(now 1MB\)"):
        doubled_keys(tmp_path / "f.parquet", TABLE, "1MB", tmp_path)


def test_want_of_disk_points_to_the_spill_folder_and_is_no_fault_of_ours(tmp_path, settings):
    with open_engine(settings.with_(memory_limit="60MB")) as engine:
        engine._connection.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(StepFailed, match=r"room .*spill folder \(JOBBSJANSEN_SPILL\).*\(now 60MB\)\.") as caught:
            engine.run("mange", BIG, {"rader": 400_000})
    assert not caught.value.ours
    with open_engine(settings) as engine:
        engine.show_frame("rader", ROWS)
        with pytest.raises(StepFailed, match=r"IOException\)\. .*JOBBSJANSEN_SPILL") as caught:
            engine.write("rader", TABLE, tmp_path / "finnes" / "ikke.parquet")
    assert not caught.value.ours


def test_the_spill_folder_is_gone_after_a_failure_too(settings):
    with pytest.raises(StepFailed, match="mange"):
        fail_after_spilling(settings)
    assert list(settings.home.warehouse.iterdir()) == []


def test_a_failed_write_leaves_no_file(tmp_path, settings):
    with pytest.raises(StepFailed) as caught:
        write_failing(settings, tmp_path / "ut.parquet")
    assert not (tmp_path / "ut.parquet").exists()
    assert "hemmelig" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(tekst AS INTEGER) AS n FROM rader",
        "SELECT CAST(belop AS BIGINT) AS n FROM rader",
        "SELECT borte FROM rader",
        "SELECT FROM WHERE 'hemmelig'",
    ],
)
def test_an_error_names_the_step_and_its_kind_and_no_value(settings, sql):
    with pytest.raises(StepFailed, match=r"^The step feiler failed \(\w+\)\.$") as caught:
        run_failing(settings, sql)
    assert caught.value.ours
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_doubled_keys_are_counted_null_being_a_value(tmp_path):
    pl.concat([ROWS, ROWS[3:], ROWS[3:], ROWS[:1]]).write_parquet(tmp_path / "f.parquet")
    assert doubled_keys(tmp_path / "f.parquet", TABLE, "200MB", tmp_path) == 5
    ROWS.write_parquet(tmp_path / "g.parquet")
    assert doubled_keys(tmp_path / "g.parquet", TABLE, "200MB", tmp_path) == 0
