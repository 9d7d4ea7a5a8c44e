from __future__ import annotations

import hashlib
import hmac
import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pseudonyms import person_keys, recipient_keys
from pipeline.pseudonyms.identity_search import count_identities
from pipeline.pseudonyms.person_keys import pseudonym, register_keys
from tests.pseudonyms.synthetic_numbers import numbers


@given(st.binary(min_size=32, max_size=32), st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_equals_the_standard_librarys_hmac(key, text):
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
    back = str.maketrans("bcdfghjklmnpqrst", "0123456789abcdef")
    assert pseudonym(key, text).translate(back) == expected


def test_keeps_order_nulls_and_repeats(keys):
    a, b = numbers(2)
    made = person_keys(pl.Series("fnr", [b, None, a, b]), keys)
    assert made.name == "fnr"
    assert made.null_count() == 1
    assert made[0] == made[3] != made[2]


def test_injective_and_letters_only(keys):
    made = person_keys(pl.Series(numbers(3000)), keys)
    assert made.n_unique() == 3000
    assert all(re.fullmatch(r"[a-z]{32}", key) for key in made)


def test_no_two_holders_can_join(keys):
    persons = pl.Series(numbers(50))
    internal = person_keys(persons, keys)
    columns = [
        internal,
        recipient_keys(internal, keys, "ssb"),
        recipient_keys(internal, keys, "imdi"),
        register_keys(persons, keys, "ytelse"),
        register_keys(persons, keys, "utdanning"),
    ]
    assert pl.concat(columns).n_unique() == 250


def test_person_numbers_are_found_inside_text():
    number = numbers(1)[0]
    assert count_identities(pl.Series(["02013299997", "30108299920", "30108299939", *numbers(200)])) == 203
    assert count_identities(pl.Series([f"ring {number[:6]} {number[6:]} i dag"])) == 1
    assert count_identities(pl.Series(["02013299998"])) == 0
    assert count_identities(pl.Series([f"9{number}"])) == 0
    assert count_identities(pl.Series(["orgnr 974760673, 2024-01-01"])) == 0
