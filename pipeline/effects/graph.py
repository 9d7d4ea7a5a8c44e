"""The programme theory as a directed acyclic graph: is it one, and does an adjustment set close the back doors of a link?

Back doors: with the arrows out of the cause removed, cause and effect must be d-separated given the adjustment set, and nothing in
the set may come from the cause (Pearl 2009, Causality, 3.3.1). d-separation by the moralised graph of ancestors (Lauritzen et al. 1990).
Must not be here: which variables and links there are (``protocols/programteori.toml``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from pipeline.errors import Fault


@dataclass(frozen=True)
class Graph:
    """Variables and their direct causes."""

    parents: Mapping[str, tuple[str, ...]]

    def ordered(self) -> list[str]:
        """The variables, causes before effects.

        Raises:
            Fault: a cause that is no variable, or a circle.
        """
        unknown = sorted({p for parents in self.parents.values() for p in parents} - set(self.parents))
        if unknown:
            raise Fault(f"The programme theory names causes that are no variables: {', '.join(unknown)}.")
        order: list[str] = []
        while len(order) < len(self.parents):
            ready = [v for v, causes in self.parents.items() if v not in order and all(c in order for c in causes)]
            if not ready:
                raise Fault(f"The programme theory goes in a circle among: {', '.join(sorted(set(self.parents) - set(order)))}.")
            order += ready
        return order

    def ancestors(self, names: Collection[str]) -> set[str]:
        """The variables themselves and all that leads to them."""
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.parents[name]
        return found

    def descendants(self, name: str) -> set[str]:
        """All that comes from a variable, itself left out."""
        return {v for v in self.parents if v != name and name in self.ancestors([v])}

    def separated(self, one: str, other: str, given: Collection[str]) -> bool:
        """Whether two variables are d-separated given others."""
        kept = self.ancestors([one, other, *given])
        pairs = {frozenset(pair) for v in kept for pair in combinations({v, *self.parents[v]}, 2)}
        reached, waiting = set(), [one]
        while waiting:
            name = waiting.pop()
            if name not in reached and name not in given:
                reached.add(name)
                waiting += [next(iter(pair - {name})) for pair in pairs if name in pair]
        return other not in reached

    def closes_back_doors(self, cause: str, effect: str, adjustment: Collection[str]) -> bool:
        """Whether adjusting for a set leaves only the paths that go out from the cause."""
        if self.descendants(cause) & set(adjustment) or cause in adjustment:
            return False
        without = Graph({v: tuple(p for p in parents if p != cause) for v, parents in self.parents.items()})
        return without.separated(cause, effect, adjustment)
