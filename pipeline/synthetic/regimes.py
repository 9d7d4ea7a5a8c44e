"""Who may start a first placement when, and who is in a course or contacted: the strategies that truth is asked about.

Belongs here: the rules, and the probabilities of a week's placement decision. Must not be here: anything about outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

FREE_FROM = 27  # "none in weeks 1-26, free after"


@dataclass(frozen=True)
class CourseRule:
    """In how many of the first periods a course is active.

    Attributes:
        kind: ``enough`` (with m periods still needed and r left, active with probability m / r while m > 0, then natural);
            ``fewer`` (natural until one more would be enough, then not active).
        periods_needed: periods that are enough.
        periods: periods that the rule is about; natural after.
        weeks: course weeks that make a period active.
        length: weeks in a period.
    """

    kind: Literal["enough", "fewer"]
    periods_needed: int = 2
    periods: int = 6
    weeks: int = 2
    length: int = 4


@dataclass(frozen=True)
class ContactRule:
    """At least one contact in each period, or its odds multiplied.

    Attributes:
        part: whom the contact is with; periods count from the programme's start, or from the first placement's while it runs.
        odds: what the odds of a contact in the period are multiplied by; infinite = always one.
        periods: periods that the rule is about; natural after.
        length: weeks in a period.
        at_once: what the rule makes of a period is felt inside it, and not only from the next one on.
    """

    part: Literal["participant", "employer"]
    odds: float
    periods: int
    length: int = 4
    at_once: bool = False


@dataclass(frozen=True)
class Regime:
    """A rule for the weekly start decision of those not yet placed.

    Attributes:
        kind: ``natural``; ``uniform`` (start in week k ≤ g with probability 1/(g-k+1)); ``natural_grace`` (natural before
            week g, the rest in week g); ``none_26`` (nobody in weeks 1–26); ``none`` (nobody in weeks 1–g); ``odds`` (start
            odds × ``factor`` in weeks 1–26).
        g: last week of the grace period.
        factor: odds ratio.
        course, contact: rules for courses and contacts beside it.
    """

    kind: Literal["natural", "uniform", "natural_grace", "none_26", "none", "odds"] = "natural"
    g: int = 0
    factor: float = 1.0
    course: CourseRule | None = None
    contact: ContactRule | None = None

    def start_probability(self, hazard: np.ndarray, week: int) -> np.ndarray:
        """The probability of starting this week under the rule, one per person, from the natural ``hazard``."""
        if self.kind == "uniform" and week <= self.g:
            return np.full_like(hazard, 1.0 / (self.g - week + 1))
        if self.kind == "natural_grace" and week == self.g:
            return np.ones_like(hazard)
        if (self.kind == "none_26" and week < FREE_FROM) or (self.kind == "none" and week <= self.g):
            return np.zeros_like(hazard)
        if self.kind == "odds" and week < FREE_FROM:
            return np.asarray(self.factor * hazard / (self.factor * hazard + 1.0 - hazard))
        return hazard


NATURAL = Regime()
