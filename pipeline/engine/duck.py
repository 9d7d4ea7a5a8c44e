"""DuckDB in this process: limited memory, spilling to disk, nothing looked up and nothing downloaded.

Belongs here: everything that knows DuckDB's ways of running a step. Must not be here: what a step computes.
"""

from __future__ import annotations

from pathlib import Path

import duckdb


def connect(memory_limit: str, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database: limited memory, no look-up of Python variables, nothing downloaded.

    Args:
        memory_limit: as DuckDB writes sizes, e.g. ``1500MB``.
        spill: folder for what does not fit in memory; ``None`` lets nothing out on disk.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory_limit,
            "temp_directory": str(spill) if spill else "",
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        },
    )
