"""What holds for any deliveries: no row is multiplied or lost, and what is derived never contradicts itself."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cohort import build_klargjort
from pipeline.tables import INNDATA, KLARGJORT
from tests.cohort.cohort_tables import inndata

DAYS = st.integers(0, 1200).map(lambda n: date(2020, 1, 1) + timedelta(days=n))
PEOPLE = st.sampled_from(["p1", "p2"])
PROJECTS = st.sampled_from(["A", "B"])
SPANS = st.lists(st.tuples(PEOPLE, PROJECTS, DAYS, st.none() | DAYS), max_size=8)
SPELLS = st.lists(
    st.tuples(PEOPLE, PROJECTS, DAYS, st.none() | DAYS, st.sampled_from(["arbeidspraksis", "lonnstilskudd", "norskopplaering"])),
    max_size=12,
)


def _source(
    spans: list[tuple[str, str, date, date | None]], spells: list[tuple[str, str, date, date | None, str]]
) -> dict[str, pl.DataFrame]:
    deltaker = [
        {"deltakelse_key": f"d{i}", "person_key": p, "prosjekt_id": a, "start_dato": s, "slutt_dato": e if e and e >= s else None,
         "kjonn": "mann", "fodselsaar": 1990, "avsender": "4601"}
        for i, (p, a, s, e) in enumerate(spans)
    ]  # fmt: skip
    tiltak = [
        {"tiltak_id": f"t{i}", "person_key": p, "prosjekt_id": a, "start_dato": s, "slutt_dato": e, "tiltak_type": t}
        for i, (p, a, s, e, t) in enumerate(spells)
    ]
    drawn = {
        "deltaker": pl.DataFrame(deltaker, schema=INNDATA["deltaker"].schema),
        "tiltak": pl.DataFrame(tiltak, schema=INNDATA["tiltak"].schema),
    }
    return inndata(statusdato="prosjekt_id statusdato\nA 2022-06-30") | drawn


@given(SPANS, SPELLS)
@settings(max_examples=80, deadline=None)
def test_rows_are_neither_multiplied_nor_lost_and_nothing_contradicts(
    spans: list[tuple[str, str, date, date | None]], spells: list[tuple[str, str, date, date | None, str]]
) -> None:
    source = _source(spans, spells)
    built = build_klargjort(source)
    deltakelse, tiltak = built.tables["deltakelse"], built.tables["tiltak"]
    assert deltakelse.height == len(spans)
    assert tiltak.height + built.counts["tiltak"] == len(spells)
    for name, frame in built.tables.items():
        assert not frame.select(KLARGJORT[name].key).is_duplicated().any()
    exited = pl.col("slutt_dato").is_not_null()
    for contradiction in (
        pl.col("overgang").is_null() == exited,
        pl.col("avslutning").is_null() == exited,
        pl.col("slutt_dato") > pl.col("statusdato"),
        pl.col("forste_praksis_dato") < pl.col("start_dato"),
        pl.col("forste_praksis_dato") > pl.col("slutt_dato"),
        pl.col("uker_til_praksis") < 1,
        pl.col("uker_til_praksis").is_null() != pl.col("forste_praksis_dato").is_null(),
    ):
        assert deltakelse.filter(contradiction).is_empty()
    placed = tiltak.join(deltakelse, on="deltakelse_key", suffix="_d")
    early = pl.col("start_dato") < pl.col("start_dato_d") - pl.duration(days=30)
    assert placed.filter(early | (pl.col("start_dato") > pl.col("slutt_dato_d"))).is_empty()
    assert placed.filter(
        (pl.col("person_key") != pl.col("person_key_d")) | (pl.col("prosjekt_id") != pl.col("prosjekt_id_d"))
    ).is_empty()
