"""Does the engine find what was planted? Many simulated programmes, each analysed as a night would, against the truth.

Run ``python -m tests.effects.effects_recovery --replicates 100`` to measure again and write docs/methods-recovery.md.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.effects.answers import contrast
from pipeline.effects.chain import reaches
from pipeline.effects.findings import Interval, finding
from pipeline.effects.naive import naive_rows
from pipeline.effects.strategies import Strategy
from pipeline.effects.timing import NONE, OBSERVED, run_timing
from pipeline.synthetic.params import preset
from pipeline.synthetic.truth import truth
from tests.effects.effects_worlds import PROTOCOL, cohort_of, synthetic

OUTCOME = "arbeid_eller_utdanning"
EARLY = Strategy("innen_8u", "jevn", 8)
CONTRASTS = {
    "E1 innen_8u, jevn, uke 52": (EARLY, NONE, 52),
    "E1 innen_8u, jevn, uke 104": (EARLY, NONE, 104),
    "E1 innen_8u, naturlig, uke 52": (Strategy("innen_8u", "naturlig", 8), NONE, 52),
    "E1 innen_26u, jevn, uke 52": (Strategy("innen_26u", "jevn", 26), NONE, 52),
    "E2 dobbelt_tempo, uke 52": (Strategy("dobbelt_tempo", "odds", factor=2.0), OBSERVED, 52),
}
NAIVE = {f"naiv: innen 8 uker mot etter 26 eller aldri, uke {week}": week for week in (52, 104)}
PRESETS = ("main", "null", "strong_confounding", "cluster_confounding", "unmeasured", "no_placement")
DOCUMENT = Path(__file__).parents[2] / "docs" / "methods-recovery.md"


@dataclass(frozen=True)
class Found:
    """One analysis of one programme: estimate, standard error and finding."""

    estimate: float
    se: float
    finding: str


def replicate(name: str, seed: int, n: int = 2500, municipalities: int = 60, bootstraps: int = 200) -> dict[str, Found]:
    """Every analysis of one simulated programme."""
    tables = synthetic(name, seed, n, municipalities)
    cohort = cohort_of(tables)
    timing = run_timing(cohort, tables, PROTOCOL, seed=seed, bootstraps=bootstraps)
    out = {}
    for label, (strategy, other, week) in CONTRASTS.items():
        interval, _ = contrast(timing, strategy, other, OUTCOME, week)
        out[label] = Found(interval.estimate, interval.se, finding(interval, PROTOCOL.margin))
    rows = naive_rows(timing.weeks, reaches(cohort, PROTOCOL.horizons), PROTOCOL)
    for label, week in NAIVE.items():
        row = next(r for r in rows if (r["strategi"], r["utfall"], r["horisont_uker"]) == ("innen_8u", OUTCOME, week))
        interval = Interval(row["estimat"], row["ki_nedre"], row["ki_ovre"], (row["ki_ovre"] - row["estimat"]) / 1.96)
        out[label] = Found(interval.estimate, interval.se, finding(interval, PROTOCOL.margin))
    return out


def true_effects(name: str, n: int = 60_000) -> dict[str, float]:
    """The planted effect behind each analysis, by intervening in the generator."""
    differences: Any = truth(preset(name, participants=n, municipalities=60), 1, n)["differanse"]
    out = {label: float(differences[s.name][s.variant or ""][OUTCOME][week]) for label, (s, _, week) in CONTRASTS.items()}
    return out | {label: out[f"E1 innen_8u, jevn, uke {week}"] for label, week in NAIVE.items()}


@dataclass(frozen=True)
class Summary:
    """What many replicates say about one analysis; shares and differences of shares."""

    truth: float
    bias: float
    bias_se: float
    sd: float
    se: float
    coverage: float
    positive: float


def summarise(found: list[Found], planted: float) -> Summary:
    estimates, errors = np.array([f.estimate for f in found]), np.array([f.se for f in found])
    sd = float(estimates.std(ddof=1))
    return Summary(
        planted, float(estimates.mean()) - planted, sd / len(found) ** 0.5, sd, float(errors.mean()),
        float(np.mean(np.abs(estimates - planted) <= 1.96 * errors)), float(np.mean([f.finding == "positiv" for f in found])),
    )  # fmt: skip


def study(name: str, replicates: int, first_seed: int = 5000) -> dict[str, Summary]:
    """Bias and coverage of every analysis over ``replicates`` programmes of the preset ``name``."""
    planted = true_effects(name)
    runs = []
    for i in range(replicates):
        runs.append(replicate(name, first_seed + i))
        print(f"{name} {i + 1}/{replicates}", file=sys.stderr, flush=True)
    return {label: summarise([r[label] for r in runs], planted[label]) for label in planted}


HEAD = (
    "| programme | replicates | analysis | truth | bias (± simulation error) | sd | mean se | coverage | found positive |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)
MARKS = ("<!-- table -->\n", "<!-- end of table -->")


def rows_of(name: str, results: dict[str, Summary], replicates: int) -> str:
    """The programme's rows of the recovery table."""
    return "".join(
        f"| {name} | {replicates} | {label} | {s.truth:+.3f} | {s.bias:+.4f} ± {s.bias_se:.4f} | {s.sd:.4f} | {s.se:.4f}"
        f" | {s.coverage:.2f} | {s.positive:.2f} |\n"
        for label, s in results.items()
    )


def with_rows(text: str, name: str, rows: str) -> str:
    """The document with the programme's rows put in, in place of its earlier ones."""
    before, rest = text.split(MARKS[0])
    table, after = rest.split(MARKS[1])
    kept = [line for line in table.removeprefix(HEAD).splitlines(keepends=True) if not line.startswith(f"| {name} |")]
    lines = sorted(kept + rows.splitlines(keepends=True), key=lambda line: PRESETS.index(line.split(" | ")[0].removeprefix("| ")))
    return before + MARKS[0] + HEAD + "".join(lines) + MARKS[1] + after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=PRESETS)
    arguments = parser.parse_args()
    for name in arguments.presets:
        rows = rows_of(name, study(name, arguments.replicates), arguments.replicates)
        DOCUMENT.write_text(with_rows(DOCUMENT.read_text(encoding="utf-8"), name, rows), encoding="utf-8")
        print(rows)


if __name__ == "__main__":
    main()
