"""Timing of a first start (E1, E5) and its tempo (E2): one fitted start model, every declared strategy, outcome and horizon.

Ψ_g(τ) = F_{first start by week g}(τ) - F_{none in the window, free after}(τ); tempo: start odds times δ against as observed.
Belongs here: putting the parts together. Must not be here: row texts and table columns (``answers``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.effects.bootstrap import bootstrap, draw_counts
from pipeline.effects.censoring import censoring_weights
from pipeline.effects.covariates import Covariates, decision_covariates
from pipeline.effects.diagnostics import Setting, estimate_arm
from pipeline.effects.eligibility import Cohort
from pipeline.effects.endpoints import negative_control, register_endpoints
from pipeline.effects.person_weeks import Floats, PersonWeeks, follow
from pipeline.effects.plans import obstacle
from pipeline.effects.protocol import Analysis, Protocol
from pipeline.effects.start_model import StartModel, design, fit_start_model
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study, Tables

NONE = Strategy("ikke_innen_26u", "ingen")


def nothing_in(protocol: Protocol) -> Strategy:
    """The comparison strategy: no start in the decision window, free after it."""
    return Strategy(protocol.declared["strategier"]["sammenligning"], "ingen")


def uniform(name: str) -> Strategy:
    """The strategy ``innen_<g>u`` of the placement analyses under the uniform rule."""
    return Strategy(name, "jevn", int(name.removeprefix("innen_").removesuffix("u")))


def strategies(protocol: Protocol, analysis: Analysis | None = None) -> list[Strategy]:
    """Every arm that the analysis (default: the main one) declares, comparisons included."""
    chosen = analysis or protocol.main
    name = protocol.declared["strategier"]["navn"]
    timed = [Strategy(name.format(g), variant, g) for g in protocol.weeks for variant in chosen.variants]
    tempo = [Strategy(name, "odds", factor=factor) for name, factor in chosen.odds.items()]
    return [nothing_in(protocol), *timed, OBSERVED, *tempo]


def timing_study(protocol: Protocol, analysis: Analysis | None = None) -> Study:
    """What a timing protocol asks: each strategy against none in the window, tempo against as observed."""
    chosen = analysis or protocol.main
    against = {"jevn": nothing_in(protocol), "naturlig": nothing_in(protocol), "odds": OBSERVED}
    tempo = protocol.declared["strategier"].get("tempo_analyse", protocol.name)
    contrasts = tuple(
        Contrast(tempo if s.kind in ("odds", "observert") else protocol.name, s, against.get(s.kind))
        for s in strategies(protocol, chosen)
        if s != OBSERVED or chosen.odds  # without tempo, as observed is asked of the negative control only
    )
    endpoints = protocol.declared["utfall"].get("register", {}) if chosen.name == protocol.main.name else {}
    method = protocol.declared["estimator"]["metode"]
    return Study(protocol, contrasts, chosen.measures, method, chosen.name, endpoints=endpoints)


@dataclass(frozen=True)
class Fitted:
    """A timing analysis with its start model, before any strategy is asked.

    Attributes:
        cohort, weeks, covariates, model: who, when, what was known, and the modelled starts.
        censoring: (n, horizon) censoring weights.
        control: (n,) negative control.
        endpoints: (n, q) outcomes from the registers.
        counts: (draws, J) drawn municipalities.
        protocol, analysis: what is asked.
    """

    cohort: Cohort
    weeks: PersonWeeks
    covariates: Covariates
    model: StartModel
    censoring: Floats
    control: Floats
    endpoints: Floats
    counts: Floats
    protocol: Protocol
    analysis: Analysis

    @property
    def setting(self) -> Setting:
        declared = self.protocol.declared
        return Setting(
            self.weeks, self.model.hazard(), self.censoring, self.covariates, declared["kovariater"]["balanse"],
            declared["kovariater"]["balanse_over_tid"], self.control, declared["estimator"]["avkorting"],
            self.protocol.limits["positivitet_h"], self.endpoints,
        )  # fmt: skip


def fit_timing(
    cohort: Cohort,
    tables: Tables,
    protocol: Protocol,
    *,
    seed: int,
    bootstraps: int,
    analysis: Analysis | None = None,
    baseline_only: bool = False,
) -> Fitted | Results:
    """Fit the start model, or say in an empty :class:`Results` why it cannot be fitted; arguments as :func:`run_timing`."""
    chosen = analysis or protocol.main
    weeks = follow(cohort, tables.tiltak, protocol, chosen.placements)
    if reason := obstacle(weeks, weeks.start):
        return Results(weeks, {}, {}, reason)
    covariates = decision_covariates(
        cohort, weeks, tables.kartlegging, tables.tiltak, tables.oppfolging, chosen.placements, chosen.delay_days
    )
    used = covariates.from_the_start(weeks) if baseline_only else covariates
    model = fit_start_model(design(used.values), weeks.start.astype(float), weeks.cluster[weeks.who], weeks.n_clusters)
    if not model.converged:
        return Results(weeks, {}, {}, "startmodell")
    first = covariates.columns(protocol.declared["kovariater"]["balanse"])[weeks.week == 1]
    endpoints = register_endpoints(cohort, tables.utfall, timing_study(protocol, chosen).endpoints, protocol.window)
    return Fitted(
        cohort, weeks, covariates, model, censoring_weights(weeks, first), negative_control(cohort, tables.utfall), endpoints,
        draw_counts(weeks.n_clusters, bootstraps, seed), protocol, chosen,
    )  # fmt: skip


def answer(fitted: Fitted, *, exact: bool = False) -> Results:
    """Every declared arm with its bootstrap draws."""
    f = fitted
    factors = tuple(f.analysis.odds.values())
    sums = bootstrap(f.weeks, f.model, f.censoring, f.control, f.counts, factors, exact, f.endpoints)
    setting = f.setting
    arms = {s.key: estimate_arm(setting, s) for s in strategies(f.protocol, f.analysis)}
    return Results(f.weeks, arms, {key: sums.of(arm.strategy) for key, arm in arms.items()}, "", f.cohort.unstated, f.endpoints)


def truncated(results: Results) -> Results:
    """The same arms with capped weights; the draws, which give the width of the intervals, stay uncapped and so a little wide."""
    capped = {key: replace(arm, incidence=arm.truncated, endpoints=arm.endpoints_truncated) for key, arm in results.arms.items()}
    return replace(results, arms=capped)


def run_timing(
    cohort: Cohort,
    tables: Tables,
    protocol: Protocol,
    *,
    seed: int,
    bootstraps: int,
    exact: bool = False,
    analysis: Analysis | None = None,
    baseline_only: bool = False,
) -> Results:
    """Estimate every arm.

    Args:
        cohort: who is followed.
        tables: what is known about them.
        protocol: the declared analysis.
        seed: seed of the bootstrap.
        bootstraps: number of draws of municipalities.
        exact: refit the start model in every draw (slow, the oracle).
        analysis: what counts as a placement and which arms are asked for; the main analysis when not given.
        baseline_only: adjust for what is known in the first week alone, to show what that leaves out (never in a night).

    Returns:
        The arms, or the reason why there are none.
    """
    fitted = fit_timing(
        cohort, tables, protocol, seed=seed, bootstraps=bootstraps, analysis=analysis, baseline_only=baseline_only
    )
    return fitted if isinstance(fitted, Results) else answer(fitted, exact=exact)
