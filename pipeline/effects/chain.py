"""The programme theory's links: three plain ones estimated, every other shown as not estimated with the reason.

Two links are adjusted regressions with a landmark, so that the cause comes before the effect and nobody is classified by what
came later; their intervals are cluster-robust (Liang & Zeger 1986, J / (J - 1)). The third is the placement analysis itself.
A regression cannot earn grade A here: who remains at the landmark is selected. Must not be here: mediation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.effects.covariates import Covariates, decision_covariates
from pipeline.effects.eligibility import Cohort
from pipeline.effects.findings import Interval, Z, finding
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks, follow
from pipeline.effects.protocol import Protocol, programme_theory
from pipeline.effects.start_model import design
from pipeline.effects.timing import Tables
from pipeline.tables.deliveries import LANGUAGE

_COURSE_DAYS, _COURSE_LEAST, _LANDMARK_WEEK, _LAST_WEEK = 56, 10, 5, 26
_LEAST_EACH, _LEAST_MUNICIPALITIES = 50, 20
REGRESSION = "lineær regresjon med landemerke, klyngerobust intervall"


@dataclass(frozen=True)
class Sample:
    """The persons of one link: exposure and effect (n,), adjustment (n, q), cluster (n,), and how many had the effect at all."""

    exposure: Floats
    effect: Floats
    adjustment: Floats
    cluster: Ints
    events: int


def adjusted_slope(sample: Sample) -> Interval:
    """Least-squares slope of the effect on the exposure given the adjustment set, with a cluster-robust interval."""
    x = np.column_stack([sample.exposure, design(sample.adjustment)])
    inverse = np.linalg.pinv(x.T @ x)
    beta = inverse @ (x.T @ sample.effect)
    residual = sample.effect - x @ beta
    names, number = np.unique(sample.cluster, return_inverse=True)
    scores = np.zeros((len(names), x.shape[1]))
    np.add.at(scores, number, x * residual[:, None])
    spread = scores @ inverse[0]
    factor = len(names) / (len(names) - 1) if len(names) > 1 else math.nan
    se = math.sqrt(factor * float(spread @ spread)) if len(names) > 1 else math.nan
    return Interval(float(beta[0]), float(beta[0]) - Z * se, float(beta[0]) + Z * se, se)


def _grade(sample: Sample) -> tuple[str, str]:
    """(grade, reason) from size and spread alone."""
    n, clusters = len(sample.effect), len(np.unique(sample.cluster))
    split = sample.exposure > (np.median(sample.exposure) if len(np.unique(sample.exposure)) > 2 else 0)
    least = min(int(split.sum()), n - int(split.sum()))
    if n < 2 * sample.adjustment.shape[1] + 4 or clusters < 2 or np.ptp(sample.exposure) == 0:
        return "D", "For få deltakere, eller ingen forskjell i innsats."
    if least < _LEAST_EACH or clusters < _LEAST_MUNICIPALITIES:
        return "C", "For få deltakere eller kommuner til å vise et tall."
    return "B", ""


def _course_days(cohort: Cohort, tiltak: pl.DataFrame) -> Floats:
    """(n,) days of the first eight weeks with a language course; overlapping spells add up."""
    rows = tiltak.filter(pl.col("tiltak_type") == "norskopplaering").join(cohort.members, on="deltakelse_key")
    first = (pl.col("start_dato") - pl.col("dag_null")).dt.total_days().clip(lower_bound=0)
    last = (
        (pl.col("slutt_dato") - pl.col("dag_null")).dt.total_days().fill_null(_COURSE_DAYS - 1).clip(upper_bound=_COURSE_DAYS - 1)
    )
    total = rows.with_columns(dager=(last - first + 1).clip(lower_bound=0)).group_by("person").agg(pl.col("dager").sum())
    days = np.zeros(cohort.persons.height)
    days[total["person"].to_numpy()] = total["dager"].to_numpy()
    return days


def _levels(values: pl.Series) -> Floats:
    """0 = under A1 …, NaN where missing."""
    levels = values.replace_strict({v: float(i) for i, v in enumerate(LANGUAGE)}, default=None, return_dtype=pl.Float64)
    return np.asarray(levels.fill_null(np.nan).to_numpy(), dtype=float)


def _language_at_26(cohort: Cohort, kartlegging: pl.DataFrame) -> Floats:
    """(n,) level (0 = under A1) of the latest assessment after the first eight weeks and by week 26, NaN when there is none."""
    day = (pl.col("dato") - pl.col("dag_null")).dt.total_days()
    rows = kartlegging.join(cohort.members, on="deltakelse_key").filter((day >= _COURSE_DAYS) & (day <= 7 * _LAST_WEEK))
    rows = (
        rows.sort("person", "dato", "prosjekt_id", "kartlegging_id")
        .group_by("person", maintain_order=True)
        .agg(pl.col("norsk_niva").last())
    )
    level = np.full(cohort.persons.height, np.nan)
    level[rows["person"].to_numpy()] = _levels(rows["norsk_niva"])
    return level


def _adjustment(covariates: Covariates, weeks: PersonWeeks, week: int, without: tuple[str, ...], keep: Bools) -> Floats:
    """(kept, q) what was known in the week, without time and the named columns; columns that still vary."""
    use = [i for i, name in enumerate(covariates.names) if not name.startswith(("uke_", *without))]
    at = weeks.week == week
    values = np.full((weeks.n, len(use)), np.nan)
    values[weeks.who[at]] = covariates.values[at][:, use]
    kept = values[keep]
    return kept[:, np.ptp(kept, axis=0) > 0] if len(kept) else kept


def _language_sample(cohort: Cohort, weeks: PersonWeeks, covariates: Covariates, tables: Tables) -> Sample:
    level = _language_at_26(cohort, tables.kartlegging)
    keep = (weeks.last >= _LAST_WEEK) & ~np.isnan(level)
    exposed = (_course_days(cohort, tables.tiltak) >= _COURSE_LEAST).astype(float)
    adjustment = _adjustment(covariates, weeks, 1, ("norskopplaering", "spraakpraksis", "andre_tiltak", "kontakter"), keep)
    risen = int((level > _levels(cohort.persons["norsk_start"]))[keep].sum())
    return Sample(exposed[keep], level[keep], adjustment, weeks.cluster[keep], risen)


def _contact_sample(cohort: Cohort, weeks: PersonWeeks, covariates: Covariates, tables: Tables) -> Sample:
    day = (pl.col("dato") - pl.col("dag_null")).dt.total_days()
    rows = tables.oppfolging.filter(pl.col("part") == "deltaker").join(cohort.members, on="deltakelse_key")
    rows = rows.filter((day >= 0) & (day < 7 * (_LANDMARK_WEEK - 1)))
    contacts = np.bincount(rows["person"].to_numpy().astype(np.int64), minlength=weeks.n).astype(float)
    waits = (weeks.placed == 0) | (weeks.placed >= _LANDMARK_WEEK)
    keep = waits & (weeks.last >= _LANDMARK_WEEK) & reaches(cohort, (_LAST_WEEK,))[:, 0]
    placed = ((weeks.placed >= _LANDMARK_WEEK) & (weeks.placed <= _LAST_WEEK)).astype(float)
    adjustment = _adjustment(covariates, weeks, _LANDMARK_WEEK, ("kontakter",), keep)
    return Sample(contacts[keep], placed[keep], adjustment, weeks.cluster[keep], int(placed[keep].sum()))


def reaches(cohort: Cohort, horizons: tuple[int, ...]) -> Bools:
    """(n, horizons) whether the project's data are complete through the week, exit or not."""
    days = (cohort.persons["statusdato"] - cohort.persons["start_dato"]).dt.total_days().to_numpy().astype(np.int64) + 1
    return np.asarray(days[:, None] >= 7 * np.asarray(horizons)[None, :])


_SAMPLES: Mapping[str, Callable[[Cohort, PersonWeeks, Covariates, Tables], Sample]] = {
    "norsk_uke_26": _language_sample,
    "praksis_etter_oppfolging": _contact_sample,
}


def _regression_row(link: Mapping[str, Any], sample: Sample) -> dict[str, Any]:
    letter, why = _grade(sample)
    row = {"grad": letter, "n": len(sample.effect), "n_hendelser": sample.events, "metode": REGRESSION}
    row["begrunnelse"] = f"{why} {link['begrunnelse']}".strip()
    if letter != "B":
        return row
    interval = adjusted_slope(sample)
    found = finding(interval, link["relevansgrense"])
    return row | {"estimat": interval.estimate, "ki_nedre": interval.low, "ki_ovre": interval.high, "funn": found}


def _placement_row(link: Mapping[str, Any], effekt: Mapping[str, Any]) -> dict[str, Any]:
    """The link that the placement analysis answers, taken from its row of ``effekt``."""
    same = {name: effekt.get(name) for name in ("estimat", "ki_nedre", "ki_ovre", "grad", "funn", "n_hendelser", "metode")}
    why = effekt["kan_si"] if effekt["grad"] in ("C", "D") else ""
    return same | {"n": effekt.get("n_personer"), "begrunnelse": f"{why} {link['begrunnelse']}".strip()}


def chain_rows(cohort: Cohort, tables: Tables, protocol: Protocol, placement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of ``STATISTIKK["aarsakskjede"]`` without stamps.

    Args:
        cohort: who is followed.
        tables: what is known about them.
        protocol: the placement protocol.
        placement: the row of ``effekt`` that answers placement → outcome.

    Returns:
        One row per declared link; ``grad`` is null where the link is not estimated.
    """
    weeks = follow(cohort, tables.tiltak, protocol)
    covariates = decision_covariates(cohort, weeks, tables.kartlegging, tables.tiltak, tables.oppfolging)
    rows = []
    for link in programme_theory():
        row = {name: link[name] or None for name in ("fra", "til", "enhet", "justert_for", "begrunnelse")}
        if link["metode"] in _SAMPLES:
            row |= _regression_row(link, _SAMPLES[link["metode"]](cohort, weeks, covariates, tables))
        elif link["metode"]:
            row |= _placement_row(link, placement)
        rows.append(row)
    return rows
