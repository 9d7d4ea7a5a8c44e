"""Follow-up intensity: weights by the book, draws against refits, conventions by hand, planted effects, too little data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipeline.effects.answers import NO_NUMBER, risk_of
from pipeline.effects.contacts import (
    EMPLOYER,
    PARTICIPANT,
    Contacts,
    answer,
    contact_protocol,
    contact_rows,
    contact_study,
    fit_contacts,
    plans,
    run_contacts,
)
from pipeline.effects.periods import periods_of, process_of
from pipeline.effects.person_weeks import follow
from pipeline.effects.placed import placed_cohort, runs_through
from pipeline.effects.processes import bootstrap_arms, decided_weights
from pipeline.effects.study import Results
from pipeline.synthetic.params import preset
from pipeline.synthetic.truth_efforts import truth_contacts, truth_employer_contacts
from tests.effects.effects_efforts import (
    NO_EFFECT,
    STRONG,
    contact,
    contacted,
    incidence_by_the_book,
    replicate,
    spell,
    true_differences,
)
from tests.effects.effects_worlds import START, cohort_of, left, person, placement, synthetic, tables

EVERY, DOUBLE, USUAL = "kontakt_hver_fireukersperiode", "dobbel_odds", "naturlig"
PROTOCOLS = {name: contact_protocol(name) for name in (PARTICIPANT, EMPLOYER)}


@pytest.fixture(scope="module")
def world():
    """500 participants in 14 municipalities, some of them lost."""
    t = synthetic("main", 3, 500, 14, moved_logodds=-5.5)
    return t, cohort_of(t)


@pytest.fixture(scope="module")
def fitted(world):
    t, cohort = world
    found = {name: fit_contacts(cohort, t, protocol) for name, protocol in PROTOCOLS.items()}
    assert all(isinstance(f, Contacts) for f in found.values())
    return found


def _contact_days(oppfolging: pl.DataFrame, members: pl.DataFrame, part: str) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    day_zero = {key: (who, day) for key, who, day in members.select("deltakelse_key", "person", "dag_null").iter_rows()}
    for key, date, with_whom in oppfolging.select("deltakelse_key", "dato", "part").iter_rows():
        if key in day_zero and with_whom == part:
            who, day = day_zero[key]
            out.setdefault(who, []).append((date - day).days)
    return out


def _weights_by_the_book(f: Contacts, t, part: str, strategy: str, lag: int) -> dict[int, list[float]]:
    """Weekly weights person by person, from dates and the modelled probabilities."""
    weeks = f.periods.weeks
    rows = np.flatnonzero(f.periods.complete)
    h = dict(zip(((int(f.periods.who[r]), int(f.periods.period[r])) for r in rows), f.model.hazard(), strict=True))
    days = _contact_days(t.oppfolging, f.cohort.members, part)
    ends = f.cohort.persons["siste"].to_list() if part == "arbeidsgiver" else [None] * weeks.n
    out = {}
    for i, row in enumerate(f.cohort.persons.select("start_dato", "slutt_dato", "statusdato").iter_rows()):
        begin, end, status = row
        ratios = {}
        for k in range(1, f.periods.count + 1):
            last = begin + timedelta(28 * k - 1)
            enrolled = (end is None or end > last) and last <= status
            if not enrolled or (ends[i] is not None and ends[i] < last):
                continue
            p, a = h[i, k], any(28 * (k - 1) <= d < 28 * k for d in days.get(i, []))
            ratios[k] = {EVERY: a / p, DOUBLE: (2.0 if a else 1.0) / (2 * p + 1 - p), USUAL: 1.0}[strategy]
        assert len(ratios) == int((f.periods.complete & (f.periods.who == i)).sum())
        weekly, weight = [], 1.0
        for t_week in range(1, weeks.last[i] + 1):
            k, first = divmod(t_week - 1, 4)
            if first == 0 and k - lag + 1 in ratios:
                weight *= ratios[k - lag + 1]
            weekly.append(weight)
        out[i] = weekly
    return out


@pytest.mark.parametrize("analysis", [PARTICIPANT, EMPLOYER])
@pytest.mark.parametrize(("sensitivity", "lag"), [("hoved", 1), ("etterslep_2", 2)])
def test_arms_equal_weights_person_by_person(world, fitted, analysis, sensitivity, lag):
    t, _ = world
    f = replace(fitted[analysis], censoring=np.ones_like(fitted[analysis].censoring))
    results = answer(f, seed=1, bootstraps=2, sensitivity=sensitivity)
    for strategy in (EVERY, DOUBLE, USUAL):
        book = _weights_by_the_book(f, t, f.protocol.declared["perioder"]["part"], strategy, lag)
        arm = results.arms[strategy, None]
        assert np.allclose(arm.incidence, incidence_by_the_book(book, results.weeks), atol=1e-10), strategy
        assert np.array_equal(arm.follows, [its[-1] > 0 for its in book.values()])


@pytest.mark.parametrize("analysis", [PARTICIPANT, EMPLOYER])
def test_a_draw_of_everybody_once_is_the_point_estimate(fitted, analysis):
    f = fitted[analysis]
    process = process_of(f.periods, f.done, f.model)
    known = np.where(np.arange(len(f.control)) % 3 == 0, np.nan, f.control)
    arms = {p.strategy.name: p.demands for p in plans(f.protocol, len(process.who))}
    everybody = np.ones((1, f.periods.weeks.n_clusters))
    drawn = bootstrap_arms(f.periods.weeks, [process], arms, f.censoring, known, everybody)
    results = answer(replace(f, control=known), seed=1, bootstraps=2)
    for name, draws in drawn.items():
        arm = results.arms[name, None]
        assert np.allclose(draws.incidence[0], arm.incidence, atol=1e-8), name
        assert draws.control[0] == pytest.approx(arm.control, abs=1e-8)


@pytest.mark.parametrize("analysis", [PARTICIPANT, EMPLOYER])
def test_one_newton_step_follows_the_exact_refit(fitted, analysis):
    """Fourteen municipalities are a hard case for one step: a draw may leave a third of them out."""
    f = fitted[analysis]
    fast, exact = (answer(f, seed=9, bootstraps=25, exact=e) for e in (False, True))
    for name in (EVERY, DOUBLE):
        a, b = (
            risk_of(r.draws[name, None].incidence, "arbeid_eller_utdanning", 52)
            - risk_of(r.draws[USUAL, None].incidence, "arbeid_eller_utdanning", 52)
            for r in (fast, exact)
        )
        assert np.corrcoef(a, b)[0, 1] > 0.97
        assert a.std() == pytest.approx(b.std(), rel=0.12)


def _by_hand(persons, contacts, spells=(), analysis=PARTICIPANT) -> Contacts | Results:
    t = contacted(tables(persons, list(spells)), contacts)
    return fit_contacts(cohort_of(t), t, PROTOCOLS[analysis])


def _others(n: int = 40) -> tuple[list, list]:
    """Persons in two municipalities, every second one contacted in every period, so that a model can be fitted."""
    persons = [person(100 + i, komm_nr_ref="3101" if i % 4 < 2 else "3103") for i in range(n)]
    return persons, [contact(100 + i, 28 * k + 9) for i in range(0, n, 2) for k in range(13)]


def _final(results: Results, strategy: str) -> np.ndarray:
    return results.arms[strategy, None].follows


def test_who_leaves_inside_a_period_has_complied_and_a_contact_on_the_last_day_counts():
    persons, contacts = _others()
    cases = {
        1: (left(4, day=6), [], True),  # leaves on the first period's last day, never contacted
        2: (left(5, day=0), [], False),  # through the first period without a contact
        3: (left(5, day=0), [27], True),  # contacted on its last day
        4: (left(5, day=0), [28], False),  # contacted a day too late
        5: (left(10, day=0), [3, 40], True),
        6: (left(10, day=0), [3, 56], False),
    }
    rows = [person(i, **columns) for i, (columns, _, _) in cases.items()]
    extra = [contact(i, day) for i, (_, days, _) in cases.items() for day in days]
    f = _by_hand(persons + rows, contacts + extra)
    results = answer(f, seed=1, bootstraps=2)
    at = {key: i for i, key in enumerate(f.cohort.persons["deltakelse_key"].to_list())}
    for i, (_, _, follows) in cases.items():
        assert _final(results, EVERY)[at[f"d{i:04d}"]] == follows, i
    assert _final(results, DOUBLE).all()
    assert _final(results, USUAL).all()


def test_with_a_lag_of_two_the_period_before_the_exit_does_not_count():
    persons, contacts = _others()
    rows = [person(1, **left(10)), person(2, **left(10))]
    f = _by_hand(persons + rows, [*contacts, contact(1, 5), contact(2, 30)])
    at = {key: i for i, key in enumerate(f.cohort.persons["deltakelse_key"].to_list())}
    main, lagged = (answer(f, seed=1, bootstraps=2, sensitivity=s) for s in ("hoved", "etterslep_2"))
    # Contacted in the first period only: without a lag the second one's silence counts in week 10, with it not yet.
    assert not _final(main, EVERY)[at["d0001"]]
    assert _final(lagged, EVERY)[at["d0001"]]
    # Contacted in the second only: the first one's silence counts either way.
    assert not _final(lagged, EVERY)[at["d0002"]]


def test_contacts_with_others_and_before_the_start_are_not_contacts():
    persons, contacts = _others()
    extra = [contact(1, 5, "arbeidsgiver"), contact(1, 6, "skole"), contact(1, -3)]
    f = _by_hand([*persons, person(1)], contacts + extra)
    at = f.cohort.persons["deltakelse_key"].to_list().index("d0001")
    assert not f.done[at].any()


def test_a_contact_on_the_first_day_of_a_period_is_not_known_before_it():
    """It belongs to the decision: moved to the period's second day it must change no covariate of that period."""
    persons, contacts = _others()
    first, second = (_by_hand([*persons, person(1)], [*contacts, contact(1, 28 + d)]) for d in (0, 1))
    at = first.cohort.persons["deltakelse_key"].to_list().index("d0001")
    rows = (first.periods.who == at) & (first.periods.period == 2)
    assert first.covariates.names == second.covariates.names
    assert np.array_equal(first.covariates.values[rows], second.covariates.values[rows])
    later = (first.periods.who == at) & (first.periods.period == 3)
    assert first.covariates.columns(["kontakt_forrige"])[later].tolist() == [[1.0]]


def _placed(persons, spells, contacts=()):
    t = contacted(tables(persons, spells), list(contacts))
    cohort = placed_cohort(cohort_of(t), t.tiltak, t.oppfolging, PROTOCOLS[EMPLOYER])
    return cohort, follow(cohort, t.tiltak, PROTOCOLS[EMPLOYER])


def test_the_placed_are_followed_from_the_first_day_of_the_first_placement():
    far = START + timedelta(400)
    persons = [person(1), person(2), person(3, **left(30)), person(4, statusdato=far), person(5, statusdato=far)]
    spells = [
        placement(1, 5), placement(1, 20), placement(3, 31), spell(4, 393, None, "lonnstilskudd"), spell(5, 394, None, "lonnstilskudd"),
    ]  # fmt: skip
    cohort, weeks = _placed(persons, spells)
    assert cohort.persons["deltakelse_key"].to_list() == ["d0001", "d0004"]  # the third was placed after leaving
    assert cohort.persons["start_dato"].to_list() == [START + timedelta(28), START + timedelta(393)]
    assert cohort.counts == {"deltakere": 5, "uten_praksis": 3, "for_kort_tid": 1, "med": 1} | {"med": 2, "uten_praksis": 2}
    assert weeks.last[1] == 1


def test_employers_are_asked_only_while_the_placement_runs():
    spells = [
        spell(1, 28, 28 + 55, "arbeidspraksis"),
        spell(2, 28, 28 + 54, "arbeidspraksis"),
        spell(3, 0, None, "arbeidspraksis"),
    ]
    cohort, weeks = _placed([person(i) for i in (1, 2, 3)], spells)
    periods = periods_of(weeks, 3, 4)
    asked = periods.decided_by(runs_through(cohort, periods))
    decided = [asked.period[asked.complete & (asked.who == i)].tolist() for i in range(3)]
    assert decided == [[1, 2], [1], [1, 2, 3]]  # the last day of the second period is the first one's last


def test_of_two_placements_begun_on_one_day_that_of_most_hours_counts_however_long_the_other_comes_to_run():
    spells = [
        spell(1, 7, 20, "arbeidspraksis") | {"timer_per_uke": 30.0}, spell(1, 7, 90, "lonnstilskudd") | {"timer_per_uke": 15.0},
        spell(1, 7, 99, "arbeidspraksis") | {"tiltak_id": "a"},
    ]  # fmt: skip
    cohort, _ = _placed([person(1)], spells)
    assert cohort.persons["forut_lonnstilskudd"].to_list() == [0.0]
    assert cohort.persons["siste"].to_list() == [START + timedelta(20)]


def test_facts_of_the_placement_and_earlier_contacts_are_known_at_its_start():
    facts = {"timer_per_uke": 20.0, "arbeidsgiver_sektor": "kommunal", "fadder": "ja"}
    contacts = [contact(1, 3), contact(1, 30), contact(1, 35, "arbeidsgiver"), contact(1, 36)]
    cohort, _ = _placed(
        [person(1), person(2)], [spell(1, 35, 90, "arbeidspraksis") | facts, spell(2, 7, 90, "arbeidspraksis")], contacts
    )
    row, bare = cohort.persons.to_dicts()
    assert (row["forut_timer"], row["forut_sektor_kommunal"], row["forut_fadder"], row["forut_uker"]) == (20.0, 1.0, 1.0, 5.0)
    assert row["forut_kontakter_deltaker"] == pytest.approx(np.log(3))  # days 3 and 30; not day 36
    assert row["forut_kontakter_nylig"] == pytest.approx(np.log(2))
    assert row["forut_kontakter_arbeidsgiver"] == 0.0  # the contact of the first day belongs to the decision
    assert (bare["forut_sektor_mangler"], bare["forut_fadder_mangler"], bare["forut_timer_mangler"]) == (1.0, 1.0, 1.0)
    assert bare["forut_timer"] == 20.0


def test_weights_after_the_last_period_stand_still(fitted):
    f = fitted[EMPLOYER]
    process = process_of(f.periods, f.done, f.model)
    weights = decided_weights(f.periods.weeks, [process], plans(f.protocol, len(process.who))[0].demands)
    assert (weights[:, :4] == 1).all()
    assert (weights[:, 12:] == weights[:, [12]]).all()


def _reasons(persons, contacts, spells=(), analysis=PARTICIPANT) -> tuple[set[str], set[str]]:
    t = contacted(tables(persons, list(spells)), contacts)
    rows = contact_rows(cohort_of(t), t, PROTOCOLS[analysis], seed=1, bootstraps=20)
    assert all(r.get("estimat") is None for r in rows)
    assert len(rows) == 3 * 3 * (3 + 3 + 1) + 3 * 3 * (2 + 2 + 1)
    return {json.loads(r["porter"]).get("begrunnelse", "") for r in rows}, {r["grad"] for r in rows}


TWO_PLACES = [person(i, komm_nr_ref="3101" if i % 2 else "3103", **(left(9 + 4 * i) if i > 8 else {})) for i in range(12)]
PLACEMENTS = [placement(i, 2) for i in range(12)]


@pytest.mark.parametrize(
    ("persons", "contacts", "reason"),
    [
        (TWO_PLACES, [], "ingen_fulgte"),
        (TWO_PLACES, [contact(i, 28 * k) for i in range(12) for k in range(13)], "alle_fulgte"),
        ([person(i) for i in range(12)], [contact(1, 5)], "en_kommune"),
        ([], [], "ingen_deltakere"),
    ],
)
def test_nothing_to_compare_has_a_reason(persons, contacts, reason):
    assert _reasons(persons, contacts) == ({reason}, {"D"})


def test_nobody_placed_and_no_employer_contact_have_reasons():
    assert _reasons(TWO_PLACES, [], analysis=EMPLOYER) == ({"ingen_deltakere"}, {"D"})
    assert _reasons(TWO_PLACES, [], PLACEMENTS, EMPLOYER) == ({"ingen_fulgte"}, {"D"})


def test_twelve_persons_and_nobody_leaving_give_no_number():
    some = [contact(i, 28 * k + 5) for i in range(0, 12, 3) for k in range(13)]
    for persons in (TWO_PLACES, [person(i, komm_nr_ref="3101" if i % 2 else "3103") for i in range(12)]):
        _, grades = _reasons(persons, some)
        assert grades <= set(NO_NUMBER)
        _, grades = _reasons(persons, [c | {"part": "arbeidsgiver"} for c in some], PLACEMENTS, EMPLOYER)
        assert grades <= set(NO_NUMBER)


def test_every_declared_combination_has_a_row_with_its_words(world):
    t, cohort = world
    for analysis, protocol in PROTOCOLS.items():
        rows = contact_rows(cohort, t, protocol, seed=1, bootstraps=20)
        keys = {(r["strategi"], r["sammenligning"], r["utfall"], r["horisont_uker"], r["maal"], r["folsomhet"]) for r in rows}
        assert len(keys) == len(rows) == 108
        assert {r["folsomhet"] for r in rows} == {"hoved", "etterslep_2"}
        assert all(r["analyse"] == analysis and r["kan_si"] and r["kan_ikke_si"] for r in rows)
        assert all(r["protokoll_hash"] == protocol.hash for r in rows)
        assert {r["sammenligning"] for r in rows if r["maal"] != "risiko"} == {USUAL}


def test_the_same_inputs_give_the_same_numbers(world):
    t, cohort = world
    a, b = (run_contacts(cohort, t, PROTOCOLS[EMPLOYER], seed=4, bootstraps=10) for _ in range(2))
    for key in a.arms:
        assert np.array_equal(a.arms[key].incidence, b.arms[key].incidence)
        assert np.array_equal(a.draws[key].incidence, b.draws[key].incidence)


def test_the_study_asks_what_the_protocol_declares():
    study = contact_study(PROTOCOLS[PARTICIPANT], "etterslep_2")
    assert study.measures == ("risiko", "risikodifferanse")
    assert [c.strategy.name for c in study.contrasts] == [EVERY, DOUBLE, USUAL]
    assert contact_study(PROTOCOLS[PARTICIPANT]).measures == ("risiko", "risikodifferanse", "risikoratio")


@pytest.fixture(scope="module")
def planted() -> dict[str, float]:
    return true_differences("main", {}, (PARTICIPANT, EMPLOYER), 3_000)


def test_contacts_without_effect_change_no_risk_and_strong_ones_do(planted):
    params = preset("null", participants=500, municipalities=20, **NO_EFFECT)
    for truth in (truth_contacts, truth_employer_contacts):
        every, double, usual = truth(params, 1, 500).values()
        assert every == double == usual
    strong = true_differences("main", STRONG, (PARTICIPANT,), 3_000)
    for strategy in (EVERY, DOUBLE):
        assert strong[f"{PARTICIPANT} {strategy}"] > 0.005
        assert abs(planted[f"{PARTICIPANT} {strategy}"]) < 0.005  # a contact of ordinary strength is hardly seen


@pytest.mark.parametrize(("name", "changes"), [("main", {}), ("null", NO_EFFECT)])
def test_the_planted_effect_is_found_inside_the_interval(planted, name, changes):
    """Over two programmes the mean must lie within 2.5 standard errors of it; no single one further than 3.5."""
    runs = [replicate(name, seed, changes, (PARTICIPANT, EMPLOYER), n=1200, bootstraps=40) for seed in (401, 402)]
    for key in runs[0]:
        truth = planted[key] if name == "main" else 0.0
        found, se = np.array([r[key] for r in runs]).T
        assert abs(found.mean() - truth) < 2.5 * se.mean() / 2**0.5, key
        assert (np.abs(found - truth) < 3.5 * se).all(), key


def test_a_strong_effect_is_seen():
    """Contacts fifteen times as strong; too large a one is found, because who is easily contacted stays so (see the protocol)."""
    runs = [replicate("main", seed, STRONG, (PARTICIPANT,), n=1500, bootstraps=50) for seed in (401, 402)]
    found, se = np.array([r[f"{PARTICIPANT} {DOUBLE}"] for r in runs]).T
    assert found.mean() > 1.65 * se.mean() / 2**0.5


@pytest.mark.long
@pytest.mark.parametrize(("name", "changes"), [("main", {}), ("null", NO_EFFECT)])
def test_bias_and_coverage_over_many_programmes(name, changes):
    planted = true_differences(name, changes, (PARTICIPANT, EMPLOYER))
    runs = [replicate(name, 7000 + i, changes, (PARTICIPANT, EMPLOYER)) for i in range(40)]
    for key in runs[0]:
        found, se = np.array([r[key] for r in runs]).T
        assert abs(found.mean() - planted[key]) < 0.005 + 3 * found.std(ddof=1) / len(found) ** 0.5, key
        assert np.mean(np.abs(found - planted[key]) <= 1.96 * se) >= 0.75, key
