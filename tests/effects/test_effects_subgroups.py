"""Subgroups: the shrinkage by hand and by simulation, and groups that are the whole."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import polars as pl
import pytest

from pipeline.effects.answers import contrast
from pipeline.effects.findings import Interval, interval_of
from pipeline.effects.strategies import Strategy
from pipeline.effects.study import Results
from pipeline.effects.subgroups import posterior, restricted, shrink, subgroup_rows
from pipeline.effects.timing import NONE, Fitted, answer, fit_timing
from tests.effects.effects_worlds import PROTOCOL, cohort_of, synthetic


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    t = synthetic("main", 6, 1500, 40)
    made = fit_timing(cohort_of(t), t, PROTOCOL, seed=1, bootstraps=40)
    assert isinstance(made, Fitted)
    return made


def _shrunken(estimates: list[float], error: float) -> list[Interval]:
    return shrink(np.array(estimates), np.full(len(estimates), error), np.full(len(estimates), 40))


def test_shrinkage_is_the_posterior_of_a_plain_integration():
    """Two groups, μ and τ integrated out by brute force over both: the density of τ is its likelihood with a flat prior."""
    seen, error = np.array([0.02, 0.16]), np.array([0.03, 0.06])
    tau, mu = (a.ravel() for a in np.meshgrid((np.arange(500) + 0.5) / 1000, np.linspace(-1.5, 1.7, 3201), indexing="ij"))
    spread = np.hypot(error[:, None], tau)
    weight = np.exp(-0.5 * (((seen[:, None] - mu) / spread) ** 2).sum(axis=0)) / spread.prod(axis=0)
    pull = (error[:, None] / spread) ** 2
    given = pull * mu + (1 - pull) * seen[:, None]
    mean = given @ weight / weight.sum()
    variance = ((1 - pull) * error[:, None] ** 2 + (given - mean[:, None]) ** 2) @ weight / weight.sum()
    found = shrink(seen, error, np.array([40, 40]))
    assert [i.estimate for i in found] == pytest.approx(mean.tolist(), abs=2e-4)
    assert [i.se for i in found] == pytest.approx(np.sqrt(variance).tolist(), abs=2e-4)


def test_alike_groups_move_together_but_not_onto_each_other():
    found = _shrunken([0.10, 0.12], 0.05)
    assert found[0].estimate < 0.11 < found[1].estimate
    assert found[1].estimate - found[0].estimate < 0.014
    assert all(i.se < 0.05 for i in found)


def test_far_apart_groups_stay_where_they_are():
    low, high = _shrunken([-0.2, 0.2], 0.02)
    assert (low.estimate, high.estimate) == pytest.approx((-0.2, 0.2), abs=0.002)
    assert high.se == pytest.approx(0.02, rel=0.02)


@pytest.mark.parametrize("clusters", [6, 40])
def test_one_estimate_stays(clusters):
    (only,) = shrink(np.array([0.1]), np.array([0.05]), np.array([clusters]))
    asked = interval_of(0.1, 0.05, clusters)
    assert astuple(only) == pytest.approx(astuple(asked), abs=1e-6)


def test_a_quantile_has_its_share_below():
    seen, error = np.array([[0.1, 0.2, -0.1], [0.0, 0.0, 0.3]]), np.full((2, 3), 0.05)
    found = posterior(seen, error, np.array([8, 20, 40]))
    for p in (0.025, 0.5, 0.975):
        assert found.below(found.quantile(p)) == pytest.approx(np.full((2, 3), p), abs=1e-6)


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.10])
@pytest.mark.parametrize("groups", [2, 3, 5])
def test_shrunken_intervals_hold_the_truth(groups, spread):
    """2 000 families, standard errors 0.03 and 0.06 estimated from 40 municipalities: intervals hold, estimates are no worse."""
    rng = np.random.default_rng([groups, round(100 * spread)])
    size = (2000, groups)
    truth = 0.1 + spread * rng.standard_normal(size)
    error = np.where(np.arange(2000) % 2 == 0, 0.03, 0.06)[:, None]
    seen = truth + error * rng.standard_normal(size)
    found = posterior(seen, error * np.sqrt(rng.chisquare(39, size) / 39), np.full(groups, 40))
    share = found.below(truth)
    assert 0.94 <= np.mean((share > 0.025) & (share < 0.975)) <= 0.985
    assert ((found.mean() - truth) ** 2).mean() < ((seen - truth) ** 2).mean()


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
