"""The search for identity numbers, against python-stdnum and the published vectors for 2032."""

from __future__ import annotations

import polars as pl
import pytest
from stdnum.no import fodselsnummer

from pipeline.identity_shape import holds_identity_number, is_duf_number, is_person_number

VALID_2032 = ("02013299997", "30108299920", "30108299939")


def _numbered(stem: str) -> str:
    """The first eleven-digit number with this six-digit stem that the search takes for a person."""
    return next(f"{stem}{rest:05d}" for rest in range(100_000) if is_person_number(f"{stem}{rest:05d}"))


@pytest.mark.parametrize("number", VALID_2032)
def test_numbers_of_2032_are_found(number: str) -> None:
    assert is_person_number(number)


def test_everything_stdnum_accepts_is_found_and_wrong_control_digits_are_not() -> None:
    accepted = [n for n in (f"010190{rest:05d}" for rest in range(0, 20_000)) if fodselsnummer.is_valid(n)]
    assert len(accepted) > 100
    assert all(is_person_number(n) for n in accepted)
    assert not any(is_person_number(n[:-1] + str((int(n[-1]) + 1) % 10)) for n in accepted)


@pytest.mark.parametrize("stem", ["010190", "410190", "014190", "018190", "418190"])
def test_kinds_of_number(stem: str) -> None:
    assert holds_identity_number(pl.Series([_numbered(stem)])).to_list() == [True]


def test_found_inside_text_with_gaps_and_as_integers_that_lost_their_zero() -> None:
    number = _numbered("018190")
    text = pl.Series(
        [f"ring {number[:6]} {number[6:]} i morgen", f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:]}", None, "x"]
    )
    assert holds_identity_number(text).to_list() == [True, True, False, False]
    assert holds_identity_number(pl.Series([int(number), 12])).to_list() == [True, False]


def test_duf_is_found() -> None:
    assert is_duf_number("201512345609")
    assert holds_identity_number(pl.Series(["DUF 201512345609"])).to_list() == [True]


def test_pseudonyms_dates_and_longer_numbers_are_not_taken_for_persons() -> None:
    number = _numbered("018190")
    harmless = pl.Series(["ab" * 8 + number + "cd" * 8, "2024-02-01 12:31:45", "9" + number, number + "1"])
    assert not holds_identity_number(harmless).any()
    assert not holds_identity_number(pl.Series([1.5])).any()
