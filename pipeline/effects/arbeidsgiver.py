"""Which placements end in a job with the same employer, group by group. Described only.

Shares are shrunk towards that of all placements by the same beta-binomial as the municipalities', so that a group with few
placements does not stand out by chance. Employers who are followed up, or give a buddy, may be those who would hire anyway:
no difference between groups is an effect, and no group is ranked. Must not be here: adjustment for who was placed.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from pipeline.effects.funnel import Funnel, between_variance, shrink
from pipeline.tables import STATISTIKK

ALL, UNKNOWN = "alle", "ukjent"
_DAYS_PER_MONTH = 30.4375
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
    """One row per ended placement: ``oppfolging`` = none, some, or at least one contact with the employer per month of it.

    A contact belongs to the spell that it names; one that names none belongs to every placement that holds its day.
    """
    made = oppfolging.filter(pl.col("part") == "arbeidsgiver").select("deltakelse_key", "prosjekt_id", "dato", _named="tiltak_id")
    exits = deltakelse.select("deltakelse_key", _exit="slutt_dato")
    spells = ended.join(exits, on="deltakelse_key", how="left").select(
        *_SPELL, "deltakelse_key", "start_dato", _end=pl.min_horizontal("slutt_dato", "_exit")
    )
    own = pl.col("_named").is_null() | (pl.col("_named") == pl.col("tiltak_id"))
    inside = spells.join(made, on=["deltakelse_key", "prosjekt_id"]).filter(own & pl.col("dato").is_between("start_dato", "_end"))
    contacts = inside.group_by(_SPELL).agg(_n=pl.len())
    months = ((pl.col("_end") - pl.col("start_dato")).dt.total_days() + 1) / _DAYS_PER_MONTH
    silent = ~pl.col("prosjekt_id").is_in(made["prosjekt_id"].unique().implode())
    n = pl.col("_n").fill_null(0)
    kind = pl.when(n == 0).then(pl.lit("ingen")).when(n >= months).then(pl.lit("minst_maanedlig")).otherwise(pl.lit("noe"))
    return spells.join(contacts, on=_SPELL, how="left").select(*_SPELL, oppfolging=pl.when(~silent).then(kind))


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
    if counts["dim"][0] == ALL:
        # nothing to be shrunk towards: Jeffreys' interval
        mean, low, high = hired / n, *(stats.beta.ppf(q, hired + 0.5, n - hired + 0.5) for q in (0.025, 0.975))
    else:
        expected = n * hired.sum() / n.sum()
        mean, low, high = shrink(Funnel(n, hired, expected, between_variance(n, hired, expected)))
    shares = known.select("dim_verdi").with_columns(
        andel=pl.Series(hired / n), krympet_andel=pl.Series(np.asarray(mean)), ki_nedre=pl.Series(low), ki_ovre=pl.Series(high)
    )
    return counts.join(shares, on="dim_verdi", how="left")
