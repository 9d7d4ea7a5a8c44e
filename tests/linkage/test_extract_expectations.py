from __future__ import annotations

import pytest

from expectations.extracts import SEVERITY, judge_profile, suite
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
        ("p2 | 2023-02-01", "p2 | -", ("maaned", "uttrekk_mangler_verdi", "error")),
        ("frilans", "ukjent", ("type", "uttrekk_utenfor_kodeliste", "error")),
        ("100 | 37.5", "250 | 37.5", ("stillingsprosent", "uttrekk_utenfor_grenser", "remark")),
        ("60  | 22.5", "60 | -5", ("timer_per_uke", "uttrekk_utenfor_grenser", "remark")),
        ("| timer_per_uke", "| fritekst", ("timer_per_uke", "uttrekk_kolonne_uten_verdi", "remark")),
    ],
)
def test_each_breach_is_named_by_column_and_code(tmp_path, old, new, finding):
    assert old in GOOD
    assert judged(tmp_path, GOOD.replace(old, new)) == [("arbeidsforhold", *finding)]


def test_an_empty_extract_and_a_missing_column_are_errors(tmp_path):
    empty = judged(tmp_path, INNDATA["register_ytelse"].empty(), "ytelse")
    assert {(code, severity) for _, _, code, severity in empty} == {("uttrekk_tomt", "error")}
    profile = profile_extract(extracts(tmp_path, arbeidsforhold=GOOD)["arbeidsforhold"], "arbeidsforhold")
    partial = judge_profile(profile.filter(profile["kolonne"] != "orgnr"), "arbeidsforhold")
    assert partial.rows() == [("arbeidsforhold", "orgnr", "uttrekk_mangler_kolonne", "error")]


def test_every_code_has_a_severity_and_every_register_a_verdict():
    assert {e.meta["code"] for e in suite()} == set(SEVERITY)
    assert all(f"register_{name}" in INNDATA for name in REGISTERS)
