"""Recovery of planted effects: a quick check that can fail, and the long one with the bars of the documentation."""

from __future__ import annotations

import pytest

from tests.effects.effects_recovery import (
    CONTRASTS,
    DOCUMENT,
    HEAD,
    MARKS,
    NAIVE,
    Found,
    replicate,
    rows_of,
    study,
    summarise,
    true_effects,
    with_rows,
)

E1, E1_26, E2 = "E1 innen_8u, jevn, uke 52", "E1 innen_26u, jevn, uke 52", "E2 dobbelt_tempo, uke 52"
NAIVE_52, NAIVE_104 = NAIVE
SEEDS = (301, 302)


@pytest.fixture(scope="module")
def quick() -> dict[str, list[dict[str, Found]]]:
    return {name: [replicate(name, seed, bootstraps=60) for seed in SEEDS] for name in ("main", "null")}


@pytest.fixture(scope="module")
def planted() -> dict[str, float]:
    return true_effects("main", 15_000)


@pytest.mark.parametrize("label", [E1, E1_26, E2])
def test_the_planted_effect_is_found_inside_the_interval(quick, planted, label):
    """Over two programmes the mean must lie within 2.5 standard errors of it; no single one further than 3.3."""
    found = [r[label] for r in quick["main"]]
    assert abs(planted[label]) > 0.015
    se = sum(f.se for f in found) / len(found)
    assert abs(sum(f.estimate for f in found) / len(found) - planted[label]) < 2.5 * se / len(found) ** 0.5
    assert all(abs(f.estimate - planted[label]) < 3.3 * f.se for f in found)
    assert any(f.finding == "positiv" for f in found)


@pytest.mark.parametrize("label", [E1, E2])
def test_a_null_effect_is_not_found(quick, label):
    found = [r[label] for r in quick["null"]]
    assert all(abs(f.estimate) < 3.3 * f.se for f in found)
    assert sum(f.finding in ("positiv", "negativ") for f in found) <= 1


def test_the_naive_contrast_is_visibly_wrong(quick, planted):
    """It finds an effect where there is none, and too large a one where there is."""
    assert all(r[NAIVE_104].estimate > 0.08 and r[NAIVE_104].finding == "positiv" for r in quick["null"])
    assert all(r[NAIVE_52].estimate - planted[NAIVE_52] > 0.05 for r in quick["main"])


def test_the_standard_error_is_of_the_size_of_the_effect_that_could_be_seen(quick):
    assert all(0.01 < r[E1].se < 0.05 for name in quick for r in quick[name])


def test_a_summary_by_hand():
    s = summarise([Found(0.1, 0.05, "positiv"), Found(0.3, 0.05, "uavklart")], 0.1)
    assert (s.bias, s.sd, s.se, s.coverage, s.positive) == pytest.approx((0.1, 0.02**0.5, 0.05, 0.5, 0.5))


def test_the_document_holds_the_table():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert HEAD in text
    for name in ("main", "null", "strong_confounding", "cluster_confounding", "unmeasured"):
        assert text.count(f"| {name} |") == len(CONTRASTS) + len(NAIVE)


def test_a_study_replaces_its_own_rows_only():
    some = {"x": summarise([Found(0.1, 0.05, "positiv"), Found(0.3, 0.05, "uavklart")], 0.1)}
    empty = f"a\n{MARKS[0]}{MARKS[1]}\nb\n"
    once = with_rows(with_rows(empty, "null", rows_of("null", some, 2)), "main", rows_of("main", some, 2))
    again = with_rows(once, "null", rows_of("null", some, 3))
    lines = again.split(MARKS[0])[1].split(MARKS[1])[0].splitlines()[2:]
    assert [line.split(" | ")[:2] for line in lines] == [["| main", "2"], ["| null", "3"]]
    assert "| +0.1000 ± 0.1000 | 0.1414 | 0.0500 | 0.50 | 0.50 |" in lines[0]


@pytest.mark.long
@pytest.mark.parametrize("name", ["main", "null"])
def test_bias_and_coverage_over_many_programmes(name):
    results = study(name, 60)
    for label in (E1, E2):
        s = results[label]
        assert abs(s.bias) < 0.01 + 3 * s.bias_se, label
        assert s.coverage >= 0.86, label
        assert s.se == pytest.approx(s.sd, rel=0.35), label
    assert results[NAIVE_104].coverage < 0.2
    if name == "null":
        assert results[E1].positive <= 0.15
