"""Persons followed week by week, as flat arrays; nobody is copied per strategy.

Week t = floor((date - start) / 7) + 1. Within a week: placement, exit, censoring. A week exists only when its last day is
at most ``statusdato``; what happens in the incomplete last week is dropped. Must not be here: covariates and weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.effects.eligibility import Cohort
from pipeline.effects.protocol import CENSORED, ENROLLED, OTHER, Protocol
from pipeline.tables.deliveries import PLACEMENTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class PersonWeeks:
    """The followed persons (n, in the cohort's order) and their decision weeks (rows, sorted by person and week).

    A unit that is followed is a person, or in some analyses one of a person's episodes.

    Attributes:
        cluster: (n,) cluster number; persons of a cluster stand together.
        first_day: (n,) first day, days since 1970.
        last: (n,) last observed week, at most the horizon.
        cause: (n,) how week ``last`` ended: a cause of ``protocol``, ``ENROLLED`` when followed no further.
        placed: (n,) week of the first placement, 0 when none was seen.
        who: (rows,) person of the decision week.
        week: (rows,) week, 1 … window; a person has rows up to the placement, exit or end of the window.
        start: (rows,) the first placement began in this week.
        horizon: weeks followed at most.
        window: weeks in which starts are decided.
        individual: (n,) number of the person behind the unit; empty where every unit is a person.
    """

    cluster: Ints
    first_day: Ints
    last: Ints
    cause: Ints
    placed: Ints
    who: Ints
    week: Ints
    start: Bools
    horizon: int
    window: int
    individual: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def n(self) -> int:
        return len(self.last)

    @property
    def n_clusters(self) -> int:
        return int(self.cluster[-1]) + 1 if self.n else 0

    @property
    def municipalities(self) -> int:
        """How many clusters have anybody; a subgroup may leave some empty."""
        return len(np.unique(self.cluster))

    def persons(self, units: Bools) -> int:
        """How many different persons stand behind the units (n,) chosen."""
        return len(np.unique(self.individual[units])) if self.individual.size else int(units.sum())

    def at_risk(self) -> Bools:
        """(n, horizon) whether the person is under observation in week column + 1."""
        return np.arange(1, self.horizon + 1)[None, :] <= self.last[:, None]


def _first_placements(cohort: Cohort, tiltak: pl.DataFrame, types: tuple[str, ...], from_day: int) -> Ints:
    """(n,) day of the first placement inside the participation, on ``from_day`` or later; -1 when none."""
    ends = cohort.persons.select("person", sluttet="slutt_dato", status="statusdato")
    first = (
        tiltak.filter(pl.col("tiltak_type").is_in(list(types)))
        .join(cohort.members, on="deltakelse_key")
        .join(ends, on="person")
        .with_columns(dag=(pl.col("start_dato") - pl.col("dag_null")).dt.total_days())
        .filter((pl.col("dag") >= from_day) & (pl.col("start_dato") <= pl.min_horizontal("sluttet", "status")))
        .group_by("person")
        .agg(pl.col("dag").min())
    )
    days = np.full(cohort.persons.height, -1, dtype=np.int64)
    days[first["person"].to_numpy()] = first["dag"].to_numpy()
    return days


def _days(frame: pl.DataFrame, column: str) -> Ints:
    """Days since 1970, -1 for null."""
    return frame[column].cast(pl.Int32).cast(pl.Int64).fill_null(-1).to_numpy()


def follow(cohort: Cohort, tiltak: pl.DataFrame, protocol: Protocol, types: tuple[str, ...] = PLACEMENTS) -> PersonWeeks:
    """The cohort as person-weeks.

    Args:
        cohort: who is followed.
        tiltak: ``KLARGJORT["tiltak"]``.
        protocol: horizon, window and what each exit reason counts as.
        types: the measures that count as a placement.

    Returns:
        One person per row of ``cohort.persons``; an exit because of moving or phasing out is at risk in its week, then censored.
    """
    persons = cohort.persons
    first, status, end = _days(persons, "start_dato"), _days(persons, "statusdato"), _days(persons, "slutt_dato")
    complete = (status - first + 1) // 7
    exit_week = np.where(end >= 0, (end - first) // 7 + 1, np.iinfo(np.int64).max)
    last = np.minimum(np.minimum(exit_week, complete), protocol.horizon)
    causes = protocol.causes()
    reasons = np.array([causes.get(r, OTHER) for r in persons["avslutning"].to_list()], dtype=np.int64)
    cause = np.where(exit_week == last, reasons, ENROLLED)
    day = _first_placements(cohort, tiltak, types, protocol.declared["strategier"].get("fra_dag", 0))
    placed = np.where((day >= 0) & (day // 7 + 1 <= last), day // 7 + 1, 0)
    until = np.minimum(np.minimum(last, protocol.window), np.where(placed > 0, placed, protocol.window))
    who = np.repeat(np.arange(len(last)), until)
    week = np.arange(len(who)) - np.repeat(np.cumsum(until) - until, until) + 1
    cluster = persons["klynge"].to_numpy().astype(np.int64)
    individual = persons["individ"].to_numpy().astype(np.int64) if "individ" in persons.columns else np.zeros(0, dtype=np.int64)
    starts = placed[who] == week
    return PersonWeeks(cluster, first, last, cause, placed, who, week, starts, protocol.horizon, protocol.window, individual)


def is_event(weeks: PersonWeeks) -> Bools:
    """(n,) whether the last observed week ended in an exit that is an outcome or competes with it."""
    return np.asarray((weeks.cause != ENROLLED) & (weeks.cause != CENSORED))
