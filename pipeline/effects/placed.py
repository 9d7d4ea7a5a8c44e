"""Those who began a first placement, followed from that day on: a cohort of its own with what was known when it began.

Belongs here: time zero, eligibility and facts at the placement's start. Must not be here: contacts after it, strategies.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.effects.eligibility import Cohort
from pipeline.effects.periods import Periods
from pipeline.effects.person_weeks import Bools
from pipeline.effects.protocol import Protocol
from pipeline.tables.deliveries import SECTORS

_RECENT_DAYS = 28


def first_spells(cohort: Cohort, tiltak: pl.DataFrame, types: list[str]) -> pl.DataFrame:
    """One row per person: the first placement inside the participation; of several begun that day, that of most hours a week."""
    about = cohort.persons.select("person", sluttet="slutt_dato", status="statusdato")
    return (
        tiltak.filter(pl.col("tiltak_type").is_in(types))
        .join(cohort.members, on="deltakelse_key")
        .join(about, on="person")
        .filter((pl.col("start_dato") >= pl.col("dag_null")) & (pl.col("start_dato") <= pl.min_horizontal("sluttet", "status")))
        .with_columns(siste=pl.col("slutt_dato").fill_null(pl.date(9999, 12, 31)))
        .filter(pl.col("siste") >= pl.col("start_dato"))
        # how long a placement runs is not known when it begins
        .sort("person", "start_dato", "timer_per_uke", "tiltak_id", descending=[False, False, True, False], nulls_last=True)
        .unique("person", keep="first", maintain_order=True)
    )


def _facts(spells: pl.DataFrame) -> pl.DataFrame:
    """What the placement's start tells, as numbers; what is missing has an indicator of its own."""
    sector = pl.col("arbeidsgiver_sektor")
    sectors = {f"forut_sektor_{s}": (sector == s).fill_null(value=False).cast(pl.Float64) for s in SECTORS[1:]}
    weeks = (pl.col("start_dato") - pl.col("dag_null")).dt.total_days() / 7
    hours = pl.col("timer_per_uke")
    return spells.select(
        "person", "siste", praksis_start="start_dato",
        forut_uker=weeks, forut_uker_log=weeks.log1p(),
        forut_lonnstilskudd=(pl.col("tiltak_type") == "lonnstilskudd").cast(pl.Float64),
        **sectors,
        forut_sektor_mangler=sector.is_null().cast(pl.Float64),
        forut_fadder=(pl.col("fadder") == "ja").fill_null(value=False).cast(pl.Float64),
        forut_fadder_mangler=pl.col("fadder").is_null().cast(pl.Float64),
        forut_timer=hours.fill_null(hours.mean()).fill_null(0.0).cast(pl.Float64),
        forut_timer_mangler=hours.is_null().cast(pl.Float64),
    )  # fmt: skip


def _earlier_contacts(spells: pl.DataFrame, oppfolging: pl.DataFrame, cohort: Cohort) -> pl.DataFrame:
    """Per person log of 1 + contacts from the programme's start to the placement's eve, by part, and of the last 28 days."""
    gap = (pl.col("praksis_start") - pl.col("dato")).dt.total_days()
    rows = (
        oppfolging.select("deltakelse_key", "dato", "part").join(cohort.members, on="deltakelse_key")
        .join(spells.select("person", praksis_start="start_dato"), on="person")
        .filter((gap > 0) & (pl.col("dato") >= pl.col("dag_null")))
    )  # fmt: skip

    def count(which: pl.Expr) -> pl.Expr:
        return which.sum().cast(pl.Float64).log1p()

    return rows.group_by("person").agg(
        forut_kontakter_deltaker=count(pl.col("part") == "deltaker"),
        forut_kontakter_arbeidsgiver=count(pl.col("part") == "arbeidsgiver"),
        forut_kontakter_nylig=count(gap <= _RECENT_DAYS),
    )


def placed_cohort(cohort: Cohort, tiltak: pl.DataFrame, oppfolging: pl.DataFrame, protocol: Protocol) -> Cohort:
    """The cohort from the first placement's first day.

    Args:
        cohort: the followed persons.
        tiltak, oppfolging: ``KLARGJORT`` tables.
        protocol: the measures that count as a placement, and the least follow-up.

    Returns:
        ``persons`` of those with a placement and enough days of data after its first one: ``start_dato`` = that day, ``siste`` =
        the placement's last day (the far future while it runs), ``forut_…`` = what was known then. ``members`` has that day 0 too.
    """
    rule = protocol.declared
    spells = first_spells(cohort, tiltak, rule["strategier"]["praksis"])
    known = _facts(spells).join(_earlier_contacts(spells, oppfolging, cohort), on="person", how="left")
    known = known.with_columns(pl.col(c).fill_null(0.0) for c in known.columns if c.startswith("forut_kontakter"))
    placed = cohort.persons.join(known, on="person").with_columns(start_dato="praksis_start").drop("praksis_start")
    enough = (pl.col("statusdato") - pl.col("start_dato")).dt.total_days() >= rule["utvalg"]["minste_oppfolging_dager"]
    kept = placed.filter(enough).sort("person").rename({"person": "tidligere"})
    kept = kept.with_columns(klynge=pl.col("klynge").rank("dense").cast(pl.Int64) - 1).with_row_index("person")
    kept = kept.with_columns(pl.col("person").cast(pl.Int64))
    members = cohort.members.drop("dag_null").rename({"person": "tidligere"}).join(
        kept.select("tidligere", "person", dag_null="start_dato"), on="tidligere"
    ).drop("tidligere")  # fmt: skip
    counts = {"deltakere": cohort.persons.height, "uten_praksis": cohort.persons.height - placed.height}
    counts |= {"for_kort_tid": placed.height - kept.height, "med": kept.height}
    return Cohort(kept.drop("tidligere"), members, counts)


def runs_through(cohort: Cohort, periods: Periods) -> Bools:
    """(rows,) whether the placement still runs on the period's last day."""
    days = (cohort.persons["siste"] - cohort.persons["start_dato"]).dt.total_days().to_numpy().astype(np.int64)
    return np.asarray(days[periods.who] >= 7 * periods.length * periods.period - 1)
