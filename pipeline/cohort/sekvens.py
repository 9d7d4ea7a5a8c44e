"""Which measures follow which, and the waits between them. Described only.

An order of measures is chosen by advisers who know the participant, and those who leave early have short orders: no order, and no
wait, is the cause of how a participation ended. Must not be here: estimates, grades, or a comparison of projects.
"""

from __future__ import annotations

import polars as pl

from pipeline.cohort.spenn import rank, spans
from pipeline.tables import STATISTIKK

LEAST, NONE, OTHERS, ALL = 10, "ingen", "andre", "alle"
ARROW = " > "
WEEKS = (4, 8)


def sekvenser(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """``STATISTIKK["sekvens"]``: one row per order of measures that at least 10 participations have, and one for all the others.

    Measures stand in the order they began (of several on a day the one that ended first); repeats in a row are one. Transition
    and time are of the ended, phased-out participations among them.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``.
    """
    kind, who = pl.col("tiltak_type"), "deltakelse_key"
    steps = spans(deltakelse, tiltak).filter((kind != kind.shift(1).over(who)).fill_null(value=True))
    orders = steps.group_by(who, maintain_order=True).agg(sekvens=kind.str.join(ARROW))
    rows = deltakelse.select(who, "overgang", "varighet_maaneder").join(orders, on=who, how="left")
    named = rows.with_columns(pl.col("sekvens").fill_null(NONE))
    common = pl.when(pl.len().over("sekvens") >= LEAST).then("sekvens").otherwise(pl.lit(OTHERS))
    ended = pl.col("overgang").is_not_null()
    counted = named.with_columns(sekvens=common).group_by("sekvens").agg(
        n=pl.len(), n_avsluttede=ended.sum(), n_overgang=pl.col("overgang").sum(),
        varighet_maaneder_median=pl.col("varighet_maaneder").filter(ended).median(),
    )  # fmt: skip
    return STATISTIKK["sekvens"].conform(
        counted.with_columns(
            andel=pl.col("n") / pl.col("n").sum(), andel_overgang=_share(pl.col("n_overgang"), pl.col("n_avsluttede"))
        )
    )


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Null, not 0 and not a division, where there is nobody to take a share of."""
    return pl.when(whole > 0).then(part / whole)


def opphold(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """``STATISTIKK["opphold"]``: the waits after the end of a measure, one row per type that ended and one for all.

    A wait begins the day after a measure's last day when no other measure runs, inside the participation; it ends the day before
    the next begins, or with the exit. One that still lasts at statusdato is known to be longer than 4 (8) weeks only when it has
    been; before that it is not counted in that share, rather than counted as short.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``.
    """
    waits = _waits(deltakelse, tiltak)
    every = pl.concat([waits, waits.with_columns(tiltak_type=pl.lit(ALL))])
    until_next = pl.col("_days").filter(pl.col("_followed"))
    quartiles = {
        f"dager_{name}": until_next.quantile(q, interpolation="linear")
        for name, q in (("p25", 0.25), ("median", 0.5), ("p75", 0.75))
    }
    known = {weeks: pl.col("_over") | (pl.col("_days") > 7 * weeks) for weeks in WEEKS}
    parts = {f"n_kjent_{weeks}_uker": is_known.sum() for weeks, is_known in known.items()}
    parts |= {
        f"andel_over_{weeks}_uker": (pl.col("_days") > 7 * weeks).filter(is_known).mean() for weeks, is_known in known.items()
    }
    return STATISTIKK["opphold"].conform(
        every.group_by("tiltak_type").agg(
            n=pl.len(), n_fulgt=pl.col("_followed").sum(), n_avsluttede=pl.col("_left").sum(),
            andel_aldri_fulgt=(~pl.col("_followed")).filter(pl.col("_left")).mean(), **quartiles, **parts,
        )
    )  # fmt: skip


def _waits(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """One row per wait: tiltak_type, _days without a measure so far, _followed, _over (it has ended), _left (the participation has)."""
    all_spans = spans(deltakelse, tiltak)
    who, ended = "deltakelse_key", pl.col("slutt_dato")
    ends = (
        all_spans.filter(ended.is_not_null() & (ended < pl.col("inne_til")))
        .sort(who, "slutt_dato", rank(pl.col("tiltak_type")), "tiltak_type")
        .unique([who, "slutt_dato"], keep="first", maintain_order=True)
        .select(who, "tiltak_type", "slutt_dato", "inne_til")
    )
    others = ends.select(who, "slutt_dato").join(all_spans.select(who, "fra", "til"), on=who)
    running = others.filter((pl.col("fra") <= ended) & (pl.col("til") > ended)).select(who, "slutt_dato").unique()
    following = others.filter(pl.col("fra") > ended).group_by(who, "slutt_dato").agg(_next=pl.col("fra").min())
    left = deltakelse.select(who, _left=pl.col("overgang").is_not_null())
    rows = (
        ends.join(running, on=[who, "slutt_dato"], how="anti")
        .join(following, on=[who, "slutt_dato"], how="left")
        .join(left, on=who)
    )
    # after the last measure the days up to the exit, the last day in the programme among them, are days without one
    last = pl.coalesce(pl.col("_next") - pl.duration(days=1), "inne_til")
    return rows.with_columns(
        _days=(last - ended).dt.total_days(), _followed=pl.col("_next").is_not_null(),
    ).with_columns(_over=pl.col("_followed") | pl.col("_left"))  # fmt: skip
