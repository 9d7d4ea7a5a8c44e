"""Every rule as data: stable code, severity, where it applies, and the texts that senders read.

The TOML files beside this module are the rules, with their texts in bokmål; ``texts/`` holds the same texts in nynorsk and
English. What computes or judges the rules lives in ``intake`` and in ``expectations``.
Belongs here: reading the rules and saying where each applies. Must not be here: any computation on rows.

Codes: JS0xx the file · JS1xx one cell · JS2xx rows and tables · JS3xx the delivery among the sender's others.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import UserError
from pipeline.rules.said import LANGUAGES as LANGUAGES
from pipeline.rules.said import Said as Said
from pipeline.rules.said import translations
from pipeline.tables import DELIVERY_TABLES, Column, Table

FOLDER = Path(__file__).parent
Severity = Literal["info", "remark", "error", "fatal"]
SEVERITIES: tuple[Severity, ...] = ("info", "remark", "error", "fatal")
KINDS = ("file", "required", "codes", "range", "pattern", "parse", "flag", "state", "profile")
JUDGED = ("required", "codes", "range", "pattern", "parse", "flag")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: ``JS014``; never reused for another rule.
        severity: ``fatal`` stops the delivery, ``error`` the row, ``remark`` and ``info`` nothing.
        kind: how it is judged. ``file`` and ``state`` are raised by intake itself; ``parse`` (one flag per column) and ``flag`` (one
            per row) are computed by polars and judged by the validator; the others are judged by the validator on the cell alone.
        tables: delivery tables it applies to, ``*`` = all.
        columns: column names, or classes of columns: ``*``, ``kind:<kind>``, ``sensitivity:<sensitivity>``, ``id``, ``open``.
        message, why, fix: texts in bokmål: what is wrong, why it matters, how to mend it. They hold no value from the data.
        valid_from: first day the rule applies.
        source: where the rule comes from.
        decision: ``quarantined`` or ``rejected`` for fatal rules, else empty.
        valid_to: last day the rule applies; None = it still does.
        judged_on: the column whose date ``valid_from`` and ``valid_to`` are about, for rules that follow the programme's rules by
            year (``codes.rules_by_year``); empty = the day the delivery is received.
    """

    code: str
    severity: Severity
    kind: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    message: str
    why: str
    fix: str
    valid_from: date
    source: str
    decision: str = ""
    valid_to: date | None = None
    judged_on: str = ""

    def said(self, language: str = "nb") -> Said:
        """The texts in one of ``LANGUAGES``.

        Raises:
            UserError: the language is not one of them.
        """
        if language not in LANGUAGES:
            raise UserError("There are no rule texts in this language.", f"Use one of {', '.join(LANGUAGES)}.")
        return Said(self.message, self.why, self.fix) if language == "nb" else translations(FOLDER, language)[self.code]


@dataclass(frozen=True)
class Check:
    """One rule on one column of one delivery table: what a validator judges. ``pattern`` is empty unless the rule's kind is pattern."""

    rule: Rule
    table: str
    column: Column
    pattern: str = ""

    @property
    def flag(self) -> str:
        """Name of the flag column (true = broken): per column for ``parse`` rules, per row for ``flag`` rules."""
        return flag_name(self.rule.code, self.column.name if self.rule.kind == "parse" else None)


def flag_name(code: str, column: str | None = None) -> str:
    """``flag_JS201`` for a rule over the row, ``flag_JS104__start_dato`` for a rule over one cell."""
    return f"flag_{code}" if column is None else f"flag_{code}__{column}"


@cache
def catalogue() -> tuple[Rule, ...]:
    """All rules, sorted by code; errors as ``read_catalogue``."""
    return read_catalogue(FOLDER)


def read_catalogue(folder: Path) -> tuple[Rule, ...]:
    """The rules of a folder, sorted by code.

    Raises:
        ValueError: a code occurs twice, a field is out of its set, or a text is missing or belongs to no rule (faults of the
            program's own data files).
    """
    rules = [_rule(entry) for path in sorted(folder.glob("*.toml")) for entry in _read(path).get("rule", [])]
    codes = [r.code for r in rules]
    if len(set(codes)) != len(codes):
        raise ValueError("A rule code occurs twice in the catalogue.")
    for language in LANGUAGES[1:]:
        translations(folder, language)
    return tuple(sorted(rules, key=lambda r: r.code))


def rule(code: str) -> Rule:
    """The rule with that code.

    Raises:
        UserError: no rule has that code.
    """
    found = _by_code().get(code.upper())
    if found is None:
        raise UserError("Det finnes ingen regel med denne koden.", "Se listen over regler i dokumentasjonen.")
    return found


@cache
def checks(table: str) -> tuple[Check, ...]:
    """What a validator judges in one delivery table: one per rule and column, in order of code and column."""
    described = DELIVERY_TABLES[table]
    return tuple(c for r in catalogue() if r.kind in JUDGED for c in _checks_of(r, described))


@cache
def patterns() -> dict[str, str]:
    """Column name to the regular expression its values follow."""
    return {name: text for path in sorted(FOLDER.glob("*.toml")) for name, text in _read(path).get("patterns", {}).items()}


@cache
def limits() -> dict[str, int]:
    """Sizes that a file must keep to before it is parsed: name to number (bytes, rows, seconds, …)."""
    return dict(_read(FOLDER / "limits.toml"))


@cache
def extract_rules() -> dict[str, Any]:
    """What makes a registry extract unfit for use: ``regel`` (code to measure, minimum or maximum, text, cure), ``sammenlign``, ``helbefolkning``."""
    return dict(_read(FOLDER / "uttrekk.toml"))


def is_id(column: Column) -> bool:
    """Whether the column is an identifier made by the sender (of a project, a spell, an adviser, …)."""
    return column.name.endswith("_id")


def is_open(column: Column) -> bool:
    """Whether the column carries text or numbers of the sender's own choice out of the identified zone: no code list, no free text."""
    return column.kind in ("text", "int", "float") and not column.codes and column.sensitivity not in ("identity", "free_text")


def selected(found: Rule, table: Table) -> list[Column]:
    """The columns of a delivery table that the rule is about, in the table's order; none when it is not about the table."""
    if "*" not in found.tables and table.name not in found.tables:
        return []
    return [c for c in table.columns if any(_matches(c, selector) for selector in found.columns) and _judgeable(found.kind, c)]


def _checks_of(found: Rule, table: Table) -> list[Check]:
    columns = selected(found, table)
    if found.kind == "flag":
        columns = columns[:1]
    return [Check(found, table.name, c, patterns().get(c.name, "") if found.kind == "pattern" else "") for c in columns]


def _judgeable(kind: str, column: Column) -> bool:
    return {
        "required": column.required,
        "codes": bool(column.codes),
        "range": column.minimum is not None or column.maximum is not None,
        "pattern": column.name in patterns(),
    }.get(kind, True)


def _matches(column: Column, selector: str) -> bool:
    group, _, value = selector.partition(":")
    if group == "kind":
        return column.kind == value
    if group == "sensitivity":
        return column.sensitivity == value
    if selector == "id":
        return is_id(column)
    if selector == "open":
        return is_open(column)
    return selector in ("*", column.name)


def _rule(entry: dict[str, Any]) -> Rule:
    fields = {**entry, "tables": tuple(entry.get("tables", ["*"])), "columns": tuple(entry.get("columns", ["*"]))}
    made = Rule(**fields)
    wrong = made.severity not in SEVERITIES or made.kind not in KINDS or not re.fullmatch(r"JS\d{3}", made.code)
    # no rule ends by the day of receipt: the validator would have to know that day, and it judges rows alone
    wrong = wrong or (made.valid_to is not None and (made.valid_to < made.valid_from or not made.judged_on))
    if wrong or (made.severity == "fatal") != (made.decision in ("quarantined", "rejected")):
        raise ValueError(f"Rule {made.code} has a field out of its set.")
    return made


@cache
def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def _by_code() -> dict[str, Rule]:
    return {r.code: r for r in catalogue()}
