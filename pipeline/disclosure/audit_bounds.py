"""The audit's own view of what non-negative counts tell: bounds by the activity of sparse rows.

Belongs here: margins found from the bottom up (each cell is looked up among those that it is a part of), and bounds on them.
Must not be here: anything of the repair's propagation (``intervals``, ``guard``): the two share the tables and no line.

Every margin is a row of ``whole - parts = 0``. The least and the largest that a row can be without one of its members, given the
bounds of the others, bound that member. Infinite ends are counted, not added, so nothing depends on a large stand-in for infinity;
sums of whole numbers below 2**53 are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.dimensions import TOTAL, Codes
from pipeline.disclosure.problem import Ints, Problem

_MOST_PASSES = 2000
Floats = npt.NDArray[np.float64]
Rows = tuple[Ints, Ints, Floats]  # row, number and sign of each entry


def pinned(problem: Problem, known: Sequence[bool]) -> tuple[list[int], bool]:
    """Numbers that are not known and have one value left, and whether the bounds came to rest.

    Args:
        problem: the tables.
        known: per measure, whether a reader has it from the printed numbers of its own cell.

    Returns:
        Positions in ``problem.measures``, sorted, and False when the bounds are valid but may not be the tightest.
    """
    told = np.array(known)
    values = np.array([m.value for m in problem.measures], dtype=np.float64)
    # zero persons is never hidden, so a hidden printed count of persons is at least one
    floor = np.array([float(m.part == "alle" and m.printed) for m in problem.measures])
    low, high = np.where(told, values, floor), np.where(told, values, np.inf)
    rows = _rows(problem)
    at_rest = not len(rows[0])
    for _ in range(_MOST_PASSES if len(rows[0]) else 0):
        sharper_low, sharper_high = _pass(low, high, rows)
        at_rest = bool((sharper_low == low).all() and (sharper_high == high).all())
        low, high = sharper_low, sharper_high
        if at_rest:
            break
    return [int(i) for i in np.flatnonzero((low == high) & ~told)], at_rest


def small_remainders(problem: Problem, known: Sequence[bool]) -> list[int]:
    """Known margins whose parts that are not known sum to 1 to threshold - 1, as positions in ``problem.measures``, sorted."""
    row, number, sign = _rows(problem)
    told, values = np.array(known), np.array([m.value for m in problem.measures], dtype=np.int64)
    is_whole = sign > 0
    rest = np.bincount(row, np.where(is_whole | told[number], 0, values[number]))
    wholes = number[is_whole]  # one per row, in the order of the rows
    return sorted({int(w) for w, left in zip(wholes, rest, strict=True) if told[w] and 0 < left < problem.spec.threshold})


def _pass(low: Floats, high: Floats, rows: Rows) -> tuple[Floats, Floats]:
    row, number, sign = rows
    positive = sign > 0
    # ends of each entry's contribution: a negative sign swaps them
    least = np.where(positive, low[number], -high[number])
    most = np.where(positive, high[number], -low[number])
    rest_least, rest_most = _without_self(least, row, -np.inf), _without_self(most, row, np.inf)
    # the entry is minus the rest of its row
    new_low, new_high = np.where(positive, -rest_most, rest_least), np.where(positive, -rest_least, rest_most)
    low, high = low.copy(), high.copy()
    np.maximum.at(low, number, new_low)
    np.minimum.at(high, number, new_high)
    return low, high


def _without_self(ends: Floats, row: Ints, infinity: float) -> Floats:
    """Sum of the other ends of the same row; infinite as soon as one of the others is."""
    endless = np.isinf(ends)
    finite = np.where(endless, 0.0, ends)
    total, n_endless = np.bincount(row, finite), np.bincount(row, endless)
    return np.where(n_endless[row] - endless > 0, infinity, total[row] - finite)


def _rows(problem: Problem) -> Rows:
    index = {(m.codes, m.part): i for i, m in enumerate(problem.measures)}
    parts: dict[tuple[int, int, bool], list[int]] = {}
    for i, measure in enumerate(problem.measures):
        for place, whole, coarse in _wholes(problem, measure.codes):
            if (whole, measure.part) in index:
                parts.setdefault((index[whole, measure.part], place, coarse), []).append(i)
    size = {i: len(m.support) * _n_leaves(problem, m.node) for i, m in enumerate(problem.measures)}
    sums = [(w, p) for (w, _, _), p in sorted(parts.items()) if sum(size[i] for i in p) == size[w]]
    if problem.has_outcome:
        cells = [m.codes for m in problem.measures if m.part == "alle"]
        sums += [(index[c, "alle"], [index[c, "ja"], index[c, "nei"]]) for c in cells]
    row = np.repeat(np.arange(len(sums)), [1 + len(p) for _, p in sums])
    number = np.array([i for w, p in sums for i in (w, *p)], dtype=np.int64)
    sign = np.array([s for _, p in sums for s in (1.0, *(-1.0 for _ in p))])
    return row, number, sign


def _wholes(problem: Problem, codes: Codes) -> list[tuple[int, Codes, bool]]:
    """(dimension, coarser cell, whether this cell stands for a coarse code) for every cell that this one is a part of."""
    out = []
    for place, dimension in enumerate(problem.dimensions):
        code = codes[place]
        if code == TOTAL:
            continue
        coarse = any(code == parent for parent, _ in dimension.parents)
        above = [parent for parent, below in dimension.parents if code in below]
        out += [(place, (*codes[:place], up, *codes[place + 1 :]), coarse) for up in (*above, TOTAL)]
    return out


def _n_leaves(problem: Problem, node: int) -> int:
    return sum(_n_leaves(problem, c) for c in problem.children[node]) or 1
