"""The search for identity numbers where none may be: the last look before anything enters the pseudonymised zone.

Belongs here: recognising an identity number in text. Must not be here: telling which one it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from pipeline.errors import UserError

_ROUGH = r"\d{6}[ .\-\x{a0}]?\d{5}"
_CANDIDATE = re.compile(r"(?<!\d)(\d{6})[ .\-\u00a0]?(\d{5})(?!\d)")
_WEIGHTS_1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_WEIGHTS_2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
# Month offsets: 40 H-number, 65 and 80 synthetic test persons. Day offset: 40 D-number.
_MONTHS = frozenset(month + offset for month in range(1, 13) for offset in (0, 40, 65, 80))
_DAYS = frozenset(day + offset for day in range(1, 32) for offset in (0, 40))
_REMAINDERS_1 = (0, 1, 2, 3)


def is_identity_number(text: str) -> bool:
    """Whether 11 digits are a fødselsnummer, D-, H- or synthetic number, by the rules before and after 2032.

    Source: Skatteetaten's control digits; from 2032 the first control digit may leave remainder 0, 1, 2 or 3.
    """
    if len(text) != 11 or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(c) for c in text]
    if int(text[:2]) not in _DAYS or int(text[2:4]) not in _MONTHS:
        return False
    first = sum(w * d for w, d in zip((*_WEIGHTS_1, 1), digits[:10], strict=True)) % 11
    second = sum(w * d for w, d in zip((*_WEIGHTS_2, 1), digits, strict=True)) % 11
    return first in _REMAINDERS_1 and second == 0


def holds_identity(text: str) -> bool:
    """Whether an identity number stands anywhere in the text, also written as ``DDMMYY NNNNN``."""
    return any(is_identity_number("".join(found)) for found in _CANDIDATE.findall(text))


def count_identities(values: pl.Series) -> int:
    """Number of rows of a text column that hold an identity number."""
    suspects = values.filter(values.str.contains(_ROUGH).fill_null(False))
    return sum(1 for text in suspects if holds_identity(text))


def refuse_identities(table: str, frame: pl.DataFrame, skip: Collection[str] = ()) -> None:
    """Raise when any text column of ``frame`` (but those named in ``skip``: hashes of our own making) holds an identity number.

    Raises:
        UserError: names table, column and number of rows, never the value.
    """
    for name, dtype in frame.schema.items():
        if dtype != pl.String or name in skip:
            continue
        count = count_identities(frame[name])
        if count:
            raise UserError(
                f"{table}.{name} holds identity numbers in {count} row(s), where none may be.",
                "Withdraw the delivery or extract and have its sender remove them.",
            )
