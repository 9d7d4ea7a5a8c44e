"""The nightly self-test: starts drawn anew within each week's risk set, exits as they were; the method must find nothing.

Whoever waits in a week may get the start of another who waits: as many start as did, chosen by lot, so that a start tells nothing
about the exit. A mean over the draws that chance does not explain uncovers a broken night. It gives no grade: it cannot see causes
that were not measured. Must not be here: estimators.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.effects.covariates import decision_covariates
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.protocol import OUTCOMES
from pipeline.effects.start_model import Mode, design, point_hazard
from pipeline.effects.strategies import Strategy, person_week_weights, strategy_weights
from pipeline.effects.study import Results, Tables
from pipeline.effects.timing import Fitted, nothing_in, uniform

_LIMIT_IN_ERRORS = 3.0


def everybody_waiting(weeks: PersonWeeks) -> PersonWeeks:
    """The same persons as if nobody had started: a decision week for every observed week of the window."""
    until = np.minimum(weeks.last, weeks.window)
    who = np.repeat(np.arange(weeks.n), until)
    week = np.arange(len(who)) - np.repeat(np.cumsum(until) - until, until) + 1
    return replace(weeks, placed=np.zeros(weeks.n, dtype=np.int64), who=who, week=week, start=np.zeros(len(who), dtype=bool))


def redrawn_starts(weeks: PersonWeeks, rng: np.random.Generator) -> Ints:
    """(n,) week of the first start, 0 = none in the window: each week as many as started, by lot among those who wait."""
    placed = np.zeros(weeks.n, dtype=np.int64)
    for week in range(1, weeks.window + 1):
        starting = int((weeks.placed == week).sum())
        waiting = np.flatnonzero((weeks.last >= week) & (placed == 0))
        placed[rng.choice(waiting, min(starting, len(waiting)), replace=False)] = week
    return placed


def _with_starts(waiting: PersonWeeks, placed: Ints) -> tuple[PersonWeeks, Bools]:
    """The person-weeks under these starts, and which of the waiting weeks they are."""
    rows = (placed[waiting.who] == 0) | (waiting.week <= placed[waiting.who])
    who, week = waiting.who[rows], waiting.week[rows]
    return replace(waiting, placed=placed, who=who, week=week, start=placed[who] == week), rows


def _difference(
    fitted: Fitted, weeks: PersonWeeks, values: Floats, arms: tuple[Strategy, Strategy], begin: Mode | None
) -> tuple[float, Mode]:
    """The estimate under these starts, the variance between municipalities as the night found it; and the start model's mode."""
    rule = fitted.protocol.declared["selvtest"]
    hazard, mode = point_hazard(
        design(values), weeks.start.astype(float), weeks.cluster[weeks.who], weeks.n_clusters, fitted.model.tau2, begin
    )  # fmt: skip
    risks = []
    for strategy in arms:
        weights = person_week_weights(strategy_weights(strategy, weeks, hazard), weeks, fitted.censoring)
        incidence = cumulative_incidence(weights, weeks)
        risks.append(float(incidence[rule["horisont_uker"] - 1, list(OUTCOMES[rule["utfall"]])].sum()))
    return risks[0] - risks[1], mode


def self_test_rows(fitted: Fitted | Results, tables: Tables, seed: int) -> list[dict[str, Any]]:
    """The row of ``STATISTIKK["selvtest"]`` without stamps.

    Args:
        fitted: the main analysis, or the results that say why there is none: then the row has no number and a reason.
        tables: what is known about the persons.
        seed: seed of the lots.
    """
    if isinstance(fitted, Results):
        return [{"analyse": "praksis_tidspunkt", "n_trekninger": 0, "begrunnelse": fitted.reason}]
    rule, protocol = fitted.protocol.declared["selvtest"], fitted.protocol
    arms = uniform(rule["strategi"]), nothing_in(protocol)
    waiting = everybody_waiting(fitted.weeks)
    known = decision_covariates(
        fitted.cohort, waiting, tables.kartlegging, tables.tiltak, tables.oppfolging, fitted.analysis.placements
    )
    rng = np.random.default_rng([seed, 1])
    found, mode = [], None
    for _ in range(rule["trekninger"]):
        weeks, rows = _with_starts(waiting, redrawn_starts(fitted.weeks, rng))
        difference, mode = _difference(fitted, weeks, known.values[rows], arms, mode)
        found.append(difference)
    mean, sd = float(np.mean(found)), float(np.std(found, ddof=1))
    limit = _LIMIT_IN_ERRORS * sd / len(found) ** 0.5
    return [
        {
            "analyse": protocol.name, "strategi": arms[0].name, "sammenligning": arms[1].name, "utfall": rule["utfall"],
            "horisont_uker": rule["horisont_uker"], "n_trekninger": len(found), "middel": mean, "sd": sd, "grense": limit,
            "bestatt": abs(mean) <= limit, "protokoll_hash": protocol.hash,
        }
    ]  # fmt: skip
