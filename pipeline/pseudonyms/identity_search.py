"""The search for identity numbers where none may be: the last look before anything enters the pseudonymised zone.

Belongs here: refusing a table that holds one. Must not be here: what such a number looks like (``identity_shape`` knows).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from pipeline.errors import UserError
from pipeline.identity_shape import is_person_number

# Eleven digits, also written as DDMMYY NNNNN. Narrower than the export's search on purpose: senders' own ids of twelve
# digits are common, one in a hundred looks like a DUF number by chance, and a find here stops the run.
_GAP = r"[ .\-\x{a0}]?"
_ROUGH = rf"\d{{6}}{_GAP}\d{{5}}"
_CANDIDATE = re.compile(r"(?<!\d)(\d{6})[ .\-\u00a0]?(\d{5})(?!\d)")


def holds_identity(text: str) -> bool:
    """Whether a person number of any kind stands anywhere in the text."""
    return any(is_person_number("".join(found)) for found in _CANDIDATE.findall(text))


def count_identities(values: pl.Series) -> int:
    """Number of rows of a text column that hold a person number."""
    suspects = values.filter(values.str.contains(_ROUGH).fill_null(False))
    guilty = [text for text in suspects.unique() if holds_identity(text)]
    return int(suspects.is_in(guilty).sum())


def refuse_identities(table: str, frame: pl.DataFrame, skip: Collection[str] = ()) -> None:
    """Raise when any text column of ``frame`` (but those named in ``skip``: hashes of our own making) holds a person number.

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
