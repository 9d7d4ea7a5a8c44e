"""Linked frequency tables as one problem: which cells are released, what each sums, and which are too small to show.

Belongs here: the description of tables made from one set of inner cells. Must not be here: any decision on what to hide.

One hierarchy (the largest, normally the geography) becomes a tree of *nodes*; every node has its own block of ``width`` unknowns,
one per combination of the other dimensions (and of the outcome). A cell is then a node and a set of positions in its block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.disclosure.dimensions import (
    TOTAL,
    Codes,
    Dimension,
    Ints,
    Profile,
    TableSpec,
    check_tables,
    positions,
    read_dimension,
)
from pipeline.disclosure.dimensions import nodes as node_tree
from pipeline.errors import UserError

__all__ = [
    "TOTAL",
    "Codes",
    "Dimension",
    "Ints",
    "Measure",
    "Part",
    "Pattern",
    "Problem",
    "Profile",
    "TableSpec",
    "build_problem",
]

Part = Literal["alle", "ja", "nei"]


@dataclass(frozen=True)
class Measure:
    """One number of the released tables: count, count with the outcome, or (never printed) count without it.

    Attributes:
        codes: the cell, one code per dimension.
        part: ``alle`` = n, ``ja`` = k, ``nei`` = n − k.
        node, support: the unknowns that it sums.
        value: the number itself.
        level, n_dims: depth of the node (0 = total) and number of dimensions that are not in total.
        primary: must be hidden for its own sake.
        printed: may be shown at all; the others are protected when they are too small, and never shown.
    """

    codes: Codes
    part: Part
    node: int
    support: tuple[int, ...]
    value: int
    level: int
    n_dims: int
    primary: bool
    printed: bool


@dataclass(frozen=True)
class Problem:
    """All released tables of one set of inner cells.

    Attributes:
        spec: what is released.
        dimensions: in the order of ``spec.dims``; ``tree`` is the position of the one that became nodes.
        node_codes: code of each node; node 0 is the total. ``parent`` and ``children`` are the tree.
        width: unknowns per node.
        counts: shape (nodes, width); the true numbers of every unknown.
        measures: sorted by cell and part; deterministic whatever the order of the input.
        has_outcome: whether every cell has its parts.
    """

    spec: TableSpec
    dimensions: tuple[Dimension, ...]
    tree: int
    node_codes: Codes
    parent: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    width: int
    counts: Ints
    measures: tuple[Measure, ...]
    has_outcome: bool

    def known_zero(self) -> npt.NDArray[np.bool_]:
        """Unknowns, shape (nodes, width), that lie under a shown zero: everybody knows that they are 0."""
        zero = np.zeros(self.counts.shape, dtype=bool)
        for measure in self.measures:
            if measure.part == "alle" and measure.value == 0 and measure.printed:
                zero[measure.node, list(measure.support)] = True
        for node in range(len(self.node_codes)):
            for child in self.children[node]:
                zero[child] |= zero[node]
        for node in reversed(range(len(self.node_codes))):
            if self.children[node]:
                zero[node] |= np.logical_and.reduce([zero[child] for child in self.children[node]])
        return zero

    def lone_persons(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """(node, positions) that a person alone in an inner cell knows: her own count, with and without the outcome."""
        parts = 2 if self.has_outcome else 1
        inner = self.counts.reshape(len(self.node_codes), -1, parts).sum(axis=2)
        for node, children in enumerate(self.children):
            if not children:
                for position in np.flatnonzero(inner[node] == 1).tolist():
                    yield node, tuple(range(position * parts, position * parts + parts))


@dataclass(frozen=True)
class Pattern:
    """What is shown of a problem.

    Attributes:
        shown: per measure of the problem, whether it is printed.
        rounds: passes of the engine until no attacker found anything.
        n_virtual: sums that are protected beside the primary cells, found by those attackers.
    """

    shown: tuple[bool, ...]
    rounds: int = 1
    n_virtual: int = 0


def build_problem(
    inner: pl.DataFrame, spec: TableSpec, count: str, outcome: str | None, prints: Callable[[Codes], bool] = lambda _: True
) -> Problem:
    """The problem of releasing ``spec.tables`` from ``inner``.

    Args:
        inner: one row per inner cell: the dimensions and parents as text, ``count`` and ``outcome`` as whole numbers ≥ 0;
            combinations that are missing are 0.
        spec: what is released.
        count: column with the number of persons.
        outcome: column with how many of them have the outcome, or None.
        prints: whether a cell of the tables is printed at all; a margin that nobody prints costs no other cell.

    Raises:
        UserError: a child with two parents, a code that means two things, a cell given twice, an unknown dimension.
    """
    if inner.is_empty():
        raise UserError("The cube has no rows.", "Give at least one inner cell.")
    dimensions = tuple(read_dimension(inner, name, spec.hierarchy.get(name)) for name in spec.dims)
    check_tables(spec, dimensions)
    if inner.select(spec.dims).is_duplicated().any():
        raise UserError("The cube holds the same inner cell more than once.", "Sum the rows of each inner cell first.")
    tree = max(range(len(dimensions)), key=lambda i: (bool(dimensions[i].parents), len(dimensions[i].leaves), -i))
    return _assemble(inner, spec, dimensions, tree, count, outcome, prints)


def _assemble(
    inner: pl.DataFrame,
    spec: TableSpec,
    dimensions: tuple[Dimension, ...],
    tree: int,
    count: str,
    outcome: str | None,
    prints: Callable[[Codes], bool],
) -> Problem:
    nodes, parent, children = node_tree(dimensions[tree])
    rest = [d for i, d in enumerate(dimensions) if i != tree]
    parts = 2 if outcome else 1
    counts = _counts(inner, dimensions[tree], rest, nodes, children, count, outcome)
    draft = Problem(spec, dimensions, tree, nodes, parent, children, counts.shape[1], counts, (), outcome is not None)
    measures = tuple(_measures(draft, rest, parts, prints))
    return Problem(spec, dimensions, tree, nodes, parent, children, counts.shape[1], counts, measures, outcome is not None)


def _counts(
    inner: pl.DataFrame,
    node_dimension: Dimension,
    rest: Sequence[Dimension],
    nodes: Codes,
    children: Sequence[tuple[int, ...]],
    count: str,
    outcome: str | None,
) -> Ints:
    parts = 2 if outcome else 1
    width = int(np.prod([len(d.leaves) for d in rest], dtype=np.int64)) * parts
    counts = np.zeros((len(nodes), width), dtype=np.int64)
    row = positions(inner[node_dimension.name], nodes)
    column = np.zeros(inner.height, dtype=np.int64)
    for dimension in rest:
        column = column * len(dimension.leaves) + positions(inner[dimension.name], dimension.leaves)
    total = inner[count].to_numpy().astype(np.int64)
    if outcome:
        yes = inner[outcome].to_numpy().astype(np.int64)
        counts[row, column * 2], counts[row, column * 2 + 1] = yes, total - yes
    else:
        counts[row, column] = total
    for node in reversed(range(len(nodes))):
        for child in children[node]:
            counts[node] += counts[child]
    return counts


def _measures(problem: Problem, rest: Sequence[Dimension], parts: int, prints: Callable[[Codes], bool]) -> Iterator[Measure]:
    tree = problem.dimensions[problem.tree]
    node_of = {code: i for i, code in enumerate(problem.node_codes)}
    depth = [0] * len(problem.parent)
    for node, up in enumerate(problem.parent):
        depth[node] = depth[up] + 1 if up >= 0 else 0
    supports: dict[Codes, tuple[int, ...]] = {}
    for codes in sorted(_released_cells(problem)):
        node = node_of[codes[problem.tree]]
        others = codes[: problem.tree] + codes[problem.tree + 1 :]
        if others not in supports:
            supports[others] = tuple(_support(rest, others))
        n_dims = sum(code != TOTAL for code in others)
        level = depth[node] if tree.parents else int(node > 0) * 2
        yield from _parts(problem, codes, node, supports[others], (level, n_dims), parts, prints(codes))


def _released_cells(problem: Problem) -> set[Codes]:
    cells: set[Codes] = set()
    for table in problem.spec.tables:
        levels = []
        for dimension in problem.dimensions:
            named = [x for x in (dimension.name, dimension.parent_name) if x in table]
            levels.append(dimension.codes(named[0] if named else ""))
        cells.update(product(*levels))
    return cells


def _support(rest: Sequence[Dimension], codes: Iterable[str]) -> Iterator[int]:
    choices = [[d.leaves.index(leaf) for leaf in d.members(code)] for d, code in zip(rest, codes, strict=True)]
    for combination in product(*choices):
        position = 0
        for dimension, index in zip(rest, combination, strict=True):
            position = position * len(dimension.leaves) + index
        yield position


def _parts(
    problem: Problem, codes: Codes, node: int, base: tuple[int, ...], place: tuple[int, int], parts: int, printed: bool
) -> Iterator[Measure]:
    k = problem.spec.threshold
    if parts == 1:
        value = int(problem.counts[node, list(base)].sum())
        yield Measure(codes, "alle", node, base, value, *place, 0 < value < k, printed)
        return
    yes, no = tuple(2 * b for b in base), tuple(2 * b + 1 for b in base)
    n_yes, n_no = int(problem.counts[node, list(yes)].sum()), int(problem.counts[node, list(no)].sum())
    n = n_yes + n_no
    yield Measure(codes, "alle", node, tuple(sorted(yes + no)), n, *place, 0 < n < k, printed)
    # Everybody or nobody has the outcome: that tells it of each person, so a zero among some persons is protected too.
    # It must be the number with the outcome that is hidden in both cases, for n is shown.
    closed = n > 0 and (n_yes == 0 or n_no == 0)
    yield Measure(codes, "ja", node, yes, n_yes, *place, 0 < n_yes < k or closed, printed)
    yield Measure(codes, "nei", node, no, n_no, *place, 0 < n_no < k or (closed and n_no == 0), False)
