"""An owner's extract, read in batches: memory is constant, however long the files are, and no error holds a value.

Belongs here: finding the files of IN, formats, encodings, headers. Must not be here: pseudonyms, or what is written.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number
from pipeline.pseudonyms.extract_files import extract_files

BATCH_ROWS = 262_144
_BLOCK = 1 << 20  # bytes read at once: larger ones add up to hundreds of MB in the reader's pool
_SEPARATORS = (";", ",", "\t")
_UNREADABLE = "A file of the extract could not be read ({place})."
_CURE = "Give Parquet, or CSV with a header (UTF-8 or cp1252; separated by semicolon, comma or tab)."
T = TypeVar("T")


@dataclass(frozen=True)
class OwnerFile:
    """One file of the extract.

    Attributes:
        place: its path inside IN (only its name when IN is a file); holds no identity number.
        names: column names as described (lower case, stripped) to the names in the file.
        batches: the batches of the columns asked for (names as described), in the file's order.
    """

    place: Path
    names: dict[str, str]
    batches: Callable[[list[str]], Iterator[pa.RecordBatch]]


def owner_files(source: Path) -> tuple[list[OwnerFile], int]:
    """The extract's files in fixed order, and how many files of other kinds lie beside them.

    Raises:
        UserError: there is none, one is unreadable or has two columns of one name, or a file's or folder's name holds an identity number.
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
    return [_opened(path, place, number) for number, (path, place) in enumerate(zip(paths, places, strict=True), 1)], others


def _opened(path: Path, place: Path, number: int) -> OwnerFile:
    what = _UNREADABLE.format(place=f"file {number}")
    open_file = _open_csv if path.suffix.lower() == ".csv" else _open_parquet
    found, read = _safely(lambda: open_file(path), what)
    names = {name.strip().lower(): name for name in found}
    if len(names) < len(found):
        raise UserError(f"File {number} of the extract has two columns of one name.", "Give each column a name of its own.")

    def pieces(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        reader = _safely(lambda: iter(read([names[name] for name in wanted])), what)
        while (batch := _safely(lambda: next(reader, None), what)) is not None:
            yield batch.select([names[name] for name in wanted]).rename_columns(wanted)

    return OwnerFile(place, names, lambda wanted: _together(pieces(wanted)))


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


Read = Callable[[list[str]], Iterator[pa.RecordBatch]]


def _open_parquet(path: Path) -> tuple[list[str], Read]:
    def read(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        # Without pre-buffering a row group is read in pieces: it may be as large as the file.
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=wanted)

    return pq.read_schema(path).names, read


def _open_csv(path: Path) -> tuple[list[str], Read]:
    encoding = _encoding(path)
    reading = pacsv.ReadOptions(encoding=encoding, block_size=_BLOCK)
    with path.open("rb") as handle:
        header = handle.readline(_BLOCK).decode(encoding, "replace")
    parsing = pacsv.ParseOptions(delimiter=max(_SEPARATORS, key=header.count), newlines_in_values=True)

    def read(wanted: list[str]) -> Iterator[pa.RecordBatch]:
        text = pacsv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, null_values=[""], strings_can_be_null=True
        )
        with pacsv.open_csv(path, reading, parsing, text) as reader:
            yield from reader

    with pacsv.open_csv(path, reading, parsing) as reader:
        return reader.schema.names, read


def _encoding(path: Path) -> str:
    """UTF-8 when the whole file is, else cp1252."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with path.open("rb") as handle:
            while block := handle.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _safely(step: Callable[[], T], what: str) -> T:
    try:
        return step()
    except (pa.ArrowException, OSError, ValueError):
        pass
    # Raised outside the handler, so that no context with the value hangs on to it.
    raise UserError(what, _CURE)
