"""Greedy exact elimination: publish one cell after the other, as long as no protected number can be computed from them.

Belongs here: the linear engine. Must not be here: the audit of its result (``audit`` shares no code with this module).

Every number is a sparse vector over the unknowns of its node, modulo the prime 2**61 - 1. *Facts* (a parent is the sum of its
children) are eliminated first, then each candidate in a fixed order. A candidate that would make a protected number a combination
of what is published has, after elimination, a residual proportional to that number's residual; such a candidate is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.disclosure.guard import Guard
from pipeline.disclosure.problem import Measure, Problem

PRIME = 2**61 - 1
_HALF = PRIME // 2
Vector = dict[int, int]


@dataclass(frozen=True)
class Outcome:
    """One pass of the engine.

    Attributes:
        shown: per measure, whether it is published (numbers that are never printed count as hidden).
        determined: protected numbers that were computable before anything was published.
        protected: cells that nothing shown determines: primary, forced, or hidden for the guard's sake.
        residuals: the residuals that are left, for the test of what a lone person can compute.
    """

    shown: tuple[bool, ...]
    determined: tuple[int, ...]
    protected: frozenset[int]
    residuals: Residuals


@dataclass
class Residuals:
    """Live columns modulo the span of facts and published numbers, with the index row → columns kept in step."""

    columns: dict[int, Vector] = field(default_factory=dict)
    rows: dict[int, set[int]] = field(default_factory=dict)

    def add(self, name: int, vector: Vector) -> None:
        self.columns[name] = vector
        for row in vector:
            self.rows.setdefault(row, set()).add(name)

    def drop(self, name: int) -> Vector:
        vector = self.columns.pop(name)
        for row in vector:
            self.rows[row].discard(name)
        return vector

    def pivot(self, vector: Vector, allowed: Iterable[int] | None = None) -> int:
        """The row with the fewest live columns: the result does not depend on it, only the time does."""
        rows = self.rows
        return min(vector if allowed is None else allowed, key=lambda row: (len(rows[row]), row))

    def eliminate(self, vector: Vector, row: int) -> None:
        """Subtract the scaled vector from every live column that meets the pivot row."""
        columns, rows = self.columns, self.rows
        entries = [(r, v) for r, v in vector.items() if r != row]
        for name in list(rows[row]):
            column = columns[name]
            factor = column.pop(row)
            for r, v in entries:
                old = column.get(r)
                new = (old or 0) - factor * v
                if new > _HALF or new < -_HALF:
                    new = reduced(new)
                if new:
                    column[r] = new
                    if old is None:
                        rows[r].add(name)
                elif old is not None:
                    del column[r]
                    rows[r].discard(name)
        rows[row].clear()


def reduced(number: int) -> int:
    """The number modulo the prime, between minus and plus half of it: most numbers stay small, which saves most of the time."""
    number %= PRIME
    return number - PRIME if number > _HALF else number


def scaled(vector: Vector, row: int) -> Vector:
    """The vector times what makes its entry in ``row`` one."""
    inverse = reduced(pow(vector[row], -1, PRIME))
    return vector if inverse == 1 else {r: reduced(v * inverse) for r, v in vector.items()}


def is_multiple(column: Vector, vector: Vector, row: int) -> bool:
    """Whether ``column`` is a multiple of ``vector``, which is scaled to one in ``row``."""
    if len(column) != len(vector):
        return False
    factor = column[row]
    return all(column.get(r) == reduced(factor * v) for r, v in vector.items())


def run(
    problem: Problem,
    virtual: Sequence[Mapping[int, int]],
    forced: frozenset[int],
    tracked: Sequence[int] = (),
    guard: Guard | None = None,
) -> Outcome:
    """Publish all that can be published.

    Args:
        problem: the tables.
        virtual: more numbers to protect that are no cells, as unknown → coefficient.
        forced: measures that are protected beside the primary ones.
        tracked: unknowns whose residuals are wanted afterwards; they never block anything.
        guard: has a say in every number that the elimination would publish; it is used up.

    Returns:
        One pass; deterministic in the problem's content.
    """
    measures = problem.measures
    alive = _alive(problem)
    protected = {i for i, m in enumerate(measures) if m.primary} | forced | {len(measures) + i for i in range(len(virtual))}
    candidates = _order(measures, protected)
    work = _columns(problem, virtual, tracked, alive, protected.union(candidates))
    for vector, allowed in _facts(problem, alive):
        _take_fact(work, vector, allowed)
    # a virtual number that is nothing but a fact is no secret; a cell that is one is reported below
    determined = tuple(sorted(p for p in protected if p < len(measures) and not work.columns[p]))
    secret = {p for p in protected if work.columns[p]}
    shown = [m.printed and m.part == "alle" and m.value == 0 for m in measures]
    for i, m in enumerate(measures):
        shown[i] |= m.printed and m.part == "ja" and m.value == 0 and not m.primary and i not in forced
    for name in candidates:
        shown[name] = _publish(work, name, secret, guard)
    broken = tuple(sorted(p for p in secret if not work.columns[p]))
    return Outcome(tuple(shown), tuple(sorted({*determined, *broken})), frozenset(p for p in secret if p < len(measures)), work)


def _alive(problem: Problem) -> list[list[bool]]:
    return [[not z for z in row] for row in problem.known_zero().tolist()]


def _order(measures: Sequence[Measure], protected: set[int]) -> list[int]:
    chosen = [i for i, m in enumerate(measures) if m.printed and i not in protected and m.value > 0]
    return sorted(
        chosen, key=lambda i: (measures[i].level, measures[i].n_dims, measures[i].part != "alle", -measures[i].value, i)
    )


def unknowns(problem: Problem, measure: Measure) -> list[int]:
    """The numbers of the unknowns that a measure sums."""
    base = measure.node * problem.width
    return [base + position for position in measure.support]


def _columns(
    problem: Problem, virtual: Sequence[Mapping[int, int]], tracked: Sequence[int], alive: list[list[bool]], wanted: set[int]
) -> Residuals:
    work, width = Residuals(), problem.width
    for i in sorted(wanted):
        if i < len(problem.measures):
            work.add(i, {u: 1 for u in unknowns(problem, problem.measures[i]) if alive[u // width][u % width]})
    first = len(problem.measures)
    extra = [*virtual, *({u: 1} for u in tracked)]
    for i, vector in enumerate(extra, start=first):
        work.add(i, {u: reduced(c) for u, c in vector.items() if c % PRIME and alive[u // width][u % width]})
    return work


def _facts(problem: Problem, alive: list[list[bool]]) -> Iterator[tuple[Vector, list[int]]]:
    """A parent is the sum of its children, per position; the pivot must be a row of the child with the fewest unknowns."""
    width = problem.width
    size = [sum(row) for row in alive]
    for node in reversed(range(len(problem.node_codes))):
        if not problem.children[node]:
            continue
        for position in range(width):
            below = [c for c in problem.children[node] if alive[c][position]]
            if below:
                vector = {node * width + position: -1, **{c * width + position: 1 for c in below}}
                yield vector, [min(below, key=lambda c: (size[c], c)) * width + position]


def _take_fact(work: Residuals, vector: Vector, allowed: list[int]) -> None:
    # Parents come after their children (nodes are numbered from the root), so no earlier pivot row occurs in a later fact:
    # a fact's pivot is a child row, and a child row occurs in its own parent's fact only.
    row = allowed[0]
    for r in vector:
        work.rows.setdefault(r, set())
    work.eliminate(scaled(vector, row), row)


def _publish(work: Residuals, name: int, secret: set[int], guard: Guard | None) -> bool:
    vector = work.columns[name]
    if not vector:  # already determined by what is published: free
        work.drop(name)
        if guard:
            guard.accept(name)
        return True
    row = work.pivot(vector)
    vector = scaled(vector, row)
    if any(p in secret and is_multiple(work.columns[p], vector, row) for p in work.rows[row]):
        work.drop(name)
        if guard:
            guard.watch(name)
        return False
    if guard and not guard.admits(name):
        secret.add(name)  # hidden for the guard's sake, so nothing published later may determine it
        guard.watch(name)
        return False
    work.drop(name)
    work.eliminate(vector, row)
    return True
