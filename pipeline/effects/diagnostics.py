"""Numbers that say whether an arm's weighted persons can stand for everybody; the gates judge them.

Must not be here: limits and colours (``gates``) and anything that looks at the size of an effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipeline.effects.covariates import Covariates
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks
from pipeline.effects.strategies import Strategy, final_weights, person_week_weights, strategy_weights


@dataclass(frozen=True)
class Arm:
    """One strategy, estimated, with its diagnostics. ``horizon`` is the last week followed.

    Attributes:
        strategy: the strategy.
        incidence: (horizon, causes) weighted cumulative incidence.
        truncated: the same with person-week weights capped at a high quantile of the final ones.
        at_risk: (horizon,) persons at risk with weight.
        ess_at_risk: (horizon,) effective size of the risk set.
        follows: (n,) whether the person ends with weight.
        ess: (ΣW)² / ΣW² over final weights, censoring weight included: those are what the incidence is made with.
        top_share: share of that weight held by the heaviest 1 % of those with weight.
        imbalance: largest standardised difference at week 1 between the arm, weighted by its decisions alone, and everybody.
        imbalance_over_time: the same for what changes, pooled over the decision weeks.
        starters, late_starters: persons who started by the deadline; in its last quarter (natural: in the last week).
        small_hazard: share of decision weeks with a modelled start probability under the limit.
        control: mean of the negative control, weighted by the decisions alone, NaN when not measured.
        endpoints: (q,) means of the endpoints, weighted likewise, NaN when none is known.
        endpoints_truncated: the same with capped weights.
        endpoint_ess: (q,) effective number of units behind them.
        persons: different persons among those who end with weight.
        mean_weight, mean_weight_se: mean over everybody of the weight by the strategy's decisions, 1 where the models hold, and its
            standard error over persons; NaN where it is not looked at.
    """

    strategy: Strategy
    incidence: Floats
    truncated: Floats
    at_risk: Floats
    ess_at_risk: Floats
    follows: Bools
    ess: float
    top_share: float
    imbalance: float
    imbalance_over_time: float
    starters: int
    late_starters: int
    small_hazard: float
    control: float
    endpoints: Floats = field(default_factory=lambda: np.zeros(0))
    endpoints_truncated: Floats = field(default_factory=lambda: np.zeros(0))
    endpoint_ess: Floats = field(default_factory=lambda: np.zeros(0))
    persons: int = 0
    mean_weight: float = float("nan")
    mean_weight_se: float = float("nan")


def effective_size(weights: Floats) -> Floats:
    """(ΣW)² / ΣW² over the first axis; 0 where no weight is (Kish 1965)."""
    total, squares = weights.sum(axis=0), (weights**2).sum(axis=0)
    return np.asarray(np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0))


def top_share(weights: Floats) -> float:
    """Share of all weight that the heaviest 1 % (at least one) of the persons with weight hold."""
    held = np.sort(weights[weights > 0])[::-1]
    return float(held[: int(np.ceil(len(held) / 100))].sum() / held.sum()) if len(held) else float("nan")


def imbalance(weights: Floats, values: Floats) -> float:
    """Largest |weighted mean - plain mean| / SD over the columns of ``values`` (n, q); NaN without weight or columns."""
    spread = values.std(axis=0)
    use = spread > 0
    if not use.any() or weights.sum() <= 0:
        return float("nan")
    gap = np.average(values[:, use], axis=0, weights=weights) - values[:, use].mean(axis=0)
    return float(np.max(np.abs(gap) / spread[use]))


def imbalance_over_time(before: Floats, after: Floats, values: Floats) -> float:
    """Largest standardised difference between the decision weeks' weighted persons before and after the decision.

    Args:
        before: (rows,) weight with which the person comes to the decision.
        after: (rows,) weight after it, 0 for those who left the strategy.
        values: (rows, q) what was known at the decision.
    """
    if after.sum() <= 0 or not values.shape[1]:
        return float("nan")
    mean = np.average(values, axis=0, weights=before)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=before))
    use = spread > 0
    gap = np.abs(np.average(values, axis=0, weights=after) - mean)
    return float(np.max(gap[use] / spread[use])) if use.any() else float("nan")


def _weighted_mean(weights: Floats, values: Floats) -> float:
    known = ~np.isnan(values)
    return float(np.average(values[known], weights=weights[known])) if weights[known].sum() > 0 else float("nan")


def _endpoint_means(weights: Floats, endpoints: Floats) -> tuple[Floats, Floats]:
    """(q,) weighted means of the columns of ``endpoints`` (n, q) and the effective number of units behind each."""
    known = [~np.isnan(column) for column in endpoints.T]
    means = [_weighted_mean(weights, column) for column in endpoints.T]
    sizes = [float(effective_size(weights[k])) for k in known]
    return np.array(means, dtype=float), np.array(sizes, dtype=float)


def _starters(strategy: Strategy, weeks: PersonWeeks) -> tuple[int, int]:
    by_deadline = (weeks.placed > 0) & (weeks.placed <= strategy.week)
    late = 0 if strategy.kind == "naturlig" else strategy.week - int(np.ceil(strategy.week / 4))
    in_tail = by_deadline & (weeks.placed > late) if strategy.kind != "naturlig" else weeks.placed == strategy.week
    return int(by_deadline.sum()), int((in_tail & by_deadline).sum())


@dataclass(frozen=True)
class Setting:
    """What all arms share: the persons, the modelled start probabilities, the censoring weights, what is compared."""

    weeks: PersonWeeks
    hazard: Floats
    censoring: Floats
    covariates: Covariates
    fixed_names: list[str]
    moving_names: list[str]
    control: Floats
    quantile: float
    small: float
    endpoints: Floats


def _over_time(setting: Setting, strategy: Strategy, decided: Floats) -> tuple[float, float]:
    """Imbalance over the decision weeks, and the share of them with a small start probability."""
    weeks = setting.weeks
    deadline = strategy.week or weeks.window
    before = np.concatenate([np.ones((weeks.n, 1)), decided[:, :-1]], axis=1)[weeks.who, weeks.week - 1]
    use = (weeks.week <= deadline) & (before > 0)
    after = decided[weeks.who, weeks.week - 1][use]
    gap = imbalance_over_time(before[use], after, setting.covariates.columns(setting.moving_names)[use])
    return gap, float(np.mean(setting.hazard[weeks.week <= deadline] < setting.small))


def estimate_arm(setting: Setting, strategy: Strategy) -> Arm:
    """The strategy's weighted incidence and diagnostics, computed person by person."""
    decided = strategy_weights(strategy, setting.weeks, setting.hazard)
    moving, small = _over_time(setting, strategy, decided)
    return weighted_arm(setting, strategy, decided, moving, small)


def weighted_arm(setting: Setting, strategy: Strategy, decided: Floats, moving: float, small: float) -> Arm:
    """An arm from its weights.

    What is known of everybody (starting facts, negative control, endpoints) takes the weight of the person's last decision. Who
    was lost is there with it; a censoring weight of those who remained would count the lost a second time.

    Args:
        setting: the units and what is compared.
        strategy: the strategy.
        decided: (n, columns) weight after the decision of week column + 1; the last column stands for all later weeks.
        moving: imbalance of what changes over time.
        small: share of decisions whose demanded action had a small modelled probability.
    """
    weeks = setting.weeks
    weights = person_week_weights(decided, weeks, setting.censoring)
    final = final_weights(weights, weeks)
    held = final[final > 0]
    cap = np.quantile(held, setting.quantile) if len(held) else np.inf
    first = setting.covariates.columns(setting.fixed_names)[weeks.week == 1]
    starters, late = _starters(strategy, weeks)
    last = decided[np.arange(weeks.n), np.minimum(weeks.last, decided.shape[1]) - 1]
    means, sizes = _endpoint_means(last, setting.endpoints)
    return Arm(
        strategy=strategy,
        incidence=cumulative_incidence(weights, weeks),
        truncated=cumulative_incidence(np.minimum(weights, cap), weeks),
        at_risk=(weights > 0).sum(axis=0),
        ess_at_risk=effective_size(weights),
        follows=final > 0,
        ess=float(effective_size(final)),
        top_share=top_share(final),
        imbalance=imbalance(last, first),
        imbalance_over_time=moving,
        starters=starters,
        late_starters=late,
        small_hazard=small,
        control=_weighted_mean(last, setting.control),
        endpoints=means,
        endpoints_truncated=_endpoint_means(np.minimum(last, cap), setting.endpoints)[0],
        endpoint_ess=sizes,
        persons=weeks.persons(final > 0),
    )
