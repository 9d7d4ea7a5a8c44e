"""Numbered, immutable releases on disk, and their calendar.

Belongs here: folders, manifests, the pointer to the latest. Must not be here: any decision on what may be shown.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipeline.disclosure.gate import ReleaseCandidate, counts_path, inputs_path, members_path
from pipeline.errors import UserError
from pipeline.released import ReleasedTables
from pipeline.settings import Home
from pipeline.store import json_text, parquet_bytes, write_bytes, write_text

_RISKY_START = r"^[=+\-@\t\r]"
_NUMBER = r"^-?\d+([.,]\d+)?$"


def release_due(previous: Sequence[ReleasedTables], today: date) -> bool:
    """Whether the calendar asks for a release: the first at once, later ones when a new month has begun.

    Municipalities have a slower calendar of their own inside the release (half-yearly); see ``release_tables.json``.
    """
    if not previous:
        return True
    then = datetime.fromisoformat(str(previous[-1].manifest["beregnet"])).date()
    return (today.year, today.month) > (then.year, then.month)


def write_release(released: ReleasedTables, home: Home, write_site: Callable[[ReleasedTables, Path], None]) -> Path:
    """Write ``releases/<id>/`` whole or not at all, then point ``releases/latest`` to it.

    Args:
        released: what ``build_release`` made; the members behind it go to the warehouse, not into the release.
        home: the folders.
        write_site: writes the release's frozen site into the given folder.

    Raises:
        UserError: the release exists already; a release is never changed.
    """
    target = home.releases / released.release_id
    if target.exists():
        raise UserError(f"The release {released.release_id} exists already.", "A release is never changed; make the next one.")
    draft = home.releases / f".{released.release_id}.new"
    shutil.rmtree(draft, ignore_errors=True)
    for name, frame in sorted(released.tables.items()):
        write_bytes(draft / "tables" / f"{name}.parquet", parquet_bytes(frame))
        write_text(draft / "tables" / f"{name}.csv", _harmless(frame).write_csv(separator=";"))
    write_text(draft / "manifest.json", json_text(dict(released.manifest)))
    public = ReleasedTables(released.release_id, released.tables, released.manifest)
    write_site(public, draft / "site")
    if isinstance(released, ReleaseCandidate):
        write_bytes(members_path(home, released.release_id), parquet_bytes(released.behind), mode=0o600)
        write_bytes(counts_path(home, released.release_id), parquet_bytes(released.counts), mode=0o600)
        write_bytes(inputs_path(home, released.release_id), json_text(dict(released.inputs)).encode("utf-8"), mode=0o600)
    draft.rename(target)
    _point_to(home, released.release_id)
    return target


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Text that a spreadsheet would take for a formula gets an apostrophe."""
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(
        pl.when(pl.col(n).str.contains(_RISKY_START) & ~pl.col(n).str.contains(_NUMBER) & (pl.col(n) != "-"))
        .then(pl.lit("'") + pl.col(n))
        .otherwise(pl.col(n))
        .alias(n)
        for n in text
    )


def _point_to(home: Home, release_id: str) -> None:
    pointer, fresh = home.releases / "latest", home.releases / ".latest.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(release_id)
    os.replace(fresh, pointer)


def is_news(candidate: ReleasedTables, home: Home) -> bool:
    """Whether the tables behind the candidate are others than those behind the newest release, or nobody knows the latter."""
    folders = list(_folders(home))
    ledger = inputs_path(home, folders[-1].name) if folders else None
    if ledger is None or not ledger.is_file() or not isinstance(candidate, ReleaseCandidate):
        return True
    return bool(json.loads(ledger.read_text(encoding="utf-8")) != dict(candidate.inputs))


def point_to_newest(home: Home) -> None:
    """Let ``releases/latest`` name the newest release, also after a run that was killed between writing it and pointing to it."""
    folders = list(_folders(home))
    pointer = home.releases / "latest"
    if folders and (not pointer.is_symlink() or os.readlink(pointer) != folders[-1].name):
        _point_to(home, folders[-1].name)


def load_release(path: Path) -> ReleasedTables:
    """The release in a folder.

    Raises:
        UserError: the folder is no release.
    """
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        tables = {file.stem: pl.read_parquet(file) for file in sorted((path / "tables").glob("*.parquet"))}
        return ReleasedTables(str(manifest["release_id"]), tables, manifest)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as broken:
        raise UserError(
            f"The folder {path.name} is not a whole release.", "Restore it from backup; releases are never changed."
        ) from broken


def _folders(home: Home) -> Iterator[Path]:
    if home.releases.is_dir():
        yield from sorted(p for p in home.releases.iterdir() if p.is_dir() and not p.is_symlink() and not p.name.startswith("."))


def previous_releases(home: Home) -> list[ReleasedTables]:
    """All releases, oldest first."""
    return [load_release(path) for path in _folders(home)]


def latest_release(home: Home) -> ReleasedTables | None:
    """The newest whole release, None when there is none."""
    folders = list(_folders(home))
    return load_release(folders[-1]) if folders else None
