"""A registry extract's files as one relation that DuckDB can read, and which of them is to blame when it cannot.

Belongs here: formats, hive folders, errors that hold no value. Must not be here: what CSV looks like inside (``csv_dialect``), pseudonyms,
or what a register's rows mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from pipeline.engine import escaped
from pipeline.errors import UserError
from pipeline.pseudonyms.csv_dialect import CsvDialect, csv_dialect, recoded, uneven_row
from pipeline.pseudonyms.extract_files import (
    NotRead,
    UnfitFile,
    at_place,
    described_names,
    file_places,
    is_csv,
    nothing_described,
    refuse_other_kind,
    unreadable_parquet,
    value_free,
)

T = TypeVar("T")
FILE = "jobbsjansen_fil"
_UNREAD = "An extract could not be read."
_PERSON = ("person_id", "person_key", "key_version")
_PERIOD = {"maaned": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "aar": re.compile(r"[1-9][0-9]{3}")}
_NESTED = re.compile(r".*\]|(STRUCT|MAP|UNION|VARIANT)\b.*", re.DOTALL)


@dataclass(frozen=True)
class Delivered:
    """One file of an extract.

    Attributes:
        path: where the owner put it.
        place: how it is spoken of.
        read_from: what DuckDB opens: the file, or its copy in UTF-8.
        names: the described columns to what they are called there.
        kinds: the described columns to their DuckDB types.
        taken: every name that the file's own columns have, in lower case.
        dialect: of a CSV file.
    """

    path: Path
    place: str
    read_from: Path
    names: dict[str, str]
    kinds: dict[str, str]
    taken: frozenset[str] = frozenset()
    dialect: CsvDialect | None = None


@dataclass(frozen=True)
class Source:
    """An extract's files as one relation that DuckDB can select from.

    Attributes:
        sql: the relation; beside the described columns it has ``FILE``, the path; the table ``extract_files`` says its place in order of receipt.
        columns: the described columns that are there to how they are called in ``sql`` and the owner's DuckDB type.
        apart: whether no two files can hold rows of the same period (one hive folder for each).
        files: the files, in order of receipt.
    """

    sql: str
    columns: dict[str, tuple[str, str]]
    apart: bool
    files: tuple[Delivered, ...] = ()


def open_extract(
    connection: duckdb.DuckDBPyConnection, files: list[Path], scratch: Path, period: str | None, wanted: Collection[str]
) -> Source:
    """The files as one relation. CSV that is not UTF-8 with even line ends is written to ``scratch`` as such first.

    Args:
        connection: where the relation will be read.
        files: the files, in order of receipt.
        scratch: a folder of this run alone, in the identified zone; the caller removes it.
        period: name of the register's period column, if it has one.
        wanted: the columns that may be read; no other column of the owner's is ever looked at, whatever it is called or holds.

    Raises:
        UnfitFile: a file is not readable as what its name says, holds another month than its folder says, has no wanted column, two of its
            columns have one wanted name, or a wanted one holds lists or structures. Says which file; without a value.
    """
    _refuse_place(files)
    places = file_places(files)
    schemas = _parquet_schemas(connection, [path for path in files if not is_csv(path)], places)
    delivered = []
    for number, path in enumerate(files):
        look = partial(_csv, path, places[path], scratch / f"{number}.csv", wanted)
        if not is_csv(path):
            look = partial(_parquet, path, places[path], schemas[path], wanted)
        delivered.append(at_place(places[path], look))
        if period and not is_csv(path):
            at_place(places[path], partial(_refuse_other_period, connection, path, schemas[path], period))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE extract_files ({FILE} VARCHAR, receipt INTEGER)")
    connection.executemany("INSERT INTO extract_files VALUES (?, ?)", [(str(d.read_from), n) for n, d in enumerate(delivered)])
    opened = Source(_together(delivered), {}, _apart(files, period), tuple(delivered))
    describe = f"DESCRIBE SELECT * EXCLUDE ({FILE}) FROM {opened.sql} AS deler"
    step = partial(value_free, lambda: connection.execute(describe).fetchall(), _UNREAD)
    kinds = {str(name): str(kind) for name, kind, *_ in pointing_out(connection, opened, step)}
    columns = {name: (_ours(name), kinds[f"k_{name}"]) for name in sorted(wanted) if f"k_{name}" in kinds}
    return replace(opened, columns=columns)


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
            value_free(partial(_read_whole, connection, file), _UNREAD)
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


def _csv(path: Path, place: str, copy: Path, wanted: Collection[str]) -> Delivered:
    dialect = csv_dialect(path)
    names = described_names(dialect.names, wanted)
    if not names:
        raise nothing_described(csv=True)
    read_from = path
    if dialect.encoding != "utf-8" or not dialect.even or not _is_utf8(path):
        value_free(partial(recoded, path, copy, dialect), "A CSV extract could not be read.")
        read_from = copy
    ours = {name: f"c{number}" for name, number in names.items()}
    return Delivered(path, place, read_from, ours, dict.fromkeys(ours, "VARCHAR"), dialect=dialect)


def _parquet(path: Path, place: str, schema: list[tuple[str, str]], wanted: Collection[str]) -> Delivered:
    names = described_names([name for name, _ in schema], wanted)
    kinds = {name: schema[number][1] for name, number in names.items()}
    for name, kind in kinds.items():
        if _NESTED.fullmatch(kind):
            raise UnfitFile(f"has lists or structures in the column {name}.", "It must have one plain value a row there.")
        if name in _PERSON and kind != "VARCHAR":
            raise UnfitFile(f"has a {name} that is no text: leading zeros are lost.", "It must be delivered as text.")
    hive = {key.strip().lower(): key for key in _hive_keys(path)}
    called = {name: schema[number][0] for name, number in names.items()} | {n: key for n, key in hive.items() if n in wanted}
    if not called:
        raise nothing_described(csv=False)
    taken = frozenset(name.lower() for name, _ in schema) | frozenset(hive)
    return Delivered(path, place, path, called, kinds, taken)


def _refuse_other_period(connection: duckdb.DuckDBPyConnection, path: Path, schema: list[tuple[str, str]], period: str) -> None:
    """Raise where a folder says one month (or year) and the file's own column another: the folder's is what would be read."""
    folder = _hive_period(path, period)
    own = [(_quoted(name), kind) for name, kind in schema if name.strip().lower() == period]
    if folder is None or len(own) != 1 or own[0][1] not in ("DATE", "INTEGER", "BIGINT"):
        return
    ((name, kind),) = own
    written = f"strftime({name}, '%Y-%m')" if kind == "DATE" else f"CAST({name} AS VARCHAR)"
    sql = f"SELECT count(*) FROM read_parquet({_listed([path])}, hive_partitioning = false) WHERE {written} <> '{folder}'"
    try:
        ((others,),) = value_free(lambda: connection.execute(sql).fetchall(), _UNREAD)
    except NotRead:  # which is told when all of it is read
        return
    if others:
        raise UnfitFile(
            f"has {others} row(s) of another {period} than its folder says.", "Each row belongs in the folder of its own."
        )


def _parquet_schemas(
    connection: duckdb.DuckDBPyConnection, paths: list[Path], places: dict[Path, str]
) -> dict[Path, list[tuple[str, str]]]:
    """Names and DuckDB types of each file's columns; where a file has no sound end that tells them, that file is named."""
    for path in paths:
        at_place(places[path], partial(_refuse_unopenable, path))
    try:
        return value_free(partial(_schemas, connection, paths), _UNREAD) if paths else {}
    except NotRead:
        pass
    for path in paths:
        try:
            value_free(partial(_schemas, connection, [path]), _UNREAD)
            continue
        except NotRead:
            pass
        found = unreadable_parquet(path)
        raise UnfitFile(f"{places[path]} {found.what}", found.cure)
    raise NotRead(_UNREAD, "This is a fault of ours: report it.")


def _schemas(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> dict[Path, list[tuple[str, str]]]:
    rows = connection.execute(
        "SELECT file_name, name, duckdb_type, coalesce(num_children, 0) "
        f"FROM parquet_schema({_listed(paths)}) ORDER BY file_name, column_id"
    ).fetchall()
    found: dict[Path, list[tuple[str, str]]] = {path: [] for path in paths}
    inside = dict.fromkeys(paths, -1)  # how many of the rows to come are parts of a column; the first row is the file itself
    for file, name, kind, children in rows:
        path = Path(file)
        if inside[path] == 0:
            found[path].append((str(name), str(kind)))
        inside[path] = 0 if inside[path] < 0 else max(0, inside[path] - 1) + children
    return found


def _refuse_unopenable(path: Path) -> None:
    if not _is_utf8(path):
        raise UnfitFile("or a folder it lies in has a name that is not UTF-8.", "Rename it.")
    refuse_other_kind(path)


def _together(files: list[Delivered]) -> str:
    """All files as one relation: those that are read alike by one scan."""
    groups: dict[tuple[object, ...], list[Delivered]] = {}
    for file in files:
        shape = (
            (file.dialect.separator, len(file.dialect.names))
            if file.dialect
            else (*_hive_keys(file.path), *sorted(file.kinds.items()))
        )
        groups.setdefault((file.dialect is None, shape, *sorted(file.names.items())), []).append(file)
    return f"({' UNION ALL BY NAME '.join(_scan(group) for group in groups.values())})"


def _scan(files: list[Delivered]) -> str:
    """Files that are read alike, as one SELECT; the owner's names are quoted, and no other column of theirs is named."""
    first = files[0]
    named = [f"{_quoted(theirs)} AS {_ours(name)}" for name, theirs in sorted(first.names.items())]
    file_column = FILE
    while any(file_column in file.taken for file in files):
        file_column += "_"
    chosen = ", ".join([*named, f"{file_column} AS {FILE}"])
    paths = [file.read_from for file in files]
    if first.dialect is not None:
        return f"SELECT {chosen} FROM {_read_csv(paths, first.dialect)}"
    return f"SELECT {chosen} FROM read_parquet({_listed(paths)}, hive_partitioning = true, filename = '{file_column}')"


def _read_csv(paths: list[Path], dialect: CsvDialect, more: str = "") -> str:
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(dialect.names)))
    separator = dialect.separator.replace("\t", "\\t")
    return (
        f"read_csv({_listed(paths)}, auto_detect = false, columns = {{{columns}}}, delim = '{separator}', header = true, quote = '\"', "
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


def _refuse_place(files: list[Path]) -> None:
    """Raise where a folder above the drop zone would be read as a column: ``…/status=bosatt/registers/…``."""
    for path in files:
        above = path.parts[: max((i for i, part in enumerate(path.parts) if part == "registers"), default=0)]
        if any("=" in part for part in above):
            raise UserError("The home lies in a folder with '=' in its name, which reads as a column.", "Move the home.")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _listed(paths: list[Path]) -> str:
    """Paths in a statement: the owner's text, so quoted; and no pattern, so that stars and brackets stand for themselves."""
    exact = [re.sub(r"[*?\[]", r"[\g<0>]", escaped(path)) for path in paths]
    return "[" + ", ".join(f"'{path}'" for path in exact) + "]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hive_keys(path: Path) -> list[str]:
    return sorted(part.split("=", 1)[0] for part in path.parts[:-1] if "=" in part)


def _apart(files: list[Path], period: str | None) -> bool:
    values = [_hive_period(path, period) for path in files]
    return len(files) == 1 or (None not in values and len(set(values)) == len(files))


def _hive_period(path: Path, period: str | None) -> str | None:
    """The month or year that a file's folder says its rows are of, in one way of writing; None where that is not plain to see.

    A month may be written as any of its days, with a time of day, or with signs in code: only what can mean one thing is taken as known.
    """
    if period is None or is_csv(path):  # in CSV the month is a column, whatever the folder is called
        return None
    found = [part.split("=", 1)[1] for part in path.parts[:-1] if part.lower().startswith(f"{period}=")]
    if len(found) != 1 or not _PERIOD[period].fullmatch(found[0]):
        return None
    return found[0][:7]
