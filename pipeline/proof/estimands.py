"""What is proved: each entry names an estimate as the night makes it and the truth it is held against.

Another analysis is proved by adding an entry. Must not be here: wrong comparisons (``wrong``), many programmes (``study``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.effects.answers import Answers, Question, contrast
from pipeline.effects.findings import Interval, Z
from pipeline.effects.protocol import ALL, MAIN
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results
from pipeline.effects.timing import NONE
from pipeline.proof.programme import Forced, Programme
from pipeline.synthetic.truth import regimes

OUTCOME = "arbeid_eller_utdanning"


@dataclass(frozen=True)
class Found:
    """One analysis of one programme: estimate and standard error (difference of shares), and the grade of the design if it has one.

    ``quantile`` is how many standard errors the 95 % limits stand from the estimate. NaN stands for what could not be computed.
    """

    estimate: float
    se: float
    grad: str | None = None
    quantile: float = Z

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.estimate) and math.isfinite(self.se)

    @property
    def low(self) -> float:
        return self.estimate - self.quantile * self.se

    @property
    def high(self) -> float:
        return self.estimate + self.quantile * self.se


NOTHING = Found(math.nan, math.nan)


@dataclass(frozen=True)
class Estimand:
    """One analysis under proof.

    Attributes:
        name: what the recovery table calls it.
        analyse, strategi, sammenligning, variant, horisont_uker: its key in ``STATISTIKK["effekt"]``; the outcome is ``OUTCOME``.
        estimate: what the engine says of a programme.
        truth: the effect by forcing both rules on the same people.
    """

    name: str
    analyse: str
    strategi: str
    sammenligning: str
    variant: str | None
    horisont_uker: int
    estimate: Callable[[Programme], Found]
    truth: Callable[[Forced], float]


def graded(results: Results, answers: Answers, question: Question) -> Found:
    """The contrast asked for whatever its grade, and the grade that the night would give it.

    Args:
        results: what was estimated; it has arms.
        answers: of these results.
        question: a contrast with a comparison, as a difference of risks.
    """
    if question.comparison is None:
        return NOTHING
    interval, _ = contrast(results, question.strategy, question.comparison, question.outcome, question.weeks)
    return found_of(interval, str(answers.row(question)["grad"]))


def found_of(interval: Interval, grad: str | None = None) -> Found:
    """A symmetric interval as a finding; what does not vary between draws has no quantile to tell."""
    quantile = (interval.high - interval.estimate) / interval.se if interval.se > 0 else Z
    return Found(interval.estimate, interval.se, grad, quantile)


def true_difference(strategy: Strategy, other: Strategy, week: int) -> Callable[[Forced], float]:
    """The planted risk difference of two placement strategies by the end of ``week``."""
    rule, other_rule = regimes()[strategy.key], regimes()[other.key]
    return lambda forced: forced.risk(rule, OUTCOME, week) - forced.risk(other_rule, OUTCOME, week)


def _timing(name: str, strategy: Strategy, other: Strategy, week: int) -> Estimand:
    """A row of placement timing or tempo, with the grade that the night would give it."""
    analyse = "praksis_tempo" if strategy.kind == "odds" else "praksis_tidspunkt"
    question = Question(Contrast(analyse, strategy, other), OUTCOME, week, "risikodifferanse", ALL, MAIN)

    def estimate(programme: Programme) -> Found:
        timing = programme.timing
        return graded(timing, programme.answers, question) if timing.arms else NOTHING

    key = question.key
    return Estimand(
        name, key["analyse"], strategy.name, other.name, strategy.variant, week, estimate, true_difference(strategy, other, week)
    )


EARLY = Strategy("innen_8u", "jevn", 8)
E1 = _timing("E1 innen_8u, jevn, uke 52", EARLY, NONE, 52)
E2 = _timing("E2 dobbelt_tempo, uke 52", Strategy("dobbelt_tempo", "odds", factor=2.0), OBSERVED, 52)
RECOVERED = (
    E1,
    _timing("E1 innen_8u, jevn, uke 104", EARLY, NONE, 104),
    _timing("E1 innen_8u, naturlig, uke 52", Strategy("innen_8u", "naturlig", 8), NONE, 52),
    _timing("E1 innen_26u, jevn, uke 52", Strategy("innen_26u", "jevn", 26), NONE, 52),
    E2,
)
