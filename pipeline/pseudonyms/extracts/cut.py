"""The participants' rows of an open extract: joined by person, read as the description's types, one row of each key.

Belongs here: the statements that make the table ``cut``. Must not be here: files, other keys' stamps, or where the rows are kept.
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import CURE
from pipeline.pseudonyms.extracts.columns import payload, typed
from pipeline.pseudonyms.extracts.profile import ID_FORM
from pipeline.pseudonyms.extracts.source import FILE, Source
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import register_keys
from pipeline.tables import INNDATA, REGISTERS
from pipeline.tables.uttrekk import period_of

_NUMBER = "jobbsjansen_nummer"  # which of a person's numbers a row came under


def person_column(register: str, source: Source) -> str | None:
    """How the extract names persons: ``person_id`` or ``person_key``; None in a register without persons.

    Raises:
        UserError: in neither way or both, pseudonyms without the version of their key, or numbers that are no text.
    """
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


def show_persons(
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


def make_cut(connection: duckdb.DuckDBPyConnection, source: Source, register: str) -> tuple[int, int, int]:
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
    """Of rows with one key in several files, those of the file that came last; of a file that corrects another, all that it says of a person.

    What is in use is replaced month by month (year by year, or whole) when a correction comes on a later night. One that came together with
    what it corrects is known by the keys they share; then the later file's rows count for each person and month (or year) it speaks of, also
    where an employer or a benefit was corrected away. Files that share few keys are parts of one whole.
    """
    ((receipts,),) = connection.execute("SELECT count(DISTINCT receipt) FROM extract_files").fetchall()
    if receipts == 1:
        return
    table = INNDATA[f"register_{register}"]
    key = [f'"{name}"' for name in table.key]
    spoken_of = [f'"{name}"' for name in ("person_key", period_of(register)) if name and name in table]
    by = key if not spoken_of or not _is_correction(connection, key, spoken_of) else spoken_of
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE cut AS SELECT cut.* FROM cut JOIN extract_files USING ({FILE}) "
        f"QUALIFY receipt = max(receipt) OVER (PARTITION BY {', '.join(by)})"
    )


def _is_correction(connection: duckdb.DuckDBPyConnection, key: list[str], spoken_of: list[str]) -> bool:
    """Whether files correct others: of the persons (and months) that several speak of, at least half have a key in several."""
    who = ", ".join(spoken_of)
    sql = (
        f"WITH delivered AS (SELECT DISTINCT {', '.join(key)}, receipt FROM cut JOIN extract_files USING ({FILE})), "
        "of_key AS ("
        f"SELECT {', '.join(key)}, count(*) AS files, min(receipt) AS first, max(receipt) AS last FROM delivered GROUP BY {', '.join(key)}), "
        f"of_person AS (SELECT {who}, max(files) > 1 AS shared FROM of_key GROUP BY {who} HAVING min(first) < max(last)) "
        "SELECT count(*), count(*) FILTER (shared) FROM of_person"
    )
    ((several, shared),) = connection.execute(sql).fetchall()
    return bool(several > 0 and 2 * shared >= several)


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
