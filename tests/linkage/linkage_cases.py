"""Small tables as text and large ones at random, in the shape the linkage takes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.linkage import person_maaned
from pipeline.settings import Settings
from pipeline.tables import INNDATA, KLARGJORT, REGISTERS


def frame(text: str, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """A table from lines of ``a | b``; ``-`` is null; columns not named are null."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    data = {name: [None if row[i] == "-" else row[i] for row in lines[1:]] for i, name in enumerate(lines[0])}
    columns = []
    for name, dtype in schema.items():
        column = pl.Series(name, data.get(name, [None] * (len(lines) - 1)), dtype=pl.String)
        columns.append(
            (column == "ja")
            if dtype == pl.Boolean
            else column.str.to_date("%Y-%m-%d")
            if dtype == pl.Date
            else column.cast(dtype)
        )
    return pl.DataFrame(columns)


def participations(text: str) -> pl.DataFrame:
    return frame(text, KLARGJORT["deltakelse"].schema)


def measures(text: str = "deltakelse_key | er_praksis") -> pl.DataFrame:
    return frame(text, KLARGJORT["tiltak"].schema)


def extracts(folder: Path, **texts: str | pl.DataFrame) -> dict[str, Path]:
    """Parquet files of the admitted tables, by register."""
    folder.mkdir(exist_ok=True, parents=True)
    paths = {}
    for name, content in texts.items():
        table = INNDATA[f"register_{name}"]
        made = frame(content, table.schema) if isinstance(content, str) else table.conform(content)
        made.write_parquet(folder / f"{name}.parquet")
        paths[name] = folder / f"{name}.parquet"
    return paths


def months_file(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> Path:
    """The file of ``person_maaned``, beside the home."""
    return person_maaned(deltakelse, tiltak, registers, settings, settings.home.root.with_name("person_maaned.parquet"))


def person_months(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, registers: dict[str, Path], settings: Settings) -> pl.DataFrame:
    """``person_maaned`` as a frame."""
    return pl.read_parquet(months_file(deltakelse, tiltak, registers, settings))


def months(first: date, n: int) -> list[date]:
    return [date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(n)]


def random_world(seed: int, n: int = 40) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, pl.DataFrame]]:
    """Participations (some persons twice, some enrolled), placements and seven extracts with gaps and strangers."""
    rng = np.random.default_rng(seed)
    persons = [f"p{i}" for i in range(n)]
    grid = months(date(2019, 1, 1), 60)
    pick = lambda values, size: [values[i] for i in rng.integers(0, len(values), size)]  # noqa: E731
    start = [date(2019, 6, 1).toordinal() + int(d) for d in rng.integers(0, 1200, n + 10)]
    length = rng.integers(20, 700, n + 10)
    who = persons + persons[:10]
    deltakelse = pl.DataFrame(
        {
            "deltakelse_key": [f"d{i:03d}" for i in range(n + 10)], "person_key": who, "avsender": pick(["4601", "1103"], n + 10),
            "start_dato": [date.fromordinal(s) for s in start],
            "slutt_dato": [None if rng.random() < 0.2 else date.fromordinal(s + int(k)) for s, k in zip(start, length, strict=True)],
            "overgang": pick([True, False, None], n + 10),
        }
    )  # fmt: skip
    employers = [f"99999999{i}" for i in range(4)]
    tiltak = pl.DataFrame(
        {
            "deltakelse_key": pick(deltakelse["deltakelse_key"].to_list(), 60), "er_praksis": pick([True, False], 60),
            "arbeidsgiver_orgnr": pick([*employers, None], 60),
        }
    )  # fmt: skip
    people = [*persons[: n - 5], "fremmed1", "fremmed2"]
    size = n * 20
    jobs = pl.DataFrame(
        {
            "person_key": pick(people, size), "maaned": pick(grid[6:50], size), "orgnr": pick(employers, size),
            "stillingsprosent": pick([0.0, 12.5, 50.0, 80.0, 100.0, None], size), "timer_per_uke": pick([7.5, 37.5, None], size),
            "lonn_nok": pick([1000.1, 20000.7, 33333.33, None], size),
            "type": pick(["ordinaert", "ordinaert", "frilans", "lonnstilskudd"], size),
        }
    ).unique(["person_key", "maaned", "orgnr", "type"], maintain_order=True)  # fmt: skip
    spells = pl.DataFrame(
        {
            "person_key": pick(people, n), "start_dato": pick(grid[:40], n), "slutt_dato": pick([*grid[30:48], None], n),
            "niva": pick(["grunnskole", "videregaende", "hoyere"], n), "status": pick(["pagaende", "fullfort"], n),
        }
    )  # fmt: skip
    people_of = lambda size: {"person_key": pick(people, size)}  # noqa: E731
    by_month = {**people_of(size), "maaned": pick(grid, size)}
    registers = {
        "arbeidsforhold": jobs,
        "utdanning": spells,
        "selvstendig": pl.DataFrame(
            {**people_of(n), "aar": pick([2019, 2020, 2021, 2022], n), "naeringsinntekt_nok": pick([0.0, -5.0, 9e4], n)}
        ),
        "arbeidssoker": pl.DataFrame({**by_month, "status": pick(REGISTERS["arbeidssoker"]["status"].codes, size)}),
        "ytelse": pl.DataFrame(
            {**by_month, "ytelse": pick(["sosialhjelp", "dagpenger", "kvp"], size), "belop_nok": pick([0.0, 1234.5, None], size)}
        ),
        "norskprove": pl.DataFrame(
            {
                **people_of(size),
                "prove_dato": pick(grid, size),
                "delprove": pick(REGISTERS["norskprove"]["delprove"].codes, size),
                "niva": pick(["a1", "a2", "b1", "b2"], size),
            }
        ),
        "folkeregister": pl.DataFrame(
            {
                **people_of(n),
                "status": pick(["bosatt", "utvandret", "dod"], n),
                "gyldig_fra": pick(grid, n),
                "gyldig_til": pick([None, grid[-1]], n),
            }
        ),
    }
    return _with_facts(rng, deltakelse), tiltak, _with_places(rng, registers, employers)


# Numbers in use, out of use, of a municipality that was split, and one that never was.
PLACES = ["4601", "1201", "1507", "1508", "0301", "0000", None]
FACTS = {"kjonn": ["kvinne", "mann"], "fodselsaar": [1980, 1990], "landbakgrunn": ["SYR", "SOM", None]}


def _with_facts(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    years = [None, 2.0, 1000 / 365.25]
    drawn = {
        name: [values[i] for i in rng.integers(0, len(values), frame.height)]
        for name, values in {**FACTS, "botid_aar": years}.items()
    }
    return frame.with_columns(**{name: pl.Series(values) for name, values in drawn.items()})


def _with_places(rng: np.random.Generator, registers: dict[str, pl.DataFrame], employers: list[str]) -> dict[str, pl.DataFrame]:
    people = registers["folkeregister"]
    days = [date(2017, 1, 1), date(2018, 5, 17), None]
    drawn = {**FACTS, "komm_nr": PLACES, "innvandret_dato": days}
    facts = {name: pl.Series([values[i] for i in rng.integers(0, len(values), people.height)]) for name, values in drawn.items()}
    # spells that change inside a month, too
    shift = pl.Series(rng.integers(0, 3, people.height) * 14).cast(pl.Int64)
    moved = people.with_columns(gyldig_fra=pl.col("gyldig_fra") + pl.duration(days=shift), **facts)
    known = pl.DataFrame(
        {
            "orgnr": employers[:3],
            "naering": ["47.111", "8", "01.500"],
            "sektor": ["privat", "kommunal", None],
            "antall_ansatte": [1, 2, 3],
        }
    )
    return registers | {"folkeregister": moved, "virksomhet": known}
