"""A registry extract's files as one relation that DuckDB can read.

Belongs here: formats, encodings, hive folders, errors that hold no value. Must not be here: pseudonyms, or what a register's rows mean.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import CURE, value_free

FILE = "jobbsjansen_fil"  # no owner's column is called that
_SEPARATORS = (";", ",", "\t")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """An extract's files as one relation that DuckDB can select from.

    Attributes:
        sql: the relation; beside the owner's columns it has ``FILE``, the path; the table ``extract_files`` says its place in order of receipt.
        columns: the described columns that are there to how they are called in ``sql`` and the owner's DuckDB type.
        apart: whether no two files can hold rows of the same period (one hive folder for each).
    """

    sql: str
    columns: dict[str, tuple[str, str]]
    apart: bool


def open_extract(
    connection: duckdb.DuckDBPyConnection, files: list[Path], scratch: Path, period: str | None, wanted: Collection[str]
) -> Source:
    """The files as one relation. CSV (UTF-8, with or without mark, or cp1252; ``;``, ``,`` or tab) is written to ``scratch`` as UTF-8 first.

    Args:
        connection: where the relation will be read.
        files: the files, in order of receipt.
        scratch: a folder of this run alone, in the identified zone; the caller removes it.
        period: name of the register's period column, if it has one.
        wanted: the columns that may be read; no other name of the owner's ever stands in a statement.

    Raises:
        UserError: a file is not readable as what its name says, or two of its columns have one name. Without a value.
    """
    _refuse_place(files)
    groups: dict[tuple[str, ...], list[tuple[int, Path]]] = {}
    for place, path in enumerate(files):
        kind = "csv" if path.suffix.lower() == ".csv" else "parquet"
        groups.setdefault((kind, *_hive_keys(path), *([str(place)] if kind == "csv" else [])), []).append((place, path))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE extract_files ({FILE} VARCHAR, receipt INTEGER)")
    what = "An extract could not be read: a file is damaged or half written, or its name is not UTF-8."
    parts = [value_free(partial(_part, connection, kind, members, scratch), what) for (kind, *_), members in groups.items()]
    joined = " UNION ALL BY NAME ".join(f"SELECT * FROM {part}" for part in parts)
    values = [_hive_value(path, period) for path in files]
    apart = len(files) == 1 or (None not in values and len(set(values)) == len(files))
    described = value_free(
        lambda: connection.execute(f"DESCRIBE SELECT * EXCLUDE ({FILE}) FROM ({joined}) AS deler").fetchall(), what
    )
    given = {str(name).strip().lower(): (str(name), str(kind)) for name, kind, *_ in described}
    if len(given) < len(described):
        raise UserError("An extract has two columns of one name.", CURE)
    read = {name: given[name] for name in sorted(wanted) if name in given}
    named = [f"{_quoted(theirs)} AS {_ours(name)}" for name, (theirs, _) in read.items()]
    sql = f"(SELECT {', '.join([*named, FILE])} FROM ({joined}) AS deler)"
    return Source(sql, {name: (_ours(name), kind) for name, (_, kind) in read.items()}, apart)


def _part(connection: duckdb.DuckDBPyConnection, kind: str, members: list[tuple[int, Path]], scratch: Path) -> str:
    # Paths are the owner's text: they are bound or escaped, never trusted.
    names = [str(path if kind == "parquet" else _utf8_copy(path, scratch / f"{place}.csv")) for place, path in members]
    rows = [(name, place) for name, (place, _) in zip(names, members, strict=True)]
    connection.executemany("INSERT INTO extract_files VALUES (?, ?)", rows)
    # A file's name is no pattern: its stars and brackets stand for themselves.
    exact = [re.sub(r"[*?\[]", r"[\g<0>]", name).replace("'", "''") for name in names]
    listed = "[" + ", ".join(f"'{name}'" for name in exact) + "]"
    if kind == "parquet":
        return f"read_parquet({listed}, union_by_name = true, hive_partitioning = true, filename = '{FILE}')"
    separator = _separator(Path(names[0])).replace("\t", "\\t")
    return (
        f"read_csv({listed}, delim = '{separator}', header = true, all_varchar = true, quote = '\"', escape = '\"', "
        f"strict_mode = true, null_padding = false, filename = '{FILE}', hive_partitioning = false)"
    )


def _utf8_copy(path: Path, target: Path) -> Path:
    """The file in UTF-8 without mark, read block by block: strict UTF-8 first, else cp1252."""
    for encoding in ("utf-8-sig", "cp1252"):
        if value_free(partial(_recoded, path, target, encoding), "A CSV extract could not be read."):
            return target
    raise UserError("A CSV extract is neither UTF-8 nor cp1252.", CURE)


def _recoded(path: Path, target: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as source, target.open("wb") as out:
            while block := source.read(_BLOCK):
                out.write(decoder.decode(block).encode("utf-8"))
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeDecodeError:
        return False
    return True


def _separator(path: Path) -> str:
    with path.open("rb") as handle:
        header = handle.readline(_BLOCK).decode("utf-8", "replace")
    return max(_SEPARATORS, key=header.count)


def _ours(name: str) -> str:
    """A described column's name inside the relation: an owner's column can never be taken for one of ours."""
    return f'"k_{name}"'


def _refuse_place(files: list[Path]) -> None:
    """Raise where a folder above the drop zone would be read as a column: ``…/status=bosatt/registers/…``."""
    for path in files:
        above = path.parts[: max((i for i, part in enumerate(path.parts) if part == "registers"), default=0)]
        if any("=" in part for part in above):
            raise UserError("The home lies in a folder with '=' in its name, which reads as a column.", "Move the home.")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hive_keys(path: Path) -> list[str]:
    return sorted(part.split("=", 1)[0] for part in path.parts[:-1] if "=" in part)


def _hive_value(path: Path, period: str | None) -> str | None:
    found = [part.split("=", 1)[1] for part in path.parts[:-1] if period and part.lower().startswith(f"{period}=")]
    return found[-1] if found else None
