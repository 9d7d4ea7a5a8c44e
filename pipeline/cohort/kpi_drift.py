"""Indicators of the work itself: contacts, caseload, money and deliveries, dated by calendar or grant year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from pipeline.cohort.deltakelse import DAYS_PER_MONTH
from pipeline.cohort.grunnlag import PLACE, contribution
from pipeline.cohort.kommuner import OSLO, harmonise

ACCEPTED = ("accepted", "accepted_with_remarks")
_SPAN = ("_from", "_to")


def contacts(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, oppfolging: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Contributions to ``oppfolging_per_maaned``, one row per participation and calendar year.

    Contacts with the participant per month in the programme, with the employer per month of placement; placements at the same
    time count a month each, a contact outside the months is not counted.
    """
    place = deltakelse.select("deltakelse_key", *PLACE)
    end = pl.coalesce("slutt_dato", "statusdato")
    enrolled = deltakelse.select("deltakelse_key", _from="start_dato", _to=end)
    placed = (
        tiltak.filter("er_praksis")
        .join(enrolled, on="deltakelse_key")
        .select(
            "deltakelse_key",
            _from=pl.max_horizontal("start_dato", "_from"),
            _to=pl.min_horizontal(pl.col("slutt_dato").fill_null(pl.col("_to")), "_to"),
        )
    )
    per_party = {
        part: _per_month(place, spans, oppfolging, part) for part, spans in (("deltaker", enrolled), ("arbeidsgiver", placed))
    }
    count, months = pl.col("_contacts"), pl.col("_months")
    yield contribution(per_party["deltaker"], "oppfolging_per_maaned", "maaneder", count, months)
    for part, rows in per_party.items():
        yield contribution(rows, "oppfolging_per_maaned", "maaneder", count, months, split=("part", pl.lit(part)))


def _per_month(place: pl.DataFrame, spans: pl.DataFrame, oppfolging: pl.DataFrame, part: str) -> pl.DataFrame:
    """One row per participation and year with months at risk; a contact outside them is not counted."""
    years = _by_year(spans).group_by("deltakelse_key", "aar").agg(_months=pl.col("_days").sum() / DAYS_PER_MONTH)
    made = (
        oppfolging.filter(pl.col("part") == part)
        .join(spans, on="deltakelse_key")
        .filter(pl.col("dato").is_between("_from", "_to"))
        .unique(["prosjekt_id", "oppfolging_id"])
        .group_by("deltakelse_key", aar=pl.col("dato").dt.year().cast(pl.Int64))
        .agg(_contacts=pl.len())
    )
    rows = years.join(made, on=["deltakelse_key", "aar"], how="left").with_columns(pl.col("_contacts").fill_null(0))
    return rows.join(place, on="deltakelse_key").sort("deltakelse_key", "aar")


def _by_year(spans: pl.DataFrame) -> pl.DataFrame:
    """One row per span and calendar year that it touches, with its days in that year."""
    first, last = (pl.col(name).dt.year().cast(pl.Int64) for name in _SPAN)
    years = spans.filter(pl.col("_from") <= pl.col("_to")).with_columns(aar=pl.int_ranges(first, last + 1)).explode("aar")
    within = pl.min_horizontal("_to", pl.date("aar", 12, 31)) - pl.max_horizontal("_from", pl.date("aar", 1, 1))
    return years.with_columns(_days=within.dt.total_days() + 1)


def caseload_and_grants(prosjekt: pl.DataFrame, deltakelse: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Contributions to participants per adviser and to grant per participant and per transition; one row per project and year."""
    rows = prosjekt.with_columns(aar=pl.col("tilskuddsaar"), fylke_nr=pl.col("komm_nr_ref").str.slice(0, 2))
    advised = rows.join(_average_stock(rows, deltakelse), on=["prosjekt_id", "aar"]).filter(pl.col("veileder_aarsverk") > 0)
    yield contribution(advised, "deltakere_per_veileder", "veilederaarsverk", pl.col("_stock"), pl.col("veileder_aarsverk"))
    granted = rows.filter(pl.col("tilskudd_nok").is_not_null())
    for kpi, rule, counted in (
        ("tilskudd_per_deltaker_nok", "deltakere_i_aaret", _participants(deltakelse)),
        ("tilskudd_per_overgang_nok", "overganger_i_aaret", _transitions(deltakelse)),
    ):
        counts = granted.join(counted, on=["prosjekt_id", "aar"], how="left").with_columns(pl.col("_n").fill_null(0))
        yield contribution(counts, kpi, rule, pl.col("tilskudd_nok"), pl.col("_n"))


def _participants(deltakelse: pl.DataFrame) -> pl.DataFrame:
    spans = deltakelse.select("prosjekt_id", "deltakelse_key", _from="start_dato", _to=pl.coalesce("slutt_dato", "statusdato"))
    return _by_year(spans).group_by("prosjekt_id", "aar").agg(_n=pl.col("deltakelse_key").n_unique())


def _transitions(deltakelse: pl.DataFrame) -> pl.DataFrame:
    made = deltakelse.filter(pl.col("overgang"))
    return made.group_by("prosjekt_id", aar=pl.col("slutt_dato").dt.year().cast(pl.Int64)).agg(_n=pl.len())


def _average_stock(rows: pl.DataFrame, deltakelse: pl.DataFrame) -> pl.DataFrame:
    """Participants on the first of each month of the year while the project runs and its data are complete."""
    known_to = deltakelse.group_by("prosjekt_id").agg(statusdato=pl.col("statusdato").max())
    runs = pl.col("_day").is_between("start_dato", pl.min_horizontal(pl.coalesce("slutt_dato", "statusdato"), "statusdato"))
    days = (
        rows.select("prosjekt_id", "aar", "start_dato", "slutt_dato")
        .join(known_to, on="prosjekt_id")
        .with_columns(_day=pl.date_ranges(pl.date("aar", 1, 1), pl.date("aar", 12, 1), interval="1mo"))
        .explode("_day")
        .filter(runs)
        .select("prosjekt_id", "aar", "_day")
    )
    inside = (pl.col("_from") <= pl.col("_day")) & (pl.col("_to").is_null() | (pl.col("_to") >= pl.col("_day")))
    spans = deltakelse.select("prosjekt_id", _from="start_dato", _to="slutt_dato")
    present = days.join(spans, on="prosjekt_id").filter(inside).group_by("prosjekt_id", "aar").agg(_present=pl.len())
    counted = days.group_by("prosjekt_id", "aar").agg(_dates=pl.len())
    with_present = counted.join(present, on=["prosjekt_id", "aar"], how="left")
    return with_present.select("prosjekt_id", "aar", _stock=pl.col("_present").fill_null(0) / pl.col("_dates"))


def deliveries(mottak: pl.DataFrame, prosjekt: pl.DataFrame, deltakelse: pl.DataFrame, today: date) -> Iterator[pl.DataFrame]:
    """Contributions to ``levering``: one row per sender that is due in a year of the ledger, up to the year of ``today``.

    A sender is due in the years it has a grant or participants; received = at least one accepted delivery that year, its own or
    one in which another (the central register, a joint project) delivered for it; with errors = the latest delivery of the year
    by or for it was refused or had rows with errors.
    """
    received = _received(mottak)
    granted = prosjekt.select("avsender", aar="tilskuddsaar")
    spans = deltakelse.select("avsender", _from="start_dato", _to=pl.coalesce("slutt_dato", pl.lit(today)))
    due = pl.concat([granted, _by_year(spans).select("avsender", "aar")]).unique().filter(pl.col("aar") <= today.year)
    rows = due.filter(pl.col("aar").is_in(received["aar"].unique().implode())).join(received, on=["avsender", "aar"], how="left")
    placed = _sender_place(rows.with_columns(pl.col("_accepted", "_faulty").fill_null(False)).sort("avsender", "aar"))
    yield contribution(placed, "levering", "forfalt", pl.col("_accepted"))
    for name, value in (("forfalt", pl.lit(True)), ("mottatt", pl.col("_accepted")), ("med_feil", pl.col("_faulty"))):
        yield contribution(placed, "levering", "forfalt", value, split=("levering", pl.lit(name)))


def _received(mottak: pl.DataFrame) -> pl.DataFrame:
    year = pl.col("mottatt").str.slice(0, 4).cast(pl.Int64)
    faulty = ~pl.col("state").is_in((*ACCEPTED, "duplicate")) | (pl.col("n_error").fill_null(0) > 0)
    judged = mottak.filter(pl.col("state") != "duplicate").sort("rekkefolge").with_columns(aar=year, _faulty=faulty)
    owners = pl.col("eiere").fill_null("").str.split(" ").list.filter(pl.element() != "")
    for_whom = pl.concat_list(owners, "avsender").list.unique(maintain_order=True)
    judged = judged.with_columns(avsender=for_whom).explode("avsender")
    return judged.group_by("avsender", "aar", maintain_order=True).agg(
        _accepted=pl.col("state").is_in(ACCEPTED).any(), _faulty=pl.col("_faulty").last()
    )


def _sender_place(rows: pl.DataFrame) -> pl.DataFrame:
    is_district = pl.col("avsender").str.len_chars() == 6
    refs = {a: OSLO if len(a) == 6 else harmonise(a, date(y, 12, 31)) for a, y in rows.select("avsender", "aar").iter_rows()}
    ref = pl.col("avsender").replace_strict(refs, return_dtype=pl.String)
    return rows.with_columns(komm_nr_ref=ref, bydel_nr=pl.when(is_district).then(pl.col("avsender"))).with_columns(
        fylke_nr=pl.col("komm_nr_ref").str.slice(0, 2)
    )
