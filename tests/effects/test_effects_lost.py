"""Who is lost is compared once: where moving follows sex, an arm's starting facts are weighted by its decisions alone."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.effects.bootstrap import bootstrap
from pipeline.effects.diagnostics import estimate_arm, imbalance
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.strategies import person_week_weights, strategy_weights
from pipeline.effects.study import OBSERVED
from pipeline.effects.timing import Fitted, fit_timing, strategies
from tests.effects.effects_worlds import PROTOCOL, cohort_of, left, person, placement, tables


def _sex_decides_who_moves(n: int = 600) -> Fitted:
    """Half are women and most of them move; placements and other exits come by lot, in twelve municipalities."""
    rng = np.random.default_rng(4)
    moves, leaves, starts = rng.geometric(0.04, n), rng.geometric(0.015, n), rng.geometric(0.03, n)
    rows, spells = [], []
    for i in range(n):
        woman = i % 2 == 0
        week, reason = (moves[i], "flyttet") if woman and moves[i] < leaves[i] else (leaves[i], "lonnsarbeid")
        code = f"31{i % 12:02d}"
        changes = {
            "kjonn": "kvinne" if woman else "mann",
            "arbeidserfaring_utland": "ja" if rng.random() < (0.7 if woman else 0.2) else "nei",
        }
        rows.append(person(i, komm_nr=code, komm_nr_ref=code, **changes, **left(int(week))) | {"avslutning": reason})
        if starts[i] <= min(week, 26):
            spells.append(placement(i, int(starts[i])))
    t = tables(rows, spells)
    fitted = fit_timing(cohort_of(t), t, PROTOCOL, seed=1, bootstraps=2)
    assert isinstance(fitted, Fitted)
    return fitted


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return _sex_decides_who_moves()


def test_everybody_as_observed_is_like_everybody(fitted):
    """Movers are there with their own week and are stood in for after it: counted both ways, women would weigh too much."""
    first = fitted.covariates.columns(["kvinne"])[fitted.weeks.week == 1]
    assert imbalance(fitted.censoring[np.arange(fitted.weeks.n), fitted.weeks.last - 1], first) > 0.2
    arm = estimate_arm(fitted.setting, OBSERVED)
    assert arm.imbalance == pytest.approx(0, abs=1e-12)
    assert arm.control == pytest.approx(np.nanmean(fitted.control), abs=1e-12)


def test_the_size_of_an_arm_pays_for_those_who_are_stood_in_for(fitted):
    """The effective size counts the weight that the incidence is made with, censoring and all."""
    weights = fitted.censoring[np.arange(fitted.weeks.n), fitted.weeks.last - 1]
    assert estimate_arm(fitted.setting, OBSERVED).ess == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_the_draw_of_every_municipality_once_is_the_estimate(fitted):
    counts = np.ones((1, fitted.weeks.n_clusters))
    factors = tuple(PROTOCOL.main.odds.values())
    sums = bootstrap(fitted.weeks, fitted.model, fitted.censoring, fitted.control, counts, factors)
    for strategy in strategies(PROTOCOL):
        arm, drawn = estimate_arm(fitted.setting, strategy), sums.of(strategy)
        weights = person_week_weights(
            strategy_weights(strategy, fitted.weeks, fitted.model.hazard()), fitted.weeks, fitted.censoring
        )
        assert drawn.control[0] == pytest.approx(arm.control, abs=1e-7), strategy.key
        assert np.allclose(drawn.incidence[0], cumulative_incidence(weights, fitted.weeks), atol=1e-7), strategy.key
