"""Whose exposure and effect a plain link of the programme theory compares, and what it adjusts for.

Each is a landmark: what came before it is the exposure, what came after it the effect; nobody is classified by what came later.
Columns to adjust for are those of the link's declared adjustment set, read at the landmark. The municipality has no column: it is
taken out by comparing within it. Must not be here: the regression (``slopes``) and grades (``chain``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.effects.covariates import Covariates, of_cohort
from pipeline.effects.eligibility import Cohort, reaches
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks, follow
from pipeline.effects.placed import placed_cohort
from pipeline.effects.protocol import WORK, Protocol
from pipeline.effects.slopes import Sample
from pipeline.effects.study import Tables
from pipeline.effects.week_facts import known_in, language_levels, level_between, measure_days
from pipeline.effects.workplace import workplace_protocol

_COURSE_DAYS, _COURSE_LEAST, _LANDMARK_WEEK, _LAST_WEEK, _HORIZON = 56, 10, 5, 26, 52


@dataclass(frozen=True)
class Material:
    """What all samples are made from: the cohort week by week, the tables, and the columns that measure each variable."""

    cohort: Cohort
    weeks: PersonWeeks
    tables: Tables
    columns: Mapping[str, Sequence[str]]

    def adjustment(self, known: Covariates, names: Sequence[str]) -> Floats:
        """(n, q) the columns of the named variables: the column itself and those named after it."""
        wanted = [column for name in names for column in self.columns[name]]
        use = [i for i, n in enumerate(known.names) if any(n == w or n.startswith(f"{w}_") for w in wanted)]
        return known.values[:, use]


def _kept(values: Floats, keep: Bools) -> Floats:
    """The rows to keep, columns that still vary."""
    kept = values[keep]
    return kept[:, np.ptp(kept, axis=0) > 0] if len(kept) else kept


def _known(material: Material, week: int, still: Bools, names: Sequence[str]) -> Floats:
    """(n, q) adjustment columns as known in a week by those still there, 0 for the others."""
    who = np.flatnonzero(still)
    if not len(who):
        return np.zeros((material.weeks.n, 0))
    known = known_in(material.cohort, material.weeks, material.tables, who, np.full(len(who), week))
    values = material.adjustment(known, names)
    out = np.zeros((material.weeks.n, values.shape[1]))
    out[who] = values
    return out


def _language_sample(material: Material, names: Sequence[str]) -> Sample:
    """A course in the first eight weeks; level at week 26 of those still there."""
    cohort, weeks, tables = material.cohort, material.weeks, material.tables
    level = level_between(cohort, tables.kartlegging, _COURSE_DAYS, 7 * _LAST_WEEK)
    keep = (weeks.last >= _LAST_WEEK) & ~np.isnan(level)
    exposed = (measure_days(cohort, tables.tiltak, ("norskopplaering",), _COURSE_DAYS) >= _COURSE_LEAST).astype(float)
    everybody = np.ones(weeks.n, dtype=bool)
    adjustment = _kept(_known(material, 1, everybody, names), keep)
    risen = int((level > _start_levels(cohort))[keep].sum())
    return Sample(exposed[keep], level[keep], adjustment, weeks.cluster[keep], risen)


def _start_levels(cohort: Cohort) -> Floats:
    return language_levels(cohort.persons["norsk_start"])


def _waiting(material: Material) -> tuple[Bools, Floats]:
    """(n,) not placed by the landmark and data through week 26; and who of all was placed between them."""
    weeks = material.weeks
    waits = (weeks.placed == 0) | (weeks.placed >= _LANDMARK_WEEK)
    keep = waits & (weeks.last >= _LANDMARK_WEEK) & reaches(material.cohort, (_LAST_WEEK,))[:, 0]
    return keep, ((weeks.placed >= _LANDMARK_WEEK) & (weeks.placed <= _LAST_WEEK)).astype(float)


def _contacts(material: Material, cohort: Cohort, part: str, days: int) -> Floats:
    """(n,) contacts with a part in the first days."""
    rows = of_cohort(material.tables.oppfolging, cohort, "dato").filter(
        (pl.col("part") == part) & (pl.col("dag") >= 0) & (pl.col("dag") < days)
    )
    return np.bincount(rows["person"].to_numpy().astype(np.int64), minlength=cohort.persons.height).astype(float)


def _contact_sample(material: Material, names: Sequence[str]) -> Sample:
    """Contacts in weeks 1-4; a first placement in weeks 5-26 of those not placed before."""
    keep, placed = _waiting(material)
    contacts = _contacts(material, material.cohort, "deltaker", 7 * (_LANDMARK_WEEK - 1))
    adjustment = _kept(_known(material, _LANDMARK_WEEK, material.weeks.last >= _LANDMARK_WEEK, names), keep)
    return Sample(contacts[keep], placed[keep], adjustment, material.weeks.cluster[keep], int(placed[keep].sum()))


def _level_sample(material: Material, names: Sequence[str]) -> Sample:
    """The level known after four weeks; a first placement in weeks 5-26 of those not placed before."""
    keep, placed = _waiting(material)
    level = level_between(material.cohort, material.tables.kartlegging, 0, 7 * (_LANDMARK_WEEK - 1))
    level = np.where(np.isnan(level), _start_levels(material.cohort), level)
    keep = keep & ~np.isnan(level)
    adjustment = _kept(_known(material, _LANDMARK_WEEK, material.weeks.last >= _LANDMARK_WEEK, names), keep)
    return Sample(level[keep], placed[keep], adjustment, material.weeks.cluster[keep], int(placed[keep].sum()))


@dataclass(frozen=True)
class Hired:
    """Those placed, from the placement's first day: who left to work, and to work with its employer (NaN = not known)."""

    cohort: Cohort
    weeks: PersonWeeks
    to_work: Bools
    same: Floats


def hired(material: Material, protocol: Protocol) -> Hired:
    """Who of those placed left to work by week 52 of the placement, and whether with the placement's employer (register)."""
    cohort = placed_cohort(material.cohort, material.tables.tiltak, material.tables.oppfolging, protocol)
    weeks = follow(cohort, material.tables.tiltak, protocol)
    to_work = np.asarray((weeks.cause == WORK) & (weeks.last <= _HORIZON))
    told = cohort.persons.select("deltakelse_key").join(
        material.tables.utfall.select("deltakelse_key", "samme_arbeidsgiver_12m"), on="deltakelse_key", how="left",
        maintain_order="left",
    )["samme_arbeidsgiver_12m"].cast(pl.Float64).fill_null(np.nan).to_numpy()  # fmt: skip
    return Hired(cohort, weeks, to_work, np.where(to_work, told, 0.0))


def _employer_sample(material: Material, names: Sequence[str]) -> Sample:
    """Contacts with the employer in the placement's first four weeks; hired by it within 52, of those still in it."""
    protocol = workplace_protocol()
    placed = hired(material, protocol)
    days = (placed.cohort.persons["siste"] - placed.cohort.persons["start_dato"]).dt.total_days().to_numpy()
    first = _LANDMARK_WEEK - 1
    keep = (placed.weeks.last > first) & (days >= 7 * first) & ~np.isnan(placed.same)
    keep = keep & reaches(placed.cohort, (_HORIZON,))[:, 0]
    there = Material(placed.cohort, placed.weeks, material.tables, material.columns)
    contacts = _contacts(there, placed.cohort, "arbeidsgiver", 7 * first)
    adjustment = _kept(_known(there, 1, np.ones(placed.weeks.n, dtype=bool), names), keep)
    return Sample(contacts[keep], placed.same[keep], adjustment, placed.weeks.cluster[keep], int(placed.same[keep].sum()))


SAMPLES: Mapping[str, Callable[[Material, Sequence[str]], Sample]] = {
    "norsk_uke_26": _language_sample,
    "praksis_etter_oppfolging": _contact_sample,
    "praksis_etter_norsk": _level_sample,
    "ansatt_etter_oppfolging": _employer_sample,
}


def material_of(cohort: Cohort, tables: Tables, placement: Protocol, variables: Mapping[str, Mapping[str, Any]]) -> Material:
    """The common material.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        placement: the placement protocol.
        variables: the declared variables with their ``kolonner``.
    """
    columns = {name: tuple(one.get("kolonner", ())) for name, one in variables.items()}
    return Material(cohort, follow(cohort, tables.tiltak, placement), tables, columns)
