"""The linear engine against exact rational rank, and its determinism."""

from __future__ import annotations

import random

import polars as pl
import pytest
from linked_tables import Oracle, random_problem

from pipeline.disclosure import engine
from pipeline.disclosure.problem import TableSpec, build_problem


@pytest.mark.parametrize("outcome", [False, True])
def test_nothing_exposed_and_nothing_needlessly_hidden(outcome: bool) -> None:
    n_protected = n_secondary = 0
    for seed in range(120):
        problem = random_problem(seed, outcome)
        shown = engine.run(problem, (), frozenset()).shown
        oracle = Oracle(problem)
        for i, is_shown in enumerate(shown):
            if is_shown:
                oracle.add(oracle.vector(i))
        protected = [i for i, m in enumerate(problem.measures) if m.primary]
        assert not [i for i in protected if oracle.computable(i)]
        for i, m in enumerate(problem.measures):
            if m.printed and not shown[i] and not m.primary:
                one_more = Oracle(problem)
                one_more.basis = list(oracle.basis)
                one_more.add(one_more.vector(i))
                assert any(one_more.computable(p) for p in protected)
                n_secondary += 1
        n_protected += len(protected)
    assert n_protected > 500
    assert n_secondary > 100


def test_same_pattern_whatever_the_order_of_the_rows() -> None:
    rows = [(f"k{i}", f"f{i % 2}", sex, (i * 7 + len(sex)) % 6) for i in range(8) for sex in ("kvinne", "mann")]
    spec = TableSpec(("kommune", "kjonn"), {"kommune": "fylke"}, (("kommune", "kjonn"),))
    patterns = []
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        frame = pl.DataFrame(rows, schema=["kommune", "fylke", "kjonn", "n"], orient="row")
        problem = build_problem(frame, spec, "n", None)
        shown = engine.run(problem, (), frozenset()).shown
        patterns.append({(m.codes, m.value): s for m, s in zip(problem.measures, shown, strict=True)})
    assert all(pattern == patterns[0] for pattern in patterns)
    assert not all(patterns[0].values())
