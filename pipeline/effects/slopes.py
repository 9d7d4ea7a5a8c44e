"""Adjusted least squares with a cluster-robust interval: how much more of an effect one unit of an exposure goes with.

Must not be here: whose exposure and effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipeline.effects.findings import Interval, interval_of, small_sample_factor
from pipeline.effects.person_weeks import Floats, Ints
from pipeline.effects.start_model import design


@dataclass(frozen=True)
class Sample:
    """The persons of one link: exposure and effect (n,), adjustment (n, q), cluster (n,), and how many had the effect at all."""

    exposure: Floats
    effect: Floats
    adjustment: Floats
    cluster: Ints
    events: int


def adjusted_slope(sample: Sample) -> Interval:
    """Least-squares slope of the effect on the exposure given the adjustment set.

    The interval is cluster-robust (Liang & Zeger 1986, Biometrika 73:13) with the factor J / (J - 1) and J - 1 degrees of freedom.
    """
    x = np.column_stack([sample.exposure, design(sample.adjustment)])
    inverse = np.linalg.pinv(x.T @ x)
    beta = inverse @ (x.T @ sample.effect)
    residual = sample.effect - x @ beta
    names, number = np.unique(sample.cluster, return_inverse=True)
    scores = np.zeros((len(names), x.shape[1]))
    np.add.at(scores, number, x * residual[:, None])
    spread = scores @ inverse[0]
    se = small_sample_factor(len(names)) * math.sqrt(float(spread @ spread))
    return interval_of(float(beta[0]), se, len(names))


def within_clusters(sample: Sample) -> Sample:
    """The sample as deviations from the municipality's means: what a municipality has in common cannot confound."""
    _, number, size = np.unique(sample.cluster, return_inverse=True, return_counts=True)

    def deviations(values: Floats) -> Floats:
        sums = np.zeros((len(size), values.shape[1]))
        np.add.at(sums, number, values)
        return np.asarray(values - (sums / size[:, None])[number])

    both = deviations(np.column_stack([sample.exposure, sample.effect]))
    return replace(sample, exposure=both[:, 0], effect=both[:, 1], adjustment=deviations(sample.adjustment))
