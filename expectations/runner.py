"""Runs one suite over one batch and keeps only where it failed: rule code, column and the row's own labels.

Results of Great Expectations hold offending values in many places, so nothing of a result leaves this module but the
labels named by the caller. No store, no Data Docs, no usage statistics.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import Any

import polars as pl


class ValidatorCrashed(RuntimeError):
    """A rule could not be evaluated. That is our fault, never the sender's, and never a pass."""


def judge(name: str, frame: pl.DataFrame, expectations: Sequence[Any], index: dict[str, pl.DataType]) -> pl.DataFrame:
    """The failing rows of one batch: one row per broken expectation and row.

    Args:
        name: name of the suite, without values.
        frame: one batch; one row per labelled row.
        expectations: Great Expectations' column expectations; ``meta`` holds ``code`` and ``column``, which the result repeats.
        index: the columns that label a row, with their types; they must hold no value from the data beside the label itself.

    Returns:
        ``code``, ``column`` and the columns of ``index``, sorted by all of them; empty when every rule holds.

    Raises:
        ValidatorCrashed: an expectation raised or was not evaluated; the message holds codes and counts only.
    """
    schema = {"code": pl.String(), "column": pl.String(), **index}
    if frame.is_empty() or not expectations:
        return pl.DataFrame(schema=schema)
    labels = frame.select(pl.col(k).cast(t) for k, t in index.items())
    failing = [pl.DataFrame(schema=schema)]
    with _quiet():
        result = _run(name, frame, expectations, list(index))
    _refuse_crashes(name, result, len(expectations))
    for outcome in result.results:
        meta = outcome.expectation_config.meta
        if not outcome.success:
            rows = labels[_failing_rows(name, outcome, meta["code"])]
            failing.append(rows.select(pl.lit(meta["code"]).alias("code"), pl.lit(meta["column"]).alias("column"), *index))
    return pl.concat(failing).unique().sort(list(schema))


def _run(name: str, frame: pl.DataFrame, expectations: Sequence[Any], index: list[str]) -> Any:
    """The result over the batch; rows are told by their position, which Great Expectations lists much faster than labels."""
    from great_expectations.core.expectation_suite import ExpectationSuite

    used = list(dict.fromkeys(e.column for e in expectations))
    missing = [c for c in [*index, *used] if c not in frame.columns]
    if missing:
        raise ValidatorCrashed(f"Suite {name} looks at {len(missing)} column(s) that the batch lacks: {', '.join(missing)}.")
    suite = ExpectationSuite(name=name, expectations=list(expectations))
    try:
        batch = _batches().get_batch(batch_parameters={"dataframe": frame.select(used).to_pandas()})
        return batch.validate(suite, result_format="COMPLETE")
    except Exception as crash:  # its text may quote the data, so only its kind is kept
        raise ValidatorCrashed(f"Suite {name} could not be evaluated: {type(crash).__name__}.") from None


def _refuse_crashes(name: str, result: Any, expected: int) -> None:
    crashed = [o.expectation_config.meta["code"] for o in result.results if _raised(o.exception_info)]
    if crashed:
        raise ValidatorCrashed(f"Suite {name}: {len(crashed)} rule(s) could not be evaluated: {', '.join(sorted(crashed))}.")
    if len(result.results) != expected:
        raise ValidatorCrashed(f"Suite {name}: {expected} rules were asked for, {len(result.results)} were evaluated.")


def _raised(exception_info: dict[str, Any]) -> bool:
    """Great Expectations nests the information by metric when a metric raised."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(bool(info["raised_exception"]) for info in exception_info.values())


def _failing_rows(name: str, outcome: Any, code: str) -> list[int]:
    """Positions in the batch, counted from 0."""
    rows = outcome.result.get("unexpected_index_list")
    if not rows:
        raise ValidatorCrashed(f"Suite {name}: rule {code} failed without naming a row.")
    return list(rows)


def prepare() -> None:
    """Begin to import Great Expectations in the background, for whoever is about to wait for something else."""
    Thread(target=expectation_classes, name="import", daemon=True).start()


@cache
def expectation_classes() -> Any:
    """The module of expectation classes, imported late, with usage statistics off and its logger silenced."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _quiet():
        _import_spark_connect()
        import great_expectations.expectations as classes

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)
    return classes


def _import_spark_connect() -> None:
    """Before Great Expectations does: a process without a main file (``python -c``) is taken by PySpark for its own doctests, and ended with
    exit code 0 where Spark Connect lacks a package. There it then counts as not installed.
    """
    try:
        import pyspark.sql.connect  # noqa: F401
    except ImportError:
        return
    except SystemExit:
        sys.modules["pyspark.sql.connect"] = None  # type: ignore[assignment]


@cache
def _batches() -> Any:
    """The one batch definition of an ephemeral context: nothing is stored."""
    expectation_classes()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("batches").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("whole")


@contextmanager
def _quiet() -> Iterator[None]:
    """Third-party warnings quote code and data; they are no message of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
