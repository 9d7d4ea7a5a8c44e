"""An extract made ready by the register's owner: identity numbers become pseudonyms before the file leaves the owner.

Belongs here: what the owner runs at home, and the stamp by which the border knows what it gets.
Must not be here: taking an extract in (``border`` does that), or file formats (``owner_files``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import is_csv, nothing_described
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.owner_checks import Objections, harmless, require_columns, text_of
from pipeline.pseudonyms.owner_files import OwnerFile, owner_files
from pipeline.pseudonyms.person_keys import register_keys
from pipeline.tables import REGISTERS, Table

STAMP = "jobbsjansen"  # name of the entry in the Parquet file's own metadata
_STAMP_FORMS = {
    "register": r"[a-z_]{1,40}",
    "key_version": r"[\w.-]{1,40}",
    "check_value": r"[0-9a-f]{16}",
    "written_by": r"[\w.+-]{1,40}",
}
_KEY_COLUMNS = [pa.field("person_key", pa.string()), pa.field("key_version", pa.string())]
_TOLD_EVERY = 5_000_000


@dataclass(frozen=True)
class OwnerStamp:
    """What an extract made here says of itself; it tells another project's key from persons who are nobody's participants.

    Attributes:
        register: name in ``REGISTERS``.
        key_version: version of the key.
        check_value: check value of the register's key (``Keys.of_register(register).check_value``).
        rows: rows in this file.
        written_by: version of this program.
    """

    register: str
    key_version: str
    check_value: str
    rows: int
    written_by: str


@dataclass(frozen=True)
class Pseudonymised:
    """What was written, and what was left out.

    Attributes:
        rows: rows written.
        files: files written.
        columns_left_out: columns that the file description does not have.
        names_left_out: the names of those of them that may be shown.
        files_left_out: files of other kinds.
        check_value: check value of the key.
    """

    rows: int
    files: int
    columns_left_out: int
    names_left_out: tuple[str, ...]
    files_left_out: int
    check_value: str


def pseudonymise_file(
    source: Path, target: Path, register: str, keys: Keys, progress: Callable[[str], None] = lambda _text: None
) -> Pseudonymised:
    """Write ``source`` with the register's own pseudonyms to ``target``, which appears whole or not at all.

    What the register's owner runs at home: ``person_id`` becomes ``person_key`` and ``key_version``, columns outside the file
    description are left out, all else stays as it is. A file becomes a Parquet file, a folder a folder with the same layout.
    Read and written in batches: memory does not grow with the rows.

    Args:
        source: Parquet or CSV file, or a folder of them (hive folders stay as they are).
        target: what to write; must not exist.
        register: name in ``REGISTERS``, one with persons.
        keys: the register's key, or the master key.
        progress: told how many rows are done.

    Raises:
        UserError: no such register, unreadable, ``target`` exists, a required column is in no file, no ``person_id`` of text,
            identity numbers that are not 11 digits, or one in another column or a file's name, or a real person's under the
            published key. Nothing is published then.
        RefusedStart: another register's key.
    """
    table = _described(register)
    own = keys.of_register(register)
    _refuse_target(source, target)
    kept = {"person_id", *table.names} - {"person_key"}
    files, others = owner_files(source, kept)
    for file in files:
        _require_person(file)
    require_columns(table, set().union(*(file.names | _folder_columns(target / file.place) for file in files)))
    objections = Objections(register, published=own.is_published)
    with _appearing(target) as unfinished:
        told, rows = 0, 0
        for file in files:
            place = unfinished / _parquet_place(file, files) if source.is_dir() else unfinished
            for done in _write(file, place, table, own, objections):
                rows += done
                if rows - told >= _TOLD_EVERY:
                    told = rows
                    progress(f"{rows} rows")
        objections.refuse()
    left_out = {name for file in files for name in file.others}
    return Pseudonymised(rows, len(files), len(left_out), harmless(left_out), others, own.check_value)


def owner_stamp(path: Path) -> OwnerStamp | None:
    """The stamp of an extract made by ``pseudonymise_file``; ``None`` where there is none that can be read."""
    try:
        found = json.loads((pq.read_metadata(path).metadata or {})[STAMP.encode()])
        stamp = OwnerStamp(**found)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = all(
        isinstance(value := getattr(stamp, name), str) and re.fullmatch(form, value) for name, form in _STAMP_FORMS.items()
    )
    return stamp if texts and type(stamp.rows) is int else None


def _described(register: str) -> Table:
    if register not in REGISTERS:
        raise UserError("There is no such register.", f"Choose one of: {', '.join(REGISTERS)}.")
    if "person_key" not in REGISTERS[register]:
        raise UserError(f"The register {register} has no persons.", "Deliver it as it is.")
    return REGISTERS[register]


def _refuse_target(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise UserError("OUT exists already.", "Choose another name; nothing is overwritten.")
    if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
        raise UserError("OUT lies inside IN.", "Keep what holds identity numbers apart from what is sent.")
    if not source.is_dir() and target.suffix.lower() == ".csv":
        raise UserError("OUT becomes a Parquet file.", "Let its name end with .parquet.")


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A place beside the target to write to, file or folder; it becomes the target at the end, and is gone after a failure."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        if os.path.lexists(target):
            raise UserError("OUT has come to exist meanwhile.", "Choose another name; nothing is overwritten.")
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink(missing_ok=True)


def _parquet_place(file: OwnerFile, files: list[OwnerFile]) -> Path:
    wanted = file.place.with_suffix(".parquet")
    alone = sum(other.place.with_suffix(".parquet") == wanted for other in files) == 1
    return wanted if alone else file.place.with_name(f"{file.place.name}.parquet")


def _require_person(file: OwnerFile) -> None:
    if not file.names:
        found = nothing_described(csv=is_csv(file.place))
        raise UserError(f"A file {found.what}", found.cure)
    if "person_id" not in file.names:
        raise UserError("The extract has no person_id column of text.", "Name the column person_id and keep leading zeros.")


def _folder_columns(place: Path) -> set[str]:
    """The columns that a Parquet file gets from the hive folders it lies in: ``aar=2024``."""
    return {part.split("=", 1)[0].strip().lower() for part in place.parts if "=" in part}


def _write(file: OwnerFile, place: Path, table: Table, own: Keys, objections: Objections) -> Iterator[int]:
    """Write one file, yielding the rows of each batch."""
    payload = [name for name in table.names if name in file.names and name != "person_key"]
    batches = file.batches(["person_id", *payload])
    first = next((_decoded(batch) for batch in batches), None)
    kinds = [first.schema.field(name).remove_metadata() if first is not None else pa.field(name, pa.string()) for name in payload]
    schema = pa.schema([*_KEY_COLUMNS, *kinds])
    rows = 0
    # One batch is written while the next is read and hashed; never more than one waits.
    with _parquet(place, schema) as writer, ThreadPoolExecutor(1) as hand:
        written: Future[None] | None = None
        for batch in map(_decoded, chain([] if first is None else [first], batches)):
            objections.look_at(batch)
            rows += batch.num_rows
            if not objections.unmarked:  # else it is only counted: no real person comes to lie on disk under a key that all know
                named = _named(batch, schema, own)
                if written is not None:
                    written.result()
                written = hand.submit(writer.write_batch, named)
            yield batch.num_rows
        if written is not None:
            written.result()
        stamp = OwnerStamp(_register(own), own.version, own.check_value, rows, version("jobbsjansen"))
        writer.add_key_value_metadata({STAMP: json.dumps(asdict(stamp), sort_keys=True)})


def _register(own: Keys) -> str:
    return own.scope.removeprefix("register/")


@contextmanager
def _parquet(place: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A new Parquet file that only this user can read, on disk when the block ends."""
    place.parent.mkdir(parents=True, exist_ok=True)
    # Pseudonyms are not put in a dictionary first: in a whole population it would be given up again for every row group.
    listed = [name for name in schema.names if name != "person_key"]
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        writer = pq.ParquetWriter(handle, schema, compression="zstd", compression_level=1, use_dictionary=listed)
        try:
            yield writer
            writer.close()
        finally:
            writer.is_open = False  # else it tries to end the file once more when it is collected
        handle.flush()
        os.fsync(handle.fileno())


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without dictionaries: one may hold values, names among them, that none of its rows has."""
    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _named(batch: pa.RecordBatch, schema: pa.Schema, own: Keys) -> pa.RecordBatch:
    pseudonyms = register_keys(text_of(batch.column("person_id")), own, _register(own))
    versions = pl.repeat(own.version, batch.num_rows, dtype=pl.String, eager=True)
    made = [column.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string()) for column in (pseudonyms, versions)]
    return pa.RecordBatch.from_arrays([*made, *(batch.column(name) for name in schema.names[2:])], schema=schema)
