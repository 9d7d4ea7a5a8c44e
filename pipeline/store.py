"""Files that appear whole or not at all, and the record of what each table was built from.

Belongs here: atomic writing, hashing, the warehouse, the home's lock. Must not be here: any knowledge of a table's content.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import HomeBusy, RefusedStart
from pipeline.settings import Home
from pipeline.tables import STATES

PACKAGE = Path(__file__).parent


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write ``data`` to ``path`` by temporary file, fsync and rename; an equal file is left untouched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def finish_file(temporary: Path, target: Path) -> None:
    """Put a finished file in its place (fsync and rename); where an equal file stands already, that one is left untouched."""
    if target.is_file() and target.stat().st_size == temporary.stat().st_size and sha256_file(target) == sha256_file(temporary):
        temporary.unlink()
        return
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, target)


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """``write_bytes`` of UTF-8 text."""
    write_bytes(path, text.encode("utf-8"), mode)


def json_text(value: Any) -> str:
    """JSON with sorted keys, two blanks of indent and a final newline: equal content, equal bytes."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n"


def sha256_bytes(data: bytes) -> str:
    """SHA-256 as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content as lower-case hex, read in blocks."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(parts: Iterable[str]) -> str:
    """One hash of an ordered list of strings (length-prefixed, so that no two lists collide by joining)."""
    hasher = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8")
        hasher.update(len(raw).to_bytes(8, "big") + raw)
    return hasher.hexdigest()


def code_hash(*packages: str) -> str:
    """Hash of the source of the named folders or modules under ``pipeline/`` and of what all stages share."""
    names = sorted({*packages, "tables", "codes", "errors.py", "settings.py", "store.py", "released.py", "identity_shape.py"})
    files: list[Path] = []
    for name in names:
        place = PACKAGE / name
        files += (
            sorted(p for p in place.rglob("*") if p.is_file() and "__pycache__" not in p.parts) if place.is_dir() else [place]
        )
    return digest(f"{p.relative_to(PACKAGE)}:{sha256_file(p)}" for p in files)


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Deterministic Parquet: same frame, same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=3, statistics=True)
    return buffer.getvalue()


@dataclass(frozen=True)
class Warehouse:
    """Tables as Parquet under ``warehouse/<state>/<table>.parquet`` and ``build.json``: what each was built from."""

    home: Home

    def path(self, state: str, table: str) -> Path:
        return self.home.warehouse / state / f"{table}.parquet"

    def write(self, state: str, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Conform ``frame`` to the table's description, write it, and return what was written."""
        conformed = STATES[state][table].conform(frame)
        write_bytes(self.path(state, table), parquet_bytes(conformed))
        return conformed

    def unfinished(self, state: str, table: str) -> Path:
        """Where a stage that writes its own file puts it until ``place`` moves it; what a killed run leaves there is swept."""
        path = self.path(state, table)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def place(self, state: str, table: str, finished: Path) -> None:
        """Move a finished Parquet file into the table's place; an equal file there is left untouched."""
        finish_file(finished, self.path(state, table))

    def read(self, state: str, table: str) -> pl.DataFrame:
        """The table as last written; an empty one when it does not exist yet."""
        path = self.path(state, table)
        return pl.read_parquet(path) if path.is_file() else STATES[state][table].empty()

    def scan(self, state: str, table: str) -> pl.LazyFrame:
        """The table as last written, read only as far as it is asked for; an empty one when it does not exist yet."""
        path = self.path(state, table)
        return pl.scan_parquet(path, hive_partitioning=False) if path.is_file() else STATES[state][table].empty().lazy()

    def hash(self, state: str, table: str) -> str:
        path = self.path(state, table)
        return sha256_file(path) if path.is_file() else ""

    @property
    def _build_file(self) -> Path:
        return self.home.warehouse / "build.json"

    def build_record(self, step: str) -> dict[str, str]:
        """``{inputs, code, computed}`` of the step's last build, empty when never built."""
        if not self._build_file.is_file():
            return {}
        return dict(json.loads(self._build_file.read_text(encoding="utf-8")).get(step, {}))

    def is_current(self, step: str, inputs: str, code: str, outputs: Iterable[tuple[str, str]]) -> bool:
        """True when the step was built from these inputs by this code and all its tables are still there."""
        record = self.build_record(step)
        return (
            record.get("inputs") == inputs and record.get("code") == code and all(self.path(s, t).is_file() for s, t in outputs)
        )

    def record_build(self, step: str, inputs: str, code: str, computed: str) -> None:
        records: dict[str, Mapping[str, str]] = {}
        if self._build_file.is_file():
            records = json.loads(self._build_file.read_text(encoding="utf-8"))
        records[step] = {"inputs": inputs, "code": code, "computed": computed}
        write_text(self._build_file, json_text(records))


@contextmanager
def home_lock(home: Home) -> Iterator[None]:
    """Hold the home for one run; the operating system lets go when the process dies.

    Raises:
        HomeBusy: another process holds it.
        RefusedStart: the home cannot be written.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise RefusedStart(f"The home {home.root} is no folder that can be written.", "Choose another --home.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise HomeBusy("Another run holds this home.", "Wait until it has ended, or use another --home.") from busy
        yield
    finally:
        os.close(descriptor)


def is_held(home: Home) -> bool:
    """Whether a run holds the home."""
    try:
        descriptor = os.open(home.lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def sweep(home: Home) -> int:
    """Remove what a killed run left half written (``.<name>.<pid>.tmp``, file or folder) and return how many; only under the home's lock."""
    places = (home.warehouse, home.releases, home.identified, home.receipts, home.exports, home.snapshot.parent)
    leftovers = [path for place in places if place.is_dir() for path in sorted(place.rglob(".*.tmp"))]
    for path in leftovers:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return len(leftovers)
