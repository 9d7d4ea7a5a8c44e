"""Recovery of planted effects: a quick check that can fail, and the long one with the bars of the documentation."""

from __future__ import annotations

import pytest

from pipeline.proof.estimands import E1, E2, RECOVERED, Found
from pipeline.proof.programme import Forced
from pipeline.proof.steering import People
from pipeline.proof.study import STUDIES, replicate, true_replicate
from pipeline.proof.summary import mean_and_error, summarise
from pipeline.proof.wrong import WRONG
from pipeline.synthetic.params import PRESETS
from pipeline.synthetic.regimes import Regime

E1_26 = next(a for a in RECOVERED if a.strategi == "innen_26u")
LATE, EVER, ONLY_LATE, LANDMARK_8, LANDMARK_26, STARTING_FACTS = (
    next(a for a in WRONG if a.name.startswith(start) and a.name.endswith(end))
    for start, end in (
        ("naiv", "aldri, uke 52"), ("naiv", "aldri, uke 104"), ("naiv", "etter 26, uke 52"), ("landemerke uke 8", "52"),
        ("landemerke uke 26", "52"), ("bare", "52"),
    )
)  # fmt: skip
TRIED = (E1, E1_26, E2, LATE, EVER, ONLY_LATE, LANDMARK_8, LANDMARK_26)
SEEDS = (301, 302)


def params(name):
    return STUDIES[name].params


@pytest.fixture(scope="module")
def quick() -> dict[str, list[dict[str, Found]]]:
    return {name: [replicate(params(name), seed, 60, TRIED) for seed in SEEDS] for name in ("main", "null")}


@pytest.fixture(scope="module")
def planted() -> dict[str, float]:
    made = [true_replicate(params("main"), 900 + i, TRIED) for i in range(6)]
    return {a.name: sum(m[a.name].estimate for m in made) / len(made) for a in TRIED}


@pytest.mark.parametrize("analysis", [E1, E1_26, E2], ids=lambda a: a.name)
def test_the_planted_effect_is_found_inside_the_interval(quick, planted, analysis):
    """Over two programmes the mean must lie within 2.5 standard errors of it; no single one further than 3.3."""
    found, true = [r[analysis.name] for r in quick["main"]], planted[analysis.name]
    assert abs(true) > 0.015
    se = sum(f.se for f in found) / len(found)
    assert abs(sum(f.estimate for f in found) / len(found) - true) < 2.5 * se / len(found) ** 0.5
    assert all(abs(f.estimate - true) < 3.3 * f.se for f in found)
    assert any(f.low > 0 for f in found)


@pytest.mark.parametrize("analysis", [E1, E2], ids=lambda a: a.name)
def test_a_null_effect_is_not_found(quick, analysis):
    found = [r[analysis.name] for r in quick["null"]]
    assert all(abs(f.estimate) < 3.3 * f.se for f in found)
    assert sum(f.low > 0 or f.high < 0 for f in found) <= 1


def test_every_wrong_comparison_is_visibly_wrong(quick, planted):
    """Each finds an effect where there is none, or too large a one where there is."""
    assert all(r[EVER.name].estimate > 0.08 and r[EVER.name].low > 0 for r in quick["null"])
    assert all(r[ONLY_LATE.name].estimate > 0.08 for r in quick["null"])
    for analysis in (LATE, ONLY_LATE, LANDMARK_8, LANDMARK_26):
        mean = sum(r[analysis.name].estimate for r in quick["main"]) / len(SEEDS)
        assert mean - planted[analysis.name] > 0.03, analysis.name


def test_the_standard_error_is_of_the_size_of_the_effect_that_could_be_seen(quick):
    assert all(0.01 < r[E1.name].se < 0.05 for name in quick for r in quick[name])


def test_estimates_carry_the_grade_a_night_would_give_and_wrong_ones_none(quick):
    assert {r[E1.name].grad for r in quick["main"]} <= {"A", "B", "C"}
    assert {r[E2.name].grad for r in quick["main"]} <= {"A", "B"}
    assert all(r[LATE.name].grad is None for r in quick["main"])


def test_the_same_seed_finds_the_same():
    small = params("null").with_(participants=400, municipalities=10)
    once, again, other = (replicate(small, seed, 10, (E1, LANDMARK_8)) for seed in (4, 4, 5))
    assert once == again
    assert once[E1.name].estimate != other[E1.name].estimate


def test_the_truth_of_nothing_is_exactly_nothing():
    small = params("null").with_(participants=800)
    assert all(found.estimate == 0 for found in true_replicate(small, 1, (E1, E2)).values())


def test_the_truth_is_the_same_people_under_two_rules():
    forced = Forced(params("main").with_(participants=500), 3)
    uniform, none = (forced.course(rule) for rule in (_rule("uniform", 8), _rule("none_26")))
    assert ((uniform.placement_week > 0) & (uniform.placement_week <= 8)).sum() > 450  # all but those who left before
    assert not ((none.placement_week > 0) & (none.placement_week <= 26)).any()
    assert forced.course(_rule("uniform", 8)) is uniform


def _rule(kind, g=0):
    return Regime(kind, g)


def test_portions_of_people_have_municipalities_of_their_own():
    portions = list(People(12_000, 7).forced(params("main"), 26))
    assert [p.people for p in portions] == [4_000, 4_000, 4_000]
    assert len({p.seed for p in portions}) == 3


def test_starting_facts_alone_leave_more_bias_than_what_is_known_on_the_way():
    """Without an effect the analysis of starting facts finds more than the engine does, in programmes with strong confounding."""
    strong = params("strong_confounding").with_(**PRESETS["null"], participants=1500)
    found = [replicate(strong, seed, 2, (E1, STARTING_FACTS)) for seed in (1, 2)]
    assert sum(f[STARTING_FACTS.name].estimate - f[E1.name].estimate for f in found) / 2 > 0.01


@pytest.mark.long
@pytest.mark.parametrize("name", ["main", "null"])
def test_bias_and_coverage_over_many_programmes(name):
    runs = [replicate(params(name), 70_000 + i, 100, TRIED) for i in range(60)]
    truths = [true_replicate(params(name), 80_000 + i, TRIED) for i in range(40)]
    for analysis in (E1, E2):
        s = summarise([r[analysis.name] for r in runs], mean_and_error(t[analysis.name].estimate for t in truths))
        assert abs(s.bias) < 0.01 + 3 * s.bias_se, analysis.name
        assert s.coverage >= 0.86, analysis.name
        assert s.se == pytest.approx(s.sd, rel=0.35), analysis.name
    naive = summarise([r[EVER.name] for r in runs], mean_and_error(t[EVER.name].estimate for t in truths))
    assert naive.coverage < 0.2
    if name == "null":
        assert sum(r[E1.name].low > 0 for r in runs) / len(runs) <= 0.15
