"""Whether two efforts together come to more than the sum of what each adds alone, as a contrast between two arms.

The sum is an arm that nobody follows: F_one + F_other - F_none. Against it, both together give
(F_both - F_none) - (F_one - F_none) - (F_other - F_none). Its diagnostics are the worst of its three arms.
Belongs here: arithmetic on arms and draws. Must not be here: how arms are estimated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.effects.bootstrap import Draws
from pipeline.effects.diagnostics import Arm
from pipeline.effects.strategies import Strategy


def summed_arm(strategy: Strategy, one: Arm, other: Arm, none: Arm) -> Arm:
    """The arm of the sum; sizes are the smallest of the three arms, gaps and shares the largest,
    the mean weight the one furthest from 1.

    ``follows`` is that of the arm with the fewest persons.
    """
    arms = (one, other, none)
    furthest = max(arms, key=lambda a: abs(a.mean_weight - 1))
    return Arm(
        strategy=strategy,
        incidence=one.incidence + other.incidence - none.incidence,
        truncated=one.truncated + other.truncated - none.truncated,
        at_risk=np.minimum.reduce([a.at_risk for a in arms]),
        ess_at_risk=np.minimum.reduce([a.ess_at_risk for a in arms]),
        follows=fewest(arms).follows,
        ess=min(a.ess for a in arms),
        top_share=float(np.max([a.top_share for a in arms])),
        imbalance=float(np.max([a.imbalance for a in arms])),
        imbalance_over_time=float(np.max([a.imbalance_over_time for a in arms])),
        starters=min(a.starters for a in arms if a.strategy.week),
        late_starters=min(a.late_starters for a in arms if a.strategy.week),
        small_hazard=float(np.max([a.small_hazard for a in arms])),
        control=one.control + other.control - none.control,
        persons=fewest(arms).persons,
        mean_weight=furthest.mean_weight,
        mean_weight_se=furthest.mean_weight_se,
    )


def fewest(arms: Sequence[Arm]) -> Arm:
    """The arm that the fewest persons follow."""
    return min(arms, key=lambda a: int(a.follows.sum()))


def summed_draws(one: Draws, other: Draws, none: Draws) -> Draws:
    """The draws of the sum, draw by draw."""
    return Draws(one.incidence + other.incidence - none.incidence, one.control + other.control - none.control)
