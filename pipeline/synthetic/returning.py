"""Persons who come back: a later participation, mostly in another municipality, by somebody who left without a job.

Belongs here: who is whom. Must not be here: what happens in either participation.
"""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.people import People

_SHORTEST, _LONGEST, _AGE_GAP = 14, 500, 1500  # days


def returning(people: People, left: np.ndarray, may_return: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Per participation the index of the same person's first participation; itself for nearly everybody.

    Args:
        people: the participants.
        left: day of exit.
        may_return: left without a job and alive, by statusdato.
        share: participations that are somebody's second, of all.
        rng: random numbers.
    """
    person = np.arange(len(people))
    taken = np.zeros(len(people), bool)
    wanted = round(share * len(people))
    for first in rng.permutation(np.flatnonzero(may_return)):
        if wanted == 0:
            break
        gap = (people.start - left[first]).astype(int)
        alike = (people.woman == people.woman[first]) & (np.abs((people.birth - people.birth[first]).astype(int)) < _AGE_GAP)
        later = np.flatnonzero(alike & (gap > _SHORTEST) & (gap < _LONGEST) & ~taken & (people.unit != people.unit[first]))
        if taken[first] or later.size == 0:
            continue
        second = later[np.argmin(gap[later])]
        person[second] = first
        taken[[first, second]] = True
        wanted -= 1
    return person
