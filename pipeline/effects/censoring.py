"""Weights that stand in for those who moved away or were phased out with their project.

P(moved or phased out in week t | at risk) = pooled weekly logistic on week, calendar, placed or not, and the starting covariates;
the weight of week t is Π_{s<t} 1 / (1 - P_s): a week of moving is at risk, then censored. The end of the data needs no weight.
A project is phased out at a date and takes everybody with it: those who stand in for them are in other projects at that time of the
calendar. Whether projects that end differ from those that go on is not modelled, since nobody in the same project is left to tell.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from pipeline.effects.covariates import natural_spline
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks
from pipeline.effects.pooled_logistic import PersonRows, pooled_logistic
from pipeline.effects.protocol import CENSORED

_KNOTS = (1.0, 13.0, 39.0, 65.0, 104.0)
_CALENDAR_KNOTS = 5


def _calendar(day: Ints) -> Floats:
    """(rows, q) spline of the day, computed once per day; no columns where all are the same."""
    first, last = int(day.min()), int(day.max())
    if first == last:
        return np.zeros((len(day), 0))
    return natural_spline(np.arange(first, last + 1.0), tuple(np.linspace(first, last, _CALENDAR_KNOTS)))[day - first]


def censoring_weights(weeks: PersonWeeks, baseline: Floats, after: int = 0) -> Floats:
    """Weights of staying under observation.

    Args:
        weeks: the followed persons.
        baseline: (n, q) starting covariates.
        after: a week up to which nobody can be lost, since the persons are chosen by being there.

    Returns:
        (n, horizon) the weight in week column + 1, 1 where nobody was censored; defined at risk only (else 1).
    """
    risk = weeks.at_risk()
    weights = np.ones(risk.shape)
    if not (weeks.cause == CENSORED).any():
        return weights
    who, column = np.nonzero(risk & (np.arange(weeks.horizon) >= after))
    y = ((weeks.cause[who] == CENSORED) & (column + 1 == weeks.last[who])).astype(float)
    placed = (weeks.placed[who] > 0) & (weeks.placed[who] <= column + 1)
    spline = natural_spline(np.arange(1.0, weeks.horizon + 1), _KNOTS)[column]
    calendar = _calendar(weeks.first_day[who] + 7 * column)
    columns = PersonRows.of(np.column_stack([spline, calendar, placed.astype(float)]), baseline, who)
    p = np.zeros(risk.shape)
    p[who, column] = expit(columns.times(pooled_logistic(columns, y)))
    weights[:, 1:] = 1 / np.cumprod(1 - np.minimum(p[:, :-1], 0.5), axis=1)
    return np.where(risk, weights, 1.0)
