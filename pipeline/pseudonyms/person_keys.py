"""Pseudonyms: HMAC-SHA256 under a derived key, written with letters only.

Belongs here: turning one column into another. Must not be here: reading or writing files.
"""

from __future__ import annotations

import hmac

import polars as pl

from pipeline.pseudonyms.keys import Keys

PSEUDONYM_BYTES = 16
# Sixteen letters instead of sixteen hex digits: no pseudonym can ever look like an identity number, and case does not matter.
_LETTERS = bytes.maketrans(b"0123456789abcdef", b"bcdfghjklmnpqrst")


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
    """The pseudonyms a register's owner uses; only the border, which holds the identities, can map them to ours."""
    return pseudonyms(identities, keys.derive(f"register/{register}"))


def pseudonyms(values: pl.Series, key: bytes) -> pl.Series:
    """``pseudonym`` of each text in ``values``, each distinct one computed once; same name, order and nulls."""
    distinct = values.cast(pl.String).drop_nulls().unique()
    table = pl.DataFrame({"value": distinct, "key": pl.Series([pseudonym(key, text) for text in distinct], dtype=pl.String)})
    looked_up = pl.DataFrame({"value": values.cast(pl.String)}).join(table, on="value", how="left", maintain_order="left")
    return looked_up["key"].alias(values.name)
