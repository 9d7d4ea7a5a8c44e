"""Curves behind the gate: rounded risks without counts, shown where no outcome moved by a few persons.

Belongs here: hiding and rounding in ``kurver``. Must not be here: the other estimate tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline.disclosure.estimates import NO_NUMBER, emptied, signed
from pipeline.disclosure.parameters import HIDDEN
from pipeline.disclosure.rounding import coarse_estimates, off_grid, unit

_RISK = ("risiko", "ki_nedre", "ki_ovre")
_COUNTS = ("n_hendelser", "n_under_risiko")
_ARM = ["strategi", "variant", "utfall"]
_Counts = list[int | None]


def curves(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["kurver"]``: risks on the grid of their arm, never counts; a week is shown or hidden for all outcomes of a strategy.

    Args:
        frame: ``STATISTIKK["kurver"]``.
        effects: released ``effekt``, which holds the persons of each arm; without them an arm's curve is hidden.
        threshold: smallest count shown.

    Returns:
        A week that ``effekt`` tells of is shown as there, and for all outcomes only when it is shown there for all. Any other week is
        shown when since the last shown week, and until the next one of ``effekt``, in every outcome and variant of the strategy nobody
        or at least ``threshold`` had the event, and as many are still at risk. Grades C and D, and weeks without a risk, carry ``..``.
    """
    rows = at_horizons(frame.sort("strategi", "variant", "utfall", "uke", nulls_last=True), effects)
    absent = pl.col("grad").is_in(NO_NUMBER) | pl.col("risiko").is_null() | (pl.col("_told") & pl.col("_risiko").is_null())
    rows = rows.with_columns(curve_step(rows, effects, threshold).alias("_step"))
    rows = rows.with_columns(_absent=absent & (pl.col("_status") != HIDDEN).fill_null(True))
    rows = rows.with_columns(_safe=_safe(rows, threshold))
    rows = rows.with_columns(_hidden=absent | ~pl.col("_safe") | pl.col("_step").is_null())
    return signed("kurver", emptied(coarse_risks(emptied(rows, pl.col("_hidden"), _RISK)), pl.lit(True), _COUNTS))


def coarse_risks(rows: pl.DataFrame) -> pl.DataFrame:
    """Shown risks on the grid of their arm, those of a week of ``effekt`` as there; rows with ``at_horizons`` and ``_step``."""
    rows = coarse_estimates(rows, *_RISK).with_columns(pl.col(_RISK).clip(0.0, 1.0))
    as_there = pl.col("_told") & pl.col("risiko").is_not_null()
    return rows.with_columns(pl.when(as_there).then(f"_{c}").otherwise(c).alias(c) for c in _RISK)


def at_horizons(rows: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Rows with ``_told`` (``effekt`` has the same risk) and what is released there: ``_risiko``, ``_ki_nedre``, ``_ki_ovre``, ``_status``."""
    told = _main(effects).select(
        *_ARM,
        uke="horisont_uker",
        _risiko="estimat",
        _ki_nedre="ki_nedre",
        _ki_ovre="ki_ovre",
        _status="status",
        _told=pl.lit(True),
    )
    joined = rows.join(told, on=[*_ARM, "uke"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("_told").fill_null(False))


def _main(effects: pl.DataFrame) -> pl.DataFrame:
    main = (pl.col("analyse") == "praksis_tidspunkt") & (pl.col("undergruppe") == "alle") & (pl.col("folsomhet") == "hoved")
    return effects.filter(main & (pl.col("maal") == "risiko"))


def _safe(rows: pl.DataFrame, threshold: int) -> pl.Series:
    told = rows.filter("_told").group_by("strategi", "uke").agg((pl.col("_status") == HIDDEN).any().alias("_hides"))
    weeks = {(strategy, week): not hides for strategy, week, hides in told.iter_rows()}
    safe = safe_weeks(rows, weeks, threshold)
    return pl.Series([pair in safe for pair in rows.select("strategi", "uke").iter_rows()], dtype=pl.Boolean)


def safe_weeks(rows: pl.DataFrame, told: Mapping[tuple[str, int], bool], threshold: int) -> set[tuple[str, int]]:
    """(strategy, week) of the steps that tell of nobody or of enough persons, over all outcomes and variants at once.

    Args:
        rows: one strategy, variant, outcome and week each, with ``n_hendelser`` and ``n_under_risiko``.
        told: the weeks of ``effekt``, and whether it shows all of them.
        threshold: smallest step.
    """
    out: set[tuple[str, int]] = set()
    for (strategy,), own in rows.group_by("strategi", maintain_order=True):
        weeks = _weeks(own)
        last: _Counts = [0] * own.select("variant", "utfall").n_unique()
        later = [week for week in weeks if told.get((str(strategy), week))]
        for week, (events, at_risk) in weeks.items():
            until = [weeks[w][0] for w in later if w > week][:1]
            own_rule = len(events) == len(last) and _is_safe(events, at_risk, [last, *until], threshold)
            if told.get((str(strategy), week), own_rule):
                out.add((str(strategy), week))
                last = events
    return out


def _weeks(own: pl.DataFrame) -> dict[int, tuple[_Counts, _Counts]]:
    """Events and persons at risk by week, each in the order of variants and outcomes."""
    out = {}
    for week in sorted(set(own["uke"].to_list())):
        now = own.filter(pl.col("uke") == week).sort("variant", "utfall", nulls_last=True)
        out[week] = (now["n_hendelser"].to_list(), now["n_under_risiko"].to_list())
    return out


def _is_safe(events: _Counts, at_risk: _Counts, others: Sequence[_Counts], threshold: int) -> bool:
    if any(n is None or n < threshold for n in at_risk):
        return False
    return all(_is_apart(k, other, threshold) for shown in others for k, other in zip(events, shown, strict=True))


def _is_apart(events: int | None, shown: int | None, threshold: int) -> bool:
    return events is not None and shown is not None and (events == shown or abs(events - shown) >= threshold)


def curve_step(rows: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.Series:
    """One number per row: the grid of its arm's risk; null where no released effect tells how many persons the arm has.

    The arm's persons are those of the same outcome in ``effekt``, of its smallest horizon.
    """
    persons = _main(effects).group_by(_ARM).agg(_n=pl.col("n_personer").min())
    sized = rows.select(_ARM).join(persons, on=_ARM, how="left", nulls_equal=True, maintain_order="left")
    return sized.select(_step=unit(pl.col("_n"), threshold))["_step"]


def unsafe_curves(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> int:
    """Rows of a released ``kurver`` with counts, finer than the rule, or other than ``effekt``; and weeks shown for some outcomes.

    A week that one outcome hides and another shows would let the third be computed.
    """
    rows = at_horizons(frame, effects).with_columns(curve_step(frame, effects, threshold).alias("_step"))
    counted = pl.any_horizontal(pl.col(c).is_not_null() for c in _COUNTS)
    bounds = [0.0, 1.0]
    fine = pl.any_horizontal(off_grid(pl.col(c), pl.col("_step")) & ~pl.col(c).is_in(bounds) for c in _RISK)
    unlike = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"_{c}")) for c in _RISK) & pl.col("risiko").is_not_null()
    shown = (
        rows.filter(pl.col("status") != "..").group_by("strategi", "variant", "uke").agg(_n=pl.col("risiko").is_null().n_unique())
    )
    return rows.filter(counted | pl.when("_told").then(unlike).otherwise(fine)).height + shown.filter(pl.col("_n") > 1).height
