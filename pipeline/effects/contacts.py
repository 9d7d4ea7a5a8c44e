"""Follow-up intensity (E4): at least one contact in every four-week period, or its odds multiplied, against as observed.

Participants are followed from the first day of the programme. Employers' contacts are asked of the placed, from the first day of
the first placement, and only as long as it runs. A period's decision is known when it is over: hazards of period k carry the
weights through period k - 1; with a lag of 2, through k - 2, because contacts become more just before a job.
Must not be here: the estimator (``plans``), row texts (``answers``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.effects.answers import Answers, Row
from pipeline.effects.censoring import censoring_weights
from pipeline.effects.covariates import Covariates, decision_covariates, events, of_cohort, running
from pipeline.effects.diagnostics import Setting
from pipeline.effects.eligibility import Cohort
from pipeline.effects.endpoints import negative_control
from pipeline.effects.periods import Periods, facts_per_period, periods_of, process_of
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks, follow
from pipeline.effects.placed import placed_cohort, runs_through
from pipeline.effects.plans import Known, Plan, fitted_model, obstacle, run_plans
from pipeline.effects.processes import Demand, left_alone
from pipeline.effects.protocol import MAIN, Protocol, load_protocol
from pipeline.effects.start_model import StartModel
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study, Tables

PARTICIPANT, EMPLOYER = "oppfolging_deltaker", "oppfolging_arbeidsgiver"


def contact_protocol(name: str) -> Protocol:
    """The protocol of one of the two analyses (:data:`PARTICIPANT`, :data:`EMPLOYER`)."""
    return load_protocol(name)


def strategies(protocol: Protocol) -> list[Strategy]:
    """Contact in every period, the odds multiplied, and as observed."""
    rule = protocol.declared["strategier"]
    tilted = [Strategy(name, "odds", factor=factor) for name, factor in rule["odds"].items()]
    return [Strategy(rule["hver_periode"], "plan"), *tilted, OBSERVED]


def contact_study(protocol: Protocol, sensitivity: str = MAIN) -> Study:
    """What the protocol asks in the main analysis, or in the sensitivity analysis of that name."""
    declared = protocol.declared
    contrasts = [Contrast(protocol.name, s, None if s == OBSERVED else OBSERVED) for s in strategies(protocol)]
    measures = _sensitivity(protocol, sensitivity)["maal"] if sensitivity != MAIN else declared["strategier"]["maal"]
    return Study(protocol, tuple(contrasts), tuple(measures), declared["estimator"]["metode"], sensitivity)


def _sensitivity(protocol: Protocol, name: str) -> Mapping[str, Any]:
    return next(one for one in protocol.declared["folsomhet"] if one["navn"] == name)


def _lag(protocol: Protocol, sensitivity: str) -> int:
    chosen = protocol.declared["perioder"] if sensitivity == MAIN else _sensitivity(protocol, sensitivity)
    return int(chosen["etterslep"])


@dataclass(frozen=True)
class Contacts:
    """A fitted contact analysis, before any strategy is asked.

    Attributes:
        cohort: who is followed.
        periods: when they decided.
        done: (n, periods) at least one contact in the period.
        covariates: what was known, over the rows of ``periods``.
        model: how likely a contact was, over the rows that decided.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control.
        protocol: what is asked.
    """

    cohort: Cohort
    periods: Periods
    done: Bools
    covariates: Covariates
    model: StartModel
    censoring: Floats
    control: Floats
    protocol: Protocol

    @property
    def setting(self) -> Setting:
        declared = self.protocol.declared
        return Setting(
            self.periods.weeks, np.zeros(0), self.censoring, self.covariates, declared["kovariater"]["balanse"],
            declared["kovariater"]["balanse_over_tid"], self.control, declared["estimator"]["avkorting"],
            self.protocol.limits["positivitet_h"], np.zeros((self.periods.weeks.n, 0)),
        )  # fmt: skip


def _contacts(cohort: Cohort, tables: Tables, part: str | None = None) -> pl.DataFrame:
    """Contacts since time zero with ``person`` and ``dag``, with one part or with anybody."""
    rows = of_cohort(tables.oppfolging, cohort, "dato").filter(pl.col("dag") >= 0)
    return rows.filter(pl.col("part") == part) if part else rows


def _on_the_eve(contacts: pl.DataFrame, weeks: PersonWeeks) -> Floats:
    """(rows,) log of 1 + the contacts dated before the period: one on its first day belongs to the decision."""
    person, day = (contacts[c].to_numpy().astype(np.int64) for c in ("person", "dag"))
    return np.asarray(np.log1p(events(person, day + 1).count(weeks.who, weeks.week)))


def _known(cohort: Cohort, tables: Tables, periods: Periods, counts: Ints, protocol: Protocol) -> Covariates:
    """What was known before each period: as for placements, with placements and earlier contacts."""
    weeks, placements = periods.weeks, tuple(protocol.declared["strategier"]["praksis"])
    base = decision_covariates(cohort, weeks, tables.kartlegging, tables.tiltak, tables.oppfolging, placements)
    placed = weeks.placed[weeks.who]
    return base.replaced({
        "kontakter": _on_the_eve(_contacts(cohort, tables), weeks),
        "kontakter_part": _on_the_eve(_contacts(cohort, tables, protocol.declared["perioder"]["part"]), weeks),
        "kontakter_forrige": np.log1p(periods.before(counts)),
        "kontakt_forrige": (periods.before(counts) > 0).astype(float),
        "kontakt_andel": periods.so_far(counts > 0) / np.maximum(periods.period - 1, 1),
        "forste_periode": (periods.period == 1).astype(float),
        "praksis_begynt": ((placed > 0) & (placed < weeks.week)).astype(float),
        "praksis_loeper": running(cohort, tables.tiltak, weeks, placements, 1),
    })  # fmt: skip


def _decisions(cohort: Cohort, tables: Tables, protocol: Protocol) -> tuple[Cohort, Periods, Ints]:
    """(cohort, periods, contacts per person and period) from the protocol's time zero."""
    rule = protocol.declared["perioder"]
    of_the_placed = rule["fra"] == "praksis_start"
    if of_the_placed:
        cohort = placed_cohort(cohort, tables.tiltak, tables.oppfolging, protocol)
    weeks = follow(cohort, tables.tiltak, protocol, tuple(protocol.declared["strategier"]["praksis"]))
    periods = periods_of(weeks, rule["antall"], rule["uker"])
    if of_the_placed:
        periods = periods.decided_by(runs_through(cohort, periods))
    return cohort, periods, facts_per_period(_contacts(cohort, tables, rule["part"]), weeks.n, rule["antall"], rule["uker"])


def fit_contacts(cohort: Cohort, tables: Tables, protocol: Protocol) -> Contacts | Results:
    """Fit the contact model, or say in an empty :class:`Results` why it cannot be fitted.

    Args:
        cohort: the persons of the placement analyses; employers' contacts are asked of the placed among them.
        tables: what is known about them.
        protocol: the declared analysis.
    """
    cohort, periods, counts = _decisions(cohort, tables, protocol)
    weeks, decided = periods.weeks, periods.complete
    done = counts >= protocol.declared["perioder"]["minst"]
    acts = periods.at(done)[decided] > 0
    if reason := obstacle(weeks, acts):
        return Results(weeks, {}, {}, reason)
    covariates = _known(cohort, tables, periods, counts, protocol)
    model = fitted_model(covariates.values[decided], acts, weeks.cluster[periods.who[decided]], weeks.n_clusters)
    if model is None:
        return Results(weeks, {}, {}, "modell")
    first = covariates.columns(protocol.declared["kovariater"]["balanse"])[periods.period == 1]
    censoring, control = censoring_weights(weeks, first), negative_control(cohort, tables.utfall)
    return Contacts(cohort, periods, done, covariates, model, censoring, control, protocol)


def plans(protocol: Protocol, rows: int) -> list[Plan]:
    """Every strategy's demand on the decisions."""
    every = Demand(np.ones(rows))
    demands = {"plan": every, "observert": left_alone(rows)}
    return [
        Plan(s, (demands[s.kind] if s.kind in demands else replace(left_alone(rows), factor=s.factor),))
        for s in strategies(protocol)
    ]  # fmt: skip


def answer(fitted: Contacts, *, seed: int, bootstraps: int, sensitivity: str = MAIN, exact: bool = False) -> Results:
    """Every arm with its bootstrap draws, in the main analysis or a sensitivity analysis; arguments as :func:`run_contacts`."""
    f = fitted
    process = process_of(f.periods, f.done, f.model, _lag(f.protocol, sensitivity))
    moving = f.covariates.columns(f.protocol.declared["kovariater"]["balanse_over_tid"])[f.periods.complete]
    return run_plans(
        f.setting, [Known(process, moving)], plans(f.protocol, len(process.who)), f.cohort.unstated, seed=seed, bootstraps=bootstraps,
        exact=exact,
    )  # fmt: skip


def run_contacts(
    cohort: Cohort,
    tables: Tables,
    protocol: Protocol,
    *,
    seed: int,
    bootstraps: int,
    sensitivity: str = MAIN,
    exact: bool = False,
) -> Results:
    """Estimate every arm of a contact analysis.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the declared analysis.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        sensitivity: ``hoved`` or the name of a declared sensitivity analysis.
        exact: refit the model in every draw (slow, the oracle).

    Returns:
        The arms, or the reason why there are none.
    """
    fitted = fit_contacts(cohort, tables, protocol)
    if isinstance(fitted, Results):
        return fitted
    return answer(fitted, seed=seed, bootstraps=bootstraps, sensitivity=sensitivity, exact=exact)


def contact_rows(cohort: Cohort, tables: Tables, protocol: Protocol, *, seed: int, bootstraps: int) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` without stamps, the main analysis and its sensitivity analyses; fitted once."""
    fitted = fit_contacts(cohort, tables, protocol)
    rows: list[Row] = []
    for name in (MAIN, *(one["navn"] for one in protocol.declared["folsomhet"])):
        found = fitted if isinstance(fitted, Results) else answer(fitted, seed=seed, bootstraps=bootstraps, sensitivity=name)
        rows += Answers(found, contact_study(protocol, name)).rows()
    return rows
