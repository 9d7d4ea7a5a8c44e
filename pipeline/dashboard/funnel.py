"""Exact binomial control limits around a national share, from released numbers alone.

Source: Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
1185-1202, appendix A.1 (interpolated exact limits).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom

LEVELS = {"95": 0.025, "998": 0.001}


def binomial_limits(centre: float, largest: int) -> pl.DataFrame:
    """Control limits of a share for every group size up to ``largest``.

    One row per n from 1 to ``largest``: ``n, nedre_95, ovre_95, nedre_998, ovre_998`` as shares (0-1). The limits hold
    for groups that differ by chance alone; the marks in the chart come from the release, which allows for over-dispersion.
    """
    sizes = np.arange(1, max(largest, 1) + 1)
    columns = {"n": pl.Series(sizes, dtype=pl.Int64)}
    for name, tail in LEVELS.items():
        columns[f"nedre_{name}"] = pl.Series(_limit(sizes, centre, tail))
        columns[f"ovre_{name}"] = pl.Series(_limit(sizes, centre, 1 - tail))
    return pl.DataFrame(columns)


def _limit(sizes: NDArray[np.int64], centre: float, probability: float) -> NDArray[np.float64]:
    reached = binom.ppf(probability, sizes, centre)
    above = binom.cdf(reached, sizes, centre)
    mass = binom.pmf(reached, sizes, centre)
    share_of_step = np.divide(above - probability, mass, out=np.zeros_like(mass), where=mass > 0)
    limits = np.clip((reached - share_of_step) / sizes, 0.0, 1.0)
    return np.asarray(limits.round(6), dtype=np.float64)
