from __future__ import annotations

import hashlib
import hmac
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Fault
from pipeline.pseudonyms import keyed_hash, person_keys, recipient_keys
from pipeline.pseudonyms.identity_search import count_identities
from pipeline.pseudonyms.keyed_hash import hash_column
from pipeline.pseudonyms.person_keys import pseudonym, pseudonyms, register_keys
from tests.pseudonyms.synthetic_numbers import numbers


@given(st.binary(min_size=32, max_size=32), st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_equals_the_standard_librarys_hmac(key, text):
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
    back = str.maketrans("bcdfghjklmnpqrst", "0123456789abcdef")
    assert pseudonym(key, text).translate(back) == expected


texts = st.lists(
    st.one_of(st.none(), st.text(max_size=80), st.text(alphabet="0123456789", min_size=11, max_size=11)), max_size=40
)


@given(
    st.binary(min_size=32, max_size=64) | st.text(alphabet=st.characters(max_codepoint=127), max_size=90).map(str.encode), texts
)
def test_a_column_is_hashed_as_one_text_at_a_time(key, values):
    made = hash_column(pl.Series("fnr", values, dtype=pl.String), key)
    assert made.to_list() == [None if value is None else pseudonym(key, value) for value in values]
    assert (made.name, made.dtype) == ("fnr", pl.String)


def test_a_registers_pseudonyms_are_hmac_under_its_key_in_hex(keys):
    (made,) = register_keys(pl.Series(numbers(1)), keys, "ytelse")
    key = keys.of_register("ytelse").secret.hex().encode()
    expected = hmac.new(key, numbers(1)[0].encode(), hashlib.sha256).hexdigest()[:32]
    assert made.translate(str.maketrans("bcdfghjklmnpqrst", "0123456789abcdef")) == expected


def test_blocks_slices_and_repeats_leave_no_trace(monkeypatch):
    monkeypatch.setattr(keyed_hash, "_HASH_BLOCK", 7)
    key = bytes(range(32))
    many = pl.Series("fnr", [*numbers(40), None, "", "æøå"] * 300)
    expected = [None if value is None else pseudonym(key, value) for value in many]
    assert hash_column(many[1:50], key).to_list() == expected[1:50]
    assert pseudonyms(many, key).to_list() == expected
    assert pseudonyms(pl.concat([many, many]), key).to_list() == expected * 2
    assert pseudonyms(many.cast(pl.Categorical), key).to_list() == expected


def test_a_failure_of_the_hashing_tells_no_key(monkeypatch):
    def fails(*_given):
        raise pl.exceptions.ComputeError(f"lit({bytes(range(32))!r})")

    monkeypatch.setattr(keyed_hash, "_hash_block", fails)
    with pytest.raises(Fault) as refused:
        hash_column(pl.Series(["01819012345"]), bytes(range(32)))
    assert refused.value.__context__ is None
    assert "lit" not in str(refused.value)
    with pytest.raises(ValueError, match="longer"):
        keyed_hash._padded(bytes(65), 0)


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
