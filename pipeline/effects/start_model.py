r"""Who starts when: pooled logistic hazard of the first placement with municipality intercepts.

logit h = x'β + u_j, u_j ~ N(0, τ²). β and u are the joint mode; τ² is Schall's fixed point τ² = Σu² / (J - Σ v_j / τ²), v_j the
posterior variance of u_j (Schall 1991, Biometrika 78:719), and may go to 0. A weak ridge keeps rare categories finite.
Where the model makes weights, β and u are then fitted with LOOSE · τ²: intercepts shrunk to predict best leave the municipalities that
seldom place under-represented, which is bias in every weighted mean (undersmoothing; Goldstein & Messer 1992, Ann Stat 20:1306).

Bootstrap of municipalities with counts k_j, one Newton step from the mode with u_j profiled out (A_j, B_j, D_j the blocks of
cluster j's information, D_j with 1/τ²; S_j its score for β; τ² fixed):
    H_j = A_j - B_j B_j' / D_j,   δβ = (Σ k_j H_j + Λ)⁻¹ (Σ k_j S_j - Λβ),   δu_j = -B_j'δβ / D_j.
Drawn copies are distinct clusters, so that a cluster's count multiplies its prior as well. ``refit`` is the oracle of this step.

Rows may carry weights w (inverse probabilities of an earlier decision): scores and information are then weighted sums. Weights that
are remade in every draw move the scores and not the information: with residuals r and g_j = Σ w r - u_j / τ² of cluster j,
    S_j = Σ w r x - B_j g_j / D_j,   δu_j = g_j / D_j - B_j'δβ / D_j.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.special import expit

from pipeline.effects.person_weeks import Floats, Ints

LOOSE = 9.0
_RIDGE = 1e-2
_SMALLEST_VARIANCE = 1e-6
_MAX_STEPS = 60
_MAX_TURNS = 300
_FIRST_VARIANCE = 0.1
_NEAR_VARIANCE = 1e-3


@dataclass(frozen=True)
class StartModel:
    """A fitted model and what the bootstrap needs of it.

    Attributes:
        x: (rows, p) design: intercept and standardised covariates.
        cluster: (rows,) cluster of the row.
        weight: (rows,) weight of the row.
        beta: (p,) coefficients of ``x``.
        u: (J,) municipality intercepts.
        tau2: their variance.
        scores: (J, p) S_j.
        information: (J, p, p) H_j.
        slopes: (J, p) B_j / D_j: u_j answers a step in β with minus this times the step.
        curvature: (J,) D_j.
        converged: the Newton steps became negligible.
    """

    x: Floats
    cluster: Ints
    weight: Floats
    beta: Floats
    u: Floats
    tau2: float
    scores: Floats
    information: Floats
    slopes: Floats
    curvature: Floats
    converged: bool

    def hazard(self) -> Floats:
        """(rows,) modelled probability of a start in the week, off 0 and 1 by 1e-9."""
        return _probability(self.x, self.cluster, self.beta, self.u)

    def steps(self, counts: Floats) -> tuple[Floats, Floats]:
        """One Newton step per draw: ``counts`` (draws, J) → δβ (draws, p), δu (draws, J)."""
        delta = self._solved(counts, counts @ self.scores)
        return delta, -(delta @ self.slopes.T)

    def weighted_steps(self, answer: Floats, counts: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """:meth:`steps` when the rows' weights are others in every draw.

        Args:
            answer: (rows,) what was fitted.
            counts: (draws, J) how often each cluster was drawn.
            weights: (rows, draws) the rows' weights; the information stays that of the fitted ones.
        """
        residual = (answer - self.hazard())[:, None] * weights
        often = np.ascontiguousarray(counts.T)
        own = sums_by_cluster(residual, np.ones(len(answer)), self.cluster, len(self.u)) - (self.u / self.tau2)[:, None]
        score = (residual * often[self.cluster]).T @ self.x - (own * often).T @ self.slopes
        delta = self._solved(counts, score)
        return delta, (own / self.curvature[:, None]).T - delta @ self.slopes.T

    def _solved(self, counts: Floats, score: Floats) -> Floats:
        """(draws, p) the step in β for scores (draws, p)."""
        p = len(self.beta)
        ridge = _prior(p)
        information = (counts @ self.information.reshape(len(self.u), -1)).reshape(-1, p, p) + ridge
        return np.asarray(np.linalg.solve(information, (score - ridge @ self.beta)[..., None])[..., 0], dtype=float)


@dataclass(frozen=True)
class _Often:
    """How often each cluster counts (J,), and how much each row does (rows,): its weight times its cluster's count."""

    clusters: Floats
    rows: Floats


@dataclass(frozen=True)
class Mode:
    """Where the steps have come to: ``beta`` (p,), ``u`` (J,), the variance, and the size of the last step."""

    beta: Floats
    u: Floats
    tau2: float
    step: float


def design(values: Floats) -> Floats:
    """(rows, 1 + p): an intercept and the columns with mean 0 and standard deviation 1."""
    out = np.ones((len(values), values.shape[1] + 1))
    np.subtract(values, values.mean(axis=0), out=out[:, 1:])
    spread = np.sqrt(np.einsum("ij,ij->j", out[:, 1:], out[:, 1:]) / max(len(values), 1))
    out[:, 1:] /= np.where(spread > 1e-12, spread, 1.0)
    return out


def _prior(p: int) -> Floats:
    return np.diag(np.r_[1e-6, np.full(p - 1, _RIDGE)])


def sums_by_cluster(rows: Floats, weight: Floats, cluster: Ints, n_clusters: int) -> Floats:
    """(J, p) weighted sum of rows (rows, p) per cluster; rows of a cluster stand together."""
    edges = np.searchsorted(cluster, np.arange(n_clusters + 1))
    return np.asarray(sparse.csr_matrix((weight, np.arange(len(weight)), edges), shape=(n_clusters, len(weight))) @ rows)


@dataclass(frozen=True)
class _Quadratic:
    """The likelihood near a mode: gradient and curvature in β (p,), (p, p), and u (J,), and between them (J, p); u's prior left out."""

    gradient: Floats
    gradient_u: Floats
    curvature: Floats
    curvature_u: Floats
    between: Floats
    counts: Floats

    def top(self, at: Mode) -> tuple[Floats, Floats, Floats]:
        """The steps δβ and δu to its top at the variance of ``at``, and the posterior variances (J,) of u there."""
        d = self.curvature_u + np.maximum(self.counts, 1e-9) / at.tau2
        g_u = self.gradient_u - self.counts * at.u / at.tau2
        inverse = np.linalg.inv(self.curvature - self.between.T @ (self.between / d[:, None]))
        delta = inverse @ (self.gradient - self.between.T @ (g_u / d))
        variance = 1 / d + np.einsum("jp,jp->j", self.between @ inverse, self.between) / d**2
        return delta, (g_u - self.between @ delta) / d, variance


def _totals(cluster: Ints, values: Floats, n_clusters: int) -> Floats:
    """(J,) sum of values (rows,) per cluster."""
    return np.asarray(np.bincount(cluster, values, n_clusters), dtype=float)


def _quadratic(x: Floats, y: Floats, cluster: Ints, often: _Often, at: Mode) -> _Quadratic:
    h = expit(x @ at.beta + at.u[cluster])
    residual, w = (y - h) * often.rows, h * (1 - h) * often.rows
    root = np.sqrt(w)
    half = x * root[:, None]  # its square is the information: half the multiplications, and one pass over the rows
    prior, n_clusters = _prior(x.shape[1]), len(often.clusters)
    return _Quadratic(
        x.T @ residual - prior @ at.beta, _totals(cluster, residual, n_clusters),
        half.T @ half + prior, _totals(cluster, w, n_clusters), sums_by_cluster(half, root, cluster, n_clusters), often.clusters,
    )  # fmt: skip


def _schall(near: _Quadratic, at: Mode) -> float:
    """The fixed point of τ² as far as the quadratic reaches: it needs no rows, which are what costs.

    Sought from the same beginning in every step, so that an early step that ends near 0 holds none of the later ones there.
    """
    tau2 = _FIRST_VARIANCE
    for _ in range(_MAX_TURNS):
        _, delta_u, variance = near.top(replace(at, tau2=tau2))
        u = at.u + delta_u
        found = float(u @ u) / max(len(u) - float(variance.sum()) / tau2, 1e-3)
        before, tau2 = tau2, float(np.clip(found, _SMALLEST_VARIANCE, 25.0))
        if abs(np.log(tau2 + 1e-4) - np.log(before + 1e-4)) < _NEAR_VARIANCE / 100:
            break
    return tau2


def _step(x: Floats, y: Floats, cluster: Ints, often: _Often, at: Mode, learn: bool) -> Mode:
    """One joint Newton step in (β, u), at the variance that goes with it where it is to be learnt."""
    near = _quadratic(x, y, cluster, often, at)
    tau2 = _schall(near, at) if learn else at.tau2
    delta, delta_u, _ = near.top(replace(at, tau2=tau2))
    # A step that moves some log-odds by more than 4 overshoots when outcomes are rare: shorten it.
    scale = min(1.0, 4.0 / max(float(np.max(np.abs(x @ delta + delta_u[cluster]))), 1e-12))
    moved = abs(np.log(tau2 + 1e-4) - np.log(at.tau2 + 1e-4))
    return Mode(at.beta + scale * delta, at.u + scale * delta_u, tau2, float(np.max(np.abs(delta)) + moved))


def _mode(x: Floats, y: Floats, cluster: Ints, often: _Often, at: Mode, learn: bool, near: float = 1e-6) -> Mode:
    for _ in range(_MAX_STEPS):
        at = _step(x, y, cluster, often, at, learn)
        if at.step < (_NEAR_VARIANCE if learn else near):
            break
    return at


def _blocks(x: Floats, y: Floats, cluster: Ints, weight: Floats, mode: Mode) -> tuple[Floats, Floats, Floats, Floats]:
    """Scores S_j, information H_j, slopes B_j / D_j and D_j at the mode."""
    n_clusters = len(mode.u)
    h = expit(x @ mode.beta + mode.u[cluster])
    w = h * (1 - h) * weight
    weighted = x * w[:, None]
    b = sums_by_cluster(x, w, cluster, n_clusters)
    curvature = np.asarray(np.bincount(cluster, w, n_clusters) + 1 / mode.tau2, dtype=float)
    slopes = b / curvature[:, None]
    edges = np.searchsorted(cluster, np.arange(n_clusters + 1))
    information = np.stack([x[i:j].T @ weighted[i:j] for i, j in pairwise(edges)])
    information -= b[:, :, None] * slopes[:, None, :]
    return sums_by_cluster(x, (y - h) * weight, cluster, n_clusters), information, slopes, curvature


def point_hazard(
    x: Floats, start: Floats, cluster: Ints, n_clusters: int, tau2: float, begin: Mode | None = None
) -> tuple[Floats, Mode]:
    """The model at a given τ², without what a bootstrap needs.

    Args:
        x, start, cluster, n_clusters: as :func:`fit_start_model`.
        tau2: the variance.
        begin: the mode of a fit to rows much like these: fewer steps to the same end.

    Returns:
        (rows,) modelled start probability, and the mode.
    """
    once = _Often(np.ones(n_clusters), np.ones(len(x)))
    at = _mode(x, start, cluster, once, begin or _beginning(x, start, n_clusters, tau2), learn=False, near=1e-3)
    return _probability(x, cluster, at.beta, at.u), at


def _probability(x: Floats, cluster: Ints, beta: Floats, u: Floats) -> Floats:
    return np.asarray(np.clip(expit(x @ beta + u[cluster]), 1e-9, 1 - 1e-9), dtype=float)


def _beginning(x: Floats, start: Floats, n_clusters: int, tau2: float) -> Mode:
    """The common rate, and nothing else."""
    rate = float(np.clip(start.mean(), 1e-6, 1 - 1e-6))
    return Mode(np.r_[np.log(rate / (1 - rate)), np.zeros(x.shape[1] - 1)], np.zeros(n_clusters), tau2, np.inf)


def fit_start_model(
    x: Floats, start: Floats, cluster: Ints, n_clusters: int, *, weight: Floats | None = None, loose: float = LOOSE
) -> StartModel:
    """Fit the pooled start model by empirical Bayes.

    Args:
        x: (rows, p) from :func:`design`; rows of a cluster stand together.
        start: (rows,) 1 = the first placement began in the week; both values must occur.
        cluster: (rows,) 0 … n_clusters - 1.
        n_clusters: number of municipalities.
        weight: (rows,) weights of the rows; without it each counts once.
        loose: what the estimated τ² is multiplied by; 1 for a model that is to predict and makes no weights.

    Returns:
        The joint mode, the τ² it is at and the per-cluster sums of the bootstrap.
    """
    at = _beginning(x, start, n_clusters, _FIRST_VARIANCE)
    held = np.ones(len(x)) if weight is None else weight
    once = _Often(np.ones(n_clusters), held)
    if n_clusters > 1:
        at = _mode(x, start, cluster, once, at, learn=True)
        at = replace(at, tau2=max(loose * at.tau2, _SMALLEST_VARIANCE))
    else:
        at = replace(at, tau2=_SMALLEST_VARIANCE)
    at = _mode(x, start, cluster, once, at, learn=False)
    return StartModel(x, cluster, held, at.beta, at.u, at.tau2, *_blocks(x, start, cluster, held, at), at.step < 1e-6)


def refit(model: StartModel, start: Floats, counts: Floats, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """The exact answer to one draw: (p,) β and (J,) u refitted with the clusters' counts (J,), τ² fixed, weights (rows,) remade."""
    at = Mode(model.beta, model.u, model.tau2, np.inf)
    often = _Often(counts, counts[model.cluster] * (model.weight if weight is None else weight))
    at = _mode(model.x, start, model.cluster, often, at, learn=False)
    return at.beta, at.u
