"""Survey answers counted per project: shares of those who answered the question, never of those who were silent."""

from __future__ import annotations

import polars as pl

from pipeline.cohort import arbeidsgiversvar, prosjektundersokelse
from tests.cohort.cohort_tables import drawn, shown, table

COLUMNS = ("aar", "sporsmal", "kategori", "figur", "n_prosjekter", "n_svarte", "n_med", "andel")


def _projects(text: str = "prosjekt_id tilskuddsaar malgruppe") -> pl.DataFrame:
    return table("prosjekt", text, "klargjort")


def test_a_project_counts_once_per_category_and_only_where_it_answered():
    answers = table(
        "undersokelse",
        """
        prosjekt_id aar sporsmal kategori
        A 2024 barriere_arbeidsgiver sprak
        A 2024 barriere_arbeidsgiver tidspress
        B 2024 barriere_arbeidsgiver sprak
        C 2024 suksess_tjenester faste_moter
        C 2021 malsetting arbeid
    """,
    )
    assert shown(prosjektundersokelse(answers, _projects()), *COLUMNS) == drawn("""
        aar sporsmal kategori figur n_prosjekter n_svarte n_med andel
        2021 malsetting arbeid 3 1 1 1 1.0
        2024 barriere_arbeidsgiver sprak 6 2 2 3 1.0
        2024 barriere_arbeidsgiver tidspress 6 1 2 3 0.5
        2024 suksess_tjenester faste_moter - 1 1 3 1.0
    """)


def test_target_groups_come_from_the_project_rows():
    projects = _projects("""
        prosjekt_id tilskuddsaar malgruppe
        A 2023 hjemmevaerende_kvinner
        B 2023 hjemmevaerende_kvinner
        C 2023 ungdom
        D 2023 -
        A 2024 ungdom
    """)
    made = prosjektundersokelse(table("undersokelse", "prosjekt_id aar sporsmal kategori"), projects)
    assert shown(made.with_columns(pl.col("andel").round(3)), *COLUMNS) == drawn("""
        aar sporsmal kategori figur n_prosjekter n_svarte n_med andel
        2023 malgruppe hjemmevaerende_kvinner 2 2 3 3 0.667
        2023 malgruppe ungdom 2 1 3 3 0.333
        2024 malgruppe ungdom 2 1 1 1 1.0
    """)


def test_employers_answers_are_shares_within_their_question():
    answers = table(
        "arbeidsgiver_svar",
        """
        prosjekt_id svar_id sporsmal kategori
        A s1 oppfolging ukentlig
        A s2 oppfolging ukentlig
        B s3 oppfolging ingen
        B s4 ny_praksisplass ja
    """,
    )
    made = arbeidsgiversvar(answers).with_columns(pl.col("andel").round(3))
    assert shown(made, "sporsmal", "kategori", "n_svar", "n_sporsmal", "andel", "n_prosjekter") == drawn("""
        sporsmal kategori n_svar n_sporsmal andel n_prosjekter
        ny_praksisplass ja 1 1 1.0 1
        oppfolging ingen 1 3 0.333 1
        oppfolging ukentlig 2 3 0.667 1
    """)


def test_without_answers_there_are_no_rows():
    assert prosjektundersokelse(table("undersokelse", "prosjekt_id aar"), _projects()).is_empty()
    assert arbeidsgiversvar(table("arbeidsgiver_svar", "prosjekt_id")).is_empty()
