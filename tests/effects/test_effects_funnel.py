"""The municipality table: expected counts, shrinkage, exact limits, and silence where there is too little."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pipeline.effects import municipality_table
from pipeline.effects.funnel import Funnel, between_variance, mid_p, shrink, window
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


@pytest.mark.parametrize("spread", [0.0, 0.12])
def test_the_spread_between_municipalities_is_recovered(spread):
    """Winsorising makes the estimate a little small; it must find wide spread and call none none."""
    rng = np.random.default_rng(3)
    n = np.full(300, 60.0)
    p = np.clip(0.7 + spread * rng.normal(size=300), 0.02, 0.98)
    observed = rng.binomial(60, p).astype(float)
    found = between_variance(n, observed, np.full(300, observed.mean()))
    assert (found**0.5 == pytest.approx(spread, rel=0.35)) if spread else found < 0.015**2


def test_limits_are_exact_mid_p():
    e, n, o = 0.7, 40.0, 20.0
    plain = Funnel(np.array([n]), np.array([o]), np.array([n * e]), 0.0)
    law = stats.binom(40, 0.7)
    assert mid_p(plain)[0] == pytest.approx(2 * (law.cdf(19) + 0.5 * law.pmf(20)))
    wide = Funnel(np.array([n]), np.array([o]), np.array([n * e]), 0.01)
    m = 0.21 / 0.01 - 1
    points = np.array([stats.betabinom(40, m * 0.7, m * 0.3).pmf(k) for k in range(21)])
    assert mid_p(wide)[0] == pytest.approx(2 * (points[:20].sum() + 0.5 * points[20]))
    assert mid_p(wide)[0] > mid_p(plain)[0]


def test_false_alarms_stay_near_their_rate():
    """Beta-binomial data judged with their own variance: close to 5 in 100 outside."""
    rng = np.random.default_rng(6)
    n = np.full(4000, 50.0)
    m = 0.21 / 0.005 - 1
    observed = stats.betabinom(50, m * 0.7, m * 0.3).rvs(4000, random_state=rng).astype(float)
    rate = float(np.mean(mid_p(Funnel(n, observed, n * 0.7, 0.005)) < 0.05))
    assert 0.035 < rate < 0.06


def test_shrinkage_is_stronger_the_fewer_the_leavers():
    funnel = Funnel(np.array([10.0, 400.0]), np.array([3.0, 120.0]), np.array([7.0, 280.0]), 0.01)
    mean, low, high = shrink(funnel)
    assert 0.3 < mean[1] < mean[0] < 0.7
    assert high[0] - low[0] > high[1] - low[1]


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
