"""The wrong comparisons by hand: who is in which group, who is dropped."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.effects.person_weeks import PersonWeeks
from pipeline.effects.protocol import CENSORED, ENROLLED, OTHER, WORK
from pipeline.proof.estimands import NOTHING
from pipeline.proof.wrong import landmark, shares

# (placed week, last week, cause) per person
PEOPLE = (
    (3, 20, WORK), (5, 104, ENROLLED), (8, 60, WORK),  # early, enrolled after week 8
    (2, 8, WORK), (0, 6, OTHER), (0, 8, CENSORED),  # gone by the end of week 8
    (0, 30, WORK), (12, 104, ENROLLED), (0, 40, OTHER), (30, 104, ENROLLED),  # not placed by week 8
)  # fmt: skip


def weeks(people=PEOPLE):
    placed, last, cause = (np.array(column) for column in zip(*people, strict=True))
    n = len(people)
    nobody = np.zeros(0, dtype=np.int64)
    cluster = np.arange(n) // 2
    return PersonWeeks(cluster, np.zeros(n, int), last, cause, placed, nobody, nobody, nobody.astype(bool), 104, 26)


def test_the_landmark_compares_those_still_enrolled():
    """By week 52: one of three early ones, one of four others; who had left by week 8 is in neither group."""
    found = landmark(weeks(), 8, 52, 50, 1)
    assert found.estimate == pytest.approx(1 / 3 - 1 / 4)
    assert found.se > 0
    assert found.grad is None


def test_the_later_landmark_drops_who_was_placed_between():
    """Enrolled after week 26: two early ones (none in work by 52); one left to work, one otherwise, one stays."""
    assert landmark(weeks(), 26, 52, 50, 1).estimate == pytest.approx(0 - 1 / 3)


def test_without_one_of_the_groups_nothing_is_said():
    assert landmark(weeks(PEOPLE[:3]), 8, 52, 10, 1) is NOTHING
    none = np.zeros(4, bool)
    assert shares(none, ~none, none) is NOTHING


def test_plain_shares_and_their_error():
    early = np.array([True, True, True, True, False, False])
    reached = np.array([True, True, True, False, True, False])
    found = shares(early, ~early, reached)
    assert found.estimate == pytest.approx(0.25)
    assert found.se == pytest.approx((0.75 * 0.25 / 4 + 0.25 / 2) ** 0.5)
