"""Synthetic identity numbers (month + 80, Skatteetaten's test series) and organisation numbers of the test series.

Belongs here: making numbers that no living person and no real business can have. Must not be here: judging numbers.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_ORG = (3, 2, 7, 6, 5, 4, 3, 2)
_DISCARDED = 10
_EPOCH = date(1970, 1, 1)


def _control(digits: list[int], weights: tuple[int, ...]) -> int:
    rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
    return 0 if rest == 0 else 11 - rest


def complete_fnr(nine: str) -> str | None:
    """The eleven digits that begin with these nine, or None where a control digit would be ten."""
    digits = [int(c) for c in nine]
    k1 = _control(digits, _K1)
    k2 = _control([*digits, k1 % 10], _K2)
    return None if _DISCARDED in (k1, k2) else f"{nine}{k1}{k2}"


def _next_number(birth: date, woman: bool, used: dict[tuple[date, bool], int]) -> str:
    low = 500 if birth.year >= 2000 else 0
    number = used.get((birth, woman), low + (0 if woman else 1))
    while True:
        day = f"{birth.day:02d}{birth.month + 80:02d}{birth.year % 100:02d}"
        fnr = complete_fnr(f"{day}{number:03d}")
        number += 2
        used[(birth, woman)] = number
        if fnr is not None:
            return fnr


def synthetic_fnr(birth: np.ndarray, woman: np.ndarray) -> pl.Series:
    """One unique number per element, from birth day and sex (even individual number = woman), month + 80.

    Args:
        birth: days (``datetime64[D]``), 1940–2039.
        woman: true for women.
    """
    used: dict[tuple[date, bool], int] = {}
    days = [_EPOCH + timedelta(days=int(d)) for d in birth.astype("datetime64[D]").astype(int)]
    return pl.Series("fnr", [_next_number(day, bool(w), used) for day, w in zip(days, woman, strict=True)], dtype=pl.String)


def organisation_numbers(n: int) -> np.ndarray:
    """The first ``n`` valid organisation numbers of the series that starts with 31 (test organisations)."""
    base = np.arange(31_000_000, 31_000_000 + n + n // 5 + 20)
    digits = (base[:, None] // 10 ** np.arange(7, -1, -1)) % 10
    rest = (digits * np.array(_ORG)).sum(axis=1) % 11
    valid = rest != 1
    control = np.where(rest == 0, 0, 11 - rest)
    return np.array([f"{b}{c}" for b, c in zip(base[valid], control[valid], strict=True)][:n])
