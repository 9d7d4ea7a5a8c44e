"""The file description: whole, current, in three languages, and no column changes without a word in the change list."""

from __future__ import annotations

import copy
import json
from datetime import date

import pytest

from jobbsjansen.file_description import DATA, PAGE, PUBLISHED, as_json, demands, description, undocumented
from jobbsjansen.file_description_page import page
from pipeline.rules import catalogue
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import FILE_DESCRIPTION
from pipeline.tables.meanings import (
    FOLDER,
    LANGUAGES,
    Change,
    _read,
    changes,
    check_meanings,
    code_list,
    code_lists,
    column_meaning,
)

NOW = description()
PUBLISHED_VERSION = json.loads(PUBLISHED.read_text(encoding="utf-8"))
NEXT = "2027-1"


def test_both_files_are_current() -> None:
    assert DATA.read_text(encoding="utf-8") == as_json(NOW)
    assert PAGE.read_text(encoding="utf-8") == page(NOW)


def test_every_table_column_rule_and_code_is_described_in_every_language() -> None:
    assert NOW["version"] == FILE_DESCRIPTION
    assert {t["name"]: [c["name"] for c in t["columns"]] for t in NOW["tables"]} == {
        n: t.names for n, t in DELIVERY_TABLES.items()
    }
    assert [r["code"] for r in NOW["rules"]] == [r.code for r in catalogue()]
    for table in NOW["tables"]:
        assert all(table["meaning"][language] for language in LANGUAGES)
        for column in table["columns"]:
            assert all(column["meaning"][language] for language in LANGUAGES)
            assert column["meaning"]["nb"] != column["meaning"]["en"] or column["name"] in ("mentor",)
            listed = NOW["code_lists"].get(column["code_list"], [])
            assert [entry["code"] for entry in listed] == column["codes"]
    for entries in NOW["code_lists"].values():
        assert all(entry["meaning"][language] for entry in entries for language in LANGUAGES)


def test_a_column_names_the_rules_that_judge_it() -> None:
    fnr = next(c for t in NOW["tables"] if t["name"] == "deltaker" for c in t["columns"] if c["name"] == "fnr")
    assert {"JS101", "JS109", "JS120", "JS121", "JS122", "JS123", "JS124", "JS125"} <= set(fnr["rules"])
    assert "JS102" not in fnr["rules"]
    assert fnr["aliases"] == ["fodselsnummer", "personnummer", "fodselsnr"]


def test_the_page_has_every_column_code_and_rule() -> None:
    text = page(NOW)
    for table in DELIVERY_TABLES.values():
        part = text.split(f"\n### {table.name}\n")[1].split("\n### ")[0]
        assert [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")][: len(table.names)] == table.names
        for column in table.columns:
            assert column_meaning(table, column, "nb") in part
            if column.codes:
                assert f"\n### Kodeliste {code_list(column)}\n" in text
    for rule in catalogue():
        assert f"| {rule.code} |" in text
    assert "| 2026-1 | 1. januar 2026 |" in text
    assert "0–100 000 000 kroner" in text.replace("\u00a0", " ")


def test_a_missing_meaning_stops_the_program() -> None:
    words = copy.deepcopy(_read("kolonner"))
    check_meanings(words)
    del words["deltaker"]["kjonn"]
    with pytest.raises(ValueError, match=r"deltaker\.kjonn has no meaning in nb, nn"):
        check_meanings(words)
    words = copy.deepcopy(_read("kolonner"))
    words["deltaker"]["kjonn"]["nn"] = " "
    with pytest.raises(ValueError, match=r"deltaker\.kjonn has no meaning in nn"):
        check_meanings(words)
    words = copy.deepcopy(_read("kolonner"))
    words["deltaker"]["skostorrelse"] = {"nb": "a", "nn": "b"}
    with pytest.raises(ValueError, match="meanings of no column"):
        check_meanings(words)


def test_every_column_with_codes_has_its_list() -> None:
    used = {code_list(c) for t in DELIVERY_TABLES.values() for c in t.columns if c.codes}
    assert used == set(code_lists())


def test_no_column_differs_from_the_published_version_without_a_word() -> None:
    assert undocumented(demands(), PUBLISHED_VERSION, changes()) == []
    assert PUBLISHED.parent == FOLDER


def _changed(edit) -> dict:
    now = copy.deepcopy(demands())
    edit(now["tables"])
    return now


def _told(table: str, column: str = "", version: str = NEXT) -> list[Change]:
    return [Change(version, date(2027, 1, 1), "Endret.", "Endra.", "Changed.", table, column), *changes()]


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (lambda t: t["deltaker"]["columns"]["kjonn"]["codes"].append("annet"), "deltaker.kjonn"),
        (lambda t: t["tiltak"]["columns"]["fadder"].update(required=True), "tiltak.fadder"),
        (lambda t: t["prosjekt"]["columns"]["plasser"].update(maximum=2000), "prosjekt.plasser"),
        (lambda t: t["prosjekt"]["columns"].pop("plasser"), "prosjekt.plasser"),
        (lambda t: t["veileder"]["columns"].update(nytt={"name": "nytt"}), "veileder.nytt"),
        (lambda t: t["deltaker"]["columns"]["fnr"]["aliases"].clear(), "deltaker.fnr"),
        (lambda t: t["veileder"].update(optional=False), "veileder"),
    ],
)
def test_a_changed_column_without_an_entry_is_found(edit, place: str) -> None:
    now = _changed(edit)
    table, _, column = place.partition(".")
    assert undocumented(now, PUBLISHED_VERSION, changes()) == [place]
    assert undocumented(now, PUBLISHED_VERSION, _told(table, column)) == [place], "the version must change too"
    now["version"] = NEXT
    assert undocumented(now, PUBLISHED_VERSION, changes()) == [place]
    assert undocumented(now, PUBLISHED_VERSION, _told("oppfolging", "dato")) == [place]
    assert undocumented(now, PUBLISHED_VERSION, _told(table, column)) == []


def test_a_new_table_is_one_entry() -> None:
    now = _changed(lambda t: t.update(ny={"optional": True, "columns": {"a": {}, "b": {}}}))
    now["version"] = NEXT
    assert undocumented(now, PUBLISHED_VERSION, changes()) == ["ny", "ny.a", "ny.b"]
    assert undocumented(now, PUBLISHED_VERSION, _told("ny")) == []
