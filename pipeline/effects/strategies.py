"""Strategies as weekly start probabilities, and the weights that make the data look as if everybody followed one.

W_t = Π_{s<=t} q_s(a_s) / h_s(a_s) over the decision weeks; after the first placement, and after the window, W stands still.
Uniform grace: q_t = 1 / (g - t + 1); natural grace: q_t = h_t before week g, 1 in week g; none: q_t = 0 through the window;
tempo δ: q = δh / (δh + 1 - h) (Kennedy 2019, JASA 114:645). Weights are not capped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.effects.person_weeks import Floats, PersonWeeks


@dataclass(frozen=True)
class Strategy:
    """One arm: ``kind`` jevn or naturlig (deadline ``week``), ingen, odds (``factor``), observert (weight 1) or plan.

    A plan speaks of several decisions (``plans``); its ``week`` is the deadline of the first placement, 0 when it demands none.
    """

    name: str
    kind: str
    week: int = 0
    factor: float = 1.0

    @property
    def variant(self) -> str | None:
        return self.kind if self.kind in ("jevn", "naturlig") else None

    @property
    def decides(self) -> bool:
        """Whether the strategy demands decisions rather than shifting them: positivity is asked of these, and of starts by a week
        how many there were."""
        return self.variant is not None or self.kind == "plan"

    @property
    def key(self) -> tuple[str, str | None]:
        return self.name, self.variant


def decision_ratio(strategy: Strategy, weeks: PersonWeeks, h: Floats) -> Floats:
    """(rows,) q(a)/h(a) of every decision week under the strategy, given the modelled start probability ``h``."""
    a, t, g = weeks.start, weeks.week, strategy.week
    if strategy.kind == "jevn":
        q = np.where(t <= g, 1 / np.maximum(g - t + 1, 1), 0.0)
        return np.where(t > g, np.where(a, 0.0, 1.0), np.where(a, q / h, (1 - q) / (1 - h)))
    if strategy.kind == "naturlig":
        return np.where(t < g, 1.0, np.where(t == g, a / h, np.where(a, 0.0, 1.0)))
    if strategy.kind == "ingen":
        return np.where(a, 0.0, 1 / (1 - h))
    if strategy.kind == "odds":
        return np.where(a, strategy.factor, 1.0) / (strategy.factor * h + 1 - h)
    return np.ones(len(h))


def strategy_weights(strategy: Strategy, weeks: PersonWeeks, h: Floats) -> Floats:
    """(n, window) weight after each week's decision, carried forward after the last decision."""
    ratio = np.ones((weeks.n, weeks.window))
    ratio[weeks.who, weeks.week - 1] = decision_ratio(strategy, weeks, h)
    return np.asarray(np.cumprod(ratio, axis=1), dtype=float)


def person_week_weights(decided: Floats, weeks: PersonWeeks, censoring: Floats) -> Floats:
    """(n, horizon) strategy weight times censoring weight at risk, 0 elsewhere."""
    column = np.minimum(np.arange(weeks.horizon), decided.shape[1] - 1)
    return np.where(weeks.at_risk(), decided[:, column] * censoring, 0.0)


def final_weights(person_weeks: Floats, weeks: PersonWeeks) -> Floats:
    """(n,) the weight in the person's last observed week; 0 = did not follow the strategy."""
    return person_weeks[np.arange(weeks.n), weeks.last - 1]
