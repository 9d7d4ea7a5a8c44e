"""What one nightly run carries from asset to asset: settings, keys, warehouse, progress; and the rule for "nothing new, nothing done"."""

import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl

from pipeline.engine import doubled_keys, spill_place
from pipeline.errors import Fault, UserError
from pipeline.pseudonyms import IdentityHistory, Keys, check_home_key, home_history, load_keys
from pipeline.settings import Settings
from pipeline.store import Warehouse, code_hash, digest
from pipeline.tables import STATES

Output = tuple[str, str]
# A table as computed: a frame, or the finished Parquet file of one too large to be held (under the warehouse's `unfinished` name).
Made = pl.DataFrame | Path
T = TypeVar("T")


class StepFailed(Fault):
    """A stage broke. Says which step, which kind of error and where in the code; never the error's own text, which may hold values."""


@dataclass
class Night:
    """One run over one home.

    ``facts`` gathers value-free counts for ``status.json``; ``built`` names the steps that were computed anew; ``completed`` is set by
    the last asset; ``failure`` is the value-free text of what broke.
    """

    settings: Settings
    progress: Callable[[str], None] = lambda _text: None
    facts: dict[str, object] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)
    completed: bool = False
    failure: str = ""

    @cached_property
    def keys(self) -> Keys:
        keys = load_keys(self.settings)
        check_home_key(self.settings.home, keys)
        return keys

    @cached_property
    def identity_history(self) -> IdentityHistory:
        return home_history(self.settings)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.settings.home)

    @property
    def stamp(self) -> str:
        return self.settings.now.isoformat()

    def tables(self, state: str, names: Iterable[str]) -> dict[str, pl.DataFrame]:
        return {name: self.warehouse.read(state, name) for name in names}

    def inputs(self, tables: Iterable[Output], *extra: str) -> str:
        return digest([*(f"{s}/{t}:{self.warehouse.hash(s, t)}" for s, t in sorted(tables)), *extra])

    def build(
        self,
        step: str,
        inputs: str,
        code: Iterable[str],
        outputs: Iterable[Output],
        compute: Callable[[], Mapping[Output, Made]],
    ) -> bool:
        """Compute and write the step's tables unless they already stand for these inputs and this code.

        Returns:
            Whether anything was computed.

        Raises:
            StepFailed: the stage broke (value-free).
        """
        wanted, version = list(outputs), code_hash(*code)
        if self.warehouse.is_current(step, inputs, version, wanted):
            return False
        self.progress(step)
        made = self.guard(step, compute)
        try:
            self.guard(step, lambda: [self._refuse_doubled(state, table, made[(state, table)]) for state, table in wanted])
            for state, table in wanted:
                self._keep(state, table, made[(state, table)])
        finally:
            for left in made.values():
                if isinstance(left, Path):
                    left.unlink(missing_ok=True)
        self.warehouse.record_build(step, inputs, version, self.stamp)
        self.built.append(step)
        return True

    def _keep(self, state: str, table: str, made: Made) -> None:
        if isinstance(made, Path):
            self.warehouse.place(state, table, made)
        else:
            self.warehouse.write(state, table, made)

    def _refuse_doubled(self, state: str, table: str, made: Made) -> None:
        """Nothing is built on a table of participations or figures whose key names two rows."""
        described = STATES[state][table]
        if state == "inndata" or not described.key:
            return
        if isinstance(made, Path):
            with spill_place(self.settings) as spill:
                doubled = doubled_keys(made, described, self.settings.memory_limit, spill)
        else:
            doubled = int(made.select(described.key).is_duplicated().sum()) if made.height else 0
        if doubled:
            raise StepFailed(f"{state}.{table}: {doubled} rows share their key with another row; nothing was written.")

    def guard(self, step: str, call: Callable[[], T]) -> T:
        """``value_free``, and remembers what broke for the status."""
        try:
            return value_free(step, call)
        except (UserError, Fault) as told:
            self.failure = str(told)
            raise

    def materialized(self, outputs: Iterable[Output], built: bool, started: float) -> Iterator[dg.MaterializeResult]:
        """One value-free event per table: rows, hash, whether it was made anew."""
        for state, table in outputs:
            path = self.warehouse.path(state, table)
            rows = pl.scan_parquet(path).select(pl.len()).collect().item() if path.is_file() else 0
            yield dg.MaterializeResult(
                asset_key=f"{state}_{table}",
                metadata={
                    "dagster/row_count": rows,
                    "sha256": self.warehouse.hash(state, table)[:16],
                    "made_anew": built,
                    "step_seconds": round(time.monotonic() - started, 2),
                },
            )


def value_free(step: str, call: Callable[[], T]) -> T:
    """What ``call`` returns; an unforeseen error becomes ``StepFailed`` without its text, one meant for the user passes.

    Both are raised outside the ``except`` block and without cause or context: the event log writes those down too, and they may hold values.
    """
    told: UserError | Fault
    try:
        return call()
    except (UserError, Fault) as known:
        told = known
    # polars' panics are no Exception, and quote values all the same; what would end the process leaves a night that is not whole
    except (Exception, SystemExit, pl.exceptions.PanicException) as problem:
        frames = [f for f in traceback.extract_tb(problem.__traceback__) if "site-packages" not in f.filename]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
        # what the operating system says of an error, a full disk among them, is a fixed text
        why = f" ({os.strerror(problem.errno)})" if isinstance(problem, OSError) and problem.errno else ""
        told = StepFailed(f"{step}: {type(problem).__name__}{why} at {where}")
    told.__cause__ = told.__context__ = None
    raise told
