"""Month by month outside the programme: jobs, benefits and registration as a job seeker that agree with the exits.

Arrays are (months, participations); month 0 is January of the year before the first cohort.

Belongs here: the monthly mechanism. Must not be here: register schemas, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipeline.synthetic.records import EMPLOYERS_PER_UNIT
from pipeline.synthetic.world import World

NO_JOB = -1
BEFORE, DURING, AFTER = range(3)


@dataclass(frozen=True)
class Livelihood:
    """What every participant lives on.

    Attributes:
        months: first day of each month (``datetime64[M]``).
        employer: employer index of the ordinary job, −1 = none.
        position: position in percent.
        phase: 0 before, 1 during, 2 after the programme.
        seeker: index into the register's status codes, −1 = not registered.
        gone: emigrated or dead in that month.
        left: month of leaving the country or dying, ``NaT`` = never.
        died: true where leaving is death.
    """

    months: np.ndarray
    employer: np.ndarray
    position: np.ndarray
    phase: np.ndarray
    seeker: np.ndarray
    gone: np.ndarray
    left: np.ndarray
    died: np.ndarray


@dataclass(frozen=True)
class _Facts:
    reason: np.ndarray
    start: np.ndarray
    end: np.ndarray
    position: np.ndarray
    first_employer: np.ndarray
    unit: np.ndarray


def _last_employer(world: World) -> np.ndarray:
    last = world.spells.filter(pl.col("employer").is_not_null()).group_by("i", maintain_order=True).agg(pl.col("employer").last())
    out = np.full(len(world.people), NO_JOB)
    out[last["i"].to_numpy()] = last["employer"].to_numpy()
    return out


def _random_employer(unit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return unit * EMPLOYERS_PER_UNIT + rng.integers(0, EMPLOYERS_PER_UNIT, len(unit))


def _facts(world: World, rng: np.random.Generator) -> _Facts:
    exits, people = world.true_exits, world.people
    placement = _last_employer(world)
    # Often the placement's employer hires: the link "placement to job with the same employer" has something to find.
    stays = (placement >= 0) & (rng.random(len(people)) < 0.55)
    return _Facts(
        reason=exits["avslutning"].to_numpy().astype(str),
        start=people.start.astype("datetime64[M]"),
        end=exits["slutt_dato"].to_numpy().astype("datetime64[M]"),
        position=exits["stillingsprosent_slutt"].fill_null(50.0).to_numpy(),
        first_employer=np.where(stays, placement, _random_employer(people.unit, rng)),
        unit=people.unit,
    )


def _hire_chance(facts: _Facts, phase: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Monthly probability of getting a job for those without one."""
    after = np.select(
        [facts.reason == "lonnsarbeid", np.isin(facts.reason, ("videregaende", "fagbrev_laerling", "hoyere_utdanning"))],
        [0.12, np.where(since > 24, 0.07, 0.02)],
        np.where(np.isin(facts.reason, ("helse", "dod")), 0.002, 0.012),
    )
    return np.asarray(np.select([phase == BEFORE, phase == DURING], [0.004, 0.004], after))


def _lose_chance(facts: _Facts, phase: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(phase == AFTER, np.where(facts.reason == "lonnsarbeid", 0.022, 0.05), 0.15))


def _departures(world: World, facts: _Facts, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = len(world.people)
    leaves, wait = rng.random(n) < 0.012, rng.integers(2, 40, n)
    died = facts.reason == "dod"
    left = np.where(died, facts.end, np.where(leaves, facts.end + wait, np.datetime64("NaT")))
    return left, died


def _next_seeker(seeker: np.ndarray, phase: np.ndarray, works: np.ndarray, entry: np.ndarray, pick: np.ndarray) -> np.ndarray:
    """Status index: 0 helt_ledig, 1 delvis_ledig, 2 paa_tiltak, 3 nedsatt_arbeidsevne."""
    begins = (seeker < 0) & (entry < np.select([phase == BEFORE, phase == DURING], [0.01, 0.025], 0.035)) & ~works
    ends = (seeker >= 0) & (entry < 0.08)
    kind = np.where(phase == DURING, 2, np.where(pick < 0.7, 0, np.where(pick < 0.85, 2, 3)))
    now = np.where(begins, kind, np.where(ends, NO_JOB, seeker))
    return np.asarray(np.where(works & (now >= 0), np.where(pick < 0.2, 1, NO_JOB), now))


def live(world: World, until: date, rng: np.random.Generator) -> Livelihood:
    """Everybody's months from a year before the first cohort to ``until``; jobs after lonnsarbeid begin at the exit."""
    facts, n = _facts(world, rng), len(world.people)
    months = np.arange(np.datetime64(f"{world.params.first_year - 1}-01", "M"), np.datetime64(until, "M") + 1)
    left, died = _departures(world, facts, rng)
    employer, position = np.full((len(months), n), NO_JOB), np.zeros((len(months), n))
    phase, seeker = np.zeros((len(months), n), int), np.full((len(months), n), NO_JOB)
    job, share, status = np.full(n, NO_JOB), np.zeros(n), np.full(n, NO_JOB)
    for row, month in enumerate(months):
        u, raise_ = rng.random((4, n)), rng.random(n)
        new_employer, new_share = _random_employer(facts.unit, rng), rng.choice((20.0, 40.0, 60.0, 80.0, 100.0), n)
        now = np.where(month < facts.start, BEFORE, np.where(month <= facts.end, DURING, AFTER))
        since = np.asarray(month - facts.end).astype(int)
        lost = (job >= 0) & (u[0] < _lose_chance(facts, now)) & ((since != 1) | (facts.reason != "lonnsarbeid"))
        job = np.where(lost, NO_JOB, job)
        hired = (job < 0) & ~lost & (u[1] < _hire_chance(facts, now, since))
        job, share = np.where(hired, new_employer, job), np.where(hired, new_share, share)
        begins = (since == 1) & (facts.reason == "lonnsarbeid")
        job, share = np.where(begins, facts.first_employer, job), np.where(begins, facts.position, share)
        share = np.where((since > 1) & (raise_ < 0.02), np.minimum(share + 20.0, 100.0), share)
        status = _next_seeker(status, now, job >= 0, u[2], u[3])
        employer[row], position[row], phase[row], seeker[row] = job, share, now, status
    gone = ~np.isnat(left)[None, :] & (months[:, None] > left[None, :])
    return Livelihood(months, np.where(gone, NO_JOB, employer), position, phase, np.where(gone, NO_JOB, seeker), gone, left, died)
