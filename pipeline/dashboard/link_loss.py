"""What the registers know of the participants: the share each of them finds, and in which groups.

Belongs here: the tables of released link loss. Must not be here: which shares may be shown, or why one stands as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from pipeline.dashboard import numbers
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import DataTable, Field, Row, shown_table
from pipeline.tables.deliveries import TARGET_GROUPS

_ALL = "alle"
_ORDER = {
    "kjonn": ("kvinne", "mann"),
    "aldersgruppe": ("under_25", "25_34", "35_44", "45_og_over", "ukjent"),
    "malgruppe": (*TARGET_GROUPS, "ukjent"),
}


@dataclass(frozen=True)
class LinkLoss:
    """One table of all registers, and one of the groups with a column per register."""

    registers: DataTable
    groups: DataTable | None


def link_loss(frame: pl.DataFrame, t: Texts) -> LinkLoss | None:
    """What ``koblingstap`` says; None where no register had delivered.

    Args:
        frame: released ``koblingstap``; a hidden share is null.
        t: texts.
    """
    if frame.is_empty():
        return None
    whole = frame.filter(dim=_ALL).sort("register")
    fields = (
        Field("register", t("col.register"), lambda r: t.label("register", r["register"]), numeric=False),
        Field("andel_koblet", t("col.found"), _share),
        Field("betydning", t("col.not_found"), lambda r: t.label("betydning", r["betydning"]), numeric=False),
    )
    return LinkLoss(shown_table("kobling", t("links.caption"), whole, fields), _groups(frame.filter(pl.col("dim") != _ALL), t))


def _groups(frame: pl.DataFrame, t: Texts) -> DataTable | None:
    """Rows are groups, columns registers; an empty cell would be a group that one register alone has."""
    if frame.is_empty():
        return None
    registers = frame["register"].unique().sort().to_list()
    order = {f"{dim}|{value}": place for place, (dim, value) in enumerate((d, v) for d, values in _ORDER.items() for v in values)}
    rank = pl.concat_str("dim", "dim_verdi", separator="|").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    shares = frame.pivot(on="register", on_columns=registers, index=["dim", "dim_verdi"], values="andel_koblet")
    rows = shares.sort(rank, "dim", "dim_verdi")
    fields = (
        Field("dim", t("col.group_by"), lambda r: t.label("dim", r["dim"]), numeric=False),
        Field("dim_verdi", t("col.group"), lambda r: _group(r, t), numeric=False),
        *(Field(name, t.label("register", name), partial(_share, name=name)) for name in registers),
    )
    return shown_table("kobling-grupper", t("links.groups_caption"), rows, fields)


def _group(row: Row, t: Texts) -> str:
    kind = "undergruppe" if t.has(f"undergruppe.{row['dim_verdi']}") else f"gruppe_{row['dim']}"
    return t.label(kind, row["dim_verdi"])


def _share(row: Row, name: str = "andel_koblet") -> str:
    return numbers.SUPPRESSED if row[name] is None else numbers.percent(row[name])
