"""The parent's side of the reading processes: a child lives the whole night, replaced when it dies or takes too long."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import polars as pl

from pipeline.intake.findings import Finding, Reading
from pipeline.rules import limits
from pipeline.store import PACKAGE

# Isolated (-I): neither the user's folder nor PYTHON* variables say what is imported; our own code comes last in the search.
_START = "import sys; sys.path.append(sys.argv[1]); from pipeline.intake.reading.worker import main; main(int(sys.argv[2]))"
AT_ONCE = 2  # each may take the memory of the limits
T = TypeVar("T")
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class Sandbox:
    """Reads deliveries in a child process; use as a context manager.

    Args:
        folder: a folder in the identified zone for the child's output: one file without a name, which no killed run leaves behind.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob("reading-*"):  # earlier versions read into folders, which a killed run left
            shutil.rmtree(left)
        self._folder = folder.absolute()  # the child stands in this folder, not where the user stands
        self._output = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed on leaving
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        self._output.close()

    def read(self, source: Path, table: str | None) -> Reading:
        """The reading of one file; JS012 when the child was killed by its limits or by time.

        Raises:
            OSError: what was read could not be written (a full disk): nothing is decided about the file.
        """
        answer = self._ask({"source": str(source.absolute()), "table": table})
        if answer is None:
            self._end()
            return Reading([Finding("JS012")])
        if "unwritten" in answer:
            raise OSError(errno.EIO, "What the reading process read could not be written.")
        findings = [Finding(f["code"], f["table"], f["column"], tuple(f["rows"]), f["count"]) for f in answer["findings"]]
        return Reading(findings, self._tables(answer["sizes"]), answer["facts"])

    def _tables(self, sizes: dict[str, int]) -> dict[str, pl.DataFrame]:
        """The Arrow streams that stand one after the other in the child's output."""
        self._output.seek(0)
        streams = {name: self._output.read(size) for name, size in sizes.items()}
        return {name: pl.read_ipc_stream(streams[name]) for name in sorted(streams)}

    def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        child = self._running()
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("The reading process has no pipes.")
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            return None
        line = self._line(child.stdout.fileno(), time.monotonic() + limits()["parse_seconds"])
        return None if line is None else json.loads(line)

    def _line(self, pipe: int, deadline: float) -> bytes | None:
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(pipe, 1 << 16) if ready else b""
            if not chunk:
                return None
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            environment = {k: v for k in _ENVIRONMENT if (v := os.environ.get(k))}
            environment["POLARS_MAX_THREADS"] = "2"  # each thread counts against the memory limit
            self._child = subprocess.Popen(  # noqa: S603 - every argument is our own
                [sys.executable, "-I", "-c", _START, str(PACKAGE.parent.absolute()), str(self._output.fileno())], cwd=self._folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
                pass_fds=(self._output.fileno(),),
            )  # fmt: skip
        return self._child

    def _end(self) -> None:
        child, self._child, self._buffer = self._child, None, b""
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        child.wait()


class Readers:
    """As many reading processes as there is use for, which share a night's files; use as a context manager.

    Args:
        folder: as for ``Sandbox``.
        most: how many at once.
    """

    def __init__(self, folder: Path, most: int = AT_ONCE) -> None:
        self._folder, self._most = folder, min(most, os.cpu_count() or 1)
        self._free: queue.LifoQueue[Sandbox] = queue.LifoQueue()  # the one used last is warm
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Readers:
        for _ in range(self._most):
            self._free.put(self._opened.enter_context(Sandbox(self._folder)))
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def all(self, tasks: Iterable[Callable[[Sandbox], T]]) -> list[T]:
        """The answers of tasks that each use one reading process, in the order of the tasks; they are begun in that order."""
        with ThreadPoolExecutor(self._most) as threads:
            return list(threads.map(self._with_free, tasks))

    def _with_free(self, task: Callable[[Sandbox], T]) -> T:
        sandbox = self._free.get()
        try:
            return task(sandbox)
        finally:
            self._free.put(sandbox)
