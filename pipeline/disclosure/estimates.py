"""Estimates behind the gate: no number where an arm has too few persons or events, none finer than the threshold's persons.

Belongs here: hiding and rounding in ``effekt``, ``effekt_naiv`` and ``kommune``. Must not be here: curves and links.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.disclosure.parameters import HIDDEN, MISSING, coarse_share, declared
from pipeline.disclosure.rounding import (
    base,
    coarse_estimates,
    coarse_gates,
    coarse_sentence,
    floored,
    off_grid,
    on_grid,
    plain_zero,
    ratio_unit,
    unit,
)
from pipeline.disclosure.transitions import KPI
from pipeline.tables import UTDATA

NO_NUMBER = ("C", "D")
ESTIMATES = ("estimat", "ki_nedre", "ki_ovre", "se", "e_verdi")
INTERVAL = ("estimat", "ki_nedre", "ki_ovre")
_COUNTS = ("n_personer", "n_hendelser", "n_klynger", "ess")
_SIDES = ("strategi", "sammenligning")
_CAN_SAY = {"kan_si": ",", "kan_si_nn": ",", "kan_si_en": "."}  # the decimal mark of each language
_CANNOT_SAY = {"kan_ikke_si": ",", "kan_ikke_si_nn": ",", "kan_ikke_si_en": "."}
_SHARES = ("risiko", "andel")
_MUNICIPAL = ("andel", "krympet_andel", "ki_nedre", "ki_ovre")
ARM = ["analyse", "utfall", "horisont_uker", "undergruppe", "folsomhet"]


def _few(*columns: str, threshold: int) -> pl.Expr:
    return pl.any_horizontal([pl.col(c).is_null() | (pl.col(c) < threshold) for c in columns])


def emptied(frame: pl.DataFrame, hidden: pl.Expr, columns: tuple[str, ...]) -> pl.DataFrame:
    """The frame with those of the columns that it has null where hidden."""
    return frame.with_columns(pl.when(~hidden).then(pl.col(c)).alias(c) for c in columns if c in frame.columns)


def signed(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """With ``status``: ``..`` where there was no number to hide (not computed, or not good enough), ``:`` where one is hidden."""
    if "_absent" not in frame.columns:
        frame = frame.with_columns(_absent=pl.lit(False))
    sign = pl.when(pl.col("_absent")).then(pl.lit(MISSING)).when(pl.col("_hidden")).then(pl.lit(HIDDEN)).otherwise(pl.lit(""))
    return UTDATA[table].conform(frame.with_columns(sign.alias("status")))


def effects(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["effekt"]``: hidden where this row or an arm of its comparison has too few persons, events, non-events or owners.

    Grades C and D keep their number of persons and carry neither events nor an estimate. What is shown is rounded: counts down,
    estimates to a step that covers as many persons (``rounding.unit``), and so are the gates and the sentences in every language.
    A hidden row has no sentence; one that could not be computed keeps what it cannot say.
    """
    events, persons = pl.col("n_hendelser"), pl.col("n_personer")
    too_few = _few("n_personer", "n_hendelser", threshold=threshold)
    risk = pl.col("maal").is_in(_SHARES) & (persons - events < threshold)
    absent = persons.is_null() & pl.col("estimat").is_null()
    rows = frame.with_columns(_own=(too_few | risk | _few_owners()).fill_null(True), _absent=absent)
    arms = rows.filter(pl.col("maal") == "risiko").select(*ARM, "strategi", "variant", "_own")
    rows = _mark_arm(_mark_arm(rows, arms, "strategi"), arms, "sammenligning")
    rows = rows.with_columns(_hidden=pl.any_horizontal("_own", "_strategi_few", "_sammenligning_few"))
    ungraded = pl.col("grad").is_in(NO_NUMBER)
    rows = emptied(rows, pl.col("_hidden") | ungraded, (*ESTIMATES, "n_hendelser", "funn"))
    rows = emptied(rows, pl.col("_hidden"), (*_COUNTS, *_CAN_SAY))
    rows = emptied(rows, pl.col("_hidden") & ~pl.col("_absent"), tuple(_CANNOT_SAY))
    return signed("effekt", _coarse_effects(rows, threshold))


def _few_owners() -> pl.Expr:
    """Whether one or two owners could read each other off a row: two subtract themselves, one has it to itself.

    The profiles count projects, by the gate of their protocol, since the projects of one city have one municipality in common.
    """
    projects = pl.col("porter").str.json_path_match("$.prosjekter.farge") == "rod"
    is_profile = pl.col("analyse") == "prosjektprofil"
    return pl.when(is_profile).then(projects.fill_null(True)).otherwise(pl.col("n_klynger") < declared()["minste_klynger"])


def coarse_clusters(threshold: int) -> pl.Expr:
    """``n_klynger`` rounded down as other counts; fewer than the first step are not told."""
    return pl.when(pl.col("n_klynger") >= base(threshold)).then(floored("n_klynger", threshold)).alias("n_klynger")


def _coarse_effects(rows: pl.DataFrame, threshold: int) -> pl.DataFrame:
    rows = rows.with_columns(*(floored(c, threshold) for c in ("n_personer", "n_hendelser", "ess")), coarse_clusters(threshold))
    rows = rows.with_columns(porter=pl.when(pl.col("_hidden")).then(pl.lit("{}")).otherwise("porter"))
    return coarse_numbers(rows, threshold)


def coarse_numbers(rows: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Rows of ``effekt`` with everything but their counts rounded; counts must be rounded already. Nothing moves the second time."""
    rows = rows.with_columns(step(rows, threshold).alias("_step"), *(pl.col(c).alias(f"_{c}") for c in INTERVAL))
    rows = coarse_estimates(rows, *INTERVAL, _null(), _margin())
    grid = pl.col("_step")
    rows = rows.with_columns(
        *(pl.col(c).clip(lower_bound=_least(), upper_bound=_most()).alias(c) for c in INTERVAL),
        se=plain_zero(((pl.col("se") / grid - 1e-9).ceil() * grid).round(4)),
        e_verdi=on_grid(pl.col("e_verdi"), _ratio_grid(), pl.lit(1.0)),
        porter=_coarse_gates(rows, threshold),
    )
    return _coarse_sentences(rows)


def _is_ratio() -> pl.Expr:
    return pl.col("maal") == "risikoratio"


def _null() -> pl.Expr:
    return pl.when(_is_ratio()).then(1.0).otherwise(0.0)


def _margin() -> tuple[pl.Expr, pl.Expr]:
    """The edges that ``ingen_forskjell`` was judged by; null beside other findings."""
    claimed, edge = pl.col("funn") == "ingen_forskjell", declared()["relevansgrense"]
    share, ratio = edge["andel"], edge["risikoratio"]
    low, high = (pl.when(_is_ratio()).then(r).otherwise(d) for r, d in ((1 / ratio, -share), (ratio, share)))
    return pl.when(claimed).then(low), pl.when(claimed).then(high)


def _of_persons() -> pl.Expr:
    # a mediated share may lie outside 0-1, a share of persons never
    return (pl.col("maal") == "risiko") | ((pl.col("maal") == "andel") & (pl.col("analyse") == "prosjektprofil"))


def _least() -> pl.Expr:
    return pl.when(_of_persons() | _is_ratio()).then(0.0).otherwise(-math.inf)


def _most() -> pl.Expr:
    return pl.when(_of_persons()).then(1.0).otherwise(math.inf)


def _ratio_grid() -> pl.Expr:
    return pl.when(_is_ratio()).then("_step").otherwise(ratio_unit(pl.col("_step")))


def _coarse_gates(rows: pl.DataFrame, threshold: int) -> pl.Series:
    share_unit = pl.when(_is_ratio()).then(pl.col("_step") / ratio_unit(pl.lit(1.0))).otherwise("_step")
    pairs = rows.select(pl.col("porter").fill_null("{}"), share_unit.round(4).alias("_unit")).iter_rows()
    return pl.Series("porter", [coarse_gates(text, threshold, own) for text, own in pairs], dtype=pl.String)


def fine_numbers(frame: pl.DataFrame, threshold: int) -> pl.Expr:
    """Whether a row of a released ``effekt`` has a number beside its counts that is finer than the rule; frame with ``_step``.

    An end may also stand where the finding or the measure's nature stops it, which tells no more than they do.
    """
    grid, stops = pl.col("_step"), [_null(), _least(), _most(), *(edge.round(4) for edge in _margin())]
    fine = [off_grid(pl.col(c), grid, _null()) & ~_is_one_of(pl.col(c), stops) for c in INTERVAL]
    gates = pl.col("porter") != pl.lit(_coarse_gates(frame, threshold))
    return pl.any_horizontal(*fine, off_grid(pl.col("e_verdi"), _ratio_grid(), pl.lit(1.0)), gates.fill_null(False))


def _is_one_of(value: pl.Expr, stops: Sequence[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal([(value == stop).fill_null(False) for stop in stops])


def _coarse_sentences(rows: pl.DataFrame) -> pl.DataFrame:
    marks = _CAN_SAY | _CANNOT_SAY
    exact = [f"_{c}" for c in INTERVAL]
    said = [_sentences(row, marks) for row in rows.select(*marks, "maal", *INTERVAL, *exact).iter_rows(named=True)]
    return rows.with_columns(pl.Series(name, [row[name] for row in said], dtype=pl.String) for name in marks)


def _sentences(row: dict[str, Any], marks: dict[str, str]) -> dict[str, str | None]:
    numbers = {row[f"_{c}"]: row[c] for c in INTERVAL if row[c] is not None and row[f"_{c}"] is not None}
    scale, decimals = (1.0, 2) if row["maal"] == "risikoratio" else (100.0, 1)
    return {name: coarse_sentence(row[name], numbers, scale, decimals, mark) for name, mark in marks.items()}


def step(rows: pl.DataFrame, threshold: int) -> pl.Series:
    """One number per row of ``effekt``: the grid of its estimate, by the smaller of its arms; counts must be rounded already."""
    sizes = arm_sizes(rows)
    keys = rows.select(*ARM, "strategi", "sammenligning", "variant", "n_personer").iter_rows()
    smallest = [_smallest(sizes, tuple(key), (strategy, other), variant, own) for *key, strategy, other, variant, own in keys]
    share_unit = unit(pl.col("_n"), threshold)
    grid = pl.when(pl.col("maal") == "risikoratio").then(ratio_unit(share_unit)).otherwise(share_unit)
    return rows.with_columns(pl.Series("_n", smallest, dtype=pl.Int64)).select(_grid=grid)["_grid"]


def _smallest(
    sizes: dict[Any, dict[tuple[str, str | None], int]], key: Any, sides: tuple[Any, Any], variant: str | None, own: int | None
) -> int | None:
    """Persons of the smallest arm that the row rests on; an arm without a risk of its own rests on all of its analysis."""
    arms = sizes.get(key, {})
    named = {arm for arm, _ in arms}
    if any(side is not None and side not in named for side in sides):
        known = list(arms.values())
    else:
        known = [arms[side, v] for side in sides for v in {variant, None} if (side, v) in arms]
    return min([*known, own]) if own is not None else None


def arm_sizes(rows: pl.DataFrame) -> dict[Any, dict[tuple[str, str | None], int]]:
    """Persons by (``ARM``), then strategy and variant, from the risk rows that show them."""
    risk = rows.filter((pl.col("maal") == "risiko") & pl.col("n_personer").is_not_null())
    sizes: dict[Any, dict[tuple[str, str | None], int]] = {}
    for *key, arm, variant, n in risk.select(*ARM, "strategi", "variant", "n_personer").iter_rows():
        sizes.setdefault(tuple(key), {})[arm, variant] = n
    return sizes


def _mark_arm(rows: pl.DataFrame, arms: pl.DataFrame, role: str) -> pl.DataFrame:
    """Flags rows one of whose arms is hidden; an arm without variant (no placement) counts in every variant.

    An arm without a risk of its own is made of the others of its analysis (an interaction, a part of an effect): hidden if any is.
    """
    few = set(arms.filter("_own").select(*ARM, "strategi", "variant").iter_rows())
    named, torn = set(arms.select(*ARM, "strategi").iter_rows()), {key[: len(ARM)] for key in few}
    flags = [
        (*key, arm, variant) in few or (*key, arm, None) in few
        or (arm is not None and (*key, arm) not in named and tuple(key) in torn)
        for *key, arm, variant in rows.select(*ARM, role, "variant").iter_rows()
    ]  # fmt: skip
    return rows.with_columns(pl.Series(f"_{role}_few", flags, dtype=pl.Boolean))


def naive(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["effekt_naiv"]``: hidden where a group has too few persons, too few with or too few without the outcome.

    Groups are rounded down, shares to a step that covers as many persons; difference and Wald's interval follow from these.
    """
    few = []
    for side in _SIDES:
        n, k = pl.col(f"n_{side}"), (pl.col(f"andel_{side}") * pl.col(f"n_{side}")).round(0)
        few.append((n < threshold) | (k < threshold) | (n - k < threshold))
    rows = frame.with_columns(_hidden=pl.any_horizontal(few).fill_null(True))
    rows = rows.with_columns(floored(f"n_{side}", threshold) for side in _SIDES)
    rows = rows.with_columns(on_grid(pl.col(f"andel_{s}"), unit(pl.col(f"n_{s}"), threshold)).alias(f"andel_{s}") for s in _SIDES)
    p, q = (pl.col(f"andel_{side}") for side in _SIDES)
    half = 1.959963984540054 * (p * (1 - p) / pl.col("n_strategi") + q * (1 - q) / pl.col("n_sammenligning")).sqrt()
    difference = {"estimat": (p - q).round(4), "ki_nedre": (p - q - half).round(3), "ki_ovre": (p - q + half).round(3)}
    rows = rows.with_columns(plain_zero(value).alias(name) for name, value in difference.items())
    columns = ("andel_strategi", "andel_sammenligning", "estimat", "ki_nedre", "ki_ovre", "n_strategi", "n_sammenligning")
    return signed("effekt_naiv", emptied(rows, pl.col("_hidden"), columns))


def municipalities(frame: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """``UTDATA["kommune"]``: numbers only where the released tables show the same municipality, window, leavers and successes."""
    cells = released.filter(
        (pl.col("kpi") == KPI)
        & (pl.col("nivaa") == "kommune")
        & (pl.col("dim") == "alle")
        & (pl.col("nevnerregel") == "alle_avsluttede")
    ).select(komm_nr="omraade", periode="periode", n="nevner", observert="teller", _seen=pl.lit(True))
    rows = frame.join(cells, on=["komm_nr", "periode", "n", "observert"], how="left", maintain_order="left")
    rows = rows.with_columns(_hidden=~(pl.col("_seen").fill_null(False) & (pl.col("utfall") == "direkte_overgang")))
    numbers = ("n", "observert", "forventet", *_MUNICIPAL, "utenfor_95", "utenfor_998")
    return coarse_municipalities(signed("kommune", emptied(rows, pl.col("_hidden"), numbers)))


def coarse_municipalities(frame: pl.DataFrame) -> pl.DataFrame:
    """Shares as coarse as those of ``nokkeltall``, the expected number in whole persons: more decimals tell of the single person's mix."""
    shares = (coarse_share(pl.col(c), pl.col("n")).alias(c) for c in _MUNICIPAL)
    return frame.with_columns(*shares, forventet=plain_zero(pl.col("forventet").round(0)))


def fine_municipalities(frame: pl.DataFrame) -> int:
    """Rows of a released ``kommune`` that are finer than that."""
    n = pl.col("n")
    fine = [off_grid(pl.col(c), pl.when(n < 100).then(0.01).otherwise(0.001)) for c in _MUNICIPAL]
    return frame.filter(pl.any_horizontal(off_grid(pl.col("forventet"), pl.lit(1.0)), *fine)).height
