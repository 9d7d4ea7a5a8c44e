"""The data dictionary in docs/, made from ``pipeline/tables``; ``--check`` fails when it is out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from jobbsjansen.made_pages import write_or_check
from pipeline.tables import STATES, Table
from pipeline.tables.purposes import about_persons, purpose_of

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
    """Tables about persons have two columns more: what each item is for, and whether GDPR Art. 9 protects it."""
    personal = about_persons(table)
    heads = ["column", "type", "key", "meaning", "unit", "values", "sensitivity", *(["purpose", "art. 9"] if personal else [])]
    lines = [f"### {table.name}", "", f"One row is {table.grain}.{f' Source: {table.source}.' if table.source else ''}", ""]
    lines += [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for c in table.columns:
        mark = "K" if c.key else "*" if c.required else ""
        cells = [f"`{c.name}`", c.kind, mark, c.meaning, c.unit, _codes(c.codes), c.sensitivity]
        if personal:
            said = purpose_of(table, c)
            cells += [said.purpose.id, {"ja": "yes", "naer": "near", "nei": ""}[said.article9]]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `make docs` from `pipeline/tables/`; do not edit by hand. K = part of the key, * = required. What a purpose means and "
        "which legal basis it has stands in `docs/behandlingsprotokoll.md`.",
        "",
    ]
    for state, tables in STATES.items():
        lines += [f"## {HEADINGS[state]}", ""]
        for table in tables.values():
            lines += _table(table)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(write_or_check(TARGET, dictionary()))
