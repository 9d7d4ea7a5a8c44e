"""What lies in the inbox: stable files of known senders, and what may not be opened.

The only clock here is the machine's, and only to tell whether a file is still being written.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError
from pipeline.intake.reading.spelling import table_named
from pipeline.intake.senders import UNKNOWN, senders
from pipeline.rules import limits
from pipeline.settings import Settings

UNFINISHED = (".part", ".tmp")


@dataclass(frozen=True)
class Found:
    """One entry of the inbox that stands still.

    Attributes:
        avsender: the sender's folder when it is a known sender, else ``ukjent``.
        path: where it lies; never logged, never written.
        name_hash: hash of folder and file name.
        look: size, mtime, ctime, inode: what must not change while the file is read.
        problem: code of the rule that keeps it from being opened, else empty.
    """

    avsender: str
    path: Path
    name_hash: str
    look: tuple[int, ...]
    problem: str = ""

    @property
    def table(self) -> str | None:
        """The delivery table that the file's name starts with."""
        return table_named(self.path.name)

    @property
    def mtime(self) -> int:
        return self.look[1]


class Moved(Exception):
    """The file could not be opened, or changed while it was read."""


def discover(settings: Settings, wait: Callable[[float], None] = time.sleep) -> tuple[list[Found], int]:
    """Every entry of the inbox that has stood still for ``settings.min_age_seconds``, in no particular order, and how many have not.

    Younger files are looked at once more after that time; one that still changes is left for the next night, and so is one whose name says
    that it is not finished.
    """
    lying = _entries(settings.home.inbox)
    entries = [(path, folder) for path, folder in lying if not _unfinished(path.name)]
    looks = {path: look for path, _ in entries if (look := _look(path)) is not None}
    border = time.time_ns() - int(settings.min_age_seconds * 1e9)
    young = [path for path, look in looks.items() if max(look[1], look[2]) > border]
    if young:
        wait(settings.min_age_seconds)
        for path in young:
            if _look(path) != looks[path]:
                del looks[path]
    still = [_found(path, folder, looks[path]) for path, folder in entries if path in looks]
    return still, len(lying) - len(still)


def look_at(path: Path, avsender: str) -> Found:
    """One file anywhere as if it lay in that sender's folder.

    Raises:
        UserError: there is no such file.
    """
    look = _look(path)
    if look is None:
        raise UserError("Filen finnes ikke.", "Kontroller stien.")
    return _found(path, avsender, look)


def read_stable(found: Found) -> bytes:
    """The file's bytes, read without following links.

    Raises:
        Moved: it is no longer the regular file that was found, or changed under our hands.
    """
    try:
        descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise Moved from None
    with os.fdopen(descriptor, "rb") as handle:
        if _signature(os.fstat(descriptor)) != found.look:
            raise Moved
        data = handle.read(found.look[0] + 1)
        if _signature(os.fstat(descriptor)) != found.look or len(data) != found.look[0]:
            raise Moved
    return data


def _entries(inbox: Path) -> list[tuple[Path, str]]:
    """Entries with the name of the folder they lie in; empty name directly in the inbox. Links to folders are not followed."""
    if not inbox.is_dir():
        return []
    found: list[tuple[Path, str]] = []
    for top in sorted(inbox.iterdir()):
        if top.is_dir() and not top.is_symlink():
            try:
                inside = sorted(top.iterdir())
            except OSError:  # a folder that may not be opened is told of itself; the others' deliveries are taken in
                inside = []
                found.append((top, ""))
            found += [(path, top.name) for path in inside if not _of_programs(path.name)]
        elif not _of_programs(top.name):
            found.append((top, ""))
    return found


def _unfinished(name: str) -> bool:
    return name.lower().endswith(UNFINISHED)


def _of_programs(name: str) -> bool:
    """What office programs and file browsers leave beside a file: never a delivery."""
    return name.startswith(("~$", "."))


def _look(path: Path) -> tuple[int, ...] | None:
    try:
        return _signature(os.lstat(path))
    except OSError:
        return None


def _signature(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_mode, status.st_nlink)


def _found(path: Path, folder: str, look: tuple[int, ...]) -> Found:
    known = folder in senders()
    name_hash = hashlib.sha256(os.fsencode(f"{folder}/{path.name}")).hexdigest()
    return Found(folder if known else UNKNOWN, path, name_hash, look, _problem(known, look))


def _problem(known: bool, look: tuple[int, ...]) -> str:
    size, mode, links = look[0], look[4], look[5]
    if not stat.S_ISREG(mode):
        return "JS002"
    if links != 1:
        return "JS003"
    if not known:
        return "JS001"
    return "JS004" if size > limits()["file_bytes"] else ""
