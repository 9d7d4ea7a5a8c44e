"""The recovery table: many simulated programmes with known effects, each analysed as a night would.

python -m benchmarks.recovery run --results DIR/a.jsonl --share 0/2     one of two processes; stop and start again at will
python -m benchmarks.recovery truth --results DIR/truth.jsonl           the planted effects
python -m benchmarks.recovery table --results DIR                       docs/methods-recovery.md from what is there
"""

# ruff: noqa: E402  (the number of threads must be set before numpy and polars are imported)
from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(name, "1")

from pipeline.proof.document import summaries, with_tables
from pipeline.proof.study import STUDIES, read_lines, run_studies

DOCUMENT = Path(__file__).parents[1] / "docs" / "methods-recovery.md"


def _share(text: str) -> tuple[int, int]:
    first, step = text.split("/")
    return int(first), int(step)


def _run(a: argparse.Namespace) -> None:
    started = time.monotonic()

    def progress(text: str) -> None:
        print(f"{time.monotonic() - started:8.1f} s  {text}", flush=True)

    kind = "sannhet" if a.what == "truth" else "estimert"
    a.results.parent.mkdir(parents=True, exist_ok=True)
    run_studies(a.studies, a.results, kind=kind, bootstraps=a.bootstraps, share=a.share, progress=progress)


def _write_table(folder: Path) -> None:
    made = summaries(read_lines(sorted(folder.glob("*.jsonl"))))
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(made)} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("truth", "run", "table"))
    parser.add_argument("--results", type=Path, required=True, help="a file ending in .jsonl; for the table their folder")
    parser.add_argument("--studies", nargs="+", default=list(STUDIES), choices=list(STUDIES))
    parser.add_argument("--share", type=_share, default=(0, 1), help="i/n: every n-th programme from the i-th on")
    parser.add_argument("--bootstraps", type=int, default=100)
    arguments = parser.parse_args()
    if arguments.what == "table":
        _write_table(arguments.results)
    else:
        _run(arguments)


if __name__ == "__main__":
    main()
