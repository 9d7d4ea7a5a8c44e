"""Bounds that are kept up to date while the engine publishes, so that it never publishes what leaves a hidden number one value.

Belongs here: incremental interval propagation over "a margin is the sum of its parts", with a step back. Must not be here: linear
algebra, or the judgement of a finished pattern.

The guard starts from bounds for somebody who sees a *base* of numbers (``intervals.bounds``) and sharpens them with each number
admitted. As long as the base holds no number that stays hidden, its bounds are those of the reader of the final tables.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.disclosure.intervals import Bounds, Margins
from pipeline.disclosure.problem import Ints, Problem

_MOST_STEPS = 20_000  # equations looked at per number; a chain that is longer is left to the judgement of the whole


class Guard:
    """What a reader can bound, number by number.

    Attributes:
        unavoidable: numbers that had to be shown although they leave a hidden number one value.
    """

    def __init__(self, problem: Problem, margins: Margins, start: Bounds, watched: Iterable[int]) -> None:
        """Start from a base.

        Args:
            problem: the tables.
            margins: ``intervals.margins(problem)``.
            start: bounds of the base, at rest.
            watched: numbers that must keep more than one possible value; those that have only one already are let go.
        """
        self._values = [m.value for m in problem.measures]
        self._low: list[int] = start.low.tolist()
        self._high: list[int] = start.high.tolist()
        self._watched = {i for i in watched if self._low[i] != self._high[i]}
        self._whole: list[int] = margins.whole.tolist()
        self._parts = [margins.parts_of(e) for e in range(len(self._whole))]
        self._least = [sum(self._low[p] for p in parts) for parts in self._parts]
        self._most = [sum(self._high[p] for p in parts) for parts in self._parts]
        self._widest = [max(self._high[p] - self._low[p] for p in parts) for parts in self._parts]
        self._above: list[list[int]] = [[] for _ in self._values]  # equations that a number is a part of
        self._below: list[list[int]] = [[] for _ in self._values]  # equations that a number is the whole of
        for equation, parts in enumerate(self._parts):
            self._below[self._whole[equation]].append(equation)
            for p in parts:
                self._above[p].append(equation)
        self._trail: list[tuple[int, int, int]] = []
        self._scanned: list[tuple[int, int]] = []
        self.unavoidable: list[int] = []

    def bounds(self) -> tuple[Ints, Ints]:
        """Lower and upper end of every number for a reader of the base and of what was admitted."""
        return np.array(self._low), np.array(self._high)

    def watch(self, number: int) -> None:
        """From now on the number must keep more than one possible value."""
        if self._low[number] != self._high[number]:
            self._watched.add(number)

    def admits(self, number: int) -> bool:
        """Whether the number can be shown; when it can, it counts as shown from now on."""
        if self._low[number] == self._high[number]:
            return True
        self._trail, self._scanned = [], []
        if self._settles(number):
            return True
        self._step_back()
        return False

    def accept(self, number: int) -> None:
        """The number is shown whatever the guard says, because it follows from shown ones."""
        if not self.admits(number):
            self.unavoidable.append(number)

    def _settles(self, number: int) -> bool:
        # shows the number and draws all conclusions; False as soon as a watched number is left one value
        value = self._values[number]
        waiting = dict.fromkeys(self._change(number, value, value))
        for _ in range(_MOST_STEPS):
            if not waiting:
                break
            equation = next(iter(waiting))
            del waiting[equation]
            for member, low, high in self._conclusions(equation):
                if low == high and member in self._watched:
                    return False
                waiting.update(dict.fromkeys(self._change(member, low, high)))
        return True

    def _conclusions(self, equation: int) -> list[tuple[int, int, int]]:
        # members of the equation with sharper bounds
        low, high = self._low, self._high
        whole, least, most = self._whole[equation], self._least[equation], self._most[equation]
        out = []
        if least > low[whole] or most < high[whole]:
            out.append((whole, max(least, low[whole]), min(most, high[whole])))
        room = min(high[whole] - least, most - low[whole])
        if room < self._widest[equation]:
            up, down = high[whole] - least, most - low[whole]
            widest = 0
            for p in self._parts[equation]:
                width = high[p] - low[p]
                if width > room:
                    out.append((p, max(low[p], high[p] - down), min(high[p], low[p] + up)))
                    width = room
                if width > widest:
                    widest = width
            self._scanned.append((equation, self._widest[equation]))
            self._widest[equation] = widest
        return out

    def _change(self, number: int, low: int, high: int) -> list[int]:
        # sets bounds; returns the equations that may now say more
        self._trail.append((number, self._low[number], self._high[number]))
        self._put(number, low, high)
        return self._above[number] + self._below[number]

    def _put(self, number: int, low: int, high: int) -> None:
        up, down = low - self._low[number], high - self._high[number]
        self._low[number], self._high[number] = low, high
        for equation in self._above[number]:
            self._least[equation] += up
            self._most[equation] += down

    def _step_back(self) -> None:
        for number, low, high in reversed(self._trail):
            self._put(number, low, high)
        for equation, widest in reversed(self._scanned):
            self._widest[equation] = widest
