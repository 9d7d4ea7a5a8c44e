"""Running the command that fetches a key: no shell, a time limit, bounded output, and nothing of it in any message.

Belongs here: the process. Must not be here: what its output means.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence

from pipeline.errors import RefusedStart

_CURE = "Run it by hand as this user, with its output thrown away, and look at its exit code."


def output_of(words: Sequence[str], seconds: float, limit: int) -> bytes:
    """What the command writes to standard output, at most ``limit`` bytes; what it writes to standard error is thrown away.

    Raises:
        RefusedStart: it cannot be run, ends with another code than 0, takes longer than ``seconds``, or writes more.
    """
    process = _started(words)
    try:
        output = _read(process, time.monotonic() + seconds, limit)
        failed = output is not None and process.poll() != 0
    finally:
        _end(process)
    if output is None:
        raise RefusedStart(f"The key command did not end within {seconds:g} seconds.", _CURE)
    if len(output) > limit:
        raise RefusedStart(f"The key command wrote more than {limit} bytes.", "Let it write the key document and nothing else.")
    if failed:
        raise RefusedStart("The key command failed.", _CURE)
    return output


def _started(words: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        # A group of its own, so that what it has started ends with it.
        return subprocess.Popen(  # noqa: S603 -- the operator's own command, split into words and given to no shell
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, ValueError):
        pass
    # Raised outside the handler: the arguments may hold a token.
    raise RefusedStart("The key command cannot be run.", "Give the path of an executable file.")


def _read(process: subprocess.Popen[bytes], deadline: float, limit: int) -> bytes | None:
    """The output until it ends and the process has ended, or is over the limit; ``None`` when time is up."""
    stream = process.stdout
    if stream is None:  # never so with a pipe asked for
        return b""
    output = b""
    while len(output) <= limit:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            return None
        block = os.read(stream.fileno(), limit + 1)
        if not block:
            return _ended(process, deadline, output)
        output += block
    return output


def _ended(process: subprocess.Popen[bytes], deadline: float, output: bytes) -> bytes | None:
    try:
        process.wait(max(deadline - time.monotonic(), 0.01))
    except subprocess.TimeoutExpired:
        return None
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
