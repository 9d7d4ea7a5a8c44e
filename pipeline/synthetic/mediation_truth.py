"""The truth behind "through the language level": the same people with the early effort forced, and the level of the other world.

Who got a course in the first weeks got it in one of many ways (begun in week 1 or 5, for three weeks or for ever). Forced to have it,
a person gets a way drawn from those that would have happened to that very person, by trying again until it comes out as asked. A first
placement is forced into a week drawn evenly.
Belongs here: risks by intervention. Must not be here: any estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.synthetic.dynamics import EDUCATION, WORK, Course, Intervention, _State
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.people import People
from pipeline.synthetic.world import course_of, population

Effort = Literal["norskopplaering", "praksis_innen_8u"]
LANDMARK, MIDDLE, LEAST_COURSE_WEEKS = 8, 26, 2  # two weeks of seven days are the first that reach ten days
HORIZONS = (52, 104)
_OUTCOMES = {"arbeid": (WORK,), "utdanning": (EDUCATION,), "arbeid_eller_utdanning": (WORK, EDUCATION)}
_PURPOSE = {"norskopplaering": "course", "praksis_innen_8u": "place"}
_TRIES, _STREAM = 60, 77
_YES, _NO = -1.0, 2.0  # random numbers under and over every probability


@dataclass(frozen=True)
class _Ways:
    """(weeks, n) what happens in the first weeks without and with the effort, and (n,) whether both were found."""

    without: np.ndarray
    with_it: np.ndarray
    found: np.ndarray


def _afresh(rng: np.random.Generator) -> Intervention:
    def intervene(week: int, u: dict[str, np.ndarray], state: _State) -> None:
        u["course"] = rng.random(len(u["course"]))

    return intervene


def _course_ways(people: People, params: SyntheticParams, seed: int) -> _Ways:
    n = len(people)
    chosen = [np.zeros((LANDMARK, n), bool), np.zeros((LANDMARK, n), bool)]
    found = np.zeros((2, n), bool)
    for attempt in range(_TRIES):
        rng = np.random.default_rng([seed, _STREAM, attempt])
        tried = course_of(people, params, seed, weeks=LANDMARK, lost=False, intervene=_afresh(rng))
        exposed = tried.course.sum(axis=0) >= LEAST_COURSE_WEEKS
        for a in (0, 1):
            new = (exposed == bool(a)) & ~found[a]
            chosen[a][:, new], found[a, new] = tried.course[:, new], True
        if found.all():
            break
    return _Ways(chosen[0], chosen[1], np.asarray(found.all(axis=0)))


def _placement_ways(people: People, seed: int) -> _Ways:
    week = np.random.default_rng([seed, _STREAM]).integers(0, LANDMARK, len(people))
    with_it = week[None, :] == np.arange(LANDMARK)[:, None]
    return _Ways(np.zeros_like(with_it), with_it, people.may_place)


class _World:
    """Forces the way of the first weeks; after week ``MIDDLE`` notes the latent level, or sets it to one noted elsewhere."""

    def __init__(self, effort: Effort, way: np.ndarray, level: np.ndarray | None = None) -> None:
        self.effort, self.way, self.set_to = effort, way, level
        self.level = np.zeros(way.shape[1])

    def __call__(self, week: int, u: dict[str, np.ndarray], state: _State) -> None:
        if week <= LANDMARK:
            wanted = self.way[week - 1]
            # A running course goes on when its number is high, one that does not run begins when it is low.
            runs = state.course if self.effort == "norskopplaering" else np.zeros(len(wanted), bool)
            u[_PURPOSE[self.effort]] = np.where(wanted != runs, _YES, _NO)
        if week == MIDDLE + 1:
            if self.set_to is not None:
                state.language = self.set_to.copy()
            self.level = state.language.copy()


def _risks(course: Course, among: np.ndarray) -> dict[tuple[str, int], float]:
    left, week = course.exit_week > 0, course.exit_week
    still = among & ~(left & (week <= LANDMARK))
    return {
        (outcome, tau): float(np.mean((left & np.isin(course.exit_kind, kinds) & (week <= tau))[still]))
        for outcome, kinds in _OUTCOMES.items()
        for tau in HORIZONS
    }


def mediation_truth(
    params: SyntheticParams, seed: int, effort: Effort, n: int = 50_000
) -> dict[str, dict[tuple[str, int], float]]:
    """Total effect of an early effort, and its parts through the latent language level after week 26 and around it.

    Among those still in the programme after week 8 to whom both may happen; nobody moves or is phased out.

    Args:
        params: the programme.
        seed: of people and course.
        effort: ``norskopplaering`` = a course in at least two of the first eight weeks; ``praksis_innen_8u`` = a first placement in them.
        n: participants.

    Returns:
        ``total``, ``direkte``, ``via_norsk`` → (outcome, weeks from start) → difference of risks; ``risiko`` and
        ``risiko_uten``: the two risks.
    """
    people = population(params.with_(participants=n), seed, n)
    ways = _course_ways(people, params, seed) if effort == "norskopplaering" else _placement_ways(people, seed)
    without, with_it = _World(effort, ways.without), _World(effort, ways.with_it)
    risks = []
    for world in (without, with_it):
        risks.append(
            _risks(course_of(people, params, seed, weeks=max(HORIZONS), lost=False, record=False, intervene=world), ways.found)
        )
    crossed = _World(effort, ways.with_it, without.level)
    course = course_of(people, params, seed, weeks=max(HORIZONS), lost=False, record=False, intervene=crossed)
    between = _risks(course, ways.found)
    none, full = risks
    return {
        "total": {k: full[k] - none[k] for k in full},
        "direkte": {k: between[k] - none[k] for k in full},
        "via_norsk": {k: full[k] - between[k] for k in full},
        "risiko": full,
        "risiko_uten": none,
    }
