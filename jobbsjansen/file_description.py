"""The file description that senders deliver by: ``docs/filbeskrivelse.json`` for programs, ``docs/filbeskrivelse.md`` for people.

Both are made from ``pipeline/tables`` and ``pipeline/rules``; ``--check`` fails when they are out of date. A column that differs
from the last published version without an entry in the change list stops the making; ``--publish`` stores the present version as
the published one.
Belongs here: the description as plain data and the guard on its changes. Must not be here: the page's layout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jobbsjansen.file_description_page import page
from jobbsjansen.made_pages import write_or_check
from pipeline.rules import SEVERITIES, catalogue, patterns
from pipeline.rules.facts import facts, severity_name, where
from pipeline.tables import DELIVERY_TABLES, Column, Table
from pipeline.tables.deliveries import EMPLOYER_ANSWERS, FILE_DESCRIPTION
from pipeline.tables.meanings import (
    LANGUAGES,
    Change,
    changes,
    code_list,
    code_lists,
    column_meaning,
    table_meaning,
    type_name,
    unit_name,
)

ROOT = Path(__file__).parents[1]
DATA, PAGE = ROOT / "docs" / "filbeskrivelse.json", ROOT / "docs" / "filbeskrivelse.md"
PUBLISHED = ROOT / "pipeline" / "tables" / "publisert.json"


def description() -> dict[str, Any]:
    """The file description as plain data: tables with columns, code lists, rules with texts, and the change list."""
    by_column: dict[tuple[str, str], list[str]] = {}
    for rule in catalogue():
        for table, columns in where(rule).items():
            for column in columns:
                by_column.setdefault((table, column), []).append(rule.code)
    return {
        "version": FILE_DESCRIPTION,
        "valid_from": changes()[0].date.isoformat(),
        "severities": {s: {language: severity_name(s, language) for language in LANGUAGES} for s in SEVERITIES},
        "tables": [_table(table, by_column) for table in DELIVERY_TABLES.values()],
        "code_lists": {
            name: [{"code": code, "meaning": said} for code, said in codes.items()] for name, codes in code_lists().items()
        },
        "listed_answers": {question: list(categories) for question, categories in EMPLOYER_ANSWERS.items()},
        "rules": [facts(rule) for rule in catalogue()],
        "changes": [asdict(change) | {"date": change.date.isoformat()} for change in changes()],
    }


def _table(table: Table, by_column: Mapping[tuple[str, str], list[str]]) -> dict[str, Any]:
    return {
        "name": table.name,
        "optional": table.optional,
        "key": table.key,
        "meaning": {language: table_meaning(table, language) for language in LANGUAGES},
        "columns": [
            _demands(c)
            | {
                "kind_name": {language: type_name(c.kind, language) for language in LANGUAGES},
                "unit_name": {language: unit_name(c.unit, language) for language in LANGUAGES} if c.unit else None,
                "code_list": code_list(c) or None,
                "sensitivity": c.sensitivity,
                "meaning": {language: column_meaning(table, c, language) for language in LANGUAGES},
                "rules": by_column.get((table.name, c.name), []),
            }
            for c in table.columns
        ],
    }


def _demands(column: Column) -> dict[str, Any]:
    """What a sender must keep to: the part of a column's description that cannot change without a word."""
    return {
        "name": column.name,
        "kind": column.kind,
        "required": column.required,
        "key": column.key,
        "codes": list(column.codes),
        "unit": column.unit or None,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "pattern": patterns().get(column.name),
        "aliases": list(column.aliases),
    }


def demands() -> dict[str, Any]:
    """What senders must keep to in the present version: table to whether it is optional and to its columns' demands."""
    return {
        "version": FILE_DESCRIPTION,
        "tables": {
            t.name: {"optional": t.optional, "columns": {c.name: _demands(c) for c in t.columns}}
            for t in DELIVERY_TABLES.values()
        },
    }


def undocumented(now: Mapping[str, Any], published: Mapping[str, Any], told: Sequence[Change]) -> list[str]:
    """Tables and columns (``table`` or ``table.column``) that differ from the published version without an entry of a later one."""
    later = [c for c in told if c.version != published["version"]]
    documented = {f"{c.table}.{c.column}".rstrip(".") for c in later} if now["version"] != published["version"] else set()
    before, after = _places(published), _places(now)
    differing = [place for place in sorted({*before, *after}) if before.get(place) != after.get(place)]
    return [place for place in differing if place not in documented and not _whole_table(place, before, after, documented)]


def _whole_table(place: str, before: Mapping[str, Any], after: Mapping[str, Any], documented: set[str]) -> bool:
    """Whether the column came or went with its whole table, and the table is in the change list."""
    table = place.split(".")[0]
    return table in documented and (table in before) != (table in after)


def _places(version: Mapping[str, Any]) -> dict[str, Any]:
    tables = version["tables"]
    found: dict[str, Any] = {name: table["optional"] for name, table in tables.items()}
    return found | {f"{name}.{c}": demand for name, table in tables.items() for c, demand in table["columns"].items()}


def as_json(data: Mapping[str, Any]) -> str:
    """The same data, always the same text."""
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def make() -> int:
    """Write or check both files; returns the exit code."""
    if "--publish" in sys.argv[1:]:
        PUBLISHED.write_text(as_json(demands()), encoding="utf-8")
    silent = undocumented(demands(), json.loads(PUBLISHED.read_text(encoding="utf-8")), changes())
    if silent:
        print(f"Changed since the published file description, without a new version in endringer.toml: {', '.join(silent)}.")
        return 1
    found = description()
    return max(write_or_check(DATA, as_json(found)), write_or_check(PAGE, page(found)))


if __name__ == "__main__":
    sys.exit(make())
