"""Text files: strict decoding, delimiter and header by the file description, ragged rows refused with their line."""

from __future__ import annotations

import codecs
import csv
import io
import re

from pipeline.intake.findings import Reading, refuse
from pipeline.intake.sheet import Row, find_header, read_rows
from pipeline.intake.spelling import fold, header_names
from pipeline.rules import limits
from pipeline.tables import DELIVERY_TABLES

DELIMITERS = (";", ",", "\t")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def has_mark(data: bytes) -> bool:
    """Whether the bytes begin with a byte order mark: then they say themselves that they are text."""
    return any(data.startswith(mark) for mark, _ in _BOMS)


def decode(data: bytes) -> tuple[str, str]:
    """Text and the name of its encoding: byte order mark, else strict UTF-8, else strict Windows-1252; never a guess.

    Raises:
        Refused: JS022 when none of them fits, or when the text has control characters (it is no text).
    """
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if not _CONTROL.search(text):
            return text, encoding
    raise refuse("JS022")


def read_csv(data: bytes, table: str, reading: Reading) -> None:
    """Read one CSV file into ``reading.tables[table]``; ``row_no`` is the line on which the record starts.

    Raises:
        Refused: JS011, JS022–JS026, JS028.
    """
    text, encoding = decode(data)
    reading.facts.setdefault("encoding", {})[table] = encoding
    delimiter = _delimiter(text, table)
    rows = _records(text, delimiter, table)
    header = find_header(rows, table)
    reading.facts.setdefault("delimiter", {})[table] = {"\t": "tab"}.get(delimiter, delimiter)
    width = len(rows[header].cells)
    ragged = [row.number for row in rows[header + 1 :] if len(row.cells) != width and any((c or "").strip() for c in row.cells)]
    if ragged:
        raise refuse("JS023", table, rows=ragged)
    read_rows(rows, header, table, reading)


def _delimiter(text: str, table: str) -> str:
    """The delimiter that finds most of the table's columns in one of the first lines; the contract's order breaks ties."""
    lines = text.splitlines()[: limits()["header_rows"]]

    def known(delimiter: str) -> int:
        return max((_known_names(line, delimiter, table) for line in lines), default=0)

    best = max(DELIMITERS, key=known)
    if known(best) == 0:
        raise refuse("JS026", table)
    return best


def _known_names(line: str, delimiter: str, table: str) -> int:
    known = header_names(DELIVERY_TABLES[table])
    return len({known[f] for cell in line.split(delimiter) if (f := fold(cell.strip('" '))) in known})


def _records(text: str, delimiter: str, table: str) -> list[Row]:
    csv.field_size_limit(limits()["unpacked_bytes"])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    start = 1
    try:
        for cells in reader:
            rows.append(Row(start, cells))
            start = reader.line_num + 1
            if len(rows) > limits()["sheet_rows"] or len(cells) > limits()["sheet_columns"]:
                raise refuse("JS011", table)
    except csv.Error:
        raise refuse("JS024", table, rows=[start]) from None
    return rows
