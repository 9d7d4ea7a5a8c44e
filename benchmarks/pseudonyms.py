"""Pseudonyms of ten million distinct identity numbers: our column path and the owner's whole command, against plain loops.

    python -m benchmarks.pseudonyms [ROWS]

Each way runs three times, each time in a process of its own: median seconds (numbers in memory already, but for the command, which reads
and writes Parquet), times as fast as the first loop, the work of all processors together (which tells more where others use the machine
too), and the peak memory of the process. The numbers are no valid identity numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import own_peak_mb
from pipeline.pseudonyms import Keys, pseudonymise_file
from pipeline.pseudonyms.person_keys import register_keys

ROWS, RUNS = 10_000_000, 3
KEY = Keys("K1", hashlib.sha256(b"benchmark").digest())
WAYS = (
    "hmac.new(…).hexdigest() in a loop",
    "hmac.digest(…).hex() in a loop",
    "our column path",
    "hmac.new(…).hexdigest() in a loop, Parquet to Parquet",
    "jobbsjansen pseudonymise, Parquet to Parquet",
)


def make(path: Path, rows: int) -> None:
    """An extract of the register ``ytelse``, one row per person."""
    persons = pl.int_range(rows).cast(pl.String).str.zfill(11)
    amount = (pl.int_range(rows) % 40_000).cast(pl.Float64)
    made = pl.select(person_id=persons, belop_nok=amount).with_columns(
        maaned=pl.lit(date(2024, 1, 1)), ytelse=pl.lit("dagpenger")
    )
    made.write_parquet(path, row_group_size=1_000_000)


def way(number: int, path: Path) -> Callable[[], object]:
    """What is timed; whatever it needs is read before."""
    if number == 3:
        return lambda: by_hand(path, path.with_name("ut.parquet"))
    if number == 4:
        return lambda: pseudonymise_file(path, path.with_name("ut.parquet"), "ytelse", KEY)
    key, persons = KEY.derive("register/ytelse"), pl.read_parquet(path, columns=["person_id"])["person_id"]
    if number == 2:
        return lambda: register_keys(persons, KEY, "ytelse")
    texts = persons.to_list()
    if number == 1:
        return lambda: [hmac.digest(key, text.encode(), "sha256").hex() for text in texts]
    return lambda: [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts]


def by_hand(source: Path, target: Path) -> None:
    """The same work as the command's, as one would write it: batch by batch, one number at a time; nothing is checked."""
    key, written = KEY.derive("register/ytelse"), None
    for batch in pq.ParquetFile(source).iter_batches(1_000_000):
        keys = pa.array(
            [hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:32] for number in batch["person_id"].to_pylist()]
        )
        named = batch.drop_columns(["person_id"]).append_column("person_key", keys)
        written = written or pq.ParquetWriter(target, named.schema, compression="zstd", compression_level=1)
        written.write_batch(named)
    if written:
        written.close()


def once(number: int, path: Path) -> str:
    """Seconds by the clock, seconds of all processors, and the process's own peak memory in MB."""
    call = way(number, path)
    started, worked = time.perf_counter(), time.process_time()
    call()
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    return f"{seconds} {work} {own_peak_mb()}"


def measured(number: int, path: Path) -> tuple[float, float, int]:
    found = []
    for _ in range(RUNS):
        path.with_name("ut.parquet").unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.pseudonyms", "once", str(number), str(path)]
        found.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    seconds, work, peaks = zip(*found, strict=True)
    return statistics.median(map(float, seconds)), statistics.median(map(float, work)), max(map(int, peaks))


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["once"]:
        print(once(int(arguments[1]), Path(arguments[2])))
        return
    if arguments[:1] == ["make"]:
        make(Path(arguments[1]), int(arguments[2]))
        return
    rows = int(arguments[0]) if arguments else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inn.parquet"
        subprocess.run([sys.executable, "-m", "benchmarks.pseudonyms", "make", str(path), str(rows)], check=True)
        print(f"{rows} distinct numbers, median of {RUNS} runs")
        base = 0.0
        for number, name in enumerate(WAYS):
            seconds, work, peak = measured(number, path)
            base = base or seconds
            print(f"{name:<46}{seconds:8.2f} s {base / seconds:6.1f}×   {work:7.2f} s of processors   peak {peak} MB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
