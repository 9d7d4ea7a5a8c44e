"""Projects that end at a date take everybody with them: who is left stands in for them at the same time of the calendar."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.effects.censoring import censoring_weights
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.person_weeks import PersonWeeks
from pipeline.effects.protocol import CENSORED, ENROLLED, WORK

N, WEEKS, END = 12_000, 104, 3 * 365
NOBODY = np.zeros(0, dtype=np.int64)


def _followed(first_day: np.ndarray, last: np.ndarray, cause: np.ndarray) -> PersonWeeks:
    zero = np.zeros(len(last), dtype=np.int64)
    return PersonWeeks(zero, first_day, last, cause, zero, NOBODY, NOBODY, NOBODY > 0, horizon=WEEKS, window=1)


def _programme(seed: int) -> tuple[PersonWeeks, PersonWeeks]:
    """Starts over five years, work much harder to get after the third; half of the projects end then. (With, without that end.)"""
    rng = np.random.default_rng(seed)
    first_day, ends = rng.integers(0, 5 * 365, N), rng.random(N) < 0.5
    stays = ~ends | (first_day < END - 7)
    first_day, ends = first_day[stays], ends[stays]
    day = first_day[:, None] + 7 * np.arange(WEEKS)
    works = rng.random(day.shape) < np.where(day < END, 0.03, 0.006)
    week = np.where(works.any(axis=1), works.argmax(axis=1) + 1, WEEKS + 1)
    cut = np.where(ends, (END - first_day) // 7 + 1, WEEKS + 1)
    whole = _followed(first_day, np.minimum(week, WEEKS), np.where(week <= WEEKS, WORK, ENROLLED))
    lost = cut < week
    last = np.minimum(np.where(lost, cut, week), WEEKS)
    cause = np.where(lost & (cut <= WEEKS), CENSORED, np.where(week <= WEEKS, WORK, ENROLLED))
    return _followed(first_day, last, cause), whole


@pytest.mark.parametrize("seed", [1, 2])
def test_weights_know_the_calendar(seed):
    """Most of the error of weights that know nothing but the week since the start is gone."""
    seen, whole = _programme(seed)
    nothing = np.zeros((len(seen.last), 1))
    truth, plain, weighted = (
        cumulative_incidence(weights, weeks)[[51, 103], WORK]
        for weights, weeks in (
            (whole.at_risk().astype(float), whole),
            (seen.at_risk().astype(float), seen),
            (np.where(seen.at_risk(), censoring_weights(seen, nothing), 0.0), seen),
        )
    )
    assert (plain - truth > 0.01).all()
    assert (np.abs(weighted - truth) < 0.6 * (plain - truth)).all()


def test_one_day_of_one_week_has_no_calendar():
    weeks = _followed(np.full(4, 10), np.ones(4, dtype=np.int64), np.array([CENSORED, WORK, WORK, WORK]))
    weights = censoring_weights(weeks, np.zeros((4, 1)))
    assert np.isfinite(weights).all()
    assert (weights == 1).all()
