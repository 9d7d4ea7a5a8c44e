"""The synthetic surveys: drawn by themselves, about projects and placements that exist, in the words that the tables list."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import polars as pl
import pytest

from pipeline.effects.profiles import profile_protocol
from pipeline.synthetic import preset, simulate
from pipeline.synthetic.deliveries import sender_tables
from pipeline.synthetic.surveys import YEARS, employer_answers, project_survey, survey_delivery
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import EMPLOYER_ANSWERS


@pytest.fixture(scope="module")
def world():
    return simulate(preset("main", participants=300), 5)


def test_projects_answer_for_years_in_which_they_run(world):
    answers = project_survey(world)
    runs = {(e.prosjekt_id, y) for e in world.people.units.eras for y in YEARS if e.first.year <= y <= e.last.year}
    asked = set(answers.select("prosjekt_id", "aar").unique().rows())
    assert asked <= runs
    assert len(asked) > 0
    assert set(answers["sporsmal"]) <= set(DELIVERY_TABLES["undersokelse"]["sporsmal"].codes)
    assert not answers.select(DELIVERY_TABLES["undersokelse"].key).is_duplicated().any()


def test_categories_are_those_declared_beforehand(world):
    declared = profile_protocol()[0]["undersokelse"]
    named = project_survey(world).select("sporsmal", "kategori").unique().rows()
    assert all(category in declared[question] for question, category in named)


def test_employers_answer_about_placements_that_have_ended(world):
    answers = employer_answers(world)
    assert answers.height > 0
    assert all(category in EMPLOYER_ANSWERS[question] for question, category in answers.select("sporsmal", "kategori").rows())
    ended = world.measures.filter(pl.col("slutt_dato").is_not_null()).select(
        "prosjekt_id", orgnr="arbeidsgiver_orgnr", dato="slutt_dato"
    )
    about = answers.select("prosjekt_id", "orgnr", pl.col("dato") - pl.duration(days=14)).unique()
    assert about.join(ended, on=["prosjekt_id", "orgnr", "dato"], how="anti").is_empty()
    assert not answers.select(DELIVERY_TABLES["arbeidsgiver_svar"].key).is_duplicated().any()


def test_same_seed_same_file_and_the_world_is_not_touched(world):
    before = sender_tables(world, 0)
    one, two = survey_delivery(world), survey_delivery(world)
    assert one.data == two.data
    assert survey_delivery(dataclasses.replace(world, seed=6)).data != one.data
    assert set(zipfile.ZipFile(io.BytesIO(one.data)).namelist()) == {"undersokelse.csv", "arbeidsgiver_svar.csv"}
    assert all(before[name].equals(frame) for name, frame in sender_tables(world, 0).items())
