"""Decision periods of some weeks: what was done in each, who decided, and from when the decision counts.

Period k of L weeks is weeks L(k-1) + 1 … Lk, days 7L(k-1) … 7Lk - 1. A decision is made in a period by those who are enrolled and
under observation through its last day: who leaves or is lost inside a period has made none. It is known when the period is over,
so that it counts from the first week of the next one, with a lag from later still. Covariates are those of the period's first day.
Must not be here: strategies, and what makes a contact or a course.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.effects.covariates import of_cohort
from pipeline.effects.eligibility import Cohort
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.processes import Process
from pipeline.effects.protocol import ENROLLED
from pipeline.effects.start_model import StartModel

_DAYS = 7


@dataclass(frozen=True)
class Periods:
    """The periods that somebody began, one row each, sorted by person and period.

    Attributes:
        weeks: the followed persons; its decision rows are these rows, ``week`` the period's first week, ``start`` all false.
        period: (rows,) number of the period, 1 … ``count``.
        complete: (rows,) the person was enrolled and observed through the period's last day.
        count: number of periods.
        length: weeks in a period.
    """

    weeks: PersonWeeks
    period: Ints
    complete: Bools
    count: int
    length: int

    @property
    def who(self) -> Ints:
        return self.weeks.who

    def at(self, matrix: Floats | Ints | Bools) -> Floats:
        """(rows,) the row's own element of a matrix (n, count)."""
        return np.asarray(matrix[self.who, self.period - 1], dtype=float)

    def before(self, matrix: Floats | Ints | Bools) -> Floats:
        """(rows,) the element of the period before, 0 in the first period."""
        shifted: Floats = np.column_stack([np.zeros(len(matrix)), matrix[:, :-1]])
        return self.at(shifted)

    def so_far(self, matrix: Floats | Ints | Bools) -> Floats:
        """(rows,) the sum over the periods before."""
        return self.before(np.cumsum(matrix, axis=1, dtype=float))

    def decided_by(self, asked: Bools) -> Periods:
        """The same periods, with a decision only where ``asked`` (rows,) as well."""
        return replace(self, complete=self.complete & asked)


def periods_of(weeks: PersonWeeks, count: int, length: int) -> Periods:
    """The decision periods of the followed persons.

    Args:
        weeks: the followed persons.
        count: number of periods from the first week.
        length: weeks in a period.
    """
    begun = np.minimum(-(-weeks.last // length), count)
    who = np.repeat(np.arange(weeks.n), begun)
    period = np.arange(len(who)) - np.repeat(np.cumsum(begun) - begun, begun) + 1
    end = period * length
    complete = (weeks.last[who] > end) | ((weeks.last[who] == end) & (weeks.cause[who] == ENROLLED))
    rows = replace(weeks, who=who, week=(period - 1) * length + 1, start=np.zeros(len(who), dtype=bool))
    return Periods(rows, period, complete, count, length)


def facts_per_period(rows: pl.DataFrame, n: int, count: int, length: int) -> Ints:
    """(n, count) number of facts dated in each period.

    Args:
        rows: one row per fact with ``person`` and ``dag`` (days since time zero); outside the periods a fact counts nowhere.
        n: number of persons.
        count, length: as in :func:`periods_of`.
    """
    inside = rows.filter((pl.col("dag") >= 0) & (pl.col("dag") < _DAYS * length * count))
    person, day = (inside[c].to_numpy().astype(np.int64) for c in ("person", "dag"))
    return np.bincount(person * count + day // (_DAYS * length), minlength=n * count).reshape(n, count)


def days_covered(cohort: Cohort, spells: pl.DataFrame, days: int) -> Bools:
    """(n, 1 + days) whether a spell covers day -1, 0 … ``days`` - 1; both its dates are covered, without an end all that follows.

    Args:
        cohort: who is followed.
        spells: rows with ``deltakelse_key``, ``start_dato``, ``slutt_dato``; overlapping spells cover a day once.
        days: days from time zero looked at.
    """
    rows = of_cohort(spells, cohort, "start_dato").with_columns(siste=(pl.col("slutt_dato") - pl.col("dag_null")).dt.total_days())
    person, first = rows["person"].to_numpy().astype(np.int64), rows["dag"].to_numpy().astype(np.int64) + 1
    after = np.clip(rows["siste"].fill_null(days).to_numpy().astype(np.int64) + 2, 0, days + 1)
    first = np.minimum(np.maximum(first, 0), after)
    change = np.zeros((cohort.persons.height, days + 2), dtype=np.int16)
    np.add.at(change, (person, first), 1)
    np.add.at(change, (person, after), -1)
    return np.asarray(np.cumsum(change[:, :-1], axis=1) > 0)


def days_per_period(covered: Bools, length: int) -> Ints:
    """(n, periods) days covered in each period, from :func:`days_covered` over whole periods."""
    return np.asarray(covered[:, 1:].reshape(len(covered), -1, _DAYS * length).sum(axis=2), dtype=np.int64)


def process_of(periods: Periods, done: Bools, model: StartModel, lag: int = 1) -> Process:
    """The decisions of the periods as a process.

    Args:
        periods: who decided when.
        done: (n, count) it was done in the period.
        model: fitted to the rows where ``periods.complete``, in that order.
        lag: a decision of period k counts from period k + ``lag`` on.
    """
    rows = np.flatnonzero(periods.complete)
    acts = periods.at(done)[rows] > 0
    applies = (periods.period[rows] + lag - 1) * periods.length + 1
    return Process(periods.who[rows], applies, acts, model, np.arange(len(rows)), acts.astype(float))
