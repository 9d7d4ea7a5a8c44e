"""Which placements end in a job with the same employer, group by group. Described only.

Shares are shrunken towards that of all placements, by how much groups seem to differ, so that a group with few placements does not
stand out by chance; all placements together, and a group that is alone, have what was seen with Jeffreys' interval. Employers who
are followed up, or give a buddy, may be those who would hire anyway: no difference between groups is an effect, and no group is
ranked. Must not be here: adjustment for who was placed.
"""

from __future__ import annotations

import polars as pl

from pipeline.effects.shares import Counts, shrink
from pipeline.tables import STATISTIKK

ALL, UNKNOWN = "alle", "ukjent"
_SPELL = ["tiltak_id", "prosjekt_id"]


def arbeidsgivere(
    tiltak: pl.DataFrame, deltakelse: pl.DataFrame, oppfolging: pl.DataFrame, praksisutfall: pl.DataFrame
) -> pl.DataFrame:
    """``STATISTIKK["arbeidsgiver"]``: one row per breakdown and value that has an ended placement.

    A placement whose employer is not known, or whose months after the end the extract does not reach, is in ``n`` but in no share.

    Args:
        tiltak: ``KLARGJORT["tiltak"]``.
        deltakelse: ``KLARGJORT["deltakelse"]``.
        oppfolging: ``KLARGJORT["oppfolging"]``.
        praksisutfall: ``STATISTIKK["praksisutfall"]``, one row per ended placement.
    """
    if praksisutfall.is_empty():
        return STATISTIKK["arbeidsgiver"].empty()
    ended = praksisutfall.join(tiltak.drop("deltakelse_key"), on=_SPELL)
    rows = ended.join(_follow_up(ended, deltakelse, oppfolging), on=_SPELL).with_columns(
        timer=_hours(pl.col("timer_per_uke")), alle=pl.lit(ALL)
    )
    dims = STATISTIKK["arbeidsgiver"]["dim"].codes
    return STATISTIKK["arbeidsgiver"].conform(pl.concat([_with_shares(_counted(rows, dim)) for dim in dims]))


def _hours(hours: pl.Expr) -> pl.Expr:
    bands = pl.when(hours < 20).then(pl.lit("under_20")).when(hours < 30).then(pl.lit("20_til_30")).when(hours >= 30)
    return bands.then(pl.lit("30_og_over"))


def _follow_up(ended: pl.DataFrame, deltakelse: pl.DataFrame, oppfolging: pl.DataFrame) -> pl.DataFrame:
    """One row per ended placement: ``oppfolging`` = no contact with the employer, some, or one in every whole month of it.

    Months are counted from the placement's first day; in one shorter than a month any contact is enough. A contact belongs to
    the spell that it names; one that names none belongs to every placement that holds its day.
    """
    made = oppfolging.filter(pl.col("part") == "arbeidsgiver").select("deltakelse_key", "prosjekt_id", "dato", _named="tiltak_id")
    exits = deltakelse.select("deltakelse_key", _exit="slutt_dato")
    end = pl.min_horizontal("slutt_dato", "_exit")
    spells = ended.join(exits, on="deltakelse_key", how="left").select(
        *_SPELL, "deltakelse_key", "start_dato", _end=end, _months=_whole_months(end + pl.duration(days=1))
    )
    own = pl.col("_named").is_null() | (pl.col("_named") == pl.col("tiltak_id"))
    inside = spells.join(made, on=["deltakelse_key", "prosjekt_id"]).filter(own & pl.col("dato").is_between("start_dato", "_end"))
    month = _whole_months(pl.col("dato"))
    contacts = inside.group_by(_SPELL).agg(_with=month.filter(month < pl.col("_months")).n_unique(), _any=pl.lit(value=True))
    silent = ~pl.col("prosjekt_id").is_in(made["prosjekt_id"].unique().implode())
    some = pl.when(pl.col("_with") == pl.col("_months")).then(pl.lit("minst_maanedlig")).otherwise(pl.lit("noe"))
    kind = pl.when(pl.col("_any").is_null()).then(pl.lit("ingen")).otherwise(some)
    return spells.join(contacts, on=_SPELL, how="left").select(*_SPELL, oppfolging=pl.when(~silent).then(kind))


def _whole_months(day: pl.Expr) -> pl.Expr:
    """How many whole months have passed from ``start_dato`` to the beginning of the day."""
    start = pl.col("start_dato")
    months = 12 * (day.dt.year() - start.dt.year()) + day.dt.month().cast(pl.Int32) - start.dt.month().cast(pl.Int32)
    return months - (day.dt.day() < start.dt.day()).cast(pl.Int32)


def _counted(rows: pl.DataFrame, dim: str) -> pl.DataFrame:
    """Counts per value; what is not known about the job is in no numerator and in no denominator of a share."""
    hired = pl.col("ansatt_hos_praksisgiver")
    return (
        rows.group_by(dim_verdi=pl.col(dim).fill_null(UNKNOWN))
        .agg(n=pl.len(), n_kjent=hired.is_not_null().sum(), n_ansatt=hired.sum())
        .select(pl.lit(dim).alias("dim"), "dim_verdi", pl.col("n", "n_kjent", "n_ansatt").cast(pl.Int64))
        .sort("dim_verdi")
    )


def _with_shares(counts: pl.DataFrame) -> pl.DataFrame:
    known = counts.filter(pl.col("n_kjent") > 0)
    if known.is_empty():
        return counts.with_columns(
            pl.lit(None, dtype=pl.Float64).alias(c) for c in ("andel", "krympet_andel", "ki_nedre", "ki_ovre")
        )
    n, hired = (known[c].cast(pl.Float64).to_numpy() for c in ("n_kjent", "n_ansatt"))
    found = shrink(Counts(n, hired, n * hired.sum() / n.sum()))
    shares = known.select("dim_verdi").with_columns(
        andel=pl.Series(hired / n), krympet_andel=pl.Series(found.estimate), ki_nedre=pl.Series(found.low),
        ki_ovre=pl.Series(found.high),
    )  # fmt: skip
    return counts.join(shares, on="dim_verdi", how="left")
