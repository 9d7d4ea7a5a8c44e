"""The border for registry extracts: identities end here, only participants' rows pass, and nothing quotes a value.

Belongs here: admitting an extract. Must not be here: judging its content (``expectations`` does that on the profile), joining
it, or making one at the register's owner (``owner_extract``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import extract_files, scan_extract, typed, value_free
from pipeline.pseudonyms.identity_search import refuse_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import person_keys, register_keys
from pipeline.tables import INNDATA, REGISTERS, Table

FINDING_SCHEMA = {"register": pl.String(), "column": pl.String(), "code": pl.String(), "n": pl.Int64()}
_ID_FORM = r"^\d{11}$"
_UNREADABLE = "A registry extract ({register}) could not be read."
_CURE = "Have the register's owner deliver it again as the file description says."


@dataclass(frozen=True)
class Admitted:
    """An extract on our side of the border.

    Attributes:
        frame: ``INNDATA["register_<name>"]``: participants' rows only, keyed by our pseudonym, in fixed order.
        findings: one row per column and code, with the number of rows; codes are ``ukjent_kolonne`` (left out), ``mangler_kolonne``
            (optional one), ``uleselig_verdi`` (set to null), ``utenfor_kodeliste``, ``ugyldig_person_id`` (row left out),
            ``ikke_forste_dag`` (set to the first day of its month), ``identisk_rad`` (kept once), ``samme_nokkel`` (kept).
        rows_read: rows in the files before anything was left out.
    """

    frame: pl.DataFrame
    findings: pl.DataFrame
    rows_read: int


def admit_extract(
    files: Iterable[Path], register: str, keys: Keys, participants: pl.Series, identities: pl.Series | None = None
) -> Admitted:
    """A register's extract, pseudonymised and cut down to the participants.

    Args:
        files: files or hive folders of one extract.
        register: name in ``REGISTERS``.
        keys: this run's master key.
        participants: our pseudonyms of the participants; other persons' rows are left out.
        identities: the participants' identity numbers; needed to map pseudonyms made by the register's owner, and spares hashing
            everybody else's number.

    Raises:
        UserError: the extract is unusable as a whole: no file, unreadable, a required column missing or all unreadable, no or
            two ways of naming persons, another key, or an identity number in a text column. Never holds a value.
    """
    paths = extract_files(files)
    if not paths:
        raise UserError(f"The extract {register} has no Parquet or CSV file.", "Put one under registers/, or remove the folder.")
    parts = [_admit_file(path, register, keys, participants, identities) for path in paths]
    frame, repeated = _merged([part.frame for part in parts], register)
    findings = pl.concat([*[part.findings for part in parts], repeated])
    refuse_identities(f"register_{register}", frame, ("person_key",))
    return Admitted(frame, _summed(findings), sum(part.rows_read for part in parts))


def _admit_file(path: Path, register: str, keys: Keys, participants: pl.Series, identities: pl.Series | None) -> Admitted:
    table, what = REGISTERS[register], _UNREADABLE.format(register=register)
    rows = scan_extract(path)
    schema = value_free(rows.collect_schema, what)
    findings = _column_findings(register, table, schema.names())
    total = value_free(lambda: int(rows.select(pl.len()).collect().item()), what)
    if "person_key" in table:
        rows, malformed = _persons(rows, schema, register, keys, participants, identities)
        findings += [(register, "person_id", "ugyldig_person_id", malformed)]
    present = [name for name in table.names if name in schema.names() and name != "person_key"]
    keyed = ["person_key"] if "person_key" in table else []
    read = value_free(lambda: rows.select(*keyed, *present).collect(), what)
    frame = read.select(*keyed, *[typed(table[name], schema[name]) for name in present])
    findings += _value_findings(register, table, read, frame, present)
    frame, moved = _first_of_month(frame)
    findings += [(register, "maaned", "ikke_forste_dag", moved)]
    if "fodselsdato" in frame.columns:
        frame = frame.with_columns(pl.col("fodselsdato").dt.year().alias("fodselsaar"))
    return Admitted(INNDATA[f"register_{register}"].conform(frame), _findings(findings), total)


def _column_findings(register: str, table: Table, names: list[str]) -> list[tuple[str, str, str, int]]:
    payload = [c for c in table.columns if c.name != "person_key"]
    missing = [c.name for c in payload if c.required and c.name not in names]
    if missing:
        raise UserError(f"The extract {register} lacks the required column(s) {', '.join(missing)}.", _CURE)
    n_unknown = len(set(names) - set(table.names) - {"person_id", "key_version"})
    # The name of an unknown column is the owner's text: it may hold anything, so it is counted, not quoted.
    unknown = [(register, "", "ukjent_kolonne", n_unknown)]
    return unknown + [(register, c.name, "mangler_kolonne", 1) for c in payload if c.name not in names]


def _persons(
    rows: pl.LazyFrame, schema: pl.Schema, register: str, keys: Keys, participants: pl.Series, identities: pl.Series | None
) -> tuple[pl.LazyFrame, int]:
    by_number, by_key = "person_id" in schema, "person_key" in schema
    if by_number == by_key:
        raise UserError(f"The extract {register} must name persons by person_id or by person_key, one of them.", _CURE)
    if by_key:
        return _owner_keys(rows, schema, register, keys, identities, participants), 0
    if schema["person_id"] != pl.String:
        raise UserError(f"person_id in the extract {register} is no text: leading zeros are lost.", _CURE)
    return _numbers(rows, register, keys, participants, identities)


def _numbers(
    rows: pl.LazyFrame, register: str, keys: Keys, participants: pl.Series, identities: pl.Series | None
) -> tuple[pl.LazyFrame, int]:
    what = _UNREADABLE.format(register=register)
    sound = pl.col("person_id").str.contains(_ID_FORM).fill_null(False)
    malformed = value_free(lambda: int(rows.select((~sound).sum()).collect().item() or 0), what)
    # With the participants' numbers at hand only those are hashed, not a whole population.
    persons = (
        value_free(lambda: rows.filter(sound).select("person_id").unique().collect()["person_id"], what)
        if identities is None
        else identities
    )
    persons = persons.drop_nulls().unique()
    table = pl.DataFrame({"person_id": persons, "person_key": person_keys(persons, keys)})
    wanted = table.filter(pl.col("person_key").is_in(participants.implode()))
    return rows.join(wanted.lazy(), on="person_id", how="inner"), malformed


def _owner_keys(
    rows: pl.LazyFrame, schema: pl.Schema, register: str, keys: Keys, identities: pl.Series | None, participants: pl.Series
) -> pl.LazyFrame:
    if identities is None or "key_version" not in schema:
        raise UserError(
            f"The extract {register} carries the owner's pseudonyms, but no key_version or participants to map.", _CURE
        )
    version = pl.col("key_version").cast(pl.String)
    foreign = value_free(
        lambda: int(rows.select((version != keys.version).fill_null(True).sum()).collect().item() or 0),
        _UNREADABLE.format(register=register),
    )
    if foreign:
        raise UserError(
            f"The extract {register} was made with another key version in {foreign} row(s).", "Have it made with the current key."
        )
    persons = identities.drop_nulls().unique()
    ours = person_keys(persons, keys)
    table = pl.DataFrame({"owner_key": register_keys(persons, keys, register), "person_key": ours}).filter(
        ours.is_in(participants.implode())
    )
    return rows.rename({"person_key": "owner_key"}).join(table.lazy(), on="owner_key", how="inner")


def _value_findings(
    register: str, table: Table, read: pl.DataFrame, frame: pl.DataFrame, present: list[str]
) -> list[tuple[str, str, str, int]]:
    found: list[tuple[str, str, str, int]] = []
    for name in present:
        given = read[name].is_not_null() if read[name].dtype != pl.String else read[name].str.strip_chars().fill_null("") != ""
        lost = int((given & frame[name].is_null()).sum())
        if table[name].required and lost and frame[name].null_count() == frame.height:
            raise UserError(f"No value of {register}.{name} could be read as {table[name].kind}.", _CURE)
        outside = int((~frame[name].is_in(list(table[name].codes))).sum()) if table[name].codes else 0
        found += [(register, name, "uleselig_verdi", lost), (register, name, "utenfor_kodeliste", outside)]
    return found


def _first_of_month(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    if "maaned" not in frame.columns:
        return frame, 0
    moved = int((frame["maaned"].dt.day() != 1).sum())
    return frame.with_columns(pl.col("maaned").dt.truncate("1mo")), moved


def _merged(frames: list[pl.DataFrame], register: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All files' rows in one total order, identical rows once: the order of files and rows leaves no trace."""
    table = INNDATA[f"register_{register}"]
    everything = pl.concat(frames)
    once = everything.unique(maintain_order=False).sort(table.names, nulls_last=True)
    same_key = once.height - once.select(table.key).n_unique()
    found = [(register, "", "identisk_rad", everything.height - once.height), (register, "", "samme_nokkel", same_key)]
    return table.conform(once), _findings(found)


def _findings(rows: list[tuple[str, str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame([row for row in rows if row[3]], schema=FINDING_SCHEMA, orient="row")


def _summed(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.group_by("register", "column", "code").agg(pl.col("n").sum()).sort("register", "column", "code")
