"""A whole population around a simulated programme: registry extracts as large as the national ones, for measuring and for practice.

The background persons take no part in the programme and their lives follow no model: they are there to be left out. What the registers say
of the participants is what ``extracts`` says of them, within the months asked for.

Belongs here: background persons and the files of whole-population extracts. Must not be here: anything about participants' lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.errors import UserError
from pipeline.store import parquet_bytes, write_bytes
from pipeline.synthetic.identity import organisation_numbers
from pipeline.tables import REGISTERS

MOST_PERSONS = 6_000_000
FOLDER = "befolkning"
_FIRST_BIRTH, _DAYS = np.datetime64("1945-01-01"), 20_088  # to 1999: individual numbers 000-499
_BACKGROUND_STREAM = 77
_EMPLOYED, _LEAVES, _FINDS = 0.70, 0.012, 0.028  # share in work, and monthly chances that keep it so
_BENEFITS = ("dagpenger", "aap", "sosialhjelp", "foreldrepenger")
_SEEKER = ("helt_ledig", "delvis_ledig", "paa_tiltak", "nedsatt_arbeidsevne")


def population_numbers(n: int, taken: pl.Series) -> pl.Series:
    """``n`` synthetic identity numbers (month + 80) that nobody in ``taken`` has, in no order of birth.

    Raises:
        UserError: more persons than the number series has room for.
    """
    if n > MOST_PERSONS:
        raise UserError(f"A synthetic population has at most {MOST_PERSONS} persons.", "Ask for fewer, and for more months.")
    candidates = np.arange(int(n * 1.25) + 5_000 + 2 * len(taken))
    numbers = _valid_numbers(candidates % _DAYS, candidates // _DAYS)
    return numbers.filter(~numbers.is_in(taken.implode())).head(n).alias("person_id")


def _valid_numbers(day: np.ndarray, serial: np.ndarray) -> pl.Series:
    born = (_FIRST_BIRTH + day).astype(object)
    parts = np.array([(d.day, d.month + 80, d.year % 100) for d in born[:_DAYS]])[day % _DAYS]
    digits = np.column_stack(
        [p // 10**k % 10 for p in parts.T for k in (1, 0)] + [serial // 10**k % 10 for k in (2, 1, 0)]
    )  # fmt: skip
    k1 = -(digits @ np.array((3, 7, 6, 1, 8, 9, 4, 5, 2))) % 11
    digits = np.column_stack([digits, k1])
    k2 = -(digits @ np.array((5, 4, 3, 2, 7, 6, 5, 4, 3, 2))) % 11
    sound = (k1 < 10) & (k2 < 10) & (serial < 500)
    text = np.column_stack([digits, k2])[sound].astype(np.uint8) + ord("0")
    return pl.Series(np.ascontiguousarray(text).view("S11").ravel().astype("U11"), dtype=pl.String)


def months_until(until: date, months: int) -> list[date]:
    """The first days of the last ``months`` months, the month of ``until`` included."""
    last = until.year * 12 + until.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(last - months + 1, last + 1)]


def write_population(
    participants: Mapping[str, pl.DataFrame],
    out: Path,
    persons: int,
    months: list[date],
    seed: int,
    progress: Callable[[str], None],
) -> list[Path]:
    """Write whole-population extracts of the registers in ``participants`` under ``out`` and return the paths, sorted.

    Monthly registers become hive folders (``<register>/befolkning/maaned=2024-01-01/``), the others one file each. Same arguments, same bytes.

    Args:
        participants: the participants' own rows, one frame per register with ``person_id``.
        out: the folder of registers.
        persons: background persons, besides the participants.
        months: first days of the months the extracts cover, in order.
        seed: everything random comes from it.
        progress: told at each step that may take seconds.

    Raises:
        UserError: more persons than there are synthetic numbers.
    """
    rng = np.random.default_rng([seed, _BACKGROUND_STREAM])
    own = pl.concat([f["person_id"] for f in participants.values() if "person_id" in f.columns]).unique()
    numbers = population_numbers(persons, own)
    paths = []
    for register, background in _single_files(numbers, months, rng).items():
        if register not in participants:
            continue
        frame = _with_participants(register, participants[register], background)
        path = out / register / f"{FOLDER}.parquet"
        write_bytes(path, parquet_bytes(frame))
        paths.append(path)
    for register, make in _MONTHLY.items():
        if register not in participants:
            continue
        progress(f"Lager {register} for hele befolkningen")
        for month, background in zip(months, make(numbers, len(months), rng), strict=True):
            of_month = participants[register].filter(pl.col("maaned") == month)
            frame = _with_participants(register, of_month, background).drop("maaned")
            path = out / register / FOLDER / f"maaned={month}" / "del-0.parquet"
            write_bytes(path, parquet_bytes(frame))
            paths.append(path)
    if "virksomhet" in participants:
        paths.append(out / "virksomhet" / f"{FOLDER}.parquet")
        write_bytes(paths[-1], parquet_bytes(participants["virksomhet"]))
    return sorted(paths)


def _with_participants(register: str, own: pl.DataFrame, background: pl.DataFrame) -> pl.DataFrame:
    """Participants among the others, in an order that comes from the numbers and tells nothing."""
    schema = {"person_id": pl.String(), **{n: t for n, t in REGISTERS[register].schema.items() if n != "person_key"}}
    shaped = [
        f.select((pl.col(n) if n in f.columns else pl.lit(None)).cast(t).alias(n) for n, t in schema.items())
        for f in (own, background)
    ]
    return pl.concat(shaped).sort(pl.col("person_id").str.slice(6), "person_id", maintain_order=True)


def _jobs(numbers: pl.Series, months: int, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    n = len(numbers)
    orgnr = pl.Series(organisation_numbers(20_000))
    employer, share = rng.integers(0, len(orgnr), n), rng.choice((20.0, 50.0, 80.0, 100.0), n, p=(0.1, 0.15, 0.15, 0.6))
    pay, freelance = rng.uniform(30_000, 60_000, n), rng.random(n) < 0.03
    at_work = rng.random(n) < _EMPLOYED
    for _ in range(months):
        who = np.flatnonzero(at_work)
        yield pl.DataFrame(
            {
                "person_id": numbers.gather(who),
                "orgnr": orgnr.gather(employer[who]),
                "stillingsprosent": share[who],
                "timer_per_uke": np.round(share[who] * 0.375, 1),
                "lonn_nok": np.round(pay[who] * share[who] / 100, -2),
                "type": pl.Series(np.where(freelance[who], "frilans", "ordinaert")),
            }
        )
        chance = rng.random(n)
        new = ~at_work & (chance < _FINDS)
        employer[new] = rng.integers(0, len(orgnr), int(new.sum()))
        at_work = np.where(at_work, chance >= _LEAVES, new)


def _benefits(numbers: pl.Series, months: int, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    for _ in range(months):
        who = np.flatnonzero(rng.random(len(numbers)) < 0.08)
        kinds = pl.Series(np.array(_BENEFITS)[who % len(_BENEFITS)])
        yield pl.DataFrame({"person_id": numbers.gather(who), "ytelse": kinds, "belop_nok": np.round(8_000.0 + who % 12_000, -1)})


def _seekers(numbers: pl.Series, months: int, rng: np.random.Generator) -> Iterator[pl.DataFrame]:
    for _ in range(months):
        who = np.flatnonzero(rng.random(len(numbers)) < 0.02)
        yield pl.DataFrame({"person_id": numbers.gather(who), "status": pl.Series(np.array(_SEEKER)[who % len(_SEEKER)])})


_MONTHLY: dict[str, Callable[[pl.Series, int, np.random.Generator], Iterator[pl.DataFrame]]] = {
    "arbeidsforhold": _jobs,
    "ytelse": _benefits,
    "arbeidssoker": _seekers,
}


def _single_files(numbers: pl.Series, months: list[date], rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    """Background rows of the registers of spells, tests and years."""
    first, last = months[0], months[-1]
    students, owners, tested = (numbers.filter(pl.Series(rng.random(len(numbers)) < share)) for share in (0.06, 0.05, 0.01))
    years = list(range(min(first.year, last.year - 1), last.year))
    parts = ("lese", "lytte", "skrive", "muntlig")
    return {
        "folkeregister": pl.DataFrame({"person_id": numbers}).with_columns(
            status=pl.lit("bosatt"), gyldig_fra=pl.lit(date(2000, 1, 1)), komm_nr=pl.lit("0301"), landbakgrunn=pl.lit("NOR")
        ),
        "utdanning": pl.DataFrame({"person_id": students}).with_columns(
            start_dato=pl.lit(first), niva=pl.lit("videregaende"), status=pl.lit("pagaende")
        ),
        "selvstendig": pl.DataFrame({"person_id": owners}).join(pl.DataFrame({"aar": years}), how="cross").with_columns(
            naeringsinntekt_nok=pl.lit(250_000.0)
        ),
        "norskprove": pl.DataFrame({"person_id": tested}).join(pl.DataFrame({"delprove": parts}), how="cross").with_columns(
            prove_dato=pl.lit(first), niva=pl.lit("b1")
        ),
    }  # fmt: skip
