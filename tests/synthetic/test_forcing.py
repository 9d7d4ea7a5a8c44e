"""Courses and contacts forced by a rule: the rule holds, nature stays where it says nothing, no random number moves."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.synthetic import preset
from pipeline.synthetic.regimes import ContactRule, CourseRule, Regime
from pipeline.synthetic.world import course_of, population

PARAMS, N = preset("main", participants=3_000, municipalities=30), 3_000


@pytest.fixture(scope="module")
def people():
    return population(PARAMS, 5, N)


def _course(people, regime=None, weeks=30):
    return course_of(people, PARAMS, 5, regime or Regime(), weeks=weeks, lost=False)


def _active(course) -> np.ndarray:
    """(6, participants) at least two course weeks in the four-week period."""
    return np.stack([course.course[4 * k : 4 * k + 4].sum(axis=0) >= 2 for k in range(6)])


@pytest.fixture(scope="module")
def natural(people):
    return _course(people)


def test_enough_active_periods_spread_evenly(people):
    active = _active(_course(people, Regime(course=CourseRule("enough"))))
    assert (active.sum(axis=0) >= 2).all()
    assert active[0].mean() == pytest.approx(2 / 6, abs=0.03)
    none_yet = ~active[:4].any(axis=0)
    assert none_yet.any()
    assert active[4:, none_yet].all()
    one = active[:3].sum(axis=0) == 1
    assert active[3][one].mean() == pytest.approx(1 / 3, abs=0.05)


def test_fewer_than_enough(people, natural):
    forced = _course(people, Regime(course=CourseRule("fewer")))
    active = _active(forced)
    assert (active.sum(axis=0) <= 1).all()
    assert np.array_equal(forced.course[:4], natural.course[:4])  # nothing is demanded before one period was active
    never = ~_active(natural).any(axis=0)
    assert np.array_equal(forced.course[:24, never], natural.course[:24, never])


def test_satisfied_rules_leave_nature_alone(people):
    """After the last period the natural chances are back: the course share climbs towards the natural one."""
    forced, free = (_course(people, r, 60).course for r in (Regime(course=CourseRule("fewer")), Regime()))
    assert forced[22].mean() < 0.5 * free[22].mean()
    assert forced[59].mean() == pytest.approx(free[59].mean(), abs=0.06)


def _contacted(course, periods=6) -> tuple[np.ndarray, np.ndarray]:
    """(periods, participants) contacted in the period; enrolled through it."""
    reached = np.stack([course.contact[4 * k : 4 * k + 4].any(axis=0) for k in range(periods)])
    through = np.stack([(course.exit_week == 0) | (course.exit_week > 4 * (k + 1)) for k in range(periods)])
    return reached, through


def test_contact_in_every_period_of_the_enrolled(people, natural):
    reached, through = _contacted(_course(people, Regime(contact=ContactRule("participant", np.inf, 4))))
    assert reached[:4][through[:4]].all()
    assert not reached[4:][through[4:]].all()
    usual, through = _contacted(natural)
    assert 0.6 < usual[through].mean() < 0.85


@pytest.mark.parametrize("odds", [2.0, 0.5])
def test_the_odds_of_a_contact_in_the_first_period_are_multiplied(people, natural, odds):
    """Everybody's odds are; persons differ, so that the odds of the average share move a little less."""
    tilted, _ = _contacted(_course(people, Regime(contact=ContactRule("participant", odds, 6))))
    usual, _ = _contacted(natural)
    p = usual[0].mean()
    ratio = tilted[0].mean() / (1 - tilted[0].mean()) / (p / (1 - p))
    assert ratio == pytest.approx(odds, rel=0.2)
    assert abs(np.log(ratio)) < abs(np.log(odds))


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_rule_makes_of_a_period_is_felt_after_it_or_at_once(at_once):
    """Contacts of the first period change no exit before week 5, unless they are felt at once."""
    strong = PARAMS.with_(participant_contact_work=40.0, work_logodds=-9.0)
    some = population(strong, 5, N)
    usual, forced = (
        course_of(some, strong, 5, r, weeks=12, lost=False)
        for r in (Regime(), Regime(contact=ContactRule("participant", np.inf, 13, at_once=at_once)))
    )
    changed = (usual.exit_week != forced.exit_week) | (usual.exit_kind != forced.exit_kind)
    first = np.where(changed, np.where(forced.exit_week == 0, usual.exit_week, forced.exit_week), 99).min()
    assert first == (2 if at_once else 5)


def test_the_employer_is_contacted_in_each_period_of_the_first_placement(people):
    course = _course(people, Regime(contact=ContactRule("employer", np.inf, 2)), 60)
    seen = 0
    for i in np.flatnonzero((course.placement_week > 0) & (course.placement_week < 50)):
        first = course.placement_week[i] - 1
        for k in range(2):
            weeks = slice(first + 4 * k, first + 4 * k + 4)
            enrolled = course.exit_week[i] == 0 or course.exit_week[i] > first + 4 * k + 4
            if enrolled and course.placed[first : first + 4 * k + 4, i].all():
                assert course.employer_contact[weeks, i].any()
                seen += 1
    assert seen > 500


def test_nobody_is_placed_before_a_none_rule_ends(people):
    course = _course(people, Regime("none", 12))
    assert not ((course.placement_week > 0) & (course.placement_week <= 12)).any()
    assert (course.placement_week == 13).any()


def test_a_rule_moves_no_random_number(people, natural):
    """A rule about employers changes nothing for those who never meet one."""
    forced = _course(people, Regime(contact=ContactRule("employer", np.inf, 3)))
    never = (forced.placement_week == 0) & (natural.placement_week == 0)
    assert never.sum() > 500
    for name in ("contact", "course", "language_practice"):
        assert np.array_equal(getattr(forced, name)[:, never], getattr(natural, name)[:, never])
    assert np.array_equal(forced.exit_week[never], natural.exit_week[never])
