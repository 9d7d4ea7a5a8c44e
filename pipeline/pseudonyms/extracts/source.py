"""A registry extract's files as one relation that DuckDB can read, and which of them is to blame when it cannot.

Belongs here: reading together what is read alike, errors that hold no value. Must not be here: looking at one file (``delivered``), reading a
value (``values``), pseudonyms, or what a register's rows mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from pipeline.errors import UserError
from pipeline.pseudonyms.csv_dialect import CsvDialect, uneven_row
from pipeline.pseudonyms.extract_files import NotRead, UnfitFile, unreadable_parquet, value_free
from pipeline.pseudonyms.extracts.delivered import UNREAD, Delivered, delivered_files, hive_keys, hive_period, listed, quoted
from pipeline.pseudonyms.extracts.values import in_one_type
from pipeline.tables import Column

T = TypeVar("T")
FILE = "jobbsjansen_fil"
_NONE_AT_ALL = '"NULL"'  # DuckDB's type of a column without any value: it takes any other
# How Spark and its kin name the parts of one write.
_PART = re.compile(r"part-[0-9]+-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


@dataclass(frozen=True)
class Source:
    """An extract's files as one relation that DuckDB can select from.

    Attributes:
        sql: the relation; beside the described columns it has ``FILE``, the path; the table ``extract_files`` says its place in order of receipt.
        columns: the described columns that are there to how they are called in ``sql`` and their DuckDB type: the owner's, or the description's
            where the owner's files have several.
        apart: whether no two files can hold rows of the same period (one hive folder for each).
        files: the files, in order of receipt.
    """

    sql: str
    columns: dict[str, tuple[str, str]]
    apart: bool
    files: tuple[Delivered, ...] = ()


def open_extract(
    connection: duckdb.DuckDBPyConnection,
    files: list[Path],
    scratch: Path,
    period: str | None,
    wanted: Collection[str],
    described: Collection[Column] = (),
) -> Source:
    """The files as one relation. CSV that is not UTF-8 with even line ends is written to ``scratch`` as such first.

    Args:
        connection: where the relation will be read.
        files: the files, in order of receipt.
        scratch: a folder of this run alone, in the identified zone; the caller removes it.
        period: name of the register's period column, if it has one.
        wanted: the columns that may be read; no other column of the owner's is ever looked at, whatever it is called or holds.
        described: what the wanted columns are read as; those without a description are read as they come.

    Raises:
        UnfitFile: a file is not readable as what its name says, holds another month than its folder says, has no wanted column, two of its
            columns have one wanted name, or a wanted one holds lists or structures. Says which file; without a value.
    """
    by_name = {column.name: column for column in described}
    delivered = delivered_files(connection, files, scratch, by_name.get(period or ""), wanted)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE extract_files ({FILE} VARCHAR, receipt INTEGER)")
    receipts = [(str(file.read_from), receipt) for file, receipt in zip(delivered, _receipts(files), strict=True)]
    connection.executemany("INSERT INTO extract_files VALUES (?, ?)", receipts)
    opened = Source("", {}, _apart(files, period), tuple(delivered))
    step = partial(value_free, partial(_together, connection, delivered, by_name), UNREAD)
    sql, kinds = pointing_out(connection, opened, step)
    return replace(opened, sql=sql, columns={name: (_ours(name), kinds[name]) for name in sorted(wanted) if name in kinds})


def pointing_out(connection: duckdb.DuckDBPyConnection, source: Source, step: Callable[[], T]) -> T:
    """The result of a step that reads the source; where reading stops, the files are read one by one to say which of them it is.

    Raises:
        UnfitFile: one of the files, with its place.
        UserError: every file can be read by itself; or as the step raises.
    """
    try:
        return step()
    except NotRead as problem:
        told = problem
    for file in source.files:
        try:
            value_free(partial(_read_whole, connection, file), UNREAD)
            continue
        except NotRead:
            pass
        raise at_fault(connection, file)
    what = f"{told.what.split(':')[0].rstrip('.')}, but every file can be read by itself."
    raise UserError(f"{what} {_types(source)}", "Each column must have the type of the file description, the same in all files.")


def at_fault(connection: duckdb.DuckDBPyConnection, file: Delivered) -> UnfitFile:
    """What is wrong with a file that was opened and could not be read to the end."""
    found = unreadable_parquet(file.path) if file.dialect is None else _csv_fault(connection, file.read_from, file.dialect)
    return UnfitFile(f"{file.place} {found.what}", found.cure)


def _receipts(files: list[Path]) -> list[int]:
    """Each file's place in order of receipt. What one program wrote at once came at once, with its last part: no part corrects another."""
    writes = [found.group(1) if (found := _PART.match(file.name)) else str(number) for number, file in enumerate(files)]
    last = {write: number for number, write in enumerate(writes)}
    return [last[write] for write in writes]


def _together(
    connection: duckdb.DuckDBPyConnection, files: list[Delivered], described: Mapping[str, Column]
) -> tuple[str, dict[str, str]]:
    """All files as one relation, and its columns' types: files that are read alike by one scan, and several scans in one type."""
    scans = [_scan(group) for group in _read_alike(files)]
    if len(scans) > 1:
        kinds = [_kinds(connection, f"({scan})") for scan in scans]
        found = {name: {of[name] for of in kinds if name in of} - {_NONE_AT_ALL} for name in described}
        several = {name for name, types in found.items() if len(types) > 1}
        alike = [{n: in_one_type(described[n], _ours(n), of[n]) for n in sorted(several & of.keys())} for of in kinds]
        scans = [_replaced(scan, values) for scan, values in zip(scans, alike, strict=True)]
    sql = f"({' UNION ALL BY NAME '.join(scans)})"
    return sql, _kinds(connection, sql)


def _replaced(scan: str, values: dict[str, str]) -> str:
    """A scan with other expressions for some of its columns."""
    changed = ", ".join(f"{value} AS {_ours(name)}" for name, value in values.items() if value != _ours(name))
    return f"SELECT * REPLACE ({changed}) FROM ({scan})" if changed else scan


def _kinds(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The described columns of a relation to their DuckDB types."""
    rows = connection.execute(f"DESCRIBE SELECT * EXCLUDE ({FILE}) FROM {relation} AS deler").fetchall()
    return {str(name).removeprefix("k_"): str(kind) for name, kind, *_ in rows}


def _read_alike(files: list[Delivered]) -> list[list[Delivered]]:
    """The files in groups that one scan reads: of one kind, with the same columns in the same types."""
    groups: dict[tuple[object, ...], list[Delivered]] = {}
    for file in files:
        shape = (
            (file.dialect.separator, len(file.dialect.names))
            if file.dialect
            else (*hive_keys(file.path), *sorted(file.kinds.items()))
        )
        groups.setdefault((file.dialect is None, shape, *sorted(file.names.items())), []).append(file)
    return list(groups.values())


def _scan(files: list[Delivered]) -> str:
    """Files that are read alike, as one SELECT; the owner's names are quoted, and no other column of theirs is named."""
    first = files[0]
    named = [f"{quoted(theirs)} AS {_ours(name)}" for name, theirs in sorted(first.names.items())]
    file_column = FILE
    while any(file_column in file.taken for file in files):
        file_column += "_"
    chosen = ", ".join([*named, f"{file_column} AS {FILE}"])
    paths = [file.read_from for file in files]
    if first.dialect is not None:
        return f"SELECT {chosen} FROM {_read_csv(paths, first.dialect)}"
    return f"SELECT {chosen} FROM read_parquet({listed(paths)}, hive_partitioning = true, filename = '{file_column}')"


def _read_csv(paths: list[Path], dialect: CsvDialect, more: str = "") -> str:
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(dialect.names)))
    separator = dialect.separator.replace("\t", "\\t")
    return (
        f"read_csv({listed(paths)}, auto_detect = false, columns = {{{columns}}}, delim = '{separator}', header = true, quote = '\"', "
        f"escape = '\"', strict_mode = true, null_padding = false, filename = '{FILE}', hive_partitioning = false{more})"
    )


def _read_whole(connection: duckdb.DuckDBPyConnection, file: Delivered) -> None:
    values = f"bit_xor(hash({', '.join(_ours(name) for name in sorted(file.names))}))" if file.names else "count(*)"
    connection.execute(f"SELECT {values} FROM ({_scan([file])})").fetchall()


def _csv_fault(connection: duckdb.DuckDBPyConnection, path: Path, dialect: CsvDialect) -> UnfitFile:
    """Which row is wrong, and in what way. DuckDB's own words would quote it; its table of rejected rows also has their numbers."""
    tables = ", store_rejects = true, rejects_table = 'rows_rejected', rejects_scan = 'scans_rejected', rejects_limit = 1000"
    try:
        connection.execute(f"SELECT count(*) FROM {_read_csv([path], dialect, tables)}").fetchall()
        rows = connection.execute("SELECT line, error_type FROM rows_rejected ORDER BY line LIMIT 1").fetchall()
    except duckdb.Error:
        rows = []
    if not rows:
        return UnfitFile("cannot be read as CSV.", "Line ends and quotation marks must be used alike throughout.")
    ((number, kind),) = rows
    if kind in ("TOO MANY COLUMNS", "MISSING COLUMNS"):
        return uneven_row(number, len(dialect.names))
    if kind == "UNQUOTED VALUE":
        return UnfitFile(f"has a quotation mark that is not closed in row {number} (the header is row 1).", "Close it.")
    return UnfitFile(f"cannot be read as CSV in row {number} (the header is row 1).", "It must be delivered again.")


def _types(source: Source) -> str:
    """What types the columns came in; of types alone, DuckDB's own words."""
    names = sorted({name for file in source.files for name in file.kinds})
    kinds = {name: sorted({file.kinds[name] for file in source.files if name in file.kinds}) for name in names}
    unlike = {name: found for name, found in kinds.items() if len(found) > 1}
    said = ", ".join(f"{name} {' and '.join(found)}" for name, found in (unlike or kinds).items())
    return f"Columns of several types: {said}." if unlike else f"The columns came as: {said}."


def _ours(name: str) -> str:
    """A described column's name inside the relation: an owner's column can never be taken for one of ours."""
    return f'"k_{name}"'


def _apart(files: list[Path], period: str | None) -> bool:
    values = [hive_period(path, period) for path in files]
    return len(files) == 1 or (None not in values and len(set(values)) == len(files))
