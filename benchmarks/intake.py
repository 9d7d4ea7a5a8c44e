"""How fast is intake: reading against pandas and openpyxl, a whole night, one million rows, ``check``, and identity numbers.

python -m benchmarks.intake [reading night million check identity] [--runs 3]

Every figure has wall and processor seconds, and ratios are taken within one run. Peak memory is that of a process and its children
at one time, looked at every 20 ms (resident set; pages that they share count twice).
"""

# ruff: noqa: E402  (the number of threads must be set before numpy and polars are imported)
from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from benchmarks.intake_data import number_sample, write_inbox

COMMAND = str(Path(sys.executable).with_name("jobbsjansen"))
NOW = "2024-05-01T02:30:00+02:00"
SETTLED = 2.5  # seconds until a new file counts as whole
IMPORTS = "import great_expectations.expectations, fastexcel, pandas, polars, pyarrow.parquet, typer, jinja2, xlsxwriter"


@dataclass(frozen=True)
class Cost:
    """Medians of several runs; ``peak_mb`` is the largest of them."""

    wall: float
    cpu: float
    peak_mb: float = 0.0

    def line(self, what: str) -> str:
        memory = f"   peak {self.peak_mb:5.0f} MB" if self.peak_mb else ""
        return f"{what:<60}{self.wall:8.2f} s wall {self.cpu:8.2f} s processor{memory}"


def reading(runs: int, folder: Path) -> None:
    """Bytes to raw tables: ours in sandboxed children as the night has them, their start and the way back included, against pandas here."""
    from pipeline.intake.reading.sandbox import Readers, Sandbox

    files = _inbox(folder / "reading", 300, 100, 300)

    def ours() -> None:
        def read(sandbox: Sandbox, file: Path) -> int:
            return len(sandbox.read(file, None).tables)

        with Readers(folder / "scratch") as readers:
            assert set(readers.all(partial(read, file=file) for file in files)) == {5}

    def theirs() -> None:
        for file in files:
            assert len(_with_pandas(file)) == 5

    _with_pandas(files[0])  # its imports are not counted
    pairs = [(_cost(ours), _cost(theirs)) for _ in range(runs)]
    print(_median([a for a, _ in pairs]).line("reading, 300 zips and 100 workbooks, sandboxed"))
    print(_median([b for _, b in pairs]).line("reading, pandas and openpyxl, in process"))
    for part, ratios in (("wall", [b.wall / a.wall for a, b in pairs]), ("processor", [b.cpu / a.cpu for a, b in pairs])):
        print(f"  pandas / ours, {part}: median {statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})")


def night(runs: int, folder: Path) -> None:
    """A whole night's intake in a process of its own, start and imports included."""
    _nights("night, 400 deliveries, 600 000 rows", folder / "night", (300, 100, 300), runs)


def million(runs: int, folder: Path) -> None:
    """One million rows in one night: 50 zips, 4 000 rows in each of five tables."""
    _nights("night, 50 deliveries, 1 000 000 rows", folder / "million", (50, 0, 4000), runs)


def check(runs: int, folder: Path) -> None:
    """``check`` on one workbook, and the import of the libraries alone, both in fresh processes."""
    book = next(f for f in _inbox(folder / "check", 0, 1, 300))
    command = [COMMAND, "check", str(book), "--avsender", book.parent.name, "--home", str(folder / "empty"), "--now", NOW]
    whole = [_command(command) for _ in range(runs)]
    imports = [_command([sys.executable, "-c", IMPORTS]) for _ in range(runs)]
    print(_median(whole).line("check, one workbook of 1 500 rows"))
    print(_median(imports).line("importing its libraries in an empty process"))
    beyond = [(a.wall - b.wall, a.cpu - b.cpu) for a, b in zip(whole, imports, strict=True)]
    wall, cpu = (statistics.median(part) for part in zip(*beyond, strict=True))
    print(Cost(wall, cpu).line("check beyond the imports"))


def identity(runs: int, folder: Path) -> None:
    """One million numbers: the vectorised validator against python-stdnum, and how often they agree."""
    import polars as pl
    from stdnum.no import fodselsnummer

    from pipeline.intake.reading.identity import identity_kind

    numbers = number_sample(1_000_000)
    series = pl.Series(numbers, dtype=pl.String)
    pairs = [
        (_cost(lambda: identity_kind(series)), _cost(lambda: [fodselsnummer.is_valid(n) for n in numbers])) for _ in range(runs)
    ]
    print(_median([a for a, _ in pairs]).line(f"identity numbers, {len(numbers)}, ours"))
    print(_median([b for _, b in pairs]).line("identity numbers, python-stdnum"))
    print(f"  python-stdnum / ours, processor: median {statistics.median(b.cpu / a.cpu for a, b in pairs):.1f}")
    same = sum((k != "invalid") == fodselsnummer.is_valid(n) for k, n in zip(identity_kind(series), numbers, strict=True))
    print(f"  the same answer for {same} of {len(numbers)}")


PARTS: dict[str, Callable[[int, Path], None]] = {
    "reading": reading, "night": night, "million": million, "check": check, "identity": identity
}  # fmt: skip


def _with_pandas(file: Path) -> dict[str, object]:
    import pandas as pd

    if file.suffix == ".xlsx":
        return dict(pd.read_excel(file, sheet_name=None, dtype=str, engine="openpyxl"))
    with zipfile.ZipFile(file) as archive:
        return {name: pd.read_csv(io.StringIO(_text(archive.read(name))), sep=";", dtype=str) for name in archive.namelist()}


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeError:
        return data.decode("cp1252")


def _inbox(home: Path, zips: int, workbooks: int, rows: int) -> list[Path]:
    write_inbox(home / "inbox", zips, workbooks, rows)
    return sorted((home / "inbox").rglob("levering_*"))


def _nights(what: str, folder: Path, shape: tuple[int, int, int], runs: int) -> None:
    costs, steps = [], []
    for run in range(runs):
        home = folder / str(run)
        _inbox(home, *shape)
        time.sleep(SETTLED)
        told = folder / f"{run}.json"
        costs.append(_command([sys.executable, "-m", "benchmarks.intake", "--home", str(home), "--told", str(told)]))
        steps.append(json.loads(told.read_text()))
    print(_median(costs).line(what))
    inner = _median([Cost(s["wall"], s["cpu"]) for s in steps])
    print(inner.line("  of which run_intake (processor: parent and child)"))
    print(f"  {steps[0]['new']} deliveries, {steps[0]['accepted']} rows accepted, {steps[0]['quarantined']} held back")


def _one_night(home: Path, told: Path) -> None:
    from datetime import datetime

    from expectations import validate
    from pipeline.intake import run_intake
    from pipeline.settings import Home, Settings

    done = None

    def run() -> None:
        nonlocal done
        done = run_intake(Settings(Home(home), "demo", datetime.fromisoformat(NOW)), validate, lambda _: None)

    cost = _cost(run)
    assert done is not None
    rows = {"accepted": int(done.mottak["rows_accepted"].sum()), "quarantined": int(done.mottak["rows_quarantined"].sum())}
    told.write_text(json.dumps({"wall": cost.wall, "cpu": cost.cpu, "new": done.n_new, **rows}))


def _cost(work: Callable[[], object]) -> Cost:
    """Of work in this process and the children that it has waited for."""
    wall, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    return Cost(time.perf_counter() - wall, cpu)


def _command(command: list[str]) -> Cost:
    peak = 0.0

    def run() -> None:
        nonlocal peak
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            ended = threading.Event()
            watch = threading.Thread(target=lambda: peaks.append(_peak(process.pid, ended)))
            watch.start()
            code = process.wait()
            ended.set()
            watch.join()
        if code not in (0, 1):
            raise SystemExit(f"{command[0]} ended with exit code {code}.")

    peaks: list[float] = []
    cost = _cost(run)
    return Cost(cost.wall, cost.cpu, max(peaks))


def _peak(process: int, ended: threading.Event) -> float:
    """Largest resident memory (MB) of a process and its descendants together, looked at until it has ended."""
    page, peak = os.sysconf("SC_PAGE_SIZE"), 0
    while not ended.wait(0.02):
        peak = max(peak, sum(_resident(p) for p in _family(process)) * page)
    return peak / 1e6


def _family(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(p for child in children for p in _family(int(child)))]


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


def _median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs), max(c.peak_mb for c in costs))


def main() -> None:
    """Print the lines of the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], choices=[*PARTS, []], help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.home:
        _one_night(asked.home, asked.told)
        return
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for part in asked.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[part](asked.runs, Path(folder))
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
