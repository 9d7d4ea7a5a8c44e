"""A world in which advisers look at how far a participant has come, and not only at how far along they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from pipeline.effects.answers import contrast
from pipeline.effects.covariates import decision_covariates
from pipeline.effects.person_weeks import follow
from pipeline.effects.strategies import Strategy
from pipeline.effects.timing import run_timing
from pipeline.tables.deliveries import LANGUAGE
from tests.effects.effects_worlds import PROTOCOL, assessment, cohort_of, left, person, placement, tables

_ASSESSED = (8, 16)
_PEOPLE = 4000


def _world():
    """Those who gain a level or two sooner get a placement and sooner a job; the placement itself does nothing."""
    rng = np.random.default_rng(5)
    persons, spells, assessed = [], [], []
    for i in range(_PEOPLE):
        place = 3100 + 2 * int(rng.integers(0, 30))
        begin = int(rng.integers(0, 4))
        gains = rng.random(2) < (0.75 if rng.random() < 0.5 else 0.1)
        placed = exit_week = 0
        for week in range(1, 90):
            gained = int(sum(gains[k] for k, at in enumerate(_ASSESSED) if week > at))
            if not placed and week <= 26 and rng.random() < expit(-4.2 + 1.3 * gained):
                placed = week
            if rng.random() < expit(-5.2 + 1.0 * gained):
                exit_week = week
                break
        where = {"komm_nr": str(place), "komm_nr_ref": str(place), "avsender": str(place), "norsk_start": LANGUAGE[begin]}
        persons.append(person(i, **where, **(left(exit_week) if exit_week else {})))
        if placed and (not exit_week or placed <= exit_week):
            spells.append(placement(i, placed))
        for k, at in enumerate(_ASSESSED):
            if not exit_week or exit_week > at:
                assessed.append(assessment(i, 7 * at, LANGUAGE[begin + int(gains[: k + 1].sum())], 5))
    return tables(persons, spells, assessed)


@pytest.fixture(scope="module")
def world():
    return _world()


def test_a_placement_that_does_nothing_is_not_credited_with_the_progress_that_led_to_it(world):
    results = run_timing(cohort_of(world), world, PROTOCOL, seed=1, bootstraps=50)
    interval, _ = contrast(results, Strategy("innen_26u", "jevn", 26), Strategy("ikke_innen_26u", "ingen"), "arbeid", 52)
    assert abs(interval.estimate) < 0.02


def test_readiness_counts_from_the_first_assessment_that_tells_it():
    """Unknown before and in between; two persons, whose first known values are not each other's."""
    rows = [assessment(1, 0, "a1", None), assessment(1, 14, "a1", 4), assessment(1, 28, "a1", 7), assessment(2, 7, "a2", 6)]
    t = tables([person(1), person(2)], [], rows)
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    known = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging)
    gained = known.values[:, known.names.index("framgang_arbeidsklar")]
    gap = known.values[:, known.names.index("arbeidsklar_mangler")]
    first = weeks.who == 0
    assert [float(v) for v in gained[first][[2, 4, 25]]] == [0.0, 3.0, 3.0]
    assert [float(v) for v in gap[first][[0, 1, 2]]] == [1.0, 1.0, 0.0]
    assert set(gained[~first][1:]) == {0.0}
