"""One row per participation: project, place, exit, and what was known about the person at the start."""

from __future__ import annotations

import polars as pl

from pipeline import codes
from pipeline.cohort.kommuner import OSLO, with_komm_nr_ref
from pipeline.tables.deliveries import DIRECT_TRANSITION

DAYS_PER_MONTH = 365.25 / 12
_KNOWN_AT_EXIT = ("slutt_dato", "avslutning", "stillingsprosent_slutt", "norsk_slutt")


def participations(deltaker: pl.DataFrame, prosjekt: pl.DataFrame, statusdato: pl.DataFrame) -> pl.DataFrame:
    """``klargjort.deltakelse`` without what comes from spells: one row per row of ``deltaker``.

    Args:
        deltaker: ``inndata.deltaker``, one row per participation.
        prosjekt: ``inndata.prosjekt``, one row per project and grant year.
        statusdato: ``inndata.statusdato``, one row per project.

    Returns:
        Participations with place, status date, exit, project attributes and derived values; dates are dates, ages in years.
        Exits dated after the project's status date are not yet facts: such a participation is still enrolled.
    """
    rows = deltaker.rename({"komm_nr": "_own_komm_nr"})
    rows = _with_project_row(rows, prosjekt)
    rows = _with_status_date(rows, statusdato)
    return _with_start_facts(_with_exit(_with_place(rows)))


def _with_project_row(rows: pl.DataFrame, prosjekt: pl.DataFrame) -> pl.DataFrame:
    """The project row of the year of start, else the nearest earlier, else the earliest."""
    years = prosjekt.select(
        "prosjekt_id", "tilskuddsaar", "malgruppe", "organisering", "bydel_nr", _project_komm_nr="komm_nr",
        forste_tilskuddsaar=pl.col("tilskuddsaar").min().over("prosjekt_id"),
    )  # fmt: skip
    gap = pl.col("start_dato").dt.year() - pl.col("tilskuddsaar")
    chosen = (
        rows.select("deltakelse_key", "prosjekt_id", "start_dato")
        .join(years, on="prosjekt_id")
        .with_columns(_later=gap < 0, _gap=gap.abs())
        .sort("deltakelse_key", "_later", "_gap")
        .unique("deltakelse_key", keep="first", maintain_order=True)
        .drop("prosjekt_id", "start_dato", "_later", "_gap")
    )
    return rows.join(chosen, on="deltakelse_key", how="left", maintain_order="left")


def _with_status_date(rows: pl.DataFrame, statusdato: pl.DataFrame) -> pl.DataFrame:
    """The project's status date; a project without one is known to its latest start or exit, and that is not stated."""
    latest = pl.max_horizontal("start_dato", "slutt_dato").max().over("prosjekt_id")
    held = statusdato.select("prosjekt_id", "statusdato", statusdato_oppgitt="oppgitt")
    return rows.join(held, on="prosjekt_id", how="left", maintain_order="left").with_columns(
        statusdato=pl.coalesce("statusdato", latest), statusdato_oppgitt=pl.col("statusdato_oppgitt").fill_null(False)
    )


def _with_place(rows: pl.DataFrame) -> pl.DataFrame:
    """The participant's own municipality, else the project's, else the owner's; districts belong to Oslo only."""
    is_district = pl.col("avsender").str.len_chars() == 6
    owner = pl.when(is_district).then(pl.lit(OSLO)).when(pl.col("avsender") != "imdi").then(pl.col("avsender"))
    district = pl.coalesce("bydel_nr", pl.when(is_district).then(pl.col("avsender")))
    placed = with_komm_nr_ref(
        rows.with_columns(komm_nr=pl.coalesce("_own_komm_nr", "_project_komm_nr", owner, pl.lit("9999"))), "start_dato"
    )
    return placed.with_columns(
        fylke_nr=pl.col("komm_nr_ref").str.slice(0, 2), bydel_nr=pl.when(pl.col("komm_nr_ref") == OSLO).then(district)
    )


def _with_exit(rows: pl.DataFrame) -> pl.DataFrame:
    exited = pl.col("slutt_dato").is_not_null() & (pl.col("slutt_dato") <= pl.col("statusdato"))
    reason = pl.col("avslutning").fill_null("ukjent")
    return (
        rows.with_columns(avslutning=reason)
        .with_columns(pl.when(exited).then(pl.col(*_KNOWN_AT_EXIT)))
        .with_columns(
            overgang=pl.col("avslutning").is_in(DIRECT_TRANSITION),
            utfaset=pl.col("avslutning") == "faset_ut",
            varighet_maaneder=(pl.col("slutt_dato") - pl.col("start_dato")).dt.total_days() / DAYS_PER_MONTH,
        )
    )


def _with_start_facts(rows: pl.DataFrame) -> pl.DataFrame:
    groups = codes.country_groups().select(landbakgrunn="alpha_3", landgruppe="landgruppe")
    years_here = (pl.col("start_dato") - pl.col("innvandret_dato")).dt.total_days() / 365.25
    return rows.join(groups, on="landbakgrunn", how="left", maintain_order="left").with_columns(
        alder_start=pl.col("start_dato").dt.year() - pl.col("fodselsaar"),
        botid_aar=pl.when(years_here >= 0).then(years_here),
    )
