"""A rule as others show it: where it applies, what a breach leads to, and everything about it as plain data.

Belongs here: what the file description, the command ``rule`` and other readers share. Must not be here: any layout.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from pipeline.rules import FOLDER, JUDGED, LANGUAGES, Rule, selected
from pipeline.tables import DELIVERY_TABLES


def where(rule: Rule) -> dict[str, tuple[str, ...]]:
    """Delivery table to the columns the rule is about, in the order of the file description.

    No table: the rule is about the file or the delivery as a whole. No column: about the row as a whole.
    """
    if rule.kind not in JUDGED:
        return {}
    whole_row = rule.kind == "flag" and rule.columns == ("*",)
    found = {name: tuple(c.name for c in selected(rule, table)) for name, table in DELIVERY_TABLES.items()}
    return {name: () if whole_row else columns for name, columns in found.items() if columns}


def severity_name(severity: str, language: str) -> str:
    """What the severity is called in one of ``LANGUAGES``."""
    return str(_words()[severity][language])


def consequence(rule: Rule, language: str) -> str:
    """What a breach of the rule leads to, as one or two sentences."""
    return str(_words()["consequence"][rule.decision or rule.severity][language])


def facts(rule: Rule) -> dict[str, Any]:
    """All about the rule as plain data with its texts in every language: what JSON answers and the file description hold."""
    return {
        "code": rule.code,
        "severity": rule.severity,
        "decision": rule.decision or None,
        "kind": rule.kind,
        "where": {table: list(columns) for table, columns in where(rule).items()},
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "judged_on": rule.judged_on or None,
        "source": rule.source,
        "texts": {
            language: {
                "severity": severity_name(rule.severity, language),
                "consequence": consequence(rule, language),
                "message": rule.said(language).message,
                "why": rule.said(language).why,
                "fix": rule.said(language).fix,
            }
            for language in LANGUAGES
        },
    }


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "severities.toml").read_text(encoding="utf-8"))
