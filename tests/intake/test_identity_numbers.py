"""Identity numbers against python-stdnum where it knows the rules, and against published vectors where it does not."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from benchmarks.intake_data import number_sample
from pipeline.intake.reading.identity import holds_identity, identity_kind
from tests.intake.intake_case import make_fnr


def kind(number: str | None) -> str | None:
    return identity_kind(pl.Series([number], dtype=pl.String))[0]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("02013299997", "fnr"),
        ("30108299920", "fnr"),
        ("30108299939", "fnr"),
        ("201512345609", "duf"),
        ("201512345600", "invalid"),
        ("1819000049", "ten_digits"),
        (make_fnr(100, month=1), "fnr"),
        (make_fnr(100, day=41, month=1), "dnr"),
        (make_fnr(100, month=41), "hnr"),
        (make_fnr(100), "synthetic"),
        (make_fnr(100, day=41), "synthetic"),
        ("12345678901", "invalid"),
        ("00000000000", "invalid"),
        ("1234567890a", "invalid"),
        ("", "invalid"),
        (None, None),
    ],
)
def test_kind_of_known_numbers(number: str | None, expected: str | None) -> None:
    assert kind(number) == expected


@given(st.from_regex(r"[0-7][0-9][0145][0-9][0-9]{7}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_whatever_stdnum_accepts_is_accepted(number: str) -> None:
    both_marks = number[0] >= "4" and number[2] >= "4"  # day + 40 and month + 40 at once: nobody is given such a number
    if fodselsnummer.is_valid(number) and not both_marks:
        assert kind(number) in ("fnr", "dnr", "hnr")


def test_stdnum_and_the_vectorised_validator_agree_on_many_numbers() -> None:
    numbers = number_sample(20_000, seed=2)
    ours = [k != "invalid" for k in identity_kind(pl.Series(numbers, dtype=pl.String))]
    assert ours == [fodselsnummer.is_valid(n) for n in numbers]
    assert 0.7 < sum(ours) / len(ours) < 0.9


@given(st.integers(0, 999), st.integers(1, 28), st.integers(1, 12), st.integers(40, 99))
@settings(max_examples=100, deadline=None)
def test_one_wrong_digit_is_found(individual: int, day: int, month: int, year: int) -> None:
    number = make_fnr(min(individual, 900), day=day, month=month, year=year)
    assert kind(number) == "fnr"
    spoiled = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert kind(spoiled) == "invalid"


def test_identity_inside_a_text_is_found() -> None:
    number = make_fnr(100, month=1)
    texts = pl.Series(["T-1", f"T-{number}", f"0{number}9", "12345678901", None])
    assert holds_identity(texts).to_list() == [False, True, True, False, False]
