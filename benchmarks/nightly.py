"""The nightly run on the sample: first run, second run with nothing new, `--help`, and what the persistent Dagster instance costs.

python -m benchmarks.nightly [--runs 3]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from benchmarks.measure import time_call, time_command
from pipeline.settings import OSLO, Home, Settings

COMMAND = str(Path(sys.executable).with_name("jobbsjansen"))
NOW = datetime(2026, 2, 1, 2, 30, tzinfo=OSLO)


def _orchestration(home: Path, runs: int) -> None:
    from assets.definitions import run_night
    from assets.night import Night

    settings = Settings(Home(home), "demo", NOW)

    def persistent() -> None:
        run_night(Night(settings))

    def ephemeral() -> None:
        run_night(Night(settings), kept=False)

    persistent()
    kept, passing = time_call(persistent, runs), time_call(ephemeral, runs)
    print(kept.line("graph, nothing new, persistent instance"))
    print(passing.line("graph, nothing new, ephemeral instance"))
    print(f"{'persistent / ephemeral':<56}{kept.median / passing.median:8.2f}")


def main() -> None:
    """Print one line per measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        night = [COMMAND, "nightly", "--home", str(home), "--now", NOW.isoformat()]

        def fresh() -> None:
            shutil.rmtree(home, ignore_errors=True)
            time_command([COMMAND, "sample", "--home", str(home)], 1)

        print(time_command([COMMAND, "--help"], runs).line("--help"))
        print(time_command(night, runs, before=fresh).line("first night on the sample"))
        print(time_command(night, runs).line("second night, nothing new"))
        _orchestration(home, runs)


if __name__ == "__main__":
    main()
