"""The repair comes to an end, whatever it has to fall back on, and the guard's bounds are those of the finished tables."""

from __future__ import annotations

import random

import polars as pl
import pytest
from linked_tables import random_problem

from pipeline.disclosure import intervals, protect
from pipeline.disclosure.audit import audit
from pipeline.disclosure.guard import Guard
from pipeline.disclosure.problem import Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.errors import ReleaseRefused


def _county_tables(outcome: bool) -> Problem:
    """Thirty municipalities in four counties by sex, group and education: sparse, with many lone persons and chains of margins."""
    rng = random.Random(7)
    rows = []
    for kommune in range(30):
        for kjonn in "KM":
            for gruppe in "ABC":
                for utdanning in "xyz":
                    n = min(int(rng.expovariate(1 / (0.5 + kommune % 7))), 50)
                    rows.append(
                        (
                            f"k{kommune:02d}",
                            f"f{kommune % 4}",
                            kjonn,
                            gruppe,
                            utdanning,
                            n,
                            sum(rng.random() < 0.7 for _ in range(n)),
                        )
                    )
    dims = ("kommune", "kjonn", "gruppe", "utdanning")
    frame = pl.DataFrame(rows, schema=["kommune", "fylke", "kjonn", "gruppe", "utdanning", "n", "k"], orient="row")
    return build_problem(frame, TableSpec(dims, {"kommune": "fylke"}, (dims,)), "n", "k" if outcome else None)


def _n_shown(problem: Problem, shown: tuple[bool, ...]) -> int:
    return sum(s and m.printed for m, s in zip(problem.measures, shown, strict=True))


@pytest.mark.parametrize("outcome", [False, True])
def test_a_whole_cube_is_protected_in_few_rounds(outcome: bool) -> None:
    problem = _county_tables(outcome)
    pattern = suppress(problem)
    assert audit(problem, pattern).passed
    assert 1 < pattern.rounds <= 12
    assert pattern.n_virtual > 0
    assert _n_shown(problem, pattern.shown) > len(problem.measures) // 6
    assert suppress(problem) == pattern


@pytest.mark.parametrize("outcome", [False, True])
def test_the_fallback_ends_and_withstands_the_audit(outcome: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _county_tables(outcome)
    careful = suppress(problem)
    monkeypatch.setattr(protect, "_STEADY_ROUNDS", 0)
    coarse = suppress(problem)
    assert audit(problem, coarse).passed
    assert coarse.rounds > 1
    assert 0 < _n_shown(problem, coarse.shown) < _n_shown(problem, careful.shown)


def test_the_fallback_on_small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protect, "_STEADY_ROUNDS", 0)
    n_repaired = 0
    for seed in range(40):
        problem = random_problem(seed, outcome=True)
        try:
            pattern = suppress(problem)
        except ReleaseRefused:
            continue
        assert audit(problem, pattern).passed, seed
        n_repaired += pattern.rounds > 1
    assert n_repaired > 5


@pytest.mark.parametrize("outcome", [False, True])
def test_a_guard_that_prevents_nothing_only_costs_rounds(outcome: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _county_tables(outcome)
    n_rounds = suppress(problem).rounds
    monkeypatch.setattr(Guard, "admits", lambda guard, number: True)
    blind = suppress(problem)
    assert audit(problem, blind).passed
    assert blind.rounds > n_rounds


def test_too_few_rounds_is_a_refusal_and_never_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protect, "_MOST_ROUNDS", 1)
    with pytest.raises(ReleaseRefused, match="1 rounds"):
        suppress(_county_tables(False))


def _nothing_shown(problem: Problem) -> tuple[bool, ...]:
    return tuple(m.part == "alle" and m.value == 0 for m in problem.measures)


@pytest.mark.parametrize("seed", range(12))
def test_the_guard_admits_number_by_number_what_the_finished_tables_bound(seed: int) -> None:
    problem = random_problem(seed, outcome=seed % 2 == 1)
    margins, start = intervals.margins(problem), _nothing_shown(problem)
    watched = {i for i, m in enumerate(problem.measures) if m.primary}
    guard = Guard(problem, margins, intervals.bounds(problem, start, margins), watched)
    shown, refused = list(start), []
    for i in random.Random(seed).sample(range(len(shown)), len(shown)):
        if problem.measures[i].part != "nei" and not problem.measures[i].primary and not shown[i]:
            if guard.admits(i):
                shown[i] = True
            else:
                refused.append(i)
    final = intervals.bounds(problem, shown, margins)
    assert final.at_rest
    pinned = set(intervals.pinned(problem, shown, final))
    assert pinned.isdisjoint(watched - set(intervals.pinned(problem, start, intervals.bounds(problem, start, margins))))
    for i in refused:  # each refusal had a reason: shown on top, it would pin a watched number
        more = [s or j == i for j, s in enumerate(shown)]
        pinned_then = set(intervals.pinned(problem, more, intervals.bounds(problem, more, margins)))
        assert pinned_then & watched
    assert (guard.bounds()[0] == final.low).all()
    assert (guard.bounds()[1] == final.high).all()


def test_a_number_that_must_be_shown_although_it_pins_is_remembered() -> None:
    rows = [("k1", "a", 1), ("k1", "b", 1), ("k1", "c", 20), ("k2", "a", 9), ("k2", "b", 8), ("k2", "c", 7)]
    frame = pl.DataFrame(rows, schema=["kommune", "kjonn", "n"], orient="row")
    problem = build_problem(frame, TableSpec(("kommune", "kjonn"), {}, (("kommune", "kjonn"),)), "n", None)
    margins, start = intervals.margins(problem), _nothing_shown(problem)
    place = {m.codes: i for i, m in enumerate(problem.measures)}
    small = [place["k1", "a"], place["k1", "b"]]
    guard = Guard(problem, margins, intervals.bounds(problem, start, margins), small)
    guard.accept(place["k1", "Total"])
    assert guard.unavoidable == []
    before = guard.bounds()
    guard.accept(place["k1", "c"])  # 22 in all and 20 of them here leave two hidden counts of at least 1 the sum 2
    assert guard.unavoidable == [place["k1", "c"]]
    assert all((one == two).all() for one, two in zip(before, guard.bounds(), strict=True))
