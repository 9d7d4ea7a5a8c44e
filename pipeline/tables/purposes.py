"""Why each column about persons is there: purpose, legal bases, GDPR Art. 9, retention; looked up in ``formaal.toml``.

Belongs here: looking them up, and saying what lacks them. Must not be here: the purposes and bases themselves, or a judgement of
what is lawful: what the file calls unsettled is the controller's to decide.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.tables import STATES
from pipeline.tables.base import Column, Table

Article9 = Literal["ja", "naer", "nei"]
SOURCE = Path(__file__).with_name("formaal.toml")
RELEASED = "utdata"
_SPECIAL_BASIS = "art9"


@dataclass(frozen=True)
class Basis:
    """A legal basis; ``settled`` is false where the controller still has to say that it holds."""

    id: str
    text: str
    source: str
    settled: bool


@dataclass(frozen=True)
class Purpose:
    """What a column is for; ``source`` is where the program or its documents say so."""

    id: str
    title: str
    text: str
    bases: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Retention:
    """How long a row is kept; ``settled`` is false for a proposal."""

    id: str
    text: str
    settled: bool


@dataclass(frozen=True)
class Processing:
    """All that is declared of one column: ``article9`` is ja (origin, health), naer (close to it, or may reveal it) or nei."""

    purpose: Purpose
    bases: tuple[Basis, ...]
    article9: Article9
    retention: Retention


@dataclass(frozen=True)
class PersonalFile:
    """What lies in the home beside the described tables: ``place`` as users see it, ``persons`` whom it is about."""

    place: str
    text: str
    purpose: Purpose
    bases: tuple[Basis, ...]
    persons: tuple[str, ...]
    retention: Retention


def about_persons(table: Table) -> bool:
    """Whether the table's rows are about persons; false for released tables and what ``formaal.toml`` says is about none."""
    return f"{table.state}.{table.name}" in _declared()["tabell"]


def purpose_of(table: Table, column: Column) -> Processing:
    """Purpose, legal bases, Art. 9 and retention of a column of a table about persons.

    Raises:
        ValueError: the table or the column is not in ``formaal.toml``; the message says what to add.
    """
    entry = _declared()["tabell"].get(f"{table.state}.{table.name}")
    if entry is None:
        raise ValueError(f"formaal.toml: no table {table.state}.{table.name} in [tabell].")
    name = _named(table, column, _purposes_by_column())
    if name is None:
        raise ValueError(f"formaal.toml: no purpose names {table.state}.{table.name}.{column.name}.")
    purpose = purposes()[_purposes_by_column()[name]]
    special = article9_of(table, column)
    ids = [*purpose.bases, *([_SPECIAL_BASIS] if special != "nei" else [])]
    return Processing(purpose, tuple(bases()[i] for i in ids), special, retentions()[entry["lagring"]])


def article9_of(table: Table, column: Column) -> Article9:
    """Whether the column holds what GDPR Art. 9 protects; free text may hold anything and is ``naer``."""
    listed = _article9()
    name = _named(table, column, listed)
    if name is not None:
        return listed[name]
    return "naer" if column.sensitivity == "free_text" else "nei"


def persons_of(table: Table) -> tuple[str, ...]:
    """Whom the table's rows are about, in words; empty for a table about nobody."""
    entry = _declared()["tabell"].get(f"{table.state}.{table.name}", {"personer": ()})
    return tuple(str(_declared()["personer"][p]["nb"]) for p in entry["personer"])


@cache
def purposes() -> dict[str, Purpose]:
    """Id to purpose, in the file's order."""
    return {
        i: Purpose(i, e["tittel"], e["nb"], tuple(e["grunnlag"]), e["kilde"]) for i, e in _declared()["formaal"].items()
    }  # fmt: skip


@cache
def bases() -> dict[str, Basis]:
    """Id to legal basis, in the file's order."""
    return {i: Basis(i, e["nb"], e["kilde"], e["avklart"]) for i, e in _declared()["grunnlag"].items()}


@cache
def retentions() -> dict[str, Retention]:
    """Id to retention, in the file's order."""
    return {i: Retention(i, e["nb"], e["avklart"]) for i, e in _declared()["lagring"].items()}


@cache
def personal_files() -> tuple[PersonalFile, ...]:
    """What holds something about persons beside the tables, in the file's order."""
    words = _declared()["personer"]
    return tuple(
        PersonalFile(
            e["sted"],
            e["nb"],
            purposes()[e["formaal"]],
            tuple(bases()[b] for b in e["grunnlag"]),
            tuple(words[p]["nb"] for p in e["personer"]),
            retentions()[e["lagring"]],
        )
        for e in _declared()["fil"].values()
    )


@cache
def unused_declared() -> dict[str, str]:
    """``register.column`` that nothing computes with, to why the file description still has it."""
    return dict(_declared()["ubrukt"])


def about_nobody() -> dict[str, tuple[str, list[str]]]:
    """Group to the reason why its tables are about no person, and their names ``state.table``."""
    return {name: (e["nb"], list(e["tabeller"])) for name, e in _declared()["ingen_personer"].items()}


def described_tables() -> Iterator[Table]:
    """Every table before release, in the order of the states."""
    yield from (table for state, tables in STATES.items() if state != RELEASED for table in tables.values())


def gaps() -> list[str]:
    """What lacks a declaration or is declared in vain, one sentence each; empty when all is in order."""
    return [*_table_gaps(), *_column_gaps(), *_vain()]


def _table_gaps() -> Iterator[str]:
    nobody = [name for _, names in about_nobody().values() for name in names]
    known = {f"{t.state}.{t.name}": t for t in described_tables()}
    declared = [*_declared()["tabell"], *nobody]
    for name, table in known.items():
        if declared.count(name) != 1:
            yield f"{name} must stand once, in [tabell] or [ingen_personer]."
        elif name in nobody and any(c.sensitivity != "none" for c in table.columns):
            yield f"{name} is said to be about nobody but has columns about persons."
    yield from (f"{name} is no table." for name in declared if name not in known)


def _column_gaps() -> Iterator[str]:
    for table in filter(about_persons, described_tables()):
        for column in table.columns:
            try:
                said = purpose_of(table, column)
            except ValueError as missing:
                yield str(missing)
                continue
            if column.sensitivity == "special" and said.article9 == "nei":
                yield f"{table.state}.{table.name}.{column.name} is special but stands in neither list of [artikkel9]."


def _vain() -> Iterator[str]:
    """Names that match no column: a column was renamed and its purpose was left behind."""
    real = {n for t in filter(about_persons, described_tables()) for c in t.columns for n in _names(t, c)}
    named = [*_purposes_by_column(), *_article9()]
    listed = [c for e in _declared()["formaal"].values() for c in e["kolonner"]]
    yield from (f"{name} is no column of a table about persons." for name in named if name not in real)
    yield from (f"{name} has more than one purpose." for name in sorted({n for n in listed if listed.count(n) > 1}))


def _names(table: Table, column: Column) -> tuple[str, str]:
    """Names a column may be listed under, the more precise first; an admitted extract goes by its register's name."""
    return f"{table.name.removeprefix('register_')}.{column.name}", column.name


def _named(table: Table, column: Column, listed: dict[str, Any]) -> str | None:
    return next((name for name in _names(table, column) if name in listed), None)


@cache
def _purposes_by_column() -> dict[str, str]:
    return {name: i for i, e in _declared()["formaal"].items() for name in e["kolonner"]}


@cache
def _article9() -> dict[str, Article9]:
    listed = _declared()["artikkel9"]
    return {**dict.fromkeys(listed["naer"], "naer"), **dict.fromkeys(listed["ja"], "ja")}


@cache
def _declared() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))
