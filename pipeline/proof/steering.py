"""Turning one dial until a simulated share is what it should be.

The same seeds stand behind every try, so the share is a smooth rising function of the dial.
Must not be here: what the dial or the share means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from pipeline.proof.programme import Forced
from pipeline.synthetic.params import SyntheticParams

_POSITION = 0.004  # log-odds; moves a share by less than a thousandth
_CHUNK = 5_000  # arrays of so many persons stay in the processor's cache


@dataclass(frozen=True)
class People:
    """Simulated people that a truth is averaged over: ``number`` of them, drawn with their municipalities from ``seed`` on."""

    number: int
    seed: int

    def forced(self, params: SyntheticParams, weeks: int) -> Iterator[Forced]:
        """The people in portions, each with municipalities of its own, so that the truth is of no particular ones."""
        portions = math.ceil(self.number / _CHUNK)
        for i in range(portions):
            yield Forced(params, self.seed + i, math.ceil(self.number / portions), weeks)

    def mean(self, params: SyntheticParams, weeks: int, measured: Callable[[Forced], float]) -> float:
        """The mean of what is measured over the portions."""
        return float(np.mean([measured(forced) for forced in self.forced(params, weeks)]))


def steer(
    dial: Callable[[float], SyntheticParams],
    measured: Callable[[SyntheticParams], float],
    target: float,
    limits: tuple[float, float],
) -> SyntheticParams:
    """The dials at which ``measured`` is the target, or at the nearer limit when the target lies beyond both.

    Args:
        dial: the programme at a position of the dial.
        measured: a rising function of the position.
        target: what it should be.
        limits: positions to search between.
    """

    def gap(position: float) -> float:
        return measured(dial(position)) - target

    low, high = limits
    if gap(low) >= 0:
        return dial(low)
    if gap(high) <= 0:
        return dial(high)
    return dial(float(brentq(gap, low, high, xtol=_POSITION)))
