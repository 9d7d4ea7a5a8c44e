"""One file's bytes to raw tables: the form is told by its first bytes, never by its name."""

from __future__ import annotations

import io
import re

import polars as pl

from pipeline.intake.findings import Finding, Reading, Refused, refuse
from pipeline.intake.reading.archive import open_archive, refuse_nested, unpack
from pipeline.intake.reading.sheet import RAW_BLANKS
from pipeline.intake.reading.spelling import fold, header_names, table_named
from pipeline.intake.reading.text import has_mark, read_csv
from pipeline.intake.reading.workbook import read_workbook
from pipeline.rules import limits
from pipeline.tables import DELIVERY_TABLES

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BINARY = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]")  # NUL alone may be UTF-16 without its mark, 1A the end of a DOS text
OTHER_FORMS = (
    b"%PDF",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"<?xml",
    b"{\\rtf",
)


def read_delivery(data: bytes, table: str | None) -> Reading:
    """Everything that can be read of one delivery, and why not the rest.

    Args:
        data: the file's bytes.
        table: the delivery table that the file's name starts with, else ``None`` (matters for CSV and Parquet).

    Returns:
        Raw rows per table, findings and facts; a fatal finding leaves ``tables`` as far as it was read.
    """
    reading = Reading()
    try:
        _read(data, table, reading)
        if not reading.tables:
            raise refuse("JS021")
        # text files hold what was counted while they were unpacked
        if reading.facts.get("form") == "xlsx" and sum(map(_text_bytes, reading.tables.values())) > limits()["unpacked_bytes"]:
            reading.tables.clear()
            raise refuse("JS005")
    except Refused as refusal:
        reading.findings.append(refusal.finding)
    return reading


def _read(data: bytes, table: str | None, reading: Reading) -> None:
    if not data:
        raise refuse("JS009")
    if data.startswith(b"PK"):
        _read_zip(data, reading)
    elif data.startswith(b"PAR1"):
        reading.facts["form"] = "parquet"
        _read_parquet(data, _named(table), reading)
    elif data.startswith(OLE):
        raise refuse("JS010" if "EncryptedPackage".encode("utf-16-le") in data else "JS020")
    elif data.startswith(OTHER_FORMS) or (BINARY.search(data) and not has_mark(data)):
        raise refuse("JS020")
    else:
        reading.facts["form"] = "csv"
        read_csv(data, _named(table), reading)


def _text_bytes(frame: pl.DataFrame) -> int:
    """How many bytes of text the rows hold when one text that the file stores once is counted wherever it stands."""
    texts = frame.select(pl.col(pl.String).str.len_bytes().sum())
    return sum(texts.row(0)) if texts.width else 0


def _named(table: str | None) -> str:
    if table is None:
        raise refuse("JS021")
    return table


def _read_zip(data: bytes, reading: Reading) -> None:
    files = unpack(open_archive(data))
    if "[Content_Types].xml" in files:
        if "xl/workbook.xml" not in files:
            raise refuse("JS020")
        read_workbook(data, files, reading)
        return
    refuse_nested(files)
    reading.facts["form"] = "zip"
    for number, (name, content) in enumerate(files.items(), start=1):
        table = table_named(name) if name.lower().endswith(".csv") and not name.startswith("__MACOSX/") else None
        if table is None:
            reading.findings.append(Finding("JS032", None, f"fil {number}"))
        elif table in reading.tables:
            raise refuse("JS027", table)
        else:
            read_csv(content, table, reading)


def _read_parquet(data: bytes, table: str, reading: Reading) -> None:
    import pyarrow.parquet  # rarely needed, and a third of what the reading process imports

    try:
        about = pyarrow.parquet.ParquetFile(io.BytesIO(data)).metadata
        rows, columns = about.num_rows, about.num_columns
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    except Exception:
        # the reader's texts may quote the file
        raise refuse("JS009") from None
    if rows > limits()["sheet_rows"] or columns > limits()["sheet_columns"]:
        raise refuse("JS011", table)
    if unpacked > limits()["unpacked_bytes"]:
        raise refuse("JS005", table)
    try:
        frame = pl.read_parquet(io.BytesIO(data))
        if frame.height != rows:
            raise refuse("JS009", table)
        known = header_names(table)
        places = {name: known.get(fold(name)) for name in frame.columns}
        _refuse_bad_columns(places, table)
        if _text_bytes(frame) > limits()["unpacked_bytes"]:
            raise refuse("JS005", table)
        texts = [
            pl.col(old).cast(pl.String).str.strip_chars(RAW_BLANKS).replace("", None).alias(new)
            for old, new in places.items()
            if new
        ]
        numbered = frame.select(texts).with_row_index("row_no", offset=1).with_columns(pl.col("row_no").cast(pl.Int64))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise refuse("JS009", table) from None  # a spoiled page makes polars panic
    for place, new in enumerate(places.values(), start=1):
        if new is None:
            reading.findings.append(Finding("JS031", table, f"kolonne {place}"))
    if frame.is_empty():
        reading.findings.append(Finding("JS030", table))
    reading.tables[table] = numbered


def _refuse_bad_columns(places: dict[str, str | None], table: str) -> None:
    named = [n for n in places.values() if n]
    twice = sorted({n for n in named if named.count(n) > 1})
    if twice:
        raise refuse("JS028", table, twice[0])
    missing = [n for n in DELIVERY_TABLES[table].required if n not in named]
    if missing:
        raise refuse("JS025", table, ", ".join(missing))
