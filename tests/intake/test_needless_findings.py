"""A participation is not missed of a number that is an error itself; of any other number it is."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.intake.findings import FINDING_ROWS
from pipeline.intake.judging.decide import relevant
from pipeline.tables import DELIVERY_TABLES

FRAME = DELIVERY_TABLES["tiltak"].empty().with_columns(
    pl.lit(None, dtype=pl.String).alias("receipt_id"), pl.lit(None, dtype=pl.Int64).alias("row_no")
)  # fmt: skip


def left(*found: tuple[str, str, int]) -> list[tuple[str, int]]:
    """What is said of these findings (code, column, row)."""
    rows = [("r1", "tiltak", code, column, row) for code, column, row in found]
    told = relevant("tiltak", pl.DataFrame(rows, schema=FINDING_ROWS, orient="row"), FRAME)
    return list(told.select("code", "row_no").rows())


@pytest.mark.parametrize("code", ["JS109", "JS110", "JS116", "JS120", "JS121", "JS122", "JS123", "JS124", "JS280"])
def test_error_on_the_number_says_enough(code: str) -> None:
    assert left((code, "fnr", 2), ("JS209", "fnr", 2)) == [(code, 2)]


@pytest.mark.parametrize(
    "other",
    [
        ("JS120", "fnr", 3),  # the number of another row
        ("JS125", "fnr", 2),  # a remark: the row is taken in
        ("JS102", "tiltak_type", 2),  # another cell of the row
    ],
)
def test_participation_is_missed_of_every_other_number(other: tuple[str, str, int]) -> None:
    assert ("JS209", 2) in left(other, ("JS209", "fnr", 2))
