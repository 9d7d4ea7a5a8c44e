r"""The main contrast in declared subgroups: the same start model and weights, the group's persons, differences shrunken.

The groups of a division are one family: δ_l ~ N(μ, τ²), estimated with standard errors s_l; μ and τ have flat priors, τ up to
half of all participants. Given τ, with v_l = 1 / (s_l² + τ²) and V = Σ v: μ_τ = Σ v_l d_l / V, and δ_l has the mean
B_l μ_τ + (1 - B_l) d_l, B_l = s_l² v_l, and the variance (1 - B_l) s_l² + B_l² / V. The density of τ is as
√(Π v_l / V) exp(-½ Σ v_l (d_l - μ_τ)²); over it the means and distributions are averaged on a grid (Gelman 2006, Bayesian Anal
1:515; Röver 2020, J Stat Softw 93:6). A risk of an arm is not shrunken: it says whom the difference is about.
Must not be here: divisions (the protocol has them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr

from pipeline.effects.answers import Answers, Row, questions
from pipeline.effects.bootstrap import bootstrap
from pipeline.effects.covariates import Covariates
from pipeline.effects.diagnostics import Setting, estimate_arm
from pipeline.effects.findings import Interval, t_quantile
from pipeline.effects.person_weeks import Bools, Floats, Ints, PersonWeeks
from pipeline.effects.protocol import Protocol
from pipeline.effects.start_model import StartModel
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study
from pipeline.effects.timing import Fitted, nothing_in, uniform

# The spreads averaged over, middles of steps that are small beside any standard error; no shares of groups differ by more.
_SPREADS = (np.arange(100) + 0.5) * 0.005
_BISECTIONS = 30
METHOD = "som hovedanalysen i undergruppen, krympet mot gjennomsnittet av gruppene"


@dataclass(frozen=True)
class Posterior:
    """What is thought of the groups: ``weight`` (…, T) of each spread; given it, ``centre`` and ``sd`` (…, T, L) of each group.

    Given the spread, a group's difference has a t distribution with ``df`` (L,) degrees of freedom.
    """

    weight: Floats
    centre: Floats
    sd: Floats
    df: Floats

    def mean(self) -> Floats:
        """(…, L) what each group's difference is shrunken to."""
        return self._averaged(self.centre)

    def standard_error(self) -> Floats:
        """(…, L) root of the mean variance given the spread plus the variance of the means."""
        return np.sqrt(self._averaged(self.sd**2 + (self.centre - self.mean()[..., None, :]) ** 2))

    def below(self, values: Floats) -> Floats:
        """(…, L) probability that the group's difference lies below the value (…, L)."""
        return self._averaged(stdtr(self.df, (values[..., None, :] - self.centre) / self.sd))

    def quantile(self, p: float) -> Floats:
        """(…, L), by bisection."""
        far = t_quantile(2) * self.sd.max(axis=-2)
        low, high = self.centre.min(axis=-2) - far, self.centre.max(axis=-2) + far
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            short = self.below(middle) < p
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return np.asarray((low + high) / 2)

    def _averaged(self, values: Floats) -> Floats:
        return np.asarray((self.weight[..., None] * values).sum(axis=-2))


def posterior(estimates: Floats, errors: Floats, clusters: Ints) -> Posterior:
    """The posterior of families of groups.

    Args:
        estimates, errors: (…, L) differences and their standard errors, a family in each row.
        clusters: (L,) municipalities behind each.
    """
    own, s2 = estimates[..., None, :], errors[..., None, :] ** 2
    v = 1 / (s2 + _SPREADS[:, None] ** 2)
    total = v.sum(axis=-1, keepdims=True)
    mu = (v * own).sum(axis=-1, keepdims=True) / total
    log = 0.5 * (np.log(v) - v * (own - mu) ** 2).sum(axis=-1) - 0.5 * np.log(total[..., 0])
    weight = np.exp(log - log.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    b = s2 * v
    sd = np.asarray(np.sqrt((1 - b) * s2 + b**2 / total))
    return Posterior(weight, b * mu + (1 - b) * own, sd, np.asarray(clusters - 1, dtype=float))


def shrink(estimates: Floats, errors: Floats, clusters: Ints) -> list[Interval]:
    """The estimates (L,) of one family, shrunken towards their mean; one estimate stays as it is. Arguments as :func:`posterior`."""
    found = posterior(estimates, errors, clusters)
    columns = found.mean(), found.quantile(0.025), found.quantile(0.975), found.standard_error()
    return [Interval(*map(float, row)) for row in zip(*columns, strict=True)]


def restricted(weeks: PersonWeeks, keep: Bools) -> tuple[PersonWeeks, Bools]:
    """The person-weeks of the units to keep (n,), clusters numbered as before; and which decision weeks (rows,) are theirs."""
    rows = keep[weeks.who]
    number = np.cumsum(keep) - 1
    individual = weeks.individual[keep] if weeks.individual.size else weeks.individual
    return PersonWeeks(
        weeks.cluster[keep], weeks.first_day[keep], weeks.last[keep], weeks.cause[keep], weeks.placed[keep], number[weeks.who[rows]],
        weeks.week[rows], weeks.start[rows], weeks.horizon, weeks.window, individual,
    ), rows  # fmt: skip


def _model_of(model: StartModel, rows: Bools) -> StartModel:
    return replace(model, x=model.x[rows], cluster=model.cluster[rows], weight=model.weight[rows])


def _results(fitted: Fitted, keep: Bools, strategies: list[Strategy]) -> Results:
    weeks, rows = restricted(fitted.weeks, keep)
    if not keep.any() or not weeks.start.any() or len(np.unique(weeks.cluster)) < 2:
        return Results(weeks, {}, {}, "for_faa_deltakere")
    model, control = _model_of(fitted.model, rows), fitted.control[keep]
    sums = bootstrap(weeks, model, fitted.censoring[keep], control, fitted.counts, ())
    whole = fitted.setting
    setting = Setting(
        weeks, model.hazard(), fitted.censoring[keep], Covariates(fitted.covariates.names, fitted.covariates.values[rows]),
        whole.fixed_names, whole.moving_names, control, whole.quantile, whole.small, np.zeros((weeks.n, 0)),
    )  # fmt: skip
    arms = {s.key: estimate_arm(setting, s) for s in strategies}
    return Results(weeks, arms, {key: sums.of(arm.strategy) for key, arm in arms.items()}, "", fitted.cohort.unstated)


def _family(answers: Mapping[str, Answers], at: int) -> list[Row]:
    """The rows of one question in every group of a division; differences are shrunken towards each other."""
    asked = {group: questions(a.study)[at] for group, a in answers.items()}
    plain = {group: answers[group].row(question) for group, question in asked.items()}
    known = [g for g, row in plain.items() if row.get("estimat") is not None and asked[g].comparison]
    if not known:
        return list(plain.values())
    family = shrink(*(np.array([plain[g][c] for g in known]) for c in ("estimat", "se", "n_klynger")))
    return list((plain | {g: answers[g].row(asked[g], i) for g, i in zip(known, family, strict=True)}).values())


def _study(protocol: Protocol, group: str) -> Study:
    rule, none = protocol.declared["undergrupper"], nothing_in(protocol)
    early = uniform(rule["strategi"])
    contrasts = (Contrast(protocol.name, none), Contrast(protocol.name, early, none))
    method = {"jevn": METHOD, "ingen": METHOD}
    return Study(
        protocol, contrasts, ("risiko", "risikodifferanse"), method, subgroup=group, outcomes=tuple(rule["utfall"]),
        horizons=tuple(rule["horisonter_uker"]),
    )  # fmt: skip


def subgroup_rows(fitted: Fitted | Results, protocol: Protocol) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` for every declared subgroup.

    Args:
        fitted: the main analysis, or the results that say why there is none.
        protocol: the placement protocol, which declares divisions by a column of ``KLARGJORT["deltakelse"]``.

    Returns:
        Risks of both arms and their difference; the difference is shrunken within its division.
    """
    rows: list[Row] = []
    for column, groups in protocol.declared["undergrupper"]["inndeling"].items():
        studies = {group: _study(protocol, group) for group in groups}
        answers = {
            group: Answers(_of_group(fitted, column, codes, studies[group]), studies[group]) for group, codes in groups.items()
        }
        for at in range(len(questions(next(iter(studies.values()))))):
            rows += _family(answers, at)
    return rows


def _of_group(fitted: Fitted | Results, column: str, codes: list[str], study: Study) -> Results:
    if isinstance(fitted, Results):
        return fitted
    keep = fitted.cohort.persons[column].is_in(codes).fill_null(value=False).to_numpy()
    return _results(fitted, keep, [*(c.strategy for c in study.contrasts), OBSERVED])
