"""Texts of rules against what the rules do: each condition that breaks a rule is named in every language."""

from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl
import pytest

from jobbsjansen.template_cells import _lengths
from pipeline.intake.judging.rows import row_flags
from pipeline.intake.reading.identity import identity_kind
from pipeline.rules import LANGUAGES, patterns, rule, selected
from pipeline.tables import DELIVERY_TABLES

START = date(2024, 2, 1)
NUMBERS = {
    "nb": {4: "fire", 6: "seks", 9: "ni", 11: "elleve", 12: "tolv", 64: "64"},
    "nn": {4: "fire", 6: "seks", 9: "ni", 11: "elleve", 12: "tolv", 64: "64"},
    "en": {4: "four", 6: "six", 9: "nine", 11: "eleven", 12: "twelve", 64: "64"},
}
SAME_DAY = {"nb": "samme dag", "nn": "same dagen", "en": "on the start date"}
TAKEN_IN = {"nb": "tatt inn", "nn": "tekne inn", "en": "taken in"}
YEAR_TOO = {"nb": "tilskuddsår", "nn": "tilskotsår", "en": "grant year"}


def impossible(birth: date) -> bool:
    """Whether a birth date breaks JS205 for a participation that began on START."""
    empty = DELIVERY_TABLES["deltaker"].empty().clear(1)
    row = empty.with_columns(
        pl.lit(birth).alias("fodselsdato"), pl.lit(START).alias("start_dato"), pl.lit("r").alias("receipt_id"),
        pl.lit(2, dtype=pl.Int64).alias("row_no"), pl.lit("4601").alias("sender"),
    )  # fmt: skip
    return bool(row_flags("deltaker", row, date(2024, 6, 1))["flag_JS205"][0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_birth_on_the_first_day_is_impossible_and_the_text_says_so(language: str) -> None:
    assert impossible(START)
    assert not impossible(START - timedelta(days=1))
    assert SAME_DAY[language] in rule("JS205").said(language).why


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_about_forms_names_the_length_of_every_pattern(language: str) -> None:
    why = rule("JS113").said(language).why
    for column, pattern in patterns().items():
        assert NUMBERS[language][_lengths(pattern)[1]] in re.findall(r"\w+", why), column
    assert "0301" in why
    assert "a–å" in why  # an é breaks the rule
    assert "a–f" in why  # and so does a g in a receipt's number


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_of_another_length_is_invalid_and_the_text_says_so(language: str) -> None:
    assert identity_kind(pl.Series(["123456789", "0101", "O1019012345"])).to_list() == ["invalid"] * 3
    assert NUMBERS[language][11] in rule("JS120").said(language).why


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_deliveries_that_were_taken_in_can_be_withdrawn_and_the_text_says_so(language: str) -> None:
    assert TAKEN_IN[language] in rule("JS304").said(language).message


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_projects_number_is_judged_by_its_year_and_the_text_says_so(language: str) -> None:
    assert "prosjekt" in rule("JS212").tables
    assert YEAR_TOO[language] in rule("JS212").said(language).message


def test_nothing_is_missed_by_a_row_that_states_the_delivery() -> None:
    """Rows of innsending withdraw nothing by their key: JS219 is never raised there."""
    assert selected(rule("JS219"), DELIVERY_TABLES["innsending"]) == []
    assert all(selected(rule("JS219"), t) for t in DELIVERY_TABLES.values() if t.name != "innsending")
