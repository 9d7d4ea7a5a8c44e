"""What must not change an answer, and what must never become one: empty weeks, late status dates, tiny and one-sided data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.effects import Stamps, estimate
from pipeline.effects.answers import contrast
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import Tables
from pipeline.effects.timing import NONE, run_timing, strategies
from tests.effects.effects_worlds import PROTOCOL, START, cohort_of, left, person, placement, synthetic, tables

FAR = date(2031, 12, 31)
EARLY = Strategy("innen_8u", "jevn", 8)


@pytest.fixture(scope="module")
def world() -> Tables:
    return synthetic("main", 14, 300, 10, moved_logodds=-5.5)


def _run(t: Tables, horizon: int = PROTOCOL.horizon):
    protocol = replace(PROTOCOL, horizons=tuple(sorted({*PROTOCOL.horizons, horizon})))
    return run_timing(cohort_of(t), t, protocol, seed=2, bootstraps=20)


def _same_until(found, other, week: int) -> None:
    for strategy in strategies(PROTOCOL):
        one, two = found.arms[strategy.key], other.arms[strategy.key]
        assert one.incidence[:week] == pytest.approx(two.incidence[:week], abs=1e-12), strategy.key
        assert one.at_risk[:week].tolist() == two.at_risk[:week].tolist(), strategy.key
        drawn, drawn_other = (r.draws[strategy.key].incidence[:, :week] for r in (found, other))
        assert drawn == pytest.approx(drawn_other, abs=1e-12), strategy.key


def _nobody_moves(t: Tables) -> Tables:
    """Without censoring weights, whose model is of all weeks."""
    still = pl.col("avslutning").is_in(["flyttet", "faset_ut"])
    kept = t.deltakelse.with_columns(avslutning=pl.when(still).then(pl.lit("ukjent")).otherwise("avslutning"))
    return replace(t, deltakelse=kept)


def test_weeks_after_the_horizon_change_nothing_up_to_it(world):
    t = _nobody_moves(world)
    plain, longer = _run(t), _run(t, PROTOCOL.horizon + 60)
    assert longer.arms[EARLY.key].incidence.shape[0] == plain.arms[EARLY.key].incidence.shape[0] + 60
    _same_until(plain, longer, PROTOCOL.horizon)


def test_weeks_after_the_last_that_anybody_is_followed_are_empty(world):
    """Two years more: nobody is at risk in them, and no share moves."""
    t = _nobody_moves(world)
    followed = max((row["statusdato"] - row["start_dato"]).days // 7 + 1 for row in t.deltakelse.iter_rows(named=True))
    plain, longer = _run(t, followed), _run(t, followed + 120)
    _same_until(plain, longer, followed)
    for arm in longer.arms.values():
        assert arm.at_risk[followed:].sum() == 0
        assert np.ptp(arm.incidence[followed - 1 :], axis=0).max() == 0


def test_a_later_status_date_of_those_who_have_left_changes_nothing(world):
    """What the project goes on delivering after an exit is no follow-up."""
    plain = _run(world)
    gone = pl.col("slutt_dato") <= pl.col("statusdato")
    later = world.deltakelse.with_columns(statusdato=pl.when(gone).then(pl.lit(FAR)).otherwise("statusdato"))
    assert (later["statusdato"] == FAR).sum() > 100
    _same_until(plain, _run(replace(world, deltakelse=later)), PROTOCOL.horizon)


def test_a_later_status_date_of_those_followed_to_the_horizon_changes_nothing(world):
    """Two more years in which nothing happens, for those who are still there when the last week that is looked at ends."""
    stays = pl.int_range(pl.len()) % 4 == 0
    kept = world.deltakelse.with_columns(
        pl.when(stays).then(None).otherwise(column).alias(column) for column in ("slutt_dato", "avslutning")
    )
    followed = (pl.col("statusdato") - pl.col("start_dato")).dt.total_days() + 1 >= 7 * PROTOCOL.horizon
    quiet = stays & followed
    later = kept.with_columns(statusdato=pl.when(quiet).then(pl.col("statusdato") + timedelta(730)).otherwise("statusdato"))
    assert kept.filter(quiet).height > 20
    assert (later["statusdato"] != kept["statusdato"]).sum() == kept.filter(quiet).height
    plain, quieter = (_run(replace(world, deltakelse=frame)) for frame in (kept, later))
    _same_until(plain, quieter, PROTOCOL.horizon)


def test_persons_followed_for_no_decision_longer_change_no_earlier_week():
    """One more quiet week for everybody still enrolled: the earlier weeks' shares by hand, before and after."""
    spells = [placement(1, 2), placement(3, 3)]
    rows = [person(i, statusdato=START + timedelta(7 * 10 - 1), komm_nr_ref=f"310{i % 2}") for i in range(1, 5)]
    rows[0] |= left(5)
    for more in (0, 7):
        t = tables([row | {"statusdato": row["statusdato"] + timedelta(more)} for row in rows], spells)
        observed = run_timing(cohort_of(t), t, PROTOCOL, seed=1, bootstraps=2).arms["naturlig", None]
        assert observed.incidence[[3, 4, 9], 0].tolist() == [0, 0.25, 0.25]
        assert observed.at_risk[[4, 5, 9, 10, 11]].tolist() == [4, 3, 3, 3 if more else 0, 0]


def test_the_answer_and_its_interval_stand_still_under_empty_weeks(world):
    t = _nobody_moves(world)
    one, two = (contrast(_run(t, h), EARLY, NONE, "arbeid_eller_utdanning", 52)[0] for h in (PROTOCOL.horizon, 150))
    assert (one.estimate, one.se) == pytest.approx((two.estimate, two.se), abs=1e-12)
    assert one.se > 0


def _spread(i: int) -> dict[str, Any]:
    return {"komm_nr_ref": f"{3100 + i % 25}", "start_dato": START + timedelta(i % 300)}


def _starting(i: int) -> date:
    return START + timedelta(i % 300)


TINY = {
    "twelve persons": (
        [person(i, **_spread(i), **(left(10 + i, start=_starting(i)) if i % 2 else {})) for i in range(12)],
        [placement(i, 1 + i, start=_starting(i)) for i in range(0, 12, 3)],
        "D",
    ),
    "twelve persons in one municipality": (
        [person(i, **(left(10 + i) if i % 2 else {})) for i in range(12)],
        [placement(i, 1 + i) for i in range(0, 12, 3)],
        "D",
    ),
    "one municipality": (
        [person(i, **(left(20 + i % 40) if i % 3 else {})) for i in range(200)],
        [placement(i, 1 + i % 26) for i in range(0, 200, 2)],
        "D",
    ),
    "no placements": (
        [person(i, **_spread(i), **(left(20 + i % 40, start=_starting(i)) if i % 3 else {})) for i in range(200)], [], "D",
    ),
    "all placed in week 1": (
        [person(i, **_spread(i), **(left(20 + i % 40, start=_starting(i)) if i % 3 else {})) for i in range(200)],
        [placement(i, 1, start=_starting(i)) for i in range(200)],
        "D",
    ),
    "nobody left": (
        [person(i, **_spread(i)) for i in range(200)],
        [placement(i, 1 + i % 40, start=_starting(i)) for i in range(0, 200, 2)],
        "CD",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TINY)
def test_tiny_and_one_sided_data_end_in_a_reason_and_never_in_a_number(case):
    rows, spells, grades = TINY[case]
    t = tables(rows, spells)
    stamps = Stamps("hash", "0.1.0", "2026-01-02T02:30:00+01:00")
    found = estimate(
        t.deltakelse,
        t.tiltak,
        t.kartlegging,
        t.oppfolging,
        t.utfall,
        seed=7,
        bootstraps=20,
        stamps=stamps,
        progress=lambda _: None,
    ).effekt
    asked = found.filter(pl.col("analyse").is_in(["praksis_tidspunkt", "praksis_tempo"]))
    assert asked.height > 300
    assert set(asked["grad"]) <= set(grades)
    assert set(found["grad"]) <= {"C", "D"}
    for column in ("estimat", "ki_nedre", "ki_ovre", "se", "funn", "e_verdi"):
        assert found[column].null_count() == found.height, column
    assert all(json.loads(gates)["begrunnelse"] for gates in found["porter"])
    assert not found["kan_si"].str.contains("prosentpoeng").any()
