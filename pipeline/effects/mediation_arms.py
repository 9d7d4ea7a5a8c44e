"""The mediation analyses' arms: who follows them, with what weight, how alike they are, and what their draws say.

An arm is an incidence at the horizons only. Must not be here: the estimator (``mediation``), gates and rows (``mediation_rows``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.effects.bootstrap import Draws, draw_counts
from pipeline.effects.diagnostics import Arm, effective_size, imbalance, imbalance_over_time, top_share
from pipeline.effects.eligibility import Cohort
from pipeline.effects.endpoints import negative_control
from pipeline.effects.incidence import CAUSES
from pipeline.effects.landmark import Effort, Landmark, landmark_persons, nobody
from pipeline.effects.mediation import Key, Mediated, Models, draws, effort_weights, fit_models, point
from pipeline.effects.person_weeks import Bools, Floats, follow
from pipeline.effects.protocol import EDUCATION, WORK, Protocol
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Results, Tables

DIRECT, VIA, SHARE = "_direkte", "_via_norsk", "_andel_via_norsk"
SINGLE = {"arbeid": WORK, "utdanning": EDUCATION}


def declared_arms(strategy: str, comparison: str) -> tuple[Strategy, Strategy, Strategy, Strategy]:
    """With the effort, without it, with it but the level as without, and the part through the level laid on top of without."""
    return (
        Strategy(strategy, "plan"), Strategy(comparison, "plan"), Strategy(strategy + DIRECT, "plan"), Strategy(strategy + VIA, "plan"),
    )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One effort, estimated: its weights (n,), the modelled chance of each decision, estimates, draws, estimates with capped weights."""

    effort: Effort
    weights: Floats
    chance: Floats
    estimate: Mediated
    drawn: Mediated
    capped: Mediated


@dataclass(frozen=True)
class Mediation:
    """What was found.

    Attributes:
        people: the persons, with the efforts that could be estimated.
        models: what was fitted; None when nothing could be.
        efforts: by strategy what was found, or the code of the reason why nothing was.
        counts: (draws, J) the bootstrap's municipalities.
        unstated: share of persons whose project did not state how far its data are complete.
    """

    people: Landmark
    models: Models | None
    efforts: Mapping[str, Found | str]
    counts: Floats
    unstated: float


def _obstacle(people: Landmark, exposed: Bools) -> str:
    """Code of the reason why an effort cannot be estimated; empty when it can."""
    if people.n == 0:
        return "ingen_deltakere"
    if len(np.unique(people.cluster)) < 2:
        return "en_kommune"
    if exposed.all() or not exposed.any():
        return "alle_fulgte" if exposed.all() else "ingen_fulgte"
    level = people.level[people.measured]
    if len(np.unique(level)) < 2 or min(int((people.measured & (exposed == a)).sum()) for a in (False, True)) == 0:
        return "mangler_data"
    return ""


def _answerable(people: Landmark, horizons: tuple[int, ...]) -> list[Key]:
    """The (outcome, horizon) that somebody reached and somebody did not, among those whose level and outcome are known."""
    found = []
    for outcome in SINGLE:
        for weeks in horizons:
            reached = people.reached(outcome, weeks)[people.measured & people.told(weeks)]
            if reached.any() and not reached.all():
                found.append((outcome, weeks))
    return found


def run_mediation(
    cohort: Cohort, tables: Tables, protocol: Protocol, *, seed: int, bootstraps: int, exact: bool = False
) -> Mediation:
    """Estimate every declared effort.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the declared analysis.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        exact: refit every model in every draw (slow, the oracle).
    """
    weeks = follow(cohort, tables.tiltak, protocol)
    names = [one["strategi"] for one in protocol.declared["innsats"]]
    if not weeks.n:
        return Mediation(nobody(weeks), None, dict.fromkeys(names, "ingen_deltakere"), np.zeros((0, 0)), 0.0)
    everybody = landmark_persons(cohort, weeks, tables, negative_control(cohort, tables.utfall), protocol.declared)
    reasons = {e.strategy: _obstacle(everybody, e.exposed) for e in everybody.efforts}
    people = replace(everybody, efforts=tuple(e for e in everybody.efforts if not reasons[e.strategy]))
    counts = draw_counts(people.n_clusters, bootstraps, seed)
    models = fit_models(people, _answerable(people, protocol.horizons)) if people.efforts else None
    if models is None or not models.converged:
        return Mediation(people, None, {n: why or "modell" for n, why in reasons.items()}, counts, cohort.unstated)
    found = _found(people, models, counts, protocol.declared["estimator"]["avkorting"], exact)
    return Mediation(people, models, {n: found.get(n, why) for n, why in reasons.items()}, counts, cohort.unstated)


def _found(people: Landmark, models: Models, counts: Floats, quantile: float, exact: bool) -> dict[str, Found]:
    parts = (point(people, models), draws(people, models, counts, exact), point(people, models, quantile))
    return {
        effort.strategy: Found(
            effort, effort_weights(people, effort, model.fitted())[:, 0], model.model.hazard(), *(part[i] for part in parts)
        )
        for i, (effort, model) in enumerate(zip(people.efforts, models.effort, strict=True))
    }


# Which risk an arm begins from (0 = without the effort, 1 = with it), and how much of the part through the level is added.
_MADE_OF = {"": (1, 0), DIRECT: (1, -1), VIA: (0, 1)}


def _incidence(found: Mediated, horizon: int, start: int, moved: int) -> Floats:
    """(d, horizon, causes) the risks of an arm made as ``_MADE_OF`` says, NaN in weeks not asked for."""
    out = np.full((found.control.shape[1], horizon, CAUSES), np.nan)
    for key, risks in found.risks.items():
        out[:, key[1] - 1, SINGLE[key[0]]] = risks[start] + moved * found.through[key]
    return out


def _side(found: Found, strategy: Strategy) -> tuple[int, tuple[int, int]]:
    """Whose persons carry the diagnostics of an arm (0 = without the effort, 1 = with it), and what its risks are made of."""
    name = found.effort.strategy
    if not strategy.name.startswith(name):
        return 0, (0, 0)
    return 1, _MADE_OF[strategy.name.removeprefix(name)]


def _over_time(people: Landmark, found: Found, exposed: int, names: list[str], small: float) -> tuple[float, float]:
    """(imbalance over the decisions, share of them with a small chance of what the arm demands)."""
    made = found.effort.decisions
    there = np.flatnonzero(made.who >= 0)
    at = made.who[there], made.order[there]
    own = np.where(made.done, found.chance, 1 - found.chance)[there]
    ratio = np.ones((people.n, int(made.order.max(initial=0)) + 1))
    ratio[at] = made.demanded[there, exposed] / np.clip(own, 1e-9, 1.0)
    after = np.cumprod(ratio, axis=1)
    before = np.concatenate([np.ones((people.n, 1)), after[:, :-1]], axis=1)
    columns = [made.names.index(n) for n in names if n in made.names]
    gap = imbalance_over_time(before[at], np.asarray(after[at], dtype=float), made.values[there][:, columns])
    return gap, float(np.mean((found.chance if exposed else 1 - found.chance) < small))


def _arm(people: Landmark, found: Found, strategy: Strategy, protocol: Protocol) -> Arm:
    """An arm with its diagnostics; its persons are those whose exits and states it uses."""
    exposed, made_of = _side(found, strategy)
    weights = np.where(found.effort.exposed == bool(exposed), found.weights, 0.0)
    reach = np.arange(1, protocol.horizon + 1)[None, :] <= people.complete[:, None]
    named = protocol.declared["kovariater"]
    baseline = people.baseline[:, [people.baseline_names.index(n) for n in named["balanse"] if n in people.baseline_names]]
    gap, small = _over_time(people, found, exposed, named["balanse_over_tid"], protocol.limits["positivitet_h"])
    return Arm(
        strategy=strategy,
        incidence=_incidence(found.estimate, protocol.horizon, *made_of)[0],
        truncated=_incidence(found.capped, protocol.horizon, *made_of)[0],
        at_risk=((weights > 0)[:, None] & reach).sum(axis=0),
        ess_at_risk=effective_size(weights[:, None] * reach),
        follows=weights > 0,
        ess=float(effective_size(weights)),
        top_share=top_share(weights),
        imbalance=imbalance(weights, baseline),
        imbalance_over_time=gap,
        starters=0,
        late_starters=0,
        small_hazard=small,
        control=float(found.estimate.control[exposed, 0]),
        persons=int((weights > 0).sum()),
    )


def _observed(people: Landmark, counts: Floats, horizon: int) -> tuple[Arm, Draws]:
    """Everybody as they were: what a single arm's negative control is compared with."""
    known = ~np.isnan(people.control)
    control = people.control[known]
    drawn = np.ascontiguousarray(counts.T)[people.cluster[known]]
    none = np.full((horizon, CAUSES), np.nan)
    whole = Arm(
        OBSERVED, none, none, np.zeros(horizon, dtype=np.int64), np.zeros(horizon), np.ones(people.n, dtype=bool), float(people.n),
        0.0, 0.0, 0.0, 0, 0, 0.0, float(control.mean()) if len(control) else math.nan,
    )  # fmt: skip
    means = (control @ drawn) / drawn.sum(axis=0) if len(control) else np.full(len(counts), np.nan)
    return whole, Draws(np.full((len(counts), horizon, CAUSES), np.nan), means)


def mediation_results(mediation: Mediation, strategies: tuple[Strategy, ...], protocol: Protocol) -> Results:
    """The arms of one effort."""
    people, found = mediation.people, mediation.efforts[strategies[0].name]
    if isinstance(found, str):
        return Results(people.weeks, {}, {}, found, mediation.unstated)
    arms, drawn = {}, {}
    for strategy in strategies:
        exposed, made_of = _side(found, strategy)
        arms[strategy.key] = _arm(people, found, strategy, protocol)
        drawn[strategy.key] = Draws(_incidence(found.drawn, protocol.horizon, *made_of), found.drawn.control[exposed])
    arms[OBSERVED.key], drawn[OBSERVED.key] = _observed(people, mediation.counts, protocol.horizon)
    return Results(people.weeks, arms, drawn, "", mediation.unstated)
