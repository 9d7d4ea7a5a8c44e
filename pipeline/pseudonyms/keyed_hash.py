"""HMAC-SHA256 of a whole column, in blocks on all cores: the same letters as ``pseudonym`` writes one at a time.

Belongs here: the arithmetic (RFC 2104: two rounds of SHA-256, each over a padded key and a message) on columns.
Must not be here: which key, which column, or a file. ``pseudonym`` in ``person_keys`` is the oracle this is tested against.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import polars_hash  # noqa: F401 -- gives columns their hash functions
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import Fault

LETTERS = b"bcdfghjklmnpqrst"
PSEUDONYM_BYTES = 16
_BLOCK, _HASH_BLOCK = 64, 65_536  # bytes of SHA-256's block; rows hashed at once: more of them leave the processor's cache
_HEX = b"0123456789abcdef"


def _pair_table(digits: bytes) -> NDArray[np.uint16]:
    """What two hex digits, read as one number, become: two of ``digits``."""
    table = np.zeros(65_536, dtype=np.uint16)
    for high, first in zip(_HEX, digits, strict=True):
        for low, second in zip(_HEX, digits, strict=True):
            table[high | low << 8] = first | second << 8
    return table


_TO_LETTERS = _pair_table(LETTERS)
_TO_BYTE = np.zeros(65_536, dtype=np.uint8)
for _value in range(256):
    _TO_BYTE[_HEX[_value >> 4] | _HEX[_value & 15] << 8] = _value


def hash_column(texts: pl.Series, key: bytes) -> pl.Series:
    """Per text the first 128 bits of its HMAC-SHA256 under ``key`` (text, or at most 64 bytes), as 32 letters; null stays null.

    Memory beside the result: a few dozen MB, whatever the length.

    Raises:
        Fault: the hashing failed; value-free.
    """
    if texts.is_empty():
        return texts.cast(pl.String)
    blocks = [texts[start : start + _HASH_BLOCK] for start in range(0, len(texts), _HASH_BLOCK)]
    try:
        return pl.concat(_on_all_cores(blocks, key)).alias(texts.name)
    except pl.exceptions.PolarsError:
        pass
    # Raised outside the handler: the library's text may hold the expression, and the expression holds the padded key.
    raise Fault("The identity column could not be hashed.")


def _on_all_cores(blocks: list[pl.Series], key: bytes) -> Iterator[pl.Series]:
    workers = min(os.cpu_count() or 1, len(blocks))
    if workers == 1:
        yield from (_hash_block(block, key) for block in blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda block: _hash_block(block, key), blocks)


def _hash_block(texts: pl.Series, key: bytes) -> pl.Series:
    present = texts.fill_null("").alias("message")
    # The library takes a key of text only: then it does both rounds itself, in half the time.
    digests = _keyed_by_text(present, key.decode("ascii")) if key.isascii() else _two_rounds(present, key)
    letters = _as_column(_TO_LETTERS[digests[:, :PSEUDONYM_BYTES]].view(np.uint8), pa.large_string())
    return letters if not texts.null_count() else letters.zip_with(texts.is_not_null(), pl.Series([None], dtype=pl.String))


def _keyed_by_text(texts: pl.Series, key: str) -> NDArray[np.uint16]:
    return _hex_pairs(texts.to_frame().select(pl.col("message").chash.hmac_sha256(key=key)))  # type: ignore[attr-defined]


def _two_rounds(texts: pl.Series, key: bytes) -> NDArray[np.uint16]:
    inner, outer = (_padded(key, pad) for pad in (0x36, 0x5C))
    first = _sha256(texts.cast(pl.Binary).to_frame().select((pl.lit(inner) + pl.col("message")).alias("message")))
    second = np.empty((len(texts), _BLOCK + 32), dtype=np.uint8)
    second[:, :_BLOCK] = np.frombuffer(outer, dtype=np.uint8)
    second[:, _BLOCK:] = _TO_BYTE[first]
    return _sha256(_as_column(second, pa.large_binary()).to_frame("message"))


def _padded(key: bytes, pad: int) -> bytes:
    if len(key) > _BLOCK:
        raise ValueError("A key longer than a block of the hash is not supported.")
    return bytes(byte ^ pad for byte in key.ljust(_BLOCK, b"\0"))


def _sha256(frame: pl.DataFrame) -> NDArray[np.uint16]:
    return _hex_pairs(frame.select(pl.col("message").chash.sha2_256()))  # type: ignore[attr-defined]


def _hex_pairs(hashes: pl.DataFrame) -> NDArray[np.uint16]:
    """The only column's hashes: one row of 32 pairs of hex digits per value."""
    array = hashes.to_series().rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return np.frombuffer(array.buffers()[2], dtype=np.uint16)[: len(array) * 32].reshape(-1, 32)


def _as_column(rows: NDArray[np.uint8], kind: pa.DataType) -> pl.Series:
    """A matrix of bytes as a column, one value per row."""
    count, width = rows.shape
    ends = np.arange(0, count * width + 1, width, dtype=np.int64)
    array = pa.Array.from_buffers(kind, count, [None, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(rows))])
    column = pl.from_arrow(array)
    if not isinstance(column, pl.Series):
        raise Fault("A column became something else.")
    return column
