"""What an attacker learns from counts being non-negative, and from hidden counts of persons being at least one.

Belongs here: bounds on hidden numbers by interval propagation over "a margin is the sum of its parts".
Must not be here: linear algebra (``audit``) or any decision on what to hide.
Propagation is sound and incomplete: whatever it pins is pinned; a linear programme could pin more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.problem import Codes, Ints, Problem

_UNBOUNDED = 10**12
_MOST_SWEEPS = 1000


@dataclass(frozen=True)
class Margins:
    """Every margin as the sum of its parts; positions are those in ``problem.measures``.

    Attributes:
        whole: shape (equations,).
        parts: the parts of all equations, one after the other; ``start`` is where each begins, ``owner`` the equation of each.
    """

    whole: Ints
    parts: Ints
    start: Ints
    owner: Ints

    def parts_of(self, equation: int) -> list[int]:
        """The parts of one equation."""
        end = int(self.start[equation + 1]) if equation + 1 < len(self.start) else len(self.parts)
        return [int(p) for p in self.parts[int(self.start[equation]) : end]]

    def containing(self, members: set[int]) -> list[int]:
        """Equations with one of the members on either side, in order."""
        wanted = np.array(sorted(members), dtype=np.int64)
        return [int(e) for e in np.union1d(np.flatnonzero(np.isin(self.whole, wanted)), self.owner[np.isin(self.parts, wanted)])]


@dataclass(frozen=True)
class Bounds:
    """Bounds per measure.

    Attributes:
        low, high: lower and upper end of every number.
        at_rest: whether the propagation came to rest.
        roots: shown margins that leave their hidden parts one value, at the start of the chain of conclusions.
        later: the same at its end.
    """

    low: Ints
    high: Ints
    at_rest: bool
    roots: tuple[int, ...] = ()
    later: tuple[int, ...] = ()


def is_known(problem: Problem, shown: Sequence[bool]) -> list[bool]:
    """Per measure, whether it is printed or the difference of two printed numbers of its own cell."""
    known = list(shown)
    for i, measure in enumerate(problem.measures):
        if measure.part == "nei":  # sorted by cell and part: alle, ja, nei stand together
            known[i] = known[i - 2] and known[i - 1]
    return known


def margins(problem: Problem) -> Margins:
    """Every margin of the released tables as the sum of its parts, where all parts belong to the released tables."""
    found = list(_equations(problem))
    sizes = np.array([len(parts) for _, parts in found], dtype=np.int64)
    return Margins(
        whole=np.array([whole for whole, _ in found], dtype=np.int64),
        parts=np.array([p for _, parts in found for p in parts], dtype=np.int64),
        start=np.cumsum(sizes) - sizes,
        owner=np.repeat(np.arange(len(found)), sizes),
    )


def _equations(problem: Problem) -> Iterator[tuple[int, list[int]]]:
    index = {(m.codes, m.part): i for i, m in enumerate(problem.measures)}
    for i, measure in enumerate(problem.measures):
        for cells in _finer(problem, measure.codes):
            parts = [index[codes, measure.part] for codes in cells if (codes, measure.part) in index]
            if len(parts) == len(cells):
                yield i, parts
        if problem.has_outcome and measure.part == "alle":
            yield i, [i + 1, i + 2]


def _finer(problem: Problem, codes: Codes) -> Iterator[list[Codes]]:
    for position, dimension in enumerate(problem.dimensions):
        for finer in dimension.children(codes[position]):
            yield [(*codes[:position], code, *codes[position + 1 :]) for code in finer]


def bounds(problem: Problem, shown: Sequence[bool], table_margins: Margins) -> Bounds:
    """Bounds of every number for somebody who sees the shown ones and knows that zero persons is never hidden.

    Args:
        problem: the tables.
        shown: per measure, whether it is printed.
        table_margins: ``margins(problem)``.

    Returns:
        Bounds; ``at_rest`` False means that they are valid but may not be the tightest.
    """
    known = np.array(is_known(problem, shown))
    values = np.array([m.value for m in problem.measures], dtype=np.int64)
    persons = np.array([m.part == "alle" and m.printed for m in problem.measures])
    low, high = np.where(known, values, persons.astype(np.int64)), np.where(known, values, _UNBOUNDED)
    if not len(table_margins.whole):
        return Bounds(low, high, True)
    has_hidden = ~np.logical_and.reduceat(known[table_margins.parts], table_margins.start)
    candidates = known[table_margins.whole] & has_hidden
    for floor, _ in _sweeps(low, np.full_like(high, _UNBOUNDED), table_margins):
        low = floor
    roots: tuple[int, ...] = ()
    at_rest = False
    for number, (sharper_low, sharper_high) in enumerate(_sweeps(low, high, table_margins), start=1):
        low, high = sharper_low, sharper_high
        at_rest = number < _MOST_SWEEPS
        roots = roots or _tight(low, high, candidates, table_margins)
    return Bounds(low, high, at_rest, roots, _tight(low, high, candidates, table_margins))


def _tight(low: Ints, high: Ints, candidates: npt.NDArray[np.bool_], table_margins: Margins) -> tuple[int, ...]:
    exact = np.logical_and.reduceat((low == high)[table_margins.parts], table_margins.start)
    return tuple(int(e) for e in np.flatnonzero(candidates & exact))


def _sweeps(low: Ints, high: Ints, table_margins: Margins) -> Iterator[tuple[Ints, Ints]]:
    """Tighter and tighter bounds, until a sweep changes nothing (or the limit of sweeps)."""
    whole, parts, start, owner = table_margins.whole, table_margins.parts, table_margins.start, table_margins.owner
    for _ in range(_MOST_SWEEPS):
        low, high, before = low.copy(), high.copy(), (int(low.sum()), int(high.sum()))
        least, most = np.add.reduceat(low[parts], start), np.add.reduceat(high[parts], start)
        np.maximum.at(low, whole, least)
        np.minimum.at(high, whole, most)
        top, bottom = high[whole][owner], low[whole][owner]
        new_high, new_low = top - (least[owner] - low[parts]), bottom - (most[owner] - high[parts])
        np.minimum.at(high, parts, new_high)
        np.maximum.at(low, parts, new_low)
        yield low, high
        if before == (int(low.sum()), int(high.sum())):
            return


def pinned(problem: Problem, shown: Sequence[bool], found: Bounds) -> list[int]:
    """Hidden numbers that have one possible value left: printed ones, and unprinted ones that are protected."""
    known = is_known(problem, shown)
    exact = found.low == found.high
    return [i for i, m in enumerate(problem.measures) if exact[i] and not known[i] and (m.printed or m.primary)]


def small_remainders(problem: Problem, shown: Sequence[bool], table_margins: Margins) -> Iterator[list[int]]:
    """The hidden parts of each shown margin that together count 1 to threshold - 1: margin minus shown parts tells their sum."""
    known = is_known(problem, shown)
    for equation, whole in enumerate(table_margins.whole.tolist()):
        if known[whole]:
            hidden = [p for p in table_margins.parts_of(equation) if not known[p]]
            if 0 < sum(problem.measures[p].value for p in hidden) < problem.spec.threshold:
                yield hidden
