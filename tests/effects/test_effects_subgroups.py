"""Subgroups: the shrinkage by hand and by simulation, and groups that are the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline.effects.answers import contrast
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import Results
from pipeline.effects.subgroups import restricted, shrink, subgroup_rows
from pipeline.effects.timing import NONE, Fitted, answer, fit_timing
from tests.effects.effects_worlds import PROTOCOL, cohort_of, synthetic


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    t = synthetic("main", 6, 1500, 40)
    made = fit_timing(cohort_of(t), t, PROTOCOL, seed=1, bootstraps=40)
    assert isinstance(made, Fitted)
    return made


def test_shrinkage_by_hand():
    """Two estimates 0.4 apart with standard errors 0.1: w = 100, mean 0, Q = 8, τ² = (8 - 1) / 100; half of their way."""
    low, high = shrink(np.array([-0.2, 0.2]), np.array([0.1, 0.1]))
    assert (low.estimate, high.estimate) == pytest.approx((-0.2 * 7 / 8, 0.2 * 7 / 8))
    assert high.se == pytest.approx(np.sqrt(0.01 * 7 / 8 + (1 / 8) ** 2 * 0.08 / 2))


def test_alike_groups_move_together_but_not_onto_each_other():
    found = shrink(np.array([0.10, 0.12]), np.array([0.05, 0.05]))
    assert found[0].estimate < 0.11 < found[1].estimate
    assert found[1].estimate - found[0].estimate < 0.01
    assert all(i.se < 0.05 for i in found)


def test_one_estimate_stays():
    (only,) = shrink(np.array([0.1]), np.array([0.05]))
    assert (only.estimate, only.se) == pytest.approx((0.1, 0.05))


def test_shrunken_intervals_hold_the_truth():
    """200 families of four groups, true spread 0.05, standard error 0.05: shrunken ones are closer, 95 % intervals hold."""
    rng = np.random.default_rng(5)
    truth = 0.1 + 0.05 * rng.standard_normal((200, 4))
    seen = truth + 0.05 * rng.standard_normal((200, 4))
    found = [shrink(row, np.full(4, 0.05)) for row in seen]
    centre = np.array([[i.estimate for i in f] for f in found])
    held = np.array([[i.low <= t <= i.high for i, t in zip(f, row, strict=True)] for f, row in zip(found, truth, strict=True)])
    assert ((centre - truth) ** 2).mean() < 0.8 * ((seen - truth) ** 2).mean()
    assert 0.88 <= held.mean() <= 0.98


def test_a_group_of_everybody_is_the_main_analysis(fitted):
    declared = {
        **PROTOCOL.declared,
        "undergrupper": {**PROTOCOL.declared["undergrupper"], "inndeling": {"kjonn": {"kvinne": ["kvinne", "mann"]}}},
    }
    rows = subgroup_rows(fitted, replace(PROTOCOL, declared=declared))
    main, _ = contrast(answer(fitted), Strategy("innen_8u", "jevn", 8), NONE, "arbeid_eller_utdanning", 52)
    (row,) = [
        r for r in rows if (r["utfall"], r["horisont_uker"], r["maal"]) == ("arbeid_eller_utdanning", 52, "risikodifferanse")
    ]
    assert row["grad"] in "AB"
    assert (row["estimat"], row["se"]) == pytest.approx((main.estimate, main.se))


def test_restricted_weeks_are_those_of_the_group(fitted):
    keep = (fitted.cohort.persons["kjonn"] == "mann").to_numpy()
    weeks, rows = restricted(fitted.weeks, keep)
    assert weeks.n == keep.sum()
    assert len(weeks.who) == rows.sum() == keep[fitted.weeks.who].sum()
    assert (weeks.last == fitted.weeks.last[keep]).all()
    assert weeks.municipalities <= fitted.weeks.municipalities


def test_groups_of_a_division_are_apart_and_small_ones_have_no_number(fitted):
    rows = pl.DataFrame(subgroup_rows(fitted, PROTOCOL), infer_schema_length=None)
    risks = rows.filter(pl.col("maal") == "risiko", pl.col("strategi") == "ikke_innen_26u", pl.col("utfall") == "arbeid")
    risks = risks.filter(pl.col("horisont_uker") == 52)
    by_sex = risks.filter(pl.col("undergruppe").is_in(["kvinne", "mann"]))["n_personer"].sum()
    everybody = answer(fitted).arms[NONE.key].persons
    assert by_sex == everybody
    small = rows.filter(pl.col("ess") < 50)
    assert small.height > 0
    assert small["estimat"].null_count() == small.height


def test_no_main_analysis_means_no_subgroups(fitted):
    rows = subgroup_rows(Results(fitted.weeks, {}, {}, "en_kommune"), PROTOCOL)
    assert {r["grad"] for r in rows} == {"D"}
    assert len(rows) > 100
