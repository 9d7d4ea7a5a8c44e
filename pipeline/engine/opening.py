"""The engine that the settings ask for.

Belongs here: the choice, and that everything is let go of afterwards. Must not be here: any engine's own ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.engine.base import Engine
from pipeline.engine.duck import DuckEngine
from pipeline.engine.spill import spill_place
from pipeline.settings import Settings


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """An empty engine; closed, and its spill folder removed, when the block ends or fails.

    Raises:
        UserError: Spark is asked for and is not installed, or no session can be had.
    """
    with spill_place(settings) as spill:
        engine = _engine(settings, spill)
        try:
            yield engine
        finally:
            engine.close()


def _engine(settings: Settings, spill: Path) -> Engine:
    if settings.engine == "duckdb":
        return DuckEngine(settings.memory_limit, spill)
    # pyspark and sqlglot cost seconds and are needed here alone
    from pipeline.engine.spark import SparkEngine

    return SparkEngine(settings, spill)
