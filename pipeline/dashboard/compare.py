"""Compare page: a funnel of municipalities around the national mean. Never a ranking: the list stands in code order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl

from pipeline import codes
from pipeline.dashboard import figures, numbers
from pipeline.dashboard.front import GOAL, MAIN_RULE
from pipeline.dashboard.funnel import binomial_limits
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Chart, DataTable, Field, Panel, Row, sentence_case, shown_table, slug

_GOAL_NAMES = (GOAL, "direkte_overgang")


def compare_page(frames: Mapping[str, pl.DataFrame], t: Texts) -> dict[str, Any]:
    """What the compare page shows: ``panels``, one funnel per outcome with its list of municipalities."""
    rows = frames["kommune"]
    outcomes = sorted(rows["utfall"].unique().to_list(), key=lambda u: (u not in _GOAL_NAMES, u))
    return {"panels": [_panel(rows.filter(pl.col("utfall") == u), u, frames["nokkeltall"], t) for u in outcomes]}


def _panel(rows: pl.DataFrame, outcome: str, keys: pl.DataFrame, t: Texts) -> Panel:
    period = str(rows["periode"].max())
    rows = (
        rows.filter(pl.col("periode") == period)
        .with_columns(navn=_names(rows.filter(pl.col("periode") == period)))
        .sort("komm_nr")
    )
    drawn = rows.filter(pl.col("n").is_not_null() & pl.col("andel").is_not_null())
    centre, target = _centre(drawn, outcome, period, keys), _target(outcome, period, keys)
    label = t.label("utfall", outcome)
    chart = Chart(
        ident=f"trakt-{slug(outcome)}",
        title=t("compare.title", outcome=label, period=_years(period)),
        description=_description(drawn, rows.height, centre, target, t),
        figure=_figure(drawn, centre, target, t),
        table=_list(rows, outcome, period, t),
        open_table=True,
    )
    return Panel(chart.ident, sentence_case(label), chart)


def _figure(drawn: pl.DataFrame, centre: float | None, target: float | None, t: Texts) -> dict[str, Any]:
    words = {k: t(f"compare.{k}") for k in ("mean", "target", "inside", "outside", "limit_95", "limit_998", "x", "y")}
    largest = max(drawn["n"].to_list(), default=10)
    limits = binomial_limits(centre if centre is not None else 0.5, round(largest * 1.08) + 1)
    return figures.funnel_figure(drawn, limits if centre is not None else limits.clear(), centre, target, words)


def _centre(drawn: pl.DataFrame, outcome: str, period: str, keys: pl.DataFrame) -> float | None:
    """National share of the same window; where it is not released, the pooled share of the municipalities shown."""
    row = _national(outcome, keys).filter((pl.col("periode") == period) & pl.col("verdi").is_not_null())
    if row.height:
        return float(row["verdi"][0])
    counted = drawn.filter(pl.col("observert").is_not_null())
    persons = sum(counted["n"].to_list())
    return sum(counted["observert"].to_list()) / persons if persons else None


def _target(outcome: str, period: str, keys: pl.DataFrame) -> float | None:
    """Target of the window's last year."""
    rows = _national(outcome, keys).filter(pl.col("periode").str.slice(-4) == period[-4:]).drop_nulls("maaltall")
    return float(rows["maaltall"][0]) if rows.height else None


def _national(outcome: str, keys: pl.DataFrame) -> pl.DataFrame:
    kpi = GOAL if outcome in _GOAL_NAMES else outcome
    plain = (pl.col("kpi") == kpi) & (pl.col("nivaa") == "land") & (pl.col("dim") == "alle")
    return keys.filter(plain).sort(pl.col("nevnerregel") != MAIN_RULE, "nevnerregel", "periode")


def _description(drawn: pl.DataFrame, listed: int, centre: float | None, target: float | None, t: Texts) -> str:
    outside = int(drawn["utenfor_998"].fill_null(False).sum())
    return t(
        "compare.text" if target is not None else "compare.text_no_target", drawn=drawn.height, listed=listed, outside=outside,
        centre=numbers.percent(centre), target=numbers.percent(target),
    )  # fmt: skip


def _list(rows: pl.DataFrame, outcome: str, period: str, t: Texts) -> DataTable:
    def sign(row: Row, shown: str) -> str:
        return shown if row["n"] is not None else (row["status"] or numbers.MISSING)

    # Beside "too few to say anything" an interval would say something: there it is mostly the mix of participants.
    judged = pl.col("utenfor_998").is_not_null()
    rows = rows.with_columns(pl.when(judged).then(pl.col(c)).alias(c) for c in ("ki_nedre", "ki_ovre"))

    def interval(row: Row) -> str:
        few = row["utenfor_998"] is None
        return t("compare.no_interval") if few else numbers.percent_range(row["ki_nedre"], row["ki_ovre"])

    fields = (
        Field("komm_nr", t("col.komm_nr"), lambda r: r["komm_nr"], numeric=False),
        Field("navn", t("col.name"), lambda r: r["navn"], numeric=False),
        Field("n", t("col.exits"), lambda r: sign(r, numbers.decimal(r["n"]))),
        Field("andel", t("col.share"), lambda r: sign(r, numbers.measure(r["andel"], "andel", r["n"]))),
        Field("krympet_andel", t("col.shrunk"), lambda r: sign(r, numbers.percent(r["krympet_andel"]))),
        Field("ki_nedre", t("col.interval"), lambda r: sign(r, interval(r))),
        Field("utenfor_998", t("col.judgement"), lambda r: sign(r, _judgement(r, t)), numeric=False),
    )
    return shown_table(f"sammenlign-{slug(outcome)}", t("compare.caption", period=_years(period)), rows, fields)


def _years(period: str) -> str:
    return period.replace("-", "–")


def _judgement(row: Row, t: Texts) -> str:
    if row["utenfor_998"] is None:
        return t("compare.too_few")
    return t("compare.outside") if row["utenfor_998"] else t("compare.judged_inside")


def _names(rows: pl.DataFrame) -> pl.Series:
    known = _municipality_names()
    return pl.Series("navn", [known.get(code, code) for code in rows["komm_nr"].to_list()], dtype=pl.String)


@cache
def _municipality_names() -> dict[str, str]:
    latest = codes.municipalities().sort("komm_nr", "gyldig_fra")
    names = dict(zip(latest["komm_nr"].to_list(), latest["navn"].to_list(), strict=True))
    districts = codes.oslo_districts()
    return names | dict(zip(districts["bydel_nr"].to_list(), districts["navn"].to_list(), strict=True))
