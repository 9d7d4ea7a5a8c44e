"""Weights, incidence and bootstrap against independent computations."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from pipeline.effects.answers import contrast
from pipeline.effects.bootstrap import BootstrapSums, bootstrap, draw_counts
from pipeline.effects.censoring import censoring_weights
from pipeline.effects.covariates import decision_covariates
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.person_weeks import follow
from pipeline.effects.protocol import ENROLLED
from pipeline.effects.start_model import LOOSE, design, fit_start_model, refit
from pipeline.effects.strategies import Strategy, decision_ratio, final_weights, person_week_weights, strategy_weights
from pipeline.effects.study import Tables
from pipeline.effects.timing import run_timing, strategies
from tests.effects.effects_worlds import PROTOCOL, cohort_of, left, person, placement, synthetic, tables


@pytest.fixture(scope="module")
def small():
    """600 participants in 14 municipalities with some lost, their model and censoring weights."""
    t = synthetic("main", 3, 600, 14, moved_logodds=-5.5)
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging)
    model = fit_start_model(design(covariates.values), weeks.start.astype(float), weeks.cluster[weeks.who], weeks.n_clusters)
    censoring = censoring_weights(weeks, covariates.columns(PROTOCOL.declared["kovariater"]["balanse"])[weeks.week == 1])
    return t, cohort, weeks, model, censoring


def test_incidence_with_unit_weights_equals_lifelines(small):
    """lifelines breaks ties by jittering; whole weeks are spread apart beforehand, so that none are left."""
    *_, weeks, _, _ = small
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import AalenJohansenFitter

        event = np.where(weeks.cause <= 2, weeks.cause + 1, 0)
        ours = cumulative_incidence(weeks.at_risk().astype(float), weeks)
        for cause in (0, 1, 2):
            fitter = AalenJohansenFitter(calculate_variance=False, seed=1)
            # Censoring at the end of a week comes after its exits.
            fitter.fit(weeks.last + np.where(event == 0, 0.5, 0.0), event, event_of_interest=cause + 1)
            theirs = fitter.predict([26.4, 52.4, 78.4, 103.4]).to_numpy()
            # The jitter makes tied exits of a week follow each other: at most a few parts in ten thousand.
            assert np.allclose(ours[[25, 51, 77, 102], cause], theirs, atol=2e-3)


def test_incidence_by_hand_with_ties():
    rows = [person(1, **left(1)), person(2, **left(1, "videregaende")), person(3, **left(2)), person(4, **left(3, "kvp"))]
    t = tables(rows, [])
    weeks = follow(cohort_of(t), t.tiltak, PROTOCOL)
    weights = weeks.at_risk() * np.array([[2.0], [1.0], [1.0], [4.0]])
    found = cumulative_incidence(weights, weeks)
    assert found[0].tolist() == pytest.approx([2 / 8, 1 / 8, 0])
    assert found[1].tolist() == pytest.approx([2 / 8 + (5 / 8) * (1 / 5), 1 / 8, 0])
    assert found[2].tolist() == pytest.approx([2 / 8 + (5 / 8) * (1 / 5), 1 / 8, (5 / 8) * (4 / 5)])


def _cloned_risk(weeks, h, strategy, causes, tau):
    """Clone-censor-weight by the book: a copy per person and arm, its weeks and weights written out one by one."""
    risk, gone = np.zeros(tau), np.zeros((tau, 3))
    hazard = {(i, t): p for i, t, p in zip(weeks.who, weeks.week, h, strict=True)}
    for i in range(weeks.n):
        weight = 1.0
        for t in range(1, min(weeks.last[i], tau) + 1):
            if (i, t) in hazard:
                p, a = hazard[i, t], weeks.placed[i] == t
                if strategy.kind == "jevn":
                    if t <= strategy.week:
                        q = 1 / (strategy.week - t + 1)
                        weight *= q / p if a else (1 - q) / (1 - p)
                elif strategy.kind == "naturlig":
                    weight *= (a / p) if t == strategy.week else 1.0
                else:
                    weight *= 0.0 if a else 1 / (1 - p)
            if weight == 0.0:
                break
            risk[t - 1] += weight
            if t == weeks.last[i] and weeks.cause[i] in (0, 1, 2):
                gone[t - 1, weeks.cause[i]] += weight
    alive, total = 1.0, 0.0
    for t in range(tau):
        if risk[t] > 0:
            total += alive * gone[t, list(causes)].sum() / risk[t]
            alive *= 1 - gone[t].sum() / risk[t]
    return total


@pytest.mark.parametrize(
    "strategy",
    [Strategy("a", "jevn", 4), Strategy("b", "jevn", 13), Strategy("c", "naturlig", 8), Strategy("d", "ingen")],
    ids=lambda s: s.kind,
)
def test_weights_equal_a_cloned_data_set(small, strategy):
    *_, weeks, model, _ = small
    h = model.hazard()
    weights = person_week_weights(strategy_weights(strategy, weeks, h), weeks, np.ones((weeks.n, weeks.horizon)))
    ours = cumulative_incidence(weights, weeks)[51, :2].sum()
    assert ours == pytest.approx(_cloned_risk(weeks, h, strategy, (0, 1), 52), abs=1e-12)


def test_unplaced_at_the_deadline_has_no_weight_and_an_exit_carries_the_weight_after_the_decision():
    t = tables([person(1), person(2, **left(2)), person(3)], [placement(3, 2)])
    weeks = follow(cohort_of(t), t.tiltak, PROTOCOL)
    h = np.full(len(weeks.who), 0.1)
    final = final_weights(
        person_week_weights(strategy_weights(Strategy("x", "jevn", 4), weeks, h), weeks, np.ones((weeks.n, weeks.horizon))), weeks
    )
    assert final.tolist() == pytest.approx([0.0, (3 / 4) / 0.9 * (2 / 3) / 0.9, (3 / 4) / 0.9 * (1 / 3) / 0.1])


def test_tempo_ratio_is_kennedys():
    t = tables([person(1)], [placement(1, 2)])
    weeks = follow(cohort_of(t), t.tiltak, PROTOCOL)
    ratio = decision_ratio(Strategy("dobbelt", "odds", factor=2.0), weeks, np.array([0.2, 0.2]))
    assert ratio.tolist() == pytest.approx([1 / (2 * 0.2 + 0.8), 2 / (2 * 0.2 + 0.8)])


def test_fast_sums_equal_the_weights_person_by_person(small):
    *_, weeks, model, censoring = small
    control = np.where(np.arange(weeks.n) % 3 == 0, np.nan, np.arange(weeks.n) % 2)
    sums = BootstrapSums(weeks, censoring, control, 1, tuple(PROTOCOL.main.odds.values()))
    sums.add(model, np.zeros((1, len(model.beta))), np.zeros((1, weeks.n_clusters)), np.ones((1, weeks.n_clusters)))
    for strategy in strategies(PROTOCOL):
        decided = strategy_weights(strategy, weeks, model.hazard())
        weights = person_week_weights(decided, weeks, censoring)
        draws = sums.of(strategy)
        known = ~np.isnan(control)
        last = decided[np.arange(weeks.n), np.minimum(weeks.last, weeks.window) - 1][known]
        assert np.allclose(draws.incidence[0], cumulative_incidence(weights, weeks), atol=1e-10), strategy.key
        assert draws.control[0] == pytest.approx(np.average(control[known], weights=last)), strategy.key


def test_a_bootstrap_draw_equals_the_analysis_of_the_copied_data():
    """Counts as weights = the drawn municipalities written out as distinct ones, with the model refitted on both sides."""
    t = synthetic("main", 5, 240, 6)
    cohort = cohort_of(t)
    timing = run_timing(cohort, t, PROTOCOL, seed=4, bootstraps=3, exact=True)
    counts = draw_counts(6, 3, 4)[0]
    copies = []
    for cluster, k in enumerate(counts.astype(int)):
        keys = cohort.persons.filter(pl.col("klynge") == cluster)["deltakelse_key"].to_list()
        copies += [(keys, f"_{c}") for c in range(k)]

    def copy(frame: pl.DataFrame) -> pl.DataFrame:
        parts = []
        for keys, tag in copies:
            part = frame.filter(pl.col("deltakelse_key").is_in(keys))
            names = [
                c for c in ("deltakelse_key", "person_key", "komm_nr_ref", "tiltak_id", "kartlegging_id") if c in frame.columns
            ]
            part = part.with_columns((pl.col(n) + tag).alias(n) for n in names)
            parts.append(part.with_columns(bydel_nr=None) if "bydel_nr" in part.columns else part)
        return pl.concat(parts, how="vertical_relaxed")

    whole = Tables(copy(t.deltakelse), copy(t.tiltak), copy(t.kartlegging), t.oppfolging.clear(), t.utfall)
    weeks = follow(cohort_of(whole), whole.tiltak, PROTOCOL)
    observed = cumulative_incidence(weeks.at_risk().astype(float), weeks)
    drawn = timing.draws["naturlig", None].incidence[0]
    assert weeks.n_clusters == int(counts.sum())
    assert np.allclose(drawn[51], observed[51], atol=0.02)  # the draw holds the censoring weights, the copy has none


def _fast_and_exact(weeks, model, censoring, draws):
    """Per contrast the bootstrap differences of one Newton step and of refitting."""
    counts = draw_counts(weeks.n_clusters, draws, 9)
    control = np.full(weeks.n, np.nan)
    both = [bootstrap(weeks, model, censoring, control, counts, (2.0,), exact=e) for e in (False, True)]
    none, observed = Strategy("i", "ingen"), Strategy("o", "observert")
    for strategy, other in (
        (Strategy("g", "jevn", 8), none),
        (Strategy("g", "jevn", 26), none),
        (Strategy("d", "odds", factor=2.0), observed),
    ):
        yield [s.of(strategy).incidence[:, 51, :2].sum(1) - s.of(other).incidence[:, 51, :2].sum(1) for s in both]


def test_one_newton_step_follows_the_exact_refit(small):
    """Fourteen municipalities are a hard case for one step: a draw may leave a third of them out."""
    *_, weeks, model, censoring = small
    for fast, exact in _fast_and_exact(weeks, model, censoring, 40):
        assert np.corrcoef(fast, exact)[0, 1] > 0.98
        assert fast.std() == pytest.approx(exact.std(), rel=0.1)


@pytest.mark.long
def test_one_newton_step_is_the_exact_refit_at_full_size():
    t = synthetic("main", 3)
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging)
    model = fit_start_model(design(covariates.values), weeks.start.astype(float), weeks.cluster[weeks.who], weeks.n_clusters)
    for fast, exact in _fast_and_exact(weeks, model, np.ones((weeks.n, weeks.horizon)), 60):
        assert np.corrcoef(fast, exact)[0, 1] > 0.9995
        assert fast.std() == pytest.approx(exact.std(), rel=0.02)


def test_the_start_model_is_at_its_penalised_mode(small):
    """An independent optimiser finds no better joint mode at the same variance."""
    *_, weeks, model, _ = small
    y, p = weeks.start.astype(float), model.x.shape[1]

    def loss(theta):
        eta = model.x @ theta[:p] + theta[p:][model.cluster]
        penalty = 0.5 * 1e-2 * (theta[1:p] ** 2).sum() + 0.5e-6 * theta[0] ** 2 + 0.5 * (theta[p:] ** 2).sum() / model.tau2
        h = 1 / (1 + np.exp(-eta))
        g = np.r_[model.x.T @ (h - y), np.bincount(model.cluster, h - y, weeks.n_clusters)]
        g[1:p] += 1e-2 * theta[1:p]
        g[0] += 1e-6 * theta[0]
        g[p:] += theta[p:] / model.tau2
        return float(np.logaddexp(0, eta).sum() - y @ eta + penalty), g

    at = np.r_[model.beta, model.u]
    better = minimize(loss, at, jac=True, method="L-BFGS-B")
    assert loss(at)[0] - better.fun < 1e-4
    assert np.abs(loss(at)[1]).max() < 1e-4


@pytest.mark.parametrize("spread", [0.0, 0.8])
def test_the_variance_between_municipalities_is_estimated(spread):
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(60), 300)
    u = rng.normal(0, spread, 60)
    y = (rng.random(len(cluster)) < 1 / (1 + np.exp(2 - u[cluster]))).astype(float)
    model = fit_start_model(np.ones((len(y), 1)), y, cluster, 60, loose=1)
    assert model.converged
    assert np.sqrt(model.tau2) == pytest.approx(spread, abs=0.15)


def test_loosened_intercepts_let_municipalities_that_seldom_place_count_for_what_they_are():
    """Outcome and placements both follow the municipality: weighted means of those placed are to be those of everybody."""
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(80), 30)
    gaps = []
    for _ in range(10):
        u = rng.normal(0, 0.8, 80)
        y = (rng.random(len(cluster)) < 1 / (1 + np.exp(1.5 - u[cluster]))).astype(float)
        found = []
        for loose in (1, LOOSE):
            weight = y / fit_start_model(np.ones((len(y), 1)), y, cluster, 80, loose=loose).hazard()
            found.append(np.average(u[cluster], weights=weight) - u.mean())
        gaps.append(found)
    shrunk, loosened = np.mean(gaps, axis=0)
    assert shrunk > 0.10
    assert abs(loosened) < shrunk / 2


def test_weights_remade_in_every_draw_move_the_step_as_a_refit():
    """With the fitted weights and every municipality once nothing moves; with others the one step follows the refit."""
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(40), 60)
    x = design(rng.normal(size=(len(cluster), 3)))
    y = (rng.random(len(cluster)) < 1 / (1 + np.exp(0.5 - x[:, 1] - rng.normal(0, 0.5, 40)[cluster]))).astype(float)
    weight = rng.uniform(0.5, 1.5, len(y))
    model = fit_start_model(x, y, cluster, 40, weight=weight)
    once = np.ones((1, 40))
    still = model.weighted_steps(y, once, weight[:, None])
    assert np.abs(still[0]).max() < 1e-7
    assert np.abs(still[1]).max() < 1e-7
    counts = rng.multinomial(40, np.full(40, 1 / 40), size=12).astype(float)
    remade = weight[:, None] * np.exp(0.15 * rng.normal(size=(40, 12))[cluster] + 0.2 * x[:, [1]] * rng.normal(size=12))
    steps, own = model.weighted_steps(y, counts, remade)
    refits = [refit(model, y, k, w) for k, w in zip(counts, remade.T, strict=True)]
    exact = np.stack([b for b, _ in refits]) - model.beta
    assert np.corrcoef(steps[:, 1], exact[:, 1])[0, 1] > 0.97
    drawn = counts > 0
    assert np.corrcoef(own[drawn], (np.stack([u for _, u in refits]) - model.u)[drawn])[0, 1] > 0.97


def test_censoring_weights_restore_those_who_moved():
    """Movers are the unready; weighting the rest brings the week-52 mean of a baseline fact back to where it began."""
    rng = np.random.default_rng(8)
    n = 3000
    fact = rng.normal(size=n)
    week = rng.geometric(np.clip(0.01 * np.exp(0.9 * fact), 0, 0.9))
    rows = [person(i, **(left(int(w), "flyttet") if w <= 60 else {})) for i, w in enumerate(week)]
    t = tables(rows, [])
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    order = cohort.persons["deltakelse_key"].str.slice(1).cast(pl.Int64).to_numpy()
    weights = censoring_weights(weeks, fact[order][:, None])
    remains = weeks.last > 40
    plain, weighted = fact[order][remains].mean(), np.average(fact[order][remains], weights=weights[remains, 39])
    assert plain < -0.15
    assert abs(weighted) < 0.05
    assert weights.sum(axis=1).min() > 0


def test_nobody_lost_means_weights_of_one():
    t = tables([person(1), person(2, **left(9))], [])
    weeks = follow(cohort_of(t), t.tiltak, PROTOCOL)
    assert (censoring_weights(weeks, np.zeros((2, 1))) == 1).all()
    assert weeks.cause[0] == ENROLLED


def _shuffled(t: Tables) -> Tables:
    return Tables(
        *(f.sample(fraction=1.0, shuffle=True, seed=5) for f in (t.deltakelse, t.tiltak, t.kartlegging, t.oppfolging)), t.utfall
    )


def _relabelled(t: Tables) -> Tables:
    codes = sorted(t.deltakelse["komm_nr_ref"].unique())
    names = {c: f"{9000 - i}" for i, c in enumerate(codes)}
    districts = pl.when(pl.col("komm_nr_ref") == "0301").then(pl.col("bydel_nr"))
    moved = t.deltakelse.with_columns(
        komm_nr_ref=pl.coalesce(districts, pl.col("komm_nr_ref").replace_strict(names)), bydel_nr=pl.lit(None, dtype=pl.String)
    )
    return Tables(moved, t.tiltak, t.kartlegging, t.oppfolging, t.utfall)


@pytest.mark.parametrize("change", [_shuffled, _relabelled])
def test_row_order_and_names_of_municipalities_change_nothing(change):
    t = synthetic("main", 12, 400, 10)
    answers = []
    for version in (t, change(t)):
        timing = run_timing(cohort_of(version), version, PROTOCOL, seed=1, bootstraps=20)
        interval, _ = contrast(timing, Strategy("innen_8u", "jevn", 8), Strategy("ikke_innen_26u", "ingen"), "arbeid", 52)
        answers.append((interval.estimate, interval.se))
    assert answers[0] == pytest.approx(answers[1], abs=1e-12)
