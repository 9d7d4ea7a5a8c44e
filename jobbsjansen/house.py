"""The picture of the house in docs/house.md: which part imports which, read from the code; ``--check`` fails when it is out of date."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

from jobbsjansen.made_pages import write_or_check

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "house.md"
PACKAGES = ("jobbsjansen", "assets", "expectations", "pipeline")
GROUND_FLOOR = {"tables", "codes", "rules", "errors", "settings", "store", "engine", "released", "identity_shape"}


def _room(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return None
    if parts[0] != "pipeline" or len(parts) == 1:
        return parts[0]
    return "ground floor" if parts[1] in GROUND_FLOOR else parts[1]


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names if node.module == "pipeline"}
    return found


def edges() -> set[tuple[str, str]]:
    """Pairs (importing room, imported room) over all modules."""
    found = set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            here = _room(".".join(path.relative_to(ROOT).with_suffix("").parts))
            there = {_room(name) for name in _imported(path)}
            found |= {(str(here), room) for room in there if room and room != here}
    return {(a, b) for a, b in found if b not in ("pipeline", "__version__")}


def picture() -> str:
    """The page: a graph of the rooms and the contracts that keep it so."""
    drawn = sorted((a, b) for a, b in edges() if b != "ground floor" and a != "pipeline")
    standing = sorted({a for a, b in edges() if b == "ground floor"})
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    lines = [
        "# The picture of the house",
        "",
        "Made by `make docs` from the imports in the code; do not edit by hand.",
        "",
        "```mermaid",
        "graph LR",
    ]
    lines += [f"  {a} --> {b}" for a, b in drawn]
    lines += [
        "```",
        "",
        f"On the ground floor (tables, codes, rules, errors, settings, store, engine, released, identity_shape) stand: {', '.join(standing)}.",
        "",
        "The contracts that keep it so (import-linter, in the test run):",
        "",
        *(f"- {contract['name']}" for contract in contracts),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(write_or_check(TARGET, picture()))
