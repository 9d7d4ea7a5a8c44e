"""The programme theory's links as rows: each estimated by the method it declares, or shown as not estimated with the reason.

Plain links are adjusted regressions within municipalities with a landmark; others come from the analyses that answer them. A
regression cannot earn grade A here: who remains at the landmark is selected.
Must not be here: whom a link compares (``chain_samples``), the graph (``graph``), mediation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pipeline.effects.chain_samples import SAMPLES, Hired, Material, hired, material_of
from pipeline.effects.eligibility import Cohort
from pipeline.effects.findings import Interval, difference_interval, finding, risk_interval
from pipeline.effects.graph import Graph
from pipeline.effects.incidence import aalen_johansen
from pipeline.effects.landmark import Landmark
from pipeline.effects.mediation import gain_per_level
from pipeline.effects.mediation_arms import Mediation
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks
from pipeline.effects.protocol import ALL, MAIN, WORK, Protocol, declared_theory
from pipeline.effects.slopes import Sample as Sample
from pipeline.effects.slopes import adjusted_slope as adjusted_slope
from pipeline.effects.slopes import within_clusters
from pipeline.effects.study import Tables
from pipeline.effects.workplace import workplace_protocol

_LEAST_EACH, _LEAST_MUNICIPALITIES, _WEEKS, _OUTCOME = 50, 20, 52, "arbeid_eller_utdanning"
REGRESSION = "lineær regresjon innen kommuner med landemerke, klyngerobust intervall"
PER_LEVEL = "logistisk utfallsmodell med landemerke, kommunebootstrap"
HIRED = "Aalen-Johansen fra praksisstart, andel hos praksisgiveren fra registeret, kommunebootstrap"
TOO_SMALL = "For få deltakere, eller ingen forskjell i innsats."
TOO_WEAK = "For få deltakere eller kommuner til å vise et tall."
NO_REGISTER = "Ikke beregnet: registeret rekker ikke langt nok til å vise hvem som fikk arbeid hos praksisgiveren."
Row = dict[str, Any]


@dataclass(frozen=True)
class Theory:
    """The declared graph: its variables with columns and words, its links in declared order, and the hash of its file."""

    variables: Mapping[str, Mapping[str, Any]]
    links: Sequence[Mapping[str, Any]]
    hash: str

    @property
    def graph(self) -> Graph:
        return Graph({name: tuple(one["foreldre"]) for name, one in self.variables.items()})

    def words(self, names: Sequence[str]) -> str | None:
        """An adjustment set as readers read it; None when nothing is adjusted for."""
        return "; ".join(self.variables[n]["tekst"] for n in names) or None


@cache
def theory() -> Theory:
    """The programme theory (``protocols/programteori.toml``).

    Raises:
        Fault: the graph goes in a circle or names a cause that is no variable.
    """
    declared, digest = declared_theory()
    found = Theory(declared["variabel"], declared["lenke"], digest)
    found.graph.ordered()
    return found


def _grade(sample: Sample) -> tuple[str, str]:
    """(grade, reason) from size and spread alone."""
    n, clusters = len(sample.effect), len(np.unique(sample.cluster))
    if n < 2 * sample.adjustment.shape[1] + 4 or clusters < 2 or np.ptp(within_clusters(sample).exposure) == 0:
        return "D", TOO_SMALL
    split = sample.exposure > (np.median(sample.exposure) if len(np.unique(sample.exposure)) > 2 else sample.exposure.min())
    least = min(int(split.sum()), n - int(split.sum()))
    return ("C", TOO_WEAK) if least < _LEAST_EACH or clusters < _LEAST_MUNICIPALITIES else ("B", "")


def _numbers(interval: Interval, margin: float | None) -> Row:
    """The interval, with what it finds where a margin is declared."""
    found = finding(interval, margin) if margin is not None else None
    return {"estimat": interval.estimate, "ki_nedre": interval.low, "ki_ovre": interval.high, "funn": found}


def _explained(link: Mapping[str, Any], why: str) -> str:
    return f"{why} {link['begrunnelse']}".strip()


def _regression_row(link: Mapping[str, Any], sample: Sample) -> Row:
    letter, why = _grade(sample)
    row = {"grad": letter, "n": len(sample.effect), "n_hendelser": sample.events, "metode": REGRESSION}
    row["begrunnelse"] = _explained(link, why)
    return row | _numbers(adjusted_slope(within_clusters(sample)), link["relevansgrense"]) if letter == "B" else row


def _effect_row(link: Mapping[str, Any], rows: Sequence[Row]) -> Row:
    """The link that another analysis answers, taken from its row of ``effekt``."""
    asked = {"variant": None, "utfall": _OUTCOME, "horisont_uker": _WEEKS, "maal": "risikodifferanse", "folsomhet": MAIN,
             "undergruppe": ALL} | dict(link["rad"])  # fmt: skip
    effekt = next(r for r in rows if all(r.get(k) == v for k, v in asked.items()))
    same = {name: effekt.get(name) for name in ("estimat", "ki_nedre", "ki_ovre", "grad", "funn", "n_hendelser", "metode")}
    why = effekt["kan_si"] if effekt["grad"] in ("C", "D") else ""
    return same | {"n": effekt.get("n_personer"), "begrunnelse": _explained(link, why)}


def _level_row(link: Mapping[str, Any], mediation: Mediation) -> Row:
    """One level more at week 26, from the outcome models of the mediation analysis."""
    people, models = mediation.people, mediation.models
    asked = people.measured & people.told(_WEEKS)
    reached = people.reached(_OUTCOME, _WEEKS)[asked]
    row = {"n": int(asked.sum()), "n_hendelser": int(reached.sum()), "metode": PER_LEVEL}
    if models is None or len([key for key in models.outcome if key[1] == _WEEKS]) < 2:
        return row | {"grad": "D", "begrunnelse": _explained(link, TOO_SMALL)}
    if _is_weak(people, reached):
        return row | {"grad": "C", "begrunnelse": _explained(link, TOO_WEAK)}
    drawn = gain_per_level(people, models, _WEEKS, mediation.counts)
    clusters = len(np.unique(people.cluster[people.measured]))
    interval = difference_interval(float(gain_per_level(people, models, _WEEKS)[0]), drawn, clusters)
    return row | {"grad": "B", "begrunnelse": link["begrunnelse"]} | _numbers(interval, link["relevansgrense"])


def _is_weak(people: Landmark, reached: Floats | Any) -> bool:
    few = min(int(reached.sum()), len(reached) - int(reached.sum())) < _LEAST_EACH
    return few or len(np.unique(people.cluster[people.measured])) < _LEAST_MUNICIPALITIES


def _work_incidence(weeks: PersonWeeks, frequency: Floats) -> Floats:
    """(d,) cumulative incidence of leaving to work by the horizon, persons counted ``frequency`` (n, d) times."""
    week = np.arange(1, _WEEKS + 1)
    at_risk = (weeks.last[:, None] >= week).astype(float).T @ frequency
    exits = np.zeros((frequency.shape[1], _WEEKS, 3))
    for cause in range(3):
        left = (weeks.cause[:, None] == cause) & (weeks.last[:, None] == week)
        exits[:, :, cause] = (left.astype(float).T @ frequency).T
    return aalen_johansen(np.ascontiguousarray(at_risk.T), exits)[:, -1, WORK]


def hired_share(placed: Hired, frequency: Floats) -> Floats:
    """(d,) incidence of work by week 52 of the placement, times the share of it that is with the placement's employer.

    Args:
        placed: those placed; the share is of those whose register tells.
        frequency: (n, d) how often each person counts.
    """
    known = placed.to_work & ~np.isnan(placed.same)
    same = placed.same[known] @ frequency[known]
    total = frequency[known].sum(axis=0)
    share = np.divide(same, total, out=np.full(len(total), np.nan), where=total > 0)
    return np.asarray(_work_incidence(placed.weeks, frequency) * share)


def _hired_row(link: Mapping[str, Any], placed: Hired, counts: Floats, cluster: Ints) -> Row:
    known = placed.to_work & ~np.isnan(placed.same)
    if not known.any():
        return {"begrunnelse": NO_REGISTER}
    same = int(placed.same[known].sum())
    row = {"n": placed.weeks.n, "n_hendelser": same, "metode": HIRED}
    few = min(same, placed.weeks.n - same) < _LEAST_EACH
    if few or placed.weeks.municipalities < _LEAST_MUNICIPALITIES:
        return row | {"grad": "C", "begrunnelse": _explained(link, TOO_WEAK)}
    drawn = hired_share(placed, np.ascontiguousarray(counts.T)[cluster])
    estimate = float(hired_share(placed, np.ones((placed.weeks.n, 1)))[0])
    interval = risk_interval(estimate, drawn, placed.weeks.municipalities)
    return row | {"grad": "B", "begrunnelse": link["begrunnelse"]} | _numbers(interval, None)


def _hired(link: Mapping[str, Any], material: Material, counts: Floats) -> Row:
    placed = hired(material, workplace_protocol())
    if not placed.weeks.n:
        return {"begrunnelse": NO_REGISTER}
    first = placed.cohort.persons.select("deltakelse_key").join(
        material.cohort.persons.select("deltakelse_key", "klynge"), on="deltakelse_key", how="left", maintain_order="left"
    )["klynge"]
    return _hired_row(link, placed, counts, first.to_numpy().astype(np.int64))


def _employer_row(link: Mapping[str, Any], material: Material) -> Row:
    placed = hired(material, workplace_protocol())
    if not (placed.to_work & ~np.isnan(placed.same)).any():
        return {"begrunnelse": NO_REGISTER}
    return _regression_row(link, SAMPLES[link["metode"]](material, link["justert_for"]))


def _answer(link: Mapping[str, Any], material: Material, rows: Sequence[Row], mediation: Mediation) -> Row:
    """What the link's method says; nothing where it declares none."""
    match link["metode"]:
        case "":
            return {}
        case "effekt":
            return _effect_row(link, rows)
        case "utfall_per_nivaa":
            return _level_row(link, mediation)
        case "insidens_praksisgiver":
            return _hired(link, material, mediation.counts)
        case "ansatt_etter_oppfolging":
            return _employer_row(link, material)
        case method:
            return _regression_row(link, SAMPLES[method](material, link["justert_for"]))


def chain_rows(cohort: Cohort, tables: Tables, protocol: Protocol, rows: Sequence[Row], mediation: Mediation) -> list[Row]:
    """Rows of ``STATISTIKK["aarsakskjede"]`` without stamps.

    Args:
        cohort: the persons of the placement analyses.
        tables: what is known about them.
        protocol: the placement protocol.
        rows: rows of ``effekt``, those of placement timing and of workplaces among them.
        mediation: the mediation analysis, for what a language level is worth.

    Returns:
        One row per declared link; ``grad`` is null where the link is not estimated.
    """
    declared = theory()
    material = material_of(cohort, tables, protocol, declared.variables)
    out = []
    for link in declared.links:
        row = {name: link[name] or None for name in ("fra", "til", "enhet", "begrunnelse")}
        row |= {"justert_for": declared.words(link["justert_for"]), "protokoll_hash": declared.hash}
        out.append(row | _answer(link, material, rows, mediation))
    return out
