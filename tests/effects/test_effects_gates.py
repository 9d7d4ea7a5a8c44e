"""Each gate on both sides of its limit, the grades they lead to, and findings."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from pipeline.effects.bootstrap import draw_counts
from pipeline.effects.diagnostics import Arm, effective_size, imbalance, imbalance_over_time, top_share
from pipeline.effects.findings import (
    Interval,
    difference_interval,
    e_value,
    e_value_of_limit,
    finding,
    interval_of,
    ratio_finding,
    ratio_interval,
    risk_interval,
)
from pipeline.effects.gates import (
    AMBER,
    GREEN,
    RED,
    UNAVAILABLE,
    Gate,
    Verdict,
    arm_gates,
    control_gate,
    grade,
    truncation_gate,
    worst,
)
from pipeline.effects.protocol import placement_protocol
from pipeline.effects.strategies import Strategy

LIMITS = placement_protocol().limits
NOTHING = np.zeros(0)


def _arm(kind: str = "jevn", **changes) -> Arm:
    good = {
        "strategy": Strategy(f"innen_8u_{kind}", kind, 8), "incidence": NOTHING, "truncated": NOTHING, "at_risk": NOTHING,
        "ess_at_risk": NOTHING, "follows": np.zeros(0, bool), "ess": 400.0, "top_share": 0.05, "imbalance": 0.05,
        "imbalance_over_time": 0.05, "starters": 200, "late_starters": 40, "small_hazard": 0.0, "control": 0.5,
    }  # fmt: skip
    return Arm(**(good | changes))


def _letter(arm: Arm, clusters: int = 30, control: Gate | None = None, at_horizon: float = 100.0) -> str:
    gates = arm_gates(arm, clusters, LIMITS) | {"negativ_kontroll": control or Gate(0.0, GREEN)}
    return grade(gates, LIMITS, at_horizon).grade


def test_all_green_is_a():
    assert _letter(_arm()) == "A"
    assert _letter(_arm("naturlig")) == "A"


@pytest.mark.parametrize(
    ("changes", "letter"),
    [
        ({"imbalance": 0.124}, "A"),
        ({"imbalance": 0.126}, "B"),
        ({"imbalance": 0.249}, "B"),
        ({"imbalance": 0.251}, "C"),
        ({"imbalance": 0.19, "ess": 100.0}, "A"),
        ({"imbalance": 0.21, "ess": 100.0}, "B"),
        ({"imbalance_over_time": 0.26}, "C"),
        ({"ess": 100.0}, "A"),
        ({"ess": 99.0}, "B"),
        ({"ess": 50.0}, "B"),
        ({"ess": 49.0}, "C"),
        ({"starters": 29}, "B"),
        ({"late_starters": 9}, "B"),
        ({"top_share": 0.15}, "B"),
        ({"small_hazard": 0.05}, "B"),
        ({"imbalance": math.nan}, "B"),
    ],
)
def test_each_gate_on_both_sides_of_its_limit(changes, letter):
    assert _letter(_arm(**changes)) == letter


def test_natural_grace_is_judged_by_the_starters_of_the_last_week():
    assert _letter(_arm("naturlig", late_starters=29)) == "B"
    assert _letter(_arm("naturlig", starters=5)) == "A"


@pytest.mark.parametrize(("clusters", "letter"), [(20, "A"), (19, "B"), (13, "B"), (6, "B"), (5, "C")])
def test_few_municipalities_are_never_a(clusters, letter):
    assert _letter(_arm(), clusters=clusters) == letter


@pytest.mark.parametrize(("ess", "letter"), [(25.0, "A"), (24.9, "D"), (math.nan, "D"), (0.0, "D")])
def test_the_horizon_must_be_reached(ess, letter):
    assert _letter(_arm(), at_horizon=ess) == letter


def test_the_negative_control_caps_the_grade():
    unknown = interval_of(math.nan, math.nan, 60)
    assert control_gate(interval_of(0.01, 0.01, 60), LIMITS).colour == GREEN
    assert control_gate(interval_of(0.01, 0.05, 60), LIMITS).colour == AMBER
    assert control_gate(interval_of(0.20, 0.05, 60), LIMITS).colour == RED
    assert control_gate(interval_of(0.12, 0.05, 60), LIMITS).colour == RED
    assert control_gate(interval_of(0.12, 0.05, 6), LIMITS).colour == AMBER
    assert control_gate(unknown, LIMITS).colour == UNAVAILABLE
    assert _letter(_arm(), control=control_gate(unknown, LIMITS)) == "B"
    assert _letter(_arm(), control=control_gate(interval_of(0.20, 0.05, 60), LIMITS)) == "C"


def test_truncation():
    assert truncation_gate(0.009, 0.001, LIMITS).colour == GREEN
    assert truncation_gate(0.02, 0.05, LIMITS).colour == GREEN
    assert truncation_gate(0.02, 0.03, LIMITS).colour == AMBER


def test_the_worse_arm_decides():
    both = worst({"ess": Gate(400, GREEN)}, {"ess": Gate(40, RED)})
    assert both["ess"].colour == RED


def test_gates_as_json_hold_no_small_count():
    gates = arm_gates(_arm(starters=7, late_starters=1), 4, LIMITS)
    shown = json.loads(Verdict("C", gates, "kommuner").json(e_verdi_grense=1.23456))
    assert shown["startere"] == {"verdi": None, "farge": AMBER, "merknad": "under 10"}
    assert shown["kommuner"]["verdi"] is None
    assert shown["e_verdi_grense"] == 1.2346
    assert shown["begrunnelse"] == "kommuner"


def test_effective_size_and_top_share():
    assert effective_size(np.array([1.0, 1.0, 0.0])) == pytest.approx(2.0)
    assert effective_size(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert effective_size(np.zeros(3)) == 0.0
    assert top_share(np.r_[np.ones(99), 11.0]) == pytest.approx(0.1)
    assert math.isnan(top_share(np.zeros(2)))


def test_imbalance_is_the_largest_standardised_difference():
    values = np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 1.0], [2.0, 1.0]])
    assert imbalance(np.ones(4), values) == 0
    assert imbalance(np.array([0.0, 1.0, 0.0, 1.0]), values) == pytest.approx(1.0)
    assert math.isnan(imbalance(np.zeros(4), values))
    assert imbalance_over_time(np.ones(4), np.array([0.0, 1.0, 0.0, 1.0]), values) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0.01, 0.2, "positiv"),
        (-0.2, -0.01, "negativ"),
        (-0.04, 0.04, "ingen_forskjell"),
        (-0.06, 0.04, "uavklart"),
        (0.01, 0.04, "positiv"),
    ],
)
def test_findings(low, high, found):
    assert finding(Interval((low + high) / 2, low, high, 0.1), 0.05) == found


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (1.07, 3.81, "positiv"),
        (0.41, 0.93, "negativ"),
        (0.99, 1.34, "uavklart"),
        (0.92, 1.09, "ingen_forskjell"),
        (0.90, 1.05, "uavklart"),
        (1.01, 1.05, "positiv"),
    ],
)
def test_a_ratio_is_found_from_its_own_interval(low, high, found):
    assert ratio_finding(Interval(math.sqrt(low * high), low, high, 0.1), 1.1) == found


def test_intervals():
    draws = np.random.default_rng(1).normal(0.1, 0.02, 4000)
    plain = difference_interval(0.1, draws, 1000)
    assert (plain.low, plain.high) == pytest.approx((0.061, 0.139), abs=0.002)
    assert risk_interval(0.01, draws, 1000).low == 0.0
    ratio = ratio_interval(0.6, 0.3, np.full(9, 0.6) + np.linspace(-0.1, 0.1, 9), np.full(9, 0.3), 30)
    assert ratio.estimate == pytest.approx(2.0)
    assert ratio.low * ratio.high == pytest.approx(4.0)
    assert not ratio_interval(0.6, 0.0, draws, draws, 30).is_finite
    assert not difference_interval(0.1, np.r_[draws[:90], np.full(10, np.nan)], 30).is_finite


@pytest.mark.parametrize(("clusters", "t"), [(6, 2.571), (10, 2.262), (20, 2.093), (60, 2.001), (10**6, 1.960)])
def test_few_municipalities_widen_every_interval_alike(clusters, t):
    """Student's t with J - 1 degrees of freedom (any table) and the factor √(J / (J - 1))."""
    draws = np.random.default_rng(2).normal(0.3, 0.02, 400)
    se = draws.std(ddof=1) * math.sqrt(clusters / (clusters - 1))
    for found in (difference_interval(0.3, draws, clusters), risk_interval(0.3, draws, clusters)):
        assert found.se == pytest.approx(se)
        assert (found.low, found.high) == pytest.approx((0.3 - t * se, 0.3 + t * se), abs=2e-5)
    ratio = ratio_interval(0.3, 0.2, draws, np.full(400, 0.2), clusters)
    assert ratio.se == pytest.approx(np.log(draws).std(ddof=1) * math.sqrt(clusters / (clusters - 1)))
    assert math.log(ratio.high / ratio.estimate) == pytest.approx(t * ratio.se, rel=1e-3)


def test_one_municipality_has_no_interval():
    assert not difference_interval(0.1, np.linspace(0, 0.2, 40), 1).is_finite


@pytest.mark.parametrize("municipalities", [6, 12, 30])
def test_intervals_from_few_municipalities_hold_the_truth(municipalities):
    """Means of municipalities that differ, 1 500 programmes, truth 0: normal intervals would in 0.87, 0.91 and 0.94 of them."""
    rng = np.random.default_rng(municipalities)
    held = []
    for programme in range(1500):
        effect = rng.normal(0, 0.1, municipalities)
        draws = draw_counts(municipalities, 100, programme) @ effect / municipalities
        found = difference_interval(float(effect.mean()), draws, municipalities)
        held.append(found.low <= 0 <= found.high)
    assert 0.935 <= np.mean(held) <= 0.965


def test_e_values_of_vanderweele_and_ding():
    """RR 3.9 (1.8-8.7): E-value 7.26 for the estimate, 3.0 for the limit (VanderWeele & Ding 2017, example 1)."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1 / 3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_limit(Interval(3.9, 1.8, 8.7, 0.4)) == pytest.approx(3.0, abs=0.005)
    assert e_value_of_limit(Interval(1.2, 0.9, 1.6, 0.1)) == 1.0


def test_the_reason_names_the_gates_that_decided_also_new_ones():
    gates = {"ess": Gate(60, AMBER), "balanse": Gate(0.3, RED), "kommuner": Gate(30, GREEN), "ny_port": Gate(None, UNAVAILABLE)}
    assert grade(gates, LIMITS, 100).reason == "balanse"
    del gates["balanse"]
    assert (grade(gates, LIMITS, 100).grade, grade(gates, LIMITS, 100).reason) == ("B", "ess; ny_port")
    assert grade(gates, LIMITS, 1).reason == "horisont"
    unreachable = grade({**gates, "balanse": Gate(0.9, RED)}, LIMITS, 1)
    # A design that would fail at any horizon says so.
    assert (unreachable.grade, unreachable.reason) == ("D", "balanse; horisont")
    assert grade({"kommuner": Gate(30, GREEN)}, LIMITS, 100).reason == ""
