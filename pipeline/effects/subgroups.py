r"""The main contrast in declared subgroups: the same start model and weights, the group's persons, differences shrunken.

The groups of a division are one family: δ_l ~ N(μ, τ²), estimated with standard errors s_l. τ² by DerSimonian & Laird (1986,
Control Clin Trials 7:177), at least 2 points squared; μ by weights 1 / (s² + τ²). Shrunken: B_l μ + (1 - B_l) δ_l with
B_l = s_l² / (s_l² + τ²); its variance (1 - B_l) s_l² + B_l² var μ (Morris 1983, JASA 78:47). A risk of an arm is not shrunken: it
says whom the difference is about. Must not be here: divisions (the protocol has them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.effects.answers import Answers, Row, questions
from pipeline.effects.bootstrap import bootstrap
from pipeline.effects.covariates import Covariates
from pipeline.effects.diagnostics import Setting, estimate_arm
from pipeline.effects.findings import Interval, Z
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks
from pipeline.effects.protocol import Protocol
from pipeline.effects.start_model import StartModel
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import OBSERVED, Contrast, Results, Study
from pipeline.effects.timing import Fitted, nothing_in, uniform

# Groups may always differ by some points: a spread of nothing would make every group the same.
_LEAST_SD = 0.02
METHOD = "som hovedanalysen i undergruppen, krympet mot gjennomsnittet av gruppene"


def shrink(estimates: Floats, errors: Floats) -> list[Interval]:
    """The estimates (L,) of one family with standard errors (L,), shrunken towards their mean; one estimate stays as it is."""
    w = 1 / errors**2
    mean = float(w @ estimates / w.sum())
    excess = float(w @ (estimates - mean) ** 2) - (len(w) - 1)
    scale = float(w.sum() - (w @ w) / w.sum())
    tau2 = max(excess / scale, _LEAST_SD**2) if len(w) > 1 and scale > 0 else _LEAST_SD**2
    v = 1 / (errors**2 + tau2)
    mean = float(v @ estimates / v.sum())
    b = errors**2 / (errors**2 + tau2)
    centre, se = b * mean + (1 - b) * estimates, np.sqrt((1 - b) * errors**2 + b**2 / v.sum())
    return [Interval(float(c), float(c - Z * s), float(c + Z * s), float(s)) for c, s in zip(centre, se, strict=True)]


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
    return replace(model, x=model.x[rows], cluster=model.cluster[rows])


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
    family = shrink(*(np.array([plain[g][c] for g in known]) for c in ("estimat", "se")))
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
