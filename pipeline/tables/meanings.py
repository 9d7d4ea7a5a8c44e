"""What tables, columns, codes, types and units of a delivery mean, in bokmål, nynorsk and English.

The TOML files beside this module hold the Norwegian; English is the description's own (``Table.grain``, ``Column.meaning``).
Belongs here: looking them up and seeing that none is missing. Must not be here: the descriptions themselves.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.tables.base import Column, Table
from pipeline.tables.deliveries import DELIVERY_TABLES, FILE_DESCRIPTION

FOLDER = Path(__file__).parent
LANGUAGES = ("nb", "nn", "en")
COMMON = "felles"


@dataclass(frozen=True)
class Change:
    """One entry of the file description's change list; ``table`` and ``column`` are empty when more than one is meant."""

    version: str
    date: date
    nb: str
    nn: str
    en: str
    table: str = ""
    column: str = ""

    def said(self, language: str) -> str:
        return {"nb": self.nb, "nn": self.nn, "en": self.en}[language]


def table_meaning(table: Table, language: str) -> str:
    """What one row of the delivery table is."""
    return table.grain if language == "en" else str(_words()["tabell"][table.name][language])


def column_meaning(table: Table, column: Column, language: str) -> str:
    """What the column of the delivery table holds."""
    return column.meaning if language == "en" else str(_entry(_words(), table.name, column.name)[language])


def type_name(kind: str, language: str) -> str:
    """What a kind of value is called."""
    return str(_words()["type"][kind][language])


def unit_name(unit: str, language: str) -> str:
    """What a unit is called; empty for none."""
    return str(_words()["enhet"][unit][language]) if unit else ""


def code_list(column: Column) -> str:
    """Name of the code list that the column takes its values from; empty for a column without codes."""
    return next(name for name, codes in code_lists().items() if tuple(codes) == column.codes) if column.codes else ""


@cache
def code_lists() -> dict[str, dict[str, dict[str, str]]]:
    """Name of a code list to its codes in order, each with its meaning by language.

    Raises:
        ValueError: a column has codes that no list has, or a meaning is missing (faults of the program's own data files).
    """
    lists: dict[str, dict[str, dict[str, str]]] = _read("kodelister")
    known = {tuple(codes) for codes in lists.values()}
    for table in DELIVERY_TABLES.values():
        for column in table.columns:
            if column.codes and column.codes not in known:
                raise ValueError(f"kodelister.toml has no list with the codes of {table.name}.{column.name}.")
    for name, codes in lists.items():
        for code, said in codes.items():
            _complete(said, f"kodelister.toml: {name}.{code}", LANGUAGES)
    return lists


@cache
def changes() -> tuple[Change, ...]:
    """The change list of the file description, newest first.

    Raises:
        ValueError: the newest entry is not of the version in force, or an entry names what is no version's table or column.
    """
    entries = tuple(Change(**entry) for entry in _read("endringer")["endring"])
    if (
        not entries
        or entries[0].version != FILE_DESCRIPTION
        or list(entries) != sorted(entries, key=lambda c: c.date, reverse=True)
    ):
        raise ValueError("endringer.toml must begin with the version in force and go back in time.")
    return entries


def check_meanings(words: dict[str, Any]) -> None:
    """See that every delivery table, column, type and unit has its meanings in Norwegian, and that no meaning is left over.

    Raises:
        ValueError: one is missing or belongs to nothing.
    """
    used: set[tuple[str, str]] = set()
    for table in DELIVERY_TABLES.values():
        _complete(words["tabell"].get(table.name, {}), f"kolonner.toml: tabell.{table.name}", LANGUAGES[:2])
        for column in table.columns:
            section = table.name if column.name in words.get(table.name, {}) else COMMON
            used.add((section, column.name))
            _complete(_entry(words, table.name, column.name), f"kolonner.toml: {table.name}.{column.name}", LANGUAGES[:2])
            _complete(words["type"].get(column.kind, {}), f"kolonner.toml: type.{column.kind}", LANGUAGES)
            if column.unit:
                _complete(words["enhet"].get(column.unit, {}), f"kolonner.toml: enhet.{column.unit}", LANGUAGES)
    written = {(s, name) for s, entries in words.items() if s not in ("tabell", "type", "enhet") for name in entries}
    if written != used:
        raise ValueError(f"kolonner.toml has meanings of no column: {sorted(written - used)}.")


@cache
def _words() -> dict[str, Any]:
    words = _read("kolonner")
    check_meanings(words)
    return words


def _entry(words: dict[str, Any], table: str, column: str) -> dict[str, str]:
    found: dict[str, str] = words.get(table, {}).get(column) or words[COMMON].get(column, {})
    return found


def _complete(said: dict[str, str], where: str, languages: tuple[str, ...]) -> None:
    missing = [language for language in languages if not said.get(language, "").strip()]
    if missing:
        raise ValueError(f"{where} has no meaning in {', '.join(missing)}.")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
