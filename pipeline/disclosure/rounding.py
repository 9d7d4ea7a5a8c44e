"""How coarse the numbers of the estimate tables are: never finer than the threshold's number of persons.

Belongs here: the one rounding rule. Must not be here: what is hidden.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

_LEAST_BASE = 5
_HALF_POINTS = 200  # half percentage points in a whole
_RATIO_STEPS = 10  # a ratio to a risk of at least 10 % moves ten times as fast as the risk
_DECIMAL = re.compile(r"[−-]?\d+[.,]\d+")
_SAME = 1e-9
_COUNTED = frozenset(
    (
        "deltakelser",
        "ess",
        "ess_horisont",
        "faa_utfall",
        "kommuner",
        "maalte",
        "prosjekter",
        "samtidig_personer",
        "startere",
        "utfall",
    )
)
_GATE_UNITS = {
    "andel_uten_oppgitt_statusdato": 1, "avkorting": 1, "middelvekt": 1, "negativ_kontroll": 1, "positivitet": 1, "topp_andel": 1,
    "balanse": 2, "balanse_over_tid": 2,
}  # fmt: skip
_NESTED = (
    0.01,
    0.05,
    0.25,
)  # each an odd multiple of the one before: then no edge of a coarse grid divides a step of a finer one


def base(threshold: int) -> int:
    """Released counts of the estimate tables are multiples of this, in persons or events."""
    return max(_LEAST_BASE, threshold)


def floored(column: str, threshold: int) -> pl.Expr:
    """The count rounded down to a multiple of ``base``; null stays null. Sums and differences of such counts are not exact."""
    return (pl.col(column).floor() // base(threshold) * base(threshold)).alias(column)


def unit(persons: pl.Expr, threshold: int) -> pl.Expr:
    """Smallest number of half percentage points that covers ``base`` of so many persons, as a share; null without persons.

    Args:
        persons: released (rounded) count of the smaller arm.
        threshold: smallest count shown.
    """
    steps = (_HALF_POINTS * base(threshold) / pl.when(persons > 0).then(persons)).ceil()
    return steps.clip(1, _HALF_POINTS) / _HALF_POINTS


def ratio_unit(share_unit: pl.Expr) -> pl.Expr:
    """The same for a ratio of risks and for E-values."""
    return share_unit * _RATIO_STEPS


def plain_zero(value: pl.Expr) -> pl.Expr:
    """The value with zero for minus zero. Adding 0.0 does not do it: the query optimiser takes that away."""
    return pl.when(value == 0).then(0.0).otherwise(value)


_ORIGIN = pl.lit(0.0)


def on_grid(value: pl.Expr, step: pl.Expr, origin: pl.Expr = _ORIGIN) -> pl.Expr:
    """The value that is nearest among those that lie whole steps from the origin."""
    return plain_zero((origin + ((value - origin) / step).round(0) * step).round(4))


def off_grid(value: pl.Expr, step: pl.Expr, origin: pl.Expr = _ORIGIN) -> pl.Expr:
    """Whether a value is finer than the step allows; a value without a step is."""
    return value.is_not_null() & ((value - on_grid(value, step, origin)).abs() > 1e-6).fill_null(True)


def coarse_estimates(
    frame: pl.DataFrame,
    estimate: str,
    low: str,
    high: str,
    null: pl.Expr = _ORIGIN,
    margin: tuple[pl.Expr, pl.Expr] | None = None,
) -> pl.DataFrame:
    """The estimate on the grid of the column ``_step``; its interval reaches as far from it as before, rounded up.

    The ends are placed from the rounded estimate, since the middle of two exact ends would tell the exact estimate. The finding
    beside the row was read from the exact interval, so an end never passes by rounding what the finding says it does not pass: such
    an end stops there, which tells no more than the finding. The grid starts at the value of no difference, so that the estimate
    stays on its side too.

    Args:
        frame: rows with ``_step``.
        estimate: column of the estimate.
        low: column of the lower end.
        high: column of the upper end.
        null: what no difference is: 0, for a ratio 1.
        margin: largest irrelevant difference on each side; null in rows whose finding does not claim that the interval lies inside.
    """
    step, value = pl.col("_step"), pl.col(estimate)
    middle = on_grid(value, step, null)
    below = ((value - pl.col(low)) / step - 1e-9).ceil() * step
    above = ((pl.col(high) - value) / step - 1e-9).ceil() * step
    lower, upper = (middle - below).round(4), (middle + above).round(4)
    lower = pl.when((pl.col(low) >= null) & (lower < null)).then(null).otherwise(lower)
    upper = pl.when((pl.col(high) <= null) & (upper > null)).then(null).otherwise(upper)
    if margin is not None:
        least, most = (edge.round(4) for edge in margin)
        inside_low, inside_high = pl.col(low) >= least - _SAME, pl.col(high) <= most + _SAME
        lower = pl.when(inside_low & (lower < least)).then(pl.min_horizontal(least, middle)).otherwise(lower)
        upper = pl.when(inside_high & (upper > most)).then(pl.max_horizontal(most, middle)).otherwise(upper)
    return frame.with_columns(middle.alias(estimate), plain_zero(lower).alias(low), plain_zero(upper).alias(high))


def coarse_gates(text: str, threshold: int, share_unit: float | None) -> str:
    """The gates' JSON, no value finer than the row's estimates; a gate that is not known here keeps its colour alone.

    Counts are rounded down, and null below the first step; an E-value stands on the row's grid of ratios, from 1. Shares and mean
    weights stand on the finest of a few grids that covers the row's unit, standardised differences on that of twice the unit (a
    share's standard deviation is at most one half). The grids lie inside each other, since one arm's gate stands beside estimates
    with several units, and two roundings of one value must not be narrower together.

    Args:
        text: the gates.
        threshold: smallest count shown.
        share_unit: ``unit`` of the row; null where no number of persons is told, and then only counts are.
    """
    try:
        gates = json.loads(text)
    except ValueError:
        return "{}"
    coarse = {name: _coarse_gate(name, gate, threshold, share_unit) for name, gate in gates.items()}
    return json.dumps(coarse, ensure_ascii=False, sort_keys=True)


def _coarse_gate(name: str, gate: Any, threshold: int, share_unit: float | None) -> Any:
    if isinstance(gate, dict):
        return gate | {"verdi": _coarse_gate(name, gate.get("verdi"), threshold, share_unit)}
    if isinstance(gate, bool) or not isinstance(gate, int | float):
        return gate if isinstance(gate, bool | str) else None
    if name in _COUNTED:
        whole = float(gate // base(threshold) * base(threshold))
        return whole if whole or not gate else None
    if share_unit is None:
        return None
    if name == "e_verdi_grense":
        step = share_unit * _RATIO_STEPS
        return round(1.0 + round((gate - 1.0) / step) * step, 4)
    return _nested(float(gate), share_unit * _GATE_UNITS.get(name, math.inf))


def _nested(value: float, least: float) -> float | None:
    """The value on the first nested grid with steps of at least ``least``, through all finer ones so that a tie goes one way."""
    for grid in _NESTED:
        value = round(round(value / grid) * grid, 4) + 0.0
        if grid >= least - _SAME:
            return value
    return None


def coarse_sentence(text: str | None, numbers: Mapping[float, float], scale: float, decimals: int, mark: str = ",") -> str | None:
    """A sentence with its decimal numbers replaced by the released ones; null when it holds a number that is not released.

    Args:
        text: the sentence, numbers with true minus; one written with another decimal mark or minus is not released.
        numbers: exact to released value.
        scale: 100 where the sentence speaks of percent.
        decimals: decimals in the sentence.
        mark: the language's decimal mark.
    """
    if text is None:
        return None
    words = {
        _written(sign * scale * old, decimals, mark): _written(sign * scale * new, decimals, mark)
        for old, new in numbers.items()
        for sign in (-1, 1)
    }
    if any(found not in words for found in _DECIMAL.findall(text)):
        return None
    return _DECIMAL.sub(lambda found: words[found.group()], text)


def _written(value: float, decimals: int, mark: str) -> str:
    plain = f"{abs(value):.{decimals}f}"
    text = plain.replace(".", mark)
    return f"−{text}" if value < 0 and float(plain) > 0 else text
