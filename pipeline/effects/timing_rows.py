"""The placement analyses as rows of ``STATISTIKK["effekt"]`` and ``["kurver"]``: every declared combination, graded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

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
from pipeline.effects.person_weeks import Floats, PersonWeeks
from pipeline.effects.protocol import MAIN, OUTCOMES, Analysis, Protocol
from pipeline.effects.sentences import Claim, can_say, cannot_say
from pipeline.effects.strategies import Strategy
from pipeline.effects.timing import NONE, OBSERVED, Timing, strategies

METHOD = {
    "jevn": "vektet Aalen-Johansen, jevn frist, kommunebootstrap",
    "naturlig": "vektet Aalen-Johansen, naturlig frist, kommunebootstrap",
    "ingen": "vektet Aalen-Johansen, kommunebootstrap",
    "odds": "vektet Aalen-Johansen, inkrementelle startodds, kommunebootstrap",
    "observert": "Aalen-Johansen, kommunebootstrap",
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One declared combination: strategy, comparison (None for a risk), outcome, horizon, measure, main or sensitivity analysis."""

    strategy: Strategy
    comparison: Strategy | None
    outcome: str
    weeks: int
    measure: str
    analysis: str = MAIN

    @property
    def key(self) -> Row:
        return {
            "analyse": "praksis_tempo" if self.strategy.kind in ("odds", "observert") else "praksis_tidspunkt",
            "strategi": self.strategy.name,
            "sammenligning": self.comparison.name if self.comparison else None,
            "utfall": self.outcome,
            "horisont_uker": self.weeks,
            "variant": self.strategy.variant,
            "maal": self.measure,
            "undergruppe": "alle",
            "folsomhet": self.analysis,
        }


def _measures(strategy: Strategy, declared: tuple[str, ...]) -> list[tuple[str, Strategy | None]]:
    """(measure, comparison) of the strategy: what is compared with nothing has a risk only."""
    against = {"odds": OBSERVED, "jevn": NONE, "naturlig": NONE}.get(strategy.kind)
    comparisons = {"risiko": None, "risikodifferanse": against, "risikoratio": against}
    return [(m, comparisons[m]) for m in declared if m == "risiko" or against]


def questions(protocol: Protocol, analysis: Analysis) -> list[Question]:
    """Every declared combination of the analysis, in a fixed order."""
    return [
        Question(strategy, comparison, outcome, weeks, measure, analysis.name)
        for strategy in strategies(protocol, analysis)
        if strategy != OBSERVED or analysis.odds  # without tempo, as observed is asked of the negative control only
        for outcome in OUTCOMES
        for weeks in protocol.horizons
        for measure, comparison in _measures(strategy, analysis.measures)
    ]


def _risk(incidence: Floats, outcome: str, week: int) -> Floats:
    """(…) cumulative incidence of the outcome by the end of ``week``."""
    return np.asarray(incidence[..., week - 1, list(OUTCOMES[outcome])].sum(axis=-1))


def _events(arm: Arm, weeks: PersonWeeks, outcome: str, week: int) -> int:
    return int((arm.follows & np.isin(weeks.cause, OUTCOMES[outcome]) & (weeks.last <= week)).sum())


def contrast(timing: Timing, strategy: Strategy, other: Strategy, outcome: str, week: int) -> tuple[Interval, Interval]:
    """(difference, ratio) of the two strategies' risks of the outcome by ``week``, whatever their grades."""
    arms, draws = timing.arms, timing.draws
    above, below = (float(_risk(arms[s.key].incidence, outcome, week)) for s in (strategy, other))
    drawn, drawn_other = (_risk(draws[s.key].incidence, outcome, week) for s in (strategy, other))
    return difference_interval(above - below, drawn - drawn_other), ratio_interval(above, below, drawn, drawn_other)


class Answers:
    """Turns the :class:`Timing` of an analysis (default: the main one) into graded rows."""

    def __init__(self, timing: Timing, protocol: Protocol, analysis: Analysis | None = None) -> None:
        self.timing, self.protocol, self.limits = timing, protocol, protocol.limits
        self.analysis = analysis or protocol.main
        self.own = {k: arm_gates(a, timing.weeks.n_clusters, self.limits) for k, a in timing.arms.items()}

    def _control(self, arm: Strategy, other: Strategy) -> Gate:
        arms, draws = self.timing.arms, self.timing.draws
        interval = difference_interval(
            arms[arm.key].control - arms[other.key].control, draws[arm.key].control - draws[other.key].control
        )
        return control_gate(interval.estimate, interval.se, self.limits)

    def arm_verdict(self, strategy: Strategy) -> Verdict:
        """The grade of one arm, whatever the horizon (for its curve)."""
        if not self.timing.arms:
            return Verdict("D", {}, self.timing.reason)
        gates = self.own[strategy.key] | {"negativ_kontroll": self._control(strategy, OBSERVED)}
        return grade(gates, self.limits, math.inf)

    def _verdict(self, question: Question, plain: Interval, truncated: float) -> Verdict:
        arm, other = question.strategy, question.comparison or OBSERVED
        sides = [arm] + ([other] if question.comparison else [])
        gates = worst(*(self.own[s.key] for s in sides)) | {"negativ_kontroll": self._control(arm, other)}
        gates["avkorting"] = truncation_gate(truncated - plain.estimate, plain.se, self.limits)
        remaining = min(float(self.timing.arms[s.key].ess_at_risk[question.weeks - 1]) for s in sides)
        verdict = grade(gates, self.limits, remaining)
        if verdict.grade in ("A", "B") and not plain.is_finite:
            return Verdict("D", gates, "usikkerheten lot seg ikke beregne")
        return verdict

    def _difference_of(self, question: Question, incidences: dict[tuple[str, str | None], Floats]) -> float:
        risk = float(_risk(incidences[question.strategy.key], question.outcome, question.weeks))
        return risk - (
            float(_risk(incidences[question.comparison.key], question.outcome, question.weeks)) if question.comparison else 0.0
        )

    def row(self, question: Question) -> Row:
        """One row of ``effekt`` without stamps."""
        timing = self.timing
        if not timing.arms:
            return self._unanswered(question)
        arm, draws = timing.arms[question.strategy.key], timing.draws[question.strategy.key]
        truncated = self._difference_of(question, {k: a.truncated for k, a in timing.arms.items()})
        ratio = None
        if question.comparison:
            plain, ratio = contrast(timing, question.strategy, question.comparison, question.outcome, question.weeks)
        else:
            plain = risk_interval(
                float(_risk(arm.incidence, question.outcome, question.weeks)),
                _risk(draws.incidence, question.outcome, question.weeks),
            )
        return self._answered(question, self._verdict(question, plain, truncated), plain, ratio)

    def _margin(self, question: Question) -> float:
        return self.protocol.ratio_margin if question.measure == "risikoratio" else self.protocol.margin

    def _claim(self, question: Question, verdict: Verdict, found: str | None, shown: Interval | None) -> Claim:
        other = question.comparison.name if question.comparison else None
        return Claim(
            question.strategy.name, other, question.outcome, question.weeks, question.measure, verdict.grade, found, shown,
            self._margin(question), verdict.reason, question.strategy.variant, self.analysis.text,
        )  # fmt: skip

    def _answered(self, question: Question, verdict: Verdict, plain: Interval, ratio: Interval | None) -> Row:
        arm, is_ratio = self.timing.arms[question.strategy.key], question.measure == "risikoratio"
        shown = ratio if is_ratio else plain
        if verdict.grade not in ("A", "B") or shown is None or not shown.is_finite:
            shown = None
            if verdict.grade in ("A", "B"):
                verdict = Verdict("D", verdict.gates, "ingen i en av gruppene nådde utfallet")
        found = None
        if shown and question.comparison:
            found = ratio_finding(shown, self._margin(question)) if is_ratio else finding(shown, self._margin(question))
        beside: dict[str, float | None] = {"andel_uten_oppgitt_statusdato": self.timing.unstated}
        if shown and ratio and ratio.is_finite:
            beside |= {"e_verdi": e_value(ratio.estimate), "e_verdi_grense": e_value_of_limit(ratio)}
        return self._base(question, verdict, self._claim(question, verdict, found, shown), beside) | {
            "estimat": shown.estimate if shown else None,
            "ki_nedre": shown.low if shown else None,
            "ki_ovre": shown.high if shown else None,
            "se": shown.se if shown else None,
            "n_personer": int(arm.follows.sum()),
            "ess": arm.ess,
            "n_hendelser": _events(arm, self.timing.weeks, question.outcome, question.weeks),
            "funn": found,
            "e_verdi": beside.get("e_verdi"),
        }

    def _unanswered(self, question: Question) -> Row:
        verdict = Verdict("D", {}, self.timing.reason)
        return self._base(question, verdict, self._claim(question, verdict, None, None), {})

    def _base(self, question: Question, verdict: Verdict, claim: Claim, extra: dict[str, float | None]) -> Row:
        return question.key | {
            "n_klynger": self.timing.weeks.n_clusters,
            "metode": METHOD[question.strategy.kind],
            "grad": verdict.grade,
            "porter": verdict.json(**{k: v for k, v in extra.items() if k != "e_verdi"}),
            "kan_si": can_say(claim),
            "kan_ikke_si": cannot_say(claim),
            "protokoll_hash": self.protocol.hash,
        }

    def rows(self) -> list[Row]:
        """Every declared combination of the analysis."""
        return [self.row(q) for q in questions(self.protocol, self.analysis)]

    def curve_rows(self) -> Iterator[Row]:
        """Cumulative incidence on a four-week grid; without numbers when the arm is not graded A or B or the risk set is too small."""
        for strategy in strategies(self.protocol, self.analysis):
            if strategy.kind in ("odds", "observert"):
                continue
            verdict = self.arm_verdict(strategy)
            for outcome in OUTCOMES:
                for week in range(0, self.protocol.horizon + 1, 4):
                    yield self._point(strategy, outcome, week, verdict.grade)

    def _point(self, strategy: Strategy, outcome: str, week: int, letter: str) -> Row:
        row: Row = {"strategi": strategy.name, "variant": strategy.variant, "utfall": outcome, "uke": week, "grad": letter}
        arm = self.timing.arms.get(strategy.key)
        if arm is None:
            return row
        row |= {
            "n_hendelser": _events(arm, self.timing.weeks, outcome, week),
            "n_under_risiko": int(arm.at_risk[max(week, 1) - 1]),
        }
        if letter not in ("A", "B") or arm.ess_at_risk[max(week, 1) - 1] < self.limits["ess_horisont"]:
            return row
        if week == 0:
            return row | {"risiko": 0.0, "ki_nedre": 0.0, "ki_ovre": 0.0}
        interval = risk_interval(
            float(_risk(arm.incidence, outcome, week)), _risk(self.timing.draws[strategy.key].incidence, outcome, week)
        )
        return row | {"risiko": interval.estimate, "ki_nedre": interval.low, "ki_ovre": interval.high}
