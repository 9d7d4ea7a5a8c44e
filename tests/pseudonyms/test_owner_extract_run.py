"""An owner's run as a process: what it holds in memory, and what is left when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

_RUN = """
import sys
from pathlib import Path
from pipeline.pseudonyms import Keys, pseudonymise_file
from pipeline.pseudonyms import owner_extract
source, target, mode = sys.argv[1:]
if mode == "slow":
    told = lambda text: (print(text, flush=True), __import__("time").sleep(60))
    owner_extract._TOLD_EVERY = 1
else:
    told = lambda text: None
pseudonymise_file(Path(source), Path(target), "ytelse", Keys("K1", bytes(32)), told)
# not getrusage: what that says of a child begins with the parent's
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def many(path: Path, rows: int) -> Path:
    """One row group, so that reading it whole would be noticed."""
    ids = pl.select(pl.int_range(rows).cast(pl.String).str.zfill(11).alias("person_id"))
    month, kind, amount = (
        pl.lit(date(2024, 1, 1)).alias("maaned"),
        pl.lit("dagpenger").alias("ytelse"),
        pl.int_range(rows).cast(pl.Float64).alias("belop_nok"),
    )
    ids.with_columns(month, kind, amount).write_parquet(path, row_group_size=rows)
    return path


def test_a_killed_run_leaves_nothing_that_looks_finished(tmp_path):
    source = many(tmp_path / "inn.parquet", 1000)
    run = subprocess.Popen([sys.executable, "-c", _RUN, source, tmp_path / "ut.parquet", "slow"], stdout=subprocess.PIPE)
    assert run.stdout.readline()
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    left = [name for name in os.listdir(tmp_path) if name != "inn.parquet"]
    assert len(left) == 1
    assert left[0].startswith(".")
    assert left[0].endswith(".tmp")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_memory_does_not_grow_with_the_rows(tmp_path, kind):
    peaks = []
    for rows in (500_000, 3_000_000):
        source, target = many(tmp_path / f"{rows}.parquet", rows), tmp_path / f"ut{rows}.parquet"
        if kind == "csv":
            pl.scan_parquet(source).sink_csv(tmp_path / f"{rows}.csv")
        run = [sys.executable, "-c", _RUN, tmp_path / f"{rows}.{kind}", target, ""]
        peaks.append(int(subprocess.run(run, capture_output=True, check=True).stdout))
        assert pq.read_metadata(target).num_rows == rows
    assert peaks[1] < peaks[0] + 120, peaks
