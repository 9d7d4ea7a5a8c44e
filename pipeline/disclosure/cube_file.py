"""A cube as a file in, protected tables as a file out: the command ``disclose``.

Belongs here: reading and checking the two input files, and the shape of the output. Must not be here: any decision on what to hide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.disclosure.audit import audit
from pipeline.disclosure.problem import Pattern, Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.errors import ReleaseRefused, UserError
from pipeline.store import write_text

_RISKY_START = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class CubeSpec:
    """The specification file: the tables, and which columns hold the counts."""

    tables: TableSpec
    count: str
    outcome: str | None


def disclose_file(cube_csv: Path, spec_json: Path, out_csv: Path, internal: bool = False) -> dict[str, int | bool]:
    """Protect the tables of a cube and write them.

    Args:
        cube_csv: one row per inner cell; missing combinations are 0.
        spec_json: dims, hierarchy, count, outcome, threshold, profile, tables.
        out_csv: one row per released cell: the dimensions (``Total`` for a margin, the parent's code in the child's column),
            ``value``, ``suppressed``, with an outcome ``value_outcome`` and ``suppressed_outcome``; hidden is empty.
        internal: adds ``primary`` (and ``primary_outcome``): never to be passed on.

    Returns:
        The audit's counts.

    Raises:
        UserError: a file that cannot be used, or the file to write exists already.
        ReleaseRefused: the audit found a hidden cell that can be computed; no file is written.
    """
    _check_free(out_csv, {"cube": cube_csv, "specification": spec_json})
    spec = read_spec(spec_json)
    problem = build_problem(read_cube(cube_csv, spec), spec.tables, spec.count, spec.outcome)
    pattern = suppress(problem)
    judged = audit(problem, pattern)
    if not judged.passed:
        raise ReleaseRefused(
            "The audit found hidden cells that can be computed; nothing was written.", "Release fewer or coarser tables."
        )
    write_text(out_csv, released_frame(problem, pattern, internal).write_csv())
    return judged.verdict()


def _check_free(out: Path, inputs: Mapping[str, Path]) -> None:
    for name, path in inputs.items():
        if out.exists() and path.exists() and out.samefile(path):
            raise UserError(f"The file to write is the {name} itself.", "Give another name after --out.")
    if out.exists() or out.is_symlink():
        raise UserError(f"The file {out.name} exists already and is never overwritten.", "Give another name, or remove it first.")


def released_frame(problem: Problem, pattern: Pattern, internal: bool = False) -> pl.DataFrame:
    """One row per released cell, sorted by its codes; hidden numbers are null."""
    rows = list(_rows(problem, pattern))
    dims = list(problem.spec.dims)
    counts = ["value", "value_outcome"]
    flags = ["suppressed", "suppressed_outcome", "primary", "primary_outcome"]
    schema: dict[str, Any] = {
        **dict.fromkeys(dims, pl.String),
        **dict.fromkeys(counts, pl.Int64),
        **dict.fromkeys(flags, pl.Boolean),
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    wanted = ["value", "suppressed", *(["value_outcome", "suppressed_outcome"] if problem.has_outcome else [])]
    wanted += ["primary", *(["primary_outcome"] if problem.has_outcome else [])] if internal else []
    return frame.select(
        *(_neutral(d) for d in dims),
        *((pl.when(c).then(pl.lit("True")).otherwise(pl.lit("False")).alias(c) if c in flags else pl.col(c)) for c in wanted),
    )


def _rows(problem: Problem, pattern: Pattern) -> Iterator[tuple[Any, ...]]:
    step = 3 if problem.has_outcome else 1
    for i in range(0, len(problem.measures), step):
        n = problem.measures[i]
        k, rest = (problem.measures[i + 1], problem.measures[i + 2]) if step == 3 else (n, n)
        shown, shown_k = pattern.shown[i], pattern.shown[i + step // 2]
        yield (
            *n.codes, n.value if shown else None, k.value if shown_k else None,
            not shown, not shown_k, n.primary, k.primary or rest.primary,
        )  # fmt: skip


def _neutral(column: str) -> pl.Expr:
    """No spreadsheet may take a code for a formula."""
    risky = pl.any_horizontal([pl.col(column).str.starts_with(sign) for sign in _RISKY_START])
    return pl.when(risky).then(pl.lit("'") + pl.col(column)).otherwise(pl.col(column)).alias(column)


def read_spec(path: Path) -> CubeSpec:
    """The specification file, checked; UserError when it does not have the expected shape."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        spec = _parse(raw)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as broken:
        raise UserError("The specification cannot be read as JSON.", "Give a UTF-8 JSON file.") from broken
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise UserError(
            "The specification does not have the expected shape.",
            "It needs dims, count and tables; see the documentation of disclose.",
        ) from wrong
    if spec.tables.threshold < 1:
        raise UserError("The threshold is below 1.", "Give the smallest count that may be shown.")
    if spec.tables.profile not in ("exact", "interval", "round"):
        raise UserError("The profile is unknown.", "Use exact.")
    return spec


def _parse(raw: Mapping[str, Any]) -> CubeSpec:
    hierarchy = {str(k): str(v) for k, v in (raw.get("hierarchy") or {}).items()}
    dims = tuple(str(d) for d in raw["dims"] if d not in hierarchy.values())
    if set(hierarchy) - set(dims) or not dims or len(set(dims)) != len(dims):
        raise ValueError("dims and hierarchy disagree")
    if any(not isinstance(table, list) for table in raw["tables"]):
        raise ValueError("a table is a list of dimensions")
    tables = tuple(tuple(str(d) for d in table) for table in raw["tables"])
    threshold = raw.get("threshold", 5)
    if not isinstance(threshold, int) or isinstance(threshold, bool):
        raise ValueError("threshold is a whole number")
    outcome = raw.get("outcome")
    spec = TableSpec(dims, hierarchy, tables, threshold, raw.get("profile", "exact"))
    return CubeSpec(spec, str(raw["count"]), None if outcome is None else str(outcome))


def read_cube(path: Path, spec: CubeSpec) -> pl.DataFrame:
    """One row per inner cell with the columns that the specification names; UserError without any value when it cannot be used."""
    try:
        frame = pl.read_csv(path, infer_schema=False).fill_null("")
    except (OSError, pl.exceptions.PolarsError) as broken:
        # polars puts the offending value into its message, so the cause is dropped
        raise UserError(
            f"The cube cannot be read as CSV ({type(broken).__name__}).", "Give a comma-separated UTF-8 file."
        ) from None
    codes = [*spec.tables.dims, *spec.tables.hierarchy.values()]
    numbers = [spec.count, *([spec.outcome] if spec.outcome else [])]
    missing = sorted({*codes, *numbers} - set(frame.columns))
    if missing:
        raise UserError(f"The cube lacks the columns {', '.join(missing)}.", "Add them, or correct the specification.")
    frame = frame.select(list(dict.fromkeys([*codes, *numbers])))
    for name in codes:
        if (frame[name] == "").any():
            raise UserError(f"Empty codes in the column {name}.", "Give every inner cell a code in every dimension.")
    return frame.with_columns(_whole_numbers(frame[name]) for name in numbers).pipe(_check_outcome, spec)


def _whole_numbers(series: pl.Series) -> pl.Series:
    n_bad = int((~series.str.contains(r"^\s*\d{1,15}(\.0+)?\s*$")).sum())
    if n_bad:
        raise UserError(
            f"{n_bad} rows of the column {series.name} hold something else than a whole number of at least 0.",
            "Correct these rows.",
        )
    return series.str.strip_chars().str.replace(r"\.0+$", "").cast(pl.Int64)


def _check_outcome(frame: pl.DataFrame, spec: CubeSpec) -> pl.DataFrame:
    if spec.outcome and (frame[spec.outcome] > frame[spec.count]).any():
        raise UserError("More persons with the outcome than persons in some inner cells.", "Correct the counts.")
    return frame
