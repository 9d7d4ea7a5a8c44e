from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from expectations.extracts import judge_profile
from pipeline.linkage import profile_extract
from pipeline.tables import INNDATA, REGISTERS
from tests.linkage.linkage_cases import extracts

GOOD = """person_key | maaned | orgnr | stillingsprosent | timer_per_uke | lonn_nok | type
    p1 | 2023-01-01 | 1 | 60  | 22.5 | 100 | ordinaert
    p2 | 2023-02-01 | 1 | 100 | 37.5 | 100 | frilans"""


def judged(tmp_path, text, register="arbeidsforhold"):
    profile = profile_extract(extracts(tmp_path, **{register: text})[register], register)
    return judge_profile(profile, register).rows()


def test_an_extract_as_described_has_no_finding(tmp_path):
    assert judged(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("p2 | 2023-02-01", "p2 | -", ("maaned", "uttrekk_mangler_verdi")),
        ("frilans", "ukjent", ("type", "uttrekk_utenfor_kodeliste")),
        ("| stillingsprosent", "| fritekst", ("stillingsprosent", "uttrekk_kolonne_uten_verdi")),
    ],
)
def test_each_breach_is_named_by_column_and_code(tmp_path, old, new, finding):
    assert old in GOOD
    assert judged(tmp_path, GOOD.replace(old, new)) == [("arbeidsforhold", *finding)]


def test_an_optional_column_may_be_left_out(tmp_path):
    assert judged(tmp_path, GOOD.replace("| timer_per_uke", "| fritekst")) == []


def test_an_empty_extract_and_a_missing_column_are_breaches(tmp_path):
    empty = judged(tmp_path, INNDATA["register_ytelse"].empty(), "ytelse")
    assert {code for _, _, code in empty} == {"uttrekk_tomt"}
    profile = profile_extract(extracts(tmp_path, arbeidsforhold=GOOD)["arbeidsforhold"], "arbeidsforhold")
    partial = judge_profile(profile.filter(profile["kolonne"] != "orgnr"), "arbeidsforhold")
    assert partial.rows() == [("arbeidsforhold", "orgnr", "uttrekk_mangler_kolonne")]


@pytest.mark.parametrize("register", sorted(REGISTERS))
def test_every_register_can_be_judged(tmp_path, register):
    table = INNDATA[f"register_{register}"]
    row = {c.name: c.codes[0] if c.codes else None if not c.required else "x" if c.kind == "text" else 1 for c in table.columns}
    frame = pl.DataFrame([row]).with_columns(pl.lit(date(2023, 1, 1)).alias(c.name) for c in table.columns if c.kind == "date")
    findings = judge_profile(profile_extract(extracts(tmp_path, **{register: frame})[register], register), register)
    undecided = {"arbeidsforhold", "selvstendig"}
    assert set(findings["code"]) == ({"uttrekk_kolonne_uten_verdi"} if register in undecided else set())
