"""A treatment given once or not at all, put through the engine of the nights as a trial of a single week.

The treatment is the placement, "everybody starts by week 1" against "nobody starts" is inverse probability weighting, and what is
measured afterwards is an endpoint. Belongs here: this translation. Must not be here: a data set, a published number, or a formula
that ``pipeline.effects`` has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipeline.effects.bootstrap import bootstrap, draw_counts
from pipeline.effects.chain import Sample, adjusted_slope
from pipeline.effects.covariates import Covariates
from pipeline.effects.diagnostics import Arm, Setting, estimate_arm, imbalance_over_time, weighted_arm
from pipeline.effects.findings import Interval, difference_interval
from pipeline.effects.gates import Gate, Verdict, arm_gates, grade, worst
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.protocol import ENROLLED, placement_protocol
from pipeline.effects.start_model import StartModel, design, fit_start_model
from pipeline.effects.strategies import Strategy, strategy_weights

TREATED, UNTREATED = Strategy("behandlet", "jevn", 1), Strategy("ubehandlet", "ingen")
LIMITS = placement_protocol().limits
_QUANTILE = placement_protocol().declared["estimator"]["avkorting"]


@dataclass(frozen=True)
class Given:
    """Who was treated, and what is known of them.

    Attributes:
        treated: (n,) 1 = treated.
        outcome: (n,) what is measured afterwards.
        model: (n, p) columns of the model of who is treated.
        compared: (n, q) columns the gates compare.
    """

    treated: Floats
    outcome: Floats
    model: Floats
    compared: Floats

    def only(self, keep: Bools | Ints) -> Given:
        """The persons chosen by a mask, or all of them in another order."""
        return Given(self.treated[keep], self.outcome[keep], self.model[keep], self.compared[keep])


@dataclass(frozen=True)
class Compared:
    """A weighted comparison: its estimate, both arms, the gates and the grade that they earn.

    The gates on municipalities and on the negative control have nothing to judge here and are left out.
    """

    estimate: float
    treated: Arm
    untreated: Arm
    gates: dict[str, Gate]
    verdict: Verdict

    @property
    def imbalance(self) -> float:
        return max(arm.imbalance for arm in (self.treated, self.untreated))

    @property
    def size(self) -> float:
        return min(arm.ess for arm in (self.treated, self.untreated))

    @property
    def top_share(self) -> float:
        return max(arm.top_share for arm in (self.treated, self.untreated))


def slope(given: Given, adjusted: Floats | None = None) -> Interval:
    """Least-squares difference between treated and untreated, adjusted for the columns (n, q), with a robust interval."""
    n = len(given.treated)
    columns = np.zeros((n, 0)) if adjusted is None else adjusted
    return adjusted_slope(Sample(given.treated, given.outcome, columns, np.arange(n), 0))


def one_week(treated: Floats, cluster: Ints) -> PersonWeeks:
    """Everybody followed for one week, in which treatment begins or not."""
    n = len(treated)
    zero = np.zeros(n, dtype=np.int64)
    return PersonWeeks(
        cluster,
        zero,
        zero + 1,
        zero + ENROLLED,
        treated.astype(np.int64),
        np.arange(n),
        zero + 1,
        treated > 0,
        horizon=1,
        window=1,
    )


def start_model(given: Given, cluster: Ints | None = None) -> StartModel:
    """The night's start model of who is treated."""
    groups = np.zeros(len(given.treated), dtype=np.int64) if cluster is None else cluster
    return fit_start_model(design(given.model), given.treated, groups, int(groups.max()) + 1)


def probability(given: Given) -> Floats:
    """(n,) modelled probability of being treated."""
    return start_model(given).hazard()


def _setting(given: Given, hazard: Floats) -> Setting:
    names = [f"x{i}" for i in range(given.compared.shape[1])]
    n = len(given.treated)
    weeks = one_week(given.treated, np.zeros(n, dtype=np.int64))
    return Setting(
        weeks, hazard, np.ones((n, 1)), Covariates(tuple(names), given.compared), names, names, np.full(n, np.nan), _QUANTILE,
        LIMITS["positivitet_h"], given.outcome[:, None],
    )  # fmt: skip


def _compared(treated: Arm, untreated: Arm) -> Compared:
    gates = worst(*(arm_gates(arm, 1, LIMITS) for arm in (treated, untreated)))
    del gates["kommuner"]
    difference = float(treated.endpoints[0] - untreated.endpoints[0])
    return Compared(difference, treated, untreated, gates, grade(gates, LIMITS, math.inf))


def unweighted(given: Given) -> Compared:
    """The plain difference with the gates that stand before it: everybody is taken to have had the same chance of treatment."""
    return for_everybody(given, np.full(len(given.treated), given.treated.mean()))


def for_everybody(given: Given, hazard: Floats) -> Compared:
    """Everybody treated against nobody treated, in the persons given, with the probability of treatment ``hazard`` (n,)."""
    setting = _setting(given, hazard)
    return _compared(*(estimate_arm(setting, s) for s in (TREATED, UNTREATED)))


def for_the_treated(given: Given, hazard: Floats) -> Compared:
    """The treated against untreated who are weighted to look like them: the untreated's weight times ``hazard`` (n,)."""
    setting = _setting(given, hazard)
    small = float(np.mean(1 - hazard < LIMITS["positivitet_h"]))
    arms = []
    for strategy, tilted in ((TREATED, given.treated), (UNTREATED, hazard)):
        weights = strategy_weights(strategy, setting.weeks, hazard)[:, 0] * tilted if strategy is UNTREATED else tilted
        gap = imbalance_over_time(given.treated, weights, given.compared)
        # The gate asks whether the arm can stand for everybody; here it is to stand for the treated.
        arms.append(replace(weighted_arm(setting, strategy, weights[:, None], gap, small), imbalance=gap))
    return _compared(*arms)


def interval(given: Given, groups: int, draws: int, seed: int) -> Interval:
    """The difference for everybody with the spread of the night's bootstrap; random groups of persons stand for municipalities."""
    order = np.random.default_rng(seed).permutation(len(given.treated))
    shuffled, cluster = given.only(order), np.sort(np.arange(len(order)) % groups)
    model, weeks = start_model(shuffled, cluster), one_week(shuffled.treated, cluster)
    unknown = np.full(weeks.n, np.nan)
    counts = draw_counts(groups, draws, seed)
    sums = bootstrap(weeks, model, np.ones((weeks.n, 1)), unknown, counts, (), endpoints=shuffled.outcome[:, None])
    drawn = sums.of(TREATED).endpoints[:, 0] - sums.of(UNTREATED).endpoints[:, 0]
    return difference_interval(for_everybody(given, probability(given)).estimate, drawn, groups)
