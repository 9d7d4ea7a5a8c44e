"""How long the placement analyses take: six arms x three horizons, natural rows, tempo, 200 draws of municipalities.

Run ``python -m benchmarks.effects``; ``--participants 25000`` for a national history. One thread, median of several runs.
"""

# ruff: noqa: E402  (the number of threads must be set before numpy and polars are imported)
from __future__ import annotations

import argparse
import os
import resource
import statistics
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ[name] = "1"

from pipeline.effects import Stamps, estimate, municipality_table
from pipeline.effects.answers import Answers
from pipeline.effects.eligibility import select_cohort
from pipeline.effects.protocol import placement_protocol
from pipeline.effects.study import Tables
from pipeline.effects.timing import run_timing, timing_study
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.params import preset
from pipeline.synthetic.world import simulate
from pipeline.tables import STATISTIKK


def _median(what: str, runs: int, work) -> None:
    seconds = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        seconds.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (statistics.median(s) for s in zip(*seconds, strict=True))
    print(f"{what:<48} median of {runs}: {wall:6.2f} s wall, {cpu:6.2f} s processor (fastest {min(seconds)[0]:.2f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=2500)
    parser.add_argument("--municipalities", type=int, default=60)
    parser.add_argument("--bootstraps", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--timing-only", action="store_true", help="leave out the other analyses (for very large programmes)")
    a = parser.parse_args()
    made = as_klargjort(simulate(preset("main", participants=a.participants, municipalities=a.municipalities), 1))
    t = Tables(made["deltakelse"], made["tiltak"], made["kartlegging"], made["oppfolging"], STATISTIKK["utfall"].empty())
    protocol = placement_protocol()

    def timing() -> None:
        cohort = select_cohort(t.deltakelse, protocol)
        Answers(run_timing(cohort, t, protocol, seed=1, bootstraps=a.bootstraps), timing_study(protocol)).rows()

    def whole() -> None:
        stamps = Stamps("", "", "")
        estimate(
            t.deltakelse, t.tiltak, t.kartlegging, t.oppfolging, t.utfall, seed=1, bootstraps=a.bootstraps, stamps=stamps,
            progress=lambda _: None,
        )  # fmt: skip

    print(f"{a.participants} participants, {a.municipalities} municipalities, {a.bootstraps} draws, one thread")
    _median("placement timing and tempo (E1, E2), all rows", a.runs, timing)
    if not a.timing_only:
        _median("every table of the stage", a.runs, whole)
    _median("municipality table (E7)", a.runs, lambda: municipality_table(t.deltakelse, max(t.deltakelse["statusdato"])))
    print(
        f"largest memory so far, the simulation of the programme included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"
    )


if __name__ == "__main__":
    main()
