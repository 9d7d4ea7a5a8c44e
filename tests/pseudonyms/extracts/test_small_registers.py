"""Registers of a few participants: chance is let pass, a broken extract is not."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from scipy.stats import binom

from pipeline.rules import extract_rules
from tests.pseudonyms.extracts.register_nights import FEB, JAN, MAR, PEOPLE, Nights, jobs

LOST = "uttrekk_faa_mister_deltakere"


def second_night(tmp_path, keys, first: pl.DataFrame, then: pl.DataFrame, register: str = "arbeidsforhold") -> list[str]:
    """What is found against the extract of the second night."""
    home = Nights(tmp_path, keys, known=pl.Series(PEOPLE), register=register)
    home.drop("a.parquet", first)
    assert home.night().refused == ""
    home.drop("b.parquet", then)
    return home.night().extracts[-1].reasons or []


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (12, 2, True), (12, 5, True), (12, 6, False), (12, 11, False), (12, 13, False), (12, 40, False), (19, 9, True), (19, 10, False),
        (20, 13, True), (20, 14, False), (9, 4, True), (8, 4, False), (6, 1, True), (5, 1, False), (4, 1, False),
    ],
)  # fmt: skip
def test_participants_of_a_small_register_are_not_lost_unseen(tmp_path, keys, before, after, lost):
    found = second_night(tmp_path, keys, jobs([JAN], people=PEOPLE[:before]), jobs([JAN, FEB], people=PEOPLE[:after]))
    assert found == ([LOST if before < 20 else "uttrekk_mister_deltakere"] if lost else [])


def test_where_all_are_gone_from_the_months_of_both(tmp_path, keys):
    gone = pl.concat([jobs([JAN], people=PEOPLE[40:41]), jobs([FEB], people=PEOPLE[:12])])
    assert second_night(tmp_path, keys, jobs([JAN], people=PEOPLE[:12]), gone) == [LOST]


def test_registers_of_spells_are_compared_whole(tmp_path, keys):
    spells = pl.DataFrame({"person_id": PEOPLE[:12], "status": "bosatt", "gyldig_fra": date(2020, 1, 1)})
    assert second_night(tmp_path / "a", keys, spells, spells[:2], "folkeregister") == [LOST]
    assert second_night(tmp_path / "b", keys, spells, spells[:11], "folkeregister") == []


def test_chance_alone_hardly_ever_stops_a_small_extract():
    """One participant in ten gone for reasons of her own, each night: the rule is silent in 999 of 1 000 extracts, whatever the size."""
    least, share = extract_rules()["faa"]["fra_deltakere_borte"], extract_rules()["regel"][LOST]["minimum"]
    for n in range(1, extract_rules()["sammenlign"]["fra_deltakere"]):
        stopped = [lost for lost in range(n + 1) if lost >= least and n - lost < share * n]
        assert sum(binom.pmf(lost, n, 0.1) for lost in stopped) < 0.001


@pytest.mark.parametrize(
    ("months", "then", "code"),
    [
        ([JAN, FEB, MAR], lambda f: f[:16], "uttrekk_faa_krymper"),
        ([JAN, FEB, MAR], lambda f: f[:17], ""),  # fewer by nineteen
        ([JAN], lambda f: f.filter(pl.col("orgnr") == "310196303"), ""),  # fewer by twelve: too few to say
        ([JAN, FEB, MAR], lambda f: pl.concat([f, f]), "uttrekk_faa_vokser"),
        ([JAN], lambda f: pl.concat([f, f]), ""),
        ([JAN, FEB, MAR], lambda f: pl.concat([f, f[:20]]), ""),
    ],
)
def test_rows_of_a_small_register(tmp_path, keys, months, then, code):
    first = jobs(months, people=PEOPLE[:12]).sort("person_id", "maaned")
    if len(months) == 1:
        first = pl.concat([first, first.with_columns(orgnr=pl.lit("310196304"))])[:19]
    second = then(first)
    assert second_night(tmp_path, keys, first, second) == ([code] if code else [])


def test_more_participants_are_no_more_rows_a_person(tmp_path, keys):
    first, second = jobs([JAN, FEB], people=PEOPLE[:5]), jobs([JAN, FEB], people=PEOPLE)
    assert second_night(tmp_path, keys, first, second) == []


def test_establishments_may_become_more_but_not_fewer_than_half(tmp_path, keys):
    rows = pl.DataFrame({"orgnr": [f"310{i:06d}" for i in range(80)], "antall_ansatte": 5})
    assert second_night(tmp_path / "a", keys, rows[:20], rows, "virksomhet") == []
    assert second_night(tmp_path / "b", keys, rows, rows[:20], "virksomhet") == ["uttrekk_faa_krymper"]


@pytest.mark.parametrize(("size", "left"), [(12, 4), (40, 26)])
def test_who_withdrew_that_day_is_not_lost_by_the_extract(tmp_path, keys, size, left):
    home = Nights(tmp_path, keys, known=pl.Series(PEOPLE[:size]))
    home.drop("a.parquet", jobs([JAN], people=PEOPLE[:size]))
    assert home.night().refused == ""
    home.known = pl.Series(PEOPLE[:left])
    home.drop("b.parquet", jobs([JAN, FEB], people=PEOPLE[:left]))
    assert home.night().extracts[-1].reasons == []
