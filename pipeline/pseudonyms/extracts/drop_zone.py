"""What lies in the registers' drop zones and stands still.

The only clock here is the machine's, and only to tell whether a file is still being written.

Belongs here: which files may be read tonight. Must not be here: reading them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.pseudonyms.extract_files import file_places, files_and_closed_folders

UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
BUSY_FOLDERS = ("_temporary", "_started")


@dataclass(frozen=True)
class DropZone:
    """One register's drop zone.

    Attributes:
        files: what may be read, sorted.
        waiting: top entries that are still being written; left for the next night whole, a folder with all it holds.
        problem: why nothing of it can be read; else empty.
        ignored: links, and files that are neither Parquet nor CSV.
    """

    files: list[Path]
    waiting: int
    problem: str = ""
    ignored: int = 0


def drop_zones(
    registers: Path, names: Iterable[str], min_age_seconds: float, wait: Callable[[float], None] = time.sleep
) -> dict[str, DropZone]:
    """The drop zone of each register. Young files are looked at once more after ``min_age_seconds``; all of them wait together.

    A folder is one thing: while any file in it changes, or a name in it says that it is not finished, none of it is read.
    """
    tops = {name: _tops(registers / name) for name in names}
    closed = {name for name, found in tops.items() if found is None}
    looks = {top: _look(top) for found in tops.values() for top in found or []}
    border = time.time_ns() - int(min_age_seconds * 1e9)
    young = [top for top, look in looks.items() if any(changed > border for _, _, changed in look)]
    if young:
        wait(min_age_seconds)
    busy = {top for top in young if _look(top) != looks[top]} | {top for top in looks if _says_unfinished(top)}
    return {name: _zone(name, found or [], busy, closed=name in closed) for name, found in tops.items()}


def _zone(name: str, found: list[Path], busy: set[Path], *, closed: bool) -> DropZone:
    still = [top for top in found if top not in busy]
    files, inner = files_and_closed_folders(still)
    unread = [path for path in files if not os.access(path, os.R_OK)]
    what = ""
    if closed:
        what = "the folder"
    elif inner:
        what = f"{len(inner)} folder(s) in it"
    elif unread:
        what = f"{len(unread)} file(s)"
    first = f" (first: {file_places(files)[unread[0]]})" if unread and not inner else ""
    cure = f"Give the user who runs the night read permission on registers/{name}{' and every folder in it' if inner else ''}."
    problem = f"{what} may not be read by this user{first}. {cure}" if what else ""
    return DropZone(files, len(found) - len(still), problem, 0 if inner else _ignored(still, files))


def _ignored(tops: list[Path], files: list[Path]) -> int:
    """How many entries nobody reads: links and other kinds of files; not what programs leave beside their files."""
    inside = {path for top in tops for path in _inside(top) if path.is_symlink() or not path.is_dir()}
    return sum(not path.name.startswith((".", "_", "~$")) for path in inside - set(files))


def _tops(folder: Path) -> list[Path] | None:
    """What lies in a drop zone; None when it may not be opened, or tells names and nothing else."""
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [top for top in found if _still_there(top)]
    except OSError:
        return None


def _still_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:  # gone between two looks
        return False
    return True


def _inside(top: Path) -> list[Path]:
    return [top, *sorted(top.rglob("*"))] if top.is_dir() and not top.is_symlink() else [top]


def _look(top: Path) -> list[tuple[str, int, int]]:
    """Name, size and last change of everything in it."""
    found = []
    for path in _inside(top):
        try:
            facts = path.lstat()
        except OSError:  # gone between two looks
            continue
        found.append((path.as_posix(), facts.st_size, max(facts.st_mtime_ns, facts.st_ctime_ns)))
    return found


def _says_unfinished(top: Path) -> bool:
    return any(path.name.lower().endswith(UNFINISHED) or path.name in BUSY_FOLDERS for path in _inside(top))
