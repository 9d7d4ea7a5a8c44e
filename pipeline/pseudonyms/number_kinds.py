"""Whole columns of identity numbers at once: real, synthetic or DUF.

Belongs here: the fast way of asking what ``identity_shape`` says of one number. Must not be here: another answer than that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

Classify = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.str_]]
_K1 = np.array([3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
_K2 = np.array([5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
_DUF = np.array([4, 6, 3, 2, 4, 6, 3, 2, 7, 5])
_SYNTHETIC = 80  # added to the birth month


def number_kinds(numbers: pl.Series) -> pl.DataFrame:
    """``number`` and ``kind`` (real, synthetic, duf) of each distinct one that is an identity number; the others are not in it."""
    distinct = numbers.cast(pl.String).drop_nulls().unique().sort().alias("number")
    kinds = [_of_width(distinct, 11, _persons), _of_width(distinct, 12, _dufs)]
    return pl.concat(kinds).drop_nulls("kind").sort("number")


def _of_width(numbers: pl.Series, width: int, classify: Classify) -> pl.DataFrame:
    candidates = numbers.filter(numbers.str.contains(rf"^[0-9]{{{width}}}$"))
    raw = np.frombuffer("".join(candidates.to_list()).encode("ascii"), dtype=np.uint8)
    digits = (raw.reshape(-1, width) - ord("0")).astype(np.int64)
    kinds = pl.Series("kind", classify(digits).tolist(), dtype=pl.String)
    return pl.DataFrame([candidates, kinds]).with_columns(pl.col("kind").replace("", None))


def _persons(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    first, month = digits[:, 0] * 10 + digits[:, 1], digits[:, 2] * 10 + digits[:, 3]
    day = first % 40
    days = (day >= 1) & (day <= 31) & (first <= 71)
    months = np.isin(month, [m + shift for shift in (0, 40, 80) for m in range(1, 13)])
    controls = (digits[:, :10] @ _K1 % 11 <= 3) & (digits @ _K2 % 11 == 0)
    return np.where(days & months & controls, np.where(month > _SYNTHETIC, "synthetic", "real"), "")


def _dufs(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    return np.where(digits[:, :10] @ _DUF % 11 == digits[:, 10] * 10 + digits[:, 11], "duf", "")
