"""Every delivery of the corpus gets the receipt that it must get, from an empty home and without anything taken in."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from pipeline.rules import catalogue
from pipeline.tables import DELIVERY_TABLES
from tests.intake.corpus import CASES, Case
from tests.intake.corpus_answers import receipt_of


def counts_of(receipt: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Counts per table in the order of the corpus."""
    return {name: tuple(t.values()) for name, t in receipt["tables"].items()}


def test_names_are_unique_and_the_corpus_is_large() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


def test_every_rule_is_broken_by_a_delivery() -> None:
    """By one of the corpus, or by a test that names the code: rules over several nights, links, limits of the machine."""
    rules = {r.code for r in catalogue() if r.kind != "profile"}
    broken = {code for case in CASES for code in case.codes}
    assert broken <= rules
    assert rules - broken <= codes_named_in_tests()
    assert len(rules - broken) < len(broken) / 2


@pytest.mark.parametrize("table", list(DELIVERY_TABLES))
def test_every_rule_is_kept_by_a_delivery(table: str) -> None:
    """The table's rules are all kept where a delivery that has the table, with rows, is taken in without a word."""
    assert [case for case in CASES if case.state == "accepted" and not case.codes and case.tables.get(table, (0,))[0]]


def codes_named_in_tests() -> set[str]:
    """Codes that stand within a test of this folder or in the lists that it is run with; other lists do not count."""
    named: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        lists = {ast.unparse(target): n.value for n in body for target in targets_of(n)}
        for test in (n for n in body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")):
            names = {n.id for decorator in test.decorator_list for n in ast.walk(decorator) if isinstance(n, ast.Name)}
            for node in (test, *(lists[name] for name in names & set(lists))):
                named |= {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return named


def targets_of(node: ast.stmt) -> list[ast.expr]:
    """What an assignment gives a value to."""
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) and node.value else []


@pytest.mark.usefixtures("one_reader")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_delivery_gets_its_receipt(case: Case) -> None:
    receipt = receipt_of(case)
    assert (receipt["state"], {f["code"] for f in receipt["findings"]}, counts_of(receipt)) == (
        case.state,
        case.codes,
        case.tables,
    )
    for t in receipt["tables"].values():
        assert t["rows_in"] == t["accepted"] + t["quarantined"] + t["withdrawn"] + t["duplicates"]
