"""The nightly self-test: what is redrawn, that a sound method passes, and that a broken one does not."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.effects import self_test
from pipeline.effects.self_test import everybody_waiting, redrawn_starts, self_test_rows
from pipeline.effects.study import Results
from pipeline.effects.timing import Fitted, fit_timing
from tests.effects.effects_worlds import PROTOCOL, cohort_of, synthetic


@pytest.fixture(scope="module")
def night():
    t = synthetic("main", 31, 1000, 30)
    fitted = fit_timing(cohort_of(t), t, PROTOCOL, seed=1, bootstraps=4)
    assert isinstance(fitted, Fitted)
    return fitted, t


def test_as_many_start_each_week_as_did_and_only_who_is_still_there(night):
    weeks = night[0].weeks
    placed = redrawn_starts(weeks, np.random.default_rng(3))
    for week in range(1, weeks.window + 1):
        assert (placed == week).sum() == (weeks.placed == week).sum()
    assert (placed[placed > 0] <= weeks.last[placed > 0]).all()
    assert (placed != np.where(weeks.placed > weeks.window, 0, weeks.placed)).mean() > 0.3


def test_who_waits_has_a_week_for_every_week_observed(night):
    waiting = everybody_waiting(night[0].weeks)
    assert (np.bincount(waiting.who, minlength=waiting.n) == np.minimum(waiting.last, waiting.window)).all()
    assert not waiting.start.any()


def test_a_sound_method_passes_and_says_by_how_much(night):
    (row,) = self_test_rows(*night, seed=7)
    assert row["n_trekninger"] == 20
    assert row["bestatt"] is True
    assert abs(row["middel"]) <= row["grense"] == pytest.approx(3 * row["sd"] / 20**0.5)
    assert 0.005 < row["sd"] < 0.1
    assert self_test_rows(*night, seed=7) == [row]
    assert self_test_rows(*night, seed=8) != [row]


def test_a_method_that_forgets_the_weights_is_uncovered(night, monkeypatch):
    """The comparison group must have stayed for 26 weeks to be in it: immortal time, and the mean is far from 0."""

    def unweighted(strategy, weeks, hazard):
        followed = (
            (weeks.placed > 0) & (weeks.placed <= 8) if strategy.kind == "jevn" else (weeks.placed == 0) & (weeks.last > 26)
        )
        return np.repeat(followed[:, None].astype(float), weeks.window, axis=1)

    monkeypatch.setattr(self_test, "strategy_weights", unweighted)
    (row,) = self_test_rows(*night, seed=7)
    assert row["bestatt"] is False


def test_where_nothing_can_be_estimated_there_is_a_reason(night):
    fitted, t = night
    (row,) = self_test_rows(Results(fitted.weeks, {}, {}, "en_kommune"), t, seed=1)
    assert (row["n_trekninger"], row["begrunnelse"]) == (0, "en_kommune")
