"""Deadlines of deliveries come from the dated list: yearly before 2026, monthly after, a row's period decides."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.codes import Deadline, deadlines, last_deadline, next_deadline


@pytest.mark.parametrize(
    ("today", "last", "coming"),
    [
        (date(2024, 6, 1), Deadline(date(2024, 1, 31), date(2023, 12, 31)), Deadline(date(2025, 1, 31), date(2024, 12, 31))),
        (date(2026, 3, 15), Deadline(date(2026, 2, 15), date(2026, 1, 31)), Deadline(date(2026, 3, 15), date(2026, 2, 28))),
        (date(2026, 3, 16), Deadline(date(2026, 3, 15), date(2026, 2, 28)), Deadline(date(2026, 4, 15), date(2026, 3, 31))),
        (date(2026, 12, 31), Deadline(date(2026, 12, 15), date(2026, 11, 30)), Deadline(date(2027, 1, 15), date(2026, 12, 31))),
        (date(2026, 1, 1), Deadline(date(2025, 1, 31), date(2024, 12, 31)), Deadline(date(2026, 1, 15), date(2025, 12, 31))),
    ],
)
def test_deadline_before_and_after_a_day(today: date, last: Deadline, coming: Deadline) -> None:
    assert (last_deadline(today), next_deadline(today)) == (last, coming)


def test_no_deadline_before_the_scheme() -> None:
    assert last_deadline(date(2013, 1, 31)) is None
    assert next_deadline(date(2011, 1, 1)) is None


def test_every_rule_says_where_it_comes_from() -> None:
    assert deadlines()["kilde"].is_not_null().all()
    assert deadlines()["dag"].is_between(1, 31).all()
