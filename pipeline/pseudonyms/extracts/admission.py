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
from pipeline.pseudonyms.extracts.columns import payload, require_columns, typed
from pipeline.pseudonyms.extracts.profile import ID_FORM, Profile, profile
from pipeline.pseudonyms.extracts.register_store import counts, write_sorted
from pipeline.pseudonyms.extracts.source import FILE, Source, open_extract
from pipeline.pseudonyms.identity_search import refuse_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.owner_extract import owner_stamp
from pipeline.pseudonyms.person_keys import register_keys
from pipeline.store import finish_file
from pipeline.tables import INNDATA, REGISTERS
from pipeline.tables.uttrekk import period_of

_SHORTEST_IDENTITY = 11
_NUMBER = "jobbsjansen_nummer"  # which of a person's numbers a row came under
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
    wanted = {"person_id", "person_key", "key_version", *REGISTERS[register].names}
    source = open_extract(connection, _in_order_of_receipt(paths), scratch, period_of(register), wanted)
    require_columns(register, REGISTERS[register], source)
    if _person_column(register, source) == "person_key":
        _refuse_other_keys(paths, register, keys)
    return source


def look_at(connection: duckdb.DuckDBPyConnection, source: Source, register: str, keys: Keys, extract_id: str) -> Profile:
    """What an open extract holds, counted in one pass.

    Raises:
        UserError: it cannot be read to the end, a required column cannot be read at all, or rows were made with another key version.
    """
    seen = profile(connection, source, register, extract_id, _person_column(register, source), keys.version)
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
    _show_persons(connection, register, keys, persons, _person_column(register, source))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    what = f"The extract {register} could not be read to the end: a file is damaged or half written."
    found, sharing, surplus = value_free(lambda: _cut(connection, source, register), what)
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


def _person_column(register: str, source: Source) -> str | None:
    if "person_key" not in REGISTERS[register]:
        return None
    by_number, by_key = "person_id" in source.columns, "person_key" in source.columns
    if by_number == by_key:
        raise UserError(f"The extract {register} must name persons by person_id or by person_key, one of them.", CURE)
    if by_key and "key_version" not in source.columns:
        raise UserError(f"The extract {register} carries the owner's pseudonyms, but no key_version.", CURE)
    if by_number and source.columns["person_id"][1] != "VARCHAR":
        raise UserError(f"person_id in the extract {register} is no text: leading zeros are lost.", CURE)
    return "person_id" if by_number else "person_key"


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


def _show_persons(
    connection: duckdb.DuckDBPyConnection, register: str, keys: Keys, persons: pl.DataFrame, person: str | None
) -> None:
    """The participants as ``persons``: how the extract names them, and our pseudonym as a type whose order is the pseudonyms' own."""
    if person is None:
        return
    # A register knows a person by eleven digits; looked for here, among the participants, not among all rows.
    known = persons.filter(pl.col("person_id").str.contains(f"^{ID_FORM}$")).unique().sort("person_key", "person_id")
    named = known["person_id"] if person == "person_id" else register_keys(known["person_id"], keys, register)
    frame = pl.DataFrame({"named": named, "person_key": known["person_key"]}).unique().sort("person_key", "named")
    frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.UInt16).over("person_key").alias(_NUMBER))
    connection.register("persons_given", frame.to_arrow())
    connection.execute("DROP TABLE IF EXISTS persons; DROP TYPE IF EXISTS pseudonym")
    if frame.is_empty():
        connection.execute(f"CREATE TEMP TABLE persons AS SELECT named, person_key, {_NUMBER} FROM persons_given")
        return
    connection.execute("CREATE TEMP TYPE pseudonym AS ENUM (SELECT DISTINCT person_key FROM persons_given ORDER BY person_key)")
    connection.execute(
        f"CREATE TEMP TABLE persons AS SELECT named, CAST(person_key AS pseudonym) AS person_key, {_NUMBER} FROM persons_given"
    )
    connection.unregister("persons_given")


def _cut(connection: duckdb.DuckDBPyConnection, source: Source, register: str) -> tuple[int, int, int]:
    """Make the table ``cut`` of the participants' rows, each once; how many there were at first, and what ``_one_of_each_key`` found."""
    table = INNDATA[f"register_{register}"]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cut AS {_cut_sql(source, register)}")
    ((found,),) = connection.execute("SELECT count(*) FROM cut").fetchall()
    if not source.apart:
        _keep_latest(connection, register)
    sharing, surplus = _one_of_each_key(connection, register)
    names = ", ".join(f'"{name}"' for name in table.names)
    # Equal rows have equal hashes: no repeated hash, no repeated row.
    ((rows, distinct),) = connection.execute(f"SELECT count(*), count(DISTINCT hash({names})) FROM cut").fetchall()
    if distinct < rows:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE cut AS SELECT DISTINCT {names} FROM cut")
    return int(found), sharing, surplus


def _cut_sql(source: Source, register: str) -> str:
    """Participants' rows of the relation. Values are read after the join: a population's rows are looked at by person alone."""
    described = {c.name: c for c in payload(REGISTERS[register])}
    values = [f'{typed(c, source)} AS "{name}"' for name, c in described.items()]
    if "fodselsdato" in described:
        values.append(f"CAST(year({typed(described['fodselsdato'], source)}) AS BIGINT) AS fodselsaar")
    if not source.apart:
        values.append(FILE)
    if "person_key" not in REGISTERS[register]:
        return f"SELECT {', '.join(values)} FROM {source.sql} AS uttrekk"
    person = "person_id" if "person_id" in source.columns else "person_key"
    name = source.columns[person][0]
    rows = f"{source.sql} AS uttrekk JOIN persons ON uttrekk.{name} = persons.named"
    if not REGISTERS[register].several:
        values.append(_NUMBER)
    return f"SELECT persons.person_key AS person_key, {', '.join(values)} FROM {rows}"


def _keep_latest(connection: duckdb.DuckDBPyConnection, register: str) -> None:
    """Of rows with one key in several files, those of the file that came last."""
    key = ", ".join(INNDATA[f"register_{register}"].key)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE cut AS SELECT cut.* FROM cut JOIN extract_files USING ({FILE}) "
        f"QUALIFY receipt = max(receipt) OVER (PARTITION BY {key})"
    )


def _one_of_each_key(connection: duckdb.DuckDBPyConnection, register: str) -> tuple[int, int]:
    """Keep one row of each key and number of a person; how many different rows shared one, and how many of these were left out.

    The row that comes first in the order of the other columns, a value before none: order of files and rows leaves no trace. Rows whose key
    could not be read in full are not taken for one, and what a person has under each of her numbers is hers twice.
    """
    table = INNDATA[f"register_{register}"]
    if table.several:
        return 0, 0
    key = ", ".join([f'"{name}"' for name in table.key] + [_NUMBER] * ("person_key" in table))
    others = [f'"{name}"' for name in table.names if name not in table.key]
    whole = " AND ".join(f'"{name}" IS NOT NULL' for name in table.key)
    # No repeated hash, no repeated key: most extracts do not go on from here.
    hashes = f"SELECT count(*), count(DISTINCT hash({key})) FROM cut WHERE {whole}"
    ((rows, distinct),) = connection.execute(hashes).fetchall()
    if distinct == rows:
        return 0, 0
    groups = f"SELECT count(DISTINCT hash({', '.join(others)})) AS n FROM cut WHERE {whole} GROUP BY {key} HAVING n > 1"
    ((sharing, surplus),) = connection.execute(f"SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) FROM ({groups})").fetchall()
    if sharing:
        order = ", ".join(f"{name} NULLS LAST" for name in others)
        first = f"row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE cut AS SELECT * FROM cut QUALIFY NOT ({whole}) OR {first}")
    return int(sharing), int(surplus)


def _refuse_identities(connection: duckdb.DuckDBPyConnection, register: str) -> None:
    """Raise when a text column without a code list holds an identity number: only texts long enough for one are looked at."""
    table = INNDATA[f"register_{register}"]
    for column in table.columns:
        if column.kind == "text" and not column.codes and column.name != "person_key":
            sql = f'SELECT DISTINCT "{column.name}" FROM cut WHERE length("{column.name}") >= {_SHORTEST_IDENTITY}'
            refuse_identities(f"register_{register}", connection.sql(sql).pl())
