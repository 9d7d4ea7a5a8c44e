"""What many programmes say about one analysis: bias, spread, coverage, how often something is found.

Must not be here: running them (``study``), texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.proof.estimands import Found


@dataclass(frozen=True)
class Summary:
    """One analysis over many programmes; shares and differences of shares, 0–1.

    Attributes:
        truth, truth_se: the planted effect and its own simulation error.
        bias, bias_se: mean estimate minus truth, and the simulation error of the mean.
        sd: standard deviation of the estimates.
        se: mean standard error.
        coverage: share of the 95 % intervals that hold the truth.
        own: share of them that hold the mean estimate: what coverage would be without the bias.
        positive: share of the intervals that lie above 0.
        n: programmes with an estimate and a standard error; ``missing``: the rest.
        grades: share of the programmes per grade, in order.
    """

    truth: float
    truth_se: float
    bias: float
    bias_se: float
    sd: float
    se: float
    coverage: float
    own: float
    positive: float
    n: int
    missing: int
    grades: Mapping[str, float]


def mean_and_error(values: Iterable[float]) -> tuple[float, float]:
    """The mean and its simulation error (NaN for a single value)."""
    array = np.array(list(values))
    return float(array.mean()), float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan


def _grades(found: list[Found]) -> dict[str, float]:
    given = [f.grad for f in found if f.grad]
    return {grade: given.count(grade) / len(given) for grade in sorted(set(given))}


def summarise(found: Iterable[Found], truth: tuple[float, float]) -> Summary:
    """Hold the estimates of many programmes against the planted effect.

    Args:
        found: one per programme; those without an estimate or standard error are counted apart.
        truth: the planted effect and its simulation error.
    """
    every = list(found)
    usable = [f for f in every if f.is_finite]
    if not usable:
        nan = math.nan
        return Summary(*truth, nan, nan, nan, nan, nan, nan, nan, 0, len(every), _grades(every))
    mean, error = mean_and_error(f.estimate for f in usable)
    return Summary(
        *truth,
        bias=mean - truth[0],
        bias_se=error,
        sd=error * math.sqrt(len(usable)),
        se=float(np.mean([f.se for f in usable])),
        coverage=float(np.mean([f.low <= truth[0] <= f.high for f in usable])),
        own=float(np.mean([f.low <= mean <= f.high for f in usable])),
        positive=float(np.mean([f.low > 0 for f in usable])),
        n=len(usable),
        missing=len(every) - len(usable),
        grades=_grades(every),
    )
