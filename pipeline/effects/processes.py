r"""Strategies that demand something of several kinds of decisions, and their weights: one by one and under many draws.

A process is one kind of decision (a first placement in a week; a contact in four weeks) with the modelled probability h of doing
it. A strategy sets the probability q of some decisions, multiplies the odds of others by δ, and leaves the rest as they are:
    q set:  q / h when done, (1 - q) / (1 - h) when not;     odds:  δ^a / (δh + 1 - h), which is 1 for δ = 1 (Kennedy 2019).
A person's weight in week t is the product over all processes of the decisions that apply by week t. Weights are not capped.
Under drawn municipalities the weighted counts are summed once per stretch of weeks in which no weight changes, with the draws'
counts as frequency weights: no person is copied. Must not be here: what a strategy demands, and of whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pipeline.effects.bootstrap import Draws, contributions, draws_of
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.start_model import StartModel, refit

# Draws worked on together: so few that a stretch's arrays stay in the processor's cache.
_CHUNK = 50


@dataclass(frozen=True)
class Process:
    """Decisions of one kind, one row each.

    Attributes:
        who: (rows,) person.
        applies: (rows,) the first week whose hazards carry the decision's weight.
        done: (rows,) it was done.
        model: how likely it was.
        rows: (rows,) where the decision stands in the model's rows.
        fitted: (model's rows,) what the model was fitted to, 1 = done.
    """

    who: Ints
    applies: Ints
    done: Bools
    model: StartModel
    rows: Ints
    fitted: Floats

    def probability(self) -> Floats:
        """(rows,) modelled probability of doing it."""
        return self.model.hazard()[self.rows]


@dataclass(frozen=True)
class Demand:
    """What a strategy demands of a process.

    Attributes:
        probability: (rows,) the probability of doing it that the strategy sets; NaN = not set.
        factor: what the odds are multiplied by where no probability is set; 1 = left as it is.
    """

    probability: Floats
    factor: float = 1.0

    @property
    def decides(self) -> Bools:
        """(rows,) the strategy changes something here."""
        return ~np.isnan(self.probability) | (self.factor != 1.0)

    def ratio(self, done: Bools, odds: Floats, some: Ints | slice = slice(None)) -> Floats:
        """(rows, …) q(a) / h(a) of the decisions ``done`` (rows,) with modelled ``odds`` (rows, …) of doing them.

        ``some`` says which of the demand's rows these are.
        """
        q = self.probability[some]
        wide = (slice(None), *[None] * (odds.ndim - 1))
        act, q = done[wide], np.where(done, q, 1 - q)[wide]
        chance = np.where(act, odds, 1.0) / (1 + odds)
        free = 1.0 if self.factor == 1.0 else np.where(act, self.factor, 1.0) * (1 + odds) / (1 + self.factor * odds)
        return np.asarray(np.where(np.isnan(q), free, q / chance))


Demands = Sequence[Demand]


def left_alone(rows: int) -> Demand:
    """Nothing is demanded of the process."""
    return Demand(np.full(rows, np.nan))


def _odds(process: Process) -> Floats:
    h = process.probability()
    return h / (1 - h)


def decided_weights(weeks: PersonWeeks, processes: Sequence[Process], demands: Demands) -> Floats:
    """(n, horizon) a strategy's weight in each week: the product over the decisions that apply by then."""
    factors = np.ones((weeks.n, weeks.horizon))
    for process, demand in zip(processes, demands, strict=True):
        seen = process.applies <= weeks.horizon
        ratio = demand.ratio(process.done, _odds(process))
        np.multiply.at(factors, (process.who[seen], process.applies[seen] - 1), ratio[seen])
    return np.asarray(np.cumprod(factors, axis=1))


@dataclass(frozen=True)
class _Stretch:
    """Weeks ``first`` … ``until`` - 1, in which no weight changes."""

    first: int
    until: int


def _stretches(weeks: PersonWeeks, processes: Sequence[Process]) -> list[_Stretch]:
    firsts = sorted({1}.union(*(np.unique(p.applies[p.applies <= weeks.horizon]).tolist() for p in processes)))
    return [_Stretch(a, b) for a, b in zip(firsts, [*firsts[1:], weeks.horizon + 1], strict=True)]


@dataclass(frozen=True)
class _Part:
    """An arm in a stretch: the decisions that change weights at its beginning, per process, and who counts in it."""

    changes: list[Ints]
    persons: Ints
    adds: sparse.csr_matrix


class _Plan:
    """Which decisions of which arm matter in which stretch: those of persons who still have weight."""

    def __init__(
        self, weeks: PersonWeeks, processes: Sequence[Process], arms: Mapping[str, Demands], censoring: Floats, control: Floats
    ) -> None:
        self.weeks, self.processes, self.arms = weeks, processes, arms
        self.stretches = _stretches(weeks, processes)
        self._entries = contributions(weeks, censoring, control[:, None])
        self.columns = self._entries.columns
        self.parts = {name: list(self._parts(demands)) for name, demands in arms.items()}

    def _changes(self, demands: Demands, stretch: _Stretch, holds: Bools) -> list[Ints]:
        """Decisions of persons with weight that apply from the stretch's first week."""
        return [
            np.flatnonzero((p.applies == stretch.first) & d.decides & holds[p.who])
            for p, d in zip(self.processes, demands, strict=True)
        ]  # fmt: skip

    def _parts(self, demands: Demands) -> Iterator[_Part]:
        holds = np.ones(self.weeks.n, dtype=bool)
        for stretch in self.stretches:
            changes = self._changes(demands, stretch, holds)
            for process, demand, rows in zip(self.processes, demands, changes, strict=True):
                q = demand.probability[rows]
                lost = np.where(process.done[rows], q, 1 - q) == 0
                holds[process.who[rows[lost]]] = False
            persons = np.flatnonzero(holds & (self.weeks.last >= stretch.first))
            yield _Part(changes, persons, self._entries.between(stretch.first, stretch.until)[:, persons])

    def wanted(self, position: int) -> list[Ints]:
        """Per process the decisions whose odds some arm needs in the stretch."""
        each = [self.parts[name][position].changes for name in self.arms]
        return [np.unique(np.concatenate([changes[i] for changes in each])) for i in range(len(self.processes))]


def _moved_odds(process: Process, rows: Ints, base: Floats, d_beta: Floats, d_u: Floats) -> Floats:
    """(rows, draws) odds under the draws' coefficients."""
    at = process.rows[rows]
    moved = base[at][:, None] + process.model.x[at] @ d_beta + d_u[process.model.cluster[at]]
    return np.asarray(np.exp(np.clip(moved, -20.0, 20.0)))


Steps = tuple[Floats, Floats]


def _chunk_sums(plan: _Plan, steps: Sequence[Steps], counts: Floats) -> dict[str, Floats]:
    """(columns, draws) weighted counts of every arm."""
    frequency = np.ascontiguousarray(counts.T)[plan.weeks.cluster]
    weight = {name: frequency.copy() for name in plan.arms}
    sums = {name: np.zeros((plan.columns, len(counts))) for name in plan.arms}
    shifts = [(np.ascontiguousarray(b.T), np.ascontiguousarray(u.T)) for b, u in steps]
    bases = [p.model.x @ p.model.beta + p.model.u[p.model.cluster] for p in plan.processes]
    for position in range(len(plan.stretches)):
        wanted = plan.wanted(position)
        odds = [
            _moved_odds(p, rows, base, *shift) for p, rows, base, shift in zip(plan.processes, wanted, bases, shifts, strict=True)
        ]
        for name, demands in plan.arms.items():
            part = plan.parts[name][position]
            for process, demand, rows, known, its_odds in zip(plan.processes, demands, part.changes, wanted, odds, strict=True):
                if len(rows):
                    ratio = demand.ratio(process.done[rows], its_odds[np.searchsorted(known, rows)], rows)
                    weight[name][process.who[rows]] *= ratio
            sums[name] += part.adds @ weight[name][part.persons]
    return sums


def _model_steps(process: Process, counts: Floats, exact: bool) -> Steps:
    """How the coefficients move in each draw: one Newton step, or (``exact``) refitted."""
    model = process.model
    if not exact:
        return model.steps(counts)
    refits = [refit(model, process.fitted, k) for k in counts]
    return np.stack([beta for beta, _ in refits]) - model.beta, np.stack([u for _, u in refits]) - model.u


def bootstrap_arms(
    weeks: PersonWeeks,
    processes: Sequence[Process],
    arms: Mapping[str, Demands],
    censoring: Floats,
    control: Floats,
    counts: Floats,
    exact: bool = False,
) -> dict[str, Draws]:
    """Every draw of municipalities for every arm.

    Args:
        weeks: the followed persons.
        processes: the kinds of decisions; a person has at most one decision of a kind that applies from a given week.
        arms: per arm what it demands of each process, in the order of ``processes``.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control, NaN when not measured.
        counts: (draws, J) how often each municipality was drawn.
        exact: refit the models in every draw (slow; the oracle) instead of one Newton step.
    """
    plan = _Plan(weeks, processes, arms, censoring, control)
    steps = [_model_steps(p, counts, exact) for p in processes]
    sums: dict[str, list[Floats]] = {name: [] for name in arms}
    for first in range(0, len(counts), _CHUNK):
        some = slice(first, first + _CHUNK)
        for name, found in _chunk_sums(plan, [(b[some], u[some]) for b, u in steps], counts[some]).items():
            sums[name].append(found)
    return {name: draws_of(np.concatenate(parts, axis=1), weeks.horizon) for name, parts in sums.items()}
