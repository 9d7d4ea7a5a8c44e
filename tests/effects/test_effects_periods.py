"""Decision periods: who decides, from when a decision counts, what a period's days and dates are."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.effects.covariates import of_cohort
from pipeline.effects.periods import days_covered, days_per_period, facts_per_period, periods_of, process_of
from pipeline.effects.person_weeks import follow
from tests.effects.effects_efforts import contact, contacted, spell
from tests.effects.effects_worlds import PROTOCOL, START, cohort_of, left, person, tables


def _followed(persons, spells=()):
    t = tables(persons, list(spells))
    cohort = cohort_of(t)
    return cohort, follow(cohort, t.tiltak, PROTOCOL)


def _decisions(**columns) -> list[int]:
    """Numbers of the periods in which the person decided, of six."""
    _, weeks = _followed([person(1, **columns)])
    periods = periods_of(weeks, 6, 4)
    return periods.period[periods.complete].tolist()


@pytest.mark.parametrize(
    ("columns", "decided"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        (left(1), []),
        (left(4, day=6), []),  # day 27, the first period's last
        (left(5, day=0), [1]),  # day 28, the second period's first
        (left(10), [1, 2]),
        (left(8, "flyttet"), [1]),  # lost inside the second
        ({"statusdato": START + timedelta(55)}, [1, 2]),  # data end with the second period's last day
        ({"statusdato": START + timedelta(54)}, [1]),
    ],
)
def test_a_decision_is_made_by_those_enrolled_and_observed_through_the_last_day(columns, decided):
    assert _decisions(**columns) == decided


def test_a_period_that_began_has_a_row_and_its_first_week():
    _, weeks = _followed([person(1, **left(6)), person(2, **left(1))])
    periods = periods_of(weeks, 6, 4)
    assert periods.who.tolist() == [0, 0, 1]
    assert periods.period.tolist() == [1, 2, 1]
    assert periods.weeks.week.tolist() == [1, 5, 1]


def test_a_fact_belongs_to_the_period_of_its_day():
    days = {0: (0, 1), 27: (0, 1), 28: (1, 1), 83: (2, 1), 84: None, -1: None}
    cohort, _ = _followed([person(1)])
    for day, where in days.items():
        facts = of_cohort(contacted(tables([], []), [contact(1, day)]).oppfolging, cohort, "dato")
        counts = facts_per_period(facts, 1, 3, 4)
        assert counts.sum() == (0 if where is None else 1), day
        if where:
            assert counts[0, where[0]] == where[1], day


def test_history_looks_at_earlier_periods_only():
    _, weeks = _followed([person(1), person(2)])
    periods = periods_of(weeks, 3, 4)
    done = np.array([[1, 0, 1], [0, 1, 1]])
    assert periods.at(done).tolist() == [1, 0, 1, 0, 1, 1]
    assert periods.before(done).tolist() == [0, 1, 0, 0, 0, 1]
    assert periods.so_far(done).tolist() == [0, 1, 1, 0, 0, 1]


@pytest.mark.parametrize(("lag", "applies"), [(1, [5, 9, 13]), (2, [9, 13, 17])])
def test_a_decision_counts_from_the_next_period_or_later(lag, applies):
    _, weeks = _followed([person(1)])
    process = process_of(periods_of(weeks, 3, 4), np.array([[True, False, True]]), None, lag)
    assert process.applies.tolist() == applies
    assert process.done.tolist() == [True, False, True]


def test_a_decision_can_be_asked_of_some_only():
    _, weeks = _followed([person(1)])
    periods = periods_of(weeks, 3, 4).decided_by(np.array([True, False, True]))
    assert periods.period[periods.complete].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("spells", "days"),
    [
        ([spell(1, 0, 9)], [10, 0]),
        ([spell(1, 0, 9), spell(1, 5, 11)], [12, 0]),  # an overlap covers a day once
        ([spell(1, 20, 30)], [8, 3]),
        ([spell(1, 40, None)], [0, 16]),
        ([spell(1, -20, 3)], [4, 0]),
        ([spell(1, -20, -2)], [0, 0]),
        ([spell(1, 56, 90)], [0, 0]),
        ([spell(1, 3, 1)], [0, 0]),  # ended before it began: no day
    ],
)
def test_days_covered_in_a_period(spells, days):
    cohort, _ = _followed([person(1)])
    covered = days_covered(cohort, tables([], spells).tiltak, 56)
    assert days_per_period(covered, 4).tolist() == [days]


def test_the_eve_of_the_start_is_the_first_column():
    cohort, _ = _followed([person(1), person(2), person(3)])
    spells = [spell(1, -5, -1), spell(2, -5, -2), spell(3, 0, 5)]
    assert days_covered(cohort, tables([], spells).tiltak, 28)[:, 0].tolist() == [True, False, False]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-40, 90), st.one_of(st.none(), st.integers(-5, 60))), max_size=6))
def test_days_covered_are_the_union_of_the_spells(drawn):
    cohort, _ = _followed([person(1)])
    spells = [spell(1, a, None if n is None else a + n) | {"tiltak_id": f"t{i}"} for i, (a, n) in enumerate(drawn)]
    union = {d for a, n in drawn for d in range(a, 56 if n is None else a + n + 1) if -1 <= d < 56}
    covered = days_covered(cohort, tables([], spells).tiltak, 56)[0]
    assert set((np.flatnonzero(covered) - 1).tolist()) == union


def test_spells_of_a_continued_participation_count_from_the_first_start():
    later = START + timedelta(30)
    moved = [
        person(1, slutt_dato=START + timedelta(25), avslutning="flyttet", overgang=False),
        person(2, person_key="p0001", start_dato=later),
    ]
    cohort, weeks = _followed(moved)
    spells = tables([], [spell(2, 0, 6, start=later)]).tiltak
    assert np.flatnonzero(days_covered(cohort, spells, 56)[0]).tolist() == [31 + d for d in range(7)]
    assert periods_of(weeks, 2, 4).complete.all()


def test_no_persons_no_rows():
    cohort, weeks = _followed([person(1, forste_tilskuddsaar=None)])
    assert periods_of(weeks, 3, 4).who.size == 0
    assert facts_per_period(pl.DataFrame(schema={"person": pl.Int64, "dag": pl.Int64}), 0, 3, 4).shape == (0, 3)
    assert days_covered(cohort, tables([], []).tiltak, 28).shape == (0, 29)
