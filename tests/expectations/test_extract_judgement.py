from __future__ import annotations

import polars as pl
import pytest

from expectations.extracts import findings, judge_extract, suite
from pipeline.rules import extract_rules

GOOD = {
    "n_rader": 100, "andel_null_paakrevd": 0.0, "andel_utenfor_kodeliste": 0.001, "andel_uleselig": 0.01, "n_utfylt_avgjorende": 1,
    "endring_null": 0.2, "endring_koder": 0.25, "forhold_utfylt_maaned": 0.5, "middel_utenfor": 0, "forhold_middel": 3.0, "forhold_ulike": 0.1,
}  # fmt: skip
WHOLE = {
    "andel_ugyldig_person": 0.01, "andel_samme_nokkel": 0.001, "n_hull": 0, "n_deltakere_funnet": 1, "uten_grunnlag": 0, "forhold_rader": 0.7,
    "forhold_rader_per_person": 1.5, "forhold_deltakere": 0.7, "forhold_rader_faa": 0.5, "forhold_rader_per_person_faa": 1.8,
    "forhold_deltakere_faa": 0.5, "n_tynne": 0, "forhold_rader_maaned": 0.5,
}  # fmt: skip
BAD = {
    "uttrekk_mangler_kolonne": ("n_rader", None), "uttrekk_tomt": ("n_rader", 0), "uttrekk_mangler_verdi": ("andel_null_paakrevd", 0.002),
    "uttrekk_utenfor_kodeliste": ("andel_utenfor_kodeliste", 0.002), "uttrekk_uleselig": ("andel_uleselig", 0.02),
    "uttrekk_kolonne_uten_verdi": ("n_utfylt_avgjorende", 0), "uttrekk_ugyldig_person": ("andel_ugyldig_person", 0.02),
    "uttrekk_samme_nokkel": ("andel_samme_nokkel", 0.002), "uttrekk_hull": ("n_hull", 1),
    "uttrekk_treffer_ingen": ("n_deltakere_funnet", 0), "uttrekk_krymper": ("forhold_rader", 0.69),
    "uttrekk_vokser": ("forhold_rader_per_person", 1.6), "uttrekk_mister_deltakere": ("forhold_deltakere", 0.5),
    "uttrekk_faa_krymper": ("forhold_rader_faa", 0.49), "uttrekk_faa_vokser": ("forhold_rader_per_person_faa", 1.9),
    "uttrekk_faa_mister_deltakere": ("forhold_deltakere_faa", 0.49),
    "uttrekk_flere_tomme": ("endring_null", 0.21), "uttrekk_annen_fordeling": ("endring_koder", 0.26),
    "uttrekk_uten_grunnlag": ("uten_grunnlag", 1), "uttrekk_tynn_maaned": ("n_tynne", 1), "uttrekk_maaned_krymper": ("forhold_rader_maaned", 0.49),
    "uttrekk_maaned_uten_verdi": ("forhold_utfylt_maaned", 0.49), "uttrekk_umulig_storrelse": ("middel_utenfor", 1),
    "uttrekk_annen_storrelse": ("forhold_middel", 3.1), "uttrekk_faa_ulike": ("forhold_ulike", 0.09),
}  # fmt: skip


def measures(**changes):
    row = {"kolonne": "maaned", **GOOD, **{k: v for k, v in changes.items() if k in GOOD}}
    whole = {"kolonne": "uttrekket", **WHOLE, **{k: v for k, v in changes.items() if k in WHOLE}}
    return pl.concat([pl.DataFrame([row]), pl.DataFrame([whole])], how="diagonal_relaxed")


def test_an_extract_within_every_limit_may_be_used():
    assert judge_extract("arbeidsforhold", measures()) == []


def test_what_does_not_apply_is_not_judged():
    nothing = dict.fromkeys([*GOOD, *WHOLE]) | {"n_rader": 1}
    assert judge_extract("virksomhet", measures(**nothing).cast({c: pl.Float64 for c in [*GOOD, *WHOLE]})) == []


@pytest.mark.parametrize("code", list(extract_rules()["regel"]))
def test_each_rule_has_an_extract_that_breaks_it_alone(code):
    measure, value = BAD[code]
    found = findings("arbeidsforhold", measures(**{measure: value}))
    assert found["code"].to_list() == [code]
    assert found["kolonne"].to_list() == ["maaned" if measure in GOOD else "uttrekket"]


def test_every_rule_says_what_is_wrong_and_how_to_mend_it():
    rules = extract_rules()["regel"]
    assert [e.meta["code"] for e in suite()] == list(rules)
    assert all(rule["text"].endswith(".") and rule["cure"] and rule["measure"] in {**GOOD, **WHOLE} for rule in rules.values())
