"""Curves behind the gate: rounded risks without counts, shown where no outcome moved by a few persons.

Belongs here: hiding and rounding in ``kurver``. Must not be here: the other estimate tables.
"""

from __future__ import annotations

import polars as pl

from pipeline.disclosure.estimates import NO_NUMBER, arm_sizes, emptied, signed
from pipeline.disclosure.rounding import coarse_estimates, unit

_RISK = ("risiko", "ki_nedre", "ki_ovre")
_COUNTS = ("n_hendelser", "n_under_risiko")


def curves(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["kurver"]``: risks on the grid of their arm, never counts; a week is shown or hidden for all outcomes of a strategy.

    Args:
        frame: ``STATISTIKK["kurver"]``.
        effects: released ``effekt``, which holds the persons of each arm; without them an arm's curve is hidden.
        threshold: smallest count shown.

    Returns:
        A week is shown when since the last shown week in every outcome and variant of the strategy nobody or at least
        ``threshold`` had the event, and as many are still at risk. Grades C and D, and weeks without a risk, carry ``..``.
    """
    rows = frame.sort("strategi", "variant", "utfall", "uke", nulls_last=True)
    safe = safe_weeks(rows, threshold)
    step = curve_step(rows, effects, threshold)
    shown = [pair in safe for pair in rows.select("strategi", "uke").iter_rows()]
    absent = pl.col("grad").is_in(NO_NUMBER) | pl.col("risiko").is_null()
    rows = rows.with_columns(step.alias("_step"), pl.Series("_safe", shown, dtype=pl.Boolean)).with_columns(_absent=absent)
    rows = rows.with_columns(_hidden=absent | ~pl.col("_safe") | pl.col("_step").is_null())
    rows = coarse_estimates(emptied(rows, pl.col("_hidden"), _RISK), *_RISK).with_columns(pl.col(_RISK).clip(0.0, 1.0))
    return signed("kurver", emptied(rows, pl.lit(True), _COUNTS))


def safe_weeks(rows: pl.DataFrame, threshold: int) -> set[tuple[str, int]]:
    """(strategy, week) of the steps that tell of nobody or of enough persons, over all outcomes and variants at once."""
    out: set[tuple[str, int]] = set()
    for (strategy,), own in rows.group_by("strategi", maintain_order=True):
        series = own.select("variant", "utfall").n_unique()
        last = [0] * series
        for week in sorted(set(own["uke"].to_list())):
            now = own.filter(pl.col("uke") == week).sort("variant", "utfall", nulls_last=True)
            events, at_risk = now["n_hendelser"].to_list(), now["n_under_risiko"].to_list()
            if len(events) == series and _is_safe(events, at_risk, last, threshold):
                out.add((str(strategy), week))
                last = events
    return out


def _is_safe(events: list[int | None], at_risk: list[int | None], last: list[int], threshold: int) -> bool:
    if any(n is None or n < threshold for n in at_risk) or any(k is None for k in events):
        return False
    return all(k == before or abs(k - before) >= threshold for k, before in zip(events, last, strict=True) if k is not None)


def curve_step(rows: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.Series:
    """One number per row: the grid of its arm's risks; null where no released effect tells how many persons the arm has."""
    smallest: dict[tuple[str, str | None], int] = {}
    own = (pl.col("analyse") == "praksis_tidspunkt") & (pl.col("undergruppe") == "alle") & (pl.col("folsomhet") == "hoved")
    for arms in arm_sizes(effects.filter(own)).values():
        for arm, n in arms.items():
            smallest[arm] = min(n, smallest.get(arm, n))
    sizes = [smallest.get((arm, variant)) for arm, variant in rows.select("strategi", "variant").iter_rows()]
    return pl.DataFrame({"_n": pl.Series(sizes, dtype=pl.Int64)}).select(_step=unit(pl.col("_n"), threshold))["_step"]
