"""What an attacker learns from counts being non-negative, and from hidden counts of persons being at least one.

Belongs here: bounds on hidden numbers by interval propagation over "a margin is the sum of its parts".
Must not be here: linear algebra (``audit``) or any decision on what to hide.
Propagation is sound and incomplete: whatever it pins is pinned; a linear programme could pin more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.disclosure.problem import Codes, Ints, Measure, Problem

_UNBOUNDED = 10**12
_MOST_SWEEPS = 1000


@dataclass(frozen=True)
class Equation:
    """``whole`` is the sum of ``parts``; both are positions in ``problem.measures``."""

    whole: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Bounds:
    """Bounds per measure.

    Attributes:
        low, high: lower and upper end of every number.
        at_rest: whether the propagation came to rest.
        equations: those with anything hidden in them.
        roots: shown margins that leave each hidden part one value, near the start of the chain of conclusions.
    """

    low: Ints
    high: Ints
    at_rest: bool
    equations: tuple[Equation, ...]
    roots: frozenset[Equation] = frozenset()


def is_known(problem: Problem, shown: Sequence[bool]) -> list[bool]:
    """Per measure, whether it is printed or the difference of two printed numbers of its own cell."""
    known = list(shown)
    for i, measure in enumerate(problem.measures):
        if measure.part == "nei":  # sorted by cell and part: alle, ja, nei stand together
            known[i] = known[i - 2] and known[i - 1]
    return known


def equations(problem: Problem) -> Iterator[Equation]:
    """Every margin of the released tables as the sum of its parts, where all parts belong to the released tables."""
    index = {(m.codes, m.part): i for i, m in enumerate(problem.measures)}
    for i, measure in enumerate(problem.measures):
        for cells in _finer(problem, measure.codes):
            parts = [index.get((codes, measure.part)) for codes in cells]
            if None not in parts:
                yield Equation(i, tuple(p for p in parts if p is not None))
        if problem.has_outcome and measure.part == "alle":
            yield Equation(i, (i + 1, i + 2))


def _finer(problem: Problem, codes: Codes) -> Iterator[list[Codes]]:
    for position, dimension in enumerate(problem.dimensions):
        for finer in dimension.children(codes[position]):
            yield [(*codes[:position], code, *codes[position + 1 :]) for code in finer]


def bounds(problem: Problem, shown: Sequence[bool], all_equations: Sequence[Equation]) -> Bounds:
    """Bounds of every number for somebody who sees the shown ones and knows that zero persons is never hidden.

    Args:
        problem: the tables.
        shown: per measure, whether it is printed.
        all_equations: ``equations(problem)``.

    Returns:
        Bounds; ``at_rest`` False means that they are valid but may not be the tightest.
    """
    known = is_known(problem, shown)
    low = np.array([_floor(m, k) for m, k in zip(problem.measures, known, strict=True)], dtype=np.int64)
    high = np.array([m.value if k else _UNBOUNDED for m, k in zip(problem.measures, known, strict=True)], dtype=np.int64)
    live = tuple(e for e in all_equations if not known[e.whole] or not all(known[p] for p in e.parts))
    if not live:
        return Bounds(low, high, True, live)
    _propagate(low, np.full_like(high, _UNBOUNDED), live, _MOST_SWEEPS)
    roots: frozenset[Equation] = frozenset()
    at_rest = False
    for _ in range(_MOST_SWEEPS):
        at_rest = _propagate(low, high, live, 1)
        exact = low == high
        roots = roots or frozenset(e for e in live if known[e.whole] and all(exact[p] for p in e.parts))
        if at_rest:
            break
    return Bounds(low, high, at_rest, live, roots)


def _floor(measure: Measure, known: bool) -> int:
    if known:
        return measure.value
    return 1 if measure.part == "alle" else 0


def _propagate(low: Ints, high: Ints, live: Sequence[Equation], sweeps: int) -> bool:
    whole = np.array([e.whole for e in live], dtype=np.int64)
    sizes = np.array([len(e.parts) for e in live], dtype=np.int64)
    parts = np.array([p for e in live for p in e.parts], dtype=np.int64)
    start, owner = np.concatenate(([0], np.cumsum(sizes)[:-1])), np.repeat(np.arange(len(live)), sizes)
    for _ in range(sweeps):
        before = int(low.sum()), int(high.sum())
        least, most = np.add.reduceat(low[parts], start), np.add.reduceat(high[parts], start)
        np.maximum.at(low, whole, least)
        np.minimum.at(high, whole, most)
        top, bottom = high[whole][owner], low[whole][owner]
        new_high, new_low = top - (least[owner] - low[parts]), bottom - (most[owner] - high[parts])
        np.minimum.at(high, parts, new_high)
        np.maximum.at(low, parts, new_low)
        if before == (int(low.sum()), int(high.sum())):
            return True
    return False


def pinned(problem: Problem, shown: Sequence[bool], found: Bounds) -> list[int]:
    """Hidden numbers that have one possible value left: printed ones, and unprinted ones that are protected."""
    known = is_known(problem, shown)
    exact = found.low == found.high
    return [i for i, m in enumerate(problem.measures) if exact[i] and not known[i] and (m.printed or m.primary)]
