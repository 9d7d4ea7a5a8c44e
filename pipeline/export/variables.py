"""The variables of the package: label, role and type, from ``variabler.csv`` and the one source of columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipeline.tables import STATES
from pipeline.tables.base import Column

_LIST = Path(__file__).with_name("variabler.csv")


@dataclass(frozen=True)
class Variable:
    """One variable of one table in the package.

    Attributes:
        column: type, codes and unit as in ``pipeline.tables``.
        label: Norwegian label.
        role: Datadoc's variable role.
        temporality: Datadoc's temporality type.
        identifies: direkte, indirekte or nei.
        key: part of the table's key.
        source: ``state.table`` the column comes from, empty when made here.
    """

    column: Column
    label: str
    role: str
    temporality: str
    identifies: str
    key: bool
    source: str

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def is_pseudonym(self) -> bool:
        return self.name.endswith("_key")


@cache
def variables(table: str) -> tuple[Variable, ...]:
    """The variables of ``table`` in the order they stand in; empty for an unknown table."""
    listed = pl.read_csv(_LIST, separator=";", infer_schema=False).filter(pl.col("tabell") == table)
    return tuple(_variable(row) for row in listed.iter_rows(named=True))


@cache
def table_names() -> tuple[str, ...]:
    """The tables of the package."""
    return tuple(pl.read_csv(_LIST, separator=";", infer_schema=False)["tabell"].unique(maintain_order=True))


def key(table: str) -> list[str]:
    """The key columns of ``table``."""
    return [v.name for v in variables(table) if v.key]


def _variable(row: dict[str, str | None]) -> Variable:
    source = row["kilde"] or ""
    return Variable(
        column=_described(source, row["variabel"] or ""),
        label=row["etikett"] or "",
        role=row["rolle"] or "",
        temporality=row["temporalitet"] or "",
        identifies=row["identifiserer"] or "",
        key=row["noekkel"] == "ja",
        source=source,
    )


def _described(source: str, name: str) -> Column:
    if not source:
        return Column(name, "int", "running number made for the package")
    state, table = source.split(".")
    return STATES[state][table][name]
