"""Gates decided beforehand and the grade of the design; neither ever looks at the size of an effect.

A all green; B amber somewhere with ESS >= 50 and balance under its amber limit; C any red; D not computable.
Limits stand in the protocol. A gate's name is also its reason (``texts``), but for a negative control that did not fail.
Must not be here: findings and sentences.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.effects.diagnostics import Arm
from pipeline.effects.findings import Interval, Z, is_small

GREEN, AMBER, RED, UNAVAILABLE = "gronn", "gul", "rod", "ikke_tilgjengelig"
_SHOW_COUNTS_FROM = 10


@dataclass(frozen=True)
class Gate:
    """One gate: its number (None when there is none), its colour, and a note."""

    value: float | None
    colour: str
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The grade with what led to it; ``reason`` is codes of the catalogues' ``grunn`` joined by ``; ``, empty for grade A."""

    grade: str
    gates: Mapping[str, Gate] = field(default_factory=dict)
    reason: str = ""

    def json(self, **extra: float | None) -> str:
        """The gates (and ``extra`` numbers) as sorted JSON."""
        shown: dict[str, object] = {n: _shown(g) for n, g in self.gates.items()}
        if self.reason:
            shown["begrunnelse"] = self.reason
        return json.dumps(shown | {k: _rounded(v) for k, v in extra.items()}, ensure_ascii=False, sort_keys=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def _shown(gate: Gate) -> dict[str, object]:
    out: dict[str, object] = {"verdi": _rounded(gate.value), "farge": gate.colour}
    return out | ({"merknad": gate.note} if gate.note else {})


def _count(value: int, colour: str) -> Gate:
    """A count of persons, without the number when it is small."""
    return Gate(float(value), colour) if value >= _SHOW_COUNTS_FROM else Gate(None, colour, f"under {_SHOW_COUNTS_FROM}")


def _is_number(value: float) -> bool:
    return math.isfinite(value)


def _balance(value: float, ess: float, limits: Mapping[str, float]) -> Gate:
    if not _is_number(value):
        return Gate(None, UNAVAILABLE)
    loose = max(limits["balanse_gronn"], limits["balanse_gronn_ess"] / math.sqrt(ess) if ess > 0 else 0.0)
    green = min(loose, limits["balanse_gronn_tak"])
    return Gate(value, GREEN if value < green else AMBER if value < limits["balanse_gul"] else RED)


def _size(ess: float, limits: Mapping[str, float]) -> Gate:
    return Gate(ess, GREEN if ess >= limits["ess_gronn"] else AMBER if ess >= limits["ess_gul"] else RED)


def _starters(arm: Arm, limits: Mapping[str, float]) -> Gate:
    if arm.strategy.kind == "naturlig":
        return _count(arm.late_starters, GREEN if arm.late_starters >= limits["startere_naturlig"] else AMBER)
    enough = arm.starters >= limits["startere_jevn"] and arm.late_starters >= limits["startere_siste_kvart"]
    return _count(arm.starters, GREEN if enough else AMBER)


def _municipalities(n: int, limits: Mapping[str, float]) -> Gate:
    return _count(n, GREEN if n >= limits["kommuner"] else AMBER if n >= limits["kommuner_gul"] else RED)


def mean_weight_gate(mean: float, se: float, limits: Mapping[str, float]) -> Gate:
    """How far the mean of the weights is from 1, beyond what chance gives.

    Args:
        mean: mean weight over everybody.
        se: its standard error.
        limits: the protocol's limits.

    Returns:
        Amber when it is further from 1 than the amber limit and its 95 % interval leaves out 1, red when it is further than the red
        limit and the interval lies beyond the amber one, else green.
    """
    off, surely = abs(mean - 1), abs(mean - 1) - Z * se
    red = off > limits["middelvekt_rod"] and surely > limits["middelvekt_gul"]
    amber = off > limits["middelvekt_gul"] and surely > 0
    return Gate(mean, RED if red else AMBER if amber else GREEN)


def arm_gates(arm: Arm, n_clusters: int, limits: Mapping[str, float]) -> dict[str, Gate]:
    """The gates that ask nothing of the comparison: balance, size, starters, weights, positivity, municipalities, mean weight."""
    gates = {
        "balanse": _balance(arm.imbalance, arm.ess, limits),
        "balanse_over_tid": _balance(arm.imbalance_over_time, arm.ess, limits),
        "ess": _size(arm.ess, limits),
        "topp_andel": Gate(arm.top_share, GREEN if arm.top_share < limits["topp_andel"] else AMBER),
        "kommuner": _municipalities(n_clusters, limits),
    }
    if arm.strategy.decides:
        if arm.strategy.week:
            gates["startere"] = _starters(arm, limits)
        gates["positivitet"] = Gate(arm.small_hazard, GREEN if arm.small_hazard < limits["positivitet_andel"] else AMBER)
    if _is_number(arm.mean_weight):
        gates["middelvekt"] = mean_weight_gate(arm.mean_weight, arm.mean_weight_se, limits)
    return gates


def control_gate(difference: Interval, limits: Mapping[str, float]) -> Gate:
    """The negative control: a difference in a fact from before the start should not be there.

    Args:
        difference: weighted difference between the arms, as a share.
        limits: the protocol's limits.

    Returns:
        Green when the 95 % interval lies inside the limit, amber when it is wider but covers 0, else red.
    """
    if not difference.is_finite:
        return Gate(None, UNAVAILABLE)
    inside = is_small(difference, limits["negativ_kontroll"])
    return Gate(difference.estimate, GREEN if inside else AMBER if difference.low <= 0 <= difference.high else RED)


def truncation_gate(moved: float, se: float, limits: Mapping[str, float]) -> Gate:
    """How far the estimate moves when the heaviest weights are capped."""
    small = abs(moved) < limits["avkorting_se"] * se or abs(moved) < limits["avkorting_differanse"]
    return Gate(abs(moved), GREEN if small else AMBER)


# A control that is wide and one that could not be made are no control that failed: readers are told which it was.
_REASON = {("negativ_kontroll", AMBER): "negativ_kontroll_upresis", ("negativ_kontroll", UNAVAILABLE): "negativ_kontroll_mangler"}
_ORDER = {GREEN: 0, AMBER: 1, UNAVAILABLE: 2, RED: 3}


def worst(*many: Mapping[str, Gate]) -> dict[str, Gate]:
    """Per gate the worst colour over the arms."""
    out: dict[str, Gate] = {}
    for gates in many:
        for name, gate in gates.items():
            if name not in out or _ORDER[gate.colour] > _ORDER[out[name].colour]:
                out[name] = gate
    return out


def grade(gates: Mapping[str, Gate], limits: Mapping[str, float], ess_at_horizon: float) -> Verdict:
    """The grade of a design.

    Args:
        gates: every gate of the estimate.
        limits: the protocol's limits.
        ess_at_horizon: the smallest effective risk set of the arms at the horizon.

    Returns:
        D when the horizon is not reached, C with any red gate, B with any other colour than green, else A.
    """
    at_fault = [n for n, gate in gates.items() if gate.colour != GREEN]
    red = [n for n in at_fault if gates[n].colour == RED]
    if not ess_at_horizon >= limits["ess_horisont"]:
        note = Gate(ess_at_horizon, RED) if _is_number(ess_at_horizon) else Gate(None, RED)
        return Verdict("D", {**gates, "ess_horisont": note}, "; ".join([*red, "horisont"]))
    letter = "C" if red else "B" if at_fault else "A"
    return Verdict(letter, dict(gates), "; ".join(_REASON.get((n, gates[n].colour), n) for n in red or at_fault))
