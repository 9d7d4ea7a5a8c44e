"""The cleaned tables of the cohort, built together because a spell is nothing without its participation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipeline.cohort.deltakelse import participations
from pipeline.cohort.kommuner import with_komm_nr_ref
from pipeline.cohort.praksis import IS_PLACEMENT, with_first_placement
from pipeline.cohort.tilhorighet import attach
from pipeline.tables import INNDATA, KLARGJORT


@dataclass(frozen=True)
class Klargjort:
    """The cohort's tables and what was left out of them.

    Attributes:
        tables: deltakelse, tiltak, oppfolging, kartlegging, prosjekt, each as described in ``tables.KLARGJORT``.
        counts: orphans per table (rows that belong to no participation yet), tiltak, oppfolging, kartlegging.
    """

    tables: Mapping[str, pl.DataFrame]
    counts: Mapping[str, int]


def build_klargjort(inndata: Mapping[str, pl.DataFrame]) -> Klargjort:
    """The cohort's tables from the accepted, pseudonymised rows; rows sorted by key, equal input gives equal frames.

    Args:
        inndata: table name to frame as in ``tables.INNDATA``; deltaker, prosjekt, statusdato, tiltak, oppfolging and
            kartlegging are read, a missing one counts as empty.

    Returns:
        One row per participation, and the spells, contacts and assessments that belong to one; orphans are counted and kept
        out until their parent comes.
    """
    source = {name: inndata.get(name, INNDATA[name].empty()) for name in INNDATA}
    deltakelse = participations(source["deltaker"], source["prosjekt"], source["statusdato"])
    tiltak, no_spell = attach(source["tiltak"], deltakelse, "start_dato")
    oppfolging, no_contact = attach(source["oppfolging"], deltakelse, "dato")
    kartlegging, no_assessment = attach(source["kartlegging"], deltakelse, "dato")
    tables = {
        "deltakelse": with_first_placement(deltakelse, tiltak, source["tiltak"]),
        "tiltak": tiltak.with_columns(er_praksis=IS_PLACEMENT),
        "oppfolging": oppfolging,
        "kartlegging": kartlegging,
        "prosjekt": _projects(source["prosjekt"]),
    }
    counts = {"tiltak": no_spell, "oppfolging": no_contact, "kartlegging": no_assessment}
    return Klargjort({name: KLARGJORT[name].conform(frame) for name, frame in tables.items()}, counts)


def _projects(prosjekt: pl.DataFrame) -> pl.DataFrame:
    """Projects with the harmonised municipality, judged on the first day of the grant year the row speaks of."""
    return with_komm_nr_ref(prosjekt.with_columns(_day=pl.date(pl.col("tilskuddsaar"), 1, 1)), "_day")
