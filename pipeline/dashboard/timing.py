"""Placement timing: cumulative incidence by strategy, and the differences at each horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.basis import Basis, Protocols, basis
from pipeline.dashboard.estimates import estimate_csv, estimate_fields, main_rows, outcome_rank, strategy_rank
from pipeline.dashboard.later import EARLY, later_note
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Chart, DataTable, Field, Row, sentence_case, shown_table, slug

_MAIN_VARIANT = "jevn"


@dataclass(frozen=True)
class TimingPanel:
    """The curves of one outcome, the differences at each horizon, and what stands behind them; ``ident`` is its deep link."""

    ident: str
    label: str
    chart: Chart
    differences: DataTable
    later: str
    basis: Basis | None


def timing_page(frames: Mapping[str, pl.DataFrame], protocols: Protocols, t: Texts) -> dict[str, Any]:
    """What the page shows: ``panels``, for each outcome the curves of the uniform rule and the differences of both rules."""
    curves = frames["kurver"].filter(pl.col("variant").is_null() | (pl.col("variant") == _MAIN_VARIANT))
    differences = main_rows(frames["effekt"], "risikodifferanse").filter(pl.col("analyse") == "praksis_tidspunkt")
    outcomes = sorted(set(curves["utfall"].to_list()), key=outcome_rank)
    parts = [(outcome, *(f.filter(pl.col("utfall") == outcome) for f in (curves, differences))) for outcome in outcomes]
    return {"panels": [_panel(rows, own, outcome, frames["nokkeltall"], protocols, t) for outcome, rows, own in parts]}


def _panel(
    rows: pl.DataFrame, differences: pl.DataFrame, outcome: str, keys: pl.DataFrame, protocols: Protocols, t: Texts
) -> TimingPanel:
    strategies = rows.select("strategi").unique().sort(strategy_rank(), "strategi")["strategi"].to_list()
    label = t.label("utfall", outcome)
    ident = f"kurve-{slug(outcome)}"
    chart = Chart(
        ident=ident,
        title=t("timing.title", outcome=label),
        description=t("timing.text", outcome=label, lines=", ".join(t.label("strategi", s) for s in strategies)),
        figure=figures.curves_figure(
            rows, {s: t.label("strategi_kort", s) for s in strategies}, {"x": t("timing.x"), "y": t("timing.y")}
        ),
        table=_curve_table(ident, rows, strategies, t),
    )
    return TimingPanel(
        ident, sentence_case(label), chart, _difference_table(ident, differences, t), later_note(differences, outcome, EARLY, t),
        basis(differences, outcome, keys, protocols, t) if differences.height else None,
    )  # fmt: skip


def _curve_table(ident: str, rows: pl.DataFrame, strategies: Sequence[str], t: Texts) -> DataTable:
    """One row per week, one column per strategy: the share with its sign where it is hidden or ungraded."""
    shown = {(r["strategi"], r["uke"]): r for r in rows.iter_rows(named=True)}
    weeks = sorted(set(rows["uke"].to_list()))
    wide = pl.DataFrame({"uke": pl.Series(weeks, dtype=pl.Int64)}).with_columns(
        pl.Series(s, [shown.get((s, w), {}).get("risiko") for w in weeks], dtype=pl.Float64) for s in strategies
    )
    fields = [Field("uke", t("col.week"), lambda r: str(r["uke"]))]
    fields += [Field(s, t.label("strategi", s), _curve_cell(s, shown, t)) for s in strategies]
    return shown_table(ident, t("timing.caption"), wide, fields)


def _curve_cell(strategy: str, shown: Mapping[tuple[str, int], Row], t: Texts) -> Any:
    def cell(row: Row) -> str:
        source = shown.get((strategy, row["uke"]))
        if source is None:
            return numbers.MISSING
        if source["risiko"] is None:
            return source["status"] or t("works.no_basis")
        return numbers.percent(source["risiko"], 1)

    return cell


def _difference_table(ident: str, rows: pl.DataFrame, t: Texts) -> DataTable:
    name, *rest = estimate_fields(t)
    weeks = Field("horisont_uker", t("col.horizon"), lambda r: t("timing.weeks", n=r["horisont_uker"]))
    return shown_table(f"differanser-{ident}", t("timing.differences_caption"), rows, (name, weeks, *rest), estimate_csv(rows))
