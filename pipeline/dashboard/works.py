"""What works: the programme theory with its estimated links, the forest of effects, and what may be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.chain import Drawing, Link, draw_chain
from pipeline.dashboard.estimates import (
    about,
    contrast_name,
    effect_text,
    estimate_fields,
    main_rows,
    outcome_rank,
    persons,
    saying,
)
from pipeline.dashboard.hiding import NO_NUMBER_GRADES
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Chart, DataTable, Field, Panel, Row, sentence_case, shown_table, slug

_PER = {"andel_per_kontakt": "works.per_contact", "andel_per_nivaa": "works.per_level"}
_LINE_STYLE = {"A": "a", "B": "b", "C": "none", "D": "none"}


def works_page(frames: Mapping[str, pl.DataFrame], t: Texts) -> dict[str, Any]:
    """What the page shows: ``chain`` (drawing), ``chain_table`` (its list) and ``panels`` (one forest per outcome and horizon)."""
    links = frames["aarsakskjede"]
    differences = main_rows(frames["effekt"], "risikodifferanse")
    pairs = sorted(set(differences.select("utfall", "horisont_uker").iter_rows()), key=lambda p: (outcome_rank(p[0]), p[1]))
    return {
        "chain": _drawing(links, t) if links.height else None,
        "chain_table": _chain_table(links, t),
        "panels": [_panel(differences, frames["effekt_naiv"], outcome, weeks, t) for outcome, weeks in pairs],
    }


def _drawing(links: pl.DataFrame, t: Texts) -> Drawing:
    nodes = sorted({*links["fra"].to_list(), *links["til"].to_list()})
    drawn = [Link(r["fra"], r["til"], _link_lines(r, t), _link_style(r)) for r in links.iter_rows(named=True)]
    return draw_chain(drawn, {node: t.label("ledd", node) for node in nodes})


def _link_style(row: Row) -> str:
    return _LINE_STYLE.get(row["grad"] or "", "open")


def _link_lines(row: Row, t: Texts) -> tuple[str, ...]:
    if not row["grad"]:
        return (t("works.not_estimated"),)
    grade = t.label("grad", row["grad"])
    per = _PER.get(row["enhet"])
    return (_link_effect(row, t), t(per, grade=grade) if per else grade)


def _link_effect(row: Row, t: Texts) -> str:
    if row["status"] == numbers.SUPPRESSED:
        return numbers.SUPPRESSED
    if not row["grad"]:
        return t("works.not_estimated")
    if row["grad"] in NO_NUMBER_GRADES or row["estimat"] is None:
        return t("works.no_basis")
    unit = row["enhet"] if row["enhet"] in numbers.POINT_UNITS else t.label("enhet", row["enhet"])
    return numbers.effect(row["estimat"], row["ki_nedre"], row["ki_ovre"], unit)


def _chain_table(links: pl.DataFrame, t: Texts) -> DataTable:
    numbered = links.with_row_index("nr", offset=1)
    fields = (
        Field("nr", t("col.number"), lambda r: str(r["nr"])),
        Field("fra", t("col.from"), lambda r: t.label("ledd", r["fra"]), numeric=False),
        Field("til", t("col.to"), lambda r: t.label("ledd", r["til"]), numeric=False),
        Field("estimat", t("col.effect"), lambda r: _link_effect(r, t)),
        Field("n", t("col.n"), lambda r: about(r["n"]) if r["n"] is not None else r["status"] or numbers.MISSING),
        Field("grad", t("col.grade"), lambda r: t.label("grad", r["grad"]) or t("works.not_estimated"), numeric=False),
        Field("begrunnelse", t("col.reason"), lambda r: r["begrunnelse"] or "", numeric=False),
    )
    return shown_table("kjede", t("works.chain_caption"), numbered, fields)


def _panel(differences: pl.DataFrame, naive: pl.DataFrame, outcome: str, weeks: int, t: Texts) -> Panel:
    rows = differences.filter((pl.col("utfall") == outcome) & (pl.col("horisont_uker") == weeks))
    crude = naive.filter((pl.col("utfall") == outcome) & (pl.col("horisont_uker") == weeks))
    label = sentence_case(t("works.panel", outcome=t.label("utfall", outcome), weeks=weeks))
    ident = f"effekt-{slug(outcome)}-{weeks}"
    drawn = _attempted(rows)
    chart = Chart(
        ident=ident,
        title=t("works.forest_title", outcome=t.label("utfall", outcome), weeks=weeks),
        description=_description(drawn, rows.height - drawn.height, t),
        figure=figures.forest_figure(
            _forest_frame(drawn, crude, t), {k: t(f"works.forest_{k}") for k in ("effect", "naive", "x")}
        ),
        table=shown_table(ident, t("works.forest_caption"), rows, estimate_fields(t)),
    )
    return Panel(ident, label, chart, tuple(saying(r, t) for r in drawn.iter_rows(named=True)), _naive_table(ident, crude, t))


def _attempted(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the analyses that were computed at all; those that only wait their turn stand in the table alone."""
    computed = pl.col("n_personer").is_not_null() | pl.col("status").eq(numbers.SUPPRESSED) | (pl.col("grad") != "D")
    return rows.filter(computed.any().over("analyse"))


def _description(drawn: pl.DataFrame, waiting: int, t: Texts) -> str:
    numbered = drawn["estimat"].is_not_null().sum()
    text = t("works.forest_text", shown=numbered, rest=drawn.height - numbered)
    return f"{text} {t('works.forest_waiting', n=waiting)}" if waiting else text


def _forest_frame(rows: pl.DataFrame, crude: pl.DataFrame, t: Texts) -> pl.DataFrame:
    """One row per estimate with its line of text; the naive contrast stands with the uniform timing row only."""
    beside = dict(zip(crude["strategi"].to_list(), crude["estimat"].to_list(), strict=True))
    shown = list(rows.iter_rows(named=True))
    timing = [r["analyse"] == "praksis_tidspunkt" and r["variant"] == "jevn" for r in shown]
    return rows.select("estimat", "ki_nedre", "ki_ovre").with_columns(
        naiv=pl.Series(
            [beside.get(r["strategi"]) if own else None for r, own in zip(shown, timing, strict=True)], dtype=pl.Float64
        ),
        navn=pl.Series([contrast_name(r, t) for r in shown], dtype=pl.String),
        tekst=pl.Series(
            [f"{effect_text(r, t)} · n {persons(r)} · {t.label('grad_kort', r['grad'])}" for r in shown], dtype=pl.String
        ),
    )


def _naive_table(ident: str, crude: pl.DataFrame, t: Texts) -> DataTable | None:
    if not crude.height:
        return None

    def sign(row: Row, shown: str) -> str:
        return shown if row["estimat"] is not None else (row["status"] or numbers.MISSING)

    fields = (
        Field("strategi", t("col.strategy"), lambda r: t.label("strategi", r["strategi"]), numeric=False),
        Field("andel_strategi", t("col.share_placed"), lambda r: sign(r, numbers.percent(r["andel_strategi"], 1))),
        Field("andel_sammenligning", t("col.share_others"), lambda r: sign(r, numbers.percent(r["andel_sammenligning"], 1))),
        Field("estimat", t("col.naive"), lambda r: sign(r, numbers.points(r["estimat"], r["ki_nedre"], r["ki_ovre"]))),
        Field("n_strategi", t("col.n"), lambda r: sign(r, about(r["n_strategi"]))),
    )
    return shown_table(f"naiv-{ident}", t("works.naive_caption"), crude, fields)
