"""Weighted discrete Aalen-Johansen with competing exits.

λ_ct = Σ W_it 1[exit in week t by cause c] / Σ W_it 1[at risk in week t];  S_t = Π (1 - Σ_c λ_cs);  F_ct = Σ_s S_{s-1} λ_cs.
A week with nobody at risk adds nothing. Source: Aalen & Johansen 1978, Scand J Stat 5:141; in discrete time as here.
"""

from __future__ import annotations

import numpy as np

from pipeline.effects.person_weeks import Floats, PersonWeeks, is_event

CAUSES = 3


def aalen_johansen(at_risk: Floats, exits: Floats) -> Floats:
    """Cumulative incidence by cause.

    Args:
        at_risk: (…, weeks) weighted persons at risk.
        exits: (…, weeks, causes) weighted exits in the week.

    Returns:
        (…, weeks, causes) share that has left by each cause by the end of the week.
    """
    hazard = np.divide(exits, at_risk[..., None], out=np.zeros_like(exits), where=at_risk[..., None] > 0)
    survival = np.cumprod(1 - hazard.sum(axis=-1), axis=-1)
    before = np.concatenate([np.ones_like(survival[..., :1]), survival[..., :-1]], axis=-1)
    return np.asarray(np.cumsum(before[..., None] * hazard, axis=-2))


def weighted_counts(weights: Floats, weeks: PersonWeeks) -> tuple[Floats, Floats]:
    """(horizon,) persons at risk and (horizon, causes) exits under person-week weights (n, horizon)."""
    gone = np.flatnonzero(is_event(weeks))
    cell = (weeks.last[gone] - 1) * CAUSES + weeks.cause[gone]
    exits = np.bincount(cell, weights[gone, weeks.last[gone] - 1], weeks.horizon * CAUSES)
    return weights.sum(axis=0), np.asarray(exits, dtype=float).reshape(weeks.horizon, CAUSES)


def cumulative_incidence(weights: Floats, weeks: PersonWeeks) -> Floats:
    """(horizon, causes) cumulative incidence under person-week weights (n, horizon)."""
    return aalen_johansen(*weighted_counts(weights, weeks))
