"""One simulated programme as the tables we read and as the person-weeks that the peers read.

Belongs here: the data of the comparison. Must not be here: any estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.effects.covariates import decision_covariates, events, of_cohort
from pipeline.effects.eligibility import select_cohort
from pipeline.effects.person_weeks import PersonWeeks, follow
from pipeline.effects.protocol import CENSORED, ENROLLED, OTHER, Protocol
from pipeline.effects.study import Tables
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.world import simulate
from pipeline.tables import STATISTIKK

HORIZON = 52
# The start model's columns that move with time; every other stands still and is a baseline covariate to the peers.
_MOVING = ("norskopplaering", "spraakpraksis", "andre_tiltak")
_LEFT_OUT = ("uke_", "kvartal_", "kartlegging_uker", "kontakter", "omsorg_", "norsk", "arbeidsklar", "aar")


def tables_of(params: SyntheticParams, seed: int) -> Tables:
    """One programme in the tables that the estimators read."""
    made = as_klargjort(simulate(params, seed))
    return Tables(made["deltakelse"], made["tiltak"], made["kartlegging"], made["oppfolging"], STATISTIKK["utfall"].empty())


@dataclass(frozen=True)
class _Rows:
    """Person and week of every row: all weeks at risk up to the horizon."""

    who: np.ndarray
    week: np.ndarray


def _rows(weeks: PersonWeeks) -> _Rows:
    until = np.minimum(weeks.last, HORIZON)
    who = np.repeat(np.arange(weeks.n), until)
    return _Rows(who, np.arange(len(who)) - np.repeat(np.cumsum(until) - until, until) + 1)


def _new_facts(frame: pl.DataFrame, rows: _Rows) -> np.ndarray:
    """(rows,) whether the week knows a fact that the week before did not."""
    known = events(frame["person"].to_numpy().astype(np.int64), frame["dag"].to_numpy().astype(np.int64))
    return (known.count(rows.who, rows.week) > known.count(rows.who, rows.week - 1)).astype(float)


def _outcome(weeks: PersonWeeks, rows: _Rows) -> dict[str, np.ndarray]:
    """Y = left to work or education in the week; D = left to anything else (then Y is unknown); moved and phased out are neither."""
    ends, cause = weeks.last[rows.who] == rows.week, weeks.cause[rows.who]
    competes = ends & (cause == OTHER)
    event = (ends & ~np.isin(cause, (OTHER, CENSORED, ENROLLED))).astype(float)
    return {"Y": np.where(competes, np.nan, event), "D": competes.astype(float)}


def _still(columns: dict[str, np.ndarray], rows: _Rows) -> dict[str, np.ndarray]:
    """Columns of the start model that are facts of day 0, under names that begin ``g_``."""
    names = [n for n in columns if n not in _MOVING and not n.startswith(_LEFT_OUT)]
    still = {f"g_{n}": columns[n] for n in names}
    first = np.flatnonzero(rows.week == 1)[rows.who]
    moved = [n for n, values in still.items() if not np.array_equal(values, values[first])]
    if moved:
        raise ValueError(f"not baseline: {', '.join(moved)}")
    return still


def person_weeks(tables: Tables, protocol: Protocol) -> pl.DataFrame:
    """The weeks at risk up to the horizon with what the start model sees.

    Returns:
        One row per person and week: ``id``, ``t0`` (week - 1), ``plassert`` (0/1, a first placement in this week or before),
        what moves (``ny_kartlegging``, ``norsk`` 0–5, ``arbeidsklar`` 1–5, ``omsorg`` 0–2, courses, ``kontakt``), ``startdag``
        (days into the year), baseline columns ``g_…``, and ``Y``, ``D``.
    """
    cohort = select_cohort(tables.deltakelse, protocol)
    weeks = follow(cohort, tables.tiltak, protocol)
    rows = _rows(weeks)
    asked = replace(weeks, who=rows.who, week=rows.week, start=np.zeros(len(rows.who), dtype=bool), window=HORIZON)
    known = decision_covariates(cohort, asked, tables.kartlegging, tables.tiltak, tables.oppfolging)
    columns = {name: known.values[:, i] for i, name in enumerate(known.names)}
    contacts = of_cohort(tables.oppfolging, cohort, "dato").filter(pl.col("dag") >= 0)
    started = weeks.first_day.astype("datetime64[D]")
    return pl.DataFrame({
        "id": rows.who + 1, "t0": rows.week - 1,
        "plassert": ((weeks.placed[rows.who] > 0) & (weeks.placed[rows.who] <= rows.week)).astype(int),
        "ny_kartlegging": _new_facts(of_cohort(tables.kartlegging, cohort, "dato"), rows),
        "norsk": columns["norsk"], "arbeidsklar": columns["arbeidsklar"],
        "omsorg": columns["omsorg_noe"] + 2 * columns["omsorg_vesentlig"],
        **{name: columns[name] for name in _MOVING},
        "kontakt": _new_facts(contacts, rows),
        "startdag": (started - started.astype("datetime64[Y]")).astype(int)[rows.who],
        **_still(columns, rows), "g_aar": columns["aar"][np.flatnonzero(rows.week == 1)[rows.who]], **_outcome(weeks, rows),
    })  # fmt: skip
