"""The codes of linked tables: what each dimension consists of, how codes nest, and which tables name which levels.

Belongs here: specification and dimensions. Must not be here: counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import UserError

TOTAL = "Total"
Profile = Literal["exact", "interval", "round"]
Codes = tuple[str, ...]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TableSpec:
    """What is to be released.

    Attributes:
        dims: the dimensions of the inner cells, child levels only.
        hierarchy: child dimension to parent dimension (a column of the inner cells).
        tables: the released tables, each a list of dimensions (a parent may stand for itself); each with all its margins.
        threshold: smallest count that may be shown.
        profile: which attackers count; only ``exact`` is built.
        remainders: whether what a shown margin leaves for its hidden parts together must be safe to show as well.
    """

    dims: Codes
    hierarchy: Mapping[str, str]
    tables: tuple[Codes, ...]
    threshold: int = 5
    profile: Profile = "exact"
    remainders: bool = False


@dataclass(frozen=True)
class Dimension:
    """One dimension: its own codes, and its coarser codes with what they consist of."""

    name: str
    leaves: Codes
    parents: tuple[tuple[str, Codes], ...] = ()
    parent_name: str | None = None

    def codes(self, level: str) -> Codes:
        """Codes released for this dimension when a table names ``level`` (the dimension, its parent, or neither)."""
        coarse = tuple(code for code, _ in self.parents)
        if level == self.name:
            return (TOTAL, *coarse, *self.leaves)
        return (TOTAL, *coarse) if level == self.parent_name else (TOTAL,)

    def members(self, code: str) -> Codes:
        """The leaves below a code."""
        if code == TOTAL:
            return self.leaves
        return dict(self.parents).get(code, (code,))

    def children(self, code: str) -> tuple[Codes, ...]:
        """Every way to write a code as a sum of finer codes."""
        if code == TOTAL:
            return (self.leaves, tuple(c for c, _ in self.parents)) if self.parents else (self.leaves,)
        below = dict(self.parents).get(code)
        return (below,) if below else ()


def read_dimension(inner: pl.DataFrame, name: str, parent: str | None) -> Dimension:
    """A dimension with its codes as they occur in the inner cells.

    Raises:
        UserError: a code with two parents, or one that is used on two levels.
    """
    leaves = tuple(inner[name].unique().sort().to_list())
    if parent is None:
        groups: tuple[tuple[str, Codes], ...] = ()
    else:
        pairs = inner.select(name, parent).unique().sort(parent, name)
        if pairs[name].is_duplicated().any():
            raise UserError(f"A code of {name} stands under two codes of {parent}.", "Give every code one parent only.")
        groups = tuple((str(key[0]), tuple(part[name].to_list())) for key, part in pairs.group_by(parent, maintain_order=True))
    codes = [*leaves, *(code for code, _ in groups), TOTAL]
    if len(set(codes)) != len(codes):
        raise UserError(f"The same code is used on two levels of {name} (or is called {TOTAL}).", "Rename one of them.")
    return Dimension(name, leaves, groups, parent)


def check_tables(spec: TableSpec, dimensions: Sequence[Dimension]) -> None:
    """Refuse tables that name what does not exist.

    Raises:
        UserError: an unknown dimension, or no table.
    """
    known = {d.name for d in dimensions} | {d.parent_name for d in dimensions if d.parent_name}
    unknown = sorted({name for table in spec.tables for name in table} - known)
    if unknown or not spec.tables:
        raise UserError(
            f"The tables name dimensions that do not exist ({', '.join(unknown) or 'no table given'}).",
            "Correct the specification.",
        )


def nodes(dimension: Dimension) -> tuple[Codes, tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The tree of a dimension: code, parent (-1 for the total, which is node 0) and children of each node."""
    coarse = tuple(code for code, _ in dimension.parents)
    codes = (TOTAL, *coarse, *dimension.leaves)
    index = {code: i for i, code in enumerate(codes)}
    above = {leaf: index[code] for code, members in dimension.parents for leaf in members}
    parent = (-1, *(0 for _ in coarse), *(above.get(leaf, 0) for leaf in dimension.leaves))
    children: list[list[int]] = [[] for _ in codes]
    for node, up in enumerate(parent):
        if up >= 0:
            children[up].append(node)
    return codes, parent, tuple(tuple(c) for c in children)


def positions(series: pl.Series, codes: Codes) -> Ints:
    """The place of every value among the codes."""
    index = {code: i for i, code in enumerate(codes)}
    return np.array([index[value] for value in series.to_list()], dtype=np.int64)
