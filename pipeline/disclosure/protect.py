"""From problem to pattern: the engine, then the stronger attackers, until none of them finds anything.

Belongs here: the repair loop. Each finding becomes one more sum to protect, and the engine starts again from nothing.
Must not be here: the audit that decides on release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.disclosure import engine, intervals
from pipeline.disclosure.engine import PRIME, Outcome, Vector
from pipeline.disclosure.intervals import Bounds, Margins
from pipeline.disclosure.problem import Pattern, Problem
from pipeline.errors import ReleaseRefused, UserError

_MOST_ROUNDS = 80
_STEADY_ROUNDS = 45  # after them everything shown in a pinning margin is hidden at once, so that the repair comes to an end
_PATIENCE = 2  # rounds before more of each chain of conclusions is cut at once: fewer rounds, a few more hidden cells


def suppress(problem: Problem, keep_hidden: frozenset[int] = frozenset()) -> Pattern:
    """What may be shown of the problem's tables: deterministic, exact against linear attackers, lone persons and non-negativity.

    Args:
        problem: the tables.
        keep_hidden: measures that are protected although they are large enough, because an earlier release hid them.

    Returns:
        The pattern; every number that it hides without being protected itself would expose one that is.

    Raises:
        UserError: a profile that is not built.
        ReleaseRefused: the repairs do not come to an end, or a protected number follows from zeros and margins alone.
    """
    if problem.spec.profile != "exact":
        raise UserError(f"The profile {problem.spec.profile} is not built.", "Use the profile exact.")
    virtual: dict[tuple[tuple[int, int], ...], Vector] = {}
    forced = keep_hidden
    tracked = [node * problem.width + p for node, positions in problem.lone_persons() for p in positions]
    leaves = _Leaves(problem)
    margins = intervals.margins(problem)
    for rounds in range(1, _MOST_ROUNDS + 1):
        outcome = engine.run(problem, list(virtual.values()), forced)
        _check_determined(outcome)
        bounds = intervals.bounds(problem, outcome.shown, margins)
        pinned = intervals.pinned(problem, outcome.shown, bounds)
        sums = list(_pinned_sums(problem, outcome, margins, bounds, pinned))
        if not pinned:  # the lone persons' residuals cost time, so they are carried along only when all else is quiet
            outcome = engine.run(problem, list(virtual.values()), forced, tracked)
            sums = list(_lone_person_sums(problem, outcome, forced, len(virtual)))
        new = {tuple(sorted(v.items())): v for v in sums if not leaves.vanishes(v)}
        if not new and not pinned:
            return Pattern(outcome.shown, rounds, len(virtual) + len(forced))
        if pinned and rounds > _PATIENCE:
            forced |= _to_hide(
                problem, outcome, margins, bounds, pinned, 1 if rounds <= _STEADY_ROUNDS else len(problem.measures)
            )
            continue
        if not new.keys() - virtual.keys():
            forced |= {_smallest_shown_nearby(problem, outcome.shown, margins, pinned)}
        virtual.update(new)
    raise ReleaseRefused(f"The tables could not be protected in {_MOST_ROUNDS} rounds.", "Release fewer or coarser tables.")


def _check_determined(outcome: Outcome) -> None:
    if outcome.determined:
        raise ReleaseRefused("A protected number follows from zeros and margins alone.", "Release fewer or coarser tables.")


class _Leaves:
    """Sums written out in the smallest areas, to tell a sum that is zero by definition (a person's own cell minus herself)."""

    def __init__(self, problem: Problem) -> None:
        self.width, self.dead = problem.width, problem.known_zero()
        self.below: list[list[int]] = [[] for _ in problem.node_codes]
        for node in reversed(range(len(problem.node_codes))):
            children = problem.children[node]
            self.below[node] = [leaf for c in children for leaf in self.below[c]] if children else [node]

    def vanishes(self, vector: Vector) -> bool:
        written: Vector = {}
        for unknown, factor in vector.items():
            node, position = divmod(unknown, self.width)
            for leaf in self.below[node]:
                if not self.dead[leaf, position]:
                    key = leaf * self.width + position
                    written[key] = (written.get(key, 0) + factor) % PRIME
        return not any(written.values())


def _lone_person_sums(problem: Problem, outcome: Outcome, forced: frozenset[int], n_virtual: int) -> Iterator[Vector]:
    """Protected number minus what the person knows of herself, wherever the rest of it follows from shown numbers."""
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


def _pinned_sums(problem: Problem, outcome: Outcome, margins: Margins, bounds: Bounds, pinned: Sequence[int]) -> Iterator[Vector]:
    """The sum of the hidden parts of a shown margin, where that sum leaves each of them one value.

    First the margins that do so by themselves; only when there is none, those that need what other margins have pinned.
    """
    known, wanted = intervals.is_known(problem, outcome.shown), set(pinned)
    for equation in bounds.roots or bounds.later:
        hidden = [p for p in margins.parts_of(equation) if not known[p]]
        if not wanted.isdisjoint(hidden):
            yield {u: 1 for p in hidden for u in engine.unknowns(problem, problem.measures[p])}


def _to_hide(
    problem: Problem, outcome: Outcome, margins: Margins, bounds: Bounds, pinned: Sequence[int], breadth: int
) -> frozenset[int]:
    """Shown numbers per shown margin that pins its hidden parts: its smallest parts of more than one, else the margin."""
    shown, measures, wanted = outcome.shown, problem.measures, set(pinned)
    out = set[int]()
    for equation in bounds.roots:
        members = margins.parts_of(equation)
        if not wanted.isdisjoint(members) and out.isdisjoint(members):
            parts = [p for p in members if shown[p] and measures[p].value > 1]
            chosen = sorted(parts, key=lambda p: (measures[p].value, p))[:breadth] or [int(margins.whole[equation])]
            out.update(p for p in chosen if shown[p])
    return frozenset(out or {_smallest_shown_nearby(problem, shown, margins, pinned)})


def _smallest_shown_nearby(problem: Problem, shown: Sequence[bool], margins: Margins, pinned: Sequence[int]) -> int:
    """The shown number, positive and closest to the pinned ones, whose hiding loosens them at the least cost."""
    reached, previous = set(pinned), set[int]()
    while reached != previous:
        previous = set(reached)
        for equation in margins.containing(previous):
            reached |= {int(margins.whole[equation]), *margins.parts_of(equation)}
        candidates = [i for i in reached if shown[i] and problem.measures[i].value > 0]
        if candidates:
            return min(candidates, key=lambda i: (-problem.measures[i].level, problem.measures[i].value, i))
    raise ReleaseRefused("A hidden number is pinned and nothing shown is left to hide.", "Release fewer or coarser tables.")
