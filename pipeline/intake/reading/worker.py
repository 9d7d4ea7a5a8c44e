"""The child process that opens what senders wrote: bounded in memory, killed by its parent when it takes too long.

Reads one JSON request per line (``source``, ``table``, ``target``), writes the raw tables as Arrow streams into ``target`` and
answers with one JSON line. It says nothing else: what parsers print or raise may quote the file.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from pipeline.intake.findings import Finding, Reading
from pipeline.intake.reading.containers import read_delivery
from pipeline.rules import limits


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_AS, (limits()["parse_memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(_serve(Path(request["source"]), request["table"], Path(request["target"]))) + "\n")
        answers.flush()


def _serve(source: Path, table: str | None, target: Path) -> dict[str, Any]:
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
        for name, frame in reading.tables.items():
            frame.write_ipc_stream(target / name)
    except OSError:
        return {"unwritten": True}
    return reading.facts_json()
