"""Combination tracks (E3) and follow-up (E4) under proof: what the engine says, and the same people with courses and contacts forced.

Must not be here: placement timing and tempo (``estimands``).
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.effects.answers import Answers, questions
from pipeline.effects.combination import combination_protocol, combination_study
from pipeline.effects.contacts import EMPLOYER, PARTICIPANT, contact_protocol, contact_study
from pipeline.effects.study import Results, Study
from pipeline.proof.estimands import NOTHING, OUTCOME, Estimand, Found, graded
from pipeline.proof.programme import Forced, Programme
from pipeline.synthetic.truth_efforts import combination_regimes, contact_regimes, truth_employer_contacts

_WEEK, _MEASURE = 52, "risikodifferanse"


def _estimand(
    name: str, strategy: str, study: Study, results: Callable[[Programme], Results], truth: Callable[[Forced], float]
) -> Estimand:
    """The risk difference of a strategy that the study declares, by week 52."""
    question = next(
        q for q in questions(study) if (q.strategy.name, q.outcome, q.weeks, q.measure) == (strategy, OUTCOME, _WEEK, _MEASURE)
    )
    key = question.key

    def estimate(programme: Programme) -> Found:
        found = results(programme)
        return graded(found, Answers(found, study), question) if found.arms else NOTHING

    return Estimand(name, key["analyse"], strategy, key["sammenligning"], key["variant"], _WEEK, estimate, truth)


def _track(strategy: str, other: str) -> Estimand:
    rules = combination_regimes()

    def truth(forced: Forced) -> float:
        return forced.risk(rules[strategy], OUTCOME, _WEEK) - forced.risk(rules[other], OUTCOME, _WEEK)

    study = combination_study(combination_protocol())
    return _estimand(f"E3 {strategy}, uke {_WEEK}", strategy, study, lambda p: p.combination, truth)


def _participant(strategy: str) -> Estimand:
    rules = contact_regimes()

    def truth(forced: Forced) -> float:
        return forced.risk(rules[strategy], OUTCOME, _WEEK) - forced.risk(rules["naturlig"], OUTCOME, _WEEK)

    study = contact_study(contact_protocol(PARTICIPANT))
    return _estimand(f"E4 deltaker, {strategy}, uke {_WEEK}", strategy, study, lambda p: p.contacts(PARTICIPANT), truth)


def _employer(strategy: str) -> Estimand:
    def truth(forced: Forced) -> float:
        risks = forced.once(truth_employer_contacts)
        return risks[strategy][OUTCOME][_WEEK] - risks["naturlig"][OUTCOME][_WEEK]

    study = contact_study(contact_protocol(EMPLOYER))
    return _estimand(f"E4 arbeidsgiver, {strategy}, uke {_WEEK}", strategy, study, lambda p: p.contacts(EMPLOYER), truth)


EFFORTS = (
    _track("praksis_og_norsk", "ingen_av_delene"),
    _track("bare_norsk", "ingen_av_delene"),
    _participant("kontakt_hver_fireukersperiode"),
    _participant("dobbel_odds"),
    _employer("kontakt_hver_fireukersperiode"),
    _employer("dobbel_odds"),
)
