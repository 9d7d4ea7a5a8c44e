"""Waiting between measures: which ends of measures are a time zero, what is known of them beforehand, and the planted answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.effects.answers import Answers, contrast
from pipeline.effects.eligibility import select_cohort
from pipeline.effects.episodes import episodes
from pipeline.effects.person_weeks import follow
from pipeline.effects.protocol import load_protocol
from pipeline.effects.strategies import Strategy
from pipeline.effects.timing import nothing_in, run_timing, timing_study
from tests.effects.effects_worlds import START, left, person, synthetic, tables

PROTOCOL = load_protocol("tiltakskjede")


def spell(i: int, first: int, last: int | None, kind: str = "norskopplaering", number: int = 0) -> dict[str, Any]:
    """A measure of participation ``i`` from day ``first`` to day ``last`` (None: still running)."""
    return {
        "tiltak_id": f"t{i}_{first}_{kind}_{number}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "tiltak_type": kind, "er_praksis": kind in ("arbeidspraksis", "lonnstilskudd"), "start_dato": START + timedelta(first),
        "slutt_dato": None if last is None else START + timedelta(last),
    }  # fmt: skip


def found(people: list[dict[str, Any]], spells: list[dict[str, Any]]):
    t = tables(people, spells)
    everybody = select_cohort(t.deltakelse, PROTOCOL)
    return episodes(everybody, t.tiltak, t.oppfolging, PROTOCOL), t


def days(cohort) -> list[tuple[str, int]]:
    rows = cohort.persons.select("deltakelse_key", dag=(pl.col("start_dato") - START).dt.total_days())
    return sorted(rows.iter_rows())


def test_every_end_with_nothing_else_running_is_a_time_zero_and_a_person_has_several():
    cohort, _ = found([person(1), person(2)], [spell(1, 0, 30), spell(1, 60, 90), spell(2, 10, 20)])
    assert days(cohort) == [("d0001", 30), ("d0001", 90), ("d0002", 20)]
    assert cohort.persons["individ"].n_unique() == 2
    assert cohort.counts == {"tiltaksslutt": 3, "med": 3}


@pytest.mark.parametrize(
    ("spells", "reason"),
    [
        ([spell(1, 0, 30), spell(1, 20, None)], "annet_tiltak_loep"),
        ([spell(1, 0, 30), spell(1, 30, 31)], "annet_tiltak_loep"),
        ([spell(1, -20, -5)], "foer_programstart"),
        ([spell(1, 0, 1820)], "for_kort_tid"),
        ([spell(1, 0, 67)], "avsluttet"),
    ],
    ids=["another runs", "another begins that day", "before the programme", "no follow-up", "left that day"],
)
def test_what_is_no_time_zero_is_counted_by_reason(spells, reason):
    who = person(1, **(left(10) if reason == "avsluttet" else {}))
    cohort, _ = found([who], spells)
    assert cohort.counts[reason] == 1
    assert (days(cohort) == []) or reason == "annet_tiltak_loep"


def test_mapping_and_mentoring_neither_end_nor_run():
    cohort, t = found(
        [person(1)], [spell(1, 0, 30), spell(1, 20, 80, "mentor"), spell(1, 33, 34, "kartlegging"), spell(1, 55, 60)]
    )
    assert days(cohort) == [("d0001", 30), ("d0001", 60)]
    weeks = follow(cohort, t.tiltak, PROTOCOL, tuple(PROTOCOL.main.placements))
    assert weeks.placed.tolist() == [4, 0]  # day 25 after the end is in week 4


def test_the_measure_that_ended_is_not_the_next_one():
    """A measure of one day begins and ends on day 0."""
    cohort, t = found([person(1)], [spell(1, 30, 30), spell(1, 31, 40)])
    weeks = follow(cohort, t.tiltak, PROTOCOL, tuple(PROTOCOL.main.placements))
    assert days(cohort) == [("d0001", 30), ("d0001", 40)]
    assert weeks.placed.tolist() == [1, 0]


def test_the_past_is_known_and_the_future_is_not():
    spells = [spell(1, 0, 30, "arbeidspraksis"), spell(1, 60, 90), spell(1, 120, 150, "arbeidspraksis")]
    cohort, _ = found([person(1)], spells)
    first, second, third = cohort.persons.sort("start_dato").iter_rows(named=True)
    assert (first["forut_praksis"], second["forut_praksis"], third["forut_praksis"]) == (1.0, 0.0, 1.0)
    assert (second["forut_har_hatt_praksis"], second["forut_norskopplaering"]) == (1.0, 1.0)
    assert [np.expm1(r["forut_antall_tiltak"]) for r in (first, second, third)] == pytest.approx([1, 2, 3])


def test_persons_are_counted_once_however_many_ends_they_have():
    t = synthetic("main", 4, 600, 20)
    everybody = select_cohort(t.deltakelse, PROTOCOL)
    cohort = episodes(everybody, t.tiltak, t.oppfolging, PROTOCOL)
    results = run_timing(cohort, t, PROTOCOL, seed=1, bootstraps=20)
    assert results.weeks.n > 1.5 * cohort.persons["individ"].n_unique()
    for row in Answers(results, timing_study(PROTOCOL)).rows():
        arm = results.arms[row["strategi"], row["variant"]]
        behind = cohort.persons.filter(pl.Series(arm.follows))
        assert row["n_personer"] == behind["individ"].n_unique()
        assert row["n_hendelser"] <= row["n_personer"]


def test_where_the_next_measure_does_nothing_nothing_is_found():
    """No measure moves anything in this programme: the differences must be chance, over two programmes."""
    changes = {
        "course_language": 0.0,
        "course_readiness": 0.0,
        "participant_contact_work": 0.0,
        "participant_contact_readiness": 0.0,
    }
    for seed in (11, 12):
        t = synthetic("null", seed, 1200, 40, **changes)
        cohort = episodes(select_cohort(t.deltakelse, PROTOCOL), t.tiltak, t.oppfolging, PROTOCOL)
        results = run_timing(cohort, t, PROTOCOL, seed=seed, bootstraps=60)
        for g in (2, 4, 8):
            interval, _ = contrast(
                results, Strategy(f"neste_innen_{g}u", "jevn", g), nothing_in(PROTOCOL), "arbeid_eller_utdanning", 52
            )
            assert 0.005 < interval.se < 0.08
            assert abs(interval.estimate) < 3 * interval.se
