"""Link loss behind the gate: which share of the participations each register knows, for the country and a few groups.

Belongs here: what is told of it, and what may replace what was told. Must not be here: how links are counted (``linkage``).

Only shares are released, in steps that cover the threshold's persons; which of them follows from a pattern that would be safe even
if the counts were shown (decision 053).
"""

from __future__ import annotations

import polars as pl

from pipeline.disclosure.audit import audit
from pipeline.disclosure.estimate_group import COUNT
from pipeline.disclosure.parameters import HIDDEN, declared, unsafe
from pipeline.disclosure.problem import TOTAL, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.disclosure.rounding import off_grid
from pipeline.errors import ReleaseRefused
from pipeline.tables import UTDATA

TABLE = "koblingstap"
EVERYBODY = "ukjent_i_registeret"  # a register that should know everybody: that nobody is lost tells nothing about anyone
_CELL = ["register", "dim", "dim_verdi"]
_ALL = "alle"
_COUNTS = ("koblet", "ikke_koblet")
_PERCENT = 0.01


def link_losses(
    statistics: pl.DataFrame, last: pl.DataFrame | None, told: pl.DataFrame | None, threshold: int
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """``UTDATA["koblingstap"]``, the counts behind all that was ever told, and the registers whose earlier shares stand.

    A register's shares are replaced together, and only when in each of them, held against every value ever told, nobody or at least
    the threshold of participations came or went: in all, among the matched and among the lost.

    Args:
        statistics: ``STATISTIKK["koblingstap"]``.
        last: the table of the release before; None or without the register where nothing of it was told.
        told: counts kept with the release before (``COUNT``; other tables' rows are passed over); None where they are gone, and then
            what was told stands.
        threshold: smallest number of participations.

    Raises:
        ReleaseRefused: the audit found a hidden number that can be computed.
    """
    before = UTDATA[TABLE].empty() if last is None else last
    memory = _remembered(told)
    rows, kept, standing = [before.clear()], [memory], []
    for register in statistics["register"].unique().sort():
        now = _judged(statistics.filter(register=register), threshold)
        earlier, versions = before.filter(register=register), memory.filter(register=register)
        if _known(earlier, versions) and _wide(now, versions, threshold):
            rows.append(_told(now, threshold))
            kept.append(_version(now, versions))
        else:
            rows.append(earlier)
            standing.append(f"{TABLE}:{register}")
    return UTDATA[TABLE].conform(pl.concat(rows)), _long(pl.concat(kept)), standing


def _judged(statistics: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """One register's cells of the declared groups: ``_CELL``, ``betydning``, ``n``, both counts, and ``shown``."""
    dims = declared()[TABLE]
    cells = statistics.filter(pl.col("dim").is_in([_ALL, *dims])).select(
        *_CELL, "betydning", n="n_deltakelser", koblet="n_koblet", ikke_koblet="n_ikke_koblet"
    )
    total = cells.filter(dim=_ALL)
    if (total["betydning"] == EVERYBODY).all() and total["ikke_koblet"].sum() == 0:
        return cells.with_columns(shown=pl.lit(True))
    safe = total.filter(~unsafe(pl.col("n"), pl.col("koblet"), threshold)).height == 1
    shown = {(_ALL, _ALL)} | {pair for dim in dims for pair in _pattern(cells.filter(dim=dim), dim, threshold)} if safe else set()
    pairs = pl.DataFrame(sorted(shown), schema={"dim": pl.String, "dim_verdi": pl.String}, orient="row")
    found = cells.join(pairs.with_columns(shown=pl.lit(True)), on=["dim", "dim_verdi"], how="left", maintain_order="left")
    return found.with_columns(pl.col("shown").fill_null(False))


def _pattern(cells: pl.DataFrame, dim: str, threshold: int) -> set[tuple[str, str]]:
    """The groups whose counts could be shown beside the total; none when the total itself had to be hidden for them."""
    if cells.is_empty():
        return set()
    spec = TableSpec((dim,), {}, ((dim,),), threshold, remainders=True)
    problem = build_problem(cells.select(pl.col("dim_verdi").alias(dim), "n", k="koblet"), spec, "n", "k")
    pattern = suppress(problem)
    if not audit(problem, pattern).passed:
        raise ReleaseRefused(f"The audit found hidden numbers that can be computed ({TABLE}).", "The last release stays.")
    hidden = {m.codes[0] for m, shown in zip(problem.measures, pattern.shown, strict=True) if m.printed and not shown}
    return set() if TOTAL in hidden else {(dim, value) for value in cells["dim_verdi"] if value not in hidden}


def _known(earlier: pl.DataFrame, versions: pl.DataFrame) -> bool:
    # shares were told and nobody knows of whom: they stand
    return versions.height > 0 or earlier.filter(pl.col("status") != HIDDEN).is_empty()


def _wide(now: pl.DataFrame, versions: pl.DataFrame, threshold: int) -> bool:
    """Whether every shown cell is as it was, or by the threshold apart from it, in every version that told it."""
    both = now.filter("shown").join(versions, on=_CELL, suffix="_old")
    moved = [pl.col(c) - pl.col(f"{c}_old") for c in _COUNTS]
    few = pl.any_horizontal([m.abs().is_between(1, threshold - 1) for m in (*moved, moved[0] + moved[1])])
    return both.filter(few).is_empty()


def _told(now: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """The released rows: the share matched in steps of whole percents that cover the threshold's persons, never 0 or 1 by rounding."""
    step = (pl.lit(100.0 * threshold) / pl.col("n")).ceil().cast(pl.Int64).clip(1, 99)
    percent = ((100 * pl.col("koblet") / pl.col("n") / step).round().cast(pl.Int64) * step).clip(step, 99 // step * step)
    value = pl.when(pl.col("ikke_koblet") == 0).then(pl.lit(1.0)).otherwise((percent / 100).round(2))
    return UTDATA[TABLE].conform(
        now.with_columns(
            andel_koblet=pl.when("shown").then(value), status=pl.when("shown").then(pl.lit("")).otherwise(pl.lit(HIDDEN))
        )
    )


def _version(now: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """The counts of what is told now, under the register's next number; nothing where they were told already."""
    shown = now.filter("shown").select(*_CELL, *_COUNTS)
    if shown.join(versions, on=[*_CELL, *_COUNTS], how="anti").is_empty():
        return versions.clear()
    number = 1 if versions.is_empty() else int(str(versions["versjon"].max())) + 1
    return shown.with_columns(versjon=pl.lit(f"{number:06d}")).select(versions.columns)


def _remembered(told: pl.DataFrame | None) -> pl.DataFrame:
    names = [*_CELL, "versjon"]
    schema = {**dict.fromkeys(names, pl.String), **dict.fromkeys(_COUNTS, pl.Int64)}
    rows = pl.DataFrame(schema=COUNT) if told is None else told.filter(tabell=TABLE)
    if rows.is_empty():
        return pl.DataFrame(schema=schema)
    wide = rows.pivot(on="maal", on_columns=list(_COUNTS), index="celle", values="antall")
    parts = pl.col("celle").str.split("|").list
    return wide.select(*(parts.get(i).alias(name) for i, name in enumerate(names)), *_COUNTS).cast(schema)  # type: ignore[arg-type]


def _long(versions: pl.DataFrame) -> pl.DataFrame:
    """The counts behind all that was told, as they are kept beside the others (``COUNT``)."""
    cell = pl.concat_str([*_CELL, "versjon"], separator="|")
    long = [versions.select(tabell=pl.lit(TABLE), celle=cell, maal=pl.lit(c), antall=pl.col(c)) for c in _COUNTS]
    return pl.concat(long).cast(COUNT).sort("celle", "maal")  # type: ignore[arg-type]


def unsafe_link_losses(frame: pl.DataFrame) -> int:
    """Rows of the released table with a number where it is hidden, none where it is shown, or one that tells too much.

    That is a share finer than whole percent, of 0, or of 1 in a register whose silence is an outcome; or a group under a hidden total.
    """
    value, hidden = pl.col("andel_koblet"), pl.col("status") == HIDDEN
    everybody = (value >= 1) & (pl.col("betydning") != EVERYBODY)
    wrong = pl.any_horizontal(hidden == value.is_not_null(), off_grid(value, pl.lit(_PERCENT)), value <= 0, value > 1, everybody)
    totals = frame.filter((pl.col("dim") == _ALL) & ~hidden).select("register")
    headless = frame.filter(~hidden).join(totals, on="register", how="anti")
    return frame.filter(wrong.fill_null(False)).height + headless.height
