"""The catalogue is whole: stable codes, texts for people, and every column covered by the rules of its kind."""

from __future__ import annotations

import re

import pytest

from pipeline.errors import UserError
from pipeline.rules import Rule, catalogue, checks, patterns, rule
from pipeline.tables import DELIVERY_TABLES

ALL = catalogue()


def test_codes_are_unique_and_sorted() -> None:
    codes = [r.code for r in ALL]
    assert codes == sorted(set(codes))
    assert len(codes) > 80


@pytest.mark.parametrize("r", ALL, ids=lambda r: r.code)
def test_every_rule_says_what_why_and_how_in_full_sentences(r: Rule) -> None:
    for text in (r.message, r.why, r.fix):
        assert re.match(r"[A-ZÆØÅ«]", text)
        assert text.rstrip("»").endswith((".", "!"))
    assert r.source
    assert (r.decision != "") == (r.severity == "fatal")


def test_rule_is_found_by_its_code_in_any_case() -> None:
    assert rule("js201").code == "JS201"
    with pytest.raises(UserError):
        rule("JS999")


@pytest.mark.parametrize("table", list(DELIVERY_TABLES))
def test_columns_are_covered_by_the_rules_of_their_kind(table: str) -> None:
    covered = {(c.rule.kind if c.rule.kind != "parse" else c.rule.code, c.column.name) for c in checks(table)}
    for column in DELIVERY_TABLES[table].columns:
        assert (("required", column.name) in covered) == column.required
        assert (("codes", column.name) in covered) == bool(column.codes)
        assert (("range", column.name) in covered) == (column.minimum is not None or column.maximum is not None)
        assert (("JS104", column.name) in covered) == (column.kind == "date")
        assert (("JS107", column.name) in covered) == (column.kind in ("int", "float"))


def test_every_pattern_belongs_to_a_column() -> None:
    named = {c.name for t in DELIVERY_TABLES.values() for c in t.columns}
    assert set(patterns()) <= named
    assert {n for n in named if n.endswith("_id")} <= set(patterns())


def test_every_rule_on_a_column_meets_one() -> None:
    met = {c.rule.code for table in DELIVERY_TABLES for c in checks(table)}
    assert met == {r.code for r in ALL if r.kind in ("required", "codes", "range", "pattern", "parse", "flag")}
