from __future__ import annotations

import hashlib
from datetime import date

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.identity_shape import is_person_number
from pipeline.synthetic import synthesise
from pipeline.synthetic.population import MOST_PERSONS, months_until, population_numbers
from pipeline.tables import REGISTERS


def test_numbers_are_valid_unique_synthetic_and_nobody_elses():
    first = population_numbers(3000, pl.Series([], dtype=pl.String))
    assert first.n_unique() == 3000
    assert all(is_person_number(number) for number in first)
    assert first.str.slice(2, 2).cast(pl.Int64).is_between(81, 92).all()
    others = population_numbers(3000, first)
    assert not set(first) & set(others)
    with pytest.raises(UserError, match="at most"):
        population_numbers(MOST_PERSONS + 1, first)


def test_months_end_with_the_month_of_the_day():
    assert months_until(date(2024, 2, 29), 3) == [date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1)]


def test_whole_population_extracts_hold_the_participants_own_rows(tmp_path):
    synthesise(60, 3, tmp_path / "a")
    for name in ("b", "c"):
        synthesise(60, 3, tmp_path / name, population=400, months=4)
    digests = [
        {p.relative_to(tmp_path / n).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((tmp_path / n).rglob("*.parquet"))}
        for n in ("b", "c")
    ]  # fmt: skip
    assert digests[0] == digests[1]
    for register, table in REGISTERS.items():
        own = pl.read_parquet(tmp_path / "a" / "registers" / register / "*.parquet")
        whole = pl.read_parquet(tmp_path / "b" / "registers" / register / "**" / "*.parquet", hive_partitioning=True)
        assert set(whole.columns) == {"person_id" if n == "person_key" else n for n in table.names}
        if "maaned" in own.columns:
            own = own.filter(pl.col("maaned") >= date(2026, 3, 1))
            assert whole["maaned"].n_unique() == 4
        if "person_id" not in own.columns:
            assert whole.height == own.height
            continue
        assert own.join(whole, on=[*own.columns], how="anti", nulls_equal=True).is_empty()
        assert whole["person_id"].n_unique() > own["person_id"].n_unique()
