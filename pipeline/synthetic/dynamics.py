"""The programme week by week: assessments, courses, placements, contacts, growth and exits, for all participants at once.

A week runs in the order of the analysis conventions: what is known at its first day, the placement decision, the exit, and
last the two ways of being lost (moved, phased out). Starts depend on what is *measured*; exits on what is *latent*.
The random numbers of a week do not depend on what happened before, so that two regimes with one seed differ by regime only.

Belongs here: the mechanism. Must not be here: dates, identifiers, tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pipeline.synthetic.forcing import Forcing, carried
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.people import People
from pipeline.synthetic.regimes import NATURAL, Regime

MAX_WEEKS = 156
ENROLLED, WORK, EDUCATION, OTHER, MOVED, PHASED_OUT = range(6)
_PURPOSES = (
    "place", "place_end", "again", "subsidised", "buddy", "course", "language_practice", "contact", "employer",
    "exit", "moved", "phased_out", "day_contact", "day_employer", "day_place", "day_exit", "care",
)  # fmt: skip
_READINESS_CUTS = np.array([-0.9, -0.2, 0.5, 1.2])
_MISSING = -1


@dataclass
class Course:
    """What happened; arrays are (weeks, participants) or (participants,), weeks count from 1 (row 0 = week 1).

    ``exit_week`` 0 = not left within the simulated weeks; ``exit_kind`` as the module's constants; day offsets are 0–6.
    ``start_hazard`` is the natural weekly probability of a first placement; ``language_end`` the latent language at exit.
    ``assessments`` holds per assessment: participant, day from start, language level, readiness 1–5, health, care.
    """

    exit_week: np.ndarray
    exit_kind: np.ndarray
    exit_day: np.ndarray
    placement_week: np.ndarray
    placement_day: np.ndarray
    placed: np.ndarray
    subsidised: np.ndarray
    buddy: np.ndarray
    start_hazard: np.ndarray
    course: np.ndarray
    language_practice: np.ndarray
    contact: np.ndarray
    employer_contact: np.ndarray
    contact_day: np.ndarray
    employer_day: np.ndarray
    language_end: np.ndarray
    assessments: list[np.ndarray] = field(default_factory=list)


@dataclass
class _State:
    """The latent and the measured state of everybody at the present week."""

    language: np.ndarray
    readiness: np.ndarray
    care: np.ndarray
    measured_language: np.ndarray
    measured_readiness: np.ndarray
    measured_care: np.ndarray
    pending: tuple[np.ndarray, ...] | None
    next_assessment: np.ndarray
    enrolled: np.ndarray
    placed: np.ndarray
    spell_weeks: np.ndarray
    course: np.ndarray
    language_practice: np.ndarray
    buddy: np.ndarray
    subsidised: np.ndarray
    together: np.ndarray
    contact_stock: np.ndarray
    employer_stock: np.ndarray


# Changes the week's random numbers or the state before the week runs: how a truth forces what nobody decided.
Intervention = Callable[[int, dict[str, np.ndarray], _State], None]


def _expit(x: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _first_assessment(n: int, rng: np.random.Generator) -> np.ndarray:
    when = rng.random(n)
    return np.where(when < 0.6, 0, 1 + (rng.random(n) * np.where(when < 0.9, 13, 34)).astype(int))


def _initial(people: People, rng: np.random.Generator) -> _State:
    n = len(people)
    no, zero = np.zeros(n, bool), np.zeros(n)
    return _State(
        language=people.language.copy(), readiness=people.readiness.copy(), care=people.care.astype(float),
        measured_language=np.full(n, _MISSING), measured_readiness=np.full(n, _MISSING),
        measured_care=np.full(n, _MISSING), pending=None, next_assessment=_first_assessment(n, rng), enrolled=~no,
        placed=no.copy(), spell_weeks=np.zeros(n, int), course=no.copy(), language_practice=no.copy(), buddy=no.copy(),
        subsidised=no.copy(), together=zero.copy(), contact_stock=zero.copy(), employer_stock=zero.copy(),
    )  # fmt: skip


def _note(state: _State, who: np.ndarray, values: tuple[np.ndarray, ...]) -> None:
    state.measured_language[who], state.measured_readiness[who] = values[0], values[1]
    state.measured_care[who] = values[2]


def _assess(state: _State, out: Course, people: People, week: int, params: SyntheticParams, rng: np.random.Generator) -> None:
    """An assessment dated on the week's first day counts this week, a later one from the next."""
    if state.pending is not None:
        _note(state, state.pending[0], state.pending[1:])
    noise = rng.standard_normal((2, len(people)))
    low, high = params.assessment_weeks
    interval = rng.integers(7 * low, 7 * high + 1, len(people))
    due = np.flatnonzero(state.next_assessment < 7 * week)
    level = np.clip(np.floor(state.language[due] + 0.2 * noise[0, due]), 0, 5).astype(int)
    ready = 1 + np.searchsorted(_READINESS_CUTS, state.readiness[due] + 0.25 * noise[1, due])
    care = np.round(state.care[due]).astype(int)
    day = state.next_assessment[due]
    out.assessments.append(np.vstack([due, day, level, ready, people.health[due], care]))
    now = day == 7 * (week - 1)
    _note(state, due[now], (level[now], ready[now], care[now]))
    state.pending = (due[~now], level[~now], ready[~now], care[~now])
    state.next_assessment[due] += interval[due]


def _run_courses(state: _State, u: dict[str, np.ndarray], week: int, params: SyntheticParams, forcing: Forcing) -> None:
    known = state.measured_language >= 0
    lack = np.where(known, 3.0 - state.measured_language, 1.0)
    begin = _expit(-2.6 + 0.45 * lack + params.placement_course * state.placed)
    ends, begins = forcing.course_chances(state.course, begin, 1 / 16, week)
    state.course = np.where(state.course, u["course"] > ends, u["course"] < begins)
    forcing.note_course(state.course)
    begin = np.where((lack >= 1) & (week > 3) & ~state.placed, 0.02, 0.0)
    state.language_practice = np.where(state.language_practice, u["language_practice"] > 0.1, u["language_practice"] < begin)


def start_hazard(state: _State, people: People, week: int, quarter: np.ndarray, params: SyntheticParams) -> np.ndarray:
    """The natural weekly probability of a first placement, from recorded facts (and the hidden cause, when there is one)."""
    known = state.measured_language >= 0
    score = (
        params.start_logodds
        + params.confounding_language * (np.where(known, state.measured_language, people.language_start) - 2.0)
        + params.confounding_readiness * np.where(known, state.measured_readiness - 3.0, -1.0)
        - 0.25 * people.health
        - 0.20 * np.maximum(state.measured_care, 0)
        - 0.25 * state.course
        - 0.50 * state.language_practice
        + 0.60 * np.exp(-((week - 7.0) ** 2) / 40.0)
        - 0.40 * (week <= 1)
        - 0.35 * (quarter == 3)
        + 0.20 * people.worked_here
        - 0.10 * (people.income == 2)
        + people.start_effect
        + params.unmeasured * people.hidden
    )
    return np.asarray(_expit(score) * people.may_place)


def _decide_placement(
    state: _State, out: Course, people: People, u: dict[str, np.ndarray], week: int, quarter: np.ndarray,
    params: SyntheticParams, regime: Regime,
) -> None:  # fmt: skip
    never = out.placement_week == 0
    hazard = start_hazard(state, people, week, quarter, params)
    if len(out.start_hazard):
        out.start_hazard[week - 1] = hazard
    first = state.enrolled & never & (u["place"] < regime.start_probability(hazard, week))
    again = state.enrolled & ~never & ~state.placed & (u["again"] < 0.035)
    ends = state.placed & (state.spell_weeks >= 4) & (u["place_end"] < 0.09)
    begins = first | again
    ready = np.maximum(state.measured_readiness, 1)
    state.subsidised = np.where(begins, u["subsidised"] < np.where(again, 0.30, 0.02 + 0.03 * (ready - 1)), state.subsidised)
    state.buddy = np.where(begins, u["buddy"] < people.buddy_share, state.buddy)
    state.placed = (state.placed & ~ends) | begins
    state.spell_weeks = np.where(begins, 1, np.where(state.placed, state.spell_weeks + 1, 0))
    state.language_practice &= ~state.placed
    out.placement_week[first] = week
    out.placement_day[first] = (u["day_place"] * 7).astype(int)[first]


@dataclass(frozen=True)
class _Contacts:
    """The week's contacts with the participant and the employer: as made, and as they would usually have been."""

    participant: np.ndarray
    employer: np.ndarray
    usual_participant: np.ndarray
    usual_employer: np.ndarray


def _make_contacts(
    state: _State, out: Course, people: People, u: dict[str, np.ndarray], week: int, params: SyntheticParams, forcing: Forcing
) -> _Contacts:
    under = 3.0 - np.where(state.measured_readiness >= 0, state.measured_readiness, 3.0)
    level = -0.9 + people.contact_level + params.contact_confounding * under
    chance, visit = _expit(level + 0.3 * state.contact_stock), _expit(level + 0.1)
    placed = state.enrolled & state.placed
    own = np.where(state.placed & (state.spell_weeks == week - out.placement_week + 1), state.spell_weeks, 0)
    everybody = np.full(len(people), week)
    return _Contacts(
        forcing.contacts("participant", chance, u["contact"], state.enrolled, everybody, state.contact_stock),
        forcing.contacts("employer", visit, u["employer"], placed, own, state.employer_stock),
        state.enrolled & (u["contact"] < chance), placed & (u["employer"] < visit),
    )  # fmt: skip


def _exit_scores(state: _State, out: Course, people: People, week: int, params: SyntheticParams) -> np.ndarray:
    since = np.where(out.placement_week > 0, week - out.placement_week, 0)
    ramp = np.minimum(1.0, since / params.placement_ramp_weeks)
    ever = out.placement_week > 0
    late = -2.2 * np.exp(-week / 9.0) + 0.35 * min(week, 104) / 52.0 + (1.2 if week >= 100 else 0.0)
    poor = 0.45 * (people.income == 2) + 0.52 * (people.income == 1)
    work = (
        params.work_logodds + late + params.outcome_language * (state.language - 2.4) + params.outcome_readiness * state.readiness
        - 0.25 * people.health - 0.15 * state.care - poor + 0.15 * people.worked_here + people.exit_effect
        + params.placement_work * ramp + params.combination_work * np.minimum(1.0, state.together / 8.0)
        + params.participant_contact_work * state.contact_stock + params.employer_contact_work * state.employer_stock
        + params.buddy_work * (ever & state.buddy) * ramp + params.unmeasured * people.hidden
    )  # fmt: skip
    study = (
        params.education_logodds + late + 0.30 * (state.language - 2.4) + 0.10 * state.readiness + 0.10 * (people.education >= 2)
        + 0.03 * np.maximum(0, 28 - people.age) - 0.5 * poor + 0.5 * people.exit_effect + params.placement_education * ramp
    )  # fmt: skip
    other = params.other_logodds + 0.6 * late + 0.40 * people.health + 0.15 * state.care + 1.1 * poor - 0.15 * state.readiness
    return np.vstack([work, study, other])


def _leave(
    state: _State, out: Course, people: People, u: dict[str, np.ndarray], week: int, params: SyntheticParams, lost: bool
) -> None:
    weight = np.exp(_exit_scores(state, out, people, week, params))
    limits = np.cumsum(weight / (1.0 + weight.sum(axis=0)), axis=0)
    kind = np.select([u["exit"] < limit for limit in limits], [WORK, EDUCATION, OTHER], ENROLLED)
    if week == MAX_WEEKS:
        kind[kind == ENROLLED] = OTHER
    if lost:
        gone = u["moved"] < _expit(params.moved_logodds + 0.3 * (people.income != 0))
        closed = u["phased_out"] < _expit(params.phased_out_logodds + np.zeros(len(people)))
        kind = np.where(kind == ENROLLED, np.select([gone, closed], [MOVED, PHASED_OUT], ENROLLED), kind)
    leaves = state.enrolled & (kind != ENROLLED)
    out.exit_week[leaves], out.exit_kind[leaves] = week, kind[leaves]
    out.exit_day[leaves] = (u["day_exit"] * 7).astype(int)[leaves]
    out.language_end[leaves] = state.language[leaves]
    state.enrolled &= ~leaves


def _grow(
    state: _State, contacts: _Contacts, care: np.ndarray, params: SyntheticParams, noise: np.ndarray, forcing: Forcing
) -> None:
    contact, employer = contacts.usual_participant, contacts.usual_employer
    state.language += 0.004 + params.course_language * state.course + params.practice_language * state.language_practice
    state.language += params.placement_language * state.placed + 0.03 * noise[0]
    state.readiness += 0.002 + params.placement_readiness * state.placed + params.course_readiness * state.course
    state.readiness += params.participant_contact_readiness * contact + 0.06 * noise[1]
    state.care = np.maximum(0.0, state.care - (care < 0.006))
    state.together += state.course & state.placed
    state.contact_stock, more = forcing.settle_contacts("participant", carried(state.contact_stock, contact), contact)
    state.employer_stock, _ = forcing.settle_contacts("employer", carried(state.employer_stock, employer), employer)
    state.readiness += params.participant_contact_readiness * more


def _empty_course(n: int, weeks: int) -> Course:
    def whole() -> np.ndarray:
        return np.zeros((weeks, n), bool)

    def small() -> np.ndarray:
        return np.zeros((weeks, n), np.int8)

    def person() -> np.ndarray:
        return np.zeros(n, int)

    return Course(
        person(), person(), person(), person(), person(), whole(), whole(), whole(), np.zeros((weeks, n)), whole(), whole(),
        whole(), whole(), small(), small(), np.zeros(n),
    )  # fmt: skip


def _record(out: Course, row: int, state: _State, contacts: _Contacts, u: dict[str, np.ndarray]) -> None:
    out.placed[row], out.subsidised[row], out.buddy[row] = state.placed, state.subsidised, state.buddy
    out.course[row], out.language_practice[row] = state.course, state.language_practice
    out.contact[row], out.employer_contact[row] = contacts.participant, contacts.employer
    out.contact_day[row], out.employer_day[row] = u["day_contact"] * 7, u["day_employer"] * 7


def run_course(
    people: People, params: SyntheticParams, rng: np.random.Generator, regime: Regime = NATURAL, *,
    weeks: int = MAX_WEEKS, lost: bool = True, record: bool = True, intervene: Intervention | None = None,
) -> Course:  # fmt: skip
    """Run the programme for everybody and return what happened.

    Args:
        people: the participants at day 0.
        params: the dials.
        rng: random numbers; the same seed gives the same draws under every regime.
        regime: the rule of first placements, courses and contacts.
        weeks: how far to run.
        lost: False = nobody moves and nothing is phased out (the estimand's world).
        record: False = weekly arrays stay empty (truth needs exits only).
        intervene: called first in every week with its number, its random numbers by purpose and the state, to change them.
    """
    n = len(people)
    state, out, forcing = _initial(people, rng), _empty_course(n, weeks if record else 0), Forcing(regime, n)
    for week in range(1, weeks + 1):
        u = dict(zip(_PURPOSES, rng.random((len(_PURPOSES), n)), strict=True))
        noise = rng.standard_normal((2, n))
        if intervene is not None:
            intervene(week, u, state)
        quarter = ((people.start + 7 * (week - 1)).astype("datetime64[M]").astype(int) % 12) // 3 + 1
        _assess(state, out, people, week, params, rng)
        _run_courses(state, u, week, params, forcing)
        _decide_placement(state, out, people, u, week, quarter, params, regime)
        contacts = _make_contacts(state, out, people, u, week, params, forcing)
        if record:
            _record(out, week - 1, state, contacts, u)
        _leave(state, out, people, u, week, params, lost)
        _grow(state, contacts, u["care"], params, noise, forcing)
    return out
