"""What projects and employers answered about themselves, counted per category. Described only.

Shares are of those who answered; who did not is not counted as "no". Must not be here: any link from an answer to an outcome.
"""

from __future__ import annotations

import polars as pl

from pipeline.tables import STATISTIKK
from pipeline.tables.statistikk_beskrivelse import TARGET_GROUP_QUESTION

# Figures 2-6 of Rambøll's evaluation. Cooperation with other services has categories in the survey but no figure among these.
FIGURES = {TARGET_GROUP_QUESTION: 2, "malsetting": 3, "arbeidsretting": 4, "suksess_arbeidsgiver": 5, "barriere_arbeidsgiver": 6}


def prosjektundersokelse(undersokelse: pl.DataFrame, prosjekt: pl.DataFrame) -> pl.DataFrame:
    """``STATISTIKK["undersokelse"]``: one row per year, question and category; a project counts once in each category it named.

    Args:
        undersokelse: ``INNDATA["undersokelse"]``.
        prosjekt: ``KLARGJORT["prosjekt"]``; each grant year's target groups stand as a question of their own.
    """
    answers = undersokelse.select("prosjekt_id", "aar", "sporsmal", "kategori").unique()
    groups = prosjekt.drop_nulls("malgruppe").select(
        "prosjekt_id", aar="tilskuddsaar", sporsmal=pl.lit(TARGET_GROUP_QUESTION), kategori="malgruppe"
    )
    parts = [_named(answers), _named(groups)]
    figure = pl.col("sporsmal").replace_strict(FIGURES, default=None, return_dtype=pl.Int64)
    return STATISTIKK["undersokelse"].conform(pl.concat(parts).with_columns(figur=figure))


def _named(answers: pl.DataFrame) -> pl.DataFrame:
    projects = pl.col("prosjekt_id").n_unique().cast(pl.Int64)
    counted = (
        answers.group_by("aar", "sporsmal", "kategori").agg(n_prosjekter=projects)
        .join(answers.group_by("aar", "sporsmal").agg(n_svarte=projects), on=["aar", "sporsmal"])
        .join(answers.group_by("aar").agg(n_med=projects), on="aar")
    )  # fmt: skip
    return counted.with_columns(andel=pl.col("n_prosjekter") / pl.col("n_svarte"))


def arbeidsgiversvar(arbeidsgiver_svar: pl.DataFrame) -> pl.DataFrame:
    """``STATISTIKK["arbeidsgiver_svar"]``: one row per question and category that employers answered.

    Args:
        arbeidsgiver_svar: ``INNDATA["arbeidsgiver_svar"]``, one row per answer.
    """
    counted = arbeidsgiver_svar.group_by("sporsmal", "kategori").agg(
        n_svar=pl.len(), n_prosjekter=pl.col("prosjekt_id").n_unique()
    )
    asked = counted.with_columns(n_sporsmal=pl.col("n_svar").sum().over("sporsmal"))
    return STATISTIKK["arbeidsgiver_svar"].conform(asked.with_columns(andel=pl.col("n_svar") / pl.col("n_sporsmal")))
