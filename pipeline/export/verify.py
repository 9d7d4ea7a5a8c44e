"""Whether a package is whole, named and described as it should be: what sender and receiver both can run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipeline.export.datadoc import ALGORITHM, DATA_TYPES, datadoc_faults
from pipeline.export.naming import PRODUCT, STATE_FOLDER, DataFileName, is_variable_name, parse_name
from pipeline.export.package import DOCUMENTATION, SUMS, checksums
from pipeline.export.variables import key, variables
from pipeline.identity_shape import holds_identity_number


def verify_package(folder: Path) -> list[str]:
    """What is wrong with the package in ``folder``, one line each in Norwegian; empty when nothing is.

    Checked: checksums and that no file is missing or too many; file names; that each data file can be read, has the variables
    of its table, a unique key and no value shaped like a person number; that its description is valid by Statistics Norway's
    model and speaks of the same variables; that the newest documentation counts the same rows.

    Args:
        folder: the package, ``…/jobbsjansen_data``.
    """
    if not folder.is_dir():
        return ["Mappen finnes ikke."]
    faults = [*_checksum_faults(folder)]
    if folder.name != PRODUCT:
        faults.append(f"Mappen skal hete {PRODUCT}.")
    files = sorted((folder / STATE_FOLDER).glob("*.parquet"))
    if not files:
        faults.append(f"Ingen datafiler i {STATE_FOLDER}.")
    for path in files:
        faults += [f"{path.name}: {fault}" for fault in _file_faults(path)]
    return [*faults, *_text_faults(folder), *_count_faults(folder)]


def _checksum_faults(folder: Path) -> Iterator[str]:
    listing = folder / SUMS
    if not listing.is_file():
        yield f"{SUMS} mangler."
        return
    stated = _parsed(listing.read_text(encoding="utf-8", errors="replace"))
    actual = _parsed(checksums(folder))
    for name in sorted(stated.keys() - actual.keys()):
        yield f"{name}: filen mangler."
    for name in sorted(actual.keys() - stated.keys()):
        yield f"{name}: filen står ikke i {SUMS}."
    for name in sorted(stated.keys() & actual.keys()):
        if stated[name] != actual[name]:
            yield f"{name}: kontrollsummen stemmer ikke."


def _parsed(listing: str) -> dict[str, str]:
    return {name: total for total, _, name in (line.partition("  ") for line in listing.splitlines()) if name}


def _file_faults(path: Path) -> Iterator[str]:
    name = parse_name(path.stem)
    if name is None:
        yield "filnavnet følger ikke navnestandarden."
        return
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        yield "filen kan ikke leses som Parquet."
        return
    yield from _content_faults(name, frame)
    yield from _description_faults(path, frame)


def _content_faults(name: DataFileName, frame: pl.DataFrame) -> Iterator[str]:
    table = name.description.replace("-", "_")
    expected = {v.name: v.column.dtype for v in variables(table)}
    for column in frame.columns:
        if not is_variable_name(column):
            yield "et variabelnavn følger ikke navnestandarden."
        if holds_identity_number(frame[column]).any():
            yield f"variabel {column if column in expected else '(ukjent)'} har verdier med form som et personnummer."
    if frame.schema != expected:
        yield "variablene er ikke dem som tabellen skal ha."
    elif frame.select(key(table)).is_duplicated().any():
        yield "nøkkelen er ikke entydig."


def _description_faults(path: Path, frame: pl.DataFrame) -> Iterator[str]:
    sidecar = path.with_name(f"{path.stem}__DOC.json")
    if not sidecar.is_file():
        yield "beskrivelsen (__DOC.json) mangler."
        return
    text = sidecar.read_text(encoding="utf-8", errors="replace")
    broken = datadoc_faults(text)
    if broken:
        yield from (f"beskrivelsen er ikke gyldig: {fault}" for fault in broken)
        return
    described = json.loads(text)["datadoc"]
    if described["dataset"]["short_name"] != path.stem:
        yield "beskrivelsen gjelder en annen fil."
    kinds = {pl.String(): "text", pl.Date(): "date", pl.Int64(): "int", pl.Float64(): "float", pl.Boolean(): "bool"}
    actual = [(name, DATA_TYPES.get(kinds.get(dtype, ""), "")) for name, dtype in frame.schema.items()]
    if [(v["short_name"], v["data_type"]) for v in described["variables"]] != actual:
        yield "beskrivelsen har ikke de samme variablene og typene som filen."
    for variable in described["variables"]:
        block = variable.get("pseudonymization") or {}
        if variable["short_name"].endswith("_key") and block.get("encryption_algorithm") != ALGORITHM:
            yield f"variabel {variable['short_name']} mangler opplysninger om pseudonymisering."


def _text_faults(folder: Path) -> Iterator[str]:
    """Person numbers in anything that is text."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".parquet"):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if holds_identity_number(pl.Series(lines, dtype=pl.String)).any():
            yield f"{path.relative_to(folder).as_posix()}: teksten har noe med form som et personnummer."


def _count_faults(folder: Path) -> Iterator[str]:
    versions = [p for p in (folder / DOCUMENTATION).glob("v*") if p.name[1:].isdigit() and (p / "antall.csv").is_file()]
    if not versions:
        yield "Dokumentasjonen mangler."
        return
    newest = max(versions, key=lambda p: int(p.name[1:]))
    try:
        stated = pl.read_csv(newest / "antall.csv", separator=";", columns=["fil", "rader"]).rows()
    except (pl.exceptions.PolarsError, OSError):
        yield "antall.csv kan ikke leses."
        return
    for file, rows in stated:
        path = folder / str(file)
        if path.is_file() and _rows(path) != rows:
            yield f"{path.name}: antall rader er ikke det som dokumentasjonen sier."


def _rows(path: Path) -> int | None:
    try:
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError):
        return None
