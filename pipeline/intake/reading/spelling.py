"""How names are compared: without regard to case, æøå or their substitutes, blanks, ``_``, ``-`` and ``.``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import polars as pl

from pipeline.tables import DELIVERY_TABLES

# The file description writes ø both as o and as oe, å both as a and as aa; folding takes the shorter of each.
LETTERS = (("æ", "ae"), ("oe", "o"), ("ø", "o"), ("aa", "a"), ("å", "a"))
IGNORED = r"[\s\u00a0\u202f\ufeff_.*\-]+"
_ASCII_IGNORED = dict.fromkeys(map(ord, " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f_.*-"))


def fold(name: str) -> str:
    """The form in which two spellings of one name are equal."""
    if name.isascii():
        return name.lower().translate(_ASCII_IGNORED).replace("oe", "o").replace("aa", "a")
    return _plain(re.sub(IGNORED, "", name.casefold()))


def fold_expr(column: pl.Expr) -> pl.Expr:
    """``fold`` over a text column; null stays null."""
    folded = column.str.to_lowercase().str.replace_all(IGNORED, "")
    for letter, plain in LETTERS:
        folded = folded.str.replace_all(letter, plain, literal=True)
    return folded


@cache
def header_names(table: str) -> Mapping[str, str]:
    """Folded header to column name, with every alias of the file description."""
    columns = DELIVERY_TABLES[table].columns
    return MappingProxyType({fold(name): c.name for c in columns for name in (c.name, *c.aliases)})


def table_named(name: str) -> str | None:
    """The delivery table that a file's name starts with, else ``None``: ``Deltakere_2024.csv`` is ``deltaker``."""
    folded = fold(name.replace("\\", "/").rsplit("/", 1)[-1])
    return next((table for table in DELIVERY_TABLES if folded.startswith(fold(table))), None)


def sheet_named(name: str) -> str | None:
    """The delivery table that a sheet is named as, perhaps in the plural or with something after it, else ``None``.

    Stricter than for files: a workbook may hold sheets of its own, and ``Tiltaksoversikt`` is not ``tiltak``.
    """
    return next((table for table in DELIVERY_TABLES if re.match(sheet_pattern(table), _plain(name))), None)


@cache
def sheet_pattern(table: str) -> str:
    """The regular expression of the names, in plain letters, that a sheet of that table may have."""
    spelled = r"[\s_.\-]*".join(fold(part) for part in table.split("_"))
    return rf"^\s*{spelled}(?:e|er|r)?(?![a-z])"


def _plain(name: str) -> str:
    text = name.casefold()
    for letter, plain in LETTERS:
        text = text.replace(letter, plain)
    return text
