"""The audit finds what is planted, agrees with exact rational rank, and passes what the repair loop made."""

from __future__ import annotations

import random
from dataclasses import replace

import polars as pl
import pytest
from linked_tables import Oracle, random_problem

from pipeline.disclosure import audit_bounds, engine, intervals
from pipeline.disclosure.audit import audit
from pipeline.disclosure.problem import Pattern, Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.errors import ReleaseRefused, UserError


def _flat(rows: list[tuple[str, str, int]], **changes: object) -> Problem:
    frame = pl.DataFrame(rows, schema=["kommune", "kjonn", "n"], orient="row")
    spec = replace(TableSpec(("kommune", "kjonn"), {}, (("kommune", "kjonn"),)), **changes)  # type: ignore[arg-type]
    return build_problem(frame, spec, "n", None)


@pytest.mark.parametrize("outcome", [False, True])
def test_recoverable_cells_are_those_of_exact_rank(outcome: bool) -> None:
    n_found = 0
    for seed in range(60):
        problem = random_problem(seed, outcome)
        shown = tuple(m.printed and not m.primary for m in problem.measures)  # primary only: the classic mistake
        oracle = Oracle(problem)
        for i, is_shown in enumerate(shown):
            if is_shown:
                oracle.add(oracle.vector(i))
        expected = {i for i, m in enumerate(problem.measures) if m.primary and m.printed and oracle.computable(i)}
        found = set(audit(problem, Pattern(shown)).recoverable)
        assert {i for i in found if problem.measures[i].printed} == expected
        n_found += len(expected)
    assert n_found > 100


@pytest.mark.parametrize("outcome", [False, True])
def test_what_suppress_makes_passes(outcome: bool) -> None:
    n_hidden = 0
    for seed in range(60):
        problem = random_problem(seed, outcome)
        try:
            pattern = suppress(problem)
        except ReleaseRefused:
            continue
        judged = audit(problem, pattern)
        assert judged.passed, (seed, judged)
        n_hidden += judged.n_hidden
    assert n_hidden > 500


def test_a_shown_cell_under_the_threshold_is_found() -> None:
    problem = _flat([("k1", "kvinne", 3), ("k1", "mann", 20), ("k2", "kvinne", 30), ("k2", "mann", 40)])
    judged = audit(problem, Pattern(tuple(True for _ in problem.measures)))
    assert [problem.measures[i].value for i in judged.under_threshold] == [3]
    assert not judged.passed


def test_a_count_that_follows_from_hidden_being_at_least_one_is_found_and_repaired() -> None:
    # two hidden cells of a row that sums to 2: each is 1 for everybody who knows that zeros are shown
    rows = [("k1", "a", 1), ("k1", "b", 1), ("k1", "c", 20), ("k2", "a", 9), ("k2", "b", 8), ("k2", "c", 7)]
    rows += [("k3", "a", 2), ("k3", "b", 2), ("k3", "c", 30)]
    problem = _flat(rows)
    hidden = {("k1", "a"), ("k1", "b"), ("k3", "a"), ("k3", "b")}
    planted = Pattern(tuple(m.codes not in hidden for m in problem.measures))
    judged = audit(problem, planted)
    assert not judged.recoverable
    assert {problem.measures[i].codes for i in judged.pinned} >= {("k1", "a"), ("k1", "b")}
    assert audit(problem, suppress(problem)).passed


def test_the_audits_bounds_and_those_of_the_repair_are_two_programs_with_one_answer() -> None:
    n_found = 0
    for seed in range(80):
        problem, rng = random_problem(seed, outcome=seed % 2 == 1), random.Random(seed)
        shown = [m.printed and (not m.primary and (m.value == 0 or rng.random() < 0.75)) for m in problem.measures]
        known = intervals.is_known(problem, shown)
        one_value, at_rest = audit_bounds.pinned(problem, known)
        repair = intervals.bounds(problem, shown, intervals.margins(problem))
        assert at_rest
        assert one_value == [i for i, k in enumerate(known) if not k and repair.low[i] == repair.high[i]]
        assert all(repair.low[i] == problem.measures[i].value for i in one_value)
        n_found += len(one_value)
    assert n_found > 1000


def test_bounds_follow_a_chain_of_margins() -> None:
    # k1 hides two parts of 2 (each 1); the column of a then leaves k2 the rest of 10, although two of its parts are hidden
    rows = [("k1", "a", 1), ("k1", "b", 1), ("k2", "a", 9), ("k2", "b", 8)]
    problem = _flat(rows)
    shown = {("k1", "Total"), ("Total", "a"), ("Total", "Total")}
    one_value, at_rest = audit_bounds.pinned(problem, [m.codes in shown for m in problem.measures])
    assert at_rest
    assert {problem.measures[i].codes for i in one_value} == {m.codes for m in problem.measures} - shown


def test_a_lone_person_who_can_compute_another_cell_is_found_and_repaired() -> None:
    # the person alone in (k1, a) knows her own 1; with the hidden pair's total shown she knows the other cell
    rows = [("k1", "a", 1), ("k1", "b", 3), ("k1", "c", 20), ("k2", "a", 4), ("k2", "b", 2), ("k2", "c", 11), ("k3", "a", 9)]
    rows += [("k3", "b", 9), ("k3", "c", 9)]
    problem = _flat(rows)
    linear = engine.run(problem, (), frozenset()).shown
    assert audit(problem, Pattern(linear)).by_lone_person
    assert audit(problem, suppress(problem)).passed


def test_unbuilt_profile_is_refused() -> None:
    with pytest.raises(UserError, match="not built"):
        suppress(_flat([("k1", "a", 1), ("k2", "a", 9)], profile="interval"))


def test_pattern_of_another_problem_is_a_bug() -> None:
    problem = _flat([("k1", "a", 1), ("k2", "a", 9)])
    with pytest.raises(ValueError, match="differ in length"):
        audit(problem, Pattern((True,)))
