"""Strategies that speak of several decisions as arms: weights, diagnostics and draws from the processes they demand something of.

Belongs here: what all such analyses share, from processes to :class:`Results`. Must not be here: which decisions, of whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.effects.bootstrap import draw_counts
from pipeline.effects.diagnostics import Arm, Setting, imbalance_over_time, weighted_arm
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.processes import Demand, Process, bootstrap_arms, decided_weights
from pipeline.effects.start_model import StartModel, design, fit_start_model
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import Results


@dataclass(frozen=True)
class Plan:
    """A strategy and what it demands of each process, in the order of the processes."""

    strategy: Strategy
    demands: tuple[Demand, ...]


@dataclass(frozen=True)
class Known:
    """A process with what was known at its decisions: ``values`` (rows, q), compared over time."""

    process: Process
    values: Floats


def obstacle(weeks: PersonWeeks, done: Bools) -> str:
    """Code of the reason why decisions ``done`` (rows,) cannot be modelled; empty when they can."""
    if weeks.n == 0:
        return "ingen_deltakere"
    if weeks.n_clusters < 2:
        return "en_kommune"
    if not done.any():
        return "ingen_fulgte"
    return "alle_fulgte" if done.all() else ""


def fitted_model(values: Floats, done: Bools, cluster: Ints, n_clusters: int) -> StartModel | None:
    """The pooled logistic model of decisions with municipality intercepts; None when it does not converge.

    Args:
        values: (rows, q) what was known; rows of a cluster stand together.
        done: (rows,) it was done.
        cluster: (rows,) municipality.
        n_clusters: number of municipalities.
    """
    model = fit_start_model(design(values), done.astype(float), cluster, n_clusters)
    return model if model.converged else None


def _chance(process: Process, demand: Demand) -> Floats:
    """(rows,) smallest modelled probability among the actions that the strategy may demand, 1 where it demands nothing."""
    h, q = process.probability(), demand.probability
    act, wait = np.where(q > 0, h, 1.0), np.where(q < 1, 1 - h, 1.0)
    return np.where(np.isnan(q), 1.0, np.minimum(act, wait))


def _at_decisions(known: Known, demand: Demand, decided: Floats, small: float) -> tuple[float, float]:
    """(imbalance over time, share with a small chance) over the decisions of those who still follow the strategy."""
    process = known.process
    before = np.concatenate([np.ones((len(decided), 1)), decided], axis=1)[process.who, process.applies - 1]
    h = process.probability()
    after = before * demand.ratio(process.done, h / (1 - h))
    follows = before > 0
    gap = imbalance_over_time(before[follows], after[follows], known.values[follows])
    asked = follows & ~np.isnan(demand.probability)
    return gap, float(np.mean(_chance(process, demand)[asked] < small)) if asked.any() else 0.0


def plan_arm(setting: Setting, known: Sequence[Known], plan: Plan) -> Arm:
    """The plan's weighted incidence and diagnostics, computed person by person; over time, the worst of the processes.

    The decisions' weights q / h have the mean 1 in any population where h is right (Robins, Hernán & Brumback 2000, Epidemiology
    11:550): what their sample mean misses shows a misfit, or actions demanded where they cannot be taken.
    """
    decided = decided_weights(setting.weeks, [k.process for k in known], plan.demands)
    looks = [_at_decisions(k, d, decided, setting.small) for k, d in zip(known, plan.demands, strict=True)]
    arm = weighted_arm(setting, plan.strategy, decided, max(gap for gap, _ in looks), max(share for _, share in looks))
    weights = decided[:, -1]
    return replace(arm, mean_weight=float(weights.mean()), mean_weight_se=float(weights.std() / np.sqrt(len(weights))))


def run_plans(
    setting: Setting, known: Sequence[Known], plans: Sequence[Plan], unstated: float, *, seed: int, bootstraps: int, exact: bool
) -> Results:
    """Every plan as an arm with its bootstrap draws.

    Args:
        setting: the persons and what is compared.
        known: the processes, in the order of every plan's demands.
        plans: the arms, the one as observed among them.
        unstated: share of persons whose project did not state how far its data are complete.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        exact: refit the models in every draw (slow, the oracle).
    """
    processes = [k.process for k in known]
    counts = draw_counts(setting.weeks.n_clusters, bootstraps, seed)
    demands = {p.strategy.name: p.demands for p in plans}
    drawn = bootstrap_arms(setting.weeks, processes, demands, setting.censoring, setting.control, counts, exact)
    arms = {p.strategy.key: plan_arm(setting, known, p) for p in plans}
    return Results(setting.weeks, arms, {p.strategy.key: drawn[p.strategy.name] for p in plans}, "", unstated)
