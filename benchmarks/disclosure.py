"""Time and size of disclosure control: protect a cube's linked tables and audit the result.

    python -m benchmarks.disclosure                       a synthetic cube: 120 municipalities, 12 counties
    python -m benchmarks.disclosure CUBE.csv SPEC.json    a cube and specification of your own

Prints cells, primary, hidden, seconds of each part and the audit's verdict; ends with 1 when the audit finds anything.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from pathlib import Path

import polars as pl

from pipeline.disclosure.audit import audit
from pipeline.disclosure.cube_file import read_cube, read_spec
from pipeline.disclosure.problem import Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress


def synthetic() -> Problem:
    """Sparse counts: most inner cells small, as in the real programme."""
    rng = random.Random(20240501)
    rows = [
        (f"k{m:03d}", f"f{m % 12:02d}", sex, group, level, min(int(rng.expovariate(1 / (0.4 + (m % 9)))), 60))
        for m in range(120)
        for sex in "KM"
        for group in "ABC"
        for level in ("ingen", "grunn", "vgs")
    ]
    frame = pl.DataFrame(rows, schema=["kommune", "fylke", "kjonn", "gruppe", "utdanning", "n"], orient="row")
    dims = ("kommune", "kjonn", "gruppe", "utdanning")
    return build_problem(frame, TableSpec(dims, {"kommune": "fylke"}, (dims,)), "n", None)


def from_files(cube: Path, spec: Path) -> Problem:
    declared = read_spec(spec)
    return build_problem(read_cube(cube, declared), declared.tables, declared.count, declared.outcome)


def main(arguments: list[str]) -> int:
    started = time.perf_counter()
    problem = from_files(Path(arguments[0]), Path(arguments[1])) if len(arguments) == 2 else synthetic()
    built = time.perf_counter()
    pattern = suppress(problem)
    protected = time.perf_counter()
    judged = audit(problem, pattern)
    printed = [(m, s) for m, s in zip(problem.measures, pattern.shown, strict=True) if m.printed]
    result = {
        "cells": len(printed),
        "primary": sum(m.primary for m, _ in printed),
        "hidden": sum(not s for _, s in printed),
        "rounds": pattern.rounds,
        "seconds_build": round(built - started, 2),
        "seconds_suppress": round(protected - built, 2),
        "seconds_audit": round(time.perf_counter() - protected, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "audit": judged.verdict(),
    }
    print(json.dumps(result, indent=2))
    return 0 if judged.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
