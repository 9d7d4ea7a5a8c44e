"""Who may start a first placement when: the natural course and the strategies that truth is asked about.

Belongs here: probabilities of the week's decision. Must not be here: anything about outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

FREE_FROM = 27  # "none in weeks 1-26, free after"


@dataclass(frozen=True)
class Regime:
    """A rule for the weekly start decision of those not yet placed.

    Attributes:
        kind: ``natural``; ``uniform`` (start in week k ≤ g with probability 1/(g-k+1)); ``natural_grace`` (natural before
            week g, the rest in week g); ``none_26`` (nobody in weeks 1–26); ``odds`` (start odds × ``factor`` in weeks 1–26).
        g: last week of the grace period.
        factor: odds ratio.
    """

    kind: Literal["natural", "uniform", "natural_grace", "none_26", "odds"] = "natural"
    g: int = 0
    factor: float = 1.0

    def start_probability(self, hazard: np.ndarray, week: int) -> np.ndarray:
        """The probability of starting this week under the rule, one per person, from the natural ``hazard``."""
        if self.kind == "uniform" and week <= self.g:
            return np.full_like(hazard, 1.0 / (self.g - week + 1))
        if self.kind == "natural_grace" and week == self.g:
            return np.ones_like(hazard)
        if self.kind == "none_26" and week < FREE_FROM:
            return np.zeros_like(hazard)
        if self.kind == "odds" and week < FREE_FROM:
            return np.asarray(self.factor * hazard / (self.factor * hazard + 1.0 - hazard))
        return hazard


NATURAL = Regime()
