"""Placement timing over time: rows of ``STATISTIKK["kurver"]``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.effects.answers import NO_NUMBER, Answers, Row, risk_of
from pipeline.effects.findings import risk_interval
from pipeline.effects.protocol import OUTCOMES
from pipeline.effects.strategies import Strategy


def curve_rows(answers: Answers) -> Iterator[Row]:
    """Cumulative incidence on a four-week grid; without numbers when the arm is not graded A or B or the risk set is too small."""
    for asked in answers.study.contrasts:
        strategy = asked.strategy
        if strategy.kind in ("odds", "observert"):
            continue
        verdict = answers.arm_verdict(strategy)
        for outcome in OUTCOMES:
            for week in range(0, answers.study.protocol.horizon + 1, 4):
                yield _point(answers, strategy, outcome, week, verdict.grade)


def _point(answers: Answers, strategy: Strategy, outcome: str, week: int, letter: str) -> Row:
    row: Row = {"strategi": strategy.name, "variant": strategy.variant, "utfall": outcome, "uke": week, "grad": letter}
    results = answers.results
    arm = results.arms.get(strategy.key)
    if arm is None:
        return row
    last, weeks = max(week, 1) - 1, results.weeks
    left = arm.follows & np.isin(weeks.cause, OUTCOMES[outcome]) & (weeks.last <= week)
    row |= {"n_hendelser": int(left.sum()), "n_under_risiko": int(arm.at_risk[last])}
    if letter in NO_NUMBER or arm.ess_at_risk[last] < answers.limits["ess_horisont"]:
        return row
    if week == 0:
        return row | {"risiko": 0.0, "ki_nedre": 0.0, "ki_ovre": 0.0}
    drawn = risk_of(results.draws[strategy.key].incidence, outcome, week)
    interval = risk_interval(float(risk_of(arm.incidence, outcome, week)), drawn, weeks.municipalities)
    return row | {"risiko": interval.estimate, "ki_nedre": interval.low, "ki_ovre": interval.high}
