"""Changing a home's key: the new key file, and new pseudonyms in everything that stands in the warehouse.

Belongs here: the new key document, and re-keying files, each whole or not at all, as often as one likes.
Must not be here: the order of a rotation (the face holds the home and knows every stage).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipeline.engine import connect, copy_sorted, cure_of, spill_place
from pipeline.errors import Fault, UserError
from pipeline.pseudonyms.key_files import new_key_file, no_place_for_keys, refuse_place
from pipeline.pseudonyms.key_providers import KeyFile
from pipeline.pseudonyms.keys import Keys, Retired
from pipeline.settings import Home, Settings
from pipeline.store import finish_file
from pipeline.tables import STATES

KEY_COLUMNS = ("person_key", "deltakelse_key")
_NOT_HERE = ("release_members",)  # kept by disclosure, which replaces pseudonyms there
_LISTS = ("ompseudonymisering",)
_NUMBERED = re.compile(r"(.*?)(\d+)$")


def next_version(used: Collection[str]) -> str:
    """The name of the version after the last: K2 after K1 or DEMO; never one that has been used."""
    found = _NUMBERED.match(list(used)[-1])
    stem, number = (found[1], int(found[2])) if found else ("K", 1)
    while (name := f"{stem}{number + 1}") in used:
        number += 1
    return name


def rotated_key_file(path: Path, old: Keys, version: str | None, used: Collection[str], home: Home) -> Keys:
    """The key that takes the place of ``old``: made in a new file, or read from one that this key's rotation made before.

    It carries what is left of the versions before: the keys of their references to erased persons.

    Args:
        path: the file; outside home and program.
        old: the key before.
        version: name of the new version; ``next_version`` where none is given.
        used: versions the home has been read with, oldest first.
        home: the home that is rotated.

    Raises:
        UserError: the file holds something else, the version has been used or is another than the file's.
        RefusedStart: the place is not allowed.
    """
    forbidden = no_place_for_keys(home)
    if path.exists():
        new = KeyFile(path, forbidden).load()
        if not _follows(new, old):
            raise UserError("The key file exists already.", "Choose another name; a key is never replaced.")
        if version not in (None, new.version):
            raise UserError(f"The key file holds version {new.version}.", "Leave out --version, or name another file.")
        return new
    refuse_place(path, forbidden)
    if version in used:
        raise UserError("This home has been read with a key of that version before.", "Choose another --version.")
    return new_key_file(path, version or next_version(used), (*old.retired, Retired(old.version, old.derive("log"))))


def files_to_rekey(home: Home) -> list[Path]:
    """Every table of the warehouse with pseudonyms of persons or participations, in fixed order."""
    return [path for path in _tables(home) if set(KEY_COLUMNS) & set(pl.read_parquet_schema(path))]


def rekey_file(path: Path, replacements: Mapping[str, str], settings: Settings) -> bool:
    """Put the new pseudonyms in the place of the old ones, rows in the order of the table's key; whether anything had to be changed.

    Running it again changes nothing. Rows about somebody whom nobody has delivered are left out: they belong to no participant any more.

    Raises:
        Fault: the file cannot be read or written; without a value.
    """
    temporary = path.with_name(f".{path.name}.rekey.tmp")
    try:
        with spill_place(settings) as spill, connect(settings.memory_limit, spill) as connection:
            changed = _write_rekeyed(connection, path, replacements, temporary)
        if changed:
            finish_file(temporary, path)
        return changed
    except (duckdb.Error, OSError) as problem:
        failed, cure = type(problem).__name__, cure_of(problem, settings.memory_limit)
    finally:
        temporary.unlink(missing_ok=True)
    raise Fault(f"{path.parent.name}/{path.name} could not be re-keyed ({failed}). {cure}".strip(), ours=not cure)


def _follows(new: Keys, old: Keys) -> bool:
    if new.scope or not new.retired:
        return False
    last = new.retired[-1]
    return last.version == old.version and hmac.compare_digest(last.log_key, old.derive("log"))


def _tables(home: Home) -> Iterator[Path]:
    for path in sorted(home.warehouse.rglob("*.parquet")):
        parts = path.relative_to(home.warehouse).parts
        if not any(part.startswith(".") for part in parts) and parts[0] not in _NOT_HERE and path.stem not in _LISTS:
            yield path


def _write_rekeyed(connection: duckdb.DuckDBPyConnection, path: Path, replacements: Mapping[str, str], target: Path) -> bool:
    columns = list(pl.read_parquet_schema(path))
    held = [name for name in KEY_COLUMNS if name in columns]
    table = pl.DataFrame({"gammel_key": list(replacements), "ny_key": list(replacements.values())})
    connection.register("bytte", table.cast(pl.String).to_arrow())
    connection.execute("CREATE TEMP TABLE nye AS SELECT DISTINCT ny_key FROM bytte")
    connection.read_parquet([str(path)], hive_partitioning=False).create_view("rader")
    joins = " ".join(f'LEFT JOIN bytte AS b_{n} ON rader."{n}" = b_{n}.gammel_key' for n in held)
    joins += "".join(f' LEFT JOIN nye AS n_{n} ON rader."{n}" = n_{n}.ny_key' for n in held)
    stands = " AND ".join(f'(n_{n}.ny_key IS NOT NULL OR rader."{n}" IS NULL)' for n in held)
    ((stale,),) = connection.execute(f"SELECT count(*) FROM rader {joins} WHERE NOT ({stands})").fetchall()
    if not stale:
        return False
    known = " AND ".join(f'(b_{n}.ny_key IS NOT NULL OR n_{n}.ny_key IS NOT NULL OR rader."{n}" IS NULL)' for n in held)
    names = ", ".join(f'coalesce(b_{n}.ny_key, rader."{n}") AS "{n}"' if n in held else f'rader."{n}"' for n in columns)
    copy_sorted(connection, f"SELECT {names} FROM rader {joins} WHERE {known}", _order(path, columns), target)
    return True


def _order(path: Path, columns: list[str]) -> list[str]:
    """The key of the table that the file is, then all columns: a total order."""
    tables = STATES.get(path.parent.name, {})
    key = tables[path.stem].key if path.stem in tables else []
    return list(dict.fromkeys([*(name for name in key if name in columns), *columns]))
