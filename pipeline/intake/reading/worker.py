"""The child process that opens what senders wrote: bounded in memory, killed by its parent when it takes too long.

Reads one JSON request per line (``source``, ``table``), writes the raw tables as Arrow streams, one after the other, into the open
file that its parent gave it and answers with one JSON line, in which ``sizes`` tells where each stream ends. It says nothing else: what
parsers print or raise may quote the file.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from pipeline.intake.findings import Finding, Reading
from pipeline.intake.reading.containers import read_delivery
from pipeline.rules import limits


def main(output: int) -> None:
    """Serve requests until the parent closes the pipe.

    Args:
        output: descriptor of the file for the tables; each answer begins at its start.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (limits()["parse_memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(_serve(Path(request["source"]), request["table"], output)) + "\n")
        answers.flush()


def _serve(source: Path, table: str | None, output: int) -> dict[str, Any]:
    try:
        reading = read_delivery(source.read_bytes(), table)
    except MemoryError:
        reading = Reading([Finding("JS012")])
    except BaseException as crash:
        if isinstance(crash, (KeyboardInterrupt, SystemExit)):
            raise
        # also a Rust panic (a BaseException) ends here: our fault or a parser's, and its text may quote the file
        reading = Reading([Finding("JS013")], facts={"crash": type(crash).__name__})
    try:
        return reading.facts_json() | {"sizes": _write(reading, output)}
    except OSError:
        return {"unwritten": True}


def _write(reading: Reading, output: int) -> dict[str, int]:
    """Write the tables as streams and tell the size of each, in the order they stand."""
    with os.fdopen(output, "wb", closefd=False) as handle:
        handle.seek(0)
        handle.truncate()
        sizes = {}
        for name, frame in reading.tables.items():
            stream = io.BytesIO()
            frame.write_ipc_stream(stream)
            sizes[name] = handle.write(stream.getbuffer())
    return sizes
