r"""Shares of groups, shrunken towards what their mix lets one expect, with all that is not known about the expected in the interval.

Counts o_j of n_j are beta-binomial around q_j = expit(logit e_j + a): the expected shares e_j right up to one common level a, and
groups alike by ρ = 1 / (M + 1), so that the true shares are Beta(M q_j, M (1 - q_j)). Prior: Jeffreys' for the common level as a
share π, and ρ flat between 0 and 1: flat in the variance, since intervals must hold whatever the spread is (Morris & Tang 2011, Stat
Sci 26:271; Tak, Kelly & Morris 2017, J Stat Softw 78:5). Means and variances given (π, ρ) are averaged over their posterior; a
group's share is given the beta distribution of that mean and variance (Kass & Steffey 1989, J Am Stat Assoc 84:717). One group, or
all or nobody reached: nothing to be shrunken towards, so Jeffreys' interval of the observed share, from 0 when nobody reached and to
1 when all did (Brown, Cai & DasGupta 2001, Stat Sci 16:101).
Must not be here: limits of what is called unusual (funnel), or which groups there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import betaln, expit, logit

from pipeline.effects.person_weeks import Floats

# Middles of equal steps of ρ to the power 1/4: narrow steps where many groups place it, wide ones where few leave it open.
_STEPS = (np.arange(40) + 0.5) / 40
_ALIKE, _STEP_WIDTHS = _STEPS**4, _STEPS**3
_LEVELS = (np.arange(15) + 0.5) / 15


@dataclass(frozen=True)
class Counts:
    """Groups (J,): how many, how many of them reached, and how many were expected to."""

    n: Floats
    observed: Floats
    expected: Floats

    @property
    def share(self) -> Floats:
        """Expected share, never quite 0 or 1."""
        return np.clip(self.expected / self.n, 1e-4, 1 - 1e-4)

    @property
    def says_of_spread(self) -> bool:
        """Whether there are two groups, some who reached and some who did not."""
        return len(self.n) > 1 and 0 < self.observed.sum() < self.n.sum()


@dataclass(frozen=True)
class Shares:
    """(J,) estimate, ends of the 95 % interval and standard error of each group's share."""

    estimate: Floats
    low: Floats
    high: Floats
    se: Floats


@dataclass(frozen=True)
class _Grid:
    """Posterior weight (R, K) of each ρ (R, 1) and common level, and the groups' shares given the level (R, K, J)."""

    weight: Floats
    alike: Floats
    centre: Floats

    def averaged(self, values: Floats) -> Floats:
        """(J,) mean of values (R, K, J) over the posterior."""
        return np.asarray(np.tensordot(self.weight, values, 2))


def _grid(counts: Counts) -> _Grid:
    """Levels are quantiles of Beta(Σ o_j / d_j + ½, Σ (n_j - o_j) / d_j + ½), d_j = 1 + (n_j - 1) ρ, weighted by how wrong it is."""
    n, o, e = counts.n, counts.observed, counts.share
    shared = 1 / (1 + (n - 1) * _ALIKE[:, None])
    yes, no = (shared @ o)[:, None], (shared @ (n - o))[:, None]
    level = np.clip(stats.beta.ppf(_LEVELS, yes + 0.5, no + 0.5), 1e-6, 1 - 1e-6)
    common = (shared @ (n * e) / (shared @ n))[:, None]
    centre = expit((logit(level) - logit(common))[..., None] + logit(e))
    m = (1 / _ALIKE - 1)[:, None, None]
    seen = betaln(m * centre + o, m * (1 - centre) + n - o) - betaln(m * centre, m * (1 - centre))
    drawn = yes * np.log(level) + no * np.log1p(-level) - betaln(yes + 0.5, no + 0.5)  # relative to the prior of the level
    log = seen.sum(axis=-1) - drawn + np.log(_STEP_WIDTHS)[:, None]
    weight = np.exp(log - log.max())
    return _Grid(weight / weight.sum(), _ALIKE[:, None], centre)


def likeness(counts: Counts) -> float:
    """ρ: how alike members of one group are beyond their mix, 0 … 1; the mean of its posterior, 0 when the counts say nothing of it."""
    if not counts.says_of_spread:
        return 0.0
    grid = _grid(counts)
    return float((grid.weight * grid.alike).sum())


def shrink(counts: Counts) -> Shares:
    """The share of every group with its 95 % interval; counts may be effective, that is, not whole."""
    n, o = counts.n, counts.observed
    if not counts.says_of_spread:
        a, b = o + 0.5, n - o + 0.5
        low, high = np.where(o > 0, stats.beta.ppf(0.025, a, b), 0.0), np.where(o < n, stats.beta.ppf(0.975, a, b), 1.0)
        return Shares(o / n, low, high, np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))))
    grid = _grid(counts)
    m = (1 / grid.alike - 1)[..., None]
    given = (m * grid.centre + o) / (m + n)
    estimate = grid.averaged(given)
    variance = grid.averaged(given * (1 - given) / (m + n + 1) + (given - estimate) ** 2)
    size = estimate * (1 - estimate) / variance - 1
    low, high = (stats.beta.ppf(q, size * estimate, size * (1 - estimate)) for q in (0.025, 0.975))
    return Shares(estimate, low, high, np.sqrt(variance))
