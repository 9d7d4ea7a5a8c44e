"""What was known about each person on the first day of each decision week.

A fact dated day d (day 0 = programme start) counts from the first week t with 7(t-1) >= d. Missing is its own category: the
gap is filled with the mean of those measured and an indicator ``<name>_mangler`` stands beside it.
Must not be here: anything that comes after the week's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.effects.eligibility import Cohort
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks
from pipeline.tables.deliveries import LANGUAGE, PLACEMENTS

_STRIDE = 100_000
_TIME = ("uke_", "kvartal_", "aar")
_EDUCATION = ("ingen", "grunnskole", "videregaende", "fagbrev", "hoyere")
_KNOTS = (1.0, 2.0, 4.0, 8.0, 13.0, 20.0, 26.0)
_OTHER_MEASURES = (
    "bransjekurs", "grunnskole", "videregaende_moduler", "jobbklubb", "mestringskurs", "mentor", "egenetablering", "helsetiltak", "annet",
)  # fmt: skip


@dataclass(frozen=True)
class Covariates:
    """Named columns over the decision weeks (rows of ``PersonWeeks``), in their own units.

    ``values`` is (rows, len(names)).
    """

    names: tuple[str, ...]
    values: Floats

    def columns(self, names: list[str]) -> Floats:
        """(rows, len(names)) the named columns; a name that does not vary in these data is left out."""
        return self.values[:, [self.names.index(n) for n in names if n in self.names]]

    def from_the_start(self, weeks: PersonWeeks) -> Covariates:
        """Every column but time itself as it was in the first week: what an analysis without later measurements adjusts for."""
        first = np.flatnonzero(weeks.week == 1)[weeks.who]
        moving = [i for i, name in enumerate(self.names) if not name.startswith(_TIME)]
        values = self.values.copy()
        values[:, moving] = self.values[first][:, moving]
        return Covariates(self.names, values)

    def replaced(self, columns: Mapping[str, Floats]) -> Covariates:
        """With columns replaced or added, but for those that do not vary or repeat another."""
        own = {name: self.values[:, i] for i, name in enumerate(self.names) if name not in columns}
        return _kept(own | dict(columns))


@dataclass(frozen=True)
class Events:
    """Dated facts per person, sorted, to be looked up by person and week."""

    code: Ints
    row: Ints

    def count(self, who: Ints, week: Ints) -> Ints:
        """(rows,) how many facts of the person count in the week."""
        upto = np.searchsorted(self.code, who * _STRIDE + week, side="right")
        return upto - np.searchsorted(self.code, who * _STRIDE, side="left")

    def latest(self, who: Ints, week: Ints) -> Ints:
        """(rows,) row of the latest fact that counts in the week, -1 when there is none."""
        upto = np.searchsorted(self.code, who * _STRIDE + week, side="right")
        return np.where(self.count(who, week) > 0, self.row[np.maximum(upto - 1, 0)] if len(self.row) else -1, -1)


def events(person: Ints, day: Ints) -> Events:
    """Facts of persons dated so many days after time zero, by the first week that knows them."""
    week = np.clip(-(-day // 7) + 1, 1, _STRIDE - 1)
    code = person * _STRIDE + week
    order = np.lexsort((np.arange(len(day)), day, code))
    return Events(code[order], order)


def natural_spline(x: Floats, knots: tuple[float, ...] = _KNOTS) -> Floats:
    """(len(x), len(knots) - 1) restricted cubic spline basis, linear beyond the outer knots.

    Source: Harrell, Regression Modeling Strategies (2015), 2.4.5.
    """
    k = np.asarray(knots)
    scale = (k[-1] - k[0]) ** 2

    def cube(a: float) -> Floats:
        return np.maximum(x - a, 0.0) ** 3

    tail = [
        (cube(a) - cube(k[-2]) * (k[-1] - a) / (k[-1] - k[-2]) + cube(k[-1]) * (k[-2] - a) / (k[-1] - k[-2])) / scale
        for a in k[:-2]
    ]
    return np.column_stack([x, *tail])


def knots_within(window: int) -> tuple[float, ...]:
    """The knots of the week spline for decisions in weeks 1 … ``window``; its last week is the outer knot."""
    return (*(k for k in _KNOTS if k < window), float(window))


def _with_gaps(name: str, values: Floats) -> dict[str, Floats]:
    gap = np.isnan(values)
    if not gap.any():
        return {name: values}
    mean = float(values[~gap].mean()) if (~gap).any() else 0.0
    return {name: np.where(gap, mean, values), f"{name}_mangler": gap.astype(float)}


def _level(frame: pl.DataFrame, column: str, order: tuple[str, ...]) -> Floats:
    codes = frame[column].replace_strict({v: float(i) for i, v in enumerate(order)}, default=None, return_dtype=pl.Float64)
    return np.asarray(codes.fill_null(np.nan).to_numpy(), dtype=float)


def _number(frame: pl.DataFrame, column: str) -> Floats:
    return np.asarray(frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=float)


def _dummies(name: str, values: pl.Series, codes: tuple[str, ...]) -> dict[str, Floats]:
    """Indicators against the first code; missing and unknown codes are the indicator ``_mangler``."""
    raw = values.to_list()
    out = {f"{name}_{c}": np.array([v == c for v in raw], dtype=float) for c in codes[1:]}
    return out | {f"{name}_mangler": np.array([v not in codes for v in raw], dtype=float)}


def _baseline(cohort: Cohort, tiltak: pl.DataFrame, placements: tuple[str, ...]) -> dict[str, Floats]:
    """(n,) columns that stand still. ``arbeidserfaring_utland`` stays out: it is the negative control's substitute."""
    p = cohort.persons
    counted = tiltak.filter(pl.col("tiltak_type").is_in(list(placements)))
    before = counted.join(cohort.members, on="deltakelse_key").filter(pl.col("start_dato") < pl.col("dag_null"))
    age = _with_gaps("alder", _number(p, "alder_start"))
    out = {"kvinne": (p["kjonn"] == "kvinne").cast(pl.Float64).to_numpy(), **age, "alder_2": (age["alder"] / 10.0) ** 2}
    out |= _with_gaps("botid", np.minimum(_number(p, "botid_aar"), 30.0))
    out |= _with_gaps("barn_under_6", np.minimum(_number(p, "antall_barn_under_6"), 4.0))
    out |= _with_gaps("utdanning", _level(p, "utdanning_start", _EDUCATION))
    out |= _with_gaps("arbeidserfaring_norge", _level(p, "arbeidserfaring_norge", ("nei", "ja")))
    income = _dummies("inntekt", p["inntektskilde_start"], ("forsorget", "overgangsstonad", "sosialhjelp", "annet"))
    groups = ("hjemmevaerende_kvinner", "familiegjenforent", "ungdom", "sosialhjelp", "overgangsstonad", "annet")
    out |= income | {"sosialhjelp": income.pop("inntekt_sosialhjelp")} | _dummies("malgruppe", p["malgruppe"], groups)
    out |= {name: _number(p, name) for name in p.columns if name.startswith("forut_")}
    return out | {"tidligere_praksis": np.isin(np.arange(p.height), before["person"].to_numpy()).astype(float)}


def of_cohort(frame: pl.DataFrame, cohort: Cohort, date: str, delay: int = 0) -> pl.DataFrame:
    """Rows of followed persons with ``person`` and ``dag``: days since time zero, ``delay`` days later than dated."""
    days = (pl.col(date) - pl.col("dag_null")).dt.total_days() + delay
    return frame.join(cohort.members, on="deltakelse_key").with_columns(dag=days)


def _assessed(cohort: Cohort, kartlegging: pl.DataFrame, weeks: PersonWeeks, delay: int) -> dict[str, Floats]:
    """(rows,) language, readiness, health, care and the age of the measure; before the first assessment the starting values.

    ``framgang_norsk`` is how far the level has come since the start, ``framgang_arbeidsklar`` since the first assessment: advisers see
    who moves, and who moves leaves sooner.
    """
    rows = of_cohort(kartlegging, cohort, "dato", delay).sort("person", "dag", "prosjekt_id", "kartlegging_id")
    whose, day = rows["person"].to_numpy().astype(np.int64), rows["dag"].to_numpy().astype(np.int64)
    at = events(whose, day).latest(weeks.who, weeks.week)

    def latest(values: Floats, before: Floats | None = None) -> Floats:
        start = np.full(len(at), np.nan) if before is None else before[weeks.who]
        return np.where(at >= 0, np.append(values, np.nan)[at], start)

    begin = _level(cohort.persons, "norsk_start", LANGUAGE)
    language, readiness = latest(_level(rows, "norsk_niva", LANGUAGE), begin), _number(rows, "arbeidsklar")
    limits = ("ingen", "noe", "vesentlig")
    out = _with_gaps("norsk", language) | _with_gaps("arbeidsklar", latest(readiness))
    out |= _with_gaps("framgang_norsk", language - begin[weeks.who])
    out |= _with_gaps("framgang_arbeidsklar", latest(_since_first(whose, readiness)))
    out |= {"norsk_2": out["norsk"] ** 2, "arbeidsklar_2": out["arbeidsklar"] ** 2}
    for name, start in (("helse", _level(cohort.persons, "helse_start", limits)), ("omsorg", None)):
        level = latest(_level(rows, name, limits), start)
        out |= {f"{name}_noe": (level == 1).astype(float), f"{name}_vesentlig": (level == 2).astype(float)}
        out |= {f"{name}_mangler": np.isnan(level).astype(float)}
    age = np.where(at >= 0, 7 * (weeks.week - 1) - np.append(day, 0)[at], 0)
    return out | {"kartlegging_uker": np.minimum(age, 364) / 7.0}


def _since_first(whose: Ints, values: Floats) -> Floats:
    """(rows,) each value less the person's first known one; rows sorted by person and day."""
    known = np.flatnonzero(~np.isnan(values))
    persons, first = np.unique(whose[known], return_index=True)
    begin = np.full(int(whose.max(initial=0)) + 1, np.nan)
    begin[persons] = values[known[first]]
    return np.asarray(values - begin[whose])


def running(cohort: Cohort, tiltak: pl.DataFrame, weeks: PersonWeeks, types: tuple[str, ...], delay: int) -> Floats:
    """(rows,) whether a measure of these types runs on the week's first day or ran on its eve; without an end date it runs on.

    The eve counts because a measure may be ended for the sake of a placement that begins on the week's first day: to call it
    over would let the decision into what was known before it.
    """
    rows = of_cohort(tiltak.filter(pl.col("tiltak_type").is_in(list(types))), cohort, "start_dato", delay)
    person, day = rows["person"].to_numpy().astype(np.int64), rows["dag"].to_numpy().astype(np.int64)
    length = (rows["slutt_dato"] - rows["start_dato"]).dt.total_days().fill_null(7 * _STRIDE).to_numpy().astype(np.int64)
    begun, ended = events(person, day), events(person, day + np.maximum(length, 0) + 2)
    return ((begun.count(weeks.who, weeks.week) - ended.count(weeks.who, weeks.week)) > 0).astype(float)


def _calendar(weeks: PersonWeeks) -> dict[str, Floats]:
    day = (weeks.first_day[weeks.who] + 7 * (weeks.week - 1)).astype("datetime64[D]")
    month = day.astype("datetime64[M]").astype(int) % 12
    quarters = {f"kvartal_{q + 1}": (month // 3 == q).astype(float) for q in (1, 2, 3)}
    return quarters | {"aar": day.astype("datetime64[Y]").astype(float)}


def _kept(columns: Mapping[str, Floats]) -> Covariates:
    """Columns that vary and repeat no earlier column."""
    kept: dict[str, Floats] = {}
    totals: dict[str, float] = {}
    for name, given in columns.items():
        values = np.ascontiguousarray(given)
        total = float(values.sum())  # equal columns have equal sums: only then is a comparison worth its time
        if np.ptp(values) > 0 and not any(totals[n] == total and np.array_equal(values, kept[n]) for n in kept):
            kept[name], totals[name] = values, total
    rows = len(next(iter(columns.values())))
    return Covariates(tuple(kept), np.column_stack(list(kept.values())) if kept else np.zeros((rows, 0)))


def decision_covariates(
    cohort: Cohort,
    weeks: PersonWeeks,
    kartlegging: pl.DataFrame,
    tiltak: pl.DataFrame,
    oppfolging: pl.DataFrame,
    placements: tuple[str, ...] = PLACEMENTS,
    delay: int = 0,
) -> Covariates:
    """The covariates of the start model over the decision weeks.

    Args:
        cohort: who is followed.
        weeks: their decision weeks.
        kartlegging, tiltak, oppfolging: ``KLARGJORT`` tables.
        placements: what counts as a placement: that is decided, and cannot be known before.
        delay: days that a fact is taken to be known later than dated.

    Returns:
        One row per decision week; columns that do not vary are left out.
    """
    if not weeks.who.size:
        return Covariates((), np.zeros((0, 0)))
    contacts = of_cohort(oppfolging, cohort, "dato", delay).filter(pl.col("dag") >= delay)
    seen = events(contacts["person"].to_numpy().astype(np.int64), contacts["dag"].to_numpy().astype(np.int64))
    spline = natural_spline(weeks.week.astype(float), knots_within(weeks.window))
    columns = {f"uke_{i}": spline[:, i] for i in range(spline.shape[1])}
    columns |= {name: values[weeks.who] for name, values in _baseline(cohort, tiltak, placements).items()}
    columns |= _assessed(cohort, kartlegging, weeks, delay)
    for name, types in (
        ("norskopplaering", ("norskopplaering",)),
        ("spraakpraksis", ("spraakpraksis",)),
        ("andre_tiltak", _OTHER_MEASURES),
    ):
        if not set(types) & set(placements):
            columns[name] = running(cohort, tiltak, weeks, types, delay)
    columns["kontakter"] = np.log1p(seen.count(weeks.who, weeks.week).astype(float))
    return _kept(columns | _calendar(weeks))
