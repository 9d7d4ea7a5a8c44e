"""Linkage with a whole population's employment: 100 million rows, 50 000 participations, against what else one would use.

    python -m benchmarks.linkage [--folder build/linkage] [--millions 100] [--participants 50000] [--runs 3] [--ways ours,by_hand,polars,pandas]
    python -m benchmarks.linkage growth      # 10 and 100 million rows, ours alone
    python -m benchmarks.linkage small       # 100 million rows with a memory limit of 400 MB

Every way runs in a process of its own, turn by turn, from files to one sorted file of the same content (checked). Prints median seconds by the
clock with the range, seconds of processors, both as ratios to ours, and the largest memory of the process. ``judged`` (the pass that counts and
judges all rows), ``whole`` (judged, cut, and all months of all participations) and ``again`` (ours on a later night, from the rows that were
cut) are reported beside. The inputs are made once (some minutes,
1 GB) and kept in the folder.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import polars as pl

from benchmarks.linkage_data import make
from benchmarks.linkage_ways import cut_earlier

MEMORY = "500MB"
_UNCOMPARED = ("judged", "whole")
_NUMBERS = ("stillingsprosent", "timer_per_uke", "lonn_nok")


def run(way: str, folder: Path, memory: str) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of processors and peak megabytes of one run."""
    out = folder / "ut" / way / "maaneder.parquet"
    shutil.rmtree(out.parent, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.linkage_ways", way, str(folder), str(out), memory]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, work, peak = map(float, told.strip().splitlines()[-1].split())
    return seconds, work, peak


def compare(folder: Path, ways: list[str], runs: int, memory: str = MEMORY) -> None:
    """One line per way; stops when two ways do not give the same table."""
    found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    if "again" in ways:
        cut_earlier(folder, memory)
    for _ in range(runs):
        for way in ways:
            found[way].append(run(way, folder, memory))
    middle = {way: [statistics.median(column) for column in zip(*figures, strict=True)] for way, figures in found.items()}
    ours = middle.get("ours", [0.0, 0.0])
    for way, (seconds, work, _) in middle.items():
        clock = [figures[0] for figures in found[way]]
        ratios = f"{seconds / ours[0]:5.2f} and {work / ours[1]:5.2f} x ours" if ours[0] else ""
        spread = f"({min(clock):.1f}-{max(clock):.1f})"
        peak = max(figures[2] for figures in found[way])
        print(f"{way:<17}{seconds:7.1f} s {spread:<14}{work:7.1f} s of processors  {ratios:>26}  {peak:6.0f} MB", flush=True)
    same([way for way in ways if way not in _UNCOMPARED], folder)


def same(ways: list[str], folder: Path) -> None:
    """Raise when the tables differ."""
    persons = pl.read_parquet(folder / "personer.parquet")
    frames = {way: _table(folder / "ut" / way / "maaneder.parquet", persons) for way in ways}
    first = frames[ways[0]]
    for way, frame in frames.items():
        if not frame.equals(first):
            raise SystemExit(f"{way} gives another table than {ways[0]}.")
    print(f"the same {first.height} rows in all", flush=True)


def _table(path: Path, persons: pl.DataFrame) -> pl.DataFrame:
    frame = pl.read_parquet(sorted(path.glob("*.parquet")) if path.is_dir() else [path])
    if "person_key" not in frame.columns:
        frame = frame.join(persons, on="person_id")
    # No sum and a sum of nothing are the same to whoever reads a month without work.
    numbers = [pl.col(name).fill_null(0.0).round(2) for name in _NUMBERS]
    return frame.select("person_key", pl.col("maaned").cast(pl.Date), "i_jobb", "lonnstilskudd", *numbers).sort(
        "person_key", "maaned"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("compare", "growth", "small"), default="compare")
    parser.add_argument("--folder", type=Path, default=Path("build/linkage"))
    parser.add_argument("--millions", type=float, default=100)
    parser.add_argument("--participants", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", default="ours,by_hand,polars,pandas,again,judged,whole")
    given = parser.parse_args()
    sizes = [given.millions / 10, given.millions] if given.what == "growth" else [given.millions]
    for millions in sizes:
        folder = given.folder / f"{millions:g}M-{given.participants}"
        make(folder, millions, given.participants)
        rows = pl.scan_parquet(folder / "registers" / "arbeidsforhold" / "**" / "*.parquet").select(pl.len()).collect().item()
        print(f"{rows} rows, {given.participants} participations", flush=True)
        if given.what == "small":
            compare(folder, ["ours", "whole"], given.runs, "400MB")
        else:
            compare(folder, ["ours", "whole"] if given.what == "growth" else given.ways.split(","), given.runs)


if __name__ == "__main__":
    main()
