"""The reporting units: municipalities and Oslo districts, with the numbers they had at each time.

Belongs here: who reports, under which number, when. Must not be here: participants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import polars as pl

from pipeline.codes import municipalities, municipality_changes, oslo_districts
from pipeline.synthetic.params import SyntheticParams
from pipeline.tables.deliveries import ORGANISATION, TARGET_GROUPS

OSLO = "0301"
_DISTRICTS = 15  # Sentrum and Marka have hardly any inhabitants and no project
# Taken first, so that small samples hold renamed, split and unchanged municipalities alike.
_FIRST = (
    "3107", "1103", "4601", "1108", "5001", "1804", "4204", "1505", "1106", "1833", "5501", "1149", "3403", "1506", "5037",
    "1508", "1124", "5035", "1101", "5006", "1824", "1120", "3301", "1121", "4003", "3105", "3405", "3207", "4631", "3205",
)  # fmt: skip


@dataclass(frozen=True)
class Era:
    """One unit under one number: its sender, its project and the days ``[first, last]`` on which participations start."""

    unit: int
    avsender: str
    komm_nr: str
    bydel_nr: str | None
    prosjekt_id: str
    first: date
    last: date
    last_statusdato: date
    malgruppe: str
    organisering: str
    navn: str


@dataclass(frozen=True)
class Units:
    """All units of a synthetic programme.

    Attributes:
        weight: share of the participations per unit.
        komm_nr_ref: today's number per unit.
        eras: every unit's eras, in order of unit and time.
    """

    weight: np.ndarray
    komm_nr_ref: tuple[str, ...]
    eras: tuple[Era, ...]


@cache
def _current_numbers() -> tuple[str, ...]:
    valid = municipalities().filter(pl.col("gyldig_til").is_null() & (pl.col("komm_nr").str.slice(0, 2).cast(pl.Int64) <= 56))
    others = [k for k in sorted(set(valid["komm_nr"])) if k != OSLO and not k.startswith(("21", "22", "23"))]
    first = [k for k in _FIRST if k in others]
    rest = [k for k in others if k not in first]
    shuffled = np.random.default_rng(131).permutation(len(rest))
    return (*first, *(rest[i] for i in shuffled))


def _is_district(unit: int) -> bool:
    # Every fourth unit is an Oslo district while there are any: 8 of 33 units in 2024.
    return unit % 4 == 3 and unit // 4 < _DISTRICTS


@cache
def _numbers_over_time(komm_nr: str) -> tuple[tuple[str, date, date | None], ...]:
    """(number, valid from, valid to) of one municipality, oldest first; a split with a rule ends the way back."""
    codes, changes = municipalities(), municipality_changes()
    periods: list[tuple[str, date, date | None]] = []
    number, until = komm_nr, None
    while True:
        since = codes.filter(pl.col("komm_nr") == number)["gyldig_fra"].min()
        if not isinstance(since, date):
            return tuple(periods)
        periods.insert(0, (number, since, until))
        before = changes.filter((pl.col("til_komm_nr") == number) & (pl.col("endret_dato") == since))
        plain = before.filter(pl.col("regel").fill_null("") == "").sort("fra_komm_nr")
        if plain.is_empty():
            return tuple(periods)
        number, until = plain["fra_komm_nr"][0], since


@cache
def _name(komm_nr: str, bydel_nr: str | None, day: date) -> str:
    if bydel_nr:
        return str(oslo_districts().filter(pl.col("bydel_nr") == bydel_nr)["navn"][0])
    valid = municipalities().filter(
        (pl.col("komm_nr") == komm_nr) & (pl.col("gyldig_til").is_null() | (pl.col("gyldig_til") > day))
    )
    return str(valid.sort("gyldig_fra")["navn"][0])


def _eras_of(unit: int, komm_nr: str, bydel: str | None, params: SyntheticParams, rng: np.random.Generator) -> list[Era]:
    first, last = date(params.first_year, 1, 1), date(params.first_year + params.years - 1, 12, 15)
    malgruppe = str(rng.choice(TARGET_GROUPS, p=(0.62, 0.08, 0.21, 0.03, 0.02, 0.04)))
    organisering = "bydel" if bydel else str(rng.choice([o for o in ORGANISATION if o != "bydel"], p=(0.45, 0.3, 0.2, 0.05)))
    periods: tuple[tuple[str, date, date | None], ...] = ((komm_nr, first, None),)
    if params.old_codes and bydel is None:
        periods = _numbers_over_time(komm_nr)
    eras = []
    for number, since, until in periods:
        start, stop = max(first, since), min(last, date(until.year - 1, 12, 15) if until else last)
        if start < stop:
            project = f"JS{unit:03d}-{start.year}"
            end = min(params.statusdato, date(until.year - 1, 12, 31) if until else params.statusdato)
            eras.append(
                Era(
                    unit,
                    bydel or number,
                    number,
                    bydel,
                    project,
                    start,
                    stop,
                    end,
                    malgruppe,
                    organisering,
                    _name(number, bydel, start),
                )
            )
    return eras


def make_units(params: SyntheticParams, rng: np.random.Generator) -> Units:
    """The units of a programme: sizes within a factor of two around the mean, one era per number in the period."""
    numbers, districts = iter(_current_numbers()), oslo_districts()["bydel_nr"].to_list()
    size = np.clip(rng.lognormal(0.0, 0.45, params.n_units), 0.45, 1.3)
    eras: list[Era] = []
    reference: list[str] = []
    for unit in range(params.n_units):
        bydel = districts[unit // 4] if _is_district(unit) else None
        komm_nr = OSLO if bydel else next(numbers)
        reference.append(komm_nr)
        eras += _eras_of(unit, komm_nr, bydel, params, rng)
    return Units(size / size.sum(), tuple(reference), tuple(eras))
