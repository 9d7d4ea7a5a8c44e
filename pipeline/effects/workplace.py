"""What the workplace of the first placement was like, compared among those placed: a buddy or none, an ordinary employer or another.

Time zero is the placement's first day; a version of the placement is a choice made that day.
Must not be here: who is placed when (``timing``), contacts with the employer (``contacts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.effects.answers import Answers, Question, Row
from pipeline.effects.censoring import censoring_weights
from pipeline.effects.covariates import Covariates
from pipeline.effects.diagnostics import Setting
from pipeline.effects.eligibility import Cohort
from pipeline.effects.endpoints import negative_control
from pipeline.effects.findings import Interval
from pipeline.effects.gates import Verdict
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks, follow
from pipeline.effects.placed import first_spells, placed_cohort
from pipeline.effects.plans import Known, Plan, fitted_model, obstacle, run_plans
from pipeline.effects.processes import Demand, Process, left_alone
from pipeline.effects.protocol import Protocol, load_protocol
from pipeline.effects.sentences import Claim
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study, Tables
from pipeline.effects.week_facts import known_in, named

NAME, ANALYSIS = "praksisgiver", "aarsakskjede"


def workplace_protocol() -> Protocol:
    """The protocol of the comparisons of workplaces (``protocols/praksisgiver.toml``)."""
    return load_protocol(NAME)


def _only(cohort: Cohort, keep: Bools) -> Cohort:
    """The cohort of the persons to keep (n,), numbered anew."""
    persons = cohort.persons.filter(pl.Series(keep)).rename({"person": "tidligere"})
    persons = persons.with_columns(klynge=pl.col("klynge").rank("dense").cast(pl.Int64) - 1).with_row_index("person")
    persons = persons.with_columns(pl.col("person").cast(pl.Int64))
    members = cohort.members.rename({"person": "tidligere"}).join(persons.select("tidligere", "person"), on="tidligere")
    return Cohort(persons.drop("tidligere"), members.drop("tidligere"), cohort.counts)


@dataclass(frozen=True)
class Placed:
    """Those placed whose workplace's property is known: who they are (n,), their weeks, and which have it."""

    cohort: Cohort
    weeks: PersonWeeks
    has: Bools


def placed_with(cohort: Cohort, tables: Tables, protocol: Protocol, asked: Mapping[str, Any]) -> Placed:
    """Those placed, from the placement's first day, whose first placement tells the property.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the declared analysis.
        asked: one ``egenskap`` of the protocol: the column and its values that mean yes and no.
    """
    placed = placed_cohort(cohort, tables.tiltak, tables.oppfolging, protocol)
    spells = first_spells(cohort, tables.tiltak, protocol.declared["strategier"]["praksis"])
    value = placed.persons.select("deltakelse_key").join(
        cohort.persons.select("deltakelse_key", "person").join(spells.select("person", asked["kolonne"]), on="person"),
        on="deltakelse_key", how="left", maintain_order="left",
    )[asked["kolonne"]]  # fmt: skip
    has, lacks = (value.is_in(asked[side]).fill_null(value=False).to_numpy() for side in ("ja", "nei"))
    told = np.asarray(has | lacks, dtype=bool)
    kept = _only(placed, told)
    return Placed(kept, follow(kept, tables.tiltak, protocol), np.asarray(has[told], dtype=bool))


def _first_week(weeks: PersonWeeks) -> PersonWeeks:
    """One decision each, in the first week."""
    n = weeks.n
    return replace(weeks, who=np.arange(n), week=np.ones(n, dtype=np.int64), start=np.zeros(n, dtype=bool))


def _setting(placed: Placed, covariates: Covariates, control: Floats, protocol: Protocol) -> Setting:
    declared = protocol.declared
    names = declared["kovariater"]["balanse"]
    return Setting(
        _first_week(placed.weeks), np.zeros(0), censoring_weights(placed.weeks, covariates.columns(names)), covariates, names,
        declared["kovariater"]["balanse_over_tid"], control, declared["estimator"]["avkorting"], protocol.limits["positivitet_h"],
        np.zeros((placed.weeks.n, 0)),
    )  # fmt: skip


def strategies(asked: Mapping[str, Any]) -> tuple[Strategy, Strategy]:
    """With the property, without it."""
    return Strategy(asked["strategi"], "plan"), Strategy(asked["sammenligning"], "plan")


def run_workplace(
    cohort: Cohort,
    tables: Tables,
    protocol: Protocol,
    asked: Mapping[str, Any],
    *,
    seed: int,
    bootstraps: int,
    exact: bool = False,
) -> Results:
    """Estimate one property of the workplace.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the declared analysis.
        asked: one ``egenskap`` of the protocol.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        exact: refit the model in every draw (slow, the oracle).

    Returns:
        The arms, or the reason why there are none.
    """
    placed = placed_with(cohort, tables, protocol, asked)
    weeks, n = placed.weeks, placed.weeks.n
    if reason := obstacle(weeks, placed.has):
        return Results(weeks, {}, {}, reason)
    everybody = np.arange(n)
    covariates = named(known_in(placed.cohort, weeks, tables, everybody, np.ones(n, dtype=np.int64)), asked["uten"], keep=False)
    model = fitted_model(covariates.values, placed.has, weeks.cluster, weeks.n_clusters)
    if model is None:
        return Results(weeks, {}, {}, "modell")
    setting = _setting(placed, covariates, negative_control(placed.cohort, tables.utfall), protocol)
    process = Process(everybody, np.ones(n, dtype=np.int64), placed.has, model, everybody, placed.has.astype(float))
    known = Known(process, covariates.columns(setting.moving_names))
    yes, no = strategies(asked)
    plans = [Plan(yes, (Demand(np.ones(n)),)), Plan(no, (Demand(np.zeros(n)),)), Plan(OBSERVED, (left_alone(n),))]
    return run_plans(setting, [known], plans, placed.cohort.unstated, seed=seed, bootstraps=bootstraps, exact=exact)


class _Answers(Answers):
    """Rows with what every sentence about the property must add."""

    def __init__(self, results: Results, study: Study, remark: str) -> None:
        super().__init__(results, study)
        self.remark = remark

    def _claim(self, question: Question, verdict: Verdict, found: str | None, shown: Interval | None) -> Claim:
        return replace(super()._claim(question, verdict, found, shown), remark=self.remark)


def workplace_study(protocol: Protocol, asked: Mapping[str, Any]) -> Study:
    """What is asked of one property."""
    yes, no = strategies(asked)
    contrasts = (Contrast(ANALYSIS, no), Contrast(ANALYSIS, yes, no))
    return Study(protocol, contrasts, tuple(protocol.declared["strategier"]["maal"]), protocol.declared["estimator"]["metode"])


def workplace_rows(cohort: Cohort, tables: Tables, *, seed: int, bootstraps: int) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` without stamps: both arms and their difference per property, outcome and horizon.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
    """
    protocol = workplace_protocol()
    rows: list[Row] = []
    for asked in protocol.declared["egenskap"]:
        results = run_workplace(cohort, tables, protocol, asked, seed=seed, bootstraps=bootstraps)
        rows += _Answers(results, workplace_study(protocol, asked), asked.get("merknad", "")).rows()
    return rows
