"""Worlds in which two engines could differ: gaps, ties, ends of months, odd amounts, unknown codes, extracts from long ago."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from pipeline.synthetic import as_klargjort, preset, simulate
from pipeline.synthetic.extracts import extracts as simulated_extracts
from pipeline.tables import KLARGJORT, REGISTERS
from pipeline.tables.uttrekk import period_of
from tests.linkage.linkage_cases import random_world

# binary fractions that lie just below, above and exactly on half an øre
ODD_AMOUNTS = [1.005, 0.125, -0.125, 33333.335, 1e-9, 2.675, 19999.995, 0.0, None, 1234567.891]
WITHOUT = {1: (), 2: ("ytelse", "norskprove", "selvstendig"), 3: ("folkeregister",)}


@dataclass(frozen=True)
class ParityWorld:
    deltakelse: pl.DataFrame
    tiltak: pl.DataFrame
    registers: dict[str, pl.DataFrame]
    spoken_of: dict[str, pl.DataFrame] = field(default_factory=dict)


def asked_for_some(world: ParityWorld, seed: int) -> ParityWorld:
    """The same world where extracts say themselves how far they reach, and were never asked for some of the persons."""
    rng = np.random.default_rng(seed)
    persons = world.deltakelse["person_key"].unique().sort()
    outside = []
    for register in REGISTERS:
        for person in persons.sample(6, seed=seed) if register != "virksomhet" else ():
            first = date(2019 + int(rng.integers(0, 4)), 1 + int(rng.integers(0, 12)), 1)
            runs = period_of(register) is not None
            last = date(first.year + 1, 12, 1) if runs else None
            outside.append({"register": register, "person_key": person, "fra": first if runs else None, "til": last})
    reach = [
        {"register": r, "fra": date(2018, 3, 1), "til": date(2024, 8, 31), "mottatt": date(2024, 9, 2)}
        for r in ("arbeidsforhold", "ytelse", "virksomhet")
    ]
    # Received before the last of their rows: those are planned.
    early = ("arbeidssoker", "folkeregister", "norskprove", "selvstendig", "utdanning")
    reach += [{"register": r, "fra": date(2018, 3, 1), "til": date(2022, 6, 15), "mottatt": date(2022, 6, 15)} for r in early]
    frames = {"utenfor_uttrekk": outside, "uttrekk_rekkevidde": reach}
    return replace(world, spoken_of={name: pl.DataFrame(rows, schema=KLARGJORT[name].schema) for name, rows in frames.items()})


def gappy(seed: int) -> ParityWorld:
    """Random participations and extracts, some registers missing, with what engines are known to treat differently."""
    deltakelse, tiltak, registers = random_world(seed, n=60)
    rng = np.random.default_rng(seed)
    odd = lambda frame, *names: frame.with_columns(  # noqa: E731
        pl.Series(name, [ODD_AMOUNTS[i] for i in rng.integers(0, len(ODD_AMOUNTS), frame.height)]) for name in names
    )
    registers["arbeidsforhold"] = odd(registers["arbeidsforhold"], "lonn_nok", "stillingsprosent", "timer_per_uke")
    registers["ytelse"] = odd(registers["ytelse"], "belop_nok")
    registers["selvstendig"] = odd(registers["selvstendig"], "naeringsinntekt_nok")
    for register, column in (
        ("arbeidssoker", "status"),
        ("utdanning", "niva"),
        ("norskprove", "niva"),
        ("folkeregister", "status"),
    ):
        unknown = pl.Series(rng.random(registers[register].height) < 0.1)
        registers[register] = registers[register].with_columns(
            pl.when(unknown).then(pl.lit("ukjent_kode")).otherwise(pl.col(column)).alias(column)
        )
    long_ago = registers["folkeregister"][:5].with_columns(gyldig_fra=pl.lit(date(1899, 12, 31)))
    registers["folkeregister"] = pl.concat([registers["folkeregister"], long_ago])
    return ParityWorld(
        _participations(deltakelse), _placements(tiltak, rng), {r: f for r, f in registers.items() if r not in WITHOUT[seed]}
    )


def _participations(deltakelse: pl.DataFrame) -> pl.DataFrame:
    leap = {"slutt_dato": date(2020, 2, 29), "start_dato": date(2019, 8, 31)}
    rows = deltakelse.with_columns(
        statusdato=pl.lit(date(2022, 12, 31)),
        **{k: pl.when(pl.int_range(pl.len()) < 5).then(pl.lit(v)).otherwise(pl.col(k)) for k, v in leap.items()},
    )
    return KLARGJORT["deltakelse"].conform(rows)


def _placements(tiltak: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    ends = [date(2020, 2, 29), date(2021, 12, 31), date(2023, 6, 1), None]
    return KLARGJORT["tiltak"].conform(
        tiltak.with_columns(
            tiltak_id=pl.format("t{}", pl.int_range(pl.len())), prosjekt_id=pl.lit("P"),
            slutt_dato=pl.Series([ends[i] for i in rng.integers(0, len(ends), tiltak.height)]),
        )
    )  # fmt: skip


def from_long_ago() -> ParityWorld:
    """Extracts that end before most windows begin, and an employment register without a row."""
    world = gappy(3)
    return ParityWorld(
        world.deltakelse,
        world.tiltak,
        {
            "ytelse": world.registers["ytelse"].filter(pl.col("maaned") < date(2019, 4, 1)),
            "arbeidsforhold": world.registers["arbeidsforhold"].clear(),
        },
    )


def simulated(participants: int = 150) -> ParityWorld:
    """A programme of the generator with its eight extracts."""
    world = simulate(preset("main", participants=participants, returning_share=0.05), 20240501)
    tables = as_klargjort(world)
    keys = pl.DataFrame({"person_id": world.fnr, "person_key": [f"p{number:07d}" for number in world.person]}).unique("person_id")
    registers = {
        name: frame.join(keys, on="person_id", maintain_order="left") if "person_id" in frame.columns else frame
        for name, frame in simulated_extracts(world, date(2025, 12, 1)).items()
    }
    return ParityWorld(tables["deltakelse"], tables["tiltak"], registers)
