"""The data dictionary in docs/, made from ``pipeline/tables``; ``--check`` fails when it is out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from jobbsjansen.made_pages import write_or_check
from pipeline.tables import STATES, Table

TARGET = Path(__file__).parents[1] / "docs" / "data-dictionary.md"
HEADINGS = {
    "kildedata": "Deliveries (kildedata, file description 2026-1)",
    "register": "Registry extracts",
    "inndata": "inndata",
    "klargjort": "klargjort",
    "statistikk": "statistikk",
    "utdata": "utdata (released)",
}


def _codes(codes: tuple[str, ...]) -> str:
    return ", ".join(codes)


def _table(table: Table) -> list[str]:
    lines = [f"### {table.name}", "", f"One row is {table.grain}.{f' Source: {table.source}.' if table.source else ''}", ""]
    lines += ["| column | type | key | meaning | unit | values | sensitivity |", "|---|---|---|---|---|---|---|"]
    for c in table.columns:
        mark = "K" if c.key else "*" if c.required else ""
        lines.append(f"| `{c.name}` | {c.kind} | {mark} | {c.meaning} | {c.unit} | {_codes(c.codes)} | {c.sensitivity} |")
    return [*lines, ""]


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `make docs` from `pipeline/tables/`; do not edit by hand. K = part of the key, * = required.",
        "",
    ]
    for state, tables in STATES.items():
        lines += [f"## {HEADINGS[state]}", ""]
        for table in tables.values():
            lines += _table(table)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(write_or_check(TARGET, dictionary()))
