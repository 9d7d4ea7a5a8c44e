"""The linkage benchmark on a small population: every way gives the same table, and what is only reported runs."""

from __future__ import annotations

from pathlib import Path

from benchmarks.linkage import same
from benchmarks.linkage_data import make
from benchmarks.linkage_ways import WAYS

COMPARED = ("ours", "by_hand", "polars", "pandas")


def test_every_way_gives_the_same_table(tmp_path: Path, capsys) -> None:
    make(tmp_path, 0.02, 80)
    for way in (*COMPARED, "again", "judged", "whole"):
        out = tmp_path / "ut" / way / "maaneder.parquet"
        out.parent.mkdir(parents=True)
        WAYS[way](tmp_path, out, "300MB")
    same(list(COMPARED), tmp_path)
    assert "rows in all" in capsys.readouterr().out
    assert (tmp_path / "ut" / "whole" / "maaneder.parquet").is_file()
