"""Truth by intervention: null is null, the effect is there, the naive contrast is wrong, and true weights find the truth."""

import numpy as np
import pytest

from pipeline.synthetic import preset, truth
from pipeline.synthetic.dynamics import MOVED, PHASED_OUT, WORK
from pipeline.synthetic.regimes import Regime
from pipeline.synthetic.truth import GRACE_WEEKS, REFERENCE
from pipeline.synthetic.world import course_of, population

N = 6_000


def _risk(params, seed, regime, n=N, tau=52):
    people = population(params, seed, n)
    course = course_of(people, params, seed, regime, weeks=tau, lost=False, record=False)
    return np.mean((course.exit_kind == WORK) & (course.exit_week <= tau))


def _naive(params, seed, n=N):
    """Placed within 8 weeks against placed after 26 or never, by week 52."""
    course = course_of(population(params, seed, n), params, seed)
    works = (course.exit_kind == WORK) & (course.exit_week <= 52)
    early = (course.placement_week > 0) & (course.placement_week <= 8)
    late = (course.placement_week == 0) | (course.placement_week > 26)
    return works[early].mean() - works[late].mean()


@pytest.fixture(scope="module")
def null():
    return truth(preset("null"), 3, 2_000)


def test_without_effects_all_strategies_have_the_same_risk(null):
    for variants in null["differanse"].values():
        for outcomes in variants.values():
            for horizons in outcomes.values():
                assert all(abs(value) < 1e-12 for value in horizons.values())


def test_truth_answers_every_declared_question(null):
    assert set(null["risiko"]) == {f"innen_{g}u" for g in GRACE_WEEKS} | {REFERENCE, "naturlig", "dobbelt_tempo", "halvt_tempo"}
    assert set(null["risiko"]["innen_8u"]) == {"jevn", "naturlig"}
    assert set(null["risiko"][REFERENCE][""]) == {"arbeid", "utdanning", "arbeid_eller_utdanning"}
    for outcomes in null["risiko"]["innen_2u"].values():
        assert outcomes["arbeid"][52] <= outcomes["arbeid"][78] <= outcomes["arbeid"][104]
        both = outcomes["arbeid"][104] + outcomes["utdanning"][104]
        assert outcomes["arbeid_eller_utdanning"][104] == pytest.approx(both)


def test_the_planted_effect_is_a_tenth_and_the_naive_contrast_far_above_it():
    params = preset("main")
    effect = _risk(params, 8, Regime("uniform", 8)) - _risk(params, 8, Regime("none_26"))
    assert 0.10 <= effect <= 0.15
    assert _naive(params, 8) > effect + 0.05


def test_the_naive_contrast_finds_an_effect_where_there_is_none():
    assert _naive(preset("null"), 8) > 0.05


def test_faster_starts_do_more_good():
    params = preset("main")
    half, natural, double = (_risk(params, 8, r) for r in (Regime("odds", factor=0.5), Regime(), Regime("odds", factor=2.0)))
    assert half < natural < double


def test_strategies_place_as_they_say():
    params, seed = preset("main"), 2
    people = population(params, seed, N)

    def weeks(regime):
        course = course_of(people, params, seed, regime, weeks=30, lost=False, record=False)
        stayed = (course.exit_week == 0) | (course.exit_week > 26)
        return course.placement_week[stayed]

    uniform, none, natural = weeks(Regime("uniform", 8)), weeks(Regime("none_26")), weeks(Regime("natural_grace", 8))
    assert ((uniform >= 1) & (uniform <= 8)).all()
    assert np.allclose(np.bincount(uniform, minlength=9)[1:] / len(uniform), 1 / 8, atol=0.02)
    assert ((none == 0) | (none > 26)).all()
    assert (natural == 8).mean() > 0.5


def _weighted(course, g, tau=52):
    """Incidence of work at tau with the true start probabilities as weights: uniform grace g, and none before week 27."""
    left = np.where(course.exit_week == 0, tau + 1, course.exit_week)
    placed = np.where(course.placement_week == 0, tau + 1, course.placement_week)
    lost = np.isin(course.exit_kind, (MOVED, PHASED_OUT))
    weights = {"uniform": np.ones(len(left)), "none": np.ones(len(left))}
    free, risk = {"uniform": 1.0, "none": 1.0}, {"uniform": 0.0, "none": 0.0}
    for week in range(1, tau + 1):
        hazard, open_, starts = course.start_hazard[week - 1], (left >= week) & (placed >= week), placed == week
        if week <= g:
            q = 1 / (g - week + 1)
            weights["uniform"] = np.where(
                open_, weights["uniform"] * np.where(starts, q / hazard, (1 - q) / (1 - hazard)), weights["uniform"]
            )
        if week <= 26:
            weights["none"] = np.where(open_, np.where(starts, 0.0, weights["none"] / (1 - hazard)), weights["none"])
        for arm, weight in weights.items():
            now = weight * (left >= week)
            out = now * ((left == week) & ~lost)
            risk[arm] += free[arm] * (out * (course.exit_kind == WORK)).sum() / now.sum()
            free[arm] *= 1 - out.sum() / now.sum()
    return risk["uniform"], risk["none"]


@pytest.mark.parametrize("name", ["main", "null"])
def test_true_start_probabilities_recover_the_truth(name):
    """Sequential exchangeability given the recorded history: the estimand is identified when nothing is hidden."""
    params, n = preset(name), 25_000
    people = population(params, 21, n)
    uniform, none = _weighted(course_of(people, params, 21, weeks=52), 8)
    assert uniform == pytest.approx(_risk(params, 77, Regime("uniform", 8), n), abs=0.015)
    assert none == pytest.approx(_risk(params, 77, Regime("none_26"), n), abs=0.015)


def test_a_hidden_cause_moves_starts_and_exits():
    params = preset("unmeasured")
    people = population(params, 5, N)
    course = course_of(people, params, 5)
    placed = (course.placement_week > 0) & (course.placement_week <= 26)
    works = (course.exit_kind == WORK) & (course.exit_week <= 52)
    assert people.hidden[placed].mean() - people.hidden[~placed].mean() > 0.2
    assert people.hidden[works].mean() - people.hidden[~works].mean() > 0.2


def test_cluster_confounding_ties_starts_and_exits_of_a_municipality():
    def correlation(name):
        people = population(preset(name), 9, 20_000)
        return np.corrcoef(people.start_effect, people.exit_effect)[0, 1]

    assert correlation("cluster_confounding") > 0.5
    assert abs(correlation("main")) < 0.3
