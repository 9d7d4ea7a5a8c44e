"""What stops an owner's extract from being published: counted over all its rows, told once, without a value.

Belongs here: the form of ``person_id``, real persons under the published key, identity numbers where none may be, columns that are missing.
Must not be here: the register's own rules.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number
from pipeline.tables import REGISTERS, Table

_ID_FORM = r"^[0-9]{11}$"
_MARKED = r"^[0-9]{2}(8[1-9]|9[0-2])"  # the birth month with 80 added, whatever is added to the day
_PLAIN_NAME = re.compile(r"[a-z_]{1,30}")  # no digits, so no identity number either
_SHORTEST = 11  # bytes of the shortest text that can hold an identity number
_LEAST, _MOST = 1_000_000_000, 99_999_999_999  # numbers of ten digits (the leading zero is lost) or eleven
_REMEMBERED = 10_000  # different numbers of a column that are told apart from one batch to the next: memory stays the same


@dataclass
class LargeNumbers:
    """The whole numbers of ten or eleven digits in one number column.

    By chance about one of 135 is an identity number too (day, month and both control digits fit), one of 30 where all have one day and month.
    So one such number proves nothing; two different ones of two, or more than one beside a tenth of many, are not chance: with ten numbers it
    would be so once in 20 000 columns, with more of them less often. A number that comes again (pay that is the same each month) counts once.

    Attributes:
        rows: rows with an identity number.
        different: different numbers looked at.
        fitting: how many of these are identity numbers.
        remembered: the first of the different ones.
    """

    rows: int = 0
    different: int = 0
    fitting: int = 0
    remembered: set[int] = field(default_factory=set)

    def look_at(self, column: pl.Series) -> None:
        """Count in one batch's column."""
        numbers = _large_whole(column)
        if numbers.is_empty():
            return
        distinct = numbers.unique()
        found = set(distinct.filter(holds_identity_number(distinct, duf=False)).to_list())
        new = set(distinct.to_list()) - self.remembered
        self.rows += int(numbers.is_in(list(found)).sum()) if found else 0
        self.different += len(new)
        self.fitting += len(found & new)
        self.remembered.update(sorted(new)[: max(0, _REMEMBERED - len(self.remembered))])

    @property
    def beyond_chance(self) -> bool:
        """Whether more of them are identity numbers than chance explains."""
        return self.fitting > 1 + self.different / 10


@dataclass
class Objections:
    """Counts rows as batches go by.

    Attributes:
        register: the register, for messages.
        malformed: rows whose ``person_id`` is not 11 digits.
        identities: rows with an identity number, per text column.
        published: whether the key is the published one, under which only synthetic persons may be.
        unmarked: rows whose ``person_id`` lacks the synthetic mark, counted under the published key.
        numbers: what number columns hold of numbers as long as an identity number, per column.
    """

    register: str
    malformed: int = 0
    identities: Counter[str] = field(default_factory=Counter)
    published: bool = False
    unmarked: int = 0
    numbers: defaultdict[str, LargeNumbers] = field(default_factory=lambda: defaultdict(LargeNumbers))

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
                texts = text_of(batch.column(name))
                self.identities[name] += _identities(texts)
                if self._means_numbers(name):
                    self.numbers[name].look_at(_ten_digits(texts))
            elif not _is_plain(kind):
                raise UserError(
                    f"The column {name} is no text, number, date or truth value.", "Deliver it as the file description says."
                )
            elif _is_number(kind):
                self.numbers[name].look_at(pl.Series(pl.from_arrow(batch.column(name))))

    def _means_numbers(self, name: str) -> bool:
        return name in REGISTERS[self.register].names and REGISTERS[self.register][name].kind in ("int", "float")

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
        in_numbers = {name: found.rows for name, found in self.numbers.items() if found.beyond_chance}
        for name, count in sorted([*self.identities.items(), *in_numbers.items()]):
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


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _large_whole(column: pl.Series) -> pl.Series:
    """The whole numbers of ten or eleven digits, as integers; most columns have none, and are looked through once."""
    if column.dtype.is_integer():
        wide = column if column.dtype == pl.UInt64 else column.cast(pl.Int64)  # the bounds do not fit in fewer bits
        return wide.filter(wide.is_between(_LEAST, _MOST)).cast(pl.Int64)
    values = column.cast(pl.Float64)
    large = values.filter(values.is_between(_LEAST, _MOST))
    return large.filter(large == large.floor()).cast(pl.Int64)


def _ten_digits(texts: pl.Series) -> pl.Series:
    """What a number column written as text (CSV) has of numbers of ten digits; the text search finds those of eleven."""
    suspects = texts.filter(texts.str.len_bytes() >= _SHORTEST - 1).str.strip_chars()
    return suspects.filter(suspects.str.contains(r"^[0-9]{10}(?:[.,]0+)?$")).str.head(_SHORTEST - 1).cast(pl.Int64)


def _identities(texts: pl.Series) -> int:
    suspects = texts.drop_nulls()
    suspects = suspects.filter(suspects.str.len_bytes() >= _SHORTEST)
    if suspects.is_empty():
        return 0
    distinct = suspects.unique()
    found = distinct.filter(holds_identity_number(distinct, duf=False))
    return int(suspects.is_in(found.implode()).sum()) if len(found) else 0
