"""Great Expectations answers as an independent polars reference does, without values, and never mistakes a crash for a pass."""

from __future__ import annotations

import polars as pl
import pytest

from expectations import ValidatorCrashed, judge, validate
from expectations.deliveries import COMPUTED, suite
from expectations.runner import expectation_classes
from pipeline.intake.judging.decide import judged_columns
from pipeline.intake.reading.cells import typed
from pipeline.rules import checks, flag_name
from pipeline.tables import DELIVERY_TABLES
from tests.intake.intake_case import reference_validate

INDEX: dict[str, pl.DataType] = {"receipt_id": pl.String(), "row_no": pl.Int64()}
SECRET = "hemmelig-verdi"


def batch(table: str) -> pl.DataFrame:
    """Four rows: one empty, one with nonsense in every cell, two readable; flags false except where reading raised them."""
    texts = {c.name: [None, SECRET, "1", c.codes[0] if c.codes else "2024-01-01"] for c in DELIVERY_TABLES[table].columns}
    labels = {
        "receipt_id": ["a", "a", "a", "b"],
        "sender": ["4601"] * 4,
        "order": [1, 1, 1, 2],
        "row_no": [2, 3, 4, 2],
        "exact": [False] * 4,
    }
    read = typed(table, pl.DataFrame(labels | texts), demo=True)
    flags = [c.flag for c in checks(table) if c.rule.kind == "flag"]
    raised = [pl.Series(f, [i % 4 == at for at in range(4)], dtype=pl.Boolean) for i, f in enumerate(flags)]
    return read.with_columns(raised).select(judged_columns(table))


@pytest.mark.parametrize("table", ["deltaker", "innsending", "prosjekt", "undersokelse"])
def test_same_answer_as_the_reference(table: str) -> None:
    frame = batch(table)
    found = validate(table, frame)
    assert found.rows() == reference_validate(table, frame).rows()
    assert {"JS101", "JS102"} & set(found["code"]) or table == "innsending"


def test_answer_holds_no_value() -> None:
    found = validate("deltaker", batch("deltaker"))
    assert found.columns == ["receipt_id", "table", "code", "column", "row_no"]
    assert found.height > 20
    assert SECRET not in str(found.to_dicts())


def test_one_expectation_per_cell_rule_and_column_and_one_on_the_flags() -> None:
    cells = [(c.rule.code, c.column.name) for c in checks("tiltak") if c.rule.kind not in ("parse", "flag")]
    assert [(e.meta["code"], e.meta["column"]) for e in suite("tiltak")] == [*cells, (COMPUTED, "")]


@pytest.mark.parametrize("table", ["deltaker", "prosjekt"])
def test_every_flag_is_heard_alone(table: str) -> None:
    computed = [c for c in checks(table) if c.rule.kind in ("parse", "flag")]
    frame = pl.concat([batch(table).tail(1)] * len(computed)).with_columns(pl.int_range(pl.len()).alias("row_no"))
    frame = frame.with_columns((pl.col("row_no") == at).alias(c.flag) for at, c in enumerate(computed))
    found = validate(table, frame).join(pl.DataFrame({"code": sorted({c.rule.code for c in computed})}), on="code", how="semi")
    expected = [(c.rule.code, c.column.name, at) for at, c in enumerate(computed)]
    assert found.select("code", "column", "row_no").sort("row_no").rows() == expected


def test_nothing_to_judge_is_no_finding() -> None:
    assert validate("tiltak", batch("tiltak").clear()).is_empty()


def test_rule_that_crashes_is_no_pass() -> None:
    gxe = expectation_classes()
    frame = pl.DataFrame({"receipt_id": ["a"], "row_no": [2], "navn": [SECRET]})
    broken = gxe.ExpectColumnValuesToMatchRegex(column="navn", regex="(", meta={"code": "JS999", "column": "navn"})
    with pytest.raises(ValidatorCrashed, match="JS999") as crash:
        judge("proeve", frame, [broken], INDEX)
    assert SECRET not in str(crash.value)


def test_missing_flag_is_no_pass() -> None:
    for flag in (flag_name("JS201"), flag_name("JS104", "start_dato")):
        with pytest.raises(ValidatorCrashed, match=flag):
            validate("tiltak", batch("tiltak").drop(flag))


def test_flag_without_an_answer_is_no_pass() -> None:
    for flag in (flag_name("JS201"), flag_name("JS104", "start_dato")):
        with pytest.raises(ValidatorCrashed, match=flag):
            validate("tiltak", batch("tiltak").with_columns(pl.lit(None, dtype=pl.Boolean).alias(flag)))
