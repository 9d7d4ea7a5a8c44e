"""A yes-or-no answer modelled on named columns in their own units, with municipality intercepts and one step per bootstrap draw.

The model itself is the one of ``start_model``: logistic, intercepts per municipality with estimated variance. Here its coefficients
are told in the columns' own units, so that it can answer for columns nobody had ("had the level been one higher").
Must not be here: which columns an analysis needs, and what is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.effects.person_weeks import Floats, Ints
from pipeline.effects.start_model import StartModel, fit_start_model, refit


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of d draws in the columns' own units.

    Attributes:
        intercept: (d,).
        slopes: (d, q).
        municipality: (d, J).
    """

    intercept: Floats
    slopes: Floats
    municipality: Floats

    def log_odds(self, values: Floats, cluster: Ints) -> Floats:
        """(rows, d) log-odds for columns (rows, q) in municipalities (rows,)."""
        return np.asarray(values @ self.slopes.T + self.intercept + self.municipality.T[cluster])


@dataclass(frozen=True)
class Logistic:
    """A fitted model.

    Attributes:
        names: (q,) the columns.
        model: the fit on columns with mean 0 and standard deviation 1.
        answer: (rows,) what was fitted.
        centre, scale: (q,) mean and standard deviation of the fitted rows' columns.
    """

    names: tuple[str, ...]
    model: StartModel
    answer: Floats
    centre: Floats
    scale: Floats

    def _own_units(self, beta: Floats, municipality: Floats) -> Coefficients:
        slopes = beta[:, 1:] / self.scale
        return Coefficients(beta[:, 0] - slopes @ self.centre, slopes, municipality)

    def fitted(self) -> Coefficients:
        """The coefficients themselves, as one draw."""
        return self._own_units(self.model.beta[None, :], self.model.u[None, :])

    def drawn(self, counts: Floats, exact: bool = False, weights: Floats | None = None) -> Coefficients:
        """Coefficients when municipalities are drawn ``counts`` (draws, J) times: one Newton step, or (``exact``) refitted.

        Args:
            counts: how often each municipality was drawn.
            exact: refit instead of one Newton step.
            weights: (rows, draws) the rows' weights, where every draw has its own.
        """
        if exact:
            own = [None] * len(counts) if weights is None else list(weights.T)
            refits = [refit(self.model, self.answer, k, w) for k, w in zip(counts, own, strict=True)]
            return self._own_units(np.stack([b for b, _ in refits]), np.stack([u for _, u in refits]))
        if weights is None:
            d_beta, d_u = self.model.steps(counts)
        else:
            d_beta, d_u = self.model.weighted_steps(self.answer, counts, weights)
        return self._own_units(self.model.beta + d_beta, self.model.u + d_u)


def fit_logistic(
    names: Sequence[str],
    values: Floats,
    answer: Floats,
    cluster: Ints,
    n_clusters: int,
    *,
    weight: Floats | None = None,
    loose: float = 1.0,
) -> Logistic:
    """Fit by empirical Bayes.

    Args:
        names: (q,) what the columns are called.
        values: (rows, q) the columns; rows of a municipality stand together.
        answer: (rows,) 1 = yes; both answers must occur.
        cluster: (rows,) municipality of the row, 0 … n_clusters - 1.
        n_clusters: number of municipalities.
        weight: (rows,) weights of the rows; without it each counts once.
        loose: as in :func:`~pipeline.effects.start_model.fit_start_model`; 1 = the model predicts and makes no weights.
    """
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    x = np.column_stack([np.ones(len(values)), (values - centre) / scale])
    model = fit_start_model(x, answer, cluster, n_clusters, weight=weight, loose=loose)
    return Logistic(tuple(names), model, answer, centre, scale)
