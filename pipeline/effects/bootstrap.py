"""All strategies under many drawn sets of municipalities at once: no person is copied and no model refitted.

Every strategy's weights are simple multiples of few products over weeks (e = odds of a start, S_t = Π (1 - h_s) = Π 1 / (1 + e_s)):
    uniform g, not yet placed in week t:  (g - t) / g · 1 / S_t;     placed in week k <= g:  1 / g · 1 / (S_{k-1} h_k);
    none in the window:  1 / S_t;     natural g, placed in week g:  1 / h_g;     tempo δ:  Π δ^a (1 + e) / (1 + δe).
So the weighted counts at risk, leaving and at the end are summed once per week of the last decision and recombined per
strategy. Counts of drawn municipalities are frequency weights. Censoring weights are held at their estimates.
Must not be here: strategies themselves (``strategies``), which give the same numbers person by person.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from pipeline.effects.incidence import CAUSES, aalen_johansen
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks, is_event
from pipeline.effects.start_model import StartModel, refit
from pipeline.effects.strategies import Strategy

# Draws worked on together: so few that a week's arrays stay in the processor's cache.
_CHUNK = 50


@dataclass(frozen=True)
class Draws:
    """What the bootstrap gives for one strategy.

    Attributes:
        incidence: (draws, horizon, causes) cumulative incidence.
        control: (draws,) weighted mean of the negative control, NaN when it is not measured in the arm.
        endpoints: (draws, q) weighted means of the endpoints, NaN likewise.
    """

    incidence: Floats
    control: Floats
    endpoints: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True)
class _Week:
    """One decision week: its rows, who of them waits on and who starts, and what each adds (columns of :func:`_cells`, persons)."""

    rows: Ints
    who: Ints
    starts: Bools
    waiting: sparse.csr_matrix
    placed: sparse.csr_matrix


def draw_counts(n_clusters: int, draws: int, seed: int) -> Floats:
    """(draws, J) how often each municipality was drawn, with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=draws).astype(float)


@dataclass(frozen=True)
class Contributions:
    """What each person adds to the sums per unit of strategy weight, one element per (person, week, column).

    Columns: at risk in week 1 … horizon, exits by week and cause, then per mean one for those with the value known,
    and the value. Elements stand sorted by the week whose weight they take.
    """

    who: Ints
    week: Ints
    column: Ints
    value: Floats
    persons: int
    columns: int

    def between(self, first: int, until: int) -> sparse.csr_matrix:
        """(columns, persons) what weeks ``first`` … ``until`` - 1 add."""
        some = slice(*np.searchsorted(self.week, (first, until)))
        at = (self.column[some], self.who[some])
        return sparse.csr_matrix((self.value[some], at), shape=(self.columns, self.persons))


def _mean_parts(weeks: PersonWeeks, means: Floats) -> tuple[list[Ints], list[Ints], list[Floats]]:
    """(persons, columns, values) of the means of what is known of everybody, the lost among them: no censoring weight."""
    persons: list[Ints] = []
    columns: list[Ints] = []
    values: list[Floats] = []
    for i, mean in enumerate(means.T):
        known = np.flatnonzero(~np.isnan(mean))
        at = weeks.horizon * (1 + CAUSES) + 2 * i
        persons += [known, known]
        columns += [np.full(len(known), at), np.full(len(known), at + 1)]
        values += [np.ones(len(known)), mean[known]]
    return persons, columns, values


def contributions(weeks: PersonWeeks, censoring: Floats, means: Floats) -> Contributions:
    """What each person adds to the sums.

    Args:
        weeks: the followed persons.
        censoring: (n, horizon) censoring weights.
        means: (n, 1 + q) negative control and endpoints, NaN where not known.
    """
    who, column = np.nonzero(weeks.at_risk())
    final = censoring[np.arange(weeks.n), weeks.last - 1]
    gone = np.flatnonzero(is_event(weeks))
    exits = weeks.horizon + (weeks.last[gone] - 1) * CAUSES + weeks.cause[gone]
    persons, columns, values = _mean_parts(weeks, means)
    week = np.concatenate([column + 1, weeks.last[gone], *(weeks.last[p] for p in persons)])
    order = np.argsort(week, kind="stable")
    return Contributions(
        np.concatenate([who, gone, *persons])[order],
        week[order],
        np.concatenate([column, exits, *columns])[order],
        np.concatenate([censoring[who, column], final[gone], *values])[order],
        weeks.n,
        weeks.horizon * (1 + CAUSES) + 2 * means.shape[1],
    )


def _cells(weeks: PersonWeeks, censoring: Floats, means: Floats) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """The contributions as matrices: (n, columns) holds everything; the second (n · horizon) selects a single week."""
    c = contributions(weeks, censoring, means)
    every = sparse.csr_matrix((c.value, (c.who, c.column)), shape=(c.persons, c.columns))
    single = c.who * weeks.horizon + c.week - 1
    weekly = sparse.csr_matrix((c.value, (single, c.column)), shape=(c.persons * weeks.horizon, c.columns))
    return every, weekly


def draws_of(sums: Floats, horizon: int) -> Draws:
    """The draws that weighted counts (columns of :class:`Contributions`, draws) lead to."""
    by_draw = np.ascontiguousarray(sums.T)
    end = horizon * (1 + CAUSES)
    exits = by_draw[:, horizon:end].reshape(len(by_draw), horizon, CAUSES)
    weight, value = by_draw[:, end::2], by_draw[:, end + 1 :: 2]
    means = np.divide(value, weight, out=np.full(weight.shape, np.nan), where=weight > 0)
    return Draws(aalen_johansen(np.ascontiguousarray(by_draw[:, :horizon]), exits), means[:, 0], means[:, 1:])


def _from_week(every: sparse.csr_matrix, person: Ints, week: int) -> sparse.csr_matrix:
    """(columns, persons) what the persons add from ``week`` on: the earlier weeks at risk are cut off."""
    keep = np.r_[np.zeros(week - 1), np.ones(every.shape[1] - week + 1)]
    return (sparse.diags(keep) @ every[person].T).tocsr()


def _plan(weeks: PersonWeeks, every: sparse.csr_matrix, weekly: sparse.csr_matrix) -> list[_Week]:
    """The decision weeks in order, each with its rows and what its persons add."""
    plan = []
    for t in range(1, weeks.window + 1):
        rows = np.flatnonzero(weeks.week == t)
        who, starts = weeks.who[rows], weeks.start[rows]
        waiting = weekly[who[~starts] * weeks.horizon + t - 1].T.tocsr()
        plan.append(_Week(rows, who, starts, waiting, _from_week(every, who[starts], t)))
    return plan


class BootstrapSums:
    """The recombinable sums of all draws.

    Args:
        weeks: the followed persons.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control, NaN when not measured.
        draws: number of draws held.
        factors: the tempo factors δ to sum for.
        endpoints: (n, q) further values whose weighted means are asked for, NaN where unknown.
    """

    def __init__(
        self, weeks: PersonWeeks, censoring: Floats, control: Floats, draws: int, factors: tuple[float, ...],
        endpoints: Floats | None = None,
    ) -> None:  # fmt: skip
        self.weeks, self.factors = weeks, factors
        means = control[:, None] if endpoints is None else np.column_stack([control, endpoints])
        every, weekly = _cells(weeks, censoring, means)
        self._plan = _plan(weeks, every, weekly)
        self._stayers = np.flatnonzero((weeks.last > weeks.window) & ((weeks.placed == 0) | (weeks.placed > weeks.window)))
        self._staying = _from_week(every, self._stayers, weeks.window + 1)
        shape = (weeks.window, every.shape[1], draws)
        self._open = {k: np.zeros(shape) for k in ("one", "inverse")}
        self._placed = {k: np.zeros(shape) for k in ("one", "inverse", "now")}
        self._never = {k: np.zeros(shape[1:]) for k in ("one", "inverse")}
        self._tempo = {f: np.zeros(shape[1:]) for f in factors}

    def add(self, model: StartModel, d_beta: Floats, d_u: Floats, counts: Floats) -> None:
        """Sum the draws: coefficients moved by ``d_beta`` (draws, p) and ``d_u`` (draws, J), ``counts`` (draws, J)."""
        eta = model.x @ model.beta + model.u[model.cluster]
        parts = [(week, eta[week.rows], model.x[week.rows], model.cluster[week.rows]) for week in self._plan]
        for first in range(0, len(counts), _CHUNK):
            some = slice(first, first + _CHUNK)
            shift_b, shift_u = np.ascontiguousarray(d_beta[some].T), np.ascontiguousarray(d_u[some].T)
            frequency = np.ascontiguousarray(counts[some].T)[self.weeks.cluster]
            product = {k: np.ones_like(frequency) for k in (1.0, *self.factors)}
            for t, (week, base, x, cluster) in enumerate(parts):
                odds = np.exp(np.clip(base[:, None] + x @ shift_b + shift_u[cluster], -20.0, 20.0))
                self._add_week(t, some, week, odds, frequency, product)
            self._add_stayers(some, frequency, product)

    def _add_week(self, t: int, some: slice, week: _Week, odds: Floats, frequency: Floats, product: dict[float, Floats]) -> None:
        """``product[1]`` is 1 / S_t, ``product[δ]`` the tempo product, before and after this week's decision."""
        more = 1 + odds
        product[1.0][week.who] *= more
        waits, starts = week.who[~week.starts], week.who[week.starts]
        counted, began = frequency[waits], frequency[starts]
        its_odds = odds[week.starts]
        self._open["one"][t, :, some] = week.waiting @ counted
        self._open["inverse"][t, :, some] = week.waiting @ (counted * product[1.0][waits])
        self._placed["one"][t, :, some] = week.placed @ began
        self._placed["inverse"][t, :, some] = week.placed @ (began * product[1.0][starts] / its_odds)
        self._placed["now"][t, :, some] = week.placed @ (began * (1 + its_odds) / its_odds)
        for f in self.factors:
            product[f][week.who] *= more / (1 + f * odds)
            self._tempo[f][:, some] += week.waiting @ (counted * product[f][waits])
            self._tempo[f][:, some] += week.placed @ (f * began * product[f][starts])

    def _add_stayers(self, some: slice, frequency: Floats, product: dict[float, Floats]) -> None:
        """Persons who went through the window without a placement, from the week after it."""
        counted = frequency[self._stayers]
        self._never["one"][:, some] = self._staying @ counted
        self._never["inverse"][:, some] = self._staying @ (counted * product[1.0][self._stayers])
        for f in self.factors:
            self._tempo[f][:, some] += self._staying @ (counted * product[f][self._stayers])

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
            return self._tempo[strategy.factor]
        return np.asarray(self._open["one"].sum(axis=0) + self._placed["one"].sum(axis=0) + self._never["one"])

    def of(self, strategy: Strategy) -> Draws:
        """The draws of one strategy."""
        return draws_of(self._sums(strategy), self.weeks.horizon)


def bootstrap(
    weeks: PersonWeeks,
    model: StartModel,
    censoring: Floats,
    control: Floats,
    counts: Floats,
    factors: tuple[float, ...],
    exact: bool = False,
    endpoints: Floats | None = None,
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
        endpoints: (n, q) further values whose weighted means are asked for.
    """
    sums = BootstrapSums(weeks, censoring, control, len(counts), factors, endpoints)
    d_beta, d_u = model.steps(counts)
    if exact:
        refits = [refit(model, weeks.start.astype(float), k) for k in counts]
        d_beta = np.stack([beta for beta, _ in refits]) - model.beta
        d_u = np.stack([u for _, u in refits]) - model.u
    sums.add(model, d_beta, d_u, counts)
    return sums
