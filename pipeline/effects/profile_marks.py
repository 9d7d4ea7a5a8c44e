"""What marks the project or the adviser of each participation: caseload, buddy, adviser's courses, organisation, survey answers.

What is not reported is unknown, never "no". Must not be here: outcomes, shares, or a comparison of marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

WHO = "deltakelse_key"
NOT_NAMED = "ikke_nevnt"
_PROJECT_YEAR = ["prosjekt_id", "tilskuddsaar"]


@dataclass(frozen=True)
class ProjectTables:
    """What the profiles read: ``KLARGJORT`` deltakelse, tiltak, prosjekt and ``INNDATA`` veileder, undersokelse."""

    deltakelse: pl.DataFrame
    tiltak: pl.DataFrame
    prosjekt: pl.DataFrame
    veileder: pl.DataFrame
    undersokelse: pl.DataFrame


@dataclass(frozen=True)
class Mark:
    """One way of grouping participations.

    Attributes:
        known: one row per participation whose mark is known: deltakelse_key and one column of levels per name in ``shown``; no
            column has a name of ``KLARGJORT["deltakelse"]``.
        shown: column to the levels of it that are reported, each named as its strategy.
    """

    known: pl.DataFrame
    shown: Mapping[str, tuple[str, ...]]


def marks(tables: ProjectTables, declared: Mapping[str, Any]) -> list[Mark]:
    """Every declared mark, in declared order.

    Args:
        tables: what marks are read from.
        declared: the protocol ``prosjektprofil``.
    """
    plain = declared["kjennetegn"]
    known = {
        "caseload": _caseload(tables, plain["caseload"]["grense"]),
        "fadder": _buddy(tables),
        "veileder_kurs": _adviser(tables),
        "organisering": tables.deltakelse.select(WHO, _mark=pl.format("organisering_{}", "organisering")),
    }
    grouped = [Mark(known[name].drop_nulls(), {"_mark": tuple(mark["strategi"])}) for name, mark in plain.items()]
    return grouped + [_survey(tables, question, tuple(names)) for question, names in declared["undersokelse"].items()]


def caseloads(deltakelse: pl.DataFrame, prosjekt: pl.DataFrame) -> pl.DataFrame:
    """One row per project and grant year: ``deltakere_per_veileder``, null without advisers or days.

    The average number enrolled over the days of the year on which the project ran and its data are complete, per full-time
    adviser of the project row.
    """
    spans = deltakelse.select("prosjekt_id", "statusdato", _from="start_dato", _to=pl.coalesce("slutt_dato", "statusdato"))
    reach = spans.group_by("prosjekt_id").agg(_known=pl.col("statusdato").max())
    first = pl.max_horizontal("start_dato", pl.date("tilskuddsaar", 1, 1))
    last = pl.min_horizontal("slutt_dato", pl.date("tilskuddsaar", 12, 31), "_known")
    years = prosjekt.join(reach, on="prosjekt_id").select(*_PROJECT_YEAR, "veileder_aarsverk", _first=first, _last=last)
    inside = pl.min_horizontal("_to", "_last") - pl.max_horizontal("_from", "_first")
    enrolled = years.join(spans, on="prosjekt_id").group_by(_PROJECT_YEAR).agg(_days=(inside.dt.total_days() + 1).clip(0).sum())
    length = (pl.col("_last") - pl.col("_first")).dt.total_days() + 1
    runs = (length > 0) & (pl.col("veileder_aarsverk") > 0)
    load = pl.when(runs).then(pl.col("_days") / length / pl.col("veileder_aarsverk"))
    return years.join(enrolled, on=_PROJECT_YEAR).select(*_PROJECT_YEAR, deltakere_per_veileder=load)


def _caseload(tables: ProjectTables, limit: int) -> pl.DataFrame:
    loads = caseloads(tables.deltakelse, tables.prosjekt).drop_nulls()
    within = pl.col("deltakere_per_veileder") <= limit
    named = pl.when(within).then(pl.lit(f"caseload_inntil_{limit}")).otherwise(pl.lit(f"caseload_over_{limit}"))
    return tables.deltakelse.join(loads, on=_PROJECT_YEAR).select(WHO, _mark=named)


def _buddy(tables: ProjectTables) -> pl.DataFrame:
    """Of those with a placement: whether the first one had a buddy; of several on the first day, whether any is known to have had."""
    first = tables.deltakelse.select(WHO, start_dato="forste_praksis_dato").drop_nulls()
    spells = tables.tiltak.filter("er_praksis").select(WHO, "start_dato", "fadder").join(first, on=[WHO, "start_dato"])
    return spells.drop_nulls("fadder").group_by(WHO).agg(_mark=pl.format("fadder_{}", pl.col("fadder").min()))


def _adviser(tables: ProjectTables) -> pl.DataFrame:
    """A course is known to be missing only when both are reported and neither was taken."""
    courses = pl.col("kurs_mi", "kurs_loft") == "ja"
    trained = pl.any_horizontal(courses)  # unknown when none is yes and one is not reported
    level = pl.when(trained).then(pl.lit("veileder_kurs_ja")).when(trained.not_()).then(pl.lit("veileder_kurs_nei"))
    advisers = tables.veileder.select("prosjekt_id", "veileder_key", _mark=level)
    return tables.deltakelse.join(advisers, on=["prosjekt_id", "veileder_key"]).select(WHO, "_mark")


def _survey(tables: ProjectTables, question: str, categories: tuple[str, ...]) -> Mark:
    """The answers of the project's survey of the year of start, else the nearest earlier, else the earliest; silence is no answer."""
    answers = tables.undersokelse.filter(pl.col("sporsmal") == question).select(
        "prosjekt_id", "aar", kategori=pl.col("kategori").str.strip_chars().str.to_lowercase().str.replace_all(r"[\s_-]+", "_")
    )
    given = answers.group_by("prosjekt_id", "aar").agg(_named=pl.col("kategori").unique().sort())
    gap = pl.col("start_dato").dt.year() - pl.col("aar")
    chosen = (
        tables.deltakelse.select(WHO, "prosjekt_id", "start_dato").join(given, on="prosjekt_id")
        .with_columns(_later=gap < 0, _gap=gap.abs())
        .sort(WHO, "_later", "_gap").unique(WHO, keep="first", maintain_order=True)
    )  # fmt: skip
    shown = {f"undersokelse_{question}_{name}": name for name in categories}
    levels = [
        pl.when(pl.col("_named").list.contains(name)).then(pl.lit(strategy)).otherwise(pl.lit(NOT_NAMED)).alias(strategy)
        for strategy, name in shown.items()
    ]
    return Mark(chosen.select(WHO, *levels), {strategy: (strategy,) for strategy in shown})
