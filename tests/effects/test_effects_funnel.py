"""The municipality table: expected counts, exact limits, and silence where there is too little."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipeline.effects import municipality_table
from pipeline.effects.funnel import between_variance, kept_of_square, mid_p, window
from pipeline.effects.shares import Counts
from tests.effects.effects_worlds import frame, person

TODAY = date(2024, 3, 1)


def _leavers(counts: dict[str, tuple[int, int]], year: int = 2022, **changes) -> pl.DataFrame:
    """``counts``: municipality → (leavers, of them with a direct transition)."""
    rows = []
    for komm_nr, (n, successes) in counts.items():
        for i in range(n):
            end = date(year, 1, 1) + timedelta(i % 360)
            reached = i < successes
            rows.append(
                person(
                    len(rows), komm_nr_ref=komm_nr, start_dato=end - timedelta(300), slutt_dato=end, overgang=reached,
                    avslutning="lonnsarbeid" if reached else "avbrutt", **changes,
                )
            )  # fmt: skip
    return frame("deltakelse", rows)


def _table(counts: dict[str, tuple[int, int]]) -> dict[str, dict]:
    return {r["komm_nr"]: r for r in municipality_table(_leavers(counts), TODAY).iter_rows(named=True)}


def test_equal_municipalities_are_equal_and_inside():
    table = _table({f"{3100 + j}": (50, 35) for j in range(20)})
    assert len(table) == 20
    for row in table.values():
        assert (row["n"], row["observert"]) == (50, 35)
        assert row["forventet"] == pytest.approx(35, abs=0.01)
        assert row["andel"] == pytest.approx(0.7)
        assert row["krympet_andel"] == pytest.approx(0.7, abs=0.001)
        assert row["ki_nedre"] < row["krympet_andel"] < row["ki_ovre"]
        assert (row["utenfor_95"], row["utenfor_998"]) == (False, False)


def test_the_one_that_stands_out_is_called():
    table = _table({f"{3100 + j}": (60, 42) for j in range(20)} | {"4601": (60, 12)})
    assert (table["4601"]["utenfor_95"], table["4601"]["utenfor_998"]) == (True, True)
    assert sum(r["utenfor_998"] for r in table.values()) == 1
    assert table["4601"]["andel"] < table["4601"]["krympet_andel"] < 0.7


def test_the_unknown_municipality_has_no_row_and_moves_no_limit():
    known = {f"{3100 + j}": (50, 35) for j in range(20)}
    table = _table(known | {"9999": (50, 2)})
    assert set(table) == set(known)
    assert not any(r["utenfor_95"] for r in table.values())
    assert _table({"9999": (50, 35)}) == {}


def test_nothing_is_called_with_twelve_exits_or_few_expected():
    table = _table({f"{3100 + j}": (60, 58) for j in range(10)} | {"4601": (12, 0), "4602": (19, 0), "4603": (60, 40)})
    for row in table.values():
        if row["n"] < 20 or row["n"] - row["forventet"] < 5:
            assert row["utenfor_95"] is None
            assert row["utenfor_998"] is None
    assert table["4601"]["utenfor_95"] is None
    assert table["3100"]["utenfor_95"] is None or table["3100"]["n"] - table["3100"]["forventet"] >= 5


def test_the_mix_of_participants_is_taken_into_account():
    """Two municipalities with the same share; the one whose participants had less to start from did better than expected."""
    weak, strong = {"norsk_start": "under_a1"}, {"norsk_start": "b1"}
    parts = [
        _leavers({"3101": (300, 120)}, **weak), _leavers({"3102": (300, 240)}, **strong),
        _leavers({"3103": (100, 60)}, **weak), _leavers({"3104": (100, 60)}, **strong),
    ]  # fmt: skip
    frames = [f.with_columns(deltakelse_key=pl.col("deltakelse_key") + f"_{i}") for i, f in enumerate(parts)]
    table = {r["komm_nr"]: r for r in municipality_table(pl.concat(frames), TODAY).iter_rows(named=True)}
    assert table["3103"]["forventet"] < 50 < 70 < table["3104"]["forventet"]
    assert table["3103"]["krympet_andel"] > table["3103"]["forventet"] / 100
    assert table["3104"]["krympet_andel"] < table["3104"]["forventet"] / 100


def test_observed_and_expected_agree_in_sum():
    rng = np.random.default_rng(1)
    table = _table({f"{3100 + j}": (40, int(rng.integers(15, 35))) for j in range(15)})
    assert sum(r["forventet"] for r in table.values()) == pytest.approx(sum(r["observert"] for r in table.values()), abs=1e-3)


def _drawn(rng: np.random.Generator, municipalities: int, spread: float, level: float) -> Counts:
    n = rng.integers(20, 100, municipalities).astype(float)
    true = np.clip(level + spread * rng.normal(size=municipalities), 0.02, 0.98)
    observed = rng.binomial(n.astype(int), true).astype(float)
    return Counts(n, observed, n * observed.sum() / n.sum())


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.12])
def test_the_spread_between_municipalities_is_recovered(spread):
    found = between_variance(_drawn(np.random.default_rng(3), 2000, spread, 0.7)) ** 0.5
    assert (found == pytest.approx(spread, rel=0.08)) if spread else found < 0.015


def test_a_winsorised_normal_keeps_two_thirds_of_its_square():
    z = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for tail in (0.05, 0.1, 0.2):
        assert kept_of_square(tail) == pytest.approx(float(np.mean(np.clip(z, *np.quantile(z, [tail, 1 - tail])) ** 2)), abs=1e-4)


def test_the_spread_of_four_is_that_of_the_formula():
    """z of 100 * (p - 0.5) / 5 and 25 * ..., their 10 and 90 % quantiles by linear interpolation, all by hand."""
    counts = Counts(np.array([100.0, 100.0, 25.0, 25.0]), np.array([70.0, 35.0, 15.0, 5.0]), np.array([50.0, 50.0, 12.5, 12.5]))
    # z = 4, -3, 1, -3; sorted -3, -3, 1, 4: the 10 % quantile is -3, the 90 % quantile 1 + 0.7 * 3 = 3.1
    phi = (3.1**2 + 9 + 1 + 9) / 0.67865
    w = np.array([400, 400, 100, 100])
    assert between_variance(counts) == pytest.approx((phi - 3) / (w.sum() - (w**2).sum() / w.sum()), rel=1e-4)


def test_how_far_the_outermost_stand_out_does_not_widen_the_limits():
    n, e = np.full(60, 80.0), np.full(60, 40.0)
    observed = np.random.default_rng(8).binomial(80, 0.5, 60).astype(float)
    spreads = []
    for outermost in ((4, 76), (20, 60)):
        observed[:2] = outermost
        spreads.append(between_variance(Counts(n, observed, e)))
    assert spreads[0] == spreads[1] > 0
    assert (mid_p(Counts(n, observed, e), spreads[1])[:2] < 0.002).all()


def test_limits_are_exact_mid_p():
    e, n, o = 0.7, 40.0, 20.0
    counts = Counts(np.array([n]), np.array([o]), np.array([n * e]))
    law = stats.binom(40, 0.7)
    assert mid_p(counts, 0.0)[0] == pytest.approx(2 * (law.cdf(19) + 0.5 * law.pmf(20)))
    m = 0.21 / 0.01 - 1
    points = np.array([stats.betabinom(40, m * 0.7, m * 0.3).pmf(k) for k in range(21)])
    assert mid_p(counts, 0.01)[0] == pytest.approx(2 * (points[:20].sum() + 0.5 * points[20]))
    assert mid_p(counts, 0.01)[0] > mid_p(counts, 0.0)[0]


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1])
def test_false_alarms_stay_near_their_rates_when_the_spread_is_estimated(spread):
    rng = np.random.default_rng(6)
    draws = [_drawn(rng, 150, spread, 0.6) for _ in range(60)]
    p = [mid_p(counts, between_variance(counts)) for counts in draws]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.06
    assert 0.0002 < np.mean(np.array(p) < 0.002) < 0.004


def test_the_window_is_three_whole_years_with_exits():
    assert window(_leavers({"3101": (5, 3)}, year=2023), TODAY) == (2021, 2023)
    assert window(_leavers({"3101": (5, 3)}, year=2021), TODAY) == (2019, 2021)
    assert window(_leavers({}), TODAY) == (2021, 2023)
    old = pl.concat([_leavers({"3101": (5, 3)}, year=2019), _leavers({"3102": (5, 3)}, year=2023)])
    assert municipality_table(old, TODAY)["komm_nr"].to_list() == ["3102"]


def test_nobody_left_gives_an_empty_table():
    assert municipality_table(frame("deltakelse", [person(1)]), TODAY).is_empty()
    assert municipality_table(frame("deltakelse", []), TODAY).is_empty()


@pytest.mark.parametrize("successes", [0, 30])
def test_all_or_none_is_no_crash(successes):
    table = _table({"3101": (30, successes), "3102": (30, successes)})
    assert [r["utenfor_95"] for r in table.values()] == [None, None]
