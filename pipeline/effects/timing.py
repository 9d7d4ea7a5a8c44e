"""Placement timing (E1) and tempo (E2): one fitted start model, every declared strategy, outcome and horizon.

Ψ_g(τ) = F_{first placement by week g}(τ) - F_{none in weeks 1-26, free after}(τ); tempo: start odds times δ against as observed.
Belongs here: putting the parts together. Must not be here: row texts and table columns (``timing_rows``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.effects.bootstrap import BootstrapSums, Draws, bootstrap, draw_counts
from pipeline.effects.censoring import censoring_weights
from pipeline.effects.covariates import Covariates, decision_covariates
from pipeline.effects.diagnostics import Arm, Setting, estimate_arm
from pipeline.effects.eligibility import Cohort
from pipeline.effects.person_weeks import Floats, PersonWeeks, follow
from pipeline.effects.protocol import Analysis, Protocol
from pipeline.effects.start_model import design, fit_start_model
from pipeline.effects.strategies import Strategy


@dataclass(frozen=True)
class Tables:
    """The ``KLARGJORT`` tables (and ``STATISTIKK["utfall"]``) that the estimators read."""

    deltakelse: pl.DataFrame
    tiltak: pl.DataFrame
    kartlegging: pl.DataFrame
    oppfolging: pl.DataFrame
    utfall: pl.DataFrame


@dataclass(frozen=True)
class Timing:
    """All arms of the placement analyses.

    Attributes:
        weeks: the followed persons.
        arms: point estimates and diagnostics by ``Strategy.key``; empty when nothing can be estimated.
        draws: bootstrap draws by the same keys.
        reason: why nothing can be estimated, bokmål; empty when it can.
        unstated: share of the persons whose project did not state how far its data are complete.
    """

    weeks: PersonWeeks
    arms: dict[tuple[str, str | None], Arm]
    draws: dict[tuple[str, str | None], Draws]
    reason: str = ""
    unstated: float = 0.0


NONE = Strategy("ikke_innen_26u", "ingen")
OBSERVED = Strategy("naturlig", "observert")


def strategies(protocol: Protocol, analysis: Analysis | None = None) -> list[Strategy]:
    """Every arm that the analysis (default: the main one) declares, comparisons included."""
    chosen = analysis or protocol.main
    timed = [Strategy(f"innen_{g}u", variant, g) for g in protocol.weeks for variant in chosen.variants]
    tempo = [Strategy(name, "odds", factor=factor) for name, factor in chosen.odds.items()]
    return [NONE, *timed, OBSERVED, *tempo]


def negative_control(cohort: Cohort, utfall: pl.DataFrame) -> Floats:
    """(n,) share of the 12 months before the start in work, else experience from abroad (1 = yes); NaN when neither is known.

    A fact from before the start that stays out of the weights: a strategy cannot have changed it.
    """
    joined = cohort.persons.select("deltakelse_key", "arbeidserfaring_utland").join(
        utfall.select("deltakelse_key", "maaneder_i_arbeid_foer"), on="deltakelse_key", how="left", maintain_order="left"
    )
    months = joined["maaneder_i_arbeid_foer"].cast(pl.Float64) / 12.0
    if months.is_null().all():
        months = joined["arbeidserfaring_utland"].replace_strict({"ja": 1.0, "nei": 0.0}, default=None, return_dtype=pl.Float64)
    return np.asarray(months.fill_null(np.nan).to_numpy(), dtype=float)


def _obstacle(weeks: PersonWeeks) -> str:
    if weeks.n == 0:
        return "ingen deltakere oppfyller kravene"
    if weeks.n_clusters < 2:
        return "dataene kommer fra bare én kommune"
    if not weeks.start.any():
        return "ingen begynte i praksis i vinduet"
    return "alle begynte i praksis i den første uken de kunne" if weeks.start.all() else ""


def _setting(
    weeks: PersonWeeks, covariates: Covariates, hazard: Floats, censoring: Floats, control: Floats, protocol: Protocol
) -> Setting:
    declared = protocol.declared
    return Setting(
        weeks, hazard, censoring, covariates, declared["kovariater"]["balanse"], declared["kovariater"]["balanse_over_tid"], control,
        declared["estimator"]["avkorting"], protocol.limits["positivitet_h"],
    )  # fmt: skip


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
) -> Timing:
    """Estimate every arm.

    Args:
        cohort: who is followed.
        tables: what is known about them.
        protocol: the declared analysis.
        seed: seed of the bootstrap.
        bootstraps: number of draws of municipalities.
        exact: refit the start model in every draw (slow, the oracle).
        analysis: what counts as a placement and which arms are asked for; the main analysis when not given.
        baseline_only: adjust for the starting facts alone, to show what that leaves out (never in a night).

    Returns:
        The arms, or the reason why there are none.
    """
    chosen = analysis or protocol.main
    weeks = follow(cohort, tables.tiltak, protocol, chosen.placements)
    if reason := _obstacle(weeks):
        return Timing(weeks, {}, {}, reason)
    covariates = decision_covariates(cohort, weeks, tables.kartlegging, tables.tiltak, tables.oppfolging, chosen.placements)
    used = covariates.from_the_start(weeks) if baseline_only else covariates
    model = fit_start_model(design(used.values), weeks.start.astype(float), weeks.cluster[weeks.who], weeks.n_clusters)
    if not model.converged:
        return Timing(weeks, {}, {}, "modellen for når praksis begynner, lot seg ikke tilpasse")
    names = [*protocol.declared["kovariater"]["balanse"]]
    censoring = censoring_weights(weeks, covariates.columns(names)[weeks.week == 1])
    control = negative_control(cohort, tables.utfall)
    setting = _setting(weeks, covariates, model.hazard(), censoring, control, protocol)
    counts = draw_counts(weeks.n_clusters, bootstraps, seed)
    sums: BootstrapSums = bootstrap(weeks, model, censoring, control, counts, tuple(chosen.odds.values()), exact=exact)
    arms = {s.key: estimate_arm(setting, s) for s in strategies(protocol, chosen)}
    draws = {key: sums.of(arm.strategy) for key, arm in arms.items()}
    return Timing(weeks, arms, draws, unstated=float(1 - cohort.persons["statusdato_oppgitt"].cast(pl.Float64).to_numpy().mean()))
