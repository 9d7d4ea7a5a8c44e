"""Writing the package: next version for any change, nothing overwritten, nothing new when nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.export.datadoc import datadoc_text
from pipeline.export.documentation import documents
from pipeline.export.naming import PRODUCT, STATE_FOLDER, DataFileName, first_name, latest_version
from pipeline.export.variables import key, table_names, variables
from pipeline.identity_shape import holds_identity_number
from pipeline.released import ApprovedMicrodata
from pipeline.settings import Settings
from pipeline.store import parquet_bytes, sha256_file, write_bytes, write_text

SUMS = "SHA256SUMS"
DOCUMENTATION = "dokumentasjon"
README = "README.md"


def write_ssb_package(approved: ApprovedMicrodata, out: Path, settings: Settings) -> Path:
    """Write ``out/jobbsjansen_data`` and return that folder.

    A data file is written only when its content differs from its newest version, and then as the next version; the same
    holds for the documentation. Only the README in front and the list of checksums are renewed in place.

    Raises:
        UserError: a table or variable is not one of the package's, a table is empty, a key is not unique, or a value has
            the shape of a person number.
    """
    if set(approved.tables) != set(table_names()):
        raise UserError("The approved tables are not those of the package.", f"Hand over: {', '.join(table_names())}.")
    for table, frame in approved.tables.items():
        _refuse_unfit(table, frame)
    root = out / PRODUCT
    names = {table: _write_table(root, table, frame, approved, settings) for table, frame in sorted(approved.tables.items())}
    files = documents(approved, names, demo=settings.is_demo)
    _write_documentation(root / DOCUMENTATION, files)
    write_bytes(root / README, files[README])
    write_text(root / SUMS, checksums(root))
    return root


def checksums(root: Path) -> str:
    """Every file below ``root`` but the list itself, as ``sha256sum`` writes it, sorted by path."""
    files = sorted(p for p in root.rglob("*") if p.is_file() and p != root / SUMS)
    return "".join(f"{sha256_file(p)}  {p.relative_to(root).as_posix()}\n" for p in files)


def _refuse_unfit(table: str, frame: pl.DataFrame) -> None:
    if frame.schema != {v.name: v.column.dtype for v in variables(table)}:
        raise UserError(f"Table {table} does not have the variables of the package.", "Make it with prepare_ssb_tables.")
    if frame.is_empty():
        raise UserError(f"Table {table} has no rows.", "Run 'jobbsjansen nightly' on deliveries first.")
    if frame.select(key(table)).is_duplicated().any():
        raise UserError(f"The key of table {table} is not unique.", "Rebuild the tables; this should not happen.")
    found = [name for name in frame.columns if holds_identity_number(frame[name]).any()]
    if found:
        raise UserError(f"Table {table}, column {', '.join(found)}: values shaped like person numbers.", "Correct the source.")


def _write_table(root: Path, table: str, frame: pl.DataFrame, approved: ApprovedMicrodata, settings: Settings) -> DataFileName:
    folder, content = root / STATE_FOLDER, parquet_bytes(frame)
    years = frame["start_dato"].dt.year().drop_nulls().to_list()
    name = first_name(table, min(years), max(years))
    latest = latest_version(folder, name)
    if latest is not None:
        if (folder / f"{latest.stem}.parquet").read_bytes() == content and (folder / f"{latest.stem}__DOC.json").is_file():
            return latest
        name = replace(name, version=latest.version + 1)
    # the description first: a data file is never without one
    write_text(folder / f"{name.stem}__DOC.json", datadoc_text(table, frame, name, approved.key_reference, settings.now))
    write_bytes(folder / f"{name.stem}.parquet", content)
    return name


def _write_documentation(folder: Path, files: Mapping[str, bytes]) -> None:
    versions = sorted(int(p.name[1:]) for p in folder.glob("v*") if p.name[1:].isdigit())
    if versions and _content(folder / f"v{versions[-1]}") == files:
        return
    target = folder / f"v{versions[-1] + 1 if versions else 1}"
    for name, content in files.items():
        write_bytes(target / name, content)


def _content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
