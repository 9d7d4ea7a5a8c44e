"""The truth about combination tracks and follow-up intensity: courses, placements and contacts forced by a rule, nobody lost.

What is made of a contact period is felt from the next one on, as the analyses have it (``at_once``: inside it as well, as in life).
Belongs here: the rules behind the declared strategies, and risks from a placement's start. Must not be here: any estimate.
"""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.dynamics import MAX_WEEKS, Course
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.regimes import NATURAL, ContactRule, CourseRule, Regime
from pipeline.synthetic.truth import HORIZONS, OUTCOME_KINDS, risks_of
from pipeline.synthetic.world import course_of, population

Risks = dict[str, dict[int, float]]
PLACED_BY = 12
_LEAST_FOLLOWED_DAYS = 7


def combination_regimes() -> dict[str, Regime]:
    """The rule behind each track: placement by week 12 or none until then, course in at least or in fewer than 2 of 6 periods."""
    enough, fewer = CourseRule("enough"), CourseRule("fewer")
    return {
        "praksis_og_norsk": Regime("uniform", PLACED_BY, course=enough),
        "bare_praksis": Regime("uniform", PLACED_BY, course=fewer),
        "bare_norsk": Regime("none", PLACED_BY, course=enough),
        "ingen_av_delene": Regime("none", PLACED_BY, course=fewer),
    }


def contact_regimes(at_once: bool = False) -> dict[str, Regime]:
    """The rule behind each strategy of contact with the participant: 13 periods from the programme's start."""
    return {
        "kontakt_hver_fireukersperiode": Regime(contact=ContactRule("participant", np.inf, 13, at_once=at_once)),
        "dobbel_odds": Regime(contact=ContactRule("participant", 2.0, 13, at_once=at_once)),
        "naturlig": NATURAL,
    }


def employer_contact_regimes(at_once: bool = False) -> dict[str, Regime]:
    """The rule behind each strategy of contact with the employer: 3 periods from the first placement's start, while it runs."""
    return {
        "kontakt_hver_fireukersperiode": Regime(contact=ContactRule("employer", np.inf, 3, at_once=at_once)),
        "dobbel_odds": Regime(contact=ContactRule("employer", 2.0, 3, at_once=at_once)),
        "naturlig": NATURAL,
    }


def truth_combination(params: SyntheticParams, seed: int, n: int = 50_000) -> dict[str, Risks]:
    """strategi → utfall → weeks from the start → risk (0–1), from ``n`` simulated participants per track."""
    return {name: _from_start(params, seed, n, regime) for name, regime in combination_regimes().items()}


def truth_contacts(params: SyntheticParams, seed: int, n: int = 50_000, at_once: bool = False) -> dict[str, Risks]:
    """strategi → utfall → weeks from the start → risk (0–1) under contact with the participant as the strategy has it."""
    return {name: _from_start(params, seed, n, regime) for name, regime in contact_regimes(at_once).items()}


def truth_employer_contacts(params: SyntheticParams, seed: int, n: int = 50_000, at_once: bool = False) -> dict[str, Risks]:
    """strategi → utfall → weeks from the first placement's start → risk (0–1) among the placed, of ``n`` participants.

    The placed are those whose placement begins at least seven days before their project's statusdato, as in an analysis.
    """
    people = population(params.with_(participants=n), seed, n)
    out = {}
    for name, regime in employer_contact_regimes(at_once).items():
        course = course_of(people, params, seed, regime, weeks=MAX_WEEKS, lost=False, record=False)
        begins = 7 * (course.placement_week - 1) + course.placement_day
        seen = people.start + begins + _LEAST_FOLLOWED_DAYS <= people.statusdato
        out[name] = _from_placement(course, (course.placement_week > 0) & seen)
    return out


def _from_start(params: SyntheticParams, seed: int, n: int, regime: Regime) -> Risks:
    people = population(params.with_(participants=n), seed, n)
    return risks_of(course_of(people, params, seed, regime, weeks=max(HORIZONS), lost=False, record=False))


def _from_placement(course: Course, placed: np.ndarray) -> Risks:
    """Risks by weeks of seven days from the placement's first day; an exit before it, the same week, is none of them."""
    days = 7 * (course.exit_week - course.placement_week) + course.exit_day - course.placement_day
    placed = placed & ((course.exit_week == 0) | (days >= 0))
    week = days[placed] // 7 + 1
    left, kind = course.exit_week[placed] > 0, course.exit_kind[placed]
    return {
        outcome: {tau: float(np.mean(left & np.isin(kind, kinds) & (week <= tau))) for tau in HORIZONS}
        for outcome, kinds in OUTCOME_KINDS.items()
    }
