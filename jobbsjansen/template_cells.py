"""What Excel lets into a cell of the template: drop-downs, dates, ranges and lengths, from the same rules that judge the delivery.

Belongs here: one column to its validation and its format. Must not be here: sheets and their layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.intake.senders import CENTRAL_REGISTER, may_deliver_for, municipality_numbers
from pipeline.rules import limits, patterns, rule
from pipeline.tables import Column, Table
from pipeline.tables.meanings import code_list

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
FORMATS = {"text": "@", "date": "dd.mm.yyyy", "int": "0", "float": "General"}
FNR_DIGITS = 11
ERROR_STYLE = {"fatal": "stop", "error": "stop", "remark": "warning", "info": "information"}
SHORT_LIST = 255  # characters that Excel takes in a list written in the validation itself
TITLE, MESSAGE = 32, 255


@dataclass(frozen=True)
class Lists:
    """Where the sheet of code lists holds each list: name to a range like ``=Kodelister!$B$3:$B$18``.

    Attributes:
        codes: code list to its range.
        open: ``table.column`` to the range of words that are offered there while others are accepted too.
    """

    codes: Mapping[str, str]
    open: Mapping[str, str]


def validation(table: Table, column: Column, lists: Lists, language: str, avsender: str | None) -> dict[str, Any] | None:
    """Options for ``Worksheet.data_validation``, or None where any text may stand.

    Excel stops what would be an error and asks about what would be a remark; its words are the rule's own.
    """
    offered = lists.open.get(f"{table.name}.{column.name}")
    if offered:
        return {"validate": "list", "source": offered, "show_error": False}
    if column.codes:
        return {"validate": "list", "source": lists.codes[code_list(column)], **_words("JS102", language)}
    if column.kind == "date":
        return {"validate": "date", "criteria": "between", "minimum": EARLIEST, "maximum": LATEST, **_words("JS104", language)}
    if column.kind in ("int", "float"):
        asked = {"validate": "integer" if column.kind == "int" else "decimal", "criteria": "between"}
        return {**asked, "minimum": column.minimum, "maximum": column.maximum, **_words("JS103", language)}
    own = _own_numbers(column, avsender)
    if own:
        return {"validate": "list", "source": own, **_words("JS214", language)}
    return _length(column, language)


def _own_numbers(column: Column, avsender: str | None) -> list[str]:
    """The municipality or district numbers that the sender may write; empty where no short list holds them."""
    if avsender is None or avsender == CENTRAL_REGISTER:
        return []
    if column.name == "bydel_nr":
        return [avsender] if len(avsender) > len("0301") else []
    if column.name != "komm_nr":
        return []
    numbers = [n for n in municipality_numbers() if may_deliver_for(avsender, n, None)]
    return numbers if len(",".join(numbers)) <= SHORT_LIST else []


def _length(column: Column, language: str) -> dict[str, Any] | None:
    if column.sensitivity == "free_text":
        return {"validate": "length", "criteria": "<=", "value": limits()["cell_characters"], **_words("JS112", language)}
    if column.name == "fnr":
        return {"validate": "length", "criteria": "==", "value": FNR_DIGITS, **_words("JS120", language)}
    pattern = patterns().get(column.name)
    if pattern is None:
        return None
    low, high = _lengths(pattern)
    return {"validate": "length", "criteria": "between", "minimum": low, "maximum": high, **_words("JS113", language)}


def longest(column: Column) -> int:
    """Most characters that a value of the column may have; 0 where no form is asked for."""
    if column.name == "fnr":
        return FNR_DIGITS
    pattern = patterns().get(column.name)
    return _lengths(pattern)[1] if pattern else 0


def _lengths(pattern: str) -> tuple[int, int]:
    """Fewest and most characters that a pattern of the catalogue takes: literals, and classes with a count."""
    low = high = 0
    for literals, first, last in re.findall(r"(\w+)|\[[^\]]*\]\{(\d+)(?:,(\d+))?\}", pattern):
        low += len(literals) or int(first)
        high += len(literals) or int(last or first)
    return low, high


def _words(code: str, language: str) -> dict[str, str]:
    broken = rule(code)
    said = broken.said(language)
    return {
        "error_type": ERROR_STYLE[broken.severity],
        "error_title": f"{code}"[:TITLE],
        "error_message": f"{said.message} {said.fix}"[:MESSAGE],
    }
