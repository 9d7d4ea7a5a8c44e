"""From accepted rows with identities to the pseudonymised zone's first tables.

Belongs here: what replaces each identifying column. Must not be here: judging rows (intake has done that).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.pseudonyms.identity_history import IdentityHistory
from pipeline.pseudonyms.identity_search import refuse_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import person_keys, pseudonyms
from pipeline.tables import INNDATA
from pipeline.tables.deliveries import EMPLOYER_ANSWERS, UNLISTED
from pipeline.tables.inndata import ROW_IDS

_NOT_MADE_HERE = ("mottak", "ompseudonymisering")
_OWN_HASHES = ("person_key", "deltakelse_key", "veileder_key", "receipt_id", *ROW_IDS)


def to_inndata(rows: Mapping[str, pl.DataFrame], keys: Keys, history: IdentityHistory | None = None) -> dict[str, pl.DataFrame]:
    """The pseudonymised tables: every ``INNDATA`` table made of deliveries' rows, one row per row taken in.

    A person known by several numbers gets the pseudonym of the number she has now (``history``), in every table.
    ``fnr`` becomes ``person_key``, ``veileder_id`` becomes ``veileder_key`` (the same adviser of the same owner is one),
    ``fodselsdato`` becomes ``fodselsaar``, the senders' ids of spells, contacts, assessments and answers become pseudonyms
    within their project, an employer's question and category the words listed for them; other identity and free-text columns
    fall away. A table that was never delivered comes out empty.

    Raises:
        UserError: an identity number is left in a text column (table, column and count only).
    """
    names = [name for name in INNDATA if name not in _NOT_MADE_HERE and not name.startswith("register_")]
    known = IdentityHistory() if history is None else history
    return {name: _pseudonymise(name, rows[name], keys, known) if name in rows else INNDATA[name].empty() for name in names}


def _pseudonymise(name: str, frame: pl.DataFrame, keys: Keys, history: IdentityHistory) -> pl.DataFrame:
    if "fnr" in frame.columns:
        frame = frame.with_columns(history.current(frame["fnr"]))
    if name == "deltaker":
        frame = frame.with_columns(participation_keys(frame, keys))
    if name == "arbeidsgiver_svar":
        frame = _with_listed_words(frame)
    if "fnr" in frame.columns:
        frame = frame.with_columns(person_keys(frame["fnr"], keys).alias("person_key"))
    if "veileder_id" in frame.columns:
        frame = frame.with_columns(_adviser_keys(frame, keys))
    frame = frame.with_columns(_row_ids(frame, name, keys) for name in ROW_IDS if name in frame.columns)
    if "fodselsdato" in frame.columns:
        frame = frame.with_columns(pl.col("fodselsdato").dt.year().alias("fodselsaar"))
    made = INNDATA[name].conform(_in_fixed_order(frame, INNDATA[name].names))
    refuse_identities(name, made, _OWN_HASHES)
    return made


def _with_listed_words(frame: pl.DataFrame) -> pl.DataFrame:
    """Question and category of an employer's answer as the listed words; own words stay behind and count as not listed."""
    listed = {f"{question} {category}" for question, categories in EMPLOYER_ANSWERS.items() for category in categories}
    question, category = (
        pl.col(c).str.strip_chars().str.to_lowercase().str.replace_all(r"[\s_-]+", "_") for c in ("sporsmal", "kategori")
    )
    known = pl.concat_str(question, pl.lit(" "), category).is_in(sorted(listed)).fill_null(value=False)
    return frame.with_columns(
        sporsmal=pl.when(question.is_in(list(EMPLOYER_ANSWERS))).then(question).otherwise(pl.lit(UNLISTED)),
        kategori=pl.when(known).then(category).otherwise(pl.lit(UNLISTED)),
    )


def participation_keys(frame: pl.DataFrame, keys: Keys) -> pl.Series:
    """``deltakelse_key`` of each row of ``deltaker`` (``fnr``, ``avsender``, ``prosjekt_id``, ``start_dato``, ``deltakelse_id``)."""
    # With a sender's own id the key outlives corrected dates; without one, person, project and start are the key.
    # Senders number within a project: the project is part of the key in both cases, as it is where rows are merged.
    by_id = _joined("id", "avsender", "prosjekt_id", "deltakelse_id")
    by_key = _joined("key", "avsender", "fnr", "prosjekt_id", "start_dato")
    has_id = pl.col("deltakelse_id").is_not_null() if "deltakelse_id" in frame.columns else pl.lit(False)
    source = frame if "deltakelse_id" in frame.columns else frame.with_columns(pl.lit(None, pl.String).alias("deltakelse_id"))
    texts = source.select(pl.when(has_id).then(by_id).otherwise(by_key).alias("deltakelse_key"))
    return pseudonyms(texts["deltakelse_key"], keys.derive("row"))


def _adviser_keys(frame: pl.DataFrame, keys: Keys) -> pl.Series:
    texts = frame.select(
        pl.when(pl.col("veileder_id").is_not_null()).then(_joined("adviser", "avsender", "veileder_id")).alias("veileder_key")
    )
    return pseudonyms(texts["veileder_key"], keys.derive("adviser"))


def _row_ids(frame: pl.DataFrame, name: str, keys: Keys) -> pl.Series:
    text = pl.when(pl.col(name).is_not_null()).then(_joined(name, "prosjekt_id", name)).alias(name)
    return pseudonyms(frame.select(text)[name], keys.derive("row"))


def _joined(kind: str, *columns: str) -> pl.Expr:
    # Length before value: no two different lists of values can join to the same text.
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in columns]
    return pl.concat_str([pl.lit(kind), *[pl.format("|{}:{}", part.str.len_bytes(), part) for part in parts]])


def _in_fixed_order(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    # conform() sorts by key only and keeps the order of ties: a total order first makes equal content equal bytes.
    return frame.sort([name for name in names if name in frame.columns], nulls_last=True)
