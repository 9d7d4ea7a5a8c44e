"""Who is followed, from when: one participation per person, without survivors and without those already in a placement.

Everyone left out is counted by reason. Must not be here: anything about weeks, strategies or outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.effects.protocol import Protocol

OSLO = "0301"


@dataclass(frozen=True)
class Cohort:
    """The persons who are followed.

    Attributes:
        persons: one row per person (or per episode of a person, then with ``individ``), sorted by cluster and key;
            ``KLARGJORT["deltakelse"]`` columns of the first
            participation, but ``slutt_dato``, ``avslutning`` and ``statusdato`` of the one that continues it; plus
            ``person`` (row number) and ``klynge`` (cluster number), and what is known beforehand as numbers in ``forut_…``.
        members: ``deltakelse_key`` → ``person``, ``dag_null``: every participation that belongs to a followed person.
        counts: participations by what became of them; the parts add up to ``deltakelser``.
    """

    persons: pl.DataFrame
    members: pl.DataFrame
    counts: dict[str, int]

    @property
    def unstated(self) -> float:
        """Share of the persons whose project did not state how far its data are complete; 0 when nobody is followed."""
        return float(1 - self.persons["statusdato_oppgitt"].cast(float).to_numpy().mean()) if self.persons.height else 0.0


def _chains(deltakelse: pl.DataFrame, days: int) -> pl.DataFrame:
    """Rows with ``nr`` (order within the person) and ``kjede``: part of the unbroken chain from the first participation."""
    ordered = deltakelse.sort("person_key", "start_dato", "deltakelse_key")
    gap = (pl.col("start_dato") - pl.col("slutt_dato").shift(1)).dt.total_days().over("person_key")
    moved = pl.col("avslutning").shift(1).over("person_key").is_in(["flyttet", "faset_ut"])
    return (
        ordered.with_columns(nr=pl.int_range(pl.len()).over("person_key"))
        .with_columns(fortsetter=((pl.col("nr") == 0) | (moved & (gap <= days))).fill_null(value=False).cast(pl.Int8))
        .with_columns(kjede=pl.col("fortsetter").cum_min().over("person_key").cast(pl.Boolean))
        .drop("fortsetter")
    )


def _merged(chained: pl.DataFrame) -> pl.DataFrame:
    """One row per person: the first participation, ended as its last continuation ended."""
    chain = chained.filter("kjede")
    first = chain.filter(pl.col("nr") == 0).drop("slutt_dato", "avslutning", "statusdato")
    last = chain.group_by("person_key", maintain_order=True).agg(pl.col("slutt_dato", "avslutning", "statusdato").last())
    known = pl.col("slutt_dato") <= pl.col("statusdato")
    return first.join(last, on="person_key", validate="1:1").with_columns(
        slutt_dato=pl.when(known).then("slutt_dato"), avslutning=pl.when(known).then(pl.col("avslutning").fill_null("ukjent"))
    )


def _numbered(eligible: pl.DataFrame) -> pl.DataFrame:
    """Clusters are numbered by their smallest key, so that renaming a municipality changes nothing."""
    area = pl.when((pl.col("komm_nr_ref") == OSLO) & pl.col("bydel_nr").is_not_null()).then("bydel_nr").otherwise("komm_nr_ref")
    rank = pl.col("deltakelse_key").min().over("omraade").rank("dense").cast(pl.Int64) - 1
    return (
        eligible.with_columns(omraade=area).with_columns(klynge=rank).sort("klynge", "deltakelse_key").with_row_index("person")
        .with_columns(pl.col("person").cast(pl.Int64))
    )  # fmt: skip


def with_running_placement(deltakelse: pl.DataFrame, tiltak: pl.DataFrame, placements: tuple[str, ...]) -> pl.DataFrame:
    """``deltakelse`` with ``praksis_foer_start`` also true where a measure of these types ran on day 0, begun before it.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        tiltak: ``KLARGJORT["tiltak"]``; a spell without an end still runs.
        placements: types of measure that count as a placement.
    """
    days = deltakelse.select("deltakelse_key", _dag_null="start_dato")
    running = tiltak.filter(pl.col("tiltak_type").is_in(list(placements))).join(days, on="deltakelse_key").filter(
        (pl.col("start_dato") < pl.col("_dag_null")) & (pl.col("slutt_dato").fill_null(pl.col("_dag_null")) >= pl.col("_dag_null"))
    )["deltakelse_key"]  # fmt: skip
    return deltakelse.with_columns(
        praksis_foer_start=pl.col("praksis_foer_start") | pl.col("deltakelse_key").is_in(running.implode())
    )


def select_cohort(deltakelse: pl.DataFrame, protocol: Protocol) -> Cohort:
    """The cohort of the placement analyses, with counted exclusions.

    Args:
        deltakelse: ``KLARGJORT["deltakelse"]``.
        protocol: gives the days within which a move is continued and the least follow-up.

    Returns:
        The persons, their participations and the counts. An exit after ``statusdato`` counts as still enrolled.
    """
    rule = protocol.declared["utvalg"]
    chained = _chains(deltakelse, rule["fortsettelse_dager"])
    merged = _merged(chained)
    reason = (
        pl.when(pl.col("slutt_dato") < pl.col("start_dato")).then(pl.lit("slutt_foer_start"))
        .when(pl.col("forste_tilskuddsaar").is_null()).then(pl.lit("uten_prosjektrad"))
        .when(pl.col("start_dato").dt.year() < pl.col("forste_tilskuddsaar")).then(pl.lit("startet_foer_forste_tilskuddsaar"))
        .when((pl.col("statusdato") - pl.col("start_dato")).dt.total_days() < rule["minste_oppfolging_dager"]).then(pl.lit("for_kort_tid"))
        .when(pl.col("praksis_foer_start")).then(pl.lit("praksis_loep_ved_start"))
        .otherwise(pl.lit("med"))
    )  # fmt: skip
    judged = merged.with_columns(utvalg=reason)
    persons = _numbered(judged.filter(pl.col("utvalg") == "med").drop("utvalg", "nr", "kjede"))
    members = chained.filter("kjede").select("deltakelse_key", "person_key").join(
        persons.select("person_key", "person", dag_null="start_dato"), on="person_key"
    ).drop("person_key")  # fmt: skip
    counts = {"deltakelser": deltakelse.height, "senere_deltakelse": chained.filter(~pl.col("kjede")).height}
    counts["fortsettelse"] = chained.filter(pl.col("kjede") & (pl.col("nr") > 0)).height
    counts |= dict(judged.group_by("utvalg").len().sort("utvalg").iter_rows())
    return Cohort(persons, members, counts)


def reaches(cohort: Cohort, horizons: tuple[int, ...]) -> NDArray[np.bool_]:
    """(n, horizons) whether the project's data are complete through the week, exit or not."""
    days = (cohort.persons["statusdato"] - cohort.persons["start_dato"]).dt.total_days().to_numpy().astype(np.int64) + 1
    return np.asarray(days[:, None] >= 7 * np.asarray(horizons)[None, :])
