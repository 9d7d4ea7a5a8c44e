"""Intervals, what they say measured against a declared relevance margin, and how strong a hidden cause would have to be.

With J municipalities the draws' standard deviation is too small by √((J - 1) / J), and their estimate of the spread has J - 1
degrees of freedom: se = sd √(J / (J - 1)), limits = estimate ± t_{J-1} se (Cameron & Miller 2015, J Hum Resour 50:317). Many
municipalities lead back to the normal interval. Must not be here: grades (about the design) and sentences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from pipeline.effects.person_weeks import Floats

Z = 1.959963984540054
_UPPER = 0.975


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval and standard error (of the log for ratios)."""

    estimate: float
    low: float
    high: float
    se: float

    @property
    def is_finite(self) -> bool:
        return all(map(math.isfinite, (self.estimate, self.low, self.high, self.se)))


def t_quantile(clusters: int) -> float:
    """How many standard errors the 95 % limits stand from an estimate that rests on so many clusters; NaN for one or none."""
    return float(stdtrit(clusters - 1, _UPPER)) if clusters > 1 else math.nan


def small_sample_factor(clusters: int) -> float:
    """√(J / (J - 1)), what a standard deviation over drawn clusters is multiplied by; NaN for one or none."""
    return math.sqrt(clusters / (clusters - 1)) if clusters > 1 else math.nan


def interval_of(estimate: float, se: float, clusters: int) -> Interval:
    """The interval from a standard error that the factor for few clusters is part of already."""
    half = t_quantile(clusters) * se
    return Interval(estimate, estimate - half, estimate + half, se)


def _spread(draws: Floats, clusters: int) -> float:
    """Standard error from the draws; NaN when over 5 % of them could not be computed."""
    usable = draws[np.isfinite(draws)]
    enough = len(usable) >= max(0.95 * len(draws), 2)
    return small_sample_factor(clusters) * float(usable.std(ddof=1)) if enough else math.nan


def difference_interval(estimate: float, draws: Floats, clusters: int) -> Interval:
    """Interval of a difference from its bootstrap draws of so many clusters."""
    return interval_of(estimate, _spread(draws, clusters), clusters)


def risk_interval(estimate: float, draws: Floats, clusters: int) -> Interval:
    """Interval of a share from its bootstrap draws of so many clusters, kept inside 0 … 1."""
    plain = difference_interval(estimate, draws, clusters)
    return Interval(estimate, max(plain.low, 0.0), min(plain.high, 1.0), plain.se) if plain.is_finite else plain


def ratio_interval(above: float, below: float, above_draws: Floats, below_draws: Floats, clusters: int) -> Interval:
    """Interval of a ratio of shares, symmetric on the log scale; ``se`` is of the log ratio."""
    if above <= 0 or below <= 0:
        return Interval(math.nan, math.nan, math.nan, math.nan)
    usable = (above_draws > 0) & (below_draws > 0)
    logs = np.log(np.where(usable, above_draws, 1.0)) - np.log(np.where(usable, below_draws, 1.0))
    log = difference_interval(math.log(above / below), np.where(usable, logs, np.nan), clusters)
    return Interval(math.exp(log.estimate), math.exp(log.low), math.exp(log.high), log.se)


def finding(interval: Interval, margin: float) -> str:
    """Its side of 0 when the interval excludes 0; else ``ingen_forskjell`` when it lies inside ± margin; else ``uavklart``."""
    if interval.low > 0:
        return "positiv"
    if interval.high < 0:
        return "negativ"
    return "ingen_forskjell" if is_small(interval, margin) else "uavklart"


def ratio_finding(interval: Interval, margin: float) -> str:
    """:func:`finding` of a ratio from its own interval: sides of 1, and the margin 1 / ``margin`` … ``margin``."""
    return finding(log_interval(interval), math.log(margin))


def log_interval(interval: Interval) -> Interval:
    """The interval of the log ratio; ``se`` is already of the log."""
    return Interval(math.log(interval.estimate), math.log(interval.low), math.log(interval.high), interval.se)


def is_small(interval: Interval, margin: float) -> bool:
    """Whether the whole interval lies inside ± margin."""
    return interval.low >= -margin and interval.high <= margin


def e_value(ratio: float) -> float:
    """Smallest risk ratio a hidden cause would need with both effort and outcome to explain ``ratio`` away.

    Source: VanderWeele & Ding 2017, Ann Intern Med 167:268: RR + sqrt(RR (RR - 1)), for RR < 1 of 1 / RR.
    """
    if not (math.isfinite(ratio) and ratio > 0):
        return math.nan
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def e_value_of_limit(interval: Interval) -> float:
    """The E-value of the limit of a ratio's interval nearest 1; 1 when the interval covers 1."""
    if not interval.is_finite:
        return math.nan
    return 1.0 if interval.low <= 1 <= interval.high else e_value(interval.low if interval.low > 1 else interval.high)
