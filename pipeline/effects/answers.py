"""Estimates as graded rows of ``STATISTIKK["effekt"]``: every combination that a study declares, whatever estimator found it.

Belongs here: from arms and draws to intervals, grades and sentences. Must not be here: any estimator, any word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.effects.bootstrap import Draws
from pipeline.effects.diagnostics import Arm
from pipeline.effects.findings import (
    Interval,
    difference_interval,
    e_value,
    e_value_of_limit,
    finding,
    ratio_finding,
    ratio_interval,
    risk_interval,
)
from pipeline.effects.gates import Gate, Verdict, arm_gates, control_gate, grade, truncation_gate, worst
from pipeline.effects.person_weeks import Floats
from pipeline.effects.protocol import MAIN, OUTCOMES
from pipeline.effects.sentences import Claim, said
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study

Row = dict[str, Any]
NO_NUMBER = ("C", "D")
# Draws that never differ are no certainty: nobody, or everybody, reached the outcome.
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class Question:
    """One declared combination: a contrast (asked for a risk, its comparison is left out), outcome, week, measure."""

    contrast: Contrast
    outcome: str
    weeks: int
    measure: str
    subgroup: str
    sensitivity: str

    @property
    def strategy(self) -> Strategy:
        return self.contrast.strategy

    @property
    def comparison(self) -> Strategy | None:
        return None if self.measure == "risiko" else self.contrast.comparison

    @property
    def key(self) -> Row:
        return {
            "analyse": self.contrast.analyse,
            "strategi": self.strategy.name,
            "sammenligning": self.comparison.name if self.comparison else None,
            "utfall": self.outcome,
            "horisont_uker": self.weeks,
            "variant": self.strategy.variant,
            "maal": self.measure,
            "undergruppe": self.subgroup,
            "folsomhet": self.sensitivity,
        }


def _asked(study: Study, contrast: Contrast) -> Iterator[tuple[str, int]]:
    """(outcome, week) asked of a strategy; endpoints are asked of the comparison and of uniform strategies only."""
    yield from ((outcome, week) for outcome in study.outcomes for week in study.weeks)
    if contrast.strategy.kind in ("ingen", "jevn"):
        yield from study.endpoints.items()


def questions(study: Study) -> list[Question]:
    """Every declared combination of the study, in a fixed order."""
    return [
        Question(contrast, outcome, week, measure, study.subgroup, study.sensitivity)
        for contrast in study.contrasts
        for outcome, week in _asked(study, contrast)
        for measure in contrast.measures or study.measures
        if measure == "risiko" or contrast.comparison
    ]


def risk_of(incidence: Floats, outcome: str, week: int) -> Floats:
    """(…) cumulative incidence of the outcome by the end of ``week``."""
    return np.asarray(incidence[..., week - 1, list(OUTCOMES[outcome])].sum(axis=-1))


def contrast(results: Results, strategy: Strategy, other: Strategy, outcome: str, week: int) -> tuple[Interval, Interval]:
    """(difference, ratio) of the two strategies' risks of the outcome by ``week``, whatever their grades."""
    sides = strategy.key, other.key
    above, below = (float(risk_of(results.arms[k].incidence, outcome, week)) for k in sides)
    drawn, drawn_other = (risk_of(results.draws[k].incidence, outcome, week) for k in sides)
    clusters = results.weeks.municipalities
    difference = difference_interval(above - below, drawn - drawn_other, clusters)
    return difference, ratio_interval(above, below, drawn, drawn_other, clusters)


class Answers:
    """Turns the :class:`Results` of a :class:`Study` into graded rows."""

    def __init__(self, results: Results, study: Study) -> None:
        self.results, self.study, self.limits = results, study, study.protocol.limits
        self.own = {k: arm_gates(a, results.weeks.municipalities, self.limits) for k, a in results.arms.items()}

    def _value(self, found: Arm | Draws, question: Question, truncated: bool = False) -> Floats:
        """(…) what is asked, of an arm or of its draws."""
        if question.outcome in self.study.endpoints:
            means = found.endpoints_truncated if truncated and isinstance(found, Arm) else found.endpoints
            return np.asarray(means[..., list(self.study.endpoints).index(question.outcome)])
        incidence = found.truncated if truncated and isinstance(found, Arm) else found.incidence
        return risk_of(incidence, question.outcome, question.weeks)

    def _interval(self, question: Question) -> tuple[Interval, Interval | None]:
        """The risk, or the difference with its ratio."""
        arms, draws, clusters = self.results.arms, self.results.draws, self.results.weeks.municipalities
        risk, drawn = (self._value(side[question.strategy.key], question) for side in (arms, draws))
        if not question.comparison:
            return risk_interval(float(risk), drawn, clusters), None
        other, drawn_other = (self._value(side[question.comparison.key], question) for side in (arms, draws))
        difference = difference_interval(float(risk - other), drawn - drawn_other, clusters)
        return difference, ratio_interval(float(risk), float(other), drawn, drawn_other, clusters)

    def _truncated(self, question: Question) -> float:
        """What is asked, with the heaviest weights capped."""
        arms = self.results.arms
        value = float(self._value(arms[question.strategy.key], question, truncated=True))
        other = question.comparison
        return value - (float(self._value(arms[other.key], question, truncated=True)) if other else 0.0)

    def _control(self, arm: Strategy, other: Strategy) -> Gate:
        arms, draws = self.results.arms, self.results.draws
        difference = arms[arm.key].control - arms[other.key].control
        drawn = draws[arm.key].control - draws[other.key].control
        return control_gate(difference_interval(difference, drawn, self.results.weeks.municipalities), self.limits)

    def arm_verdict(self, strategy: Strategy) -> Verdict:
        """The grade of one arm, whatever the horizon (for its curve)."""
        if not self.results.arms:
            return Verdict("D", {}, self.results.reason)
        gates = self.own[strategy.key] | {"negativ_kontroll": self._control(strategy, OBSERVED)}
        return grade(gates, self.limits, math.inf)

    def _remaining(self, strategy: Strategy, question: Question) -> float:
        """Effective number of units that the answer rests on at the horizon."""
        arm = self.results.arms[strategy.key]
        if question.outcome in self.study.endpoints:
            return float(arm.endpoint_ess[list(self.study.endpoints).index(question.outcome)])
        return float(arm.ess_at_risk[question.weeks - 1])

    def _verdict(self, question: Question, plain: Interval) -> Verdict:
        arm, other = question.strategy, question.comparison
        sides = [arm, other] if other else [arm]
        gates = worst(*(self.own[s.key] for s in sides)) | {"negativ_kontroll": self._control(arm, other or OBSERVED)}
        gates["avkorting"] = truncation_gate(self._truncated(question) - plain.estimate, plain.se, self.limits)
        verdict = grade(gates, self.limits, min(self._remaining(s, question) for s in sides))
        if verdict.grade not in NO_NUMBER and not (plain.is_finite and plain.se > _NO_SPREAD):
            return Verdict("D", gates, "ingen_utfall" if plain.is_finite and plain.estimate == 0 else "usikkerhet")
        return verdict

    def row(self, question: Question, instead: Interval | None = None) -> Row:
        """One row of ``effekt`` without stamps; ``instead`` is shown in place of the study's own interval (shrinkage)."""
        if not self.results.arms:
            verdict = Verdict("D", {}, self.results.reason)
            return self._base(question, verdict, self._claim(question, verdict, None, None), {})
        plain, ratio = self._interval(question)
        verdict = self._verdict(question, plain)
        return self._answered(question, verdict, instead or plain, None if instead else ratio)

    def _margin(self, question: Question) -> float:
        return self.study.protocol.ratio_margin if question.measure == "risikoratio" else self.study.protocol.margin

    def _claim(self, question: Question, verdict: Verdict, found: str | None, shown: Interval | None) -> Claim:
        other, sensitivity = question.comparison, question.sensitivity
        return Claim(
            question.strategy.name, other.name if other else None, question.outcome, question.weeks, question.measure,
            verdict.grade, found, shown, self._margin(question), verdict.reason, question.strategy.variant,
            "" if sensitivity == MAIN else sensitivity, question.contrast.analyse, question.subgroup,
        )  # fmt: skip

    def _counts(self, question: Question) -> Row:
        """Different persons who followed the strategy, and those of them with the outcome."""
        weeks, arm = self.results.weeks, self.results.arms[question.strategy.key]
        if question.outcome in self.study.endpoints:
            values = self.results.endpoints[:, list(self.study.endpoints).index(question.outcome)]
            units, events = arm.follows & ~np.isnan(values), arm.follows & (values == 1)
        else:
            left = np.isin(weeks.cause, OUTCOMES[question.outcome]) & (weeks.last <= question.weeks)
            units, events = arm.follows, arm.follows & left
        return {"n_personer": weeks.persons(units), "n_hendelser": weeks.persons(events), "ess": arm.ess}

    def _answered(self, question: Question, verdict: Verdict, plain: Interval, ratio: Interval | None) -> Row:
        is_ratio = question.measure == "risikoratio"
        shown = ratio if is_ratio else plain
        if verdict.grade in NO_NUMBER:
            shown = None
        elif shown is None or not shown.is_finite:
            shown, verdict = None, Verdict("D", verdict.gates, "ingen_utfall")
        found = None
        if shown and question.comparison:
            found = ratio_finding(shown, self._margin(question)) if is_ratio else finding(shown, self._margin(question))
        beside: dict[str, float | None] = {"andel_uten_oppgitt_statusdato": self.results.unstated}
        if shown and ratio and ratio.is_finite:
            beside |= {"e_verdi": e_value(ratio.estimate), "e_verdi_grense": e_value_of_limit(ratio)}
        claim = self._claim(question, verdict, found, shown)
        return self._base(question, verdict, claim, beside) | self._counts(question) | {
            "estimat": shown.estimate if shown else None,
            "ki_nedre": shown.low if shown else None,
            "ki_ovre": shown.high if shown else None,
            "se": shown.se if shown else None,
            "funn": found,
            "e_verdi": beside.get("e_verdi"),
        }  # fmt: skip

    def _base(self, question: Question, verdict: Verdict, claim: Claim, extra: dict[str, float | None]) -> Row:
        return question.key | said(claim) | {
            "n_klynger": self.results.weeks.municipalities,
            "metode": self.study.method[question.strategy.kind],
            "grad": verdict.grade,
            "porter": verdict.json(**{k: v for k, v in extra.items() if k != "e_verdi"}),
            "protokoll_hash": self.study.protocol.hash,
        }  # fmt: skip

    def rows(self) -> list[Row]:
        """Every declared combination of the study."""
        return [self.row(q) for q in questions(self.study)]
