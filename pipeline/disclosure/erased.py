"""Persons who have been erased, in what is kept about the members behind releases.

The guard between releases has to know that somebody left: the row stays, under a reference that leads to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.settings import Home
from pipeline.store import parquet_bytes, write_bytes

_KEYS = ("person_key", "deltakelse_key")


def replace_members(home: Home, replaced: Mapping[str, str]) -> int:
    """Put references in the place of erased pseudonyms in every file of members behind releases.

    Args:
        home: the home.
        replaced: pseudonym of a person or a participation to its reference.

    Returns:
        How many files were changed. Running it again changes nothing.
    """
    changed = 0
    for path in sorted((home.warehouse / "release_members").glob("*.parquet")):
        frame = pl.read_parquet(path)
        keys = [name for name, kind in frame.schema.items() if name in _KEYS and kind == pl.String]
        clean = frame.with_columns(pl.col(name).replace(dict(replaced)) for name in keys)
        if keys and not clean.equals(frame):
            write_bytes(path, parquet_bytes(clean), mode=0o600)
            changed += 1
    return changed
