"""Deliveries and identity numbers to measure intake on, the same bytes every time.

Belongs here: many deliveries of a given size. Must not be here: measuring.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.codes import municipalities
from pipeline.intake.senders import UNSTATED
from pipeline.synthetic.deliveries import Form, pack
from pipeline.synthetic.identity import complete_fnr, synthetic_fnr
from pipeline.tables import DELIVERY_TABLES

MAIN = ("prosjekt", "deltaker", "kartlegging", "tiltak", "oppfolging")
ZIPS: tuple[Form, ...] = ("zip_cp1252", "zip_utf8", "zip_bom")
BOOKS: tuple[Form, ...] = ("xlsx", "xlsx_report")
_FIRST_SECOND = 1_700_000_000
_FAULTY = 100  # one row in so many breaks a rule


def write_inbox(inbox: Path, zips: int, workbooks: int, rows: int) -> int:
    """Fill an inbox with deliveries of ``rows`` rows in each of the five main tables, and return how many rows that is in all.

    Every sender is a municipality with the same number in 2023 and now; when there are more files than municipalities, some deliver
    a second file about other projects. Nobody occurs twice. One row in a hundred of each table but ``prosjekt`` breaks a rule.
    """
    n = zips + workbooks
    lasting = (pl.col("gyldig_fra") < date(2023, 1, 1)) & pl.col("gyldig_til").is_null() & (pl.col("komm_nr") != UNSTATED)
    places = municipalities().filter(lasting)["komm_nr"].sort().to_list()
    every = max(1, n // max(1, workbooks))  # workbooks lie spread among the zips
    books = 0
    for number, people in enumerate(_people(n, rows)):
        book = books < workbooks and (number % every == 0 or n - number <= workbooks - books)
        books += book
        form = BOOKS[books % len(BOOKS)] if book else ZIPS[number % len(ZIPS)]
        sender = places[number % len(places)]
        suffix, data = pack(delivery_tables(f"{number:04d}", sender, people), form)
        path = inbox / sender / f"levering_{number:04d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (_FIRST_SECOND + number,) * 2)
    return n * rows * len(MAIN)


def delivery_tables(project: str, komm_nr: str, people: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The five main tables: for each row of ``people`` (``fnr, fodselsdato``) a project, a participation, an assessment, a spell
    and a contact."""
    row = pl.int_range(pl.len())
    faulty = row % _FAULTY == _FAULTY // 2
    start = pl.date(2023, 1 + row % 6, 1 + row % 28)
    each = people.with_columns(
        prosjekt_id=pl.format("P{}-{}", pl.lit(project), row), komm_nr=pl.lit(komm_nr), start_dato=start,
        slutt_dato=pl.when(row % 3 == 0).then(start.dt.offset_by("10mo")),
    )  # fmt: skip
    made = {
        "prosjekt": each.with_columns(
            tilskuddsaar=pl.lit(2023), navn=pl.format("Veien videre på Økern {}", row), malgruppe=pl.lit("ungdom"),
            organisering=pl.lit("nav"), start_dato=pl.date(2023, 1, 1), slutt_dato=pl.lit(None), tilskudd_nok=1_250_000.5 + row,
            plasser=10 + row % 20,
        ),
        "deltaker": each.with_columns(
            deltakelse_id=pl.format("D{}-{}", pl.lit(project), row),
            kjonn=pl.when(row % 2 == 0).then(pl.lit("kvinne")).otherwise(pl.lit("mann")),
            landbakgrunn=pl.when(row % 2 == 0).then(pl.lit("SYR")).otherwise(pl.lit("SOM")),
            antall_barn=row % 4, antall_barn_under_6=row % 2 * (row % 4), utdanning_start=pl.lit("grunnskole"),
            norsk_start=pl.when(faulty).then(pl.lit("a3")).otherwise(pl.lit("a1")), timer_per_uke=pl.lit(37.5),
            avslutning=pl.when(row % 3 == 0).then(pl.lit("lonnsarbeid")), veileder_id=pl.format("V{}", row % 9),
        ),
        "kartlegging": each.with_columns(
            kartlegging_id=pl.format("K{}", row), dato=start.dt.offset_by("20d"), norsk_niva=pl.lit("a2"), helse=pl.lit("ingen"),
            arbeidsklar=pl.when(faulty).then(9).otherwise(1 + row % 5),
        ),
        "tiltak": each.with_columns(
            tiltak_id=pl.format("T{}", row), tiltak_type=pl.lit("arbeidspraksis"), start_dato=start.dt.offset_by("1mo"),
            slutt_dato=start.dt.offset_by(pl.when(faulty).then(pl.lit("3d")).otherwise(pl.lit("4mo"))),
            timer_per_uke=30.0 + row % 8, arbeidsgiver_sektor=pl.lit("privat"),
        ),
        "oppfolging": each.with_columns(
            oppfolging_id=pl.format("O{}", row), part=pl.lit("deltaker"), form=pl.lit("mote"), minutter=30 + row % 60,
            dato=start.dt.offset_by(pl.when(faulty).then(pl.lit("9y")).otherwise(pl.lit("45d"))), metode=pl.lit("mi"),
        ),
    }  # fmt: skip
    return {name: DELIVERY_TABLES[name].conform(frame, sort_by=()) for name, frame in made.items()}


def number_sample(n: int, seed: int = 1) -> list[str]:
    """Numbers of the series for births in 1854–1863, which nobody living has: ordinary, D and H; every fifth with a wrong last digit."""
    rng = np.random.default_rng(seed)
    day, month, year, individual, mark = (
        rng.integers(low, high, n + n // 3) for low, high in ((1, 29), (1, 13), (54, 64), (500, 750), (0, 3))
    )
    out: list[str] = []
    for d, m, y, i, k in zip(day + 40 * (mark == 1), month + 40 * (mark == 2), year, individual, range(len(day)), strict=True):
        number = complete_fnr(f"{d:02d}{m:02d}{y:02d}{i:03d}")
        if number is not None:
            out.append(number if k % 5 else number[:-1] + str((int(number[-1]) + 1) % 10))
    return out[:n]


def _people(deliveries: int, rows: int) -> Iterator[pl.DataFrame]:
    """Per delivery ``rows`` synthetic persons, adults, nobody twice."""
    number = np.arange(deliveries * rows)
    birth = np.datetime64("1970-01-01") + number % 11_000
    fnr = synthetic_fnr(birth, number // 11_000 % 2 == 0)
    frame = pl.DataFrame({"fnr": fnr, "fodselsdato": pl.Series(birth.astype("datetime64[D]")).cast(pl.Date)})
    yield from (frame.slice(at * rows, rows) for at in range(deliveries))
