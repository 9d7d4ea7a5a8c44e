"""What is known of persons at a given week or up to it, whatever they are asked for: columns, days in a measure, language levels.

Belongs here: single facts per person. Must not be here: who is asked, and what is made of the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from pipeline.effects.covariates import Covariates, decision_covariates
from pipeline.effects.eligibility import Cohort
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks
from pipeline.effects.study import Tables
from pipeline.tables.deliveries import LANGUAGE


def measure_days(cohort: Cohort, tiltak: pl.DataFrame, types: Sequence[str], days: int) -> Floats:
    """(n,) days of the first ``days`` with a measure of these types; overlapping spells add up."""
    rows = tiltak.filter(pl.col("tiltak_type").is_in(list(types))).join(cohort.members, on="deltakelse_key")
    first = (pl.col("start_dato") - pl.col("dag_null")).dt.total_days().clip(lower_bound=0)
    last = (pl.col("slutt_dato") - pl.col("dag_null")).dt.total_days().fill_null(days - 1).clip(upper_bound=days - 1)
    total = rows.with_columns(dager=(last - first + 1).clip(lower_bound=0)).group_by("person").agg(pl.col("dager").sum())
    out = np.zeros(cohort.persons.height)
    out[total["person"].to_numpy()] = total["dager"].to_numpy()
    return out


def level_between(cohort: Cohort, kartlegging: pl.DataFrame, after: int, by: int) -> Floats:
    """(n,) language level (0 = under A1) of the latest assessment on day ``after`` … ``by``, NaN when there is none."""
    day = (pl.col("dato") - pl.col("dag_null")).dt.total_days()
    rows = kartlegging.join(cohort.members, on="deltakelse_key").filter((day >= after) & (day <= by))
    rows = (
        rows.sort("person", "dato", "prosjekt_id", "kartlegging_id")
        .group_by("person", maintain_order=True)
        .agg(pl.col("norsk_niva").last())
    )
    level = np.full(cohort.persons.height, np.nan)
    level[rows["person"].to_numpy()] = language_levels(rows["norsk_niva"])
    return level


def language_levels(values: pl.Series) -> Floats:
    """0 = under A1 …, NaN where missing."""
    levels = values.replace_strict({v: float(i) for i, v in enumerate(LANGUAGE)}, default=None, return_dtype=pl.Float64)
    return np.asarray(levels.fill_null(np.nan).to_numpy(), dtype=float)


def known_in(cohort: Cohort, weeks: PersonWeeks, tables: Tables, who: Ints, week: Ints) -> Covariates:
    """What was known about the persons ``who`` on the first day of weeks ``week``; columns that vary, one row per pair."""
    asked = replace(weeks, who=who, week=week, start=np.zeros(len(who), dtype=bool))
    return decision_covariates(cohort, asked, tables.kartlegging, tables.tiltak, tables.oppfolging)


def named(covariates: Covariates, prefixes: Sequence[str], *, keep: bool) -> Covariates:
    """The columns whose names begin so (``keep``), or all the others."""
    use = [i for i, name in enumerate(covariates.names) if name.startswith(tuple(prefixes)) == keep]
    return Covariates(tuple(covariates.names[i] for i in use), covariates.values[:, use])


def _in_placement(cohort: Cohort, tiltak: pl.DataFrame, day: int) -> Floats:
    """(n,) whether a placement runs on the day."""
    begun = (pl.col("start_dato") - pl.col("dag_null")).dt.total_days() <= day
    runs = pl.col("slutt_dato").is_null() | ((pl.col("slutt_dato") - pl.col("dag_null")).dt.total_days() >= day)
    rows = tiltak.filter("er_praksis").join(cohort.members, on="deltakelse_key").filter(begun & runs)
    return np.isin(np.arange(cohort.persons.height), rows["person"].to_numpy()).astype(float)


def state_after(
    cohort: Cohort, weeks: PersonWeeks, tables: Tables, who: Ints, week: int, prefixes: Sequence[str], baseline: Covariates
) -> Covariates:
    """The state of persons after a week.

    Args:
        cohort, weeks, tables: the cohort and what is known.
        who: the persons.
        week: the week after which they are looked at.
        prefixes: the columns wanted beside placements.
        baseline: (n) what was known at day 0; a column that only repeats it is left out.
    """
    then = named(known_in(cohort, weeks, tables, who, np.full(len(who), week + 1)), prefixes, keep=True)
    placed = (weeks.placed[who] > 0) & (weeks.placed[who] <= week)
    since = np.where(placed, week + 1 - weeks.placed[who], 0)
    running = _in_placement(cohort, tables.tiltak, 7 * week)[who]
    columns = {"plassert": placed.astype(float), "uker_siden_praksis": since.astype(float), "i_praksis": running}
    columns |= {name: then.values[:, i] for i, name in enumerate(then.names)}
    known = [baseline.values[who, i] for i in range(len(baseline.names))]
    kept = {n: v for n, v in columns.items() if len(v) and np.ptp(v) > 0 and not any(np.array_equal(v, k) for k in known)}
    values = np.column_stack(list(kept.values())) if kept else np.zeros((len(who), 0))
    return Covariates(tuple(f"{n}_uke_{week}" for n in kept), values)
