"""Pseudonyms: HMAC-SHA256 under a derived key, written with letters only.

Belongs here: turning one column into another. Must not be here: reading or writing files.
"""

from __future__ import annotations

import hmac

import polars as pl

from pipeline.pseudonyms.keyed_hash import LETTERS, PSEUDONYM_BYTES, hash_column
from pipeline.pseudonyms.keys import Keys

# Sixteen letters instead of sixteen hex digits: no pseudonym can ever look like an identity number, and case does not matter.
_LETTERS = bytes.maketrans(b"0123456789abcdef", LETTERS)
_WORTH_A_LOOK = 10_000  # rows


def pseudonym(key: bytes, text: str) -> str:
    """128 bits of HMAC-SHA256 as 32 lower-case letters."""
    return (
        hmac.digest(key, text.encode("utf-8"), "sha256")[:PSEUDONYM_BYTES]
        .hex()
        .encode("ascii")
        .translate(_LETTERS)
        .decode("ascii")
    )


def person_keys(identities: pl.Series, keys: Keys) -> pl.Series:
    """The internal pseudonym of each identity number, in the same order; null stays null."""
    return pseudonyms(identities, keys.derive("person"))


def recipient_keys(person_key: pl.Series, keys: Keys, recipient: str) -> pl.Series:
    """One recipient's own pseudonyms, made from the internal ones: no identity number is needed, no two recipients match."""
    return pseudonyms(person_key, keys.derive(f"recipient/{recipient}"))


def log_references(identities: pl.Series, keys: Keys) -> pl.Series:
    """References for records that may not hold a pseudonym (tombstones of erased persons); they match no pseudonym of ours."""
    return pseudonyms(identities, keys.derive("log"))


def register_keys(identities: pl.Series, keys: Keys, register: str) -> pl.Series:
    """The pseudonyms a register's owner uses; only the border, which holds the identities, can map them to ours.

    The hash's key is the register's key written as 64 hex digits: a text, because whole populations are hashed twice as fast so.
    """
    return pseudonyms(identities, keys.derive(f"register/{register}").hex().encode("ascii"))


def pseudonyms(values: pl.Series, key: bytes) -> pl.Series:
    """``pseudonym`` of each text in ``values``; same name, order and nulls. Where values come again, each is computed once."""
    texts = values.cast(pl.String)
    if not _repeats(texts):
        return hash_column(texts, key)
    distinct = texts.drop_nulls().unique()
    table = pl.DataFrame({"value": distinct, "key": hash_column(distinct, key)})
    return texts.to_frame("value").join(table, on="value", how="left", maintain_order="left")["key"].alias(values.name)


def _repeats(texts: pl.Series) -> bool:
    """Whether most values come several times: looking one up costs about half of hashing it."""
    if len(texts) < _WORTH_A_LOOK:
        return False
    distinct: int = texts.to_frame("value").select(pl.col("value").approx_n_unique()).item()
    return distinct * 4 < len(texts)
