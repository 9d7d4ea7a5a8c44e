"""What an analysis asks and what its estimator answers: the common form in which every estimate becomes a graded row.

Belongs here: the shapes. Must not be here: any estimator, any word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pipeline.effects.bootstrap import Draws
from pipeline.effects.diagnostics import Arm
from pipeline.effects.person_weeks import Floats, PersonWeeks
from pipeline.effects.protocol import ALL, MAIN, OUTCOMES, Protocol
from pipeline.effects.strategies import Strategy

ArmKey = tuple[str, str | None]
OBSERVED = Strategy("naturlig", "observert")


@dataclass(frozen=True)
class Tables:
    """The ``KLARGJORT`` tables (and ``STATISTIKK["utfall"]``) that the estimators read."""

    deltakelse: pl.DataFrame
    tiltak: pl.DataFrame
    kartlegging: pl.DataFrame
    oppfolging: pl.DataFrame
    utfall: pl.DataFrame


@dataclass(frozen=True)
class Contrast:
    """One strategy of an analysis and what it is compared with; without a comparison it has a risk only.

    ``measures`` are the study's where empty.
    """

    analyse: str
    strategy: Strategy
    comparison: Strategy | None = None
    measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """What is asked.

    Attributes:
        protocol: the pre-registration.
        contrasts: the strategies in declared order, comparisons among them as strategies of their own.
        measures: of ``risiko``, ``risikodifferanse``, ``risikoratio``.
        method: what the estimator is called, by the strategy's ``kind``.
        sensitivity: ``hoved`` or the name of a sensitivity analysis, which is also the code of what its sentences must add.
        subgroup: ``alle`` or the subgroup.
        endpoints: outcomes that are means of a known value rather than incidences, with the week they are asked at.
        outcomes, horizons: what is asked of every strategy.
    """

    protocol: Protocol
    contrasts: tuple[Contrast, ...]
    measures: tuple[str, ...]
    method: Mapping[str, str]
    sensitivity: str = MAIN
    subgroup: str = ALL
    endpoints: Mapping[str, int] = field(default_factory=dict)
    outcomes: tuple[str, ...] = tuple(OUTCOMES)
    horizons: tuple[int, ...] = ()

    @property
    def weeks(self) -> tuple[int, ...]:
        """The horizons asked for; the protocol's when none are named."""
        return self.horizons or self.protocol.horizons


@dataclass(frozen=True)
class Results:
    """What an estimator found.

    Attributes:
        weeks: the followed units.
        arms: point estimates and diagnostics by ``Strategy.key``, the arm as observed among them; empty when nothing can be
            estimated.
        draws: bootstrap draws by the same keys.
        reason: why nothing can be estimated (code of a reason); empty when it can.
        unstated: share of the units whose project did not state how far its data are complete.
        endpoints: (n, q) the endpoints' values, NaN where unknown.
    """

    weeks: PersonWeeks
    arms: Mapping[ArmKey, Arm]
    draws: Mapping[ArmKey, Draws]
    reason: str = ""
    unstated: float = 0.0
    endpoints: Floats = field(default_factory=lambda: np.zeros((0, 0)))
