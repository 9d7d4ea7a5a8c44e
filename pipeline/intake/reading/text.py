"""Text files: strict decoding, delimiter and header by the file description, ragged rows refused with their line."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from pipeline.intake.findings import Reading, refuse
from pipeline.intake.reading.sheet import Row, body_frame, find_header, read_rows
from pipeline.intake.reading.spelling import fold, header_names
from pipeline.rules import limits

Columns = Iterable[Sequence[str]]  # the cells under a header, column by column
DELIMITERS = (";", ",", "\t")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_BYTES = bytes(byte for byte in range(32) if CONTROL.match(chr(byte)))


def has_mark(data: bytes) -> bool:
    """Whether the bytes begin with a byte order mark: then they say themselves that they are text."""
    return any(data.startswith(mark) for mark, _ in BOMS)


def decode(data: bytes) -> tuple[str, str]:
    """Text and the name of its encoding: byte order mark, else strict UTF-8, else strict Windows-1252; never a guess.

    Raises:
        Refused: JS022 when none of them fits, or when the text has control characters (it is no text).
    """
    marked = next((name for mark, name in BOMS if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        # a byte below 32 is a control character in all but two-byte text, where it may be half of a letter
        clean = not CONTROL.search(text) if encoding == "utf-16" else len(data.translate(None, _CONTROL_BYTES)) == len(data)
        if clean:
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
    reading.facts.setdefault("delimiter", {})[table] = {"\t": "tab"}.get(delimiter, delimiter)
    header, columns, numbers = _plain(text, delimiter, table) or _with_quotes(text, delimiter, table)
    read_rows(header, body_frame(columns, numbers), table, reading)


def _plain(text: str, delimiter: str, table: str) -> tuple[Row, Columns, range] | None:
    """Header, columns and line numbers of a text whose every line is a record and has as many cells as the header; else nothing.

    Most files are like this, and are split as a whole instead of record by record.
    """
    if '"' in text:
        return None
    text = text.replace("\r\n", "\n").removesuffix("\n")
    lines = text.split("\n")
    if len(lines) > limits()["sheet_rows"] or "\r" in text:
        return None
    top = [Row(number, line.split(delimiter)) for number, line in enumerate(lines[: limits()["header_rows"]], start=1)]
    if any(len(row.cells) > limits()["sheet_columns"] for row in top):
        return None
    header = top[find_header(top, table)]
    body, width = lines[header.number :], len(header.cells)
    if not {width - 1}.issuperset(map(str.count, body, itertools.repeat(delimiter))):
        return None
    cells = delimiter.join(body).split(delimiter) if body else []
    return header, [cells[place::width] for place in range(width)], range(header.number + 1, len(lines) + 1)


def _with_quotes(text: str, delimiter: str, table: str) -> tuple[Row, Columns, list[int]]:
    """The same of any text, record by record."""
    rows, starts = _records(text, delimiter, table)
    top = limits()["header_rows"]
    header = find_header([Row(number, cells) for number, cells in zip(starts[:top], rows[:top], strict=True)], table)
    names, body, below = rows[header], rows[header + 1 :], starts[header + 1 :]
    uneven = [at for at, cells in enumerate(body) if len(cells) != len(names)]
    ragged = [below[at] for at in uneven if any(c.strip() for c in body[at])]
    if ragged:
        raise refuse("JS023", table, rows=ragged)
    columns = itertools.zip_longest([""] * len(names), *body, fillvalue="")
    return Row(starts[header], names), (cells[1:] for cells in columns), below


def _delimiter(text: str, table: str) -> str:
    """The delimiter that finds most of the table's columns in one of the first lines; the contract's order breaks ties."""
    top, widest = limits()["header_rows"], limits()["sheet_columns"]
    lines = "\n".join(text.split("\n", top)[:top]).splitlines()[:top]
    known = header_names(table)
    best, most, too_wide = "", 0, False
    for delimiter in DELIMITERS:
        for line in lines:
            cells = line.count(delimiter) + 1
            too_wide |= cells > widest
            # a line with no more cells than that cannot name more columns, and one with too many is not looked through
            if most < cells <= widest and (named := _known_names(line, delimiter, known)) > most:
                best, most = delimiter, named
    if not best:
        raise refuse("JS011" if too_wide else "JS026", table)
    return best


def _known_names(line: str, delimiter: str, known: Mapping[str, str]) -> int:
    return len({known[f] for cell in line.split(delimiter) if (f := fold(cell.strip('" '))) in known})


def _records(text: str, delimiter: str, table: str) -> tuple[list[list[str]], list[int]]:
    """The records, and the line on which each starts."""
    csv.field_size_limit(limits()["unpacked_bytes"])
    most_rows, most_columns = limits()["sheet_rows"], limits()["sheet_columns"]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    starts: list[int] = []
    start = 1
    try:
        for cells in reader:
            rows.append(cells)
            starts.append(start)
            start = reader.line_num + 1
            if len(rows) > most_rows or len(cells) > most_columns:
                raise refuse("JS011", table)
    except csv.Error:
        raise refuse("JS024", table, rows=[start]) from None
    return rows, starts
