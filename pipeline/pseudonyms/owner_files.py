"""An owner's extract, read in batches: memory is constant, however long the files are, and no error holds a value.

Belongs here: finding the files of IN, the columns wanted of them, batches. Must not be here: pseudonyms, what CSV looks like inside
(``csv_dialect``), or what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number
from pipeline.pseudonyms.csv_dialect import csv_batches, csv_dialect
from pipeline.pseudonyms.extract_files import (
    NotRead,
    UnfitFile,
    at_place,
    described_names,
    extract_files,
    file_places,
    is_csv,
    refuse_other_kind,
    unreadable,
    value_free,
)

BATCH_ROWS = 262_144
_CURE = "Give Parquet, or CSV with a header (UTF-8 or cp1252; separated by semicolon, comma or tab)."
T = TypeVar("T")
Read = Callable[[list[str]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class OwnerFile:
    """One file of the extract.

    Attributes:
        place: its path inside IN (only its name when IN is a file); holds no identity number.
        names: the wanted columns that it has, as described (lower case, stripped).
        others: the names of its other columns, in the same form.
        batches: the batches of the columns asked for (names as described), in the file's order.
    """

    place: Path
    names: frozenset[str]
    others: frozenset[str]
    batches: Read


def owner_files(source: Path, wanted: Collection[str]) -> tuple[list[OwnerFile], int]:
    """The extract's files in fixed order, and how many files of other kinds lie beside them.

    Args:
        source: the file, or a folder of files.
        wanted: the columns that may be asked for; others may be called and hold anything.

    Raises:
        UserError: there is none, one is unreadable or has two columns of one wanted name, or a file's or folder's name holds an identity
            number.
    """
    paths = extract_files([source]) if source.exists() else []
    if not paths:
        raise UserError("There is no Parquet or CSV file to pseudonymise.", "Give a file, or a folder that holds some; no links.")
    root = source if source.is_dir() else source.parent
    places = [path.relative_to(root) for path in paths]
    named = holds_identity_number(pl.Series([str(place) for place in places]), duf=False).sum()
    if named:
        raise UserError(f"The names of {named} file(s) or their folders hold identity numbers.", "Rename them.")
    others = sum(1 for p in root.rglob("*") if p.is_file()) - len(paths) if source.is_dir() else 0
    told = file_places(paths, root)
    return [_opened(path, path.relative_to(root), told[path], wanted) for path in paths], others


def _opened(path: Path, place: Path, told: str, wanted: Collection[str]) -> OwnerFile:
    open_file = _open_csv if is_csv(path) else _open_parquet
    found, names, read = _safely(lambda: open_file(path, wanted), path, told)

    def pieces(chosen: list[str]) -> Iterator[pa.RecordBatch]:
        reader = _safely(lambda: iter(read(chosen)), path, told)
        while (batch := _safely(lambda: next(reader, None), path, told)) is not None:
            yield batch

    stripped = {name.strip().lower() for name in found}
    return OwnerFile(place, frozenset(names), frozenset(stripped - set(names)), lambda chosen: _together(pieces(chosen)))


def _together(pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pieces joined to batches of about ``BATCH_ROWS``, whatever a file's own blocks and row groups are."""
    held: list[pa.RecordBatch] = []
    for piece in pieces:
        held.append(piece)
        if sum(batch.num_rows for batch in held) >= BATCH_ROWS:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)


def _open_parquet(path: Path, wanted: Collection[str]) -> tuple[list[str], Collection[str], Read]:
    refuse_other_kind(path)
    found = list(pq.read_schema(path).names)
    places = described_names(found, wanted)

    def read(chosen: list[str]) -> Iterator[pa.RecordBatch]:
        theirs = [found[places[name]] for name in chosen]
        # Without pre-buffering a row group is read in pieces: it may be as large as the file.
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=theirs):
                yield batch.select(theirs).rename_columns(chosen)

    return found, places, read


def _open_csv(path: Path, wanted: Collection[str]) -> tuple[list[str], Collection[str], Read]:
    dialect = csv_dialect(path)
    places = described_names(dialect.names, wanted)

    def read(chosen: list[str]) -> Iterator[pa.RecordBatch]:
        return csv_batches(path, dialect, {name: places[name] for name in chosen})

    return list(dialect.names), places, read


def _safely(step: Callable[[], T], path: Path, told: str) -> T:
    try:
        return at_place(told, lambda: value_free(step, told, _CURE))
    except NotRead:
        pass
    found = unreadable(path, _CURE)
    raise UnfitFile(f"{told} {found.what}", found.cure)
