"""One readable suite for the profile of a registry extract: does it keep the file description?

DuckDB has read the rows; Great Expectations judges the profile, one row per column of the description. What differs from
column to column (required, decisive) becomes a column of its own here, null where it does not apply.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import expectation_classes, judge
from pipeline.tables import INNDATA

# Columns that a row may lack, but whose absence from every row would turn an outcome into "no" for everybody.
_NEVER_WHOLLY_EMPTY = {("arbeidsforhold", "stillingsprosent"), ("selvstendig", "naeringsinntekt_nok")}
_ROW_LABEL: dict[str, pl.DataType] = {"kolonne": pl.String()}


def judge_profile(profile: pl.DataFrame, register: str) -> pl.DataFrame:
    """What makes an extract unfit for use: one row per broken rule and column of the register's description.

    Args:
        profile: ``STATISTIKK["uttrekksprofil"]``; other registers' rows are ignored.
        register: name in ``REGISTERS``.

    Returns:
        ``register, column, code``, sorted; empty when the extract may be used. No value from the data.

    Raises:
        ValidatorCrashed: a rule could not be evaluated.
    """
    batch = _batch(profile.filter(pl.col("register") == register), register)
    found = judge(f"uttrekk_{register}", batch, suite(), _ROW_LABEL)
    return found.select(pl.lit(register).alias("register"), pl.col("kolonne").alias("column"), "code").sort("column", "code")


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
        gxe.ExpectColumnValuesToBeBetween(min_value=1, **meta("n_utfylt_avgjorende", "uttrekk_kolonne_uten_verdi")),
    ]


def _batch(profile: pl.DataFrame, register: str) -> pl.DataFrame:
    columns = INNDATA[f"register_{register}"].columns
    described = pl.DataFrame(
        {
            "kolonne": [c.name for c in columns],
            "paakrevd": [c.required for c in columns],
            "avgjorende": [(register, c.name) in _NEVER_WHOLLY_EMPTY for c in columns],
        }
    )
    filled = pl.col("n_rader") - pl.col("n_null")
    return described.join(profile, on="kolonne", how="left", maintain_order="left").with_columns(
        pl.when("paakrevd").then("n_null").alias("n_null_paakrevd"),
        pl.when(pl.col("avgjorende") & (pl.col("n_rader") > 0)).then(filled).alias("n_utfylt_avgjorende"),
    )
