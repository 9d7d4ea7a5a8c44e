"""``rule``: one rule as a page for the terminal, or all of them with a line each.

Belongs here: layout and its words. Must not be here: what a rule is or says (``pipeline.rules``).
"""

from __future__ import annotations

import difflib
import re
import shutil
import textwrap
from datetime import date
from typing import Any

from babel.dates import format_date

from pipeline.errors import UserError
from pipeline.rules import Rule, catalogue
from pipeline.rules.facts import consequence, facts, severity_name, where

WIDEST, NEARBY = 100, 5
_LOCALES = {"nb": "nb", "nn": "nn", "en": "en_GB"}
_WORDS = {
    "nb": {
        "where": "Gjelder", "why": "Hvorfor", "fix": "Slik rettes det", "valid": "Gyldig", "source": "Kilde",
        "file": "hele filen eller leveransen", "row": "hele raden", "all": "alle tabeller", "from": "fra og med {day}", "to": "til og med {day}",
        "received": "dagen leveransen ble mottatt", "event": "datoen i kolonnen {column}", "judged": "etter",
    },
    "nn": {
        "where": "Gjeld", "why": "Kvifor", "fix": "Slik rettar de det", "valid": "Gyldig", "source": "Kjelde",
        "file": "heile fila eller leveransen", "row": "heile rada", "all": "alle tabellar", "from": "frå og med {day}", "to": "til og med {day}",
        "received": "dagen leveransen vart motteken", "event": "datoen i kolonna {column}", "judged": "etter",
    },
    "en": {
        "where": "About", "why": "Why", "fix": "How to mend it", "valid": "Valid", "source": "Source",
        "file": "the whole file or delivery", "row": "the whole row", "all": "all tables", "from": "from {day}", "to": "to {day} inclusive",
        "received": "the day the delivery was received", "event": "the date in the column {column}", "judged": "by",
    },
}  # fmt: skip


def explain_rule(code: str, language: str) -> tuple[dict[str, Any], str]:
    """The rule as data in all languages, and as a page in one.

    Raises:
        UserError: no rule has this code, or there are no texts in this language.
    """
    known = {r.code: r for r in catalogue()}
    found = known.get(code.upper())
    if found is None:
        raise UserError("No rule has this code.", f"Nearby: {', '.join(_nearby(code, list(known)))}. All: jobbsjansen rule")
    return facts(found), _page(found, language)


def list_rules(language: str) -> tuple[dict[str, Any], str]:
    """All rules as data in all languages, and with one line each in one.

    Raises:
        UserError: there are no texts in this language.
    """
    told = [(r, r.said(language).message) for r in catalogue()]
    names = max(len(severity_name(r.severity, language)) for r, _ in told)
    lines = [f"{r.code}  {severity_name(r.severity, language):<{names}}  {message}" for r, message in told]
    return {"rules": [facts(r) for r, _ in told]}, "\n".join(lines)


def _nearby(code: str, known: list[str]) -> list[str]:
    """The codes most like what was asked for: next in number, else next in spelling."""
    number = re.search(r"\d{1,4}", code)
    if number is None:
        return difflib.get_close_matches(code.upper(), known, NEARBY, 0.0)
    return sorted(sorted(known, key=lambda c: abs(int(c[2:]) - int(number[0])))[:NEARBY])


def _page(rule: Rule, language: str) -> str:
    said, words = rule.said(language), _WORDS[language]
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    head = _wrapped(f"{rule.code}  ", said.message, width)
    meaning = f"{severity_name(rule.severity, language).capitalize()}: {consequence(rule, language)}"
    parts = {
        "where": _places(rule, words),
        "why": [said.why],
        "fix": [said.fix],
        "valid": [_validity(rule, language)],
        "source": [rule.source],
    }
    margin = max(len(words[name]) for name in parts) + 2
    lines = [head, _wrapped(" " * 7, meaning, width), ""]
    for name, texts in parts.items():
        for place, text in enumerate(texts):
            lines.append(_wrapped(f"{words[name] if place == 0 else '':<{margin}}", text, width))
    return "\n".join(lines)


def _places(rule: Rule, words: dict[str, str]) -> list[str]:
    """Tables with the same columns on one line."""
    tables: dict[tuple[str, ...], list[str]] = {}
    found = where(rule)
    for table, columns in found.items():
        tables.setdefault(columns, []).append(table)
    if rule.tables == ("*",) and len(tables) == 1:
        return [f"{words['all']}: {', '.join(columns) or words['row']}" for columns in tables]
    return [f"{', '.join(named)}: {', '.join(columns) or words['row']}" for columns, named in tables.items()] or [words["file"]]


def _validity(rule: Rule, language: str) -> str:
    words = _WORDS[language]
    days = [words["from"].format(day=_day(rule.valid_from, language))]
    if rule.valid_to:
        days.append(words["to"].format(day=_day(rule.valid_to, language)))
    judged = words["event"].format(column=rule.judged_on) if rule.judged_on else words["received"]
    return f"{' '.join(days)} ({words['judged']} {judged})"


def _day(day: date, language: str) -> str:
    return format_date(day, format="long", locale=_LOCALES[language])


def _wrapped(first: str, text: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False)
