"""Statistics Norway's table of those who left the introduction programme in 2016, found again cell by cell."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

import polars as pl
import pytest

from pipeline.linkage import connection, utfall
from tests.linkage.leavers_2016 import WAYS, Leavers, as_published, cells, one_of_each
from tests.linkage.linkage_cases import extracts, measures, months_file


def found(folder, leavers: Leavers, settings) -> pl.DataFrame:
    paths = extracts(folder / "uttrekk", **leavers.registers)
    months = months_file(leavers.deltakelse, measures(), paths, settings)
    made = utfall(leavers.deltakelse, measures(), months, paths, settings)
    return made.join(leavers.made_for, on="deltakelse_key", validate="1:1")


def counts(made: pl.DataFrame, by: Iterable[str]) -> dict[tuple[str, ...], int]:
    return {row[:-1]: row[-1] for row in made.group_by(*by).len().iter_rows()}


def test_the_published_table_adds_up():
    table = cells()
    assert table["n"].sum() == 4790
    assert dict(table.group_by("kjonn").agg(pl.col("n").sum()).iter_rows()) == {"mann": 2706, "kvinne": 2084}


def test_every_cell_of_the_published_table_is_found(tmp_path, settings):
    leavers = as_published()
    made = found(tmp_path, leavers, settings).join(leavers.deltakelse.select("deltakelse_key", "kjonn"), on="deltakelse_key")
    expected = {(status, sex): n for status, sex, n in cells().select("status", "kjonn", "n").iter_rows()}
    assert counts(made, ("november_status", "kjonn")) == expected
    published = pl.read_csv(connection.FOLDER.parents[1] / "tests/linkage/ssb_intro_leavers_2016.csv", separator=";")
    assert counts(made, ("november_status",)) == {(status,): n for status, n in published.select(pl.nth(0, 1)).iter_rows()}
    assert set(made["way"]) == {f"{status}/{way}" for status, ways in WAYS.items() for way in ways}


def test_every_way_leads_to_its_status(tmp_path, settings):
    made = found(tmp_path, one_of_each(), settings)
    wrong = made.filter(pl.col("november_status").ne_missing(pl.col("status"))).select("way", "november_status").rows()
    assert wrong == []


# What each rule says now, what it would say if it were another rule, and whom that would move.
MUTANTS = {
    "subsidised_is_work": ("jobb_maaned", "type <> 'lonnstilskudd' AND stillingsprosent > 0", "stillingsprosent > 0", "paa_tiltak/subsidised_job"),
    "no_position_is_work": ("jobb_maaned", "stillingsprosent > 0", "stillingsprosent >= 0", "under_utdanning/job_without_position"),
    "own_business_is_no_work": ("person_maaned", "OR coalesce(har_inntekt, false) END AS i_arbeid", "END AS i_arbeid",
                                "sysselsatt/self_employed_only"),
    "a_loss_is_income": ("selvstendig_aar", "> 0 END AS har_inntekt", "<> 0 END AS har_inntekt", "under_utdanning/business_with_a_loss"),
    "school_needs_the_whole_month": ("utdanning_maaned", "utdanning.start_dato <= last_day(person_maaneder.maaned)",
                                     "utdanning.start_dato <= person_maaneder.maaned", "sysselsatt_og_under_utdanning/school_from_the_last_day"),
    "school_to_the_last_day_only": ("utdanning_maaned", "utdanning.slutt_dato >= person_maaneder.maaned",
                                    "utdanning.slutt_dato > person_maaneder.maaned", "sysselsatt_og_under_utdanning/school_to_the_first_day"),
    "measures_go_first": ("arbeidssoker_maaned", "('helt_ledig', 1), ('paa_tiltak', 2)", "('paa_tiltak', 1), ('helt_ledig', 2)",
                          "helt_ledig/two_statuses_in_the_month"),
    "partly_unemployed_goes_first": ("arbeidssoker_maaned", "('paa_tiltak', 2), ('delvis_ledig', 3)", "('delvis_ledig', 2), ('paa_tiltak', 3)",
                                     "paa_tiltak/partly_unemployed_too"),
    "november_of_the_exit_year": ("november_status", "+ 1 AS INTEGER), 11, 1)", "AS INTEGER), 11, 1)",
                                  "annet_eller_ukjent/november_of_other_years"),
    "december": ("november_status", "INTEGER), 11, 1)", "INTEGER), 12, 1)", "annet_eller_ukjent/months_around_november"),
    "the_gone_are_read_as_others": ("person_maaned", "coalesce(bosatt_maaned.borte, false)", "false",
                                    "annet_eller_ukjent/emigrated_from_a_school_that_does_not_know"),
    "the_gone_do_not_work": ("person_maaned", "coalesce(bosatt_maaned.borte, false) AND NOT coalesce(i_jobb, false) AS borte",
                             "coalesce(bosatt_maaned.borte, false) AS borte", "sysselsatt/emigrated_but_still_employed"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_another_rule_gives_another_table(tmp_path, settings, monkeypatch, name):
    """The table can fail: were any of these rules another, somebody would stand in another cell."""
    step, rule, other, moved = MUTANTS[name]
    folder = shutil.copytree(connection.FOLDER, tmp_path / "sql")
    sql = (folder / f"{step}.sql").read_text(encoding="utf-8")
    assert rule in sql
    (folder / f"{step}.sql").write_text(sql.replace(rule, other), encoding="utf-8")
    monkeypatch.setattr(connection, "FOLDER", folder)
    made = found(tmp_path, one_of_each(), settings)
    assert moved in set(made.filter(pl.col("november_status").ne_missing(pl.col("status")))["way"])
