"""Whether this machine and this home can run a night."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from pipeline.errors import UserError
from pipeline.settings import Settings

NEEDED_FREE = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: its name, whether it is well, and what to do when not."""

    name: str
    ok: bool
    note: str

    def line(self) -> str:
        return f"{'ok     ' if self.ok else 'MEND   '}{self.name}: {self.note}"


def _python(_settings: Settings) -> Finding:
    return Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])


def _libraries(_settings: Settings) -> Finding:
    names = ("polars", "duckdb", "great-expectations", "dagster", "plotly")
    return Finding("libraries", True, ", ".join(f"{n} {version(n)}" for n in names))


def _home(settings: Settings) -> Finding:
    root = settings.home.root
    place = root if root.exists() else root.parent
    ok = place.is_dir() and os.access(place, os.W_OK)
    return Finding("home", ok, str(root) if ok else f"{root} cannot be written; choose another --home")


def _identified(settings: Settings) -> Finding:
    folder = settings.home.identified
    if not folder.exists():
        return Finding("identified zone", True, "not made yet")
    ok = folder.stat().st_mode & 0o077 == 0
    return Finding("identified zone", ok, "0700" if ok else "open to others; run chmod 700 on it")


def _disk(settings: Settings) -> Finding:
    place = settings.home.root if settings.home.root.exists() else settings.home.root.parent
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= NEEDED_FREE, f"{free / 1024**3:.1f} GiB free")


def _key(settings: Settings) -> Finding:
    from pipeline.pseudonyms import load_keys

    try:
        keys = load_keys(settings)
    except UserError as refused:
        return Finding("key", False, str(refused))
    return Finding("key", True, f"version {keys.version}, check value {keys.check_value}")


def _inbox(settings: Settings) -> Finding:
    inbox = settings.home.inbox
    senders = sum(1 for p in inbox.iterdir() if p.is_dir()) if inbox.is_dir() else 0
    return Finding(
        "inbox",
        senders > 0,
        f"{senders} senders" if senders else "empty; put deliveries in inbox/<avsender>/, or run 'jobbsjansen sample'",
    )


CHECKS: tuple[Callable[[Settings], Finding], ...] = (_python, _libraries, _home, _identified, _disk, _key, _inbox)


def examine(settings: Settings) -> list[Finding]:
    """One finding per check, in a fixed order."""
    return [check(settings) for check in CHECKS]
