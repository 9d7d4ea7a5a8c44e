"""The simulated programme: calibration, conventions of weeks, determinism."""

import time

import numpy as np
import polars as pl
import pytest

from pipeline.synthetic import as_klargjort, preset, simulate
from pipeline.synthetic.dynamics import MOVED, PHASED_OUT
from pipeline.tables import KLARGJORT


@pytest.fixture(scope="module")
def world():
    return simulate(preset("main"), 11)


@pytest.fixture(scope="module")
def klargjort(world):
    return as_klargjort(world)


def _leavers(deltakelse):
    return deltakelse.filter(pl.col("slutt_dato").is_not_null())


def test_calibrated_to_the_published_figures(klargjort):
    left = _leavers(klargjort["deltakelse"])
    assert 0.70 <= left["overgang"].mean() <= 0.80
    assert 14.0 <= left["varighet_maaneder"].mean() <= 18.0


def test_municipalities_hold_ten_to_eighty_participants(klargjort):
    sizes = klargjort["deltakelse"].group_by("komm_nr_ref", "bydel_nr").len()["len"]
    assert sizes.len() == 36
    assert sizes.min() >= 10
    assert sizes.max() <= 80


def test_groups_leave_in_the_order_of_2016():
    left = _leavers(as_klargjort(simulate(preset("main", participants=12_000), 5))["deltakelse"])
    share = dict(left.group_by("inntektskilde_start").agg(pl.col("overgang").mean()).iter_rows())
    assert share["forsorget"] > share["sosialhjelp"] > share["overgangsstonad"]


def test_half_of_those_in_work_have_small_jobs(klargjort):
    jobs = klargjort["deltakelse"]["stillingsprosent_slutt"].drop_nulls()
    assert 0.40 <= (jobs < 77).mean() <= 0.60


def test_frames_are_in_the_schema_and_keys_are_unique(klargjort):
    for name, frame in klargjort.items():
        assert dict(frame.schema) == KLARGJORT[name].schema, name
        assert frame.select(KLARGJORT[name].key).is_duplicated().sum() == 0, name
        for column in KLARGJORT[name].required:
            assert frame[column].null_count() == 0, (name, column)


def test_everything_lies_inside_its_participation_and_before_statusdato(klargjort):
    spans = klargjort["deltakelse"].select(
        "deltakelse_key",
        first="start_dato",
        last=pl.min_horizontal(pl.col("slutt_dato").fill_null(pl.col("statusdato")), "statusdato"),
    )
    for name, day in (("tiltak", "start_dato"), ("oppfolging", "dato"), ("kartlegging", "dato")):
        rows = klargjort[name].join(spans, on="deltakelse_key", how="left")
        assert rows.filter(~pl.col(day).is_between("first", "last")).is_empty(), name
    ends = klargjort["tiltak"].join(spans, on="deltakelse_key").drop_nulls("slutt_dato")
    assert ends.filter((pl.col("slutt_dato") > pl.col("last")) | (pl.col("slutt_dato") < pl.col("start_dato"))).is_empty()


def test_week_of_the_first_placement_follows_the_convention(world, klargjort):
    seen = klargjort["deltakelse"].sort("deltakelse_key")
    week = np.where(world.course.placement_week > 0, world.course.placement_week, -1)
    known = seen["uker_til_praksis"].fill_null(-1).to_numpy()
    assert set(np.unique(week[known != week])) <= set(range(1, 157)), "a differing one must be a placement after statusdato"
    late = seen.filter(pl.Series(known != week))
    assert late.filter(pl.col("slutt_dato").is_not_null()).is_empty()
    first = seen.drop_nulls("forste_praksis_dato")
    days = (first["forste_praksis_dato"] - first["start_dato"]).dt.total_days()
    assert (days // 7 + 1 == first["uker_til_praksis"]).all()
    assert (first["uker_til_praksis"] == 1).any()


def test_an_exit_falls_in_its_week(world):
    exits = world.true_exits
    days = (exits["slutt_dato"].to_numpy() - world.people.start).astype(int)
    assert (days // 7 + 1 == world.course.exit_week).all()


def test_starts_are_decided_by_what_was_known_on_the_first_day_of_the_week(world):
    """Nobody can be placed because of an assessment that comes later in the same week."""
    who, day = np.hstack(world.course.assessments)[:2]
    hazard, week = world.course.start_hazard, 3
    assert ((day > 7 * (week - 1)) & (day < 7 * week)).any()
    first = {int(i): int(d) for i, d in zip(who[::-1], day[::-1], strict=True)}
    unknown = np.array([first[i] > 7 * (week - 1) for i in range(len(world.people))])
    score = np.log(hazard[week - 1] / (1 - hazard[week - 1]))
    people = world.people
    quarter = ((people.start + 7 * (week - 1)).astype("datetime64[M]").astype(int) % 12) // 3 + 1
    p = world.params
    expected = (
        p.start_logodds + p.confounding_language * (people.language_start - 2.0) - p.confounding_readiness - 0.25 * people.health
        + 0.60 * np.exp(-16.0 / 40.0) - 0.35 * (quarter == 3) + 0.20 * people.worked_here - 0.10 * (people.income == 2)
        + people.start_effect - 0.25 * world.course.course[week - 1]
    )  # fmt: skip
    assert np.allclose(score[unknown], expected[unknown])


def test_same_seed_same_programme_other_seed_another():
    params = preset("main", participants=300)
    one, same, other = (as_klargjort(simulate(params, seed)) for seed in (1, 1, 2))
    for name, frame in one.items():
        assert frame.equals(same[name]), name
        assert not frame.equals(other[name]), name


def test_a_part_of_the_units_can_be_without_placements():
    world = simulate(preset("no_placement", participants=1000), 3)
    placed = np.bincount(world.people.unit, weights=world.course.placement_week > 0)
    assert (placed == 0).sum() == round(0.2 * len(world.people.units.weight))


def test_every_exit_reason_of_censoring_is_there_but_rare(world):
    share = np.bincount(world.course.exit_kind, minlength=6) / len(world.people)
    assert 0 < share[MOVED] < 0.05
    assert 0 < share[PHASED_OUT] < 0.05


def test_persons_can_come_back_in_another_unit():
    frames = as_klargjort(simulate(preset("main", returning_share=0.02), 4))
    twice = frames["deltakelse"].filter(pl.col("person_key").is_duplicated()).sort("person_key", "start_dato")
    assert twice.height == 60
    pairs = twice.group_by("person_key", maintain_order=True).agg(
        pl.col("slutt_dato").first().alias("left"), pl.col("start_dato").last().alias("again"),
        pl.col("prosjekt_id").n_unique().alias("projects"), pl.col("fodselsaar").n_unique().alias("years"),
    )  # fmt: skip
    assert (pairs["left"] < pairs["again"]).all()
    assert (pairs["projects"] == 2).all()
    assert (pairs["years"] == 1).all()


def test_2500_participants_take_less_than_a_second():
    began = time.process_time()
    simulate(preset("main", participants=2500), 1)
    assert time.process_time() - began < 1.0
