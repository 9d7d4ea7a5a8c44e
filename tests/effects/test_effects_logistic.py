"""The regressions without a library of their own, against written-out rows and step-by-step fixed points."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from pipeline.effects.pooled_logistic import PersonRows, Rows, pooled_logistic
from pipeline.effects.start_model import design, fit_start_model, point_hazard


def test_logistic_recovers_its_coefficients():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(20_000), rng.normal(size=(20_000, 2))])
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(x @ np.array([-1.0, 0.8, -0.5]))))).astype(float)
    assert pooled_logistic(Rows(x), y) == pytest.approx([-1.0, 0.8, -0.5], abs=0.06)


@pytest.fixture
def person_weeks():
    """80 persons, some without a row, with two columns that vary and three that do not, one of them the same for all."""
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(80), rng.integers(0, 30, 80))
    weekly = rng.normal(3.0, 2.0, (len(who), 2))
    person = np.column_stack([rng.normal(10.0, 5.0, 80), rng.random(80) < 0.3, np.ones(80)])
    y = (rng.random(len(who)) < expit(-2 + 0.3 * weekly[:, 0] + 0.1 * person[who, 0])).astype(float)
    return PersonRows.of(weekly, person, who), Rows(design(np.column_stack([weekly, person[who]]))), y


def test_columns_of_the_person_answer_as_if_written_out_for_every_week(person_weeks):
    short, long, y = person_weeks
    rng = np.random.default_rng(3)
    beta, weight = rng.normal(size=short.width), rng.random(len(y))
    assert short.width == long.width == 6
    assert np.allclose(short.times(beta), long.times(beta))
    assert np.allclose(short.information(weight), long.information(weight))
    assert np.allclose(short.score(y - weight), long.score(y - weight))


def test_the_fit_is_the_same_either_way(person_weeks):
    short, long, y = person_weeks
    assert np.allclose(pooled_logistic(short, y), pooled_logistic(long, y), atol=1e-9)


@pytest.fixture
def clustered():
    rng = np.random.default_rng(4)
    cluster = np.sort(rng.integers(0, 40, 6000))
    x = design(rng.normal(size=(6000, 5)))
    y = (rng.random(6000) < expit(-2.5 + 0.4 * x[:, 1] + rng.normal(0, 0.6, 40)[cluster])).astype(float)
    return x, y, cluster


def test_the_variance_is_the_fixed_point_written_out(clustered):
    """Schall's update at the joint mode gives back the variance that the mode was found with."""
    x, y, cluster = clustered
    model = fit_start_model(x, y, cluster, 40, loose=1.0)
    z = np.column_stack([x, np.eye(40)[cluster]])
    w = model.hazard() * (1 - model.hazard())
    penalty = np.diag(np.r_[1e-6, np.full(5, 1e-2), np.full(40, 1 / model.tau2)])
    posterior = np.diag(np.linalg.inv((z * w[:, None]).T @ z + penalty))[6:]
    assert 0.2 < model.tau2 < 0.7
    assert float(model.u @ model.u) / (40 - posterior.sum() / model.tau2) == pytest.approx(model.tau2, rel=2e-3)


def test_municipalities_that_do_not_differ_have_no_variance():
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(100), 9)
    x = design(rng.normal(size=(900, 3)))
    y = np.tile([1.0, 0, 0, 0, 0, 0, 0, 0, 0], 100)
    assert fit_start_model(x, y, cluster, 100, loose=1.0).tau2 < 1e-4


def test_a_fit_begun_at_another_ends_where_one_begun_afresh_does(clustered):
    x, y, cluster = clustered
    _, other = point_hazard(x, np.roll(y, 7), cluster, 40, 0.4)
    afresh, _ = point_hazard(x, y, cluster, 40, 0.4)
    begun, mode = point_hazard(x, y, cluster, 40, 0.4, other)
    assert np.abs(afresh - begun).max() < 1e-6
    assert mode.step < 1e-3
