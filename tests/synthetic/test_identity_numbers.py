"""Synthetic numbers: month + 80, right control digits, unique, and never a living person's."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stdnum.no import orgnr

from pipeline.synthetic import preset, simulate
from pipeline.synthetic.identity import complete_fnr, organisation_numbers, synthetic_fnr

K1, K2 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def _right(fnr: str) -> bool:
    digits = [int(c) for c in fnr]
    return all(sum(w * d for w, d in zip(weights, digits, strict=False)) % 11 == 0 for weights in (K1, K2))


def test_control_digits_against_a_published_number():
    """02013299997 is one of the published test vectors."""
    assert complete_fnr("020132999") == "02013299997"
    assert _right("02013299997")
    assert not _right("02013299998")


def test_a_control_digit_of_ten_gives_no_number():
    nothing = [n for n in range(1000) if complete_fnr(f"018190{n:03d}") is None]
    assert 100 < len(nothing) < 250
    assert all(_right(fnr) for n in range(1000) if (fnr := complete_fnr(f"018190{n:03d}")) is not None)


@pytest.mark.parametrize(("year", "low", "high"), [(1985, 0, 499), (2003, 500, 999)])
def test_one_day_gives_many_unique_numbers_of_the_right_kind(year, low, high):
    birth = np.full(120, date(year, 11, 30), dtype="datetime64[D]")
    woman = np.arange(120) % 3 > 0
    numbers = synthetic_fnr(birth, woman)
    assert numbers.n_unique() == 120
    for fnr, is_woman in zip(numbers, woman, strict=True):
        assert fnr[:6] == f"3091{year % 100:02d}"
        assert low <= int(fnr[6:9]) <= high
        assert (int(fnr[8]) % 2 == 0) == is_woman
        assert _right(fnr)


def test_every_participant_has_a_synthetic_number_that_fits_the_birth_date():
    world = simulate(preset("main", participants=3000), 6)
    rows = world.participants.select("fnr", born=pl.col("fodselsdato"))
    assert rows["fnr"].n_unique() == 3000
    for fnr, born in rows.iter_rows():
        assert _right(fnr)
        assert fnr[:6] == f"{born.day:02d}{born.month + 80:02d}{born.year % 100:02d}"


def test_organisation_numbers_are_valid_and_of_the_test_series():
    numbers = organisation_numbers(500)
    assert len(set(numbers)) == 500
    assert all(orgnr.is_valid(n) and n.startswith("31") for n in numbers)


def test_no_file_of_the_sample_holds_a_number_outside_the_test_series():
    """Every eleven digits in the plain files have a month over 80."""
    sample = Path(__file__).parents[2] / "data" / "sample"
    found = 0
    for path in [*sample.rglob("*.csv"), *sample.rglob("*.md")]:
        for fnr in re.findall(rb"(?<!\w)\d{11}(?!\w)", path.read_bytes()):
            found += 1
            assert 81 <= int(fnr[2:4]) <= 92, path
    assert found > 20
