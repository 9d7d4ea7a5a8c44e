"""One file of a registry extract: what it is, which described columns it has, and which month its folder says.

Belongs here: looking at one file before it is read. Must not be here: the files as one relation (``source``), what CSV looks like inside
(``csv_dialect``), reading a value (``values``), or what a register's rows mean.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import duckdb

from pipeline.engine import escaped
from pipeline.errors import UserError
from pipeline.pseudonyms.csv_dialect import CsvDialect, csv_dialect, recoded
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
from pipeline.pseudonyms.extracts.values import read, written
from pipeline.tables import Column

UNREAD = "An extract could not be read."
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


def delivered_files(
    connection: duckdb.DuckDBPyConnection, files: list[Path], scratch: Path, period: Column | None, wanted: Collection[str]
) -> list[Delivered]:
    """What each file is, in the order given; ``period`` is the register's period column, other arguments and errors as of ``open_extract``."""
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
    return delivered


def _refuse_place(files: list[Path]) -> None:
    """Raise where a folder above the drop zone would be read as a column: ``…/status=bosatt/registers/…``."""
    for path in files:
        above = path.parts[: max((i for i, part in enumerate(path.parts) if part == "registers"), default=0)]
        if any("=" in part for part in above):
            raise UserError("The home lies in a folder with '=' in its name, which reads as a column.", "Move the home.")


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
    hive = {key.strip().lower(): key for key in hive_keys(path)}
    called = {name: schema[number][0] for name, number in names.items()} | {n: key for n, key in hive.items() if n in wanted}
    if not called:
        raise nothing_described(csv=False)
    taken = frozenset(name.lower() for name, _ in schema) | frozenset(hive)
    return Delivered(path, place, path, called, kinds, taken)


def _refuse_other_period(
    connection: duckdb.DuckDBPyConnection, path: Path, schema: list[tuple[str, str]], period: Column
) -> None:
    """Raise where a folder says one month (or year) and the file's own column another: the folder's is what would be read."""
    folder = _folder_says(path, period.name)
    own = [(quoted(name), kind) for name, kind in schema if name.strip().lower() == period.name]
    if folder is None or len(own) != 1:
        return
    ((name, kind),) = own
    value, said = read(period, name, kind), read(period, "$folder", "VARCHAR")
    counted = f"count(*) FILTER (WHERE {value} <> {said}), count({value}), count(*) FILTER (WHERE {written(period, name, kind)})"
    sql = f"SELECT {counted} FROM read_parquet({listed([path])}, hive_partitioning = false)"
    try:
        ((others, understood, there),) = value_free(lambda: connection.execute(sql, {"folder": folder}).fetchall(), UNREAD)
    except NotRead:  # which is told when all of it is read
        return
    if others:
        raise UnfitFile(
            f"has {others} row(s) of another {period.name} than its folder says.", "Each row belongs in the folder of its own."
        )
    if there and not understood:
        raise UnfitFile(
            f"lies in the folder of one {period.name}, and none of the {there} value(s) of its own {period.name} could be read, so nothing "
            "shows that they are of its folder's.",
            "Write that column as the file description says, or leave it out of files in folders.",
        )


def _parquet_schemas(
    connection: duckdb.DuckDBPyConnection, paths: list[Path], places: dict[Path, str]
) -> dict[Path, list[tuple[str, str]]]:
    """Names and DuckDB types of each file's columns; where a file has no sound end that tells them, that file is named."""
    for path in paths:
        at_place(places[path], partial(_refuse_unopenable, path))
    try:
        return value_free(partial(_schemas, connection, paths), UNREAD) if paths else {}
    except NotRead:
        pass
    for path in paths:
        try:
            value_free(partial(_schemas, connection, [path]), UNREAD)
            continue
        except NotRead:
            pass
        found = unreadable_parquet(path)
        raise UnfitFile(f"{places[path]} {found.what}", found.cure)
    raise NotRead(UNREAD, "This is a fault of ours: report it.")


def _schemas(connection: duckdb.DuckDBPyConnection, paths: list[Path]) -> dict[Path, list[tuple[str, str]]]:
    rows = connection.execute(
        "SELECT file_name, name, duckdb_type, coalesce(num_children, 0) "
        f"FROM parquet_schema({listed(paths)}) ORDER BY file_name, column_id"
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


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def hive_keys(path: Path) -> list[str]:
    """The columns that the file's folders are named after."""
    return sorted(key for key, _ in _hive(path))


def _hive(path: Path) -> list[tuple[str, str]]:
    """What the file's folders say, as they are written: column and value."""
    return [(key, value) for key, equals, value in (part.partition("=") for part in path.parts[:-1]) if equals]


def _folder_says(path: Path, period: str) -> str | None:
    """What a file's folder has in place of the period column, with its signs in code read; None where it has nothing, or two things."""
    found = [unquote(value) for key, value in _hive(path) if key.strip().lower() == period]
    return found[0] if len(found) == 1 else None


def hive_period(path: Path, period: str | None) -> str | None:
    """The month or year that a file's folder says its rows are of, in one way of writing; None where that is not plain to see.

    A month may be written as any of its days, with a time of day, or with signs in code: only what can mean one thing is taken as known.
    """
    if period is None or is_csv(path):  # in CSV the month is a column, whatever the folder is called
        return None
    found = [value for key, value in _hive(path) if key.lower() == period]
    if len(found) != 1 or not _PERIOD[period].fullmatch(found[0]):
        return None
    return found[0][:7]


def listed(paths: list[Path]) -> str:
    """Paths in a statement: the owner's text, so quoted; and no pattern, so that stars and brackets stand for themselves."""
    exact = [re.sub(r"[*?\[]", r"[\g<0>]", escaped(path)) for path in paths]
    return "[" + ", ".join(f"'{path}'" for path in exact) + "]"


def quoted(name: str) -> str:
    """An owner's name for a column in a statement."""
    return '"' + name.replace('"', '""') + '"'
