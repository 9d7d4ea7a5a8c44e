"""Combination tracks (E3): a first placement by a week, crossed with a course that is active in enough four-week periods.

Two kinds of decisions, two models, the product of two weights. Placements are decided weekly as in the placement analyses; courses
period by period: with m active periods still needed and r left, active with probability m / r while m > 0, then as observed; in the
arms without, as observed until one more would be enough, then not active, and free after the last period. An exit before a
deadline complies. That both run at the same time is described, not estimated.
Must not be here: the estimator (``plans``), row texts (``answers``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.effects.answers import Answers, Row
from pipeline.effects.covariates import Covariates, decision_covariates, running
from pipeline.effects.diagnostics import Setting
from pipeline.effects.eligibility import Cohort
from pipeline.effects.interaction import fewest, summed_arm, summed_draws
from pipeline.effects.periods import Periods, days_covered, days_per_period, periods_of, process_of
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.plans import Known, Plan, fitted_model, obstacle, run_plans
from pipeline.effects.processes import Demand, Process, left_alone
from pipeline.effects.protocol import Protocol, load_protocol, placement_protocol
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study, Tables
from pipeline.effects.timing import Fitted, fit_timing
from pipeline.errors import Fault

COMBINATION = "kombinasjonslop"


def combination_protocol() -> Protocol:
    """The protocol of the combination tracks (``protocols/kombinasjonslop.toml``)."""
    return load_protocol(COMBINATION)


def tracks(protocol: Protocol) -> dict[Strategy, tuple[bool, bool]]:
    """Each arm and whether it has (placement, course), in declared order."""
    rule = protocol.declared["strategier"]
    week = rule["praksis_innen_uke"]
    return {
        Strategy(name, "plan", week if arm["praksis"] else 0): (arm["praksis"], arm["norsk"])
        for name, arm in rule["armer"].items()
    }


def _joint(protocol: Protocol) -> tuple[Strategy, Strategy]:
    """Both together, and what the two would come to if each added what it does alone."""
    rule = protocol.declared["strategier"]
    name = rule["samspill"]
    return Strategy(name["navn"], "plan", rule["praksis_innen_uke"]), Strategy(name["sammenligning"], "plan")


def combination_study(protocol: Protocol) -> Study:
    """What the protocol asks: three tracks against none of them, and whether the two together exceed their sum."""
    rule = protocol.declared["strategier"]
    arms = list(tracks(protocol))
    none = next(s for s in arms if s.name == rule["sammenligning"])
    contrasts = [Contrast(COMBINATION, s, None if s == none else none) for s in arms]
    contrasts.append(Contrast(COMBINATION, *_joint(protocol), tuple(rule["samspill"]["maal"])))
    return Study(protocol, tuple(contrasts), tuple(rule["maal"]), protocol.declared["estimator"]["metode"])


@dataclass(frozen=True)
class _Courses:
    """Courses of the followed persons: ``covered`` (n, 1 + days) from day -1, ``days`` and ``active`` (n, periods)."""

    covered: Bools
    days: Ints
    active: Bools


def _courses(cohort: Cohort, tiltak: pl.DataFrame, protocol: Protocol) -> _Courses:
    rule = protocol.declared["perioder"]
    spells = tiltak.filter(pl.col("tiltak_type") == rule["tiltak"])
    covered = days_covered(cohort, spells, 7 * rule["uker"] * rule["antall"])
    days = days_per_period(covered, rule["uker"])
    return _Courses(covered, days, days >= rule["minst_dager"])


def _placed_in_the_period(periods: Periods, enough: int) -> dict[str, Floats]:
    """Whether the first placement began in the period itself, before or after a course could have been active in it already.

    Args:
        periods: the periods.
        enough: days that make a course active in a period.
    """
    placed, first = periods.weeks.placed[periods.who], periods.weeks.week
    inside = (placed >= first) & (placed < first + periods.length)
    early = 7 * (placed - first) < enough
    return {"praksis_tidlig": (inside & early).astype(float), "praksis_sent": (inside & ~early).astype(float)}


def _known(cohort: Cohort, tables: Tables, periods: Periods, courses: _Courses, protocol: Protocol) -> Covariates:
    """What was known before each period's course decision: as for placements, with placements and earlier courses.

    A course that begins on the period's first day belongs to the decision, so that its eve tells whether one runs. To begin one and
    to go on are different decisions: what bears on beginning is let in apart. A course decision is over with its period, after the period's
    placement decisions: a placement that began in the period is known to it, since it may end a course or keep one away.
    """
    weeks, placements = periods.weeks, tuple(protocol.declared["strategier"]["praksis"])
    base = decision_covariates(cohort, weeks, tables.kartlegging, tables.tiltak, tables.oppfolging, placements)
    eve = courses.covered[weeks.who, 7 * (weeks.week - 1)].astype(float)
    placed = weeks.placed[weeks.who]
    in_placement = running(cohort, tables.tiltak, weeks, placements, 1)
    begun = _placed_in_the_period(periods, protocol.declared["perioder"]["minst_dager"])
    return base.replaced({
        "norskopplaering": eve,
        "kursdager_forrige": periods.before(courses.days),
        "aktiv_forrige": periods.before(courses.active),
        "aktive_perioder": periods.so_far(courses.active),
        "praksis_begynt": ((placed > 0) & (placed < weeks.week)).astype(float),
        "praksis_loeper": in_placement,
        "praksis_uten_kurs": in_placement * (1 - eve),
        **begun,
        **{f"{name}_kurs": values * eve for name, values in begun.items()},
        "norsk_uten_kurs": base.values[:, base.names.index("norsk")] * (1 - eve) if "norsk" in base.names else np.zeros(len(eve)),
    })  # fmt: skip


def course_demand(period: Ints, active_before: Floats, wanted: bool, needed: int, count: int) -> Demand:
    """What an arm demands of the courses.

    Args:
        period: (rows,) the period decided on.
        active_before: (rows,) active periods before it.
        wanted: enough active periods are demanded; else, that there are fewer.
        needed: active periods that are enough.
        count: periods in which they are counted.
    """
    if not wanted:
        return Demand(np.where(active_before >= needed - 1, 0.0, np.nan))
    missing, left = needed - active_before, count - period + 1
    return Demand(np.where(missing > 0, np.minimum(missing / left, 1.0), np.nan))


def placement_demand(week: Ints, wanted: bool, deadline: int) -> Demand:
    """What an arm demands of the weekly placement decisions up to the deadline: evenly spread over it, or none."""
    return Demand(1 / (deadline - week + 1) if wanted else np.zeros(len(week)))


@dataclass(frozen=True)
class Tracks:
    """The fitted combination tracks, before any arm is asked.

    Attributes:
        timing: the placement analyses, whose persons, placement decisions, model and censoring weights these are.
        placement, course: the decisions, with what was known at them.
        plans: every arm and the one as observed.
        setting: the persons and what is compared.
        together: (n,) a placement and a course ran on the same day of the periods.
        protocol: what is asked.
    """

    timing: Fitted
    placement: Known
    course: Known
    plans: tuple[Plan, ...]
    setting: Setting
    together: Bools
    protocol: Protocol


def _together(cohort: Cohort, tiltak: pl.DataFrame, courses: _Courses, weeks: PersonWeeks, placements: tuple[str, ...]) -> Bools:
    days = courses.covered.shape[1] - 1
    placed = days_covered(cohort, tiltak.filter(pl.col("tiltak_type").is_in(list(placements))), days)
    followed = np.arange(-1, days)[None, :] < 7 * weeks.last[:, None]
    return np.asarray((courses.covered & placed & followed)[:, 1:].any(axis=1))


def _plans(protocol: Protocol, placement: Process, course: Process, period: Ints, active_before: Floats) -> tuple[Plan, ...]:
    rule, needed, count = (
        protocol.declared["strategier"],
        *(protocol.declared["perioder"][k] for k in ("minst_perioder", "antall")),
    )
    arms = [
        Plan(s, (
            placement_demand(placement.applies, places, rule["praksis_innen_uke"]),
            course_demand(period, active_before, learns, needed, count),
        ))
        for s, (places, learns) in tracks(protocol).items()
    ]  # fmt: skip
    return (*arms, Plan(OBSERVED, (left_alone(len(placement.who)), left_alone(len(course.who)))))


def fit_tracks(cohort: Cohort, tables: Tables, protocol: Protocol, timing: Fitted | None = None) -> Tracks | Results:
    """Fit both models, or say in an empty :class:`Results` why they cannot be fitted; arguments as :func:`run_combination`."""
    known = timing or fit_timing(cohort, tables, placement_protocol(), seed=0, bootstraps=1)
    if isinstance(known, Results):
        return known
    weeks, declared = known.weeks, protocol.declared
    if weeks.horizon != protocol.horizon:
        raise Fault(f"The protocols {protocol.name} and {known.protocol.name} follow persons for different lengths of time.")
    courses = _courses(cohort, tables.tiltak, protocol)
    periods = periods_of(weeks, declared["perioder"]["antall"], declared["perioder"]["uker"])
    active = periods.at(courses.active)[periods.complete] > 0
    if reason := obstacle(weeks, active):
        return Results(weeks, {}, {}, reason)
    before = _known(cohort, tables, periods, courses, protocol)
    decided = periods.complete
    learns = fitted_model(before.values[decided], active, weeks.cluster[periods.who[decided]], weeks.n_clusters)
    if learns is None:
        return Results(weeks, {}, {}, "modell")
    course = process_of(periods, courses.active, learns, declared["perioder"]["etterslep"])
    placement, setting = _placements(known, protocol), _setting(known, protocol)
    return Tracks(
        known,
        placement,
        Known(course, before.columns(setting.moving_names)[decided]),
        _plans(protocol, placement.process, course, periods.period[decided], periods.so_far(courses.active)[decided]),
        setting,
        _together(cohort, tables.tiltak, courses, weeks, tuple(declared["strategier"]["praksis"])),
        protocol,
    )


def _placements(timing: Fitted, protocol: Protocol) -> Known:
    """The weekly placement decisions up to the deadline."""
    weeks = timing.weeks
    soon = np.flatnonzero(weeks.week <= protocol.declared["strategier"]["praksis_innen_uke"])
    process = Process(weeks.who[soon], weeks.week[soon], weeks.start[soon], timing.model, soon, weeks.start.astype(float))
    return Known(process, timing.covariates.columns(protocol.declared["kovariater"]["balanse_over_tid"])[soon])


def _setting(timing: Fitted, protocol: Protocol) -> Setting:
    declared = protocol.declared
    return replace(
        timing.setting, fixed_names=declared["kovariater"]["balanse"], moving_names=declared["kovariater"]["balanse_over_tid"],
        quantile=declared["estimator"]["avkorting"], small=protocol.limits["positivitet_h"], endpoints=np.zeros((timing.weeks.n, 0)),
    )  # fmt: skip


def _with_sum(results: Results, protocol: Protocol) -> Results:
    """With the two arms of the interaction; both rows speak of the fewest persons of any arm."""
    key = {shape: s.key for s, shape in tracks(protocol).items()}
    both, one, other, none = (key[shape] for shape in ((True, True), (True, False), (False, True), (False, False)))
    joint, added = _joint(protocol)
    arms, draws = dict(results.arms), dict(results.draws)
    smallest = fewest([arms[k] for k in (both, one, other, none)])
    arms[joint.key] = replace(arms[both], strategy=joint, follows=smallest.follows, persons=smallest.persons)
    arms[added.key] = summed_arm(added, arms[one], arms[other], arms[none])
    draws[joint.key], draws[added.key] = draws[both], summed_draws(draws[one], draws[other], draws[none])
    return replace(results, arms=arms, draws=draws)


def answer(fitted: Tracks, *, seed: int, bootstraps: int, exact: bool = False) -> Results:
    """Every arm with its bootstrap draws; arguments as :func:`run_combination`."""
    known = [fitted.placement, fitted.course]
    found = run_plans(
        fitted.setting, known, fitted.plans, fitted.timing.cohort.unstated, seed=seed, bootstraps=bootstraps, exact=exact
    )
    return _with_sum(found, fitted.protocol)


def run_combination(
    cohort: Cohort,
    tables: Tables,
    protocol: Protocol,
    *,
    seed: int,
    bootstraps: int,
    timing: Fitted | None = None,
    exact: bool = False,
) -> Results:
    """Estimate every arm of the combination tracks.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the declared analysis.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        timing: the fitted placement analyses, whose decisions, model and censoring weights these are; fitted when not given.
        exact: refit the models in every draw (slow, the oracle).

    Returns:
        The arms, or the reason why there are none.
    """
    fitted = fit_tracks(cohort, tables, protocol, timing)
    return fitted if isinstance(fitted, Results) else answer(fitted, seed=seed, bootstraps=bootstraps, exact=exact)


def combination_rows(
    cohort: Cohort, tables: Tables, protocol: Protocol, *, seed: int, bootstraps: int, timing: Fitted | None = None
) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` without stamps; beside the gates, how many had both on the same day (described only).

    Arguments as :func:`run_combination`.
    """
    fitted = fit_tracks(cohort, tables, protocol, timing)
    study = combination_study(protocol)
    if isinstance(fitted, Results):
        return Answers(fitted, study).rows()
    results = answer(fitted, seed=seed, bootstraps=bootstraps)
    both = next(s for s, shape in tracks(protocol).items() if shape == (True, True))
    together = int((results.arms[both.key].follows & fitted.together).sum())
    return [_described(row, together) if row["strategi"] == both.name else row for row in Answers(results, study).rows()]


def _described(row: Row, together: int) -> Row:
    gates = json.loads(row["porter"]) | {"samtidig_personer": together}
    return row | {"porter": json.dumps(gates, ensure_ascii=False, sort_keys=True)}
