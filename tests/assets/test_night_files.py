"""A table that its stage wrote as a file: moved into place, checked without being read whole, never left behind."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from assets.night import Night, StepFailed
from pipeline import engine
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import KLARGJORT

OUT = ("klargjort", "person_maaned")
TABLE = KLARGJORT["person_maaned"]
ROWS = TABLE.conform(
    pl.DataFrame({"deltakelse_key": ["d1", "d1"], "maaned": [date(2024, 1, 1), date(2024, 2, 1)], "person_key": ["p", "p"]})
)


@pytest.fixture
def night(tmp_path):
    return Night(Settings(Home(tmp_path), "demo", datetime(2026, 1, 1, tzinfo=OSLO)))


def build(night: Night, rows: pl.DataFrame, inputs: str = "inputs") -> bool:
    def compute() -> dict[tuple[str, str], Path]:
        target = night.warehouse.unfinished(*OUT)
        rows.write_parquet(target)
        return {OUT: target}

    return night.build("person_maaned", inputs, ["linkage"], [OUT], compute)


def everything(night: Night) -> list[str]:
    return sorted(p.name for p in night.settings.home.warehouse.rglob("*") if p.name != "build.json" and not p.is_dir())


def test_the_file_is_moved_into_place_and_recorded(night):
    assert build(night, ROWS)
    assert everything(night) == ["person_maaned.parquet"]
    assert night.warehouse.read(*OUT).equals(ROWS)
    assert not build(night, ROWS)


def test_an_equal_file_is_left_untouched(night):
    build(night, ROWS)
    before = night.warehouse.path(*OUT).stat()
    assert build(night, ROWS, "other inputs")
    after = night.warehouse.path(*OUT).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert everything(night) == ["person_maaned.parquet"]


def test_rows_that_share_their_key_stop_the_step_and_leave_the_last_good_table(night):
    build(night, ROWS)
    with pytest.raises(StepFailed, match=r"klargjort\.person_maaned: 3 rows share their key"):
        build(night, pl.concat([ROWS, ROWS[:1], ROWS[:1]]), "other inputs")
    assert night.warehouse.read(*OUT).equals(ROWS)
    assert everything(night) == ["person_maaned.parquet"]
    assert not (night.settings.home.warehouse / ".spill").exists()


def test_the_events_read_no_more_than_the_files_end_and_its_hash(night, monkeypatch):
    build(night, ROWS)
    monkeypatch.setattr(pl, "read_parquet", lambda *_, **__: pytest.fail("the table was read"))
    (event,) = night.materialized([OUT], built=True, started=0.0)
    assert event.metadata["dagster/row_count"] == 2


def test_a_step_that_failed_in_the_engine_keeps_its_name(night):
    def compute() -> dict[tuple[str, str], Path]:
        raise engine.StepFailed("The step vindu failed (OutOfMemoryException).")

    with pytest.raises(engine.StepFailed, match="vindu"):
        night.build("person_maaned", "inputs", ["linkage"], [OUT], compute)
    assert night.failure == "The step vindu failed (OutOfMemoryException)."


def test_a_table_is_scanned_as_it_is_read_also_before_it_is_built(night):
    assert night.warehouse.scan(*OUT).collect().equals(TABLE.empty())
    build(night, ROWS)
    assert night.warehouse.scan(*OUT).collect().equals(night.warehouse.read(*OUT))
    assert night.warehouse.scan(*OUT).select("maaned").collect().columns == ["maaned"]
