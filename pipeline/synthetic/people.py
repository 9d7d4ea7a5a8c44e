"""The participants at programme start: who they are, where and when they begin.

Belongs here: baseline facts. Must not be here: anything that happens after day 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.units import Units

INCOME = ("forsorget", "overgangsstonad", "sosialhjelp", "annet")
EDUCATION = ("ingen", "grunnskole", "videregaende", "fagbrev", "hoyere")
COUNTRIES = ("SOM", "SYR", "ERI", "AFG", "IRQ", "THA", "TUR", "PAK", "ETH", "PHL", "IRN", "SDN")


@dataclass(frozen=True)
class People:
    """One element per participation in every array.

    ``era`` and ``unit`` index ``Units``; ``start`` and ``statusdato`` are days; ``language`` (0 = under A1 … 5 = C1),
    ``readiness`` (about standard normal) and ``hidden`` (nobody records it) are latent; ``health`` and ``care`` are 0–2;
    ``start_effect``, ``exit_effect`` and ``phase_out`` are the unit's, in log-odds; ``may_place`` is false where the unit
    never places anybody; the rest are codes into the tuples above or counts.
    """

    units: Units
    era: np.ndarray
    unit: np.ndarray
    start: np.ndarray
    statusdato: np.ndarray
    woman: np.ndarray
    birth: np.ndarray
    age: np.ndarray
    country: np.ndarray
    immigrated: np.ndarray
    income: np.ndarray
    education: np.ndarray
    worked_here: np.ndarray
    worked_abroad: np.ndarray
    children: np.ndarray
    small_children: np.ndarray
    health: np.ndarray
    care: np.ndarray
    language: np.ndarray
    readiness: np.ndarray
    hidden: np.ndarray
    contact_level: np.ndarray
    start_effect: np.ndarray
    exit_effect: np.ndarray
    buddy_share: np.ndarray
    may_place: np.ndarray

    @property
    def language_start(self) -> np.ndarray:
        """The level the adviser writes down at start, 0–5."""
        return np.asarray(np.clip(np.floor(self.language), 0, 5).astype(int))

    def __len__(self) -> int:
        return len(self.unit)


def _days(values: list[object]) -> np.ndarray:
    return np.array(values, dtype="datetime64[D]")


def _place_and_time(units: Units, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    unit = rng.choice(len(units.weight), size=n, p=units.weight)
    eras = units.eras
    first, last = _days([e.first for e in eras]), _days([e.last for e in eras])
    of_unit = np.array([e.unit for e in eras])
    begin = np.searchsorted(of_unit, unit, side="left")
    end = np.searchsorted(of_unit, unit, side="right") - 1
    span = (last[end] - first[begin]).astype(int)
    start = first[begin] + (rng.random(n) * (span + 1)).astype(int)
    era = begin.copy()
    for _ in range(int((end - begin).max(initial=0))):
        later = np.minimum(era + 1, end)
        era = np.where(start >= first[later], later, era)
    start = np.minimum(start, last[era])
    return {"unit": unit, "era": era, "start": start, "statusdato": _days([e.last_statusdato for e in eras])[era]}


def _unit_effects(unit: np.ndarray, n_units: int, params: SyntheticParams, rng: np.random.Generator) -> dict[str, np.ndarray]:
    start, leave, common, contact, buddy, place = rng.standard_normal((6, n_units))
    shared = params.cluster_confounding * common
    order = np.argsort(np.argsort(place))
    may_place = order >= round(params.no_placement_share * n_units)
    return {
        "start_effect": (params.cluster_start_sd * start + shared)[unit],
        "exit_effect": (params.cluster_exit_sd * leave + shared)[unit],
        "contact_level": 0.5 * contact[unit] + 0.4 * rng.standard_normal(len(unit)),
        "buddy_share": (1.0 / (1.0 + np.exp(-0.7 * buddy)))[unit],
        "may_place": may_place[unit],
    }


def _household(group: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    n = len(group)
    young = group == "ungdom"
    woman = rng.random(n) < np.where(young, 0.6, 0.95)
    age = np.clip(np.round(rng.gamma(9.0, 1.6, n) + 20), 18, 55).astype(int)
    age = np.where(young, 18 + age % 9, age)
    children = np.minimum(rng.poisson(2.1, n), 8)
    small = rng.binomial(children, np.where(age < 38, 0.35, 0.12))
    income = rng.choice(4, size=n, p=(0.64, 0.10, 0.16, 0.10))
    aimed = rng.random(n) < 0.8
    income = np.where(aimed & (group == "overgangsstonad"), 1, np.where(aimed & (group == "sosialhjelp"), 2, income))
    return {"woman": woman, "age": age, "children": children, "small_children": small, "income": income}


def make_people(params: SyntheticParams, units: Units, n: int, rng: np.random.Generator) -> People:
    """``n`` participants nested in the units; language and readiness depend on education, age and health."""
    place = _place_and_time(units, n, rng)
    effects = _unit_effects(place["unit"], len(units.weight), params, rng)
    home = _household(np.array([e.malgruppe for e in units.eras])[place["era"]], rng)
    start, age = place["start"], home["age"]
    birth = start - (age * 365.25 + rng.random(n) * 364).astype(int)
    education = rng.choice(5, size=n, p=(0.17, 0.36, 0.24, 0.05, 0.18))
    health = rng.choice(3, size=n, p=(0.66, 0.26, 0.08))
    care = np.minimum(2, (rng.random(n) < 0.15).astype(int) + np.minimum(home["small_children"], 2) * (rng.random(n) < 0.5))
    years_here = np.minimum(rng.gamma(4.0, 2.0, n) + 2.0, age - 1)
    noise_l, noise_r, hidden = rng.standard_normal((3, n))
    return People(
        units=units, **place, **effects, **home, birth=birth, education=education, health=health, care=care,
        country=rng.choice(len(COUNTRIES), size=n, p=(0.17, 0.19, 0.11, 0.11, 0.09, 0.07, 0.05, 0.05, 0.05, 0.04, 0.04, 0.03)),
        immigrated=start - (years_here * 365.25).astype(int),
        worked_here=rng.random(n) < 0.28, worked_abroad=rng.random(n) < 0.42,
        language=1.9 + 0.22 * (education - 1.5) + 0.75 * noise_l,
        readiness=-0.25 * health - 0.012 * (age - 35) + 0.95 * noise_r,
        hidden=hidden,
    )  # fmt: skip
