"""The weights of an arm stand for everybody: their mean is 1, also where one effort ends another, and a gate says where it is not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pipeline.effects.combination import Tracks, combination_protocol, combination_rows, fit_tracks
from pipeline.effects.contacts import EMPLOYER, PARTICIPANT, contact_protocol, fit_contacts
from pipeline.effects.contacts import answer as contact_answer
from pipeline.effects.gates import AMBER, GREEN, RED, mean_weight_gate
from pipeline.effects.processes import decided_weights
from tests.effects.effects_efforts import spell
from tests.effects.effects_worlds import cohort_of, left, person, placement, synthetic, tables

ASKED = combination_protocol()
LIMITS = ASKED.limits


def _courses(i: int, placed: int, barred: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Courses that begin and end by the week; a placement ends a running one and keeps new ones away for ``barred`` weeks."""
    spells, since = [], 0 if rng.random() < 0.4 else None
    for week in range(1, 30):
        kept_away = placed <= week < placed + barred
        if since is not None and (kept_away or (week > 1 and rng.random() < 0.1)):
            spells += [spell(i, since, 7 * (week - 1) - 1)] if 7 * (week - 1) > since else []
            since = None
        elif since is None and not kept_away and rng.random() < 0.1:
            since = 7 * (week - 1)
    return spells + ([spell(i, since, 203)] if since is not None else [])


def placements_that_end_courses(barred: int, n: int, seed: int):
    """``n`` participants in 20 municipalities whose placements begin any week."""
    rng, persons, spells = np.random.default_rng(seed), [], []
    for i in range(n):
        gone = left(int(rng.integers(8, 80))) if rng.random() < 0.5 else {}
        persons.append(person(i, komm_nr_ref=f"{3100 + i % 20}", **gone))
        week = int(rng.geometric(0.05))
        spells += [*([placement(i, week)] if week <= 100 else []), *_courses(i, week, barred, rng)]
    return tables(persons, spells)


@pytest.fixture(scope="module")
def ended() -> Tracks:
    t = placements_that_end_courses(1, 5000, 12)
    found = fit_tracks(cohort_of(t), t, ASKED)
    assert isinstance(found, Tracks)
    return found


def _means(f: Tracks) -> dict[str, float]:
    processes = [f.placement.process, f.course.process]
    return {p.strategy.name: float(decided_weights(f.timing.weeks, processes, p.demands)[:, -1].mean()) for p in f.plans}


def test_weights_stand_for_everybody_where_a_placement_ends_a_course(ended):
    means = _means(ended)
    assert means.pop("naturlig") == 1.0
    assert np.abs(np.array(list(means.values())) - 1).max() < 0.15, means


def test_the_course_model_sees_a_placement_that_begins_inside_the_period(ended):
    """Modelled and actual share of active periods, by whether a placement began early or late in the period."""
    process, weeks = ended.course.process, ended.timing.weeks
    first, placed = process.applies - 4, weeks.placed[process.who]
    for begins in ((0, 1), (2, 3)):
        some = np.isin(placed - first, begins)
        assert some.sum() > 500
        assert process.probability()[some].mean() == pytest.approx(process.done[some].mean(), abs=0.02)


def test_an_arm_that_cannot_be_followed_gets_no_number():
    """With sixteen weeks without courses after each placement, both within the time are out of most people's reach."""
    t = placements_that_end_courses(16, 2500, 5)
    rows = combination_rows(cohort_of(t), t, ASKED, seed=1, bootstraps=3)
    both = next(r for r in rows if (r["strategi"], r["maal"], r["horisont_uker"]) == ("praksis_og_norsk", "risiko", 52))
    gate = json.loads(both["porter"])["middelvekt"]
    assert gate["farge"] == RED
    assert gate["verdi"] < 0.85
    assert both["grad"] in ("C", "D")
    assert "vektene summerer seg ikke til antallet deltakere" in both["kan_si"]
    joint = next(r for r in rows if (r["strategi"], r["horisont_uker"]) == ("samspill", 52))
    assert json.loads(joint["porter"])["middelvekt"]["farge"] == RED


@pytest.mark.parametrize("name", [PARTICIPANT, EMPLOYER])
def test_contact_arms_of_an_ordinary_programme_are_green(name):
    t = synthetic("main", 2, 1200, 30)
    protocol = contact_protocol(name)
    arms = contact_answer(fit_contacts(cohort_of(t), t, protocol), seed=1, bootstraps=2).arms
    assert {mean_weight_gate(a.mean_weight, a.mean_weight_se, protocol.limits).colour for a in arms.values()} == {GREEN}
    assert arms["naturlig", None].mean_weight == 1.0


@pytest.mark.parametrize(
    ("mean", "se", "colour"),
    [
        (1.0, 0.0, GREEN),
        (1.049, 0.001, GREEN),  # sure, and small
        (0.94, 0.02, AMBER),
        (1.06, 0.02, AMBER),
        (1.14, 0.001, AMBER),
        (1.14, 0.09, GREEN),  # chance alone could do it
        (1.16, 0.03, RED),
        (0.84, 0.03, RED),
        (1.16, 0.06, AMBER),  # surely off, not surely by more than 5 %
        (1.40, 0.30, GREEN),
    ],
)
def test_how_far_the_mean_weight_may_be_from_1(mean, se, colour):
    assert mean_weight_gate(mean, se, LIMITS).colour == colour
