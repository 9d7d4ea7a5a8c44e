"""Opening a registry extract: Parquet (hive folders too) or CSV, as lazy frames, with errors that hold no value.

Belongs here: formats, encodings, headers, types. Must not be here: pseudonyms, or what a register's rows mean.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import duckdb
import polars as pl

from pipeline.errors import UserError

T = TypeVar("T")
SUFFIXES = (".parquet", ".csv")
_SEPARATORS = (";", ",", "\t")
CURE = "Have the register's owner deliver it again as the file description says."


def extract_files(places: Iterable[Path]) -> list[Path]:
    """The extract's files in fixed order: files as given, folders searched for ``.parquet`` and ``.csv``; no links followed."""
    found: set[Path] = set()
    for place in places:
        candidates = _walk(place) if place.is_dir() and not place.is_symlink() else iter((place,))
        found.update(path for path in candidates if _is_extract(path))
    return sorted(found)


def scan_extract(path: Path) -> pl.LazyFrame:
    """One file as a lazy frame with lower-case column names; hive folder names (``aar=2024``) become columns, CSV is all text.

    Raises:
        UserError: not readable as what its name says.
    """
    if path.suffix.lower() == ".csv":
        return value_free(lambda: _scan_csv(path), "A CSV extract could not be read.")
    return value_free(
        lambda: _lower_names(pl.scan_parquet(path, hive_partitioning=True, glob=False)), "A Parquet extract could not be read."
    )


def value_free(step: Callable[[], T], what: str, cure: str = CURE) -> T:
    """The step's result; what polars or the system say on failure is thrown away, because it quotes the offending value.

    Raises:
        UserError: the step failed.
    """
    try:
        return step()
    except (duckdb.Error, pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException):
        pass
    # Raised outside the handler, so that no context with the value hangs on to it.
    raise UserError(what, cure)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        yield from (Path(root) / name for name in sorted(names))


def _is_extract(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(SUFFIXES) and not name.startswith((".", "_", "~$")) and stat.S_ISREG(path.lstat().st_mode)


def _scan_csv(path: Path) -> pl.LazyFrame:
    text = _decode(path.read_bytes())
    header = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header.count)
    frame = pl.scan_csv(io.BytesIO(text.encode("utf-8")), separator=separator, infer_schema=False, truncate_ragged_lines=False)
    return _lower_names(frame)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def _lower_names(frame: pl.LazyFrame) -> pl.LazyFrame:
    names = frame.collect_schema().names()
    return frame.rename({name: name.strip().lower() for name in names})
