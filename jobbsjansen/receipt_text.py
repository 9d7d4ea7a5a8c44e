"""A receipt as text for a terminal: decision first, rows, findings by rule with the gravest first, then what changed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

WIDTH = 100


def receipt_text(receipt: dict[str, Any], language: str) -> str:
    """The receipt in the language, at most 100 characters wide where words can be broken."""
    from pipeline.intake.receipts.told import told

    said = told(receipt, language)
    parts = [said.headline.upper() if said.state in ("rejected", "quarantined") else said.headline, _wrapped(said.explanation)]
    if said.rows:
        parts.append(_listing(said.rows))
    parts.append(f"{said.words('findings_heading')}: {said.summary}" if said.groups else said.summary)
    for group in said.groups:
        lines = [
            _wrapped(f"{group.severity_name} {group.code}: {group.message}"),
            *(_wrapped(p, "  - ", "    ") for p in group.places),
        ]
        lines += [_wrapped(group.why, "  "), _wrapped(f"{said.words('finding_fix')} {group.fix}", "  ")]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *(_listing(one) for one in said.listings), _listing(said.trend)])


def _listing(one: Any) -> str:
    """A table with aligned columns under its heading: the first column to the left, numbers to the right."""
    rows = [one.columns, *one.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(one.columns))]
    numbers = [place > 0 and not any(row[place][:1].isalpha() for row in one.rows) for place in range(len(one.columns))]
    lines = (
        "  ".join(c.rjust(w) if right else c.ljust(w) for c, w, right in zip(row, widths, numbers, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(_without_empty([one.heading, _wrapped(one.intro), *(f"  {line}" for line in lines)]))


def _wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest)


def _without_empty(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if line.strip()]
