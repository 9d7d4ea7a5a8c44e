"""The search for identity numbers where none may be: the last look before anything enters the pseudonymised zone.

Belongs here: refusing a table that holds one. Must not be here: what such a number looks like (``identity_shape`` knows).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number


def count_identities(values: pl.Series) -> int:
    """Number of rows of a text column that hold a person number.

    DUF numbers are not searched for: senders' own ids of twelve digits are common, one in a hundred looks like one by
    chance, and a find here stops the run.
    """
    return int(holds_identity_number(values, duf=False).sum())


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
