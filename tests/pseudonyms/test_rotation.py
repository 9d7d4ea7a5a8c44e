"""The new key file, re-keyed files, and references that outlive a key."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pipeline.errors import Fault, RefusedStart, UserError
from pipeline.pseudonyms import IdentityHistory, load_keys, log_references, new_key_file, new_register_key_file, references
from pipeline.pseudonyms.rotation import files_to_rekey, next_version, rekey_file, rotated_key_file
from tests.pseudonyms.synthetic_numbers import numbers

A, B, C = numbers(3)


@pytest.mark.parametrize(
    ("used", "expected"), [(["K1"], "K2"), (["DEMO"], "K2"), (["K1", "K9"], "K10"), (["K2", "K1"], "K3"), (["2026-1"], "2026-2")]
)
def test_name_of_the_next_version(used, expected):
    assert next_version(used) == expected


def test_new_key_knows_what_went_before_and_owners_keys_do_not(tmp_path, settings):
    old = new_key_file(tmp_path / "k1")
    new = rotated_key_file(tmp_path / "k2", old, None, ["K1"], settings.home)
    again = rotated_key_file(tmp_path / "k2", old, None, ["K1"], settings.home)
    assert (new.version, new.secret, new.retired) == (again.version, again.secret, again.retired)
    assert new.retired[0].log_key == old.derive("log")
    assert load_keys(settings.with_(key_file=tmp_path / "k2")).retired == new.retired
    new_register_key_file(tmp_path / "owner", "ytelse", new)
    assert "retired" not in json.loads((tmp_path / "owner").read_text())
    assert "retired" not in json.loads((tmp_path / "k1").read_text())
    assert "log_key" not in repr(new)
    with pytest.raises(UserError, match="holds version K2"):
        rotated_key_file(tmp_path / "k2", old, "K5", ["K1"], settings.home)
    with pytest.raises(UserError, match="exists already"):
        rotated_key_file(tmp_path / "k1", old, None, ["K1"], settings.home)


@pytest.mark.parametrize(
    "retired", [[{"version": "K1"}], [{"version": "K1", "log": "AAAA"}], "K1", [{"version": "K1", "log": "*"}]]
)
def test_damaged_document_is_no_key(tmp_path, settings, retired):
    new_key_file(tmp_path / "k")
    document = json.loads((tmp_path / "k").read_text())
    (tmp_path / "k").write_text(json.dumps(document | {"retired": retired}))
    with pytest.raises(RefusedStart, match="does not hold a key"):
        load_keys(settings.with_(key_file=tmp_path / "k"))


def test_rekeyed_file_is_sorted_anew_and_the_second_time_left_alone(settings):
    path = settings.home.warehouse / "inndata" / "register_selvstendig.parquet"
    path.parent.mkdir(parents=True)
    frame = pl.DataFrame(
        {"person_key": ["a", "b", "b", "nobody"], "aar": [2024, 2023, 2024, 2024], "naeringsinntekt_nok": [1.0, None, 2.0, 3.0]}
    )
    frame.write_parquet(path)
    assert files_to_rekey(settings.home) == [path]
    assert rekey_file(path, {"a": "z", "b": "y"}, settings)
    after = pl.read_parquet(path)
    assert after.rows() == [("y", 2023, None), ("y", 2024, 2.0), ("z", 2024, 1.0)]
    assert after.schema == frame.schema
    stamp = path.stat().st_mtime_ns
    assert not rekey_file(path, {"a": "z", "b": "y"}, settings)
    assert path.stat().st_mtime_ns == stamp
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_participations_and_rows_without_a_person_follow(settings):
    path = settings.home.warehouse / "klargjort" / "person_maaned.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"person_key": ["a", None], "deltakelse_key": ["d", "e"], "x": [True, None]}).write_parquet(path)
    rekey_file(path, {"a": "A", "d": "D", "e": "E"}, settings)
    assert pl.read_parquet(path).rows() == [("A", "D", True), (None, "E", None)]


def test_damaged_table_is_told_without_a_value(settings, monkeypatch):
    from pipeline.pseudonyms import rotation

    path = settings.home.warehouse / "inndata" / "deltaker.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"person_key": ["hemmelig"]}).write_parquet(path)
    monkeypatch.setattr(rotation, "_order", lambda *_: ["hemmelig"])
    with pytest.raises(Fault, match=r"inndata/deltaker\.parquet") as caught:
        rekey_file(path, {"hemmelig": "x"}, settings)
    assert "hemmelig" not in str(caught.value)
    assert caught.value.__context__ is None
    assert pl.read_parquet(path)["person_key"].to_list() == ["hemmelig"]


def test_lists_and_what_others_keep_are_not_rekeyed_here(settings):
    for place in ("inndata/ompseudonymisering", "release_members/r0001", ".candidate/x", "statistikk/effekt"):
        path = settings.home.warehouse / f"{place}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"person_key" if "effekt" not in place else "analyse": ["a"]}).write_parquet(path)
    assert files_to_rekey(settings.home) == []


def test_who_was_erased_goes_by_the_reference_on_record(tmp_path, settings):
    old = new_key_file(tmp_path / "k1")
    new = rotated_key_file(tmp_path / "k2", old, None, ["K1"], settings.home)
    asked, nothing = pl.Series("fnr", [B, None, A, B], dtype=pl.String), IdentityHistory()
    known = log_references(pl.Series([A]), old).to_list()
    made = references(new, nothing, known)(asked)
    own = log_references(asked, new)
    assert made.to_list() == [own[0], None, known[0], own[3]]
    assert made.name == "fnr"
    assert references(new, nothing, [])(asked).equals(own)
    history = IdentityHistory(ends=pl.DataFrame({"tidligere_id": [A], "gjeldende_id": [B]}))
    assert references(new, history, known)(asked).to_list() == [known[0], None, known[0], known[0]]
    both = [*known, log_references(pl.Series([B]), new)[0]]
    assert references(new, history, both)(asked).to_list() == [both[1], None, both[0], both[1]]
