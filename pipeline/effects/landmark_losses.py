"""Weights for what a mediation analysis does not see of its persons: those lost, those without a language level.

All are held at their estimates in the bootstrap, as censoring weights are. Belongs here: the three weights. Must not be here: whose
outcomes they weigh.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from pipeline.effects.censoring import censoring_weights
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks
from pipeline.effects.pooled_logistic import Rows, pooled_logistic
from pipeline.effects.start_model import design
from pipeline.effects.subgroups import restricted

_LEAST_CHANCE = 0.05


def staying(weeks: PersonWeeks, facts: Floats, exposed: Floats, landmark: int) -> Floats:
    """(n, horizon) weight of being under observation in week column + 1, 0 when no longer there.

    Args:
        weeks: the persons, all under observation after week ``landmark``.
        facts: (n, q) what was known at the start.
        exposed: (n, e) the efforts, on which being lost may depend.
        landmark: the week.
    """
    return np.asarray(censoring_weights(weeks, np.column_stack([facts, exposed]), after=landmark) * weeks.at_risk())


def staying_measured(weeks: PersonWeeks, facts: Floats, exposed: Floats, level: Floats, middle: int) -> Floats:
    """(n, horizon) the weight after week ``middle`` given the level as well; 1 when no longer there, and for those without one.

    Args:
        weeks, facts, exposed: as :func:`staying`.
        level: (n,) language level at week ``middle``, NaN without.
        middle: the week.
    """
    measured = ~np.isnan(level)
    out = np.ones((weeks.n, weeks.horizon))
    if measured.any():
        columns = np.column_stack([facts, exposed, level])[measured]
        out[measured] = censoring_weights(restricted(weeks, measured)[0], columns, after=middle)
    return out


def assessed(measured: Bools, asked: Bools, exposed: Floats, levels: Floats, known: Floats) -> Floats:
    """(n,) one over the modelled chance of having a level, for those who have one; 1 for others.

    Args:
        measured: (n,) still in and with a level.
        asked: (n,) still in.
        exposed: (n, e) the efforts.
        levels: (n, r) the levels known at the start and at the landmark: who is assessed again may depend on progress, and on
            progress otherwise with an effort than without it.
        known: (n, q) what else was known by then.
    """
    out = np.ones(len(measured))
    who = np.flatnonzero(asked)
    if not len(who) or measured[who].all() or not measured[who].any():
        return out
    both = [exposed[:, [i]] * levels for i in range(exposed.shape[1])]
    columns = Rows(design(np.column_stack([exposed, levels, *both, known])[who]))
    chance = expit(columns.times(pooled_logistic(columns, measured[who].astype(float))))
    out[who] = np.where(measured[who], 1 / np.maximum(chance, _LEAST_CHANCE), 1.0)
    return out
