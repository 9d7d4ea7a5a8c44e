"""Who waits for a next measure, from when (E5): every end of a measure after which nothing else runs is a time zero of its own.

A person contributes several episodes. Belongs here: episodes and what is known of them beforehand. Must not be here: estimation.
"""

from __future__ import annotations

import polars as pl

from pipeline.effects.eligibility import Cohort
from pipeline.effects.protocol import Protocol

_KINDS = {
    "forut_norskopplaering": ("norskopplaering",),
    "forut_spraakpraksis": ("spraakpraksis",),
    "forut_praksis": ("arbeidspraksis", "lonnstilskudd"),
    "forut_utdanning": ("grunnskole", "videregaende_moduler"),
    "forut_helsetiltak": ("helsetiltak",),
}


def _of_persons(cohort: Cohort, tiltak: pl.DataFrame, types: list[str]) -> pl.DataFrame:
    """Measures of the followed persons, one row each: person, start, end (``siste``, the far future while it runs), day 0, exit."""
    about = cohort.persons.select("person", sluttet="slutt_dato", status="statusdato")
    return (
        tiltak.filter(pl.col("tiltak_type").is_in(types))
        .join(cohort.members, on="deltakelse_key")
        .join(about, on="person")
        .with_columns(siste=pl.col("slutt_dato").fill_null(pl.date(9999, 12, 31)))
        .filter(pl.col("siste") >= pl.col("start_dato"))
        .select("person", "dag_null", "sluttet", "status", "tiltak_type", "start_dato", "siste")
    )


def _ends(spells: pl.DataFrame, least_days: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """One row per person and day ``dag`` on which a measure ended, enrolled and with nothing running; and the counts left out."""
    ends = (
        spells.filter(pl.col("siste") <= pl.col("status")).select("person", "dag_null", "sluttet", "status", dag="siste").unique()
    )
    running = (
        ends.select("person", "dag").join(spells, on="person")
        .filter((pl.col("start_dato") <= pl.col("dag")) & (pl.col("siste") > pl.col("dag"))).select("person", "dag").unique()
    )  # fmt: skip
    runs = pl.struct("person", "dag").is_in(running.select(pl.struct("person", "dag")).to_series().implode())
    judged = ends.with_columns(
        utvalg=pl.when((pl.col("sluttet") <= pl.col("dag")).fill_null(value=False)).then(pl.lit("avsluttet"))
        .when(pl.col("dag") < pl.col("dag_null")).then(pl.lit("foer_programstart"))
        .when(runs).then(pl.lit("annet_tiltak_loep"))
        .when((pl.col("status") - pl.col("dag")).dt.total_days() < least_days).then(pl.lit("for_kort_tid"))
        .otherwise(pl.lit("med"))
    )  # fmt: skip
    counts = {"tiltaksslutt": ends.height} | dict(judged.group_by("utvalg").len().sort("utvalg").iter_rows())
    return judged.filter(pl.col("utvalg") == "med").select("person", "dag").sort("person", "dag"), counts


def _beforehand(ends: pl.DataFrame, spells: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Per episode what its past holds: the kind that ended, earlier measures, weeks since the start, contacts of the last 28 days."""
    past = ends.join(spells, on="person").filter(pl.col("start_dato") <= pl.col("dag"))
    ended, kind = pl.col("siste") == pl.col("dag"), pl.col("tiltak_type")
    facts = past.group_by("person", "dag").agg(
        *((ended & kind.is_in(list(types))).any().cast(pl.Float64).alias(name) for name, types in _KINDS.items()),
        forut_har_hatt_praksis=kind.is_in(list(_KINDS["forut_praksis"])).any().cast(pl.Float64),
        forut_antall_tiltak=pl.len().cast(pl.Float64).log1p(),
        forut_uker=((pl.col("dag") - pl.col("dag_null")).dt.total_days().first() / 7).log1p(),
        forut_tiltaksuker=((pl.col("dag") - pl.col("start_dato")).dt.total_days().filter(ended).max() / 7).log1p(),
    )  # fmt: skip
    near = (
        ends.join(contacts, on="person")
        .filter(pl.col("dato").is_between(pl.col("dag") - pl.duration(days=28), pl.col("dag")))
        .group_by("person", "dag").agg(forut_kontakter=pl.len().cast(pl.Float64).log1p())
    )  # fmt: skip
    both = facts.join(near, on=["person", "dag"], how="left", maintain_order="left")
    return both.with_columns(pl.col("forut_kontakter").fill_null(0.0))


def episodes(cohort: Cohort, tiltak: pl.DataFrame, oppfolging: pl.DataFrame, protocol: Protocol) -> Cohort:
    """The ends of measures as a cohort of their own.

    Args:
        cohort: the followed persons.
        tiltak: ``KLARGJORT["tiltak"]``; a spell without an end runs on and ends nothing.
        oppfolging: ``KLARGJORT["oppfolging"]``.
        protocol: the measures that count (``strategier.praksis``) and the least follow-up.

    Returns:
        One row of ``persons`` per episode: the person's columns with ``start_dato`` = the day the measure ended (day 0), ``individ``
        = the person's number, ``forut_…`` = what was known beforehand. ``members`` leads from each participation to all episodes.
    """
    rule = protocol.declared
    spells = _of_persons(cohort, tiltak, rule["strategier"]["praksis"])
    ends, counts = _ends(spells, rule["utvalg"]["minste_oppfolging_dager"])
    contacts = oppfolging.select("deltakelse_key", "dato").join(cohort.members, on="deltakelse_key").select("person", "dato")
    known = _beforehand(ends, spells, contacts)
    rows = (
        cohort.persons.rename({"person": "individ"})
        .join(known.rename({"person": "individ"}), on="individ")
        .sort("klynge", "deltakelse_key", "dag")
        .with_columns(start_dato="dag", klynge=pl.col("klynge").rank("dense").cast(pl.Int64) - 1)
        .drop("dag")
        .with_row_index("person").with_columns(pl.col("person").cast(pl.Int64))
    )  # fmt: skip
    members = cohort.members.select("deltakelse_key", individ="person").join(
        rows.select("individ", "person", dag_null="start_dato"), on="individ"
    ).drop("individ")  # fmt: skip
    return Cohort(rows, members, counts)
