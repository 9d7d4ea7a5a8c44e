"""Project profiles: plain shares by what marks the project. Described only: no difference, no order by size, no figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from pipeline.dashboard import numbers
from pipeline.dashboard.estimates import estimate_csv, outcome_rank, persons
from pipeline.dashboard.hiding import NO_NUMBER_GRADES
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import DataTable, Field, Row, sentence_case, shown_table, slug

ANALYSIS = "prosjektprofil"
_SURVEY = "undersokelse_"


@dataclass(frozen=True)
class ProfilePanel:
    """The shares of one outcome; ``ident`` is its deep link."""

    ident: str
    label: str
    table: DataTable


def profile_panels(effects: pl.DataFrame, t: Texts) -> list[ProfilePanel]:
    """One panel per outcome: a row per mark in the order of its code, a column per horizon."""
    shares = effects.filter((pl.col("analyse") == ANALYSIS) & (pl.col("maal") == "andel"))
    outcomes = sorted(set(shares["utfall"].to_list()), key=outcome_rank)
    return [_panel(shares.filter(pl.col("utfall") == outcome), outcome, t) for outcome in outcomes]


def _panel(shares: pl.DataFrame, outcome: str, t: Texts) -> ProfilePanel:
    found = {(r["strategi"], r["horisont_uker"]): r for r in shares.iter_rows(named=True)}
    marks = sorted({mark for mark, _ in found}, key=lambda mark: (mark.startswith(_SURVEY), mark))
    weeks = sorted({week for _, week in found})
    wide = pl.DataFrame({"strategi": pl.Series(marks, dtype=pl.String)}).with_columns(
        pl.Series(f"andel_{w}", [found.get((m, w), {}).get("estimat") for m in marks], dtype=pl.Float64) for w in weeks
    )
    label = t.label("utfall", outcome)
    fields = [
        Field("strategi", t("col.mark"), lambda r: sentence_case(t.label("strategi", r["strategi"])), numeric=False),
        *(Field(f"andel_{w}", t("profiles.by_week", weeks=w), _cell(found, w, t)) for w in weeks),
        Field("n", t("profiles.n", weeks=weeks[0]), lambda r: _persons(found.get((r["strategi"], weeks[0])), t)),
    ]
    ident = f"profil-{slug(outcome)}"
    raw = estimate_csv(shares.sort("strategi", "horisont_uker"))
    return ProfilePanel(ident, sentence_case(label), shown_table(ident, t("profiles.caption", outcome=label), wide, fields, raw))


def _persons(row: Row | None, t: Texts) -> str:
    return numbers.MISSING if row is None else persons(row, t)


def _cell(found: Mapping[tuple[str, int], Row], weeks: int, t: Texts) -> Callable[[Row], str]:
    def show(row: Row) -> str:
        return _share(found.get((row["strategi"], weeks)), t)

    return show


def _share(row: Row | None, t: Texts) -> str:
    if row is None:
        return numbers.MISSING
    if row["status"]:
        return str(row["status"])
    if row["grad"] in NO_NUMBER_GRADES or row["estimat"] is None:
        return t("works.no_basis")
    return f"{numbers.percent(row['estimat'])} [{numbers.percent_range(row['ki_nedre'], row['ki_ovre'])}]"
