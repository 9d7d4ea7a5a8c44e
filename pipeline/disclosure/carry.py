"""The guard between releases: a cell is replaced only when enough persons changed, else the earlier value stands.

Belongs here: comparison with the release before. Must not be here: protection inside one release.
Source of the rule: tables that hide every small cell each night let two nights together tell the outcome of one who joined between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl

from pipeline.disclosure.estimate_group import cell, part_of_count
from pipeline.disclosure.parameters import HIDDEN, declared
from pipeline.disclosure.transitions import KPI, MEMBER
from pipeline.released import ReleasedTables

_KEY = ["kpi", "nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"]
_COLUMN = {"alle": None, "kjonn": "kjonn", "malgruppe": "malgruppe"}


def changed_persons(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Every leaver who joined, left or changed, with the coordinates of both releases: one row per person and coordinates."""
    old, new = before.select(MEMBER), now.select(MEMBER)
    return pl.concat(
        [new.join(old, on=MEMBER, how="anti", nulls_equal=True), old.join(new, on=MEMBER, how="anti", nulls_equal=True)]
    )


def may_replace(rows: pl.DataFrame, changed: pl.DataFrame, threshold: int) -> bool:
    """Whether in every shown cell either nobody changed, or a group that is itself safe to show did.

    Args:
        rows: released rows of direct transition, of one level, of both releases.
        changed: ``changed_persons``.
        threshold: smallest number of persons, and of each outcome among them.
    """
    if changed.is_empty():
        return True
    shown = rows.filter(pl.col("status") != HIDDEN)
    for level, area, period, dim, value, rule in shown.select(_KEY[1:]).unique().sort(_KEY[1:]).iter_rows():
        inside = pl.col("periode" if "-" in period else "aar") == period
        if level != "land":
            inside = inside & (pl.col("komm_nr" if level == "kommune" else "fylke_nr") == area)
        if _COLUMN[dim]:
            inside = inside & (pl.col(dim) == value)
        if rule == "uten_utfasede":
            inside = inside & (pl.col("utfaset") == "nei")
        group = changed.filter(inside).unique(["person_key", "overgang"])
        sizes = [group["person_key"].n_unique(), group.filter("overgang").height, group.filter(~pl.col("overgang")).height]
        if group.height and min(sizes) < threshold:
            return False
    return True


def same_half_year(then: date, today: date) -> bool:
    """Whether both days lie in January-June or both in July-December of one year."""
    return (then.year, then.month > 6) == (today.year, today.month > 6)


def carry_levels(
    fresh: pl.DataFrame, before: pl.DataFrame, changed: pl.DataFrame, municipal_since: date, today: date, threshold: int
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of direct transition to release, and the levels that were carried forward as a whole.

    Country and counties are one group, municipalities another with a slower calendar. A group is replaced when its calendar allows
    and the guard passes; new periods of a group that stands wait with it.
    """
    parts, carried = [], []
    for levels, name in ((["land", "fylke"], "land_og_fylke"), (["kommune"], "kommune")):
        old, new = (frame.filter((pl.col("kpi") == KPI) & pl.col("nivaa").is_in(levels)) for frame in (before, fresh))
        slow = declared()["kalender"][name] == "halvaar" and same_half_year(municipal_since, today)
        both = pl.concat([old.select([*_KEY, "status"]), new.select([*_KEY, "status"])])
        if old.height and (slow or not may_replace(both, changed, threshold)):
            carried.append(name)
            parts.append(old)
        else:
            parts.append(new)
    return pl.concat([p.select(fresh.columns) for p in parts]), carried


def moved_means(old: pl.DataFrame | None, new: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``_KEY`` joined as ``celle``: means behind which at least the threshold of persons more or fewer stand than in the release before.

    A mean has no released counts; its own denominator, kept beside the release, tells how many persons joined or left.
    Without the earlier counts no mean has moved.
    """
    if old is None:
        return new.select("celle").clear()
    both = new.filter(pl.col("tabell") == "nokkeltall").join(old, on=["tabell", "celle", "maal"], suffix="_old")
    return both.filter((pl.col("antall") - pl.col("antall_old")).abs() >= threshold).select("celle")


def kept_counts(
    new: pl.DataFrame, old: pl.DataFrame | None, numbers: pl.DataFrame, last: ReleasedTables | None, stands: Collection[str]
) -> pl.DataFrame:
    """The counts behind what is released now: the earlier ones for analyses and for means that show their earlier value."""
    if last is None:
        return new
    stood = numbers.join(last.tables["nokkeltall"], on=[*_KEY, "verdi"], nulls_equal=True, how="semi")
    stays = part_of_count().is_in(list(stands)).fill_null(False) | (
        (pl.col("tabell") == "nokkeltall") & pl.col("celle").is_in(stood.select(cell("nokkeltall")).to_series().implode())
    )
    earlier = new.clear() if old is None else old
    return pl.concat([new.filter(~stays), earlier.filter(stays)]).sort("tabell", "celle", "maal")


def carry_rows(fresh: pl.DataFrame, before: pl.DataFrame, threshold: int, moved_behind: pl.DataFrame) -> pl.DataFrame:
    """Other national indicators: once hidden stays hidden, and a count that moved by 1 to threshold - 1 keeps its earlier row.

    A mean (a value without counts) keeps its earlier row unless it is among ``moved_behind`` (``moved_means``).
    """
    old = before.select([*_KEY, *(pl.col(c).alias(f"_{c}") for c in fresh.columns if c not in _KEY)])
    rows = fresh.join(old, on=_KEY, how="left", maintain_order="left").with_columns(_cell=cell("nokkeltall"))
    moved: Sequence[pl.Expr] = [pl.col("nevner") - pl.col("_nevner"), pl.col("teller") - pl.col("_teller")]
    moved = [*moved, moved[0] - moved[1]]
    small = pl.any_horizontal([(m.abs() > 0) & (m.abs() < threshold) for m in moved]).fill_null(False)
    is_mean = pl.col("_nevner").is_null() & pl.col("_verdi").is_not_null()
    few_behind = is_mean & ~pl.col("_cell").is_in(moved_behind["celle"].implode())
    keep = small | few_behind | (pl.col("_status") == HIDDEN).fill_null(False)
    values = [c for c in fresh.columns if c not in _KEY]
    return rows.select(*_KEY, *(pl.when(keep).then(pl.col(f"_{c}")).otherwise(pl.col(c)).alias(c) for c in values)).select(
        fresh.columns
    )
