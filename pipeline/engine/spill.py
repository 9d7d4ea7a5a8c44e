"""The folder for what does not fit in memory: one per run, readable by its owner alone, gone afterwards.

Belongs here: making and removing it, also what a killed run left. Must not be here: what is put into it.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.settings import Settings


@contextmanager
def spill_place(settings: Settings) -> Iterator[Path]:
    """A new folder (0700) under ``settings.spill_folder``, or inside the warehouse; removed with all it holds, also after a failure.

    What runs that were killed on this machine have left there is removed first: it holds pseudonymised rows.
    """
    own = settings.spill_folder is None
    parent = settings.home.warehouse / ".spill" if settings.spill_folder is None else settings.spill_folder
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_left(parent)
    place = _free_name(parent)
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if own:
            _remove_if_empty(parent)


def _free_name(parent: Path) -> Path:
    number = 0
    while (place := parent / f".jobbsjansen.{socket.gethostname()}.{os.getpid()}.{number}.tmp").exists():
        number += 1
    return place


def _remove_left(parent: Path) -> None:
    for place in parent.glob(f".jobbsjansen.{socket.gethostname()}.*.tmp"):
        process = place.name.split(".")[-3]
        if process.isdecimal() and not _lives(int(process)):
            shutil.rmtree(place, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
