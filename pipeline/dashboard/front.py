"""Front page: is the scheme on track? One sentence, the key figures with their denominator rule, the national trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline import codes
from pipeline.dashboard import figures, numbers
from pipeline.dashboard.origin import NATIONAL, Origins, source_text
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Chart, Field, Row, shown_table

GOAL = "overgang_direkte"
MAIN_RULE = "alle_avsluttede"


@dataclass(frozen=True)
class Headline:
    """The one sentence, its verdict (``over``, ``under``, ``uavklart``, ``uten_tall``) and what they rest on."""

    verdict: str
    sentence: str
    basis: str


@dataclass(frozen=True)
class Tile:
    """One key figure under its main denominator rule, and under the other rules; ``origin`` says which earlier release it is from."""

    name: str
    period: str
    value: str
    interval: str
    rule: str
    target: str
    others: tuple[str, ...]
    origin: str


def front_page(frames: Mapping[str, pl.DataFrame], t: Texts, computed_year: str, carried: Origins) -> dict[str, Any]:
    """What the front page shows: ``headline``, ``tiles`` and ``trend`` (null when no year is released).

    Args:
        frames: the release's tables after ``released_frames``.
        t: texts of one language.
        computed_year: year of the release; figures of that year are said to be "so far".
        carried: groups of numbers that are from an earlier release.
    """
    country = _country(frames["nokkeltall"])
    old = t("origin.tile", source=source_text(carried[NATIONAL], t)) if NATIONAL in carried else ""
    return {
        "headline": _headline(country, t, computed_year),
        "tiles": [
            _tile(country.filter(pl.col("kpi") == kpi), t, computed_year, old if kpi == GOAL else "")
            for kpi in country["kpi"].unique(maintain_order=True)
        ],
        "trend": _trend(country.filter(pl.col("kpi") == GOAL), t),
    }


def _country(keys: pl.DataFrame) -> pl.DataFrame:
    """National yearly rows without breakdown, indicators and denominator rules in the code list's order."""
    plain = (pl.col("nivaa") == "land") & (pl.col("dim") == "alle") & pl.col("periode").str.contains(r"^\d{4}$")
    order = codes.indicators().select("kpi", "nevnerregel").with_row_index("_plass")
    place = pl.col("_plass").min().over("kpi")
    ranked = keys.filter(plain).join(order, on=["kpi", "nevnerregel"], how="left")
    return ranked.sort(place, "kpi", "periode", "_plass", "nevnerregel", nulls_last=True).drop("_plass")


def indicator_name(kpi: str) -> str:
    """The indicator's name in the code list; the code itself where the list has none."""
    names = codes.indicators().filter(pl.col("kpi") == kpi)["navn"]
    return str(names[0]) if len(names) else kpi


def _latest(rows: pl.DataFrame) -> Sequence[Row]:
    """Rows of the latest year that shows a number, else of the latest year."""
    if not rows.height:
        return []
    shown = rows.filter(pl.col("verdi").is_not_null())
    year = (shown if shown.height else rows)["periode"].max()
    return rows.filter(pl.col("periode") == year).to_dicts()


def _headline(country: pl.DataFrame, t: Texts, computed_year: str) -> Headline:
    rows = _latest(country.filter(pl.col("kpi") == GOAL))
    row = rows[0] if rows else {}
    if row.get("verdi") is None:
        return Headline("uten_tall", t("front.sentence_none"), "")
    values = {
        "share": numbers.percent(row["verdi"]), "n": numbers.decimal(row["nevner"]),
        "period": _period(row["periode"], t, computed_year), "target": numbers.percent(row["maaltall"]),
        "interval": numbers.percent_range(row["ki_nedre"], row["ki_ovre"]), "rule": t.label("nevnerregel", row["nevnerregel"]),
    }  # fmt: skip
    key = "front.sentence" if row["maaltall"] is not None else "front.sentence_no_target"
    return Headline(_verdict(row), t(key, **values), t("front.basis", **values))


def _verdict(row: Row) -> str:
    target, low, high = row["maaltall"], row["ki_nedre"], row["ki_ovre"]
    if target is None or low is None or high is None:
        return "uten_tall"
    if low >= target:
        return "over"
    return "under" if high < target else "uavklart"


def _period(period: str, t: Texts, computed_year: str) -> str:
    return t("front.so_far", year=period) if period == computed_year else period


def _tile(rows: pl.DataFrame, t: Texts, computed_year: str, origin: str) -> Tile:
    main, *others = _latest(rows)
    target = "" if main["maaltall"] is None else t("front.tile_target", target=numbers.measure(main["maaltall"], main["enhet"]))
    return Tile(
        name=indicator_name(main["kpi"]),
        period=_period(main["periode"], t, computed_year),
        value=_value(main, t),
        interval=_tile_interval(main, t),
        rule=_rule(main, t),
        target=target,
        others=tuple(_other(o, t) for o in others),
        origin=origin,
    )


def _value(row: Row, t: Texts) -> str:
    if row["verdi"] is None:
        return row["status"] or numbers.MISSING
    # A headline figure is read as a whole number of percent; the tables carry the decimal where the release has one.
    number = numbers.percent(row["verdi"]) if row["enhet"] == "andel" else numbers.measure(row["verdi"], row["enhet"])
    return number if row["enhet"] in ("andel", "kr") else f"{number} {t.label('enhet', row['enhet'])}".strip()


def _tile_interval(row: Row, t: Texts) -> str:
    if row["ki_nedre"] is None or row["ki_ovre"] is None:
        return ""
    return t("front.tile_interval", interval=numbers.percent_range(row["ki_nedre"], row["ki_ovre"]))


def _rule(row: Row, t: Texts) -> str:
    rule = t.label("nevnerregel", row["nevnerregel"])
    return rule if row["nevner"] is None else t("front.rule_n", rule=rule, n=numbers.decimal(row["nevner"]))


def _trend(rows: pl.DataFrame, t: Texts) -> Chart | None:
    if not rows.height:
        return None
    frame = rows.with_columns(aar=pl.col("periode").cast(pl.Int64)).sort("aar", pl.col("nevnerregel") != MAIN_RULE, "nevnerregel")
    rules = sorted(frame["nevnerregel"].unique().to_list(), key=lambda r: (r != MAIN_RULE, r))
    names = {rule: t.label("nevnerregel", rule) for rule in rules}
    figure = figures.trend_figure(frame, names, t("front.target"), t("front.trend_y"))
    table = shown_table("trend", t("front.trend_caption"), frame, _trend_fields(t))
    years = frame["aar"]
    return Chart("trend", t("front.trend_title"), t("front.trend_text", first=years.min(), last=years.max()), figure, table)


def _trend_fields(t: Texts) -> Sequence[Field]:
    def sign(row: Row, shown: str) -> str:
        return (row["status"] or numbers.MISSING) if row["verdi"] is None else shown

    return (
        Field("periode", t("col.year"), lambda r: str(r["periode"]), numeric=False),
        Field("nevnerregel", t("col.rule"), lambda r: t.label("nevnerregel", r["nevnerregel"]), numeric=False),
        Field("verdi", t("col.share"), lambda r: sign(r, numbers.measure(r["verdi"], "andel", r["nevner"]))),
        Field("ki_nedre", t("col.interval"), lambda r: sign(r, numbers.percent_range(r["ki_nedre"], r["ki_ovre"]))),
        Field("teller", t("col.count"), lambda r: sign(r, numbers.decimal(r["teller"]))),
        Field("nevner", t("col.n"), lambda r: sign(r, numbers.decimal(r["nevner"]))),
        Field("maaltall", t("col.target"), lambda r: numbers.percent(r["maaltall"])),
    )


def _other(row: Row, t: Texts) -> str:
    if row["status"]:
        return t("front.tile_other_hidden", rule=_rule(row, t))
    return t("front.tile_other", value=_value(row, t), rule=_rule(row, t))
