"""What a CSV file looks like inside: encoding, separator, header. Decided once, here, for everybody who reads one.

UTF-8 (with or without mark) when the whole file is, else cp1252. The separator is the one of semicolon, comma and tab that the header has
most of outside quotation marks.

Belongs here: the dialect, the file in UTF-8, its rows as text, and what is wrong with a row. Must not be here: what columns mean.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from pipeline.pseudonyms.extract_files import UnfitFile, refuse_other_kind, value_free

SEPARATORS = (";", ",", "\t")
BLOCK = 1 << 20  # bytes read at once: larger ones add up to hundreds of MB in arrow's pool
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNDEFINED = tuple(bytes([code]) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D))  # what cp1252 has no sign for
_AS_UTF8 = "It must be saved as UTF-8."


@dataclass(frozen=True)
class CsvDialect:
    """How one CSV file is to be read.

    Attributes:
        encoding: ``utf-8`` (a mark may come first) or ``cp1252``.
        separator: semicolon, comma or tab.
        names: the header, as it stands.
        has_rows: whether anything comes after the header.
        even: whether all lines end alike.
    """

    encoding: str
    separator: str
    names: tuple[str, ...]
    has_rows: bool
    even: bool


def csv_dialect(path: Path) -> CsvDialect:
    """The dialect of a CSV file; it is read to its end, block by block.

    Raises:
        UnfitFile: not CSV, neither UTF-8 nor cp1252, or no header. Without the file's name or a value.
    """
    refuse_other_kind(path)
    head, encoding, even = value_free(lambda: _looked_through(path), "A CSV file could not be read.")
    record, rest = _first_record(head.decode(encoding, "replace").removeprefix("\ufeff"))
    if not record.strip():
        raise UnfitFile("begins with an empty line.", "The column names must stand in the first line.")
    separator = max(SEPARATORS, key=_outside_quotes(record).count)
    names = tuple(next(csv.reader([record], delimiter=separator)))
    goes_on = len(head) == BLOCK
    if goes_on and not rest:
        raise UnfitFile("has no line end in its first megabyte.", "The column names must stand in the first line.")
    return CsvDialect(encoding, separator, names, goes_on or bool(rest.strip()), even)


def recoded(path: Path, target: Path, dialect: CsvDialect) -> None:
    """Write the file anew as UTF-8 without mark, all lines ending alike."""
    # line ends inside quotation marks become alike too: no described value has any
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    with path.open(encoding=encoding) as source, target.open("w", encoding="utf-8", newline="\n") as out:
        while block := source.read(BLOCK):
            out.write(block)


def csv_batches(path: Path, dialect: CsvDialect, columns: dict[str, int]) -> Iterator[pa.RecordBatch]:
    """The rows as batches of text; empty is null.

    Args:
        path: the file.
        dialect: its dialect.
        columns: what the columns wanted are to be called, and their places in the file.

    Raises:
        UnfitFile: a row has another number of columns than the header. Without the file's name or a value.
        pyarrow.ArrowException: it cannot be read for another reason; quotes values.
    """
    if not dialect.has_rows:
        return
    uneven: list[pacsv.InvalidRow] = []

    def remember(row: pacsv.InvalidRow) -> str:
        uneven.append(row)
        return "error"

    places = [f"c{place}" for place in range(len(dialect.names))]
    chosen = [places[place] for place in columns.values()]
    # With several threads Arrow does not know a bad row's number.
    reading = pacsv.ReadOptions(
        encoding=dialect.encoding, block_size=BLOCK, column_names=places, skip_rows_after_names=1, use_threads=False
    )
    parsing = pacsv.ParseOptions(
        delimiter=dialect.separator,
        newlines_in_values=True,
        invalid_row_handler=remember,
    )
    as_text = pacsv.ConvertOptions(
        column_types=dict.fromkeys(places, pa.string()), include_columns=chosen, null_values=[""], strings_can_be_null=True
    )
    try:
        with pacsv.open_csv(path, reading, parsing, as_text) as reader:
            for batch in reader:
                yield batch.select(chosen).rename_columns(list(columns))
    except pa.ArrowInvalid:
        if not uneven:
            raise
    if uneven:
        raise uneven_row(uneven[0].number, len(dialect.names), uneven[0].actual_columns)


def uneven_row(number: int, expected: int, found: int | None = None) -> UnfitFile:
    """What to say of a row with too many or too few columns; the header is row 1."""
    many = "another number of" if found is None else str(found)
    return UnfitFile(
        f"has {expected} columns by its header, but {many} in row {number} (the header is row 1).",
        "Values that hold the separator must stand in quotation marks, and every quotation mark must be closed.",
    )


def _looked_through(path: Path) -> tuple[bytes, str, bool]:
    """The file's first block, the encoding of it all, and whether all lines end alike."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    is_utf8, lines, returns, last = True, 0, 0, b""
    with path.open("rb") as handle:
        head = block = handle.read(BLOCK)
        _refuse_utf16(head)
        while block:
            lines += block.count(b"\n")
            if b"\r" in block or last == b"\r":
                returns += block.count(b"\r\n") + (last == b"\r" and block.startswith(b"\n"))
            last = block[-1:]
            is_utf8 = is_utf8 and _decodes(decoder, block)
            block = handle.read(BLOCK)
    if is_utf8 and _decodes(decoder, b"", final=True):
        return head, "utf-8", returns in (0, lines)
    _refuse_undefined(path)
    return head, "cp1252", returns in (0, lines)


def _refuse_undefined(path: Path) -> None:
    with path.open("rb") as handle:
        while block := handle.read(BLOCK):
            if any(code in block for code in _UNDEFINED):
                raise UnfitFile("is neither UTF-8 nor cp1252 (Windows-1252).", _AS_UTF8)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_utf16(head: bytes) -> None:
    if head.startswith(_UTF16):
        raise UnfitFile("is encoded in UTF-16; UTF-8 is wanted.", _AS_UTF8)
    if b"\0" in head:
        raise UnfitFile("holds NUL bytes: it is encoded in UTF-16, or is no text; UTF-8 is wanted.", _AS_UTF8)


def _first_record(text: str) -> tuple[str, str]:
    """The first record, and what comes after it. A line end inside quotation marks ends nothing."""
    quoted = False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign in "\r\n" and not quoted:
            return text[:place], text[place:]
    if quoted:
        raise UnfitFile("has a quotation mark in its header that is never closed.", "Every quotation mark must be closed.")
    return text, ""


def _outside_quotes(record: str) -> str:
    return "".join(record.split('"')[::2])
