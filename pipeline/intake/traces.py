"""Whether a stored original may hold one of some identity numbers: the file is searched, not read as a delivery.

Sheets and columns that no table knows, comments and titles count too. What cannot be searched may hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipeline.intake.findings import Refused
from pipeline.intake.reading.archive import open_archive, unpack

_GAP = r"[ \u00a0.\-]?"
_ARCHIVE = b"PK\x03\x04"
_PARQUET = b"PAR1"
_CLOSED = (
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"(\xb5/\xfd",
    b"%PDF",
)  # compressed or encrypted inside
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def may_hold(path: Path, numbers: Iterable[str]) -> bool:
    """Whether any of the numbers stands in the file in any spelling, or the file cannot be searched."""
    wanted = sorted(numbers)
    data = path.read_bytes()
    if data.startswith(_ARCHIVE):
        try:
            return any(_stands_in(content, wanted) for content in unpack(open_archive(data)).values())
        except Refused:
            return True
    if data.startswith(_PARQUET):
        return _columns_hold(path, wanted)
    return _stands_in(data, wanted)


def spelled(number: str) -> str:
    """A pattern for the number in one run, with a gap after six digits, or without the leading zero a spreadsheet has eaten."""
    whole = f"{number[:6]}{_GAP}{number[6:]}" if len(number) == 11 else number
    return f"{whole}|{number.lstrip('0')}" if number.startswith("0") else whole


def _stands_in(content: bytes, wanted: list[str]) -> bool:
    if content.startswith((_ARCHIVE, *_CLOSED)):
        return True  # an archive in an archive is never opened
    texts = [content.decode(encoding, errors="ignore") for encoding in _ENCODINGS]
    texts += [texts[0].replace("\x00", ""), content[1:].decode("utf-16-le", errors="ignore")]
    pattern = re.compile("|".join(spelled(number) for number in wanted))
    return any(pattern.search(text) for text in texts)


def _columns_hold(path: Path, wanted: list[str]) -> bool:
    try:
        frame = pl.read_parquet(path)
        texts = [frame[name].cast(pl.String) for name in frame.columns]
    except (pl.exceptions.PolarsError, OSError, ValueError):
        return True
    pattern = "|".join(spelled(number) for number in wanted)
    return any(bool(text.str.contains(pattern).any()) for text in texts)
