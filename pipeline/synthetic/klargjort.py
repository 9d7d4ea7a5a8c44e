"""A simulated programme straight in the schemas that estimators take, without files in between.

Belongs here: the short way for recoveries and tests. Must not be here: anything a real night uses.
"""

from __future__ import annotations

import polars as pl

from pipeline.synthetic.world import World
from pipeline.tables import KLARGJORT
from pipeline.tables.deliveries import DIRECT_TRANSITION, PLACEMENTS

_KEYS = (
    pl.format("d{}", pl.col("i").cast(pl.String).str.zfill(7)).alias("deltakelse_key"),
    pl.format("p{}", pl.col("person").cast(pl.String).str.zfill(7)).alias("person_key"),
)


def _first_placement(tiltak: pl.DataFrame) -> pl.DataFrame:
    return (
        tiltak.filter("er_praksis")
        .group_by("deltakelse_key", maintain_order=True)
        .agg(pl.col("start_dato").min().alias("forste_praksis_dato"))
    )


def _deltakelse(world: World, tiltak: pl.DataFrame) -> pl.DataFrame:
    start = pl.col("start_dato")
    left = pl.col("slutt_dato").is_not_null()
    first_year = {e.prosjekt_id: e.first.year for e in world.people.units.eras}
    frame = world.baseline.join(world.exits, on="i", how="left", maintain_order="left")
    frame = frame.with_columns(person=pl.Series(world.person)).with_columns(*_KEYS)
    frame = frame.join(_first_placement(tiltak), on="deltakelse_key", how="left", maintain_order="left")
    return frame.with_columns(
        fylke_nr=pl.col("komm_nr_ref").str.slice(0, 2),
        statusdato_oppgitt=pl.lit(True),
        overgang=pl.when(left).then(pl.col("avslutning").is_in(DIRECT_TRANSITION)),
        utfaset=pl.when(left).then(pl.col("avslutning") == "faset_ut"),
        uker_til_praksis=(pl.col("forste_praksis_dato") - start).dt.total_days() // 7 + 1,
        praksis_foer_start=pl.lit(False),
        varighet_maaneder=(pl.col("slutt_dato") - start).dt.total_days() / 30.4375,
        fodselsaar=pl.col("fodselsdato").dt.year(),
        alder_start=start.dt.year() - pl.col("fodselsdato").dt.year(),
        botid_aar=(start - pl.col("innvandret_dato")).dt.total_days() / 365.25,
        veileder_key=pl.col("veileder_id"),
        tilskuddsaar=start.dt.year(),
        forste_tilskuddsaar=pl.col("prosjekt_id").replace_strict(first_year, return_dtype=pl.Int64),
    )


def as_klargjort(world: World) -> dict[str, pl.DataFrame]:
    """``deltakelse``, ``tiltak``, ``kartlegging``, ``oppfolging``, ``prosjekt`` as ``tables.KLARGJORT`` describes them.

    Keys are plain numbers in text; statusdato is the project's own.
    """
    owner = world.baseline.select("i", "prosjekt_id").with_columns(person=pl.Series(world.person))
    spells = world.spells.join(owner, on="i", how="left").join(world.employers, on="employer", how="left").with_columns(
        *_KEYS, tiltak_id=pl.format("T{}", pl.col("spell") + 1), er_praksis=pl.col("tiltak_type").is_in(PLACEMENTS),
    )  # fmt: skip
    contacts = world.contacted.with_row_index("nr").join(owner, on="i", how="left").with_columns(
        *_KEYS, oppfolging_id=pl.format("O{}", pl.col("nr") + 1), tiltak_id=pl.format("T{}", pl.col("spell") + 1)
    )  # fmt: skip
    assessed = world.assessed.with_row_index("nr").join(owner, on="i", how="left").with_columns(
        *_KEYS, kartlegging_id=pl.format("K{}", pl.col("nr") + 1)
    )  # fmt: skip
    references = {e.prosjekt_id: world.people.units.komm_nr_ref[e.unit] for e in world.people.units.eras}
    projects = world.projects.with_columns(komm_nr_ref=pl.col("prosjekt_id").replace_strict(references, return_dtype=pl.String))
    tiltak = KLARGJORT["tiltak"].conform(spells)
    return {
        "deltakelse": KLARGJORT["deltakelse"].conform(_deltakelse(world, tiltak)),
        "tiltak": tiltak,
        "kartlegging": KLARGJORT["kartlegging"].conform(assessed),
        "oppfolging": KLARGJORT["oppfolging"].conform(contacts),
        "prosjekt": KLARGJORT["prosjekt"].conform(projects),
    }
