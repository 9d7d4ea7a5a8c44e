"""Code lists with validity dates, as data files with a source column, and the look-ups over them.

Belongs here: facts that change by date or year. Must not be here: facts that belong to a table's description.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent


@dataclass(frozen=True, order=True)
class Deadline:
    """One deadline for deliveries: ``day`` is the last day that is in time, ``complete_to`` the day the data are complete to."""

    day: date
    complete_to: date


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / f"{name}.csv", separator=";", infer_schema=False)


@cache
def municipalities() -> pl.DataFrame:
    """One row per municipality number and validity period: komm_nr, navn, gyldig_fra, gyldig_til (null = still valid), kilde."""
    return _read("kommuner").with_columns(pl.col("gyldig_fra", "gyldig_til").str.to_date("%Y-%m-%d"))


@cache
def municipality_changes() -> pl.DataFrame:
    """One row per change of number: endret_dato, fra_komm_nr, til_komm_nr, regel (null = look-up; else of a split), kilde."""
    return _read("kommune_endringer").with_columns(pl.col("endret_dato").str.to_date("%Y-%m-%d"))


@cache
def counties() -> pl.DataFrame:
    """One row per county and validity period: fylke_nr, navn, gyldig_fra, gyldig_til, kilde."""
    return _read("fylker").with_columns(pl.col("gyldig_fra", "gyldig_til").str.to_date("%Y-%m-%d"))


@cache
def oslo_districts() -> pl.DataFrame:
    """One row per Oslo district: bydel_nr, navn, kilde."""
    return _read("oslo_bydeler")


@cache
def joint_projects() -> pl.DataFrame:
    """One row per sender and other municipality it may deliver joint projects for: avsender, komm_nr, prosjekt_id (null = every
    project of the sender's), gyldig_fra, gyldig_til, kilde."""
    return _read("fellesprosjekter").with_columns(pl.col("gyldig_fra", "gyldig_til").str.to_date("%Y-%m-%d"))


@cache
def rules_by_year() -> pl.DataFrame:
    """One row per programme rule and period: regel, verdi, enhet, gyldig_fra, gyldig_til, kilde."""
    return _read("regler").with_columns(pl.col("gyldig_fra", "gyldig_til").str.to_date("%Y-%m-%d"))


@cache
def targets() -> pl.DataFrame:
    """One row per indicator and year: kpi, aar, verdi, enhet, kilde."""
    return _read("maaltall").with_columns(pl.col("aar").cast(pl.Int64), pl.col("verdi").cast(pl.Float64))


@cache
def published_figures() -> pl.DataFrame:
    """One row per published figure: aar, populasjon, maal, verdi, enhet, kilde."""
    return _read("publiserte_tall").with_columns(pl.col("aar").cast(pl.Int64), pl.col("verdi").cast(pl.Float64))


@cache
def deadlines() -> pl.DataFrame:
    """One row per deadline rule and period: maaned (1-12, ``*`` = every month), dag, gyldig_fra, gyldig_til, kilde."""
    read = _read("frister").with_columns(pl.col("gyldig_fra", "gyldig_til").str.to_date("%Y-%m-%d"))
    return read.with_columns(pl.col("dag").cast(pl.Int64))


@cache
def country_groups() -> pl.DataFrame:
    """One row per country: alpha_3 (ISO 3166-1, and user-assigned codes in use), landgruppe, kilde."""
    return _read("landgrupper")


@cache
def indicators() -> pl.DataFrame:
    """One row per indicator and denominator rule: kpi, navn, definisjon, enhet, nevnerregel, tidfesting, kilde (bokmål)."""
    return _read("kpi")


def valid_municipality(komm_nr: str, day: date) -> bool:
    """Whether the number is a municipality on that day."""
    rows = municipalities().filter(
        (pl.col("komm_nr") == komm_nr),
        pl.col("gyldig_fra") <= day,
        pl.col("gyldig_til").is_null() | (pl.col("gyldig_til") > day),
    )
    return rows.height > 0


def next_deadline(today: date) -> Deadline | None:
    """The first deadline on or after the day; null when the rules hold none."""
    return next(iter(sorted(d for d in _deadlines_in(today.year, today.year + 1) if d.day >= today)), None)


def last_deadline(today: date) -> Deadline | None:
    """The latest deadline that has passed: its last day was before ``today``; null before the first one."""
    return max((d for d in _deadlines_in(today.year - 1, today.year) if d.day < today), default=None)


def _deadlines_in(first_year: int, last_year: int) -> Iterator[Deadline]:
    for rule in deadlines().iter_rows(named=True):
        months = range(1, 13) if rule["maaned"] == "*" else [int(rule["maaned"])]
        for year, month in ((y, m) for y in range(first_year, last_year + 1) for m in months):
            day = date(year, month, rule["dag"])
            if rule["gyldig_fra"] <= day and (rule["gyldig_til"] is None or day < rule["gyldig_til"]):
                yield Deadline(day, day.replace(day=1) - timedelta(days=1))
