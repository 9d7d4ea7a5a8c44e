"""Pathways: in which state participants are month by month after the start. Described only.

A state is what was registered on one day, and who reaches a month is no random part of those who began: nothing here says that a
state leads to another. Must not be here: estimates, grades, or a comparison of projects.
"""

from __future__ import annotations

import polars as pl

from pipeline.cohort.deltakelse import DAYS_PER_MONTH
from pipeline.cohort.spenn import rank, spans
from pipeline.tables import STATISTIKK
from pipeline.tables.deliveries import DIRECT_EDUCATION, DIRECT_WORK, PLACEMENTS
from pipeline.tables.statistikk_beskrivelse import STATES_OF_A_MONTH

LAST_MONTH = 36
BREAKDOWNS = ("alle", "malgruppe")
_OWN_STATE = ("norskopplaering", "spraakpraksis")
_LOST = ("flyttet", "faset_ut")


def forlop(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """``STATISTIKK["forlop"]``: one row per month 0–36 since start, breakdown and state, zero where nobody is in the state.

    The state of month m is that of the day start + 30.4375 m, rounded down. Counted is every participation whose project data
    reach that day, whether it has ended or not; the last day in the programme is still in it.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``.
    """
    seen = _months(deltakelse).join(_measure_by_month(deltakelse, tiltak), on=["deltakelse_key", "maaned"], how="left")
    states = seen.with_columns(
        tilstand=pl.when(pl.col("_left")).then(_destination()).otherwise(pl.col("_measure").fill_null("venter"))
    )
    parts = [_counted(states, name) for name in BREAKDOWNS]
    return STATISTIKK["forlop"].conform(pl.concat(parts))


def _days() -> pl.DataFrame:
    """One row per month with its day since start."""
    month = pl.int_range(LAST_MONTH + 1, dtype=pl.Int64)
    return pl.select(maaned=month, _day=(month * DAYS_PER_MONTH).floor().cast(pl.Int64))


def _months(deltakelse: pl.DataFrame) -> pl.DataFrame:
    """One row per participation and month that its project's data reach."""
    day = pl.col("start_dato") + pl.duration(days="_day")
    known = deltakelse.select("deltakelse_key", "start_dato", "slutt_dato", "statusdato", "avslutning", "malgruppe").join(
        _days(), how="cross"
    )
    reached = known.filter(day <= pl.col("statusdato"))
    return reached.with_columns(_left=(pl.col("slutt_dato") < day).fill_null(value=False))


def _measure_by_month(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> pl.DataFrame:
    """One row per participation and month with a measure on the month's day: the one that goes before the others."""
    starts = deltakelse.select("deltakelse_key", "start_dato")
    day = pl.col("start_dato") + pl.duration(days="_day")
    running = (
        spans(deltakelse, tiltak)
        .join(starts, on="deltakelse_key")
        .join(_days(), how="cross")
        .filter(day.is_between("fra", "til"))
    )
    kind = pl.col("tiltak_type")
    named = pl.when(kind.is_in(PLACEMENTS)).then(pl.lit("praksis")).when(kind.is_in(_OWN_STATE)).then(kind)
    return (
        running.with_columns(_rank=rank(kind), _measure=named.otherwise(pl.lit("annet_tiltak")))
        .sort("deltakelse_key", "maaned", "_rank")
        .unique(["deltakelse_key", "maaned"], keep="first", maintain_order=True)
        .select("deltakelse_key", "maaned", "_measure")
    )


def _destination() -> pl.Expr:
    reason = pl.col("avslutning")
    return (
        pl.when(reason.is_in(DIRECT_WORK)).then(pl.lit("arbeid"))
        .when(reason.is_in(DIRECT_EDUCATION)).then(pl.lit("utdanning"))
        .when(reason.is_in(_LOST)).then(pl.lit("flyttet_eller_utfaset"))
        .otherwise(pl.lit("annet"))
    )  # fmt: skip


def _counted(states: pl.DataFrame, breakdown: str) -> pl.DataFrame:
    """Counts and shares of every state in every month and group that has anybody."""
    value = pl.lit("alle") if breakdown == "alle" else pl.col(breakdown)
    rows = states.with_columns(dim=pl.lit(breakdown), dim_verdi=value).drop_nulls("dim_verdi")
    group = ["maaned", "dim", "dim_verdi"]
    followed = rows.group_by(group).agg(n_fulgt=pl.len().cast(pl.Int64))
    counts = rows.group_by(*group, "tilstand").agg(n=pl.len().cast(pl.Int64))
    full = followed.join(pl.DataFrame({"tilstand": STATES_OF_A_MONTH}), how="cross")
    return full.join(counts, on=[*group, "tilstand"], how="left").with_columns(pl.col("n").fill_null(0)).with_columns(
        andel=pl.col("n") / pl.col("n_fulgt")
    )  # fmt: skip
