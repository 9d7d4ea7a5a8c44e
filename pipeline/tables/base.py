"""What a table and a column are: the vocabulary of the one source of schema, checks and documentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Kind = Literal["text", "date", "int", "float", "bool"]
Sensitivity = Literal["identity", "free_text", "special", "personal", "none"]
State = Literal["kildedata", "inndata", "klargjort", "statistikk", "utdata", "register"]

POLARS_TYPE: dict[str, pl.DataType] = {
    "text": pl.String(),
    "date": pl.Date(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "bool": pl.Boolean(),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: column name, ASCII lower case.
        kind: logical type; ``POLARS_TYPE`` gives the frame type.
        meaning: one line for the data dictionary (Norwegian domain nouns, English verbs).
        required: a row without a value here is an error (deliveries) or a bug (later states).
        key: part of the table's key.
        codes: the closed set of values, empty when open.
        unit: ``nok``, ``share``, ``weeks``, … or empty.
        sensitivity: ``identity`` and ``free_text`` never leave the identified zone; ``special`` is GDPR Art. 9 or close to it.
        minimum, maximum: plausible range of numbers, both ends included; outside is a remark.
        aliases: other header names accepted in deliveries.
        form: regular expression of a whole value, in open text columns of registers; those of deliveries stand with the rules.
        decisive: in registers, a column that a row may lack, but whose absence from every row would turn an outcome into "no" for all.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    key: bool = False
    codes: tuple[str, ...] = ()
    unit: str = ""
    sensitivity: Sensitivity = "none"
    minimum: float | None = None
    maximum: float | None = None
    aliases: tuple[str, ...] = ()
    form: str = ""
    decisive: bool = False

    @property
    def dtype(self) -> pl.DataType:
        return POLARS_TYPE[self.kind]


@dataclass(frozen=True)
class Table:
    """One table: its state, grain, columns and where it comes from.

    ``grain`` finishes the sentence "one row is …". ``source`` names the stage or the deliverer. ``several``: different rows may have one
    key and all of them count.
    """

    name: str
    state: State
    grain: str
    columns: tuple[Column, ...]
    source: str = ""
    optional: bool = False
    several: bool = False
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({c.name: c for c in self.columns})

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def key(self) -> list[str]:
        return [c.name for c in self.columns if c.key]

    @property
    def required(self) -> list[str]:
        return [c.name for c in self.columns if c.required]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {c.name: c.dtype for c in self.columns}

    def empty(self) -> pl.DataFrame:
        """An empty frame with this table's columns and types."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame, sort_by: Iterable[str] | None = None) -> pl.DataFrame:
        """Select, cast and order ``frame`` to this table's schema; missing columns become null.

        Rows are sorted by the key (or ``sort_by``), so that equal content has equal bytes.
        """
        if frame.width == 0:  # selecting only literals would make one row out of nothing
            return self.empty()
        columns = [
            (pl.col(c.name) if c.name in frame.columns else pl.lit(None)).cast(c.dtype).alias(c.name) for c in self.columns
        ]
        order = list(sort_by) if sort_by is not None else self.key
        out = frame.select(columns)
        return out.sort(order, nulls_last=True, maintain_order=True) if order else out
