"""Shrunken shares: intervals hold the truth whatever the spread is, and say how little a few groups tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from pipeline.effects.shares import Counts, Shares, likeness, shrink


def _drawn(rng: np.random.Generator, groups: int, each: int, spread: float, level: float = 0.4) -> tuple[Counts, np.ndarray]:
    """Counts expected at what they have in common, and the true shares."""
    true = np.clip(level + spread * rng.normal(size=groups), 0.02, 0.98)
    n, observed = np.full(groups, float(each)), rng.binomial(each, true).astype(float)
    return Counts(n, observed, n * observed.mean() / each), true


def _held(found: Shares, true: np.ndarray) -> float:
    return float(np.mean((found.low <= true) & (true <= found.high)))


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1, 0.2])
@pytest.mark.parametrize(("groups", "each"), [(1, 60), (2, 12), (3, 100), (5, 12), (30, 12), (60, 12)])
def test_intervals_hold_the_true_share(groups, each, spread):
    rng = np.random.default_rng(11)
    draws = [_drawn(rng, groups, each, spread) for _ in range(min(max(2000 // groups, 60), 500))]
    # a thousand shares and more: a standard error of 0.007
    assert np.mean([_held(shrink(counts), true) for counts, true in draws]) > 0.93 - 0.007


@pytest.mark.parametrize("level", [0.1, 0.85])
def test_intervals_hold_shares_that_are_rare_or_common(level):
    rng = np.random.default_rng(2)
    assert np.mean([_held(shrink(c), true) for c, true in (_drawn(rng, 12, 25, 0.04, level) for _ in range(150))]) > 0.93


def test_intervals_hold_when_groups_differ_in_their_mix():
    rng = np.random.default_rng(3)
    mix = np.array([0.2, 0.35, 0.5, 0.65, 0.8, 0.5, 0.4, 0.6])
    n, held = np.full(8, 30.0), []
    for _ in range(200):
        true = expit(logit(mix) + 0.25 * rng.normal(size=8))
        held.append(_held(shrink(Counts(n, rng.binomial(30, true).astype(float), n * mix)), true))
    assert np.mean(held) > 0.93


def test_the_grid_is_fine_enough():
    """Against the same posterior on a grid of 200 levels and 120 likenesses, for two groups and for eighty."""
    for groups in (2, 80):
        counts, _ = _drawn(np.random.default_rng(groups), groups, 20, 0.08)
        alike, level = ((np.arange(k) + 0.5) / k for k in (120, 200))
        alike = (alike**3)[:, None]
        m, prior = 1 / alike - 1, np.log(alike) * 2 / 3 - 0.5 * np.log(level * (1 - level))
        n, o = int(counts.n[0]), counts.observed
        log = sum(stats.betabinom.logpmf(int(k), n, m * level, m * (1 - level)) for k in o) + prior
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        dense = [(weight * (m * level + k) / (m + n)).sum() for k in o]
        assert shrink(counts).estimate == pytest.approx(dense, abs=0.01)
        assert likeness(counts) == pytest.approx(float((weight * alike).sum()), rel=0.05)


@pytest.mark.parametrize(("n", "observed"), [([12.0], [6.0]), ([10.0, 8.0], [0.0, 0.0]), ([12.5, 8.0], [12.5, 8.0])])
def test_with_nothing_to_shrink_towards_the_interval_is_jeffreys(n, observed):
    counts = Counts(np.array(n), np.array(observed), np.array(observed))
    found = shrink(counts)
    a, b = counts.observed + 0.5, counts.n - counts.observed + 0.5
    assert found.estimate.tolist() == (counts.observed / counts.n).tolist()
    assert found.low == pytest.approx(np.where(counts.observed > 0, stats.beta.ppf(0.025, a, b), 0.0))
    assert found.high == pytest.approx(np.where(counts.observed < counts.n, stats.beta.ppf(0.975, a, b), 1.0))
    assert found.se == pytest.approx(stats.beta.std(a, b))
    assert likeness(counts) == 0.0


def test_nobody_of_ten_is_not_known_to_be_none():
    found = shrink(Counts(np.array([10.0, 10.0]), np.array([0.0, 10.0]), np.array([5.0, 5.0])))
    assert found.high[0] > 0.1
    assert found.low[1] < 0.9


def test_shrinkage_is_stronger_the_fewer_there_are_and_never_past_what_is_expected():
    counts = Counts(np.array([10.0, 400.0, 200.0]), np.array([3.0, 120.0, 140.0]), np.array([7.0, 280.0, 140.0]))
    found = shrink(counts)
    assert 0.3 < found.estimate[1] < found.estimate[0] < 0.7
    assert found.high[0] - found.low[0] > found.high[1] - found.low[1]


def test_groups_alike_within_are_told_from_groups_that_are_not():
    n, half = np.full(20, 16.0), np.full(20, 8.0)
    assert likeness(Counts(n, np.tile([0.0, 16.0], 10), half)) > 0.8
    assert likeness(Counts(n, half, half)) < 0.01


def test_order_of_groups_changes_nothing():
    counts, _ = _drawn(np.random.default_rng(5), 7, 15, 0.1)
    turned = shrink(Counts(counts.n[::-1], counts.observed[::-1], counts.expected[::-1]))
    assert turned.low[::-1] == pytest.approx(shrink(counts).low, rel=1e-9)
