"""One readable suite for the measures of a registry extract: may it be used?

DuckDB has read the rows; Great Expectations judges the measures, one row per column of the description and one for the whole. A measure is
null where it does not apply. How large it may be stands in ``pipeline/rules/uttrekk.toml``.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from expectations.runner import expectation_classes, judge
from pipeline.rules import extract_rules

_ROW_LABEL: dict[str, pl.DataType] = {"kolonne": pl.String()}
_NEVER_NULL = "uttrekk_mangler_kolonne"
_WHOLE = "uttrekket"


def judge_extract(register: str, measures: pl.DataFrame) -> list[str]:
    """The codes of what makes an extract unfit for use, sorted; empty when it may be used.

    Args:
        register: name in ``REGISTERS``.
        measures: one row per column of the description and one for the whole (``kolonne``), a column per measure.

    Raises:
        ValidatorCrashed: a rule could not be evaluated.
    """
    return sorted(set(findings(register, measures)["code"].to_list()))


def findings(register: str, measures: pl.DataFrame) -> pl.DataFrame:
    """What the suite finds: ``kolonne``, ``code``; one row per broken rule and column. No value from the data."""
    # Rows of the whole have no rows of a column: the one rule that forbids null is not about them.
    batch = measures.with_columns(n_rader=pl.when(pl.col("kolonne") == _WHOLE).then(1).otherwise("n_rader"))
    found = judge(f"uttrekk_{register}", batch, suite(), _ROW_LABEL)
    return found.select("kolonne", "code").sort("kolonne", "code")


def suite() -> list[Any]:
    """The expectations on an extract, the same for every register, in the order of the rules."""
    gxe = expectation_classes()
    made = []
    for code, rule in extract_rules()["regel"].items():
        meta = {"code": code, "column": rule["measure"]}
        if code == _NEVER_NULL:
            made.append(gxe.ExpectColumnValuesToNotBeNull(column=rule["measure"], meta=meta))
        else:
            made.append(
                gxe.ExpectColumnValuesToBeBetween(
                    column=rule["measure"], min_value=rule.get("minimum"), max_value=rule.get("maximum"), meta=meta
                )
            )
    return made
