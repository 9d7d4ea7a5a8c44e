"""Placement timing by two R packages, gfoRmula and TrialEmulation, and by us: the same programmes, machine and run, one thread each.

python -m benchmarks.peers run --results DIR/a.jsonl --share 0/2     ours and gfoRmula in turn, programme after programme; resumes
python -m benchmarks.peers truth --results DIR/truth.json            the planted effect, by forcing
python -m benchmarks.peers trials --results DIR/trials.json          one fit by TrialEmulation: time only, another estimand
python -m benchmarks.peers table --results DIR                       medians, ratio and errors of what is there

R and the packages are installed by whoever runs this (R_LIBS says where); nothing of ours depends on them. Exit code 2 when
something is missing.
"""

# ruff: noqa: E402  (the number of threads must be set before numpy and polars are imported)
from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[name] = "1"

import numpy as np

from benchmarks.peers_data import HORIZON, person_weeks, tables_of
from pipeline.effects.diagnostics import estimate_arm
from pipeline.effects.eligibility import select_cohort
from pipeline.effects.protocol import EDUCATION, WORK, Protocol, placement_protocol
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import Results, Tables
from pipeline.effects.timing import fit_timing, nothing_in
from pipeline.proof.programme import Forced
from pipeline.synthetic.params import preset
from pipeline.synthetic.regimes import Regime

HERE = Path(__file__).parent
PARAMS = preset("main", participants=2500, municipalities=60)
EARLY = Strategy("innen_8u", "jevn", 8)
MISSING = 2
_FIRST_SEED, _FIRST_TRUE_SEED, _TRUE_PROGRAMMES = 7_000, 9_000_000, 120
_OUR_RUNS = 3


def what_is_missing(packages: Sequence[str]) -> str:
    """Empty when R and the packages are there; else a sentence."""
    if shutil.which("Rscript") is None:
        return "R is not installed: there is no Rscript on the path."
    asked = ", ".join(f"'{p}'" for p in packages)
    code = f"cat(Filter(function(p) !requireNamespace(p, quietly = TRUE), c({asked})))"
    absent = subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True).stdout.split()
    return f"R lacks {', '.join(absent)}. Install it and say in R_LIBS where it is." if absent else ""


def by_r(script: str, *arguments: str) -> dict[str, str]:
    """What one of our R scripts says, name by name.

    Raises:
        subprocess.CalledProcessError: the script failed; its own words have gone to standard error.
    """
    command = ["Rscript", str(HERE / script), *arguments]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("\t") for line in said.splitlines())


def by_us(tables: Tables, protocol: Protocol) -> dict[str, float]:
    """Our point fit from the read tables: cohort, person-weeks, covariates, start model, censoring, the two arms; no bootstrap."""
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = fit_timing(select_cohort(tables.deltakelse, protocol), tables, protocol, seed=1, bootstraps=0)
    if isinstance(fitted, Results):
        raise ValueError(f"no start model: {fitted.reason}")
    setting = fitted.setting
    early, none = (
        estimate_arm(setting, s).incidence[HORIZON - 1, [WORK, EDUCATION]].sum() for s in (EARLY, nothing_in(protocol))
    )
    return {
        "seconds": time.perf_counter() - wall, "processor": time.process_time() - cpu, "early": float(early), "none": float(none),
    }  # fmt: skip


def _compared(number: int, protocol: Protocol) -> dict[str, Any]:
    """One programme: ours, gfoRmula, ours again, so that both meet the machine in the same state."""
    tables = tables_of(PARAMS, _FIRST_SEED + number)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person_weeks.csv"
        person_weeks(tables, protocol).write_csv(path)
        runs = [by_us(tables, protocol) for _ in range(_OUR_RUNS)]
        theirs = by_r("peers_gformula.R", str(path), str(number + 1))
        runs += [by_us(tables, protocol) for _ in range(_OUR_RUNS)]
    ours = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return {"nr": number, "ours": ours, "theirs": theirs}


def _share(text: str) -> tuple[int, int]:
    first, step = text.split("/")
    return int(first), int(step)


def read_lines(folder: Path) -> dict[int, dict[str, Any]]:
    """The programmes compared so far, by number."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["nr"]: row for row in map(json.loads, lines)}


def _run(a: argparse.Namespace) -> None:
    protocol, first, step = placement_protocol(), *a.share
    for number in range(first, a.programmes, step):
        if number in read_lines(a.results.parent):
            continue
        row = _compared(number, protocol)
        with a.results.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row) + "\n")
        print(f"programme {number}: ours {row['ours']['processor']:.2f} s, gfoRmula {row['theirs']['processor']} s", flush=True)


def _truth(a: argparse.Namespace) -> None:
    """The planted effect: the same kind of people with the starts forced, as many programmes as the recovery draws it from."""

    def difference(seed: int) -> float:
        forced = Forced(PARAMS, seed, weeks=HORIZON)
        risks = [forced.risk(r, "arbeid_eller_utdanning", HORIZON) for r in (Regime("uniform", 8), Regime("none_26"))]
        return risks[0] - risks[1]

    found = [difference(_FIRST_TRUE_SEED + k) for k in range(_TRUE_PROGRAMMES)]
    spread = statistics.stdev(found) / len(found) ** 0.5
    a.results.write_text(json.dumps({"truth": statistics.fmean(found), "se": spread, "programmes": len(found)}) + "\n")


def _trials(a: argparse.Namespace) -> None:
    protocol = placement_protocol()
    tables = tables_of(PARAMS, _FIRST_SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person_weeks.csv"
        person_weeks(tables, protocol).write_csv(path)
        a.results.write_text(json.dumps(by_r("peers_trials.R", str(path), folder)) + "\n")


def errors(estimates: Sequence[float], truth: float) -> dict[str, float]:
    """Bias, standard deviation and root mean squared error of the estimates."""
    off = np.asarray(estimates) - truth
    return {"bias": float(off.mean()), "sd": float(off.std(ddof=1)), "rmse": float(np.sqrt(np.mean(off**2)))}


def _difference(found: dict[str, Any]) -> float:
    return float(found["early"]) - float(found["none"])


def _table(a: argparse.Namespace) -> None:
    rows = list(read_lines(a.results).values())
    truth = json.loads((a.results / "truth.json").read_text(encoding="utf-8"))
    versions = {key: rows[0]["theirs"][key] for key in ("R", "gfoRmula", "data.table")}
    print(f"{len(rows)} programmes; {versions}; truth {truth['truth']:.4f} (se {truth['se']:.4f})")
    for measure in ("processor", "seconds"):
        ours, theirs = ([float(r[who][measure]) for r in rows] for who in ("ours", "theirs"))
        ratios = [t / o for o, t in zip(ours, theirs, strict=True)]
        medians = [statistics.median(v) for v in (ours, theirs, ratios)]
        print(
            f"{measure}: ours {medians[0]:.2f}, gfoRmula {medians[1]:.1f}, ratio {medians[2]:.0f} ({min(ratios):.0f}–{max(ratios):.0f})"
        )
    for who in ("ours", "theirs"):
        print(who, {key: round(value, 4) for key, value in errors([_difference(r[who]) for r in rows], truth["truth"]).items()})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "truth", "trials", "table"), nargs="?", default="run")
    parser.add_argument("--results", type=Path, default=Path("peers/a.jsonl"), help="a file; for the table its folder")
    parser.add_argument("--share", type=_share, default=(0, 1), help="i/n: every n-th programme from the i-th on")
    parser.add_argument("--programmes", type=int, default=20)
    a = parser.parse_args()
    needed = {"run": ("gfoRmula", "data.table"), "trials": ("TrialEmulation", "data.table")}.get(a.what, ())
    if needed and (missing := what_is_missing(needed)):
        print(missing, file=sys.stderr)
        return MISSING
    a.results.parent.mkdir(parents=True, exist_ok=True)
    commands: dict[str, Callable[[argparse.Namespace], None]] = {
        "run": _run, "truth": _truth, "trials": _trials, "table": _table,
    }  # fmt: skip
    commands[a.what](a)
    return 0


if __name__ == "__main__":
    sys.exit(main())
