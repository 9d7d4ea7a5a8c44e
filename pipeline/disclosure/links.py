"""The chain's links behind the gate: hidden and rounded, and one number with ``effekt`` where a link is a row of it.

Belongs here: hiding and rounding in ``aarsakskjede``. Must not be here: the other estimate tables.
"""

from __future__ import annotations

import polars as pl

from pipeline.disclosure.estimates import ESTIMATES, INTERVAL, NO_NUMBER, emptied, signed
from pipeline.disclosure.parameters import declared
from pipeline.disclosure.rounding import coarse_estimates, floored, off_grid, unit

_SLOPE_STEP = 0.001
_SHOWN = (*INTERVAL, "grad", "funn", "n", "n_hendelser", "status")  # what a link has in common with a row of effekt
_LINK, _LINK_WEEKS = ["fra", "til", "analyse", "strategi", "variant"], 52


def chain(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["aarsakskjede"]``: hidden where the link has too few persons or events; ungraded, C and D carry no estimate.

    Counts are rounded down and shares rounded as in ``effekt``. Slopes of a regression are no function of counts: three decimals.
    """
    estimated = pl.col("n").is_not_null() | pl.col("estimat").is_not_null()
    small = (pl.col("n") < threshold) | (pl.col("n_hendelser") < threshold) | pl.col("n").is_null()
    rows = frame.with_columns(_hidden=(estimated & small).fill_null(True), _absent=~estimated)
    ungraded = pl.col("grad").is_null() | pl.col("grad").is_in(NO_NUMBER)
    rows = emptied(rows, pl.col("_hidden") | ungraded, (*ESTIMATES, "n_hendelser", "funn"))
    rows = rows.with_columns(floored("n", threshold), floored("n_hendelser", threshold))
    rows = coarse_estimates(rows.with_columns(chain_step(threshold).alias("_step")), *INTERVAL)
    return signed("aarsakskjede", emptied(rows, pl.col("_hidden"), ("n", "n_hendelser")))


def linked(links: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """A released ``aarsakskjede`` whose links that a row of ``effekt`` answers show what that row shows, and are hidden with it."""
    rows = _beside_effects(links, effects)
    answered = pl.col("_status").is_not_null()
    rows = rows.with_columns(pl.when(answered).then(f"_{c}").otherwise(c).alias(c) for c in _SHOWN)
    return rows.select(links.columns)


def unsafe_links(links: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> int:
    """Links of a released ``aarsakskjede`` that are finer than the rule, or other than the row of ``effekt`` that answers them."""
    answered = pl.col("_status").is_not_null()
    unlike = pl.any_horizontal([pl.col(c).ne_missing(pl.col(f"_{c}")) for c in _SHOWN])
    fine = pl.any_horizontal([off_grid(pl.col(c), chain_step(threshold)) for c in INTERVAL])
    return _beside_effects(links, effects).filter(pl.when(answered).then(unlike).otherwise(fine)).height


def answered_links() -> pl.DataFrame:
    """The links that a row of ``effekt`` answers, with that row's key."""
    return pl.DataFrame(declared()["lenker_fra_effekt"], schema=dict.fromkeys(_LINK, pl.String))


def _beside_effects(links: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Links with the released numbers, finding and sign of the row of ``effekt`` that answers them, as ``_estimat`` and so on."""
    asked = answered_links()
    one = (pl.col("maal") == "risikodifferanse") & (pl.col("undergruppe") == "alle") & (pl.col("folsomhet") == "hoved")
    shown = [pl.col("n_personer" if c == "n" else c).alias(f"_{c}") for c in _SHOWN]
    answers = effects.filter(one & (pl.col("horisont_uker") == _LINK_WEEKS)).select(*_LINK[2:], *shown, til="utfall")
    found = asked.join(answers, on=_LINK[1:], nulls_equal=True).drop("analyse", "strategi", "variant")
    return links.join(found, on=["fra", "til"], how="left", maintain_order="left")


def chain_step(threshold: int) -> pl.Expr:
    """The grid of a link's estimate; counts must be rounded already."""
    return pl.when(pl.col("enhet") == "andel").then(unit(pl.col("n"), threshold)).otherwise(_SLOPE_STEP)
