"""Which pseudonyms were replaced, from the tables of two nights alone."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipeline.pseudonyms import IdentityHistory, person_keys, to_inndata
from pipeline.pseudonyms.remapping import extended, merged, rekeyed, replacements, still_true, unknown_in
from pipeline.tables import INNDATA
from tests.pseudonyms.synthetic_numbers import numbers

A, B, C = numbers(3)
KNOWN = IdentityHistory(ends=pl.DataFrame({"tidligere_id": [A], "gjeldende_id": [B]}))
EMPTY = INNDATA["ompseudonymisering"].empty()


def rows(*people: str, **changes: object) -> pl.DataFrame:
    base = {"prosjekt_id": "P1", "start_dato": date(2023, 1, 9), "deltakelse_id": None, "avsender": "4601", "receipt_id": "r1"}
    columns = [pl.lit(v).cast(pl.Date if k == "start_dato" else pl.String).alias(k) for k, v in (base | changes).items()]
    return pl.DataFrame({"fnr": people}).with_columns(columns)


def night(frame: pl.DataFrame, keys, history: IdentityHistory = IdentityHistory()) -> dict[str, pl.DataFrame]:  # noqa: B008
    return to_inndata({"deltaker": frame}, keys, history)


def keyed(keys, *people: str) -> list[str]:
    return person_keys(pl.Series(people), keys).to_list()


def test_one_participation_under_two_numbers_has_its_two_keys_replaced_by_one(keys):
    before, now = night(rows(A, B, C), keys), night(rows(B, C), keys, KNOWN)
    found = merged(before, now, KNOWN.numbers_of(pl.Series([A, B, C])), keys)
    a, b, _ = keyed(keys, A, B, C)
    assert found.filter(pl.col("slag") == "person").select("gammel_key", "person_key").rows() == [(a, b)]
    keys_before = dict(before["deltaker"].select("person_key", "deltakelse_key").rows())
    told = found.filter(pl.col("slag") == "deltakelse").select("gammel_key", "deltakelse_key").rows()
    assert told == [(keys_before[a], keys_before[b])]
    assert replacements(found) == {a: b, keys_before[a]: keys_before[b]}


def test_participation_with_the_senders_own_id_keeps_its_key(keys):
    before, now = (night(rows(A, deltakelse_id="D1"), keys, h) for h in (IdentityHistory(), KNOWN))
    found = merged(before, now, KNOWN.numbers_of(pl.Series([A])), keys)
    assert found["slag"].to_list() == ["person"]


def test_first_night_and_unknown_numbers_replace_nothing(keys):
    none, now = night(rows(A).clear(), keys), night(rows(A), keys, KNOWN)
    assert merged(none, now, KNOWN.numbers_of(pl.Series([A])), keys).is_empty()
    apart = night(rows(C), keys)
    assert merged(apart, apart, KNOWN.numbers_of(pl.Series([C])), keys).is_empty()


def test_list_is_extended_once_and_holds_only_what_is_true(keys):
    before, now = night(rows(A, B), keys), night(rows(B), keys, KNOWN)
    found = merged(before, now, KNOWN.numbers_of(pl.Series([A, B])), keys)
    once = extended(EMPTY, found, "sammenslaaing", date(2026, 1, 1))
    assert unknown_in(found, once).is_empty()
    assert extended(once, found, "sammenslaaing", date(2026, 1, 2)).equals(once)
    assert still_true(once, now).equals(once)
    assert still_true(once, before).is_empty()
    assert still_true(once, night(rows(C), keys)).is_empty()


def test_every_number_of_a_person_leads_to_her_one_new_pseudonym(keys, tmp_path):
    from pipeline.pseudonyms import new_key_file

    new = new_key_file(tmp_path / "k2", "K2")
    found = replacements(rekeyed(rows(A, C), pl.Series([A]), KNOWN, keys, new))
    expected = dict(zip(keyed(keys, A, B, C), keyed(new, B, B, C), strict=True))
    assert {old: found[old] for old in expected} == expected
    ours = night(rows(A, C), keys, KNOWN)["deltaker"]["deltakelse_key"].to_list()
    theirs = night(rows(A, C), new, KNOWN)["deltaker"]["deltakelse_key"].to_list()
    assert {found[key] for key in ours} == set(theirs)
