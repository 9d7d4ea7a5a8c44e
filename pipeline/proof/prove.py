"""The proof of a home: known effects planted in data of its size and shape, and what the engine would find of them.

Belongs here: the rows of ``STATISTIKK["etterproving"]``. Must not be here: files, words (``sentences``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.proof.estimands import OUTCOME, Estimand, Found
from pipeline.proof.planting import Planted, plant
from pipeline.proof.proved import PROVED
from pipeline.proof.sentences import NEARLY_NOTHING, Tried, sentence
from pipeline.proof.shape import Shape, params_of, shape_of
from pipeline.proof.steering import People
from pipeline.proof.study import replicate
from pipeline.proof.summary import Summary, summarise
from pipeline.tables import STATISTIKK

SHOWN_GRADES = ("A", "B")
_TRUE_SEED_FROM = 1_000_000  # far from the seeds of the programmes


@dataclass(frozen=True)
class Trial:
    """How the proof is made.

    Attributes:
        replicates: simulated programmes per planted size.
        bootstraps: draws of municipalities.
        seed: the same seed and data give the same rows.
        people: simulated people behind each planted effect; 60 000 leave it an error of about 0.15 points.
    """

    replicates: int
    bootstraps: int
    seed: int
    people: int = 60_000


def detected(found: Found, planted: float) -> bool:
    """Whether a night would report it: the number is shown, and the interval lies on the effect's side of 0.

    Where next to nothing is planted, either side counts: a false alarm.
    """
    if found.grad not in SHOWN_GRADES or not found.is_finite:
        return False
    above, below = found.low > 0, found.high < 0
    return (above or below) if abs(planted) < NEARLY_NOTHING else (above if planted > 0 else below)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def row_of(analysis: Estimand, planted: Planted, found: list[Found], shape: Shape) -> dict[str, Any]:
    """One row of ``STATISTIKK["etterproving"]`` without stamps.

    Args:
        analysis: what was estimated.
        planted: the programme it was tried on.
        found: one estimate per programme.
        shape: the size and shape that was imitated.
    """
    truth, truth_se = planted.truth[analysis.name]
    s: Summary = summarise(found, (truth, truth_se))
    power, shown = sum(detected(f, truth) for f in found), sum(f.grad in SHOWN_GRADES for f in found)
    numbers = {
        "plantet": truth, "plantet_se": truth_se, "skjevhet": s.bias, "skjevhet_se": s.bias_se, "sd": s.sd, "middel_se": s.se,
        "dekning": s.coverage,
    }  # fmt: skip
    return {
        "program": planted.name, "analyse": analysis.analyse, "strategi": analysis.strategi, "utfall": OUTCOME,
        "sammenligning": analysis.sammenligning, "horisont_uker": analysis.horisont_uker, "variant": analysis.variant,
        **{name: _known(value) for name, value in numbers.items()},
        "andel_funnet": power / len(found), "andel_vist": shown / len(found), "grader": json.dumps(dict(s.grades), sort_keys=True),
        "n_gjentak": len(found), "n_uten_anslag": s.missing, "n_deltakelser": shape.persons, "n_kommuner": shape.municipalities,
        "setning": sentence(Tried(analysis.analyse, analysis.strategi, truth, power, shown, len(found))),
    }  # fmt: skip


def _try(planted: Planted, trial: Trial, progress: Callable[[str], None]) -> list[dict[str, Found]]:
    runs = []
    for i in range(trial.replicates):
        runs.append(replicate(planted.params, trial.seed + i, trial.bootstraps, PROVED))
        progress(f"{planted.name}: {i + 1} av {trial.replicates}")
    return runs


def prove(
    deltakelse: pl.DataFrame, tiltak: pl.DataFrame, trial: Trial, stamps: dict[str, str], progress: Callable[[str], None]
) -> pl.DataFrame:
    """What the engine would find in data like these, for effects of known size.

    Args:
        deltakelse, tiltak: ``KLARGJORT`` tables; only their size and shape are used.
        trial: how many programmes, how many draws, which seed.
        stamps: inndata_hash, kode_versjon, beregnet: stood beside every row.
        progress: told at each step.

    Returns:
        ``STATISTIKK["etterproving"]``: one row per planted size and analysis.

    Raises:
        UserError: so few are followed that nothing could be estimated.
    """
    shape = shape_of(deltakelse, tiltak)
    progress("Lager et program av samme størrelse og form")
    first = _TRUE_SEED_FROM + trial.seed
    base = params_of(shape, People(trial.people // 3, first))
    rows = []
    for planted in plant(base, PROVED, People(trial.people, first), progress):
        runs = _try(planted, trial, progress)
        rows += [row_of(a, planted, [run[a.name] for run in runs], shape) | stamps for a in PROVED]
    table = STATISTIKK["etterproving"]
    return table.conform(pl.DataFrame([{c: row.get(c) for c in table.names} for row in rows], schema=table.schema))
