"""Every dial of the synthetic programme, and the presets that tests and docs speak of.

Belongs here: parameters and their meaning. Must not be here: simulation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

MAX_UNITS = 360  # all municipalities and the districts that can have a project


@dataclass(frozen=True)
class SyntheticParams:
    """One synthetic programme; effects are log-odds per week unless said otherwise, and each may be zero.

    Attributes:
        participants: number of participations.
        municipalities: reporting units (municipalities and Oslo districts); None = one per 42 participations.
        first_year, years: the start cohorts.
        statusdato: the day the data are complete to.
        old_codes: municipality numbers as valid at the start date; a renamed municipality then has one sender per number,
            and a number's data end when the number does.
        placement_work, placement_education: effect of having been placed on leaving to work or education, reached linearly
            over ``placement_ramp_weeks`` after the first placement's week.
        placement_language, placement_readiness: growth per placement week (levels; standard deviations).
        placement_course: what a running placement does to the log-odds of beginning a course.
        practice_language: growth per week of spraakpraksis (which ends when a placement begins).
        course_language, course_readiness: growth per week of norskopplaering.
        combination_work: effect of placement and course in the same week, reached after eight such weeks.
        participant_contact_work, employer_contact_work: effect of one contact a week, lasting (weeks before the present one).
        participant_contact_readiness: readiness growth per contact.
        buddy_work: effect of a placement with a buddy.
        start_logodds: weekly log-odds of a first placement for the average participant.
        confounding_language, confounding_readiness: start log-odds per measured level.
        outcome_language, outcome_readiness: work-exit log-odds per latent level and standard deviation.
        contact_confounding: contact log-odds per measured readiness level under the middle.
        cluster_start_sd, cluster_exit_sd: independent municipality effects on start and exit.
        cluster_confounding: one municipality effect on both, in standard deviations of log-odds.
        unmeasured: log-odds on start and work exit of a cause that nobody records.
        no_placement_share: share of units that never place anybody.
        returning_share: participations that are somebody's second one, in another unit.
        assessment_weeks: shortest and longest interval between assessments.
        work_logodds, education_logodds, other_logodds, moved_logodds, phased_out_logodds: weekly exit levels.
    """

    participants: int = 1500
    municipalities: int | None = None
    first_year: int = 2019
    years: int = 6
    statusdato: date = date(2025, 12, 31)
    old_codes: bool = False
    placement_work: float = 0.95
    placement_education: float = 0.1
    placement_ramp_weeks: float = 6.0
    placement_language: float = 0.008
    placement_readiness: float = 0.012
    placement_course: float = -0.6
    practice_language: float = 0.012
    course_language: float = 0.018
    course_readiness: float = 0.002
    combination_work: float = 0.15
    participant_contact_work: float = 0.10
    participant_contact_readiness: float = 0.004
    employer_contact_work: float = 0.25
    buddy_work: float = 0.15
    start_logodds: float = -3.2
    confounding_language: float = 0.30
    confounding_readiness: float = 0.55
    outcome_language: float = 0.35
    outcome_readiness: float = 0.75
    contact_confounding: float = 0.15
    cluster_start_sd: float = 0.35
    cluster_exit_sd: float = 0.20
    cluster_confounding: float = 0.0
    unmeasured: float = 0.0
    no_placement_share: float = 0.0
    returning_share: float = 0.0
    assessment_weeks: tuple[int, int] = (8, 13)
    work_logodds: float = -6.4
    education_logodds: float = -6.65
    other_logodds: float = -6.6
    moved_logodds: float = -8.2
    phased_out_logodds: float = -8.3

    @property
    def n_units(self) -> int:
        wanted = self.municipalities if self.municipalities is not None else max(4, round(self.participants / 42))
        return min(wanted, MAX_UNITS)

    def with_(self, **changes: object) -> SyntheticParams:
        return replace(self, **changes)  # type: ignore[arg-type]


_NO_EFFECT = {
    "placement_work": 0.0,
    "placement_education": 0.0,
    "placement_language": 0.0,
    "placement_readiness": 0.0,
    "placement_course": 0.0,
    "practice_language": 0.0,
    "combination_work": 0.0,
    "employer_contact_work": 0.0,
    "buddy_work": 0.0,
}


PRESETS: dict[str, dict[str, object]] = {
    "main": {},
    "null": dict(_NO_EFFECT),
    "strong_confounding": {"confounding_language": 0.6, "confounding_readiness": 0.9},
    "cluster_confounding": {"cluster_confounding": 0.5},
    "unmeasured": {"unmeasured": 0.6},
    "no_placement": {"no_placement_share": 0.2},
}


def preset(name: str, **changes: object) -> SyntheticParams:
    """The parameters of a named programme, with ``changes`` on top.

    ``main``: a placement works. ``null``: no path from placement to any outcome. ``strong_confounding``: language and
    readiness steer starts twice as hard. ``cluster_confounding``: municipalities differ in starts and exits together.
    ``unmeasured``: a hidden cause of 0.6 log-odds on both sides. ``no_placement``: a fifth of the units never place.

    Raises:
        KeyError: no such preset.
    """
    return SyntheticParams().with_(**(PRESETS[name] | changes))
