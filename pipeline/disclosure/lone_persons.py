"""What a person who is alone in an inner cell could compute, and the sums to protect against it.

Belongs here: linear algebra on the residuals that the engine left. Must not be here: which numbers are hidden in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.disclosure import engine
from pipeline.disclosure.engine import PRIME, Outcome, Vector
from pipeline.disclosure.problem import Problem


def tracked(problem: Problem) -> list[int]:
    """The unknowns that lone persons know, in the order in which ``sums`` expects their residuals."""
    return [node * problem.width + p for node, positions in problem.lone_persons() for p in positions]


class Leaves:
    """Sums written out in the smallest areas, to tell a sum that is zero by definition (a person's own cell minus herself)."""

    def __init__(self, problem: Problem) -> None:
        self.width, self.dead = problem.width, problem.known_zero()
        self.below: list[list[int]] = [[] for _ in problem.node_codes]
        for node in reversed(range(len(problem.node_codes))):
            children = problem.children[node]
            self.below[node] = [leaf for c in children for leaf in self.below[c]] if children else [node]

    def vanishes(self, vector: Vector) -> bool:
        """Whether the sum is zero whatever the tables hold."""
        written: Vector = {}
        for unknown, factor in vector.items():
            node, position = divmod(unknown, self.width)
            for leaf in self.below[node]:
                if not self.dead[leaf, position]:
                    key = leaf * self.width + position
                    written[key] = (written.get(key, 0) + factor) % PRIME
        return not any(written.values())


def sums(problem: Problem, outcome: Outcome, forced: frozenset[int], n_virtual: int) -> Iterator[Vector]:
    """Protected number minus what the person knows of herself, wherever the rest of it follows from shown numbers.

    Args:
        problem: the tables.
        outcome: a pass of the engine with ``tracked(problem)``.
        forced: numbers that are protected beside the primary ones.
        n_virtual: how many sums that pass protected.

    Returns:
        Each finding once or more, as unknown → coefficient.
    """
    columns, rows = outcome.residuals.columns, outcome.residuals.rows
    secret = {i for i, m in enumerate(problem.measures) if m.primary} | forced
    name = len(problem.measures) + n_virtual
    for node, positions in problem.lone_persons():
        own = [(node * problem.width + p, columns[name + k]) for k, p in enumerate(positions)]
        name += len(positions)
        basis = _echelon(own, rows)
        reach = sum(len(vector) for _, vector, _ in basis)
        near = {p for row, _, _ in basis for p in rows[row] if p in secret and len(columns[p]) <= reach}
        for p in sorted(near):
            rest = _without(columns[p], basis)
            if rest is not None:
                target = {u: 1 for u in engine.unknowns(problem, problem.measures[p])}
                yield _minus(target, 1, rest)


def _echelon(own: Sequence[tuple[int, Vector]], rows: Mapping[int, set[int]]) -> list[tuple[int, Vector, Vector]]:
    """Independent residuals as (pivot row, residual with one in it, the person's unknowns it stands for)."""
    basis: list[tuple[int, Vector, Vector]] = []
    for unknown, residual in own:
        vector, origin = dict(residual), {unknown: 1}
        for row, other, other_origin in basis:
            factor = vector.get(row, 0)
            vector, origin = _minus(vector, factor, other), _minus(origin, factor, other_origin)
        if vector:
            row = min(vector, key=lambda r: (len(rows[r]), r))
            inverse = pow(vector[row], -1, PRIME)
            basis.append((row, _times(vector, inverse), _times(origin, inverse)))
    return basis


def _without(residual: Vector, basis: Sequence[tuple[int, Vector, Vector]]) -> Vector | None:
    """The combination of the person's unknowns that equals the residual, None when there is none."""
    rest, used = residual, dict[int, int]()
    for row, vector, origin in basis:
        factor = rest.get(row, 0)
        rest, used = _minus(rest, factor, vector), _minus(used, -factor, origin)
    return used if not rest and residual else None


def _times(vector: Mapping[int, int], factor: int) -> Vector:
    return {u: c * factor % PRIME for u, c in vector.items()}


def _minus(vector: Mapping[int, int], factor: int, other: Mapping[int, int]) -> Vector:
    out = dict(vector)
    if factor % PRIME:
        for u, c in other.items():
            out[u] = (out.get(u, 0) - factor * c) % PRIME
    return {u: c for u, c in out.items() if c}
