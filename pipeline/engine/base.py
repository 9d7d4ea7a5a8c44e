"""What a stage may ask of an engine, and how an engine says that a step failed.

Belongs here: the interface and its error. Must not be here: any engine's own ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

from pipeline.errors import Fault
from pipeline.tables import Table

T = TypeVar("T")


class StepFailed(Fault):
    """A step failed; names the step and the kind of error, never what the engine said (it quotes values)."""


class Engine(Protocol):
    """Views over files, steps of SQL that become tables, and tables taken out again.

    SQL is written once, in DuckDB's dialect (limits: ``docs/engines.md``). Every method raises ``StepFailed``
    when the engine refuses.
    """

    def show_parquet(self, name: str, path: Path | None, table: Table) -> None:
        """Let a Parquet file be seen as ``name``; a missing one is an empty view with the described columns."""

    def show_frame(self, name: str, frame: pl.DataFrame) -> None:
        """Let a frame be seen as the table ``name``; it has to be small enough to be held in memory."""

    def run(self, name: str, sql: str, parameters: Mapping[str, int | str]) -> None:
        """Run a step and keep its rows as the table ``name``; ``$x`` in the SQL is bound to ``parameters["x"]``."""

    def fetch(self, name: str, table: Table) -> pl.DataFrame:
        """The table ``name`` as a frame that conforms to ``table``; for what is small enough to be held in memory."""

    def write(self, name: str, table: Table, target: Path) -> None:
        """The table ``name`` as one Parquet file: the described columns and types, sorted by key (nulls last); equal rows, equal bytes.

        After a failure there is no file. ``target`` is a name that nobody reads yet; ``pipeline.store.finish_file`` puts it in its place.
        """

    def close(self) -> None:
        """Let go of everything that was shown or made."""


def value_free(
    step: str,
    call: Callable[[], T],
    errors: type[Exception] | tuple[type[Exception], ...],
    cure: Callable[[Exception], str] = lambda _error: "",
) -> T:
    """What ``call`` returns; one of ``errors`` becomes ``StepFailed``, without its text, cause or context.

    Args:
        step: what is said to have failed.
        call: the step.
        errors: the engine's errors.
        cure: how to mend an error that is no bug (want of memory or disk), without a value; empty where it is one.
    """
    try:
        return call()
    except errors as error:
        told = f"The step {step} failed ({_kind(error)})."
        mend = cure(error)
    raise StepFailed(f"{told} {mend}".strip(), ours=not mend)


def _kind(error: Exception) -> str:
    # Spark names its errors (CAST_OVERFLOW, …): the name is from its own list and holds no value.
    condition = getattr(error, "getCondition", lambda: None)()
    return str(condition or type(error).__name__)
