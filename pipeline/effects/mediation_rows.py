"""The mediation analyses as graded rows of ``STATISTIKK["effekt"]``: total effect, its two parts, the share through language.

Two gates are this analysis' own: the landmark, which keeps every grade from A, and how many have a language level.
Must not be here: estimation (``mediation``) and words (``sentences``).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipeline.effects.answers import NO_NUMBER, Answers, Question, Row, risk_of
from pipeline.effects.eligibility import Cohort
from pipeline.effects.findings import Interval, interval_of, small_sample_factor
from pipeline.effects.gates import AMBER, GREEN, RED, Gate, Verdict, grade
from pipeline.effects.mediation_arms import DIRECT, SHARE, SINGLE, VIA, Mediation, declared_arms, mediation_results, run_mediation
from pipeline.effects.person_weeks import Floats
from pipeline.effects.protocol import OUTCOMES, Protocol, load_protocol
from pipeline.effects.sentences import Claim, said
from pipeline.effects.study import Contrast, Results, Study, Tables

NAME = "aarsakskjede"
_REMARK = "maalt_norsk"
_SHOWN_FROM = 10


def mediation_protocol() -> Protocol:
    """The protocol of the mediation analyses (``protocols/aarsakskjede.toml``)."""
    return load_protocol(NAME)


def _study(protocol: Protocol, strategy: str, comparison: str) -> Study:
    full, none, direct, via = declared_arms(strategy, comparison)
    contrasts = [Contrast(NAME, none), *(Contrast(NAME, one, none) for one in (full, direct, via))]
    return Study(protocol, tuple(contrasts), ("risiko", "risikodifferanse"), protocol.declared["estimator"]["metode"])


class _Answers(Answers):
    """Rows with this analysis' own gates, counts and remark."""

    def __init__(self, results: Results, study: Study, mediation: Mediation) -> None:
        super().__init__(results, study)
        self.people = mediation.people
        found = mediation.efforts[study.contrasts[1].strategy.name]
        if not isinstance(found, str):
            fewest = min(int((self.people.measured & (found.effort.exposed == a)).sum()) for a in (False, True))
            own = {"landemerke": Gate(None, AMBER), "maalte": count_gate(fewest, self.limits["kartlagte"])}
            self.own = {key: gates | own for key, gates in self.own.items()}

    def _fewest(self, question: Question) -> int:
        """The fewest persons with, or without, one of the single outcomes asked for, among those with a level."""
        asked = self.people.measured & self.people.told(question.weeks)
        reached = [self.people.reached(o, question.weeks)[asked] for o, c in SINGLE.items() if c in OUTCOMES[question.outcome]]
        return min(min(int(r.sum()), int((~r).sum())) for r in reached)

    def _verdict(self, question: Question, plain: Interval) -> Verdict:
        fewest = self._fewest(question)
        verdict = super()._verdict(question, plain)
        if fewest == 0:
            return Verdict("D", verdict.gates, "faa_utfall")
        if verdict.grade == "D":
            return verdict
        sides = [question.strategy, *([question.comparison] if question.comparison else [])]
        gates = {**verdict.gates, "faa_utfall": count_gate(fewest, self.limits["utfall"])}
        return grade(gates, self.limits, min(self._remaining(s, question) for s in sides))

    def _counts(self, question: Question) -> Row:
        """Persons of the arm whose project's data reach the horizon, and those of them with the outcome."""
        arm = self.results.arms[question.strategy.key]
        units = arm.follows & self.people.reaches(question.weeks)
        events = units & self.people.reached(question.outcome, question.weeks)
        return {"n_personer": int(units.sum()), "n_hendelser": int(events.sum()), "ess": arm.ess}

    def _claim(self, question: Question, verdict: Verdict, found: str | None, shown: Interval | None) -> Claim:
        claim = super()._claim(question, verdict, found, shown)
        divided = question.strategy.name.endswith((DIRECT, VIA)) and shown is not None
        return replace(claim, remark="; ".join(self._remarks(question))) if divided else claim

    def _remarks(self, question: Question) -> list[str]:
        """Codes of ``merknad`` for a part; of a difference also that the parts are rounded, and that their sum is not certain."""
        if not question.comparison:
            return [_REMARK]
        whole = self.row(replace(question, contrast=self.study.contrasts[1]))
        certain = whole["estimat"] is not None and (whole["ki_nedre"] > 0 or whole["ki_ovre"] < 0)
        return [_REMARK, "avrundede_deler", *([] if certain else ["usikker_helhet"])]

    def share_rows(self, strategy: str) -> list[Row]:
        """The share of the total effect that goes through the level, where the total is certain and the part has its sign."""
        names = {s.strategy.name: s for s in self.study.contrasts}
        return [
            self._share(strategy, [Question(names[n], outcome, weeks, "risikodifferanse", "alle", "hoved") for n in (strategy, strategy + VIA)])
            for outcome in self.study.outcomes
            for weeks in self.study.weeks
        ]  # fmt: skip

    def _share(self, strategy: str, questions: list[Question]) -> Row:
        total, via = (self.row(q) for q in questions)
        asked = questions[0]
        shown, verdict = None, self._share_verdict(total, via, asked)
        if verdict.grade not in NO_NUMBER:
            whole, part = (self._drawn(q) for q in questions)
            shown = share_interval(whole, part, self.results.weeks.municipalities)
        other = asked.contrast.comparison
        claim = Claim(
            strategy + SHARE, other.name if other else None, asked.outcome, asked.weeks, "andel", verdict.grade, None, shown,
            self.study.protocol.margin, verdict.reason, None, _REMARK if shown else "", NAME,
        )  # fmt: skip
        key = asked.key | {"strategi": strategy + SHARE, "maal": "andel"}
        numbers = {"estimat": shown.estimate, "ki_nedre": shown.low, "ki_ovre": shown.high, "se": shown.se} if shown else {}
        same = {name: total.get(name) for name in ("n_personer", "n_hendelser", "ess", "n_klynger", "metode", "protokoll_hash")}
        return key | said(claim) | same | numbers | {"grad": verdict.grade, "porter": verdict.json()}

    def _share_verdict(self, total: Row, via: Row, asked: Question) -> Verdict:
        """The verdict of the total effect, unless it cannot be divided."""
        if not self.results.arms:
            return Verdict("D", {}, self.results.reason)
        interval, _ = self._interval(asked)
        verdict = self._verdict(asked, interval)
        if total["estimat"] is None or via["estimat"] is None:
            return verdict
        certain = total["ki_nedre"] > 0 or total["ki_ovre"] < 0
        if not certain or total["estimat"] * via["estimat"] <= 0:
            return Verdict("D", verdict.gates, "ikke_delt")
        return verdict

    def _drawn(self, question: Question) -> tuple[float, Floats]:
        """(estimate, draws) of a difference."""
        sides = [question.strategy.key, question.comparison.key] if question.comparison else []
        arms, draws_ = self.results.arms, self.results.draws
        value = [float(risk_of(arms[k].incidence, question.outcome, question.weeks)) for k in sides]
        drawn = [risk_of(draws_[k].incidence, question.outcome, question.weeks) for k in sides]
        return value[0] - value[1], drawn[0] - drawn[1]


def count_gate(number: int, least: float) -> Gate:
    """Green from ``least`` persons on, else red; a small number is not told."""
    if number < _SHOWN_FROM:
        return Gate(None, RED, f"under {_SHOWN_FROM}")
    return Gate(float(number), GREEN if number >= least else RED)


def share_interval(total: tuple[float, Floats], part: tuple[float, Floats], clusters: int) -> Interval:
    """The ratio of a part to its total, each (estimate, draws of so many clusters), with the delta method's interval."""
    share = part[0] / total[0]
    usable = np.isfinite(total[1]) & np.isfinite(part[1])
    covariance = np.cov(part[1][usable], total[1][usable])
    variance = covariance[0, 0] - 2 * share * covariance[0, 1] + share**2 * covariance[1, 1]
    se = small_sample_factor(clusters) * math.sqrt(max(float(variance), 0.0)) / abs(total[0])
    return interval_of(share, se, clusters)


def rows_of(mediation: Mediation, protocol: Protocol) -> list[Row]:
    """Every declared combination of every effort, without stamps."""
    rows: list[Row] = []
    for one in protocol.declared["innsats"]:
        strategies = declared_arms(one["strategi"], one["sammenligning"])
        study = _study(protocol, one["strategi"], one["sammenligning"])
        answers = _Answers(mediation_results(mediation, strategies, protocol), study, mediation)
        rows += [*answers.rows(), *answers.share_rows(one["strategi"])]
    return rows


def mediation_rows(cohort: Cohort, tables: Tables, *, seed: int, bootstraps: int) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` without stamps: total effect, both parts and the share, per effort, outcome and horizon.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
    """
    protocol = mediation_protocol()
    return rows_of(run_mediation(cohort, tables, protocol, seed=seed, bootstraps=bootstraps), protocol)
