"""Mediation: who is compared, the sums by hand, the fast draws against refits, rows, tiny data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from pipeline.effects.bootstrap import draw_counts
from pipeline.effects.landmark import UNKNOWN, Landmark, landmark_persons
from pipeline.effects.mediation import (
    Models,
    _chunks,
    _level_weights,
    draws,
    effort_weights,
    fit_models,
    gain_per_level,
    point,
)
from pipeline.effects.mediation_rows import mediation_rows, share_interval
from pipeline.effects.person_weeks import follow
from pipeline.effects.regression import fit_logistic
from pipeline.effects.start_model import LOOSE
from pipeline.effects.study import Tables
from pipeline.synthetic.mediation_truth import mediation_truth
from pipeline.synthetic.params import preset
from pipeline.tables import STATISTIKK
from tests.effects.effects_efforts import spell
from tests.effects.effects_mediation import MEDIATION, PARTS, arm_part
from tests.effects.effects_worlds import START, assessment, cohort_of, left, person, placement, synthetic, tables

ASKED = [("arbeid", 52), ("utdanning", 52)]


def landmark(t: Tables) -> Landmark:
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, MEDIATION)
    return landmark_persons(cohort, weeks, t, np.full(weeks.n, np.nan), MEDIATION.declared)


@pytest.fixture(scope="module")
def people() -> Landmark:
    return landmark(synthetic("main", 3, 700, 20))


@pytest.fixture(scope="module")
def models(people: Landmark) -> Models:
    return fit_models(people, ASKED)


def test_who_is_at_the_landmark_and_who_got_the_effort():
    rows = [
        person(0, **left(8)), person(1, **left(9)), person(2, **left(20, "flyttet")), person(3, **left(26, day=6)), person(4),
        person(5), person(6, statusdato=START + timedelta(7 * 26 - 2)),
    ]  # fmt: skip
    spells = [
        spell(1, 0, 9),
        spell(2, 46, 55),
        spell(3, 47, 56),
        spell(4, 0, 4),
        spell(4, 20, 24),
        placement(5, 8),
        placement(1, 9),
    ]
    assessed = [
        assessment(3, 55, "b1", 3), assessment(4, 55, "b1", 3), assessment(4, 56, "a2", 3), assessment(5, 182, "b2", 3),
        assessment(5, 183, "c1", 3),
    ]  # fmt: skip
    people = landmark(tables(rows, spells, assessed))
    by_course, by_placement = people.efforts
    # Persons 0 (left in week 8) and 6 (data end before week 26) are not compared.
    assert people.n == 5
    assert by_course.exposed.tolist() == [True, True, False, True, False]
    assert by_placement.exposed.tolist() == [False, False, False, False, True]
    assert people.enrolled.tolist() == [False, False, False, True, True]
    assert people.known.tolist() == [True, False, True, True, True]
    assert np.array_equal(people.level, [np.nan, np.nan, np.nan, 2.0, 4.0], equal_nan=True)
    assert people.reached("arbeid", 26).tolist() == [True, False, True, False, False]
    assert people.told(52).tolist() == [True, False, True, True, True]


def test_the_chances_of_a_placement_by_the_landmark_are_even():
    """Of those to be placed by week 8, one who starts in week k has 1/8 in all, whatever k; one not placed has none."""
    people = landmark(tables([person(0), person(1), person(2)], [placement(0, 1), placement(1, 5)]))
    made = people.efforts[1].decisions
    assert np.bincount(made.who).tolist() == [1, 5, 8]
    chance = [float(np.prod(made.demanded[made.who == i, 1])) for i in range(3)]
    assert chance == pytest.approx([1 / 8, 1 / 8, 0.0])
    assert [float(np.prod(made.demanded[made.who == i, 0])) for i in range(3)] == [0.0, 0.0, 1.0]


def _language_by_hand(people: Landmark, models: Models, number: int, i: int, exposed: int) -> list[float]:
    """P(M = 0 … 5) of one person from the names of the model's columns."""
    model = models.language[number]
    own = model.fitted()
    values = dict(zip(people.baseline_names, people.baseline[i], strict=True)) | {
        f"innsats_{people.efforts[number].strategy}": exposed
    }
    left_over, shares = 1.0, []
    for k in range(5):
        gap = int(np.clip(k - people.start_level[i], -2, 2))
        steps = {f"trinn_{k}": 1.0} | ({"start_ukjent": 1.0} if people.start_level[i] == UNKNOWN else {f"avstand_{gap}": 1.0})
        score = sum(b * (values | steps).get(n, 0.0) for n, b in zip(model.names, own.slopes[0], strict=True))
        climbs = float(expit(score + own.intercept[0] + own.municipality[0, people.cluster[i]]))
        shares.append(left_over * (1 - climbs))
        left_over *= climbs
    return [*shares, left_over]


def _outcome_by_hand(people: Landmark, models: Models, outcome: str, i: int, level: int) -> float:
    model = models.outcome[outcome, 52]
    own = model.fitted()
    values = dict(zip(people.baseline_names, people.baseline[i], strict=True))
    values |= dict(zip(people.state_names, people.state[i], strict=True)) | {"niva": level}
    for effort in people.efforts:
        name = f"innsats_{effort.strategy}"
        values |= {name: effort.exposed[i], f"{name}_niva": level * effort.exposed[i]}
    score = sum(b * values[n] for n, b in zip(model.names, own.slopes[0], strict=True))
    return float(expit(score + own.intercept[0] + own.municipality[0, people.cluster[i]]))


@pytest.mark.parametrize("number", [0, 1])
def test_the_sums_are_those_of_one_person_after_the_other(people, models, number):
    found, effort = point(people, models)[number], people.efforts[number]
    weights = effort_weights(people, effort, models.effort[number].fitted())[:, 0]
    psi = []
    for level_of in (1, 0):
        total = mean = 0.0
        for i in np.flatnonzero(effort.exposed & people.reaches(52)):
            value = float(people.reached("arbeid", 26)[i])
            if people.enrolled[i]:
                shares = _language_by_hand(people, models, number, i, level_of)
                value = sum(p * _outcome_by_hand(people, models, "arbeid", i, m) for m, p in enumerate(shares))
            total += weights[i]
            mean += weights[i] * value
        psi.append(mean / total)
    assert found.through["arbeid", 52][0] == pytest.approx(psi[0] - psi[1], abs=1e-9)


@pytest.mark.parametrize("number", [0, 1])
def test_the_total_is_the_weighted_incidence(people, models, number):
    found, effort = point(people, models)[number], people.efforts[number]
    made, hazard = effort.decisions, models.effort[number].model.hazard()
    own = np.where(made.done, hazard, 1 - hazard)
    for exposed in (0, 1):
        arm = [i for i in range(people.n) if effort.exposed[i] == bool(exposed)]
        decided = {i: np.prod(made.demanded[made.who == i, exposed] / own[made.who == i]) for i in arm}
        left, risk = 1.0, 0.0
        for week in range(1, 53):
            there = [i for i in arm if people.last[i] >= week]
            weights = {i: decided[i] * people.staying[i, week - 1] for i in there}
            total = sum(weights.values())
            gone = [i for i in there if people.last[i] == week and people.cause[i] in (0, 1, 2)]
            risk += left * sum(weights[i] for i in gone if people.cause[i] == 0) / total
            left *= 1 - sum(weights[i] for i in gone) / total
        assert found.risks["arbeid", 52][exposed, 0] == pytest.approx(risk, abs=1e-9)


def test_weights_are_the_inverse_of_the_chance_of_what_was_done(people, models):
    effort, model = people.efforts[1], models.effort[1]
    weights = effort_weights(people, effort, model.fitted())[:, 0]
    hazard, made = model.model.hazard(), effort.decisions
    for i in range(0, people.n, 50):
        rows = np.flatnonzero(made.who == i)
        done = np.where(made.done[rows], hazard[rows], 1 - hazard[rows])
        expected = np.prod(made.demanded[rows, int(effort.exposed[i])] / done) * people.censoring[i]
        assert weights[i] == pytest.approx(expected)


def test_a_draw_of_every_municipality_once_is_the_estimate(people, models):
    once = draws(people, models, np.ones((1, people.n_clusters)))
    for found, drawn in zip(point(people, models), once, strict=True):
        for key in found.risks:
            assert drawn.risks[key][:, 0] == pytest.approx(found.risks[key][:, 0], abs=1e-4)
            assert drawn.through[key] == pytest.approx(found.through[key], abs=1e-4)


def test_one_newton_step_follows_the_refit(people, models):
    counts = draw_counts(people.n_clusters, 25, 1)
    fast, exact = draws(people, models, counts), draws(people, models, counts, exact=True)
    for found, refitted in zip(fast, exact, strict=True):
        for part in PARTS:
            a, b = (arm_part(m, part, ("arbeid", 52)) for m in (found, refitted))
            assert np.corrcoef(a, b)[0, 1] > 0.95
            assert a.std() == pytest.approx(b.std(), rel=0.25)


def test_a_model_tells_its_coefficients_in_the_columns_own_units():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(40), 100)
    x = np.column_stack([rng.normal(5, 3, 4000), rng.random(4000) < 0.3]).astype(float)
    answer = (rng.random(4000) < expit(-1 + 0.2 * x[:, 0] + 0.8 * x[:, 1] + 0.5 * rng.normal(size=40)[cluster])).astype(float)
    model = fit_logistic(("a", "b"), x, answer, cluster, 40)
    own = model.fitted()
    assert own.slopes[0] == pytest.approx([0.2, 0.8], abs=0.2)
    assert expit(own.log_odds(x, cluster))[:, 0] == pytest.approx(model.model.hazard(), abs=1e-6)


def test_a_level_more_is_worth_what_the_outcome_model_says(people, models):
    who = np.flatnonzero(people.measured & people.reaches(52))
    gain = []
    for i in who[:40]:
        low = min(int(people.level[i]), 4)
        gain.append(
            sum(
                _outcome_by_hand(people, models, o, i, low + 1) - _outcome_by_hand(people, models, o, i, low)
                for o in ("arbeid", "utdanning")
            )
        )
    few = replace(people, enrolled=np.isin(np.arange(people.n), who[:40]))
    assert gain_per_level(few, models, 52)[0] == pytest.approx(np.mean(gain), abs=1e-9)


def test_the_share_and_its_interval_by_hand():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(2, 20_000))
    total, part = 0.20 + 0.01 * noise[0], 0.05 + 0.005 * noise[1]
    found = share_interval((0.20, total), (0.05, part), 10_000)
    assert found.estimate == pytest.approx(0.25)
    assert found.se == pytest.approx(np.sqrt(0.005**2 + (0.25 * 0.01) ** 2) / 0.20, rel=0.03)
    assert found.se == pytest.approx(np.std(part / total), rel=0.05)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    t = synthetic("main", 4, 1500, 40)
    found = mediation_rows(cohort_of(t), t, seed=1, bootstraps=40)
    return pl.DataFrame([{c: r.get(c) for c in STATISTIKK["effekt"].names} for r in found], schema=STATISTIKK["effekt"].schema)


def test_every_declared_combination_has_its_row(rows):
    assert rows.height == 96
    for name, other in (("norskopplaering", "ingen_norskopplaering"), ("praksis_innen_8u", "ikke_praksis_innen_8u")):
        own = rows.filter(pl.col("strategi").str.starts_with(name))
        compared = own.filter(pl.col("maal") != "risiko")
        assert set(compared["sammenligning"]) == {other}
        assert set(compared.select("strategi", "maal").unique().iter_rows()) == {
            (name, "risikodifferanse"), (f"{name}_direkte", "risikodifferanse"), (f"{name}_via_norsk", "risikodifferanse"),
            (f"{name}_andel_via_norsk", "andel"),
        }  # fmt: skip
        assert rows.filter((pl.col("strategi") == other) & (pl.col("maal") == "risiko")).height == 6
    required = [
        c for c in STATISTIKK["effekt"].required if c not in ("sammenligning", "inndata_hash", "kode_versjon", "beregnet")
    ]
    assert rows.select(required).null_count().row(0) == (0,) * len(required)


def test_the_parts_add_up_and_a_landmark_never_earns_an_a(rows):
    assert "A" not in set(rows["grad"])
    wide = rows.filter(pl.col("maal") == "risikodifferanse").select("strategi", "utfall", "horisont_uker", "estimat")
    for name in ("norskopplaering", "praksis_innen_8u"):
        total, direct, via = (
            wide.filter(pl.col("strategi") == name + end)["estimat"].to_numpy() for end in ("", "_direkte", "_via_norsk")
        )
        assert np.isfinite(total).sum() >= 4
        assert direct + via == pytest.approx(total, abs=1e-12, nan_ok=True)


def test_a_share_stands_only_where_the_total_is_certain(rows):
    shares = rows.filter(pl.col("maal") == "andel")
    totals = rows.filter(pl.col("maal") == "risikodifferanse").with_columns(
        certain=(pl.col("ki_nedre") > 0) | (pl.col("ki_ovre") < 0), strategi=pl.col("strategi") + "_andel_via_norsk"
    )
    joined = shares.join(totals, on=["strategi", "utfall", "horisont_uker"], suffix="_hel")
    assert joined.height == 12
    assert joined.filter(pl.col("estimat").is_not_null() & ~pl.col("certain")).is_empty()
    undivided = joined.filter(pl.col("estimat_hel").is_not_null() & pl.col("estimat").is_null())
    assert undivided.height > 0
    assert set(undivided["grad"]) == {"D"}
    assert undivided.filter(~pl.col("kan_si").str.contains("ikke sikker nok til å deles opp")).is_empty()


def test_the_parts_say_that_the_level_is_coarse(rows):
    shown = rows.filter(pl.col("strategi").str.ends_with("_via_norsk"), pl.col("estimat").is_not_null())
    assert shown.height > 0
    assert shown.filter(~pl.col("kan_si").str.contains("anslått for nær null")).is_empty()
    whole = rows.filter(pl.col("strategi").is_in(["norskopplaering", "praksis_innen_8u"]), pl.col("estimat").is_not_null())
    assert whole.filter(pl.col("kan_si").str.contains("anslått for nær null")).is_empty()
    assert whole.filter(~pl.col("kan_si").str.contains("fortsatt var med etter de første ukene")).is_empty()


def _spread(i: int) -> dict[str, Any]:
    return {"komm_nr_ref": f"{3100 + i % 25}"}


TINY = {
    "nobody": ([], []),
    "twelve": (
        [person(i, **_spread(i), **(left(10 + i) if i % 2 else {})) for i in range(12)],
        [spell(i, 0, 29) for i in range(6)],
    ),
    "one municipality": ([person(i, **left(20 + i % 40)) for i in range(200)], [spell(i, 0, 29) for i in range(0, 200, 2)]),
    "no course": (
        [person(i, **_spread(i), **left(20 + i % 40)) for i in range(200)],
        [placement(i, 4) for i in range(0, 200, 2)],
    ),
    "everybody in a course": (
        [person(i, **_spread(i), **left(20 + i % 40)) for i in range(200)],
        [spell(i, 0, 29) for i in range(200)],
    ),
    "nobody left": ([person(i, **_spread(i)) for i in range(200)], [spell(i, 0, 29) for i in range(0, 200, 2)]),
    "all gone by week 8": ([person(i, **_spread(i), **left(5)) for i in range(60)], [spell(i, 0, 29) for i in range(0, 60, 2)]),
    "all moved": (
        [person(i, **_spread(i), **left(12, "flyttet")) for i in range(60)],
        [spell(i, 0, 29) for i in range(0, 60, 2)],
    ),
}


@pytest.mark.parametrize("assessed", [False, True], ids=["no levels", "levels"])
@pytest.mark.parametrize("case", TINY)
def test_tiny_and_one_sided_data_end_in_a_reason_and_never_in_a_number(case, assessed):
    persons, spells = TINY[case]
    levels = [assessment(i, 100, ("a1", "a2", "b1")[i % 3], 1 + i % 5) for i in range(len(persons))] if assessed else []
    t = tables(persons, spells, levels)
    found = mediation_rows(cohort_of(t), t, seed=1, bootstraps=10)
    assert len(found) == 96
    assert {r["grad"] for r in found} <= {"C", "D"}
    assert all(r.get("estimat") is None and r["kan_si"] for r in found)


def test_the_same_inputs_give_the_same_rows():
    t = synthetic("main", 8, 400, 10)
    shuffled = Tables(
        t.deltakelse.sample(fraction=1, shuffle=True, seed=1), t.tiltak.sample(fraction=1, shuffle=True, seed=2),
        t.kartlegging.sample(fraction=1, shuffle=True, seed=3), t.oppfolging.sample(fraction=1, shuffle=True, seed=4), t.utfall,
    )  # fmt: skip
    first, second, again = (mediation_rows(cohort_of(x), x, seed=1, bootstraps=10) for x in (t, t, shuffled))
    assert first == second
    assert again == first


def test_the_truth_divides_and_is_nothing_where_nothing_was_planted():
    found = mediation_truth(preset("main", municipalities=30, course_language=0.06), 1, "norskopplaering", 1000)
    again = mediation_truth(preset("main", municipalities=30, course_language=0.06), 1, "norskopplaering", 1000)
    assert found == again
    assert all(found["total"][k] == pytest.approx(found["direkte"][k] + found["via_norsk"][k], abs=1e-12) for k in found["total"])
    assert found["via_norsk"]["arbeid", 104] > 0
    flat = mediation_truth(preset("main", municipalities=30, outcome_language=0.0), 1, "norskopplaering", 1000)
    assert flat["via_norsk"]["arbeid", 52] == pytest.approx(0.0, abs=0.005)


def test_only_levels_from_after_the_landmark_count_and_the_lost_are_not_told():
    rows = [person(0), person(1), person(2, **left(52, "flyttet")), person(3, **left(53, "flyttet"))]
    people = landmark(tables(rows, [], [assessment(0, 55, "b1", 3), assessment(1, 56, "b1", 3)]))
    assert np.array_equal(people.level, [np.nan, 3.0, np.nan, np.nan], equal_nan=True)
    assert people.told(52).tolist() == [True, True, False, True]


def test_a_level_may_be_worth_more_or_less_with_an_effort(models):
    for model in models.outcome.values():
        assert {"innsats_norskopplaering_niva", "innsats_praksis_innen_8u_niva"} <= set(model.names)


def test_every_draw_has_its_own_weights_in_the_level_model(people, models):
    """Municipalities drawn otherwise move the chance of an early placement, and with it the weights the level model is fitted with."""
    counts = draw_counts(people.n_clusters, 8, 5)
    drawn = next(_chunks(people, models, counts, exact=False))
    held = models.language[1].drawn(counts)
    assert np.abs(drawn.language[1].slopes - held.slopes).max() > 1e-3
    effort, model = people.efforts[1], models.effort[1]
    remade = _level_weights(people, effort, effort_weights(people, effort, model.drawn(counts)))[models.asked]
    expected = models.language[1].drawn(counts, weights=remade)
    assert drawn.language[1].slopes == pytest.approx(expected.slopes)


def test_models_of_the_effort_are_loosened(people, models):
    for effort, model in zip(people.efforts, models.effort, strict=True):
        made = effort.decisions
        plain = fit_logistic(made.names, made.values, made.done.astype(float), made.cluster, people.n_clusters)
        assert model.model.tau2 == pytest.approx(LOOSE * plain.model.tau2, rel=1e-6)
