"""Linkage with a whole population's employment: 100 million rows, 50 000 participations, against what else one would use.

    python -m benchmarks.linkage [--folder build/linkage] [--millions 100] [--participants 50000] [--runs 3] [--ways ours,by_hand,polars,pandas]
    python -m benchmarks.linkage growth      # 10 and 100 million rows, ours alone
    python -m benchmarks.linkage small       # 100 million rows with a memory limit of 400 MB

Every way runs in a process of its own, turn by turn, from files to one sorted file of the same content (checked). Prints median seconds with the
range, the ratio to ours, and the largest memory of the process. The inputs are made once (some minutes, 1 GB) and kept in the folder.
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
from benchmarks.linkage_ways import COLUMNS

MEMORY = "600MB"
_UNCOMPARED = ("judged",)


def run(way: str, folder: Path, memory: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one run."""
    out = folder / "ut" / way / "maaneder.parquet"
    shutil.rmtree(out.parent, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.linkage_ways", way, str(folder), str(out), memory]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, peak = told.strip().splitlines()[-1].split()
    return float(seconds), float(peak)


def compare(folder: Path, ways: list[str], runs: int, memory: str = MEMORY) -> None:
    """One line per way; stops when two ways do not give the same table."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way in ways:
            found[way].append(run(way, folder, memory))
    ours = statistics.median(seconds for seconds, _ in found["ours"]) if "ours" in found else None
    for way, figures in found.items():
        seconds = [s for s, _ in figures]
        ratio = f"{statistics.median(seconds) / ours:6.2f} x ours" if ours else ""
        spread = f"{min(seconds):.1f}-{max(seconds):.1f}"
        print(
            f"{way:<10}{statistics.median(seconds):8.1f} s  ({spread}){ratio:>14}  {max(p for _, p in figures):6.0f} MB",
            flush=True,
        )
    same([way for way in ways if way not in _UNCOMPARED], folder)


def same(ways: list[str], folder: Path) -> None:
    """Raise when the tables differ."""
    frames = {way: _table(folder / "ut" / way / "maaneder.parquet") for way in ways}
    first = frames[ways[0]]
    for way, frame in frames.items():
        if not frame.equals(first):
            raise SystemExit(f"{way} gives another table than {ways[0]}.")
    print(f"the same {first.height} rows in all", flush=True)


def _table(path: Path) -> pl.DataFrame:
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    frame = pl.read_parquet(files).select(COLUMNS)
    numbers = pl.col("stillingsprosent", "timer_per_uke", "lonn_nok").round(2)
    return frame.with_columns(pl.col("maaned").cast(pl.Date), numbers).sort("deltakelse_key", "maaned")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("compare", "growth", "small"), default="compare")
    parser.add_argument("--folder", type=Path, default=Path("build/linkage"))
    parser.add_argument("--millions", type=float, default=100)
    parser.add_argument("--participants", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", default="ours,judged,by_hand,polars,pandas")
    given = parser.parse_args()
    sizes = [given.millions / 10, given.millions] if given.what == "growth" else [given.millions]
    for millions in sizes:
        folder = given.folder / f"{millions:g}M-{given.participants}"
        make(folder, millions, given.participants)
        rows = pl.scan_parquet(folder / "registers" / "arbeidsforhold" / "**" / "*.parquet").select(pl.len()).collect().item()
        print(f"{rows} rows, {given.participants} participations", flush=True)
        if given.what == "small":
            compare(folder, ["ours"], given.runs, "400MB")
        else:
            compare(folder, ["ours"] if given.what == "growth" else given.ways.split(","), given.runs)


if __name__ == "__main__":
    main()
