"""One readable suite for the profile of a registry extract: does it keep the file description?

DuckDB has read the rows; Great Expectations judges the profile, one row per column of the description. What differs from
column to column (required, plausible range) becomes a column of its own here, null where it does not apply.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import expectation_classes, judge
from pipeline.tables import INNDATA, Column

SEVERITY = {
    "uttrekk_mangler_kolonne": "error",
    "uttrekk_tomt": "error",
    "uttrekk_mangler_verdi": "error",
    "uttrekk_utenfor_kodeliste": "error",
    "uttrekk_utenfor_grenser": "remark",
    "uttrekk_kolonne_uten_verdi": "remark",
}
_ROW_LABEL: dict[str, pl.DataType] = {"kolonne": pl.String()}


def judge_profile(profile: pl.DataFrame, register: str) -> pl.DataFrame:
    """The broken rules of one extract: one row per rule and column of the register's description.

    Args:
        profile: ``STATISTIKK["uttrekksprofil"]``; other registers' rows are ignored.
        register: name in ``REGISTERS``.

    Returns:
        ``register, column, code, severity`` sorted; an ``error`` means the extract must not be used. No value from the data.

    Raises:
        ValidatorCrashed: a rule could not be evaluated.
    """
    batch = _batch(profile.filter(pl.col("register") == register), INNDATA[f"register_{register}"].columns)
    found = judge(f"uttrekk_{register}", batch, suite(), _ROW_LABEL)
    codes = pl.col("code")
    return found.select(
        pl.lit(register).alias("register"),
        pl.col("kolonne").alias("column"),
        codes,
        codes.replace_strict(SEVERITY).alias("severity"),
    ).sort("register", "column", "code")


def suite() -> list[Any]:
    """The expectations on a profile, the same for every register."""
    gxe = expectation_classes()

    def meta(column: str, code: str) -> dict[str, Any]:
        return {"column": column, "meta": {"code": code, "column": column}}

    return [
        gxe.ExpectColumnValuesToNotBeNull(**meta("n_rader", "uttrekk_mangler_kolonne")),
        gxe.ExpectColumnValuesToBeBetween(min_value=1, **meta("n_rader", "uttrekk_tomt")),
        gxe.ExpectColumnValuesToBeBetween(max_value=0, **meta("n_null_paakrevd", "uttrekk_mangler_verdi")),
        gxe.ExpectColumnValuesToBeBetween(max_value=0, **meta("n_utenfor_kodeliste", "uttrekk_utenfor_kodeliste")),
        gxe.ExpectColumnValuesToBeBetween(min_value=0, **meta("over_minste", "uttrekk_utenfor_grenser")),
        gxe.ExpectColumnValuesToBeBetween(min_value=0, **meta("under_storste", "uttrekk_utenfor_grenser")),
        gxe.ExpectColumnValuesToBeBetween(min_value=1, **meta("n_utfylt_valgfri", "uttrekk_kolonne_uten_verdi")),
    ]


def _batch(profile: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
    described = pl.DataFrame(
        {
            "kolonne": [c.name for c in columns],
            "paakrevd": [c.required for c in columns],
            "nedre": [c.minimum for c in columns],
            "ovre": [c.maximum for c in columns],
        },
        schema={"kolonne": pl.String(), "paakrevd": pl.Boolean(), "nedre": pl.Float64(), "ovre": pl.Float64()},
    )
    filled = pl.when(pl.col("n_rader") > 0).then(pl.col("n_rader") - pl.col("n_null"))
    return described.join(profile, on="kolonne", how="left", maintain_order="left").with_columns(
        pl.when("paakrevd").then("n_null").cast(pl.Int64).alias("n_null_paakrevd"),
        pl.when(~pl.col("paakrevd")).then(filled).cast(pl.Int64).alias("n_utfylt_valgfri"),
        (pl.col("minste").cast(pl.Float64, strict=False) - pl.col("nedre")).alias("over_minste"),
        (pl.col("ovre") - pl.col("storste").cast(pl.Float64, strict=False)).alias("under_storste"),
    )
