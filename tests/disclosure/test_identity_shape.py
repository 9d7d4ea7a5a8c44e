"""The search for identity numbers, against python-stdnum and the published vectors for 2032."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


GAPS = (
    "  ",
    " \u00a0 ",
    "\u2009\u202f",
    "\t",
    " - ",
    " \u2212 ",
    "\u200b",
    "\u00ad",
    "\u2060 ",
    "\n",
    "\uff0d",
    "\u3000",
    " . ",
    "\u00b7",
)


@pytest.mark.parametrize("gap", GAPS)
def test_what_parts_the_groups_hides_nothing(gap: str) -> None:
    number = _numbered("018190")
    groups = (number[:2], number[2:4], number[4:6], number[6:9], number[9:])
    texts = [gap.join(groups), f"ring {number[:6]}{gap}{number[6:]} i morgen", f"{number[:6]}{gap}{number[6:9]}{gap}{number[9:]}"]
    assert holds_identity_number(pl.Series(texts)).all()


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\u06f0", "\u0966", "\U0001d7ce", "\u0e50"])
def test_digits_of_every_script_are_digits(zero: str) -> None:
    number = _numbered("018190")
    other = "".join(chr(ord(zero) + int(digit)) for digit in number)
    mixed = other[:4] + number[4:]
    assert holds_identity_number(
        pl.Series([other, mixed, f"({other[:6]}  {other[6:]})", other.replace(other[0], number[0])])
    ).all()
    assert not holds_identity_number(pl.Series([other[:-1], other + other[0], other[:6] + "x" + other[6:]])).any()


def test_digits_with_signs_that_nobody_sees_or_in_rings_are_digits() -> None:
    number = _numbered("018190")
    keycaps = "".join(f"{digit}\ufe0f\u20e3" for digit in number)
    raised = number.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    assert holds_identity_number(pl.Series([keycaps, raised, "\x00".join(number)])).all()


HARMLESS = [
    "12 345 678 901", "kr 12\u00a0345\u00a0678\u00a0901,00", "1 234 567", "tlf. 22 33 44 55", "+47 22 33 44 55  /  99 88 77 66", "0047  2233 4455",
    "974 760 673", "974760673  12", "orgnr 974 760 673   37 timer", "974760673\u00a0MVA", "85.100  12", "2024-01-01  12:31:45",
    "01.01.2024 - 31.12.2024", "01.01.2024\n31.12.2024", "kontonr. 1503 12 34567", "10 %  20 %  30 %  400 %  50 %", "fra 1990  til 2024",
]  # fmt: skip


def test_amounts_telephone_and_organisation_numbers_are_no_persons() -> None:
    assert [text for text in HARMLESS if holds_identity_number(pl.Series([text])).any()] == []


def test_a_long_run_of_blanks_takes_no_time() -> None:
    number = _numbered("018190")
    long = [
        f"{number[:2]}{' ' * 200_000}x {number}",
        (f"{number[:2]}{' ' * 50}" * 2_000) + number[:6] + " " * 100_000 + number[6:],
    ]
    assert holds_identity_number(pl.Series(long)).to_list() == [True, True]


@given(text=st.text(max_size=30))
def test_the_sieve_passes_over_nothing_that_the_look_would_find(text: str) -> None:
    number = _numbered("018190")
    assert holds_identity_number(pl.Series([f"{text} x {number[:6]} \u200b {number[6:]} x {text}"])).to_list() == [True]
