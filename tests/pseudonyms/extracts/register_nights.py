"""A home that lives through nights of one register, and the extracts it gets."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl

from expectations import judge_extract
from pipeline.pseudonyms import Keys, Participants, Taken, drop_zones, extracts_received, take_in_register
from pipeline.settings import OSLO, Home, Settings
from tests.pseudonyms.extracts.extract_case import persons
from tests.pseudonyms.synthetic_numbers import numbers

PEOPLE = numbers(60)
KNOWN = pl.Series(PEOPLE[:40])
COLUMNS = ["person_id", "maaned", "orgnr", "stillingsprosent", "timer_per_uke", "lonn_nok", "type"]


def jobs(months: list[tuple[int, int]], people=PEOPLE, position: float = 50.0, kind: str = "ordinaert") -> pl.DataFrame:
    who = pl.DataFrame({"person_id": people})
    when = pl.DataFrame({"maaned": [date(y, m, 1) for y, m in months]})
    return who.join(when, how="cross").with_columns(
        orgnr=pl.lit("310196303"), stillingsprosent=pl.lit(position), timer_per_uke=pl.lit(37.5), lonn_nok=pl.lit(1000.0), type=pl.lit(kind)
    ).select(COLUMNS)  # fmt: skip


class Nights:
    """A home that lives through nights; the register's table after each is ``rows()``."""

    def __init__(self, root: Path, keys: Keys, known: pl.Series = KNOWN, register: str = "arbeidsforhold"):
        self.settings = Settings(
            Home(root / "home"), "demo", datetime(2024, 5, 1, tzinfo=OSLO), memory_limit="300MB", min_age_seconds=0
        )
        self.keys, self.known, self.register = keys, known, register
        self.folder = self.settings.home.registers / register
        self.folder.mkdir(parents=True)
        self.settings.home.identified.mkdir(parents=True)

    def drop(self, name: str, frame: pl.DataFrame) -> Path:
        frame.write_parquet(self.folder / name)
        return self.folder / name

    def night(self, *, has_basis: bool = True) -> Taken:
        zone = drop_zones(self.settings.home.registers, [self.register], 0.0)[self.register]
        who = Participants(persons(self.known, self.keys), self.keys)
        return take_in_register(self.register, zone.files, self.settings, who, judge_extract, has_basis=has_basis)

    @property
    def table(self) -> Path:
        return self.settings.home.warehouse / "inndata" / f"register_{self.register}.parquet"

    def rows(self) -> pl.DataFrame:
        return pl.read_parquet(self.table)

    def months(self) -> dict[date, float]:
        return dict(self.rows().group_by("maaned").agg(pl.col("stillingsprosent").mean()).sort("maaned").iter_rows())


def states(taken):
    return extracts_received("arbeidsforhold", taken.extracts).sort("rekkefolge")["tilstand"].to_list()


JAN, FEB, MAR, APR = ((2024, m) for m in (1, 2, 3, 4))
