"""The described columns of a registry extract, as DuckDB expressions over its relation.

Belongs here: which described columns an extract has, and each of them as an expression. Must not be here: how a value is read (``values``),
files, persons, or what to do about a value that can't be read.
"""

from __future__ import annotations

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import CURE
from pipeline.pseudonyms.extracts.source import Source
from pipeline.pseudonyms.extracts.values import SQL_TYPE, read, written
from pipeline.tables import Column, Table


def payload(table: Table) -> list[Column]:
    """The described columns without the person."""
    return [column for column in table.columns if column.name != "person_key"]


def require_columns(register: str, table: Table, source: Source) -> None:
    """Raise when a required column is not there.

    Raises:
        UserError: names the columns of the description that are missing.
    """
    missing = [c.name for c in payload(table) if c.required and c.name not in source.columns]
    if missing:
        raise UserError(f"The extract {register} lacks the required column(s) {', '.join(missing)}.", CURE)


def typed(column: Column, source: Source) -> str:
    """The column read as its description's type, as ``values.read`` says. A column that is missing is null throughout."""
    if column.name not in source.columns:
        return f"CAST(NULL AS {SQL_TYPE[column.kind]})"
    return read(column, *source.columns[column.name])


def given(column: Column, source: Source) -> str:
    """Whether the owner has written anything there, as ``values.written`` says."""
    return "false" if column.name not in source.columns else written(column, *source.columns[column.name])


def can_be_lost(column: Column, source: Source) -> bool:
    """Whether a value that is there may be unreadable: not when its type is already the described one."""
    kind = source.columns.get(column.name, ("", ""))[1]
    return bool(kind) and (kind != SQL_TYPE[column.kind] or bool(column.codes) or bool(column.form) or column.kind != "text")
