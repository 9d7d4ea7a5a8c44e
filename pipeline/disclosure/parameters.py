"""The declared tables and parameters of a release, read from one versioned file and never changed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.disclosure.problem import TableSpec
from pipeline.disclosure.rounding import plain_zero

_FILE = Path(__file__).with_name("release_tables.json")
HIDDEN, ZERO, MISSING = ":", "-", ".."


@cache
def _declared() -> str:
    return _FILE.read_text(encoding="utf-8")


def declared() -> dict[str, Any]:
    """The file's content, a fresh copy each time."""
    return dict(json.loads(_declared()))


def transition_spec(threshold: int) -> TableSpec:
    """The linked tables of direct transition."""
    raw = declared()["overgang_direkte"]
    tables = tuple(tuple(t) for t in raw["tables"])
    return TableSpec(tuple(raw["dims"]), dict(raw["hierarchy"]), tables, threshold, remainders=True)


def unsafe(n: pl.Expr, k: pl.Expr, threshold: int) -> pl.Expr:
    """The primary rule: too few persons, too few with or without the outcome, or all alike."""
    return (n > 0) & ((n < threshold) | (k < threshold) | (n - k < threshold))


def share(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds ``verdi``, ``ki_nedre``, ``ki_ovre`` from the released counts alone: whole percent under 100 persons, else one decimal.

    The interval is Wilson's (1927) at 95 %. Null where a count is hidden.
    """
    n, p, z = pl.col("nevner").cast(pl.Float64), pl.col("teller") / pl.col("nevner"), 1.959963984540054
    middle, width = p + z**2 / (2 * n), z * (p * (1 - p) / n + z**2 / (4 * n**2)).sqrt()
    values = {"verdi": p, "ki_nedre": (middle - width) / (1 + z**2 / n), "ki_ovre": (middle + width) / (1 + z**2 / n)}
    return frame.with_columns(coarse_share(e.clip(0.0, 1.0), pl.col("nevner")).alias(name) for name, e in values.items())


def coarse_share(value: pl.Expr, persons: pl.Expr) -> pl.Expr:
    """A share beside the released count of its persons: whole percent under 100 of them, else one decimal; never minus zero."""
    return plain_zero(pl.when(persons < 100).then(value.round(2)).otherwise(value.round(3)))
