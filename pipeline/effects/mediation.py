r"""How much of an early effort goes through the language level at mid-year: interventional effects, by weighting and summing.

    ψ(a, a*) = E{ 1[left to the outcome by week 26] + 1[still in] Σ_m P(outcome by τ | a, L, m, C) P(m | a*, C) | A = a, weighted }
with A the effort in the first weeks, C what was known at day 0, L the state at week 26 (placed or not, readiness, running measures,
contacts: what the effort may have changed), m the language level at week 26. Persons weigh q / P(A = a | what was known at the decision)
times a censoring weight, so that exits and L stand as they were observed and need no model; over m the sum is exact, nothing is drawn.
P(m | a*, C) is the level under the strategy, not among those who happened to follow it: its model is fitted with the same weights, so
that what was learnt after day 0 and led to the effort does not pass for the effort's doing (Robins, Hernán & Brumback 2000), times one
over the chance of having a level; the outcome model is weighted for those lost after week 26, whose level may be why (``landmark_losses``).
    total = difference of the arms' weighted Aalen-Johansen incidence (``incidence``): no model of level or outcome
    through language = ψ(1,1) - ψ(1,0),   direct = total - through language.
An effect through still being in the programme at week 26 counts as direct, and so does what the level carries only together with the
state (the difference between the total and the interventional overall effect ψ(1,1) - ψ(0,0)).
Sources: Vansteelandt & Daniel 2017, Epidemiology 28:258; VanderWeele, Vansteelandt & Robins 2014, Epidemiology 25:300.
Must not be here: where the persons' facts come from (``landmark``), grades and rows (``mediation_rows``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import expit

from pipeline.effects.incidence import CAUSES, aalen_johansen
from pipeline.effects.landmark import LEVELS, UNKNOWN, Decisions, Effort, Landmark
from pipeline.effects.person_weeks import Bools, Floats, Ints, is_event
from pipeline.effects.protocol import OUTCOMES
from pipeline.effects.regression import Coefficients, Logistic, fit_logistic
from pipeline.effects.start_model import LOOSE

# Draws worked on together: so few that their arrays stay in the processor's cache.
_CHUNK = 25
_AWAY = (-1, 0, 1, 2)
_STEPS = (*(f"trinn_{k}" for k in range(1, LEVELS - 1)), *(f"avstand_{d}" for d in _AWAY), "start_ukjent")
Key = tuple[str, int]


@dataclass(frozen=True)
class Models:
    """The models of all efforts.

    Attributes:
        effort: per effort P(done | what was known at the decision).
        language: per effort P(M > k | M >= k, A, C), k = 0 … 4: one pooled model of climbing one more step, rows weighted.
        asked: (rows,) the person of each row of the language models.
        outcome: by (arbeid or utdanning, horizon) P(outcome by τ | efforts, L, M, C) of those still in after week 26; for all efforts.
    """

    effort: tuple[Logistic, ...]
    language: tuple[Logistic, ...]
    asked: Ints
    outcome: Mapping[Key, Logistic]

    @property
    def converged(self) -> bool:
        return all(m.model.converged for m in (*self.effort, *self.language, *self.outcome.values()))


@dataclass(frozen=True)
class Mediated:
    """What d draws of the coefficients say of one effort.

    Attributes:
        risks: by (arbeid or utdanning, horizon) the weighted risk without and with the effort, (2, d); of either outcome it is the sum.
        through: likewise ψ(1,1) - ψ(1,0), (d,).
        control: (2, d) weighted mean of the negative control without and with the effort, NaN when not measured.
    """

    risks: Mapping[Key, Floats]
    through: Mapping[Key, Floats]
    control: Floats


def _step_columns(step: Ints, start: Ints) -> Floats:
    """(rows, steps) columns of the question "higher than level ``step``?" for persons who began at ``start``."""
    gap, known = np.clip(step - start, -2, 2), start != UNKNOWN
    at = [step == k for k in range(1, LEVELS - 1)]
    return np.column_stack([*at, *(known & (gap == d) for d in _AWAY), ~known]).astype(float)


def _steps_asked(people: Landmark) -> tuple[Ints, Ints]:
    """(rows,) persons with a level and the steps they were at: one row per level up to the one they stopped at."""
    measured = np.flatnonzero(people.measured)
    asked = np.minimum(people.level[measured].astype(np.int64) + 1, LEVELS - 1)
    step = np.arange(asked.sum()) - np.repeat(np.cumsum(asked) - asked, asked)
    return np.repeat(measured, asked), step


def _level_weights(people: Landmark, effort: Effort, weights: Floats) -> Floats:
    """(n, d) an effort's weights for its level model, with mean 1 in each arm: as many persons as have a level."""
    held, out = weights * people.assessed[:, None], np.zeros(weights.shape)
    for arm in (people.measured & (effort.exposed == a) for a in (False, True)):
        out[arm] = held[arm] / held[arm].mean(axis=0)
    return out


def _fit_language(people: Landmark, effort: Effort, who: Ints, step: Ints, weights: Floats) -> Logistic:
    known = people.baseline[np.ix_(who, effort.before)]
    values = np.column_stack([_step_columns(step, people.start_level[who]), effort.exposed[who], known])
    names = (*_STEPS, f"innsats_{effort.strategy}", *(people.baseline_names[i] for i in effort.before))
    climbs = (people.level[who] > step).astype(float)
    held = _level_weights(people, effort, weights)[who, 0]
    return fit_logistic(names, values, climbs, people.cluster[who], people.n_clusters, weight=held)


def _outcome_names(people: Landmark) -> tuple[str, ...]:
    efforts = [f"innsats_{e.strategy}" for e in people.efforts]  # a course on day 0 is a column of the baseline as well
    return ("niva", *efforts, *(f"{name}_niva" for name in efforts), *people.state_names, *people.baseline_names)


def _outcome_columns(people: Landmark, who: Ints, level: Floats) -> Floats:
    exposed = np.column_stack([e.exposed[who] for e in people.efforts]).astype(float)
    return np.column_stack([level, exposed, exposed * level[:, None], people.state[who], people.baseline[who]])


def _fit_outcome(people: Landmark, outcome: str, horizon: int) -> Logistic:
    who = np.flatnonzero(people.measured & people.told(horizon))
    values = _outcome_columns(people, who, people.level[who])
    reached = people.reached(outcome, horizon)[who].astype(float)
    stays = people.staying_measured[who, np.minimum(people.last[who], horizon) - 1]
    return fit_logistic(
        _outcome_names(people), values, reached, people.cluster[who], people.n_clusters, weight=stays / stays.mean()
    )


def _fit_decisions(decisions: Decisions, n_clusters: int) -> Logistic:
    return fit_logistic(
        decisions.names, decisions.values, decisions.done.astype(float), decisions.cluster, n_clusters, loose=LOOSE
    )


def fit_models(people: Landmark, asked: Sequence[Key]) -> Models:
    """Fit all models.

    Args:
        people: the persons; both kinds of each effort and several levels must occur.
        asked: (arbeid or utdanning, weeks from the programme start); some must have reached it and some not.
    """
    who, step = _steps_asked(people)
    effort = tuple(_fit_decisions(e.decisions, people.n_clusters) for e in people.efforts)
    return Models(
        effort,
        tuple(
            _fit_language(people, e, who, step, effort_weights(people, e, m.fitted()))
            for e, m in zip(people.efforts, effort, strict=True)
        ),
        who,
        {(outcome, weeks): _fit_outcome(people, outcome, weeks) for outcome, weeks in asked},
    )


def effort_weights(people: Landmark, effort: Effort, coefficients: Coefficients) -> Floats:
    """(n, d) the weight of the decisions times the censoring weight; 0 where the status at week 26 is not known."""
    return np.asarray(_decision_weights(people, effort, coefficients) * people.censoring[:, None])


def _decision_weights(people: Landmark, effort: Effort, coefficients: Coefficients) -> Floats:
    """(n, d) product over the person's decisions of q / h."""
    made = effort.decisions
    rows = np.flatnonzero(made.who >= 0)
    rows = rows[np.argsort(made.who[rows], kind="stable")]
    h = expit(coefficients.log_odds(made.values[rows], made.cluster[rows]))
    own = np.where(made.done[rows, None], h, 1 - h)
    who = made.who[rows]
    demanded = made.demanded[rows, effort.exposed[who].astype(np.int64)]
    ratio = demanded[:, None] / np.clip(own, 1e-9, 1.0)
    return np.asarray(np.multiply.reduceat(ratio, np.flatnonzero(np.r_[True, np.diff(who) > 0]), axis=0))


def _languages(people: Landmark, effort: Effort, who: Ints, coefficients: Coefficients) -> list[Floats]:
    """P(m | a*, C) of persons, for a* = 0 and 1, each (levels, persons, d)."""
    n, slopes = len(_STEPS), coefficients.slopes
    known = people.baseline[np.ix_(who, effort.before)]
    person = known @ slopes[:, n + 1 :].T + coefficients.municipality.T[people.cluster[who]] + coefficients.intercept
    starts = np.r_[np.arange(LEVELS), UNKNOWN]
    place = np.where(people.start_level[who] == UNKNOWN, LEVELS, people.start_level[who])
    climbs = [
        np.exp(np.clip(person, -30, 30)) * np.exp(_step_columns(np.full(len(starts), k), starts) @ slopes[:, :n].T)[place]
        for k in range(LEVELS - 1)
    ]
    return [_shares(climbs, np.exp(exposed * slopes[:, n])) for exposed in (0, 1)]


def _shares(climbs: list[Floats], factor: Floats) -> Floats:
    """(levels, persons, d) chance of ending at each level from the odds of climbing on, each times ``factor`` (d,)."""
    out, left = np.empty((LEVELS, *climbs[0].shape)), np.ones_like(climbs[0])
    for k, climb in enumerate(climbs):
        out[k] = left / (1 + factor * climb)
        left = left - out[k]
    out[-1] = left
    return out


@dataclass(frozen=True)
class _Drawn:
    """The coefficients of some draws, per effort the weights of its decisions (n, d), how often each municipality counts (J, d)."""

    decided: tuple[Floats, ...]
    language: tuple[Coefficients, ...]
    outcome: Mapping[Key, Coefficients]
    frequency: Floats


def _total(weights: Floats, values: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", weights, values))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Elementwise, NaN where nothing is below."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0))


def _per_level(people: Landmark, who: Ints, outcome: Coefficients) -> Floats:
    """(persons, d) what one level more multiplies the odds of the outcome by."""
    n = len(people.efforts)
    groups = np.array([[(g >> i) & 1 for i in range(n)] for g in range(2**n)], dtype=float)
    factor: Floats = np.exp(outcome.slopes[:, 0] + groups @ outcome.slopes[:, 1 + n : 1 + 2 * n].T)
    group = sum((e.exposed[who].astype(np.int64) << i for i, e in enumerate(people.efforts)), np.zeros(len(who), dtype=np.int64))
    return np.asarray(factor[group])


def _still_in(people: Landmark, who: Ints, outcome: Coefficients, languages: list[Floats]) -> list[Floats]:
    """(persons, d) chance of the outcome by the horizon over the person's possible levels, under each distribution of them."""
    log_odds = outcome.log_odds(_outcome_columns(people, who, np.zeros(len(who))), people.cluster[who])
    odds, factor = np.exp(np.clip(log_odds, -30, 30)), _per_level(people, who, outcome)
    found = [np.zeros_like(odds) for _ in languages]
    for level in range(LEVELS):
        chance = odds / (1 + odds)
        for total, shares in zip(found, languages, strict=True):
            total += chance * shares[level]
        odds = odds * factor
    return found


def _through(people: Landmark, effort: Effort, weights: Floats, language: Coefficients, drawn: _Drawn) -> dict[Key, Floats]:
    """(d,) ψ(1,1) - ψ(1,0) by (outcome, horizon): exits by week 26 are the same in both and fall away."""
    still = np.flatnonzero(effort.exposed & people.enrolled)
    languages = _languages(people, effort, still, language)
    parts: dict[Key, Floats] = {}
    for (outcome, horizon), coefficients in drawn.outcome.items():
        counted = people.reaches(horizon)[still]
        who = still[counted]
        without, with_it = _still_in(people, who, coefficients, [shares[:, counted] for shares in languages])
        everybody = weights[effort.exposed & people.reaches(horizon)].sum(axis=0)
        parts[outcome, horizon] = _ratio(_total(weights[who], with_it - without), everybody)
    return parts


def _incidence(people: Landmark, who: Ints, decided: Floats, quantile: float) -> Floats:
    """(d, horizon, causes) cumulative incidence of persons whose decisions weigh (persons, d)."""
    weeks = people.weeks
    stays = people.staying[who]
    if quantile < 1:
        stays = decided[:, :1] * stays
        final = stays[np.arange(len(who)), weeks.last[who] - 1]
        stays, decided = np.minimum(stays, np.quantile(final[final > 0], quantile)), np.ones(decided.shape)
    gone = np.flatnonzero(is_event(weeks)[who])
    last = weeks.last[who][gone]
    cell = (last - 1) * CAUSES + weeks.cause[who][gone]
    leaves = sparse.csr_matrix((stays[gone, last - 1], (cell, gone)), shape=(weeks.horizon * CAUSES, len(who)))
    exits = (leaves @ decided).T.reshape(-1, weeks.horizon, CAUSES)
    return aalen_johansen(np.ascontiguousarray(decided.T @ stays), np.ascontiguousarray(exits))


def _risks(people: Landmark, exposed: Bools, decided: Floats, quantile: float, asked: Iterable[Key]) -> dict[Key, Floats]:
    """(2, d) risk without and with the effort by (outcome, horizon)."""
    sides = [np.flatnonzero(exposed == a) for a in (False, True)]
    arms = [_incidence(people, who, decided[who], quantile) for who in sides]
    return {
        (outcome, horizon): np.stack([a[:, horizon - 1, list(OUTCOMES[outcome])].sum(axis=1) for a in arms])
        for outcome, horizon in asked
    }


def _control(people: Landmark, exposed: Bools, weights: Floats) -> Floats:
    known = ~np.isnan(people.control)
    arms = [known & (exposed == a) for a in (False, True)]
    return np.stack([_ratio(people.control[arm] @ weights[arm], weights[arm].sum(axis=0)) for arm in arms])


def _capped(weights: Floats, exposed: Bools, quantile: float) -> Floats:
    """The weights of each arm no larger than a quantile of those held in it."""
    if quantile == 1:
        return weights
    out = weights.copy()
    for arm in (exposed == a for a in (False, True)):
        held = weights[arm & (weights[:, 0] > 0)]
        out[arm] = np.minimum(weights[arm], np.quantile(held, quantile)) if len(held) else weights[arm]
    return out


def _answer(people: Landmark, number: int, drawn: _Drawn, quantile: float) -> Mediated:
    effort, decided, often = people.efforts[number], drawn.decided[number], drawn.frequency[people.cluster]
    weights = _capped(decided * people.censoring[:, None], effort.exposed, quantile) * often
    risks = _risks(people, effort.exposed, decided * often, quantile, drawn.outcome)
    through = _through(people, effort, weights, drawn.language[number], drawn)
    return Mediated(risks, through, _control(people, effort.exposed, weights))


def point(people: Landmark, models: Models, quantile: float = 1.0) -> list[Mediated]:
    """The estimates of every effort (d = 1), weights capped at a quantile for the gate that asks what heavy weights do."""
    decided = tuple(_decision_weights(people, e, m.fitted()) for e, m in zip(people.efforts, models.effort, strict=True))
    drawn = _Drawn(
        decided, tuple(m.fitted() for m in models.language), {key: m.fitted() for key, m in models.outcome.items()},
        np.ones((people.n_clusters, 1)),
    )  # fmt: skip
    return [_answer(people, i, drawn, quantile) for i in range(len(people.efforts))]


def _chunks(people: Landmark, models: Models, counts: Floats, exact: bool) -> Iterator[_Drawn]:
    """Every draw has its own weights, and so its own weighted language models."""
    efforts, stays = people.efforts, people.censoring[:, None]
    for first in range(0, len(counts), _CHUNK):
        some = counts[first : first + _CHUNK]
        decided = tuple(_decision_weights(people, e, m.drawn(some, exact)) for e, m in zip(efforts, models.effort, strict=True))
        held = [_level_weights(people, e, w * stays)[models.asked] for e, w in zip(efforts, decided, strict=True)]
        yield _Drawn(
            decided, tuple(m.drawn(some, exact, w) for m, w in zip(models.language, held, strict=True)),
            {key: m.drawn(some, exact) for key, m in models.outcome.items()}, np.ascontiguousarray(some.T),
        )  # fmt: skip


def draws(people: Landmark, models: Models, counts: Floats, exact: bool = False) -> list[Mediated]:
    """The estimates of every effort when municipalities are drawn ``counts`` (draws, J) times.

    Args:
        people: the persons.
        models: their fitted models.
        counts: how often each municipality was drawn.
        exact: refit every model in every draw (slow; the oracle) instead of one Newton step.
    """
    parts = [
        [_answer(people, i, drawn, 1.0) for i in range(len(people.efforts))] for drawn in _chunks(people, models, counts, exact)
    ]
    return [_joined([part[i] for part in parts]) for i in range(len(people.efforts))]


def _joined(parts: list[Mediated]) -> Mediated:
    risks = {key: np.concatenate([p.risks[key] for p in parts], axis=1) for key in parts[0].risks}
    through = {key: np.concatenate([p.through[key] for p in parts]) for key in parts[0].through}
    return Mediated(risks, through, np.concatenate([p.control for p in parts], axis=1))


def gain_per_level(people: Landmark, models: Models, horizon: int, counts: Floats | None = None) -> Floats:
    """(d,) mean change in the chance of work or education by the horizon had the level at week 26 been one higher.

    Args:
        people: those still in with a level, whose project's data reach the horizon, are asked; those at the top are asked one lower.
        models: the fitted models.
        horizon: weeks from the programme start.
        counts: (d, J) drawn municipalities; without it the estimate itself (d = 1).
    """
    who = np.flatnonzero(people.measured & people.reaches(horizon))
    low = np.minimum(people.level[who], LEVELS - 2)
    frequency = np.ones((1, people.n_clusters)) if counts is None else counts
    gain = np.zeros((len(who), len(frequency)))
    for model in (m for (_, weeks), m in models.outcome.items() if weeks == horizon):
        drawn = model.fitted() if counts is None else model.drawn(counts)
        below, above = (expit(drawn.log_odds(_outcome_columns(people, who, at), people.cluster[who])) for at in (low, low + 1))
        gain += above - below
    weights = np.ascontiguousarray(frequency.T)[people.cluster[who]]
    return _ratio(_total(weights, gain), weights.sum(axis=0))
