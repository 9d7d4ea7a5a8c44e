"""Estimates as readers meet them: name, size, grade in words, what may and may not be said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.dashboard import numbers
from pipeline.dashboard.hiding import NO_NUMBER_GRADES
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Field, Row, sentence_case
from pipeline.tables.statistikk import ANALYSES

_IN_CSV = (
    "analyse", "strategi", "sammenligning", "utfall", "horisont_uker", "variant", "undergruppe", "folsomhet", "estimat", "ki_nedre",
    "ki_ovre", "enhet", "n_personer", "ess", "grad", "protokoll_hash", "beregnet", "status",
)  # fmt: skip
OUTCOMES = ("arbeid_eller_utdanning", "arbeid", "utdanning")
_STRATEGY_ORDER = ("innen_2u", "innen_4u", "innen_8u", "innen_13u", "innen_26u", "ikke_innen_26u")


def strategy_rank(column: str = "strategi") -> pl.Expr:
    """Sorting key: timing strategies by week, all others after them."""
    return _rank(column, _STRATEGY_ORDER)


def outcome_rank(code: str) -> tuple[int, str]:
    """Sorting key: the broad outcome first, then work, then education, then what is new."""
    return (OUTCOMES.index(code), code) if code in OUTCOMES else (len(OUTCOMES), code)


def main_rows(effects: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Main rows (all participants, main analysis) of one measure, by analysis, strategy, horizon and variant."""
    main = (pl.col("maal") == measure) & (pl.col("undergruppe") == "alle") & (pl.col("folsomhet") == "hoved")
    return effects.filter(main).sort(
        _rank("analyse", ANALYSES), strategy_rank(), "strategi", "horisont_uker", "variant", nulls_last=True
    )


def arm_name(row: Row, t: Texts) -> str:
    """``Praksis innen 4 uker (jevn)``, to stand where the analysis is named already."""
    name = sentence_case(t.label("strategi", row["strategi"]))
    return f"{name} ({t.label('variant', row['variant'])})" if row["variant"] else name


def contrast_name(row: Row, t: Texts) -> str:
    """``Praksis innen 4 uker (jevn)``; strategies outside placement timing are named with their analysis."""
    name = t.label("strategi", row["strategi"])
    if not row["analyse"].startswith("praksis_"):
        name = f"{t.label('analyse', row['analyse'])}: {name}"
    return f"{name} ({t.label('variant', row['variant'])})" if row["variant"] else name


def effect_text(row: Row, t: Texts) -> str:
    """The difference (of a mediated share: the share) with its interval, or why there is none: the sign where it is hidden,
    "ikke beregnet" where nobody has tried, "ikke grunnlag" where the grade gives no number."""
    if row["status"] == numbers.MISSING:
        return t("works.not_estimated")
    if row["status"]:
        return str(row["status"])
    if row["grad"] in NO_NUMBER_GRADES or row["estimat"] is None:
        return t("works.no_basis")
    if row["maal"] == "andel":
        return f"{numbers.percent(row['estimat'])} [{numbers.percent_range(row['ki_nedre'], row['ki_ovre'])}]"
    return numbers.points(row["estimat"], row["ki_nedre"], row["ki_ovre"])


def _rank(column: str, order: Sequence[str]) -> pl.Expr:
    return pl.col(column).replace_strict(
        {name: place for place, name in enumerate(order)}, default=len(order), return_dtype=pl.Int64
    )


def persons(row: Row, t: Texts) -> str:
    """Number of persons, which the release has rounded down, as ``≈ 470``; the sign where it is hidden.

    Where the effective number is what is too small, it stands beside: many may have followed a strategy, and few count once weighted.
    """
    if row["n_personer"] is None:
        return row["status"] or numbers.MISSING
    shown = about(row["n_personer"])
    weak = row["ess"] is not None and "ess" in json.loads(row["porter"] or "{}").get("begrunnelse", "").split("; ")
    return t("works.effective", n=shown, ess=about(row["ess"])) if weak else shown


def estimate_csv(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``effekt`` as they are downloaded: what is asked, the estimate as a share (0-1), and what it rests on."""
    return rows.with_columns(enhet=pl.lit("andel")).select(_IN_CSV)


def about(count: float) -> str:
    """A count that the release has rounded: ``≈ 1 240``."""
    return f"≈{numbers.NBSP}{numbers.decimal(count)}"


def forest_row(row: Row, name: str, group: str, t: Texts, naive: float | None = None) -> dict[str, Any]:
    """One row of ``figures.FOREST``: the estimate under its name, with size, number of persons and grade in text."""
    return {
        "gruppe": group, "navn": name, "estimat": row["estimat"], "ki_nedre": row["ki_nedre"], "ki_ovre": row["ki_ovre"], "naiv": naive,
        "tekst": f"{effect_text(row, t)} · n {persons(row, t)} · {t.label('grad_kort', row['grad'])}",
    }  # fmt: skip


def saying(row: Row, t: Texts) -> Mapping[str, str]:
    """What a reader may and may not say about one estimate, which stands under the name of its analysis."""
    return {
        "name": arm_name(row, t),
        "effect": effect_text(row, t),
        "grade": t.label("grad", row["grad"]),
        "finding": t.label("funn", row["funn"]) if row["grad"] not in NO_NUMBER_GRADES and not row["status"] else "",
        "can": row["kan_si"] or t("works.no_basis_say"),
        "cannot": row["kan_ikke_si"] or t("works.cannot_default"),
    }


def estimate_fields(t: Texts) -> tuple[Field, ...]:
    """The columns of every table of differences."""
    return (
        Field("strategi", t("col.strategy"), lambda r: contrast_name(r, t), numeric=False),
        Field("estimat", t("col.difference"), lambda r: effect_text(r, t)),
        Field("n_personer", t("col.n"), lambda r: persons(r, t)),
        Field("grad", t("col.grade"), lambda r: t.label("grad", r["grad"]), numeric=False),
        Field("sammenligning", t("col.comparison"), lambda r: t.label("strategi", r["sammenligning"]), numeric=False),
    )
