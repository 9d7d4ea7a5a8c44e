"""Who is followed and how weeks are counted: one case per convention."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from pipeline.effects.covariates import decision_covariates, natural_spline
from pipeline.effects.eligibility import select_cohort, with_running_placement
from pipeline.effects.person_weeks import follow
from pipeline.effects.protocol import CENSORED, EDUCATION, ENROLLED, OTHER, WORK
from tests.effects.effects_worlds import PROTOCOL, START, STATUS, assessment, cohort_of, frame, left, person, placement, tables


def _weeks(persons, spells=()):
    t = tables(list(persons), list(spells))
    return follow(cohort_of(t), t.tiltak, PROTOCOL)


def test_exclusions_are_counted_and_add_up():
    rows = [
        person(1),
        person(2, start_dato=date(2017, 12, 31)),
        person(3, start_dato=STATUS - timedelta(6)),
        person(4, praksis_foer_start=True),
        person(5, **{**left(3), "slutt_dato": START - timedelta(1)}),
        person(6, forste_tilskuddsaar=None, tilskuddsaar=None),
    ]
    counts = cohort_of(tables(rows, [])).counts
    reasons = (
        "startet_foer_forste_tilskuddsaar", "for_kort_tid", "praksis_loep_ved_start", "slutt_foer_start", "uten_prosjektrad", "med",
    )  # fmt: skip
    assert {r: counts[r] for r in reasons} == dict.fromkeys(reasons, 1)
    assert counts["deltakelser"] == 6 == sum(counts[r] for r in reasons) + counts["senere_deltakelse"] + counts["fortsettelse"]


def test_the_last_day_of_seven_is_enough_follow_up():
    assert cohort_of(tables([person(1, start_dato=STATUS - timedelta(7))], [])).counts["med"] == 1


def test_a_move_within_31_days_continues_and_later_ones_are_left_out():
    end = START + timedelta(100)
    rows = [
        person(1, slutt_dato=end, avslutning="flyttet", overgang=False),
        person(2, person_key="p0001", start_dato=end + timedelta(31), **left(20, start=end + timedelta(31)), komm_nr_ref="4601"),
        person(3, person_key="p0001", start_dato=date(2023, 1, 2)),
    ]
    cohort = cohort_of(tables(rows, []))
    assert (cohort.counts["fortsettelse"], cohort.counts["senere_deltakelse"], cohort.persons.height) == (1, 1, 1)
    assert cohort.persons.row(0, named=True)["avslutning"] == "lonnsarbeid"
    assert cohort.persons["komm_nr_ref"].to_list() == ["3101"]
    assert sorted(cohort.members["deltakelse_key"]) == ["d0001", "d0002"]


def test_a_move_after_32_days_does_not_continue():
    end = START + timedelta(100)
    rows = [person(1, slutt_dato=end, avslutning="flyttet"), person(2, person_key="p0001", start_dato=end + timedelta(32))]
    cohort = cohort_of(tables(rows, []))
    assert (cohort.counts["fortsettelse"], cohort.counts["senere_deltakelse"]) == (0, 1)
    assert _weeks(rows).cause.tolist() == [CENSORED]


def test_a_placement_in_the_continuation_counts_from_the_first_start():
    end = START + timedelta(20)
    later = end + timedelta(10)
    rows = [person(1, slutt_dato=end, avslutning="flyttet"), person(2, person_key="p0001", start_dato=later)]
    spell = placement(2, 1, start=later)
    assert _weeks(rows, [spell]).placed.tolist() == [(later - START).days // 7 + 1]


def test_days_0_to_6_are_week_1_and_ties_are_placement_before_exit():
    weeks = _weeks([person(1, **left(1, day=6)), person(2, **left(2, day=0))], [placement(1, 1, day=6), placement(2, 2)])
    assert weeks.last.tolist() == [1, 2]
    assert weeks.placed.tolist() == [1, 2]
    assert weeks.start.tolist() == [True, False, True]


def test_a_placement_after_the_exit_does_not_belong_to_the_participation():
    weeks = _weeks([person(1, **left(4, day=2))], [placement(1, 4, day=3)])
    assert weeks.placed.tolist() == [0]


def test_events_of_the_incomplete_last_week_are_dropped():
    status = START + timedelta(7 * 5 + 5)
    weeks = _weeks([person(1, statusdato=status, **left(6, day=2)), person(2, statusdato=status)], [placement(2, 6, day=1)])
    assert weeks.last.tolist() == [5, 5]
    assert weeks.cause.tolist() == [ENROLLED, ENROLLED]
    assert weeks.placed.tolist() == [0, 0]


def test_a_week_that_ends_on_statusdato_is_whole():
    assert _weeks([person(1, statusdato=START + timedelta(7 * 5 - 1))]).last.tolist() == [5]


def test_an_exit_after_statusdato_is_still_enrolled():
    status = START + timedelta(70)
    weeks = _weeks([person(1, statusdato=status, slutt_dato=status + timedelta(1), avslutning="lonnsarbeid")])
    assert weeks.cause.tolist() == [ENROLLED]


def test_every_exit_reason_is_an_outcome_a_competitor_or_censoring():
    reasons = {
        "lonnsarbeid": WORK, "selvstendig": WORK, "videregaende": EDUCATION, "fagbrev_laerling": EDUCATION, "hoyere_utdanning": EDUCATION,
        "grunnskole": OTHER, "permisjon": OTHER, "dod": OTHER, "ukjent": OTHER, "kvp": OTHER, "flyttet": CENSORED, "faset_ut": CENSORED,
    }  # fmt: skip
    weeks = _weeks([person(i, **left(10, reason)) for i, reason in enumerate(reasons)])
    assert weeks.cause.tolist() == list(reasons.values())


WITH_PRACTICE = PROTOCOL.sensitivities[0]


def test_the_declared_sensitivity_takes_language_practice_as_placement_and_as_no_covariate():
    t = tables(
        [person(1), person(2), person(3)],
        [placement(1, 3, kind="spraakpraksis"), placement(2, 5), placement(2, 4, kind="spraakpraksis")],
    )
    cohort = select_cohort(with_running_placement(t.deltakelse, t.tiltak, WITH_PRACTICE.placements), PROTOCOL)
    weeks = follow(cohort, t.tiltak, PROTOCOL, WITH_PRACTICE.placements)
    assert weeks.placed.tolist() == [3, 4, 0]
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging, WITH_PRACTICE.placements)
    assert "spraakpraksis" not in covariates.names


def test_language_practice_from_before_the_start_is_carried_over_or_a_starting_covariate():
    running = placement(1, 1, day=-20, kind="spraakpraksis")
    over = placement(2, 1, day=-20, kind="spraakpraksis") | {"slutt_dato": START - timedelta(1)}
    endless = placement(3, 1, day=-1, kind="spraakpraksis") | {"slutt_dato": None}
    t = tables([person(i) for i in (1, 2, 3, 4)], [running, over, endless])
    cohort = select_cohort(with_running_placement(t.deltakelse, t.tiltak, WITH_PRACTICE.placements), PROTOCOL)
    assert cohort.persons["deltakelse_key"].to_list() == ["d0002", "d0004"]
    assert cohort.counts["praksis_loep_ved_start"] == 2
    assert cohort_of(t).counts["med"] == 4
    weeks = follow(cohort, t.tiltak, PROTOCOL, WITH_PRACTICE.placements)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging, WITH_PRACTICE.placements)
    assert covariates.columns(["tidligere_praksis"])[weeks.week == 1].ravel().tolist() == [1.0, 0.0]


def test_language_practice_is_no_placement_but_a_covariate_while_it_runs():
    t = tables([person(1), person(2)], [placement(1, 3, kind="spraakpraksis")])
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging)
    runs = covariates.columns(["spraakpraksis"])[weeks.who == 0, 0]
    assert weeks.placed.tolist() == [0, 0]
    # 56 days from the first day of week 3: weeks 3-10, and week 11, whose eve is the last day.
    assert np.flatnonzero(runs).tolist() == list(range(2, 11))


def test_an_assessment_counts_from_the_first_week_that_begins_on_or_after_it():
    assessed = [assessment(1, 0, "a1", 2), assessment(1, 7, "a2", 3), assessment(1, 15, "b1", 4), assessment(2, 1, "b2", 5)]
    t = tables([person(1, norsk_start="under_a1"), person(2, norsk_start="under_a1"), person(3)], [], assessed)
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, t.oppfolging)
    norsk = covariates.columns(["norsk"])[:, 0]
    assert norsk[weeks.who == 0][:5].tolist() == [1, 2, 2, 3, 3]
    assert norsk[weeks.who == 1][:3].tolist() == [0, 4, 4]
    missing = covariates.columns(["norsk_mangler", "arbeidsklar_mangler"])
    assert missing[weeks.who == 2].min() == 1
    assert missing[weeks.who == 1][:2].tolist() == [[0, 1], [0, 0]]


def test_contacts_count_so_far():
    contacts = [
        {"oppfolging_id": f"o{d}", "prosjekt_id": "P1", "deltakelse_key": "d0001", "person_key": "p0001", "part": "deltaker",
         "dato": START + timedelta(d)} for d in (0, 3, 14)
    ]  # fmt: skip
    t = tables([person(1), person(2)], [])
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    covariates = decision_covariates(cohort, weeks, t.kartlegging, t.tiltak, frame("oppfolging", contacts))
    seen = np.expm1(covariates.columns(["kontakter"])[weeks.who == 0, 0])
    assert np.round(seen[:4]).tolist() == [1, 2, 3, 3]


def test_oslo_districts_are_clusters_of_their_own():
    rows = [person(1, komm_nr_ref="0301", bydel_nr="030101"), person(2, komm_nr_ref="0301", bydel_nr="030102"), person(3)]
    assert cohort_of(tables(rows, [])).persons["klynge"].n_unique() == 3


def test_the_spline_is_linear_beyond_its_knots():
    x = np.array([26.0, 30.0, 34.0, 38.0])
    assert np.allclose(np.diff(natural_spline(x), n=2, axis=0), 0, atol=1e-9)
