"""How coarse the numbers of the estimate tables are: never finer than the threshold's number of persons.

Belongs here: the one rounding rule. Must not be here: what is hidden.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

_LEAST_BASE = 5
_HALF_POINTS = 200  # half percentage points in a whole
_RATIO_STEPS = 10  # a ratio to a risk of at least 10 % moves ten times as fast as the risk
_DECIMAL = re.compile(r"[−-]?\d+[.,]\d+")


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


def on_grid(value: pl.Expr, step: pl.Expr) -> pl.Expr:
    """The nearest multiple of the step."""
    return plain_zero(((value / step).round(0) * step).round(4))


def off_grid(value: pl.Expr, step: pl.Expr) -> pl.Expr:
    """Whether a value is finer than the step allows; a value without a step is."""
    return value.is_not_null() & ((value - on_grid(value, step)).abs() > 1e-6).fill_null(True)


def coarse_estimates(frame: pl.DataFrame, estimate: str, low: str, high: str) -> pl.DataFrame:
    """The estimate on the grid of the column ``_step``; its interval reaches as far from it as before, rounded up.

    The ends are placed from the rounded estimate, since the middle of two exact ends would tell the exact estimate. An end never
    crosses 0 by rounding: the finding beside it was read from the exact interval.
    """
    step, value = pl.col("_step"), pl.col(estimate)
    middle = on_grid(value, step)
    below = ((value - pl.col(low)) / step - 1e-9).ceil() * step
    above = ((pl.col(high) - value) / step - 1e-9).ceil() * step
    lower, upper = plain_zero((middle - below).round(4)), plain_zero((middle + above).round(4))
    return frame.with_columns(
        middle.alias(estimate),
        pl.when((pl.col(low) > 0) & (lower < 0)).then(0.0).otherwise(lower).alias(low),
        pl.when((pl.col(high) < 0) & (upper > 0)).then(0.0).otherwise(upper).alias(high),
    )


def coarse_gates(text: str, threshold: int) -> str:
    """The gates' JSON with counts below the threshold as null, larger ones rounded down, other numbers to two decimals."""
    try:
        gates = json.loads(text)
    except ValueError:
        return "{}"
    return json.dumps(_coarse(gates, threshold), ensure_ascii=False, sort_keys=True)


def _coarse(value: Any, threshold: int) -> Any:
    if isinstance(value, dict):
        return {key: _coarse(inner, threshold) for key, inner in value.items()}
    if isinstance(value, list):
        return [_coarse(inner, threshold) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if abs(value) >= base(threshold):
        return float(value // base(threshold) * base(threshold))
    whole = float(value).is_integer()
    return (None if value else 0.0) if whole else round(float(value), 2) + 0.0


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
