"""Indicators of those who left: dated by the year of exit."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline.cohort.grunnlag import ALL_EXITS, both_rules, contribution
from pipeline.tables.deliveries import DIRECT_TRANSITION, DIRECT_WORK, LANGUAGE, PLACEMENTS
from pipeline.tables.klargjort import RESIDENCE
from pipeline.tables.statistikk import NOVEMBER_STATUS

HALF_POSITION = 50
TRAINING = ("norskopplaering", "bransjekurs", "grunnskole", "videregaende_moduler")
COMBINED_DAYS = 14
FOLLOW_UP_MONTHS = (9, 12, 15)
YEARS_AFTER = (12, 24, 36, 48, 60)
IN_WORK_OR_EDUCATION = NOVEMBER_STATUS[:3]


def leavers(deltakelse: pl.DataFrame) -> pl.DataFrame:
    """One row per participation that has ended, with ``aar`` = year of exit."""
    return deltakelse.filter(pl.col("slutt_dato").is_not_null()).with_columns(aar=pl.col("slutt_dato").dt.year())


def at_exit(exits: pl.DataFrame, kartlegging: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Contributions of what the project reports at exit: transition, dropout, duration, position, Norwegian."""
    yield both_rules(exits, "overgang_direkte", pl.col("overgang"))
    yield both_rules(exits, "frafall", pl.col("avslutning") == "avbrutt")
    yield both_rules(exits, "varighet_maaneder", pl.col("varighet_maaneder"))
    to_work = exits.filter(pl.col("avslutning").is_in(DIRECT_WORK))
    yield contribution(
        to_work, "stillingsprosent", "til_arbeid_kjent_stilling", pl.col("stillingsprosent_slutt") >= HALF_POSITION
    )
    yield _language(exits, kartlegging)


def by_registers(exits: pl.DataFrame, utfall: pl.DataFrame, person_maaned: pl.DataFrame | pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Contributions of what the registers say afterwards; leavers whom the extracts do not reach are left out.

    So are those who have left the country or died, from work and what follows from it; ``bosatt_12m`` counts them.
    """
    rows = exits.join(utfall.drop("person_key"), on="deltakelse_key", maintain_order="left")
    for kpi in ("i_arbeid_12m", "varig_6m", "varig_12m"):
        yield both_rules(rows, kpi, pl.col(kpi))
    yield from _november(rows)
    yield from _residence(rows)
    placed = rows.filter(pl.col("forste_praksis_dato").is_not_null())
    yield contribution(placed, "praksis_til_jobb_samme_arbeidsgiver", "avsluttede_med_praksis", pl.col("samme_arbeidsgiver_12m"))
    for kpi in ("selvforsorget", "ytelser_nok", "lonn_nok"):
        yield from _before_and_after(rows, kpi)
    yield from _years_after(exits, person_maaned)


def followed_up(exits: pl.DataFrame, etteroppfolging: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Contributions of the project's own follow-up nearest twelve months after exit, among the followed up and among all.

    Projects that deliver no follow-up at all are left out: silence is not a result.
    """
    earliest, aim, latest = (pl.col("slutt_dato").dt.offset_by(f"{months}mo") for months in FOLLOW_UP_MONTHS)
    nearest = (
        exits.select("deltakelse_key", "person_key", "prosjekt_id", "slutt_dato")
        .join(etteroppfolging.select("person_key", "prosjekt_id", "dato", "hovedaktivitet"), on=["person_key", "prosjekt_id"])
        .filter(pl.col("dato").is_between(earliest, latest))
        .sort("deltakelse_key", (pl.col("dato") - aim).abs(), "dato")
        .unique("deltakelse_key", keep="first", maintain_order=True)
        .select("deltakelse_key", _active=pl.col("hovedaktivitet").is_in(DIRECT_TRANSITION))
    )
    rows = exits.join(nearest, on="deltakelse_key", how="left", maintain_order="left")
    yield contribution(rows, "etteroppfolging_12m", "fulgt_opp", pl.col("_active"))
    reporting = pl.col("prosjekt_id").is_in(etteroppfolging["prosjekt_id"].unique().implode())
    complete = rows.filter(reporting & (latest <= pl.col("statusdato")))
    yield contribution(complete, "etteroppfolging_12m", ALL_EXITS, pl.col("_active").fill_null(False))


def combined(exits: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """Contributions to ``kombinasjonslop``: a placement and training ran together for at least 14 days."""
    spells = tiltak.join(exits.select("deltakelse_key", _exit="slutt_dato"), on="deltakelse_key").select(
        "deltakelse_key",
        "tiltak_type",
        _from="start_dato",
        _to=pl.min_horizontal(pl.col("slutt_dato").fill_null(pl.col("_exit")), "_exit"),
    )
    placements = spells.filter(pl.col("tiltak_type").is_in(PLACEMENTS))
    training = spells.filter(pl.col("tiltak_type").is_in(TRAINING))
    shared = pl.min_horizontal("_to", "_to_right") - pl.max_horizontal("_from", "_from_right")
    both = placements.join(training, on="deltakelse_key").filter(shared.dt.total_days() + 1 >= COMBINED_DAYS)
    together = both["deltakelse_key"].unique().sort()
    return both_rules(exits, "kombinasjonslop", pl.col("deltakelse_key").is_in(together.implode()))


def _language(exits: pl.DataFrame, kartlegging: pl.DataFrame) -> pl.DataFrame:
    last = (
        kartlegging.sort("deltakelse_key", "dato", "kartlegging_id")
        .unique("deltakelse_key", keep="last", maintain_order=True)
        .select("deltakelse_key", _last="norsk_niva")
    )
    level = {name: rank for rank, name in enumerate(LANGUAGE)}
    start, end = (
        column.replace_strict(level, default=None, return_dtype=pl.Int64)
        for column in (pl.col("norsk_start"), pl.coalesce("norsk_slutt", "_last"))
    )
    rows = exits.join(last, on="deltakelse_key", how="left", maintain_order="left")
    return contribution(rows, "norskprogresjon", "kjent_norsk", end - start)


def _november(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    known = rows.filter(pl.col("november_status").is_not_null())
    yield both_rules(known, "november_status", pl.col("november_status").is_in(IN_WORK_OR_EDUCATION))
    for status in NOVEMBER_STATUS:
        yield both_rules(known, "november_status", pl.col("november_status") == status, ("november_status", pl.lit(status)))


def _residence(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Who has left the country or died is in no denominator of work: counted here."""
    known = rows.filter(pl.col("bosatt_12m").is_not_null())
    yield both_rules(known, "bosatt_12m", pl.col("bosatt_12m") == RESIDENCE[0])
    for status in RESIDENCE:
        yield both_rules(known, "bosatt_12m", pl.col("bosatt_12m") == status, ("bosatt_12m", pl.lit(status)))


def _before_and_after(rows: pl.DataFrame, kpi: str) -> Iterator[pl.DataFrame]:
    before, after, rule = pl.col(f"{kpi}_foer"), pl.col(f"{kpi}_etter"), "foer_og_etter_kjent"
    known = rows.filter(before.is_not_null() & after.is_not_null())
    yield contribution(known, kpi, rule, after)
    for moment, value in (("foer", before), ("etter", after)):
        yield contribution(known, kpi, rule, value, split=("tidspunkt", pl.lit(moment)))


def _years_after(exits: pl.DataFrame, person_maaned: pl.DataFrame | pl.LazyFrame) -> Iterator[pl.DataFrame]:
    asked = person_maaned.lazy().filter(pl.col("m_slutt").is_in(YEARS_AFTER)).select("deltakelse_key", "m_slutt", "i_arbeid")
    months = asked.collect()  # five rows per participation of some ninety
    rows = exits.join(months, on="deltakelse_key", maintain_order="left_right")
    first = rows.filter(pl.col("m_slutt") == YEARS_AFTER[0])
    yield contribution(first, "i_arbeid_etter_slutt", ALL_EXITS, pl.col("i_arbeid"))
    since = pl.col("m_slutt").cast(pl.String)
    yield contribution(rows, "i_arbeid_etter_slutt", ALL_EXITS, pl.col("i_arbeid"), split=("maaneder_etter", since))
