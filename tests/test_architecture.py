"""The walls of the house, held by import-linter and by what it cannot see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "assets", "expectations", "jobbsjansen")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_import_linter_keeps_its_contracts():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("plotly", {"pipeline/dashboard/figures.py"}),
        ("dagster", {str(p.relative_to(ROOT)) for p in (ROOT / "assets").glob("*.py")}),
        ("great_expectations", {str(p.relative_to(ROOT)) for p in (ROOT / "expectations").glob("*.py")}),
    ],
)
def test_a_library_stays_in_its_room(library, allowed):
    users = {str(p.relative_to(ROOT)) for p in SOURCES if any(name.split(".")[0] == library for name in _imports(p))}
    assert users, f"nothing imports {library}: this test would prove nothing"
    assert users <= allowed


def test_only_the_gate_makes_what_export_and_dashboard_take():
    makers = {
        p.relative_to(ROOT).parts[1]
        for p in SOURCES
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("ReleasedTables", "ApprovedMicrodata")
    }
    assert makers == {"disclosure"}


def _reads_environment(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr in ("environ", "getenv") for part in ast.walk(node))


def test_nothing_reads_the_environment_at_import():
    offenders = []
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) and _reads_environment(node):
                offenders.append(str(path.relative_to(ROOT)))
    assert offenders == []
    assert any(_reads_environment(ast.parse(p.read_text(encoding="utf-8"))) for p in SOURCES), "the search would find nothing"


def test_the_data_dictionary_is_current():
    from jobbsjansen.dictionary import TARGET, dictionary

    assert TARGET.read_text(encoding="utf-8") == dictionary()


def test_no_person_number_of_a_living_person_in_the_repository():
    """Every eleven digits with valid control digits in a text file are synthetic (birth month + 80) or published test vectors."""
    import re

    import polars as pl

    from pipeline.identity_shape import holds_identity_number

    vectors = {"02013299997", "30108299920", "30108299939"}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    found: dict[str, str] = {}
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".parquet", ".xlsx", ".zip", ".js") or not path.is_file():
            continue
        for number in re.findall(r"(?<!\d)\d{11}(?!\d)", path.read_text(encoding="utf-8", errors="ignore")):
            if int(number[2:4]) <= 80 and number not in vectors:
                found[number] = name
    shaped = [n for n, yes in zip(found, holds_identity_number(pl.Series(list(found), dtype=pl.String)), strict=True) if yes]
    assert [found[n] for n in shaped] == []
