"""What stops an owner's extract from being published: counted over all its rows, told once, without a value.

Belongs here: the form of ``person_id``, real persons under the published key, identity numbers where none may be, columns that are missing.
Must not be here: the register's own rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number
from pipeline.tables import Table

_ID_FORM = r"^[0-9]{11}$"
_MARKED = r"^[0-9]{2}(8[1-9]|9[0-2])"  # the birth month with 80 added, whatever is added to the day
_PLAIN_NAME = re.compile(r"[a-z_]{1,30}")  # no digits, so no identity number either
_SHORTEST = 11  # bytes of the shortest text that can hold an identity number


@dataclass
class Objections:
    """Counts rows as batches go by.

    Attributes:
        register: the register, for messages.
        malformed: rows whose ``person_id`` is not 11 digits.
        identities: rows with an identity number, per text column.
        published: whether the key is the published one, under which only synthetic persons may be.
        unmarked: rows whose ``person_id`` lacks the synthetic mark, counted under the published key.
    """

    register: str
    malformed: int = 0
    identities: Counter[str] = field(default_factory=Counter)
    published: bool = False
    unmarked: int = 0

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Count what is wrong in a batch with ``person_id`` and the payload columns.

        Raises:
            UserError: a column is of a type that no extract may have.
        """
        for name, kind in zip(batch.schema.names, batch.schema.types, strict=True):
            if name == "person_id":
                if not _is_text(kind):
                    raise UserError(
                        "The extract has no person_id column of text.", "Name the column person_id and keep leading zeros."
                    )
                numbers = text_of(batch.column(name))
                sound = numbers.str.contains(_ID_FORM).fill_null(value=False)
                self.malformed += batch.num_rows - int(sound.sum())
                self.unmarked += _unmarked(numbers.filter(sound)) if self.published else 0
            elif _is_text(kind):
                self.identities[name] += _identities(text_of(batch.column(name)))
            elif not _is_plain(kind):
                raise UserError(
                    f"The column {name} is no text, number, date or truth value.", "Deliver it as the file description says."
                )

    def refuse(self) -> None:
        """Raise when anything was counted.

        Raises:
            UserError: column and number of rows.
        """
        if self.unmarked:
            raise UserError(
                f"The key in use is the published demo key, and person_id has no synthetic mark in {self.unmarked} row(s).",
                "Give --key-file with the owner's key that the project has sent, and set JOBBSJANSEN_MILJO=prod.",
            )
        if self.malformed:
            raise UserError(
                f"person_id is not 11 digits in {self.malformed} row(s).", "Keep it as text: Excel eats leading zeros."
            )
        for name, count in sorted(self.identities.items()):
            if count:
                raise UserError(
                    f"{self.register}.{name} holds identity numbers in {count} row(s), where none may be.",
                    "Take them out; person_id is the only column that may hold one.",
                )


def require_columns(table: Table, found: Collection[str]) -> None:
    """Raise when a column that the file description requires, but the person's, is in no file of the extract.

    Raises:
        UserError: names the register and the columns of the description that are missing.
    """
    missing = [name for name in table.required if name not in found and name != "person_key"]
    if missing:
        raise UserError(
            f"The extract {table.name} lacks the required column(s) {', '.join(missing)}.",
            "Take them in, called as the file description calls them: docs/data-dictionary.md.",
        )


def harmless(names: Iterable[str]) -> tuple[str, ...]:
    """Those of an owner's own column names that may be shown: plain words. Others may hold anything, and are only counted."""
    return tuple(sorted(name for name in names if _PLAIN_NAME.fullmatch(name)))


def text_of(column: pa.Array) -> pl.Series:
    """A text column, dictionary or not, as a series of text."""
    return pl.Series(pl.from_arrow(column)).cast(pl.String)


def _unmarked(numbers: pl.Series) -> int:
    """How many of the numbers, all of eleven digits, may be a living person's."""
    return len(numbers) - int(numbers.str.contains(_MARKED).sum())


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner))


def _is_plain(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_temporal, pa.types.is_null,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def _identities(texts: pl.Series) -> int:
    suspects = texts.drop_nulls()
    suspects = suspects.filter(suspects.str.len_bytes() >= _SHORTEST)
    if suspects.is_empty():
        return 0
    distinct = suspects.unique()
    found = distinct.filter(holds_identity_number(distinct, duf=False))
    return int(suspects.is_in(found.implode()).sum()) if len(found) else 0
