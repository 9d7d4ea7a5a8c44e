"""Combination tracks: demands by hand, weights by the book, draws against refits, planted effects, too little data."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.effects.answers import NO_NUMBER, contrast, risk_of
from pipeline.effects.bootstrap import Draws
from pipeline.effects.combination import (
    COMBINATION,
    Tracks,
    answer,
    combination_protocol,
    combination_rows,
    combination_study,
    course_demand,
    fit_tracks,
    placement_demand,
    tracks,
)
from pipeline.effects.interaction import summed_draws
from pipeline.effects.study import Results
from pipeline.effects.timing import fit_timing
from pipeline.synthetic.params import preset
from pipeline.synthetic.truth_efforts import truth_combination
from tests.effects.effects_efforts import NO_EFFECT, incidence_by_the_book, replicate, spell, true_differences
from tests.effects.effects_worlds import PROTOCOL, cohort_of, left, person, placement, synthetic, tables

ASKED = combination_protocol()
BOTH, PLACED, TAUGHT, NEITHER = "praksis_og_norsk", "bare_praksis", "bare_norsk", "ingen_av_delene"
JOINT, SUM = "samspill", "sum_av_delene"


@pytest.fixture(scope="module")
def world():
    """600 participants in 14 municipalities, some of them lost."""
    t = synthetic("main", 3, 600, 14, moved_logodds=-5.5)
    return t, cohort_of(t)


@pytest.fixture(scope="module")
def fitted(world):
    t, cohort = world
    found = fit_tracks(cohort, t, ASKED)
    assert isinstance(found, Tracks)
    return found


def _demanded(history: list[bool], wanted: bool) -> list[float]:
    before = np.cumsum([0, *history[:-1]]).astype(float)
    return course_demand(np.arange(1, len(history) + 1), before, wanted, 2, 6).probability.tolist()


def test_enough_courses_are_spread_evenly_over_the_periods_left():
    nothing = [False] * 6
    assert _demanded(nothing, True)[:5] == pytest.approx([2 / 6, 2 / 5, 2 / 4, 2 / 3, 1.0])  # m = r forces
    assert _demanded([True, False, False, False, False, False], True)[1:] == pytest.approx([1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0])
    satisfied = _demanded([True, True, False, False, True, False], True)
    assert satisfied[:2] == pytest.approx([2 / 6, 1 / 5])
    assert np.isnan(satisfied[2:]).all()  # then as observed


def test_too_few_courses_are_left_alone_until_one_more_would_be_enough():
    assert np.isnan(_demanded([False] * 6, False)).all()
    found = _demanded([False, True, False, False, False, False], False)
    assert np.isnan(found[:2]).all()
    assert found[2:] == [0.0] * 4


def test_placements_are_spread_evenly_over_the_weeks_left_or_absent():
    weeks = np.array([1, 11, 12])
    assert placement_demand(weeks, True, 12).probability.tolist() == pytest.approx([1 / 12, 1 / 2, 1.0])
    assert placement_demand(weeks, False, 12).probability.tolist() == [0.0, 0.0, 0.0]


def _course_days(t, cohort) -> dict[int, set[int]]:
    day_zero = {key: (who, day) for key, who, day in cohort.members.select("deltakelse_key", "person", "dag_null").iter_rows()}
    out: dict[int, set[int]] = {}
    for key, kind, first, last in t.tiltak.select("deltakelse_key", "tiltak_type", "start_dato", "slutt_dato").iter_rows():
        if kind == "norskopplaering" and key in day_zero:
            who, day = day_zero[key]
            end = 168 if last is None else (last - day).days + 1
            out.setdefault(who, set()).update(range((first - day).days, end))
    return out


def _weights_by_the_book(f: Tracks, t, cohort, places: bool, learns: bool) -> dict[int, list[float]]:
    """Weekly weights person by person: placements and courses decided one after the other."""
    weeks, model = f.timing.weeks, f.timing.model
    start = dict(zip(zip(weeks.who.tolist(), weeks.week.tolist(), strict=True), model.hazard(), strict=True))
    process, h = f.course.process, f.course.process.model.hazard()
    learn = {(int(i), int(w - 1) // 4): p for i, w, p in zip(process.who, process.applies, h, strict=True)}
    days = _course_days(t, cohort)
    out = {}
    for i in range(weeks.n):
        weekly, weight, active = [], 1.0, 0
        for week in range(1, weeks.last[i] + 1):
            k, first = divmod(week - 1, 4)
            if first == 0 and 1 <= k <= 6:  # period k is over: its decision counts from now
                p, a = learn[i, k], len(days.get(i, set()) & set(range(28 * (k - 1), 28 * k))) >= 10
                if learns and active < 2:
                    q = (2 - active) / (6 - k + 1)
                    weight *= q / p if a else max(1 - q, 0.0) / (1 - p)
                elif not learns and active >= 1:
                    weight *= 0.0 if a else 1 / (1 - p)
                active += a
            if week <= 12 and not 0 < weeks.placed[i] < week:
                p, a = start[i, week], weeks.placed[i] == week
                q = 1 / (13 - week) if places else 0.0
                weight *= q / p if a else (1 - q) / (1 - p)
            weekly.append(weight)
        out[i] = weekly
    return out


def test_tracks_equal_weights_person_by_person(world, fitted):
    t, cohort = world
    f = replace(fitted, setting=replace(fitted.setting, censoring=np.ones_like(fitted.setting.censoring)))
    results = answer(f, seed=1, bootstraps=2)
    for strategy, (places, learns) in tracks(ASKED).items():
        book = _weights_by_the_book(f, t, cohort, places, learns)
        arm = results.arms[strategy.key]
        assert np.allclose(arm.incidence, incidence_by_the_book(book, results.weeks), atol=1e-9), strategy.name
        assert np.array_equal(arm.follows, [its[-1] > 0 for its in book.values()])


def test_a_draw_of_everybody_once_is_the_point_estimate(fitted, monkeypatch):
    monkeypatch.setattr("pipeline.effects.plans.draw_counts", lambda n, draws, seed: np.ones((draws, n)))
    results = answer(fitted, seed=1, bootstraps=1)
    assert len(results.arms) == 7
    for key, arm in results.arms.items():
        assert np.allclose(results.draws[key].incidence[0], arm.incidence, atol=1e-8), key
        assert results.draws[key].control[0] == pytest.approx(arm.control, abs=1e-8)


def test_one_newton_step_follows_the_exact_refit(fitted):
    """Products of two models' weights in fourteen municipalities: a hard case for one step."""
    fast, exact = (answer(fitted, seed=9, bootstraps=25, exact=e) for e in (False, True))
    for name in (BOTH, TAUGHT):
        a, b = (risk_of(r.draws[name, None].incidence, "arbeid_eller_utdanning", 52) for r in (fast, exact))
        assert np.corrcoef(a, b)[0, 1] > 0.95
        assert a.std() == pytest.approx(b.std(), rel=0.2)


def test_the_interaction_is_what_both_give_beyond_the_sum(fitted):
    results = answer(fitted, seed=2, bootstraps=10)
    by_name = {c.strategy.name: c for c in combination_study(ASKED).contrasts}
    assert by_name[JOINT].measures == ("risikodifferanse",)

    def differs(name: str) -> tuple[float, np.ndarray]:
        c = by_name[name]
        interval, _ = contrast(results, c.strategy, c.comparison, "arbeid", 52)
        drawn = [risk_of(results.draws[s.key].incidence, "arbeid", 52) for s in (c.strategy, c.comparison)]
        return interval.estimate, drawn[0] - drawn[1]

    (joint, drawn), *alone = (differs(n) for n in (JOINT, BOTH, PLACED, TAUGHT))
    assert joint == pytest.approx(alone[0][0] - alone[1][0] - alone[2][0])
    assert np.allclose(drawn, alone[0][1] - alone[1][1] - alone[2][1])


def test_the_sum_is_as_weak_as_its_weakest_arm(fitted):
    arms = answer(fitted, seed=2, bootstraps=2).arms
    parts = [arms[n, None] for n in (PLACED, TAUGHT, NEITHER)]
    added, joint = arms[SUM, None], arms[JOINT, None]
    assert added.ess == min(a.ess for a in parts)
    assert added.imbalance == max(a.imbalance for a in parts)
    assert np.array_equal(added.ess_at_risk, np.min([a.ess_at_risk for a in parts], axis=0))
    fewest = min(int(a.follows.sum()) for a in [*parts, arms[BOTH, None]])
    assert int(joint.follows.sum()) == fewest
    assert joint.ess == arms[BOTH, None].ess


def test_draws_of_the_sum_by_hand():
    one, other, none = (Draws(np.full((2, 1, 3), x), np.array([x, x])) for x in (0.3, 0.2, 0.1))
    found = summed_draws(one, other, none)
    assert found.incidence == pytest.approx(np.full((2, 1, 3), 0.4))
    assert found.control == pytest.approx([0.4, 0.4])


def _others(n: int = 60) -> tuple[list, list]:
    """Persons in two municipalities; a third is placed in week 3, half begin a course in week 5."""
    persons = [person(100 + i, komm_nr_ref="3101" if i % 4 < 2 else "3103") for i in range(n)]
    spells = [placement(100 + i, 3) for i in range(0, n, 3)]
    return persons, spells + [spell(100 + i, 28, 139) for i in range(0, n, 2)]


def _followers(cases: dict[int, tuple[dict, list]]) -> dict[int, set[str]]:
    """The tracks that each hand-made person ends with weight in."""
    persons, spells = _others()
    t = tables(persons + [person(i, **c) for i, (c, _) in cases.items()], spells + [s for _, its in cases.values() for s in its])
    cohort = cohort_of(t)
    found = fit_tracks(cohort, t, ASKED)
    arms = answer(found, seed=1, bootstraps=2).arms
    at = {key: n for n, key in enumerate(cohort.persons["deltakelse_key"].to_list())}
    return {i: {n for n in (BOTH, PLACED, TAUGHT, NEITHER) if arms[n, None].follows[at[f"d{i:04d}"]]} for i in cases}


def test_which_tracks_a_course_of_events_belongs_to():
    everything = {BOTH, PLACED, TAUGHT, NEITHER}
    cases = {
        1: (left(3), []),  # left before any deadline: complies with all
        2: (left(3), [placement(2, 2)]),  # and once placed, with those that place
        3: (left(8, day=6), [spell(3, 0, 55)]),  # two active periods, the second not over at the exit: one decision only
        4: (left(9), [spell(4, 0, 55)]),  # both over
        5: ({}, [placement(5, 12), spell(5, 0, 9), spell(5, 28, 37)]),  # ten days are enough
        6: ({}, [placement(6, 12), spell(6, 0, 9), spell(6, 28, 36)]),  # nine are not
        7: ({}, [placement(7, 13), spell(7, 120, 167)]),  # placed too late; active in the last two periods
        8: ({}, [spell(8, 168, 400)]),  # free after the last period
        9: (left(21, day=0), []),  # five periods without a course, so two can no longer be reached
        10: (left(20, day=6), []),  # the fifth period not over: still possible
    }
    found = _followers(cases)
    assert found[1] == everything
    assert found[2] == {BOTH, PLACED}
    assert found[3] == everything
    assert found[4] == {BOTH, TAUGHT}
    assert found[5] == {BOTH}
    assert found[6] == {PLACED}
    assert found[7] == {TAUGHT}
    assert found[8] == {NEITHER}
    assert found[9] == {NEITHER}
    assert found[10] == {TAUGHT, NEITHER}


def test_a_course_on_the_first_day_of_a_period_is_not_known_before_it():
    persons, spells = _others()
    found = []
    for first in (28, 29):
        t = tables([*persons, person(1, **left(9, day=0))], [*spells, spell(1, first, 60)])
        cohort = cohort_of(t)
        f = fit_tracks(cohort, t, ASKED)
        at = cohort.persons["deltakelse_key"].to_list().index("d0001")
        row = (f.course.process.who == at) & (f.course.process.applies == 9)
        found.append(f.course.process.model.x[row])
    assert np.array_equal(*found)


def test_placement_and_course_at_the_same_time_are_counted(world):
    t, cohort = world
    rows = combination_rows(cohort, t, ASKED, seed=1, bootstraps=5)
    shown = {r["strategi"]: json.loads(r["porter"]).get("samtidig_personer") for r in rows}
    n = next(r["n_personer"] for r in rows if r["strategi"] == BOTH)
    assert 0 < shown.pop(BOTH) <= n
    assert set(shown.values()) == {None}

    persons, spells = _others()
    more = [spell(1, 14, 40, "arbeidspraksis"), spell(1, 40, 80), spell(2, 14, 40, "arbeidspraksis"), spell(2, 41, 80)]
    gone = [spell(3, 14, 60, "arbeidspraksis"), spell(3, 50, 80)]
    by_hand = tables([*persons, person(1), person(2), person(3, **left(6))], [*spells, *more, *gone])
    together = fit_tracks(cohort_of(by_hand), by_hand, ASKED).together
    keys = cohort_of(by_hand).persons["deltakelse_key"].to_list()
    assert [bool(together[keys.index(f"d000{i}")]) for i in (1, 2, 3)] == [True, False, False]


def test_every_declared_combination_has_a_row_with_its_words(world):
    t, cohort = world
    rows = combination_rows(cohort, t, ASKED, seed=1, bootstraps=5)
    keys = {(r["strategi"], r["sammenligning"], r["utfall"], r["horisont_uker"], r["maal"]) for r in rows}
    assert len(keys) == len(rows) == 9 * (3 * 3 + 1 + 1)
    assert all(r["analyse"] == COMBINATION and r["kan_si"] and r["protokoll_hash"] == ASKED.hash for r in rows)
    assert {(r["strategi"], r["sammenligning"]) for r in rows if r["strategi"] == JOINT} == {(JOINT, SUM)}
    starters = {r["strategi"]: "startere" in json.loads(r["porter"]) for r in rows if r["maal"] == "risiko"}
    assert starters == {BOTH: True, PLACED: True, TAUGHT: False, NEITHER: False}
    assert all("positivitet" in json.loads(r["porter"]) for r in rows)


def test_the_placement_analyses_can_be_handed_in(world, fitted):
    t, cohort = world
    timing = fit_timing(cohort, t, PROTOCOL, seed=5, bootstraps=3)
    again = fit_tracks(cohort, t, ASKED, timing)
    assert again.timing is timing
    a, b = (answer(f, seed=1, bootstraps=3).arms for f in (fitted, again))
    assert all(np.array_equal(a[key].incidence, b[key].incidence) for key in a)


TWO_PLACES = [person(i, komm_nr_ref="3101" if i % 2 else "3103", **(left(9 + 4 * i) if i > 8 else {})) for i in range(12)]
STAYERS = [person(i, komm_nr_ref="3101" if i % 2 else "3103") for i in range(12)]
SOME_PLACED, SOME_TAUGHT = [placement(i, 2 + i) for i in range(0, 12, 3)], [spell(i, 10, 90) for i in range(0, 12, 2)]


@pytest.mark.parametrize(
    ("persons", "spells", "reason"),
    [
        ([], [], "ingen_deltakere"),
        ([person(i) for i in range(12)], SOME_PLACED + SOME_TAUGHT, "en_kommune"),
        (TWO_PLACES, SOME_TAUGHT, "ingen_fulgte"),
        (TWO_PLACES, SOME_PLACED, "ingen_fulgte"),
        (TWO_PLACES, [placement(i, 1) for i in range(12)], "alle_fulgte"),
        (TWO_PLACES, SOME_PLACED + [spell(i, 0, None) for i in range(12)], "alle_fulgte"),
    ],
)
def test_nothing_to_compare_has_a_reason(persons, spells, reason):
    t = tables(persons, spells)
    rows = combination_rows(cohort_of(t), t, ASKED, seed=1, bootstraps=5)
    assert len(rows) == 99
    assert {(r["grad"], json.loads(r["porter"])["begrunnelse"]) for r in rows} == {("D", reason)}


@pytest.mark.parametrize("persons", [TWO_PLACES, STAYERS], ids=["twelve persons", "nobody left"])
def test_too_few_give_no_number(persons):
    t = tables(persons, SOME_PLACED + SOME_TAUGHT)
    rows = combination_rows(cohort_of(t), t, ASKED, seed=1, bootstraps=5)
    assert {r["grad"] for r in rows} <= set(NO_NUMBER)
    assert all(r.get("estimat") is None for r in rows)


def test_without_effects_all_tracks_have_the_same_risk():
    both, *rest = truth_combination(preset("null", participants=500, municipalities=20, **NO_EFFECT), 1, 500).values()
    assert all(other == both for other in rest)


@pytest.mark.parametrize(("name", "changes"), [("main", {}), ("null", NO_EFFECT)])
def test_the_planted_effect_is_found_inside_the_interval(name, changes):
    """Over two programmes the mean must lie within 2.5 standard errors of it; no single one further than 3.5."""
    planted = true_differences(name, changes, (COMBINATION,), 1_500) if name == "main" else {}
    n = 2200 if name == "main" else 1200
    runs = [replicate(name, seed, changes, (COMBINATION,), n=n, bootstraps=40) for seed in (403, 404)]
    for key in runs[0]:
        found, se = np.array([r[key] for r in runs]).T
        truth = planted.get(key, 0.0)
        assert abs(found.mean() - truth) < 2.5 * se.mean() / 2**0.5, key
        assert (np.abs(found - truth) < 3.5 * se).all(), key


@pytest.mark.long
@pytest.mark.parametrize(("name", "changes"), [("main", {}), ("null", NO_EFFECT)])
def test_bias_and_coverage_over_many_programmes(name, changes):
    planted = true_differences(name, changes, (COMBINATION,))
    runs = [replicate(name, 7000 + i, changes, (COMBINATION,)) for i in range(30)]
    for key in runs[0]:
        found, se = np.array([r[key] for r in runs]).T
        assert abs(found.mean() - planted[key]) < 0.02 + 3 * found.std(ddof=1) / len(found) ** 0.5, key
        assert np.mean(np.abs(found - planted[key]) <= 1.96 * se) >= 0.75, key


def test_too_few_courses_to_fit_is_a_result_not_a_crash():
    """A cohort whose placements cannot be modelled hands on that reason."""
    t = tables(TWO_PLACES, [])
    found = fit_tracks(cohort_of(t), t, ASKED)
    assert isinstance(found, Results)
    assert found.reason == "ingen_fulgte"
