"""The main contrasts once more: under other assumptions, and in subgroups. Must not be here: the main contrasts themselves."""

from __future__ import annotations

import polars as pl

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.estimates import arm_name, effect_text, estimate_csv, forest_row, persons, strategy_rank
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Chart, DataTable, Field, Row, sentence_case, shown_table
from pipeline.tables.statistikk import ANALYSES

MAIN, ALL = "hoved", "alle"
SUBGROUPS = {
    "kjonn": ("kvinne", "mann"),
    "malgruppe": ("hjemmevaerende_kvinner", "familiegjenforent", "ungdom", "sosialhjelp", "overgangsstonad"),
    "norsk_start": ("norsk_under_a2", "norsk_a2", "norsk_b1_og_over"),
    "utdanning_start": ("utdanning_grunnskole_eller_mindre", "utdanning_over_grunnskole"),
}
_CONTRAST = ["strategi", "sammenligning", "variant"]


def sensitivity_tables(differences: pl.DataFrame, ident: str, t: Texts) -> list[DataTable]:
    """One table per analysis that has sensitivity analyses: the main estimate and each of them side by side.

    Args:
        differences: differences among all participants, of one outcome and horizon, main and sensitivity analyses.
        ident: of the panel; the tables' own names begin with it.
        t: texts.
    """
    other = differences.filter(pl.col("folsomhet") != MAIN)
    analyses = sorted(set(other["analyse"].to_list()), key=_analysis_place)
    return [_sensitivity(differences.filter(pl.col("analyse") == a), a, ident, t) for a in analyses]


def _analysis_place(name: str) -> tuple[int, str]:
    return (ANALYSES.index(name) if name in ANALYSES else len(ANALYSES), name)


def _sensitivity(rows: pl.DataFrame, analysis: str, ident: str, t: Texts) -> DataTable:
    found = {(*(r[c] for c in _CONTRAST), r["folsomhet"]): r for r in rows.iter_rows(named=True)}
    versions = [MAIN, *sorted(set(rows["folsomhet"].to_list()) - {MAIN})]
    own = rows.filter(pl.col("folsomhet") != MAIN).select("analyse", *_CONTRAST).unique()
    contrasts = own.sort(strategy_rank(), *_CONTRAST, nulls_last=True)
    wide = contrasts.with_columns(
        pl.Series(v, [(found.get((*key, v)) or {}).get("estimat") for _, *key in contrasts.iter_rows()], dtype=pl.Float64)
        for v in versions
    )

    def version(name: str) -> Field:
        def show(row: Row) -> str:
            source = found.get((*(row[c] for c in _CONTRAST), name))
            return "" if source is None else _with_grade(source, t)

        return Field(name, t.label("folsomhet", name), show)

    fields = [Field("strategi", t("col.strategy"), lambda r: arm_name(r, t), numeric=False), *(version(v) for v in versions)]
    caption = t("works.sensitivity_caption", analysis=t.label("analyse", analysis))
    raw = rows.join(own, on=_CONTRAST, how="semi", nulls_equal=True).sort(
        strategy_rank(), *_CONTRAST, "folsomhet", nulls_last=True
    )
    return shown_table(f"folsomhet-{analysis}-{ident}", caption, wide, fields, estimate_csv(raw))


def _with_grade(row: Row, t: Texts) -> str:
    shown = effect_text(row, t)
    return shown if row["estimat"] is None else f"{shown} · {t.label('grad_kort', row['grad'])}"


def subgroup_chart(differences: pl.DataFrame, ident: str, t: Texts) -> Chart | None:
    """The main contrast in every declared subgroup under the same contrast of all; None where nothing is declared.

    Args:
        differences: differences of the main analyses, of one outcome and horizon, among all and in subgroups.
        ident: of the panel; the chart's own name begins with it.
        t: texts.
    """
    groups = differences.filter(pl.col("undergruppe") != ALL)
    if groups.is_empty():
        return None
    on = ["analyse", *_CONTRAST]
    whole = differences.filter(pl.col("undergruppe") == ALL).join(groups.select(on).unique(), on=on, how="semi", nulls_equal=True)
    rows = pl.concat([whole, _in_order(groups)])
    name = arm_name(groups.row(0, named=True), t)
    drawn = pl.DataFrame([_drawn(r, t) for r in rows.iter_rows(named=True)], schema=figures.FOREST)
    shown = rows.filter(pl.col("undergruppe") != ALL)["estimat"].is_not_null().sum()
    fields = (
        Field("undergruppe", t("col.subgroup"), lambda r: _group_name(r, t), numeric=False),
        Field("estimat", t("col.difference"), lambda r: effect_text(r, t)),
        Field("n_personer", t("col.n"), lambda r: persons(r, t)),
        Field("grad", t("col.grade"), lambda r: t.label("grad", r["grad"]), numeric=False),
    )
    return Chart(
        ident=f"undergrupper-{ident}",
        title=t("works.subgroups_title", strategy=name),
        description=" ".join([t("works.subgroups_text", shown=shown, rest=groups.height - shown), *_missing(groups, t)]),
        figure=figures.forest_figure(drawn, {k: t(f"works.forest_{k}") for k in ("effect", "naive", "x")}),
        table=shown_table(f"undergrupper-{ident}", t("works.subgroups_caption", strategy=name), rows, fields, estimate_csv(rows)),
    )


def _missing(groups: pl.DataFrame, t: Texts) -> list[str]:
    """Why groups that nobody could compute have no row with a number; the release gives them a sign and no sentence."""
    absent = _in_order(groups).filter(pl.col("status") == numbers.MISSING)["undergruppe"].unique(maintain_order=True).to_list()
    return [t("works.subgroups_missing", names=", ".join(t.label("undergruppe", g) for g in absent))] if absent else []


def _in_order(groups: pl.DataFrame) -> pl.DataFrame:
    order = {code: place for place, code in enumerate(code for codes in SUBGROUPS.values() for code in codes)}
    place = pl.col("undergruppe").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    return groups.sort(place, "undergruppe", *_CONTRAST, nulls_last=True)


def _division(code: str) -> str:
    return next((division for division, codes in SUBGROUPS.items() if code in codes), "")


def _group_name(row: Row, t: Texts) -> str:
    return sentence_case(t.label("undergruppe", row["undergruppe"]))


def _drawn(row: Row, t: Texts) -> Row:
    division = _division(row["undergruppe"])
    return forest_row(row, _group_name(row, t), t.label("inndeling", division) if division else "", t)
