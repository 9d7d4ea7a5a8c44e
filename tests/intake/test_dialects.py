"""Whatever table is written in whatever allowed dialect comes back equal: every value, every row, every line number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.intake.reading.cells import typed
from pipeline.intake.reading.containers import read_delivery
from tests.intake.intake_case import zip_bytes
from tests.intake.written import Dialect, Written, as_csv, as_parquet, as_workbook, dialects, fits, tables

LONG = 10_000
FIXED = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def comes_back(data: bytes, written: Written, starts: list[int], *, named: bool = True) -> None:
    """Read the file and hold every value and row number against what was meant."""
    reading = read_delivery(data, written.table if named else None)
    assert [f.code for f in reading.findings if f.code < "JS030"] == []
    assert list(reading.tables) == [written.table]
    raw = reading.tables[written.table]
    assert raw["row_no"].to_list() == starts
    exact = reading.facts["form"] in ("xlsx", "parquet")
    labels = [
        pl.lit("r").alias("receipt_id"),
        pl.lit("4601").alias("sender"),
        pl.lit(1).alias("order"),
        pl.lit(exact).alias("exact"),
    ]
    read = typed(written.table, raw.with_columns(labels), demo=True)
    for name in written.columns:
        assert read[name].to_list() == written.meant(name), name


def text_comes_back(written: Written, dialect: Dialect, in_zip: bool) -> None:
    assume(fits(written, dialect))
    data, starts = as_csv(written, dialect)
    comes_back(zip_bytes({f"{written.table}.csv": data}) if in_zip else data, written, starts, named=not in_zip)


def workbook_comes_back(written: Written, top: int, left: int, gap: int, dates_as_text: bool) -> None:
    data, starts = as_workbook(written, top=top, left=left, gap=gap, dates_as_text=dates_as_text)
    comes_back(data, written, starts, named=False)


def parquet_comes_back(written: Written) -> None:
    comes_back(*_and_starts(written))


def _and_starts(written: Written) -> tuple[bytes, Written, list[int]]:
    data, starts = as_parquet(written)
    return data, written, starts


PROPERTIES: dict[str, tuple[Callable[..., None], tuple[st.SearchStrategy[Any], ...]]] = {
    "text": (text_comes_back, (tables(), dialects(), st.booleans())),
    "workbook": (workbook_comes_back, (tables(), st.integers(0, 19), st.integers(0, 5), st.integers(0, 2), st.booleans())),
    "parquet": (parquet_comes_back, (tables(),)),
}


def holds(form: str, examples: int) -> None:
    """Try the property of that form on so many examples."""
    test, strategies = PROPERTIES[form]
    settings(FIXED, max_examples=examples)(given(*strategies)(test))()


@pytest.mark.parametrize("form", list(PROPERTIES))
def test_table_comes_back_equal(form: str) -> None:
    holds(form, 60)


@pytest.mark.long
@pytest.mark.parametrize("form", list(PROPERTIES))
def test_ten_thousand_tables_come_back_equal(form: str) -> None:
    holds(form, LONG)
