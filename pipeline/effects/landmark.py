"""Persons still in the programme after the first weeks: what they got, what was known, and how it went by mid-year and later.

Nobody is classified by what came after the landmark, and nobody who left before it counts: cause before effect, the same time zero.
Must not be here: models and estimates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.effects.covariates import Covariates
from pipeline.effects.eligibility import Cohort
from pipeline.effects.landmark_losses import assessed, staying, staying_measured
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.protocol import CENSORED, ENROLLED, OUTCOMES
from pipeline.effects.study import Tables
from pipeline.effects.subgroups import restricted
from pipeline.effects.week_facts import known_in, level_between, measure_days, named, state_after
from pipeline.tables.deliveries import LANGUAGE

LEVELS = len(LANGUAGE)
UNKNOWN = -9


@dataclass(frozen=True)
class Decisions:
    """What led to the effort or not: one row per decision, rows of a municipality together.

    Attributes:
        names, values: what was known at the decision, (rows, q).
        done: (rows,) it was done.
        cluster: (rows,) municipality.
        who: (rows,) person, -1 for those who were no longer there at the landmark.
        order: (rows,) how many decisions the person had made before this one.
        demanded: (rows, 2) probability of what was done, had everybody been to go without and to get the effort.
    """

    names: tuple[str, ...]
    values: Floats
    done: Bools
    cluster: Ints
    who: Ints
    order: Ints
    demanded: Floats


@dataclass(frozen=True)
class Effort:
    """An early effort: its two arms, who got it (n,), the decisions, and the baseline columns that precede it."""

    strategy: str
    comparison: str
    exposed: Bools
    decisions: Decisions
    before: Ints


@dataclass(frozen=True)
class Landmark:
    """The persons (n,), sorted by municipality.

    Attributes:
        efforts: the declared early efforts.
        weeks: their weeks; nobody decides any more.
        cluster: municipality, 0 … n_clusters - 1.
        baseline: (n, q) what was known at day 0, columns ``baseline_names``.
        start_level: language level known at day 0, ``UNKNOWN`` without.
        enrolled: still in the programme after week ``middle``.
        known: left or still in by then; false for those who moved or were phased out.
        staying: (n, horizon) weight of being under observation in week column + 1, 0 when no longer there.
        staying_measured: the same after week ``middle``, given the level as well; of those with a level.
        assessed: (n,) weight that stands in for those still in without a level.
        level: language level measured after the landmark and by week ``middle``, NaN without one.
        state: (n, r) the state of those still in, columns ``state_names``; 0 for others.
        complete: weeks that the project's data cover.
        control: a fact from before the start that stays out of all models, NaN when not known.
    """

    efforts: tuple[Effort, ...]
    weeks: PersonWeeks
    cluster: Ints
    n_clusters: int
    baseline_names: tuple[str, ...]
    baseline: Floats
    start_level: Ints
    enrolled: Bools
    known: Bools
    staying: Floats
    staying_measured: Floats
    assessed: Floats
    level: Floats
    state_names: tuple[str, ...]
    state: Floats
    complete: Ints
    control: Floats
    middle: int

    @property
    def n(self) -> int:
        return len(self.cluster)

    @property
    def last(self) -> Ints:
        return self.weeks.last

    @property
    def cause(self) -> Ints:
        return self.weeks.cause

    @property
    def censoring(self) -> Floats:
        """(n,) weight that stands in, by week ``middle``, for those who moved or were phased out; 0 for them."""
        column = np.minimum(self.last - 1, self.middle)
        return np.asarray(self.staying[np.arange(self.n), column] * self.known)

    @property
    def measured(self) -> Bools:
        """(n,) still in and with a language level."""
        return np.asarray(self.enrolled & ~np.isnan(self.level))

    def reaches(self, horizon: int) -> Bools:
        """(n,) the project's data reach the horizon, exit or not."""
        return np.asarray(self.complete >= horizon)

    def told(self, horizon: int) -> Bools:
        """(n,) whether the outcome by the horizon is known: the data reach it, and the person was not lost before."""
        return np.asarray(self.reaches(horizon) & ~((self.cause == CENSORED) & (self.last <= horizon)))

    def reached(self, outcome: str, horizon: int) -> Bools:
        """(n,) left to the outcome by the horizon."""
        return np.asarray(np.isin(self.cause, OUTCOMES[outcome]) & (self.last <= horizon))


def nobody(weeks: PersonWeeks) -> Landmark:
    """A landmark without persons."""
    none, no, zero = np.zeros((0, 0)), np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64)
    return Landmark(
        (), weeks, zero, 0, (), none, zero, no, no, none, none, np.zeros(0), np.zeros(0), (), none, zero, np.zeros(0), 0
    )


def _one_decision(exposed: Bools, baseline: Covariates, cluster: Ints, number: Ints) -> Decisions:
    """The effort decided once, from what was known at day 0, by those who are at the landmark."""
    there = number >= 0
    done = exposed[there]
    demanded = np.column_stack([~done, done]).astype(float)
    first = np.zeros(len(done), dtype=np.int64)
    return Decisions(baseline.names, baseline.values[there], done, cluster[there], number[there], first, demanded)


def _weekly_decisions(cohort: Cohort, weeks: PersonWeeks, tables: Tables, landmark: int, number: Ints) -> Decisions:
    """A first placement decided week by week: by the landmark with equal chances for its weeks, or not at all before it."""
    rows = np.flatnonzero(weeks.week <= landmark)
    who, week, start = weeks.who[rows], weeks.week[rows], weeks.start[rows]
    known = known_in(cohort, weeks, tables, who, week)
    now = 1.0 / (landmark - week + 1)
    demanded = np.column_stack([np.where(start, 0.0, 1.0), np.where(start, now, 1 - now)])
    return Decisions(known.names, known.values, start, weeks.cluster[who], number[who], week - 1, demanded)


def _efforts(
    cohort: Cohort, weeks: PersonWeeks, tables: Tables, baseline: Covariates, number: Ints, declared: Mapping[str, Any]
) -> tuple[Effort, ...]:
    landmark, there = declared["landemerke"]["uke"], number >= 0
    out = []
    for one in declared["innsats"]:
        before = np.array([i for i, n in enumerate(baseline.names) if not n.startswith(tuple(one["uten"]))], dtype=np.int64)
        if "minst_dager" in one:
            exposed = measure_days(cohort, tables.tiltak, one["tiltak"], 7 * landmark) >= one["minst_dager"]
            facts = Covariates(tuple(baseline.names[i] for i in before), baseline.values[:, before])
            decisions = _one_decision(exposed, facts, weeks.cluster, number)
        else:
            exposed = (weeks.placed > 0) & (weeks.placed <= landmark)
            decisions = _weekly_decisions(cohort, weeks, tables, landmark, number)
        out.append(Effort(one["strategi"], one["sammenligning"], exposed[there], decisions, before))
    return tuple(out)


def _start_level(known: Covariates, n: int) -> Ints:
    level, gap = known.columns(["norsk"]), known.columns(["norsk_mangler"]).any(axis=1)
    return np.where(gap, UNKNOWN, np.rint(level[:, 0]) if level.shape[1] else np.full(n, UNKNOWN)).astype(np.int64)


def _known_levels(cohort: Cohort, weeks: PersonWeeks, tables: Tables, week: int) -> Floats:
    """(n, q) the language level as known on a week's first day."""
    then = known_in(cohort, weeks, tables, np.arange(weeks.n), np.full(weeks.n, week))
    return then.columns(["norsk", "norsk_mangler"])


def landmark_persons(
    cohort: Cohort, weeks: PersonWeeks, tables: Tables, control: Floats, declared: Mapping[str, Any]
) -> Landmark:
    """The persons of the mediation analysis.

    Args:
        cohort: who is followed.
        weeks: their weeks.
        tables: what is known about them.
        control: (n,) the negative control.
        declared: the protocol: ``landemerke`` (the weeks, the names of the state, the censoring model's columns), ``innsats``.

    Returns:
        Those under observation after the landmark week whose project's data reach past week ``middle``.
    """
    rule = declared["landemerke"]
    first, middle = rule["uke"], rule["midt_uke"]
    everybody = known_in(cohort, weeks, tables, np.arange(weeks.n), np.ones(weeks.n, dtype=np.int64))
    baseline = named(everybody, ("uke_",), keep=False)
    days = (cohort.persons["statusdato"] - cohort.persons["start_dato"]).dt.total_days().to_numpy().astype(np.int64)
    complete = (days + 1) // 7
    keep = (weeks.last > first) & (complete > middle)
    number = np.where(keep, np.cumsum(keep) - 1, -1)
    still = weeks.last > middle
    who = np.flatnonzero(keep & still)
    then = state_after(cohort, weeks, tables, who, middle, rule["tilstand"], baseline)
    state = np.zeros((weeks.n, len(then.names)))
    state[who] = then.values
    level = np.where(still, level_between(cohort, tables.kartlegging, 7 * first, 7 * middle), np.nan)[keep]
    efforts = _efforts(cohort, weeks, tables, baseline, number, declared)
    followed = restricted(weeks, keep)[0]
    facts, exposed = everybody.columns(rule["sensur"])[keep], np.array([e.exposed for e in efforts], dtype=float).T
    # How long ago the latest assessment was tells whether there is one: not a reason to have one.
    reasons = state[:, [i for i, n in enumerate(then.names) if not n.startswith("kartlegging_")]]
    names = ["norsk", "norsk_mangler"]
    levels = np.column_stack([everybody.columns(names), _known_levels(cohort, weeks, tables, first + 1)])[keep]
    known = np.column_stack([named(baseline, names, keep=False).values, reasons])[keep]
    return Landmark(
        efforts=efforts,
        weeks=replace(followed, who=np.zeros(0, np.int64), week=np.zeros(0, np.int64), start=np.zeros(0, bool)),
        cluster=weeks.cluster[keep],
        n_clusters=weeks.n_clusters,
        baseline_names=baseline.names,
        baseline=baseline.values[keep],
        start_level=_start_level(everybody, weeks.n)[keep],
        enrolled=still[keep],
        known=(still | ((weeks.cause != CENSORED) & (weeks.cause != ENROLLED)))[keep],
        staying=staying(followed, facts, exposed, first),
        staying_measured=staying_measured(followed, facts, exposed, level, middle),
        assessed=assessed(~np.isnan(level), still[keep], exposed, levels, known),
        level=level,
        state_names=then.names,
        state=state[keep],
        complete=complete[keep],
        control=control[keep],
        middle=middle,
    )
