"""The border for registry extracts: identities end here, only participants' rows pass, and nothing quotes a value.

An extract of a whole population is read twice by DuckDB, column by column: once to count what it holds, once to join it with the
participants. Nobody else's row is ever kept.

Belongs here: admitting an extract. Must not be here: judging its content (``expectations`` does that on the profile), joining
it, or making one at the register's owner (``owner_extract``).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect
from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import CURE, extract_files, value_free
from pipeline.pseudonyms.extracts.columns import payload, require_columns
from pipeline.pseudonyms.extracts.cut import make_cut, person_column, show_persons
from pipeline.pseudonyms.extracts.profile import Profile, profile
from pipeline.pseudonyms.extracts.register_store import counts, write_sorted
from pipeline.pseudonyms.extracts.source import Source, open_extract
from pipeline.pseudonyms.identity_search import refuse_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.owner_extract import owner_stamp
from pipeline.store import finish_file
from pipeline.tables import INNDATA, REGISTERS
from pipeline.tables.uttrekk import period_of

_SHORTEST_IDENTITY = 11
_WRITTEN = {
    "date": ("a date", "Have the owner write days as 2024-02-01 or 01.02.2024."),
    "float": ("a number", "Have the owner write numbers as 450000,50 or 450 000,50: no points between thousands, no unit."),
    "int": (
        "a whole number",
        "Have the owner write whole numbers as 450000 or 450 000: no points between thousands, no decimals.",
    ),
    "text": ("text of the described form", CURE),
}


@dataclass(frozen=True)
class Admitted:
    """The participants' rows of one extract, on our side of the border, in the file they were written to.

    Attributes:
        rows: participants' rows, one of each key but where several count.
        participants: participants with at least one row; 0 in a register without persons.
        repeated: rows left out because they repeat another, or because a later file has rows of their key.
        sharing: rows that had the key of another, different row where one row of each key counts.
        surplus: how many of these were left out.
    """

    rows: int
    participants: int
    repeated: int
    sharing: int
    surplus: int


@contextmanager
def at_the_border(scratch: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for reading one extract, with a scratch folder (0700) for what does not fit in memory; both are gone afterwards.

    Args:
        scratch: a folder in the identified zone that does not exist yet: what is spilled may hold identity numbers.
        memory_limit: as in the settings.
    """
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed run of the same number has left
    scratch.mkdir(parents=True, mode=0o700)
    connection = connect(memory_limit, scratch)
    try:
        yield connection
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def open_checked(
    connection: duckdb.DuckDBPyConnection, files: Iterable[Path], register: str, keys: Keys, scratch: Path
) -> Source:
    """The extract as one relation, with the columns it must have and no other key's stamp.

    Raises:
        UserError: no file, damaged, a required column missing, no or two ways of naming persons, or made with another key.
    """
    paths = extract_files(files)
    if not paths:
        raise UserError(f"The extract {register} has no Parquet or CSV file.", "Put one under registers/, or remove the folder.")
    described = payload(REGISTERS[register])
    wanted = {"person_id", "person_key", "key_version", *(column.name for column in described)}
    source = open_extract(connection, _in_order_of_receipt(paths), scratch, period_of(register), wanted, described)
    require_columns(register, REGISTERS[register], source)
    if person_column(register, source) == "person_key":
        _refuse_other_keys(paths, register, keys)
    return source


def look_at(connection: duckdb.DuckDBPyConnection, source: Source, register: str, keys: Keys, extract_id: str) -> Profile:
    """What an open extract holds, counted in one pass.

    Raises:
        UserError: it cannot be read to the end, a required column cannot be read at all, or rows were made with another key version.
    """
    seen = profile(connection, source, register, extract_id, person_column(register, source), keys.version)
    if seen.foreign:
        raise UserError(
            f"The extract {register} was made with another key version than {keys.version} in {seen.foreign} row(s).",
            f"Give the owner the key made by 'keys new FILE --register {register}' and have it made anew.",
        )
    _refuse_unreadable(register, seen)
    return seen


def admit(
    connection: duckdb.DuckDBPyConnection, source: Source, register: str, keys: Keys, persons: pl.DataFrame, target: Path
) -> Admitted:
    """Write the participants' rows to ``target`` as ``INNDATA["register_<name>"]``: one sorted Parquet file, whole or not at all.

    Args:
        connection: where ``source`` was opened.
        source: the extract.
        register: name in ``REGISTERS``.
        keys: this run's master key.
        persons: ``person_id`` (every number a participant is known by) and ``person_key``; other persons' rows are left out.
        target: the file; replaced.

    Raises:
        UserError: unreadable, or an identity number in a text column. Never holds a value.
    """
    show_persons(connection, register, keys, persons, person_column(register, source))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    what = f"The extract {register} could not be read to the end: a file is damaged or half written."
    found, sharing, surplus = value_free(lambda: make_cut(connection, source, register), what)
    _refuse_identities(connection, register)
    rows, participants = value_free(lambda: counts(connection, register, "cut"), what)
    try:
        value_free(lambda: write_sorted(connection, "SELECT * FROM cut", register, temporary), what)
        finish_file(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return Admitted(rows, participants, found - rows - surplus, sharing, surplus)


def _refuse_other_keys(paths: list[Path], register: str, keys: Keys) -> None:
    """Raise where the stamp of ``pseudonymise`` says that a file was made with a key that is not this register's."""
    ours = keys.of_register(register)
    stamps = [stamp for path in paths if (stamp := owner_stamp(path)) is not None]
    foreign = [s for s in stamps if (s.register, s.key_version, s.check_value) != (register, ours.version, ours.check_value)]
    if not foreign:
        return
    other = foreign[0]
    # What a stamp says of itself is the owner's text: only what looks like our own words is repeated.
    register_named = other.register if other.register in REGISTERS else "unknown"
    version = other.key_version if re.fullmatch(r"[A-Za-z]{1,12}[0-9]{0,4}", other.key_version) else "unknown"
    said = f"register {register_named}, version {version}, check value {other.check_value}"
    raise UserError(
        f"The extract {register} was made with another key in {len(foreign)} of its file(s): {said}; ours: "
        f"register {register}, version {ours.version}, check value {ours.check_value}.",
        f"Give the owner the key made by 'keys new FILE --register {register}' and have it made anew.",
    )


def _in_order_of_receipt(paths: list[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.as_posix()))


def _refuse_unreadable(register: str, seen: Profile) -> None:
    """Raise where a column that is required, or decides an outcome, has values and none of them could be read."""
    table = REGISTERS[register]
    for row in (
        seen.columns.filter((pl.col("n_uleselig") > 0) & (pl.col("n_null") == pl.col("n_rader"))).sort("kolonne").to_dicts()
    ):
        column = table[row["kolonne"]]
        if column.required or column.decisive:
            kind, cure = _WRITTEN[column.kind]
            told = f"None of the {row['n_uleselig']} value(s) of {register}.{column.name} could be read as {kind}."
            raise UserError(told, cure)


def _refuse_identities(connection: duckdb.DuckDBPyConnection, register: str) -> None:
    """Raise when a text column without a code list holds an identity number: only texts long enough for one are looked at."""
    table = INNDATA[f"register_{register}"]
    for column in table.columns:
        if column.kind == "text" and not column.codes and column.name != "person_key":
            sql = f'SELECT DISTINCT "{column.name}" FROM cut WHERE length("{column.name}") >= {_SHORTEST_IDENTITY}'
            refuse_identities(f"register_{register}", connection.sql(sql).pl())
