"""Inputs of the linkage benchmark: whole-population employment by month, and the participations of a simulated programme."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pipeline.pseudonyms import load_keys, person_keys
from pipeline.settings import load_settings
from pipeline.synthetic import SyntheticParams, World, simulate
from pipeline.synthetic.extracts import extracts
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.population import months_until, write_population

UNTIL, MONTHS, SEED = date(2026, 6, 30), 96, 20240501
_IN_WORK = 0.70  # share of the background population with a job in a month


def make(folder: Path, millions: float, participants: int) -> None:
    """Write ``registers/arbeidsforhold/`` (about so many million rows), ``deltakelse``, ``tiltak`` and ``personer`` as Parquet; once."""
    if (folder / "klar").exists():
        return
    world = simulate(SyntheticParams(participants=participants, municipalities=250), SEED)
    jobs = extracts(world, UNTIL)["arbeidsforhold"]
    months = months_until(UNTIL, MONTHS)
    background = millions * 1_000_000 - jobs.filter(pl.col("maaned").is_in(months)).height
    persons = max(1, int(background / MONTHS / _IN_WORK))
    write_population({"arbeidsforhold": jobs}, folder / "registers", persons, months, SEED, lambda _text: None)
    _write_participations(world, folder)
    (folder / "klar").touch()


def _write_participations(world: World, folder: Path) -> None:
    numbers = pl.DataFrame({"nr": world.person, "person_id": world.fnr}).unique().sort("nr")
    keys = load_keys(load_settings(environ={}))
    persons = numbers.select(
        "person_id",
        pl.format("p{}", pl.col("nr").cast(pl.String).str.zfill(7)).alias("nummer"),
        person_keys(numbers["person_id"], keys).alias("person_key"),
    )
    for name, frame in as_klargjort(world).items():
        if name in ("deltakelse", "tiltak"):
            named = frame.rename({"person_key": "nummer"}).join(persons, on="nummer", how="left")
            named.drop("nummer").write_parquet(folder / f"{name}.parquet")
    persons.select("person_id", "person_key").write_parquet(folder / "personer.parquet")
