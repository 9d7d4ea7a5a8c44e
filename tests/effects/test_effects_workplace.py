"""Workplaces compared among those placed: who is asked, weights by hand, planted buddies found, tiny data."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.effects.study import Results, Tables
from pipeline.effects.workplace import placed_with, run_workplace, strategies, workplace_protocol, workplace_rows
from tests.effects.effects_worlds import cohort_of, left, person, placement, synthetic, tables

PROTOCOL = workplace_protocol()
BUDDY, ORDINARY = PROTOCOL.declared["egenskap"]


def _spell(i: int, week: int, **told: Any) -> dict[str, Any]:
    return placement(i, week) | told


def _crowd(n: int, **told: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    persons = [person(i, komm_nr_ref=f"{3100 + i % 25}", **left(20 + i % 40)) for i in range(n)]
    return persons, [_spell(i, 4 + i % 5, **told) for i in range(n)]


def test_the_first_placement_tells_and_who_does_not_tell_is_left_out():
    spells = [
        _spell(0, 3, fadder="ja"), _spell(0, 20, fadder="nei"), _spell(1, 3, fadder="nei"), _spell(2, 3), _spell(3, 3, fadder="ja"),
        _spell(3, 2, fadder="nei"),
    ]  # fmt: skip
    t = tables([person(i) for i in range(5)], spells)
    placed = placed_with(cohort_of(t), t, PROTOCOL, BUDDY)
    assert placed.cohort.persons["deltakelse_key"].to_list() == ["d0000", "d0001", "d0003"]
    assert placed.has.tolist() == [True, False, False]
    assert placed.cohort.members["person"].sort().to_list() == [0, 1, 2]


def test_an_ordinary_employer_is_private_municipal_or_state():
    sectors = ["privat", "kommunal", "statlig", "frivillig", None]
    t = tables([person(i) for i in range(5)], [_spell(i, 3, arbeidsgiver_sektor=s) for i, s in enumerate(sectors)])
    assert placed_with(cohort_of(t), t, PROTOCOL, ORDINARY).has.tolist() == [True, True, True, False]


def test_weeks_count_from_the_placement():
    t = tables([person(0, **left(12)), person(1, **left(5, "helse"))], [_spell(0, 5, fadder="ja"), _spell(1, 5, fadder="nei")])
    placed = placed_with(cohort_of(t), t, PROTOCOL, BUDDY)
    assert placed.weeks.last.tolist() == [8, 1]


@pytest.fixture(scope="module")
def strong() -> Results:
    t = synthetic("main", 31, 1500, 40, buddy_work=1.2)
    return run_workplace(cohort_of(t), t, PROTOCOL, BUDDY, seed=1, bootstraps=40)


def test_the_arms_are_weighted_by_the_inverse_of_their_chance(strong):
    yes, no = (strong.arms[s.key] for s in strategies(BUDDY))
    assert not (yes.follows & no.follows).any()
    assert (yes.follows | no.follows).all()
    assert yes.imbalance < 0.1
    assert no.imbalance < 0.1
    assert yes.ess < yes.follows.sum()


def test_a_planted_buddy_is_found(strong):
    yes, no = (strong.arms[s.key].incidence[51, :2].sum() for s in strategies(BUDDY))
    drawn = [strong.draws[s.key].incidence[:, 51, :2].sum(axis=1) for s in strategies(BUDDY)]
    assert yes - no > 2 * np.std(drawn[0] - drawn[1], ddof=1)
    assert 0.03 < yes - no < 0.5


def test_one_newton_step_follows_the_refit():
    t = synthetic("main", 32, 500, 20)
    cohort = cohort_of(t)
    fast, exact = (run_workplace(cohort, t, PROTOCOL, BUDDY, seed=1, bootstraps=20, exact=e) for e in (False, True))
    for strategy in strategies(BUDDY):
        a, b = (r.draws[strategy.key].incidence[:, 51, 0] for r in (fast, exact))
        assert np.corrcoef(a, b)[0, 1] > 0.95


def test_every_declared_combination_has_its_row():
    t = synthetic("main", 33, 500, 20)
    rows = workplace_rows(cohort_of(t), t, seed=1, bootstraps=10)
    # Two properties, three outcomes, two horizons: the comparison's risk, the property's risk and the difference.
    assert len(rows) == 2 * 3 * 2 * 3
    assert {r["analyse"] for r in rows} == {"aarsakskjede"}
    for row in rows:
        assert ("Ordinær arbeidsgiver betyr her" in row["kan_si"]) == ("arbeidsgiver" in row["strategi"])


TINY = {
    "nobody placed": ([person(i, komm_nr_ref=f"{3100 + i % 25}") for i in range(60)], []),
    "nobody tells": _crowd(60),
    "everybody has": _crowd(60, fadder="ja", arbeidsgiver_sektor="privat"),
    "nobody has": _crowd(60, fadder="nei", arbeidsgiver_sektor="frivillig"),
    "twelve": ([person(i, komm_nr_ref=f"{3100 + i}", **left(20)) for i in range(12)],
               [_spell(i, 3, fadder=("ja", "nei")[i % 2], arbeidsgiver_sektor=("privat", "frivillig")[i % 2]) for i in range(12)]),
    "one municipality": ([person(i, **left(20 + i)) for i in range(60)], [_spell(i, 3, fadder=("ja", "nei")[i % 2]) for i in range(60)]),
    "all excluded": ([person(i, praksis_foer_start=True) for i in range(10)], [_spell(i, 3, fadder="ja") for i in range(10)]),
}  # fmt: skip


@pytest.mark.parametrize("case", TINY)
def test_tiny_and_one_sided_data_end_in_a_reason_and_never_in_a_number(case):
    t = tables(*TINY[case])
    rows = workplace_rows(cohort_of(t), t, seed=1, bootstraps=10)
    assert len(rows) == 36
    assert {r["grad"] for r in rows} <= {"C", "D"}
    assert all(r.get("estimat") is None for r in rows)


def test_row_order_changes_nothing():
    t = synthetic("main", 34, 400, 15)
    other = Tables(
        *(f.sample(fraction=1, shuffle=True, seed=3) for f in (t.deltakelse, t.tiltak, t.kartlegging, t.oppfolging)), t.utfall
    )
    first, second = (workplace_rows(cohort_of(x), x, seed=1, bootstraps=10) for x in (t, other))
    assert pl.DataFrame(first, infer_schema_length=None).equals(pl.DataFrame(second, infer_schema_length=None))
