"""Small random linked tables, and an oracle that shares nothing with the program: exact rational rank."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import polars as pl

from pipeline.disclosure.problem import Problem, TableSpec, build_problem


def random_problem(seed: int, outcome: bool = False) -> Problem:
    """A cube of two to five municipalities in two counties by one to two more dimensions, sparse and full of small counts."""
    rng = random.Random(seed)
    municipalities = [(f"k{i}", f"f{i % 2}") for i in range(rng.randint(2, 5))]
    others = [("kjonn", "KM"), ("gruppe", "ABC")][: rng.randint(1, 2)]
    rows = []
    for kommune, fylke in municipalities:
        for combination in _combinations([codes for _, codes in others]):
            n = rng.choice([0, 0, 1, 1, 2, 3, 5, 7, 12, 20])
            rows.append((kommune, fylke, *combination, n, rng.randint(0, n)))
    names = [name for name, _ in others]
    frame = pl.DataFrame(rows, schema=["kommune", "fylke", *names, "n", "k"], orient="row")
    tables = [("kommune", *names)] if rng.random() < 0.5 else [*(("kommune", name) for name in names), ("fylke", *names)]
    spec = TableSpec(("kommune", *names), {"kommune": "fylke"}, tuple(tables))
    return build_problem(frame, spec, "n", "k" if outcome else None)


def with_remainders(problem: Problem) -> Problem:
    """The same tables, where what a shown margin leaves must be safe to show too."""
    return replace(problem, spec=replace(problem.spec, remainders=True))


def _combinations(lists: list[str]) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = [()]
    for codes in lists:
        out = [(*head, code) for head in out for code in codes]
    return out


class Oracle:
    """Row space of the shown numbers over the inner cells, in fractions."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.leaves = [i for i, c in enumerate(problem.children) if not c]
        self.zero = problem.known_zero()
        self.basis: list[tuple[int, dict[int, Fraction]]] = []

    def vector(self, i: int) -> dict[int, Fraction]:
        measure = self.problem.measures[i]
        below = [leaf for leaf in self.leaves if self._is_under(leaf, measure.node)]
        return {leaf * self.problem.width + p: Fraction(1) for leaf in below for p in measure.support if not self.zero[leaf, p]}

    def _is_under(self, leaf: int, node: int) -> bool:
        while leaf >= 0:
            if leaf == node:
                return True
            leaf = self.problem.parent[leaf]
        return False

    def residual(self, vector: dict[int, Fraction]) -> dict[int, Fraction]:
        rest = dict(vector)
        for pivot, row in self.basis:
            factor = rest.get(pivot, Fraction(0))
            if factor:
                for u, c in row.items():
                    rest[u] = rest.get(u, Fraction(0)) - factor * c
        return {u: c for u, c in rest.items() if c}

    def add(self, vector: dict[int, Fraction]) -> None:
        rest = self.residual(vector)
        if rest:
            pivot = min(rest)
            self.basis.append((pivot, {u: c / rest[pivot] for u, c in rest.items()}))

    def computable(self, i: int) -> bool:
        return not self.residual(self.vector(i))
