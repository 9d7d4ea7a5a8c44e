"""All strategies under many drawn sets of municipalities at once: no person is copied and no model refitted.

Every strategy's weights are simple multiples of few products over weeks (e = odds of a start, S_t = Π (1 - h_s) = Π 1 / (1 + e_s)):
    uniform g, not yet placed in week t:  (g - t) / g · 1 / S_t;     placed in week k <= g:  1 / g · 1 / (S_{k-1} h_k);
    none in the window:  1 / S_t;     natural g, placed in week g:  1 / h_g;     tempo δ:  Π δ^a (1 + e) / (1 + δe).
So the weighted counts at risk, leaving and at the end are summed once per week of the last decision and recombined per
strategy. Counts of drawn municipalities are frequency weights. Censoring weights are held at their estimates.
Must not be here: strategies themselves (``strategies``), which give the same numbers person by person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pipeline.effects.incidence import CAUSES, aalen_johansen
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks, is_event
from pipeline.effects.start_model import StartModel, refit
from pipeline.effects.strategies import Strategy

_EXTRA = 2


@dataclass(frozen=True)
class Draws:
    """What the bootstrap gives for one strategy.

    Attributes:
        incidence: (draws, horizon, causes) cumulative incidence.
        control: (draws,) weighted mean of the negative control, NaN when it is not measured in the arm.
    """

    incidence: Floats
    control: Floats


@dataclass(frozen=True)
class _Tails:
    """Sums by week of the last decision; ``cells`` as in :func:`_cells`.

    Attributes:
        open: (window, cells, draws) persons still without a placement after week t, counted in week t.
        placed: (window, cells, draws) persons placed in week t, counted from week t on.
        never: (cells, draws) persons without a placement in the window, counted after it.
    """

    open: Floats
    placed: Floats
    never: Floats


def draw_counts(n_clusters: int, draws: int, seed: int) -> Floats:
    """(draws, J) how often each municipality was drawn, with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=draws).astype(float)


def _cells(weeks: PersonWeeks, censoring: Floats, control: Floats) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """What each person adds to the sums, per unit of strategy weight.

    Columns: at risk in week 1 … horizon, exits by week and cause, final weight among those with the control measured, the same
    times the control. The first matrix (n, columns) holds everything; the second (n · horizon) selects a single week.
    """
    who, column = np.nonzero(weeks.at_risk())
    at_end = np.arange(weeks.n)
    final = censoring[at_end, weeks.last - 1]
    gone = np.flatnonzero(is_event(weeks))
    cells = weeks.horizon * (1 + CAUSES)
    known = np.flatnonzero(~np.isnan(control))
    rows = np.concatenate([who, gone, known, known])
    columns = np.concatenate([
        column, weeks.horizon + (weeks.last[gone] - 1) * CAUSES + weeks.cause[gone],
        np.full(len(known), cells), np.full(len(known), cells + 1),
    ])  # fmt: skip
    values = np.concatenate([censoring[who, column], final[gone], final[known], final[known] * control[known]])
    week = np.concatenate([column, weeks.last[gone] - 1, weeks.last[known] - 1, weeks.last[known] - 1])
    every = sparse.csr_matrix((values, (rows, columns)), shape=(weeks.n, cells + _EXTRA))
    weekly = sparse.csr_matrix((values, (rows * weeks.horizon + week, columns)), shape=(weeks.n * weeks.horizon, cells + _EXTRA))
    return every, weekly


def _from_week(every: sparse.csr_matrix, person: Ints, week: int, horizon: int) -> sparse.csc_matrix:
    """(columns, persons) what the persons add from ``week`` on: the earlier weeks at risk are cut off."""
    out = every[person].T.tocsr()
    keep = np.r_[np.zeros(week - 1), np.ones(out.shape[0] - week + 1)]
    return (sparse.diags(keep) @ out).tocsr()


class BootstrapSums:
    """The recombinable sums of all draws.

    Args:
        weeks: the followed persons.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control, NaN when not measured.
        draws: number of draws held.
        factors: the tempo factors δ to sum for.
    """

    def __init__(self, weeks: PersonWeeks, censoring: Floats, control: Floats, draws: int, factors: tuple[float, ...]) -> None:
        self.weeks, self.draws, self.factors = weeks, draws, factors
        self._every, self._weekly = _cells(weeks, censoring, control)
        self.columns = self._every.shape[1]
        self.kinds: tuple[str, ...] = ("one", "inverse", *(f"odds_{f}" for f in factors))
        shape = (weeks.window, self.columns, draws)
        self._open = {k: np.zeros(shape) for k in self.kinds if k in ("one", "inverse")}
        self._placed = {k: np.zeros(shape) for k in ("one", "inverse", "now")}
        self._total = {k: np.zeros(shape[1:]) for k in self.kinds}
        self._never = {k: np.zeros(shape[1:]) for k in ("one", "inverse")}

    def add(self, model: StartModel, d_beta: Floats, d_u: Floats, counts: Floats) -> None:
        """Sum the draws: coefficients moved by ``d_beta`` (draws, p) and ``d_u`` (draws, J), ``counts`` (draws, J)."""
        weeks, eta = self.weeks, model.x @ model.beta + model.u[model.cluster]
        frequency = np.ascontiguousarray(counts.T)[weeks.cluster]
        product = {k: np.ones((weeks.n, self.draws)) for k in self.kinds if k != "one"}
        order = np.argsort(weeks.week, kind="stable")
        edges = np.searchsorted(weeks.week[order], np.arange(1, weeks.window + 2))
        shift_u = np.ascontiguousarray(d_u.T)
        for t in range(1, weeks.window + 1):
            rows = order[edges[t - 1] : edges[t]]
            log_odds = eta[rows, None] + model.x[rows] @ d_beta.T + shift_u[model.cluster[rows]]
            odds = np.exp(np.clip(log_odds, -20.0, 20.0))
            self._add_week(t, rows, odds, frequency, product)
        self._add_never(frequency, product)

    def _add_week(self, t: int, rows: Ints, odds: Floats, frequency: Floats, product: dict[str, Floats]) -> None:
        weeks = self.weeks
        who, a = weeks.who[rows], weeks.start[rows]
        product["inverse"][who] *= 1 + odds
        for f in self.factors:
            product[f"odds_{f}"][who] *= (1 + odds) / (1 + f * odds)
        waits, starts = who[~a], who[a]
        this_week = self._weekly[waits * weeks.horizon + t - 1].T.tocsr()
        later = _from_week(self._every, starts, t, weeks.horizon)
        self._open["one"][t - 1] = this_week @ frequency[waits]
        self._open["inverse"][t - 1] = this_week @ (frequency[waits] * product["inverse"][waits])
        self._placed["one"][t - 1] = later @ frequency[starts]
        self._placed["inverse"][t - 1] = later @ (frequency[starts] * product["inverse"][starts] / odds[a])
        self._placed["now"][t - 1] = later @ (frequency[starts] * (1 + odds[a]) / odds[a])
        for f in self.factors:
            k = f"odds_{f}"
            self._total[k] += this_week @ (frequency[waits] * product[k][waits])
            self._total[k] += later @ (f * frequency[starts] * product[k][starts])

    def _add_never(self, frequency: Floats, product: dict[str, Floats]) -> None:
        """Persons who went through the window without a placement, from the week after it."""
        weeks = self.weeks
        person = np.flatnonzero((weeks.last > weeks.window) & ((weeks.placed == 0) | (weeks.placed > weeks.window)))
        later = _from_week(self._every, person, weeks.window + 1, weeks.horizon)
        self._never["one"] = later @ frequency[person]
        self._never["inverse"] = later @ (frequency[person] * product["inverse"][person])
        for f in self.factors:
            self._total[f"odds_{f}"] += later @ (frequency[person] * product[f"odds_{f}"][person])

    def _sums(self, strategy: Strategy) -> Floats:
        """(columns, draws) the strategy's weighted counts."""
        g = strategy.week
        if strategy.kind == "jevn":
            share = np.maximum(g - np.arange(1, g + 1), 0) / g
            return np.asarray(np.tensordot(share, self._open["inverse"][:g], 1) + self._placed["inverse"][:g].sum(axis=0) / g)
        if strategy.kind == "naturlig":
            before = self._open["one"][: g - 1].sum(axis=0) + self._placed["one"][: g - 1].sum(axis=0)
            return np.asarray(before + self._placed["now"][g - 1])
        if strategy.kind == "ingen":
            return np.asarray(self._open["inverse"].sum(axis=0) + self._never["inverse"])
        if strategy.kind == "odds":
            return self._total[f"odds_{strategy.factor}"]
        return np.asarray(self._open["one"].sum(axis=0) + self._placed["one"].sum(axis=0) + self._never["one"])

    def of(self, strategy: Strategy) -> Draws:
        """The draws of one strategy."""
        sums = self._sums(strategy).T
        horizon = self.weeks.horizon
        exits = sums[:, horizon : horizon * (1 + CAUSES)].reshape(len(sums), horizon, CAUSES)
        weight, value = sums[:, -2], sums[:, -1]
        control = np.divide(value, weight, out=np.full(len(sums), np.nan), where=weight > 0)
        return Draws(aalen_johansen(np.ascontiguousarray(sums[:, :horizon]), exits), control)


def bootstrap(
    weeks: PersonWeeks,
    model: StartModel,
    censoring: Floats,
    control: Floats,
    counts: Floats,
    factors: tuple[float, ...],
    exact: bool = False,
) -> BootstrapSums:
    """Sums of every draw of municipalities.

    Args:
        weeks: the followed persons.
        model: the fitted start model.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control, NaN when not measured.
        counts: (draws, J) from :func:`draw_counts`.
        factors: tempo factors δ.
        exact: refit the start model in every draw (slow; the oracle) instead of one Newton step.
    """
    sums = BootstrapSums(weeks, censoring, control, len(counts), factors)
    d_beta, d_u = model.steps(counts)
    if exact:
        refits = [refit(model, weeks.start.astype(float), k) for k in counts]
        d_beta = np.stack([beta for beta, _ in refits]) - model.beta
        d_u = np.stack([u for _, u in refits]) - model.u
    sums.add(model, d_beta, d_u, counts)
    return sums
