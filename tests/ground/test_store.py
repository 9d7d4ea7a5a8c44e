"""Files appear whole or not at all; equal content leaves equal bytes; a home is held by one."""

import os

import polars as pl
import pytest

from pipeline.errors import HomeBusy, RefusedStart
from pipeline.settings import Home
from pipeline.store import Warehouse, code_hash, digest, home_lock, json_text, parquet_bytes, sweep, write_bytes


def test_an_equal_file_is_left_untouched(tmp_path):
    path = tmp_path / "a"
    write_bytes(path, b"x")
    os.utime(path, (1, 1))
    write_bytes(path, b"x")
    assert path.stat().st_mtime == 1
    write_bytes(path, b"y")
    assert path.read_bytes() == b"y"
    assert path.stat().st_mtime > 1


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_bytes(path, b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_two_lists_share_a_digest_by_joining():
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest([]) != digest([""])


def test_the_code_hash_knows_its_stage_and_the_ground_floor():
    assert code_hash("cohort") == code_hash("cohort")
    assert code_hash("cohort") != code_hash("linkage")


def test_equal_frames_have_equal_bytes():
    frame = pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "å"]})
    assert parquet_bytes(frame) == parquet_bytes(frame.clone())
    assert json_text({"b": 1, "a": 2}) == '{\n  "a": 2,\n  "b": 1\n}\n'


def test_a_table_is_written_as_described_and_sorted_by_key(tmp_path):
    warehouse = Warehouse(Home(tmp_path))
    warehouse.write(
        "statistikk", "kobling", pl.DataFrame({"register": ["b", "a"], "avsender": ["alle", "alle"], "surplus": [1, 2]})
    )
    read = warehouse.read("statistikk", "kobling")
    assert read["register"].to_list() == ["a", "b"]
    assert "surplus" not in read.columns
    assert warehouse.read("statistikk", "kurver").is_empty()


def test_the_home_has_one_holder_and_is_free_afterwards(tmp_path):
    home = Home(tmp_path)
    with home_lock(home), pytest.raises(HomeBusy), home_lock(home):
        pass
    with home_lock(home):
        pass


def test_a_home_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "x").write_text("", encoding="utf-8")
    with pytest.raises(RefusedStart), home_lock(Home(tmp_path / "x")):
        pass


def test_leftovers_of_a_killed_run_are_swept_and_nothing_else(tmp_path):
    home = Home(tmp_path)
    kept = home.warehouse / "klargjort" / "tiltak.parquet"
    write_bytes(kept, b"x")
    write_bytes(home.warehouse / "klargjort" / ".tiltak.parquet.123.tmp", b"half")
    write_bytes(home.releases / ".r0001.123.tmp" / "manifest.json", b"half")
    write_bytes(home.inbox / "4601" / ".sending.tmp", b"a sender's")
    assert sweep(home) == 2
    assert kept.is_file()
    assert (home.inbox / "4601" / ".sending.tmp").is_file()
    assert list(home.releases.iterdir()) == []
