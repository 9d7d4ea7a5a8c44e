"""What the method was tried on, behind the gate: the proof on simulated programmes and the night's self-test.

Belongs here: hiding and rounding in ``etterproving`` and ``selvtest``, and the last look at both. Must not be here: estimates.
"""

from __future__ import annotations

import json

import polars as pl

from pipeline.disclosure import estimates
from pipeline.disclosure.parameters import HIDDEN, MISSING
from pipeline.disclosure.rounding import off_grid, on_grid
from pipeline.tables import UTDATA

_DIFFERENCES = ("plantet", "plantet_se", "skjevhet", "skjevhet_se", "sd", "middel_se")
_SHARES = ("dekning", "andel_funnet", "andel_vist")
_SIZES = ("n_deltakelser", "n_kommuner")
_TENTH_OF_A_POINT, _POINT = 0.001, 0.01
_FINER_THAN_A_TENTH = r"\d[.,]\d\d"
_MEANS = ("middel", "sd", "grense")
_TESTED = ["analyse", "strategi", "sammenligning", "utfall", "horisont_uker"]


def proof(frame: pl.DataFrame) -> pl.DataFrame:
    """``UTDATA["etterproving"]``: nothing is hidden, since every person in it is simulated.

    Differences are rounded to a tenth of a percentage point, as in the row's sentence, shares to whole percent. How many persons and
    municipalities were imitated comes in two significant figures and is refused otherwise.
    """
    grader = pl.Series("grader", [_whole_percent(text) for text in frame["grader"].to_list()], dtype=pl.String)
    return UTDATA["etterproving"].conform(
        frame.with_columns(
            *(on_grid(pl.col(c), pl.lit(_TENTH_OF_A_POINT)).alias(c) for c in _DIFFERENCES),
            *(on_grid(pl.col(c), pl.lit(_POINT)).alias(c) for c in _SHARES),
            grader,
            status=pl.lit(""),
        )
    )


def _whole_percent(grades: str) -> str:
    return json.dumps({grade: round(share, 2) for grade, share in json.loads(grades).items()}, sort_keys=True)


def self_test(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["selvtest"]``: hidden where the estimate that it tests is; ``..`` where nothing could be tested.

    The means over the draws are rounded to whole percentage points, or as coarsely as the tested estimate where that is more.

    Args:
        frame: ``STATISTIKK["selvtest"]``.
        effects: released ``effekt``.
        threshold: smallest count shown.
    """
    rows = frame.with_columns(_step(frame, effects, threshold).alias("_step"))
    untested = pl.col("bestatt").is_null()
    hidden = pl.col("_step").is_null()
    sign = pl.when(untested).then(pl.lit(MISSING)).when(hidden).then(pl.lit(HIDDEN)).otherwise(pl.lit(""))
    rounded = [on_grid(pl.col(c), pl.col("_step")).alias(c) for c in _MEANS]
    rows = rows.with_columns(*rounded, status=sign)
    return UTDATA["selvtest"].conform(estimates.emptied(rows, untested | hidden, (*_MEANS, "bestatt")))


def _step(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> pl.Series:
    """One number per row of ``selvtest``: the grid of its means; null where no such estimate tells how many persons it has."""
    main = (pl.col("maal") == "risikodifferanse") & (pl.col("undergruppe") == "alle") & (pl.col("folsomhet") == "hoved")
    sized = effects.with_columns(estimates.step(effects, threshold).alias("_grid")).filter(main)
    coarsest = sized.group_by(_TESTED).agg(pl.col("_grid").max())
    rows = frame.select(_TESTED).join(coarsest, on=_TESTED, how="left", maintain_order="left")
    return rows.select(_step=pl.when(pl.col("_grid").is_not_null()).then(pl.max_horizontal("_grid", pl.lit(_POINT))))["_step"]


def unsafe_proof(frame: pl.DataFrame) -> int:
    """Rows of a released proof that are finer than its rounding."""
    fine = [off_grid(pl.col(c), pl.lit(_TENTH_OF_A_POINT)) for c in _DIFFERENCES]
    fine += [off_grid(pl.col(c), pl.lit(_POINT)) for c in _SHARES]
    fine += [pl.col(c) % 10 ** (pl.col(c).cast(pl.String).str.len_chars().cast(pl.Int64) - 2).clip(0) != 0 for c in _SIZES]
    fine += [pl.col("setning").str.contains(_FINER_THAN_A_TENTH), pl.col("grader").str.contains(r"\.\d{3}")]
    return frame.filter(pl.any_horizontal(fine)).height


def unsafe_self_test(frame: pl.DataFrame, effects: pl.DataFrame, threshold: int) -> int:
    """Rows of a released self-test that are finer than the estimate it tests allows, or stand where that is hidden."""
    rows = frame.with_columns(_step(frame, effects, threshold).alias("_step"))
    shown = pl.col("_step").is_null() & pl.col("bestatt").is_not_null()
    return rows.filter(pl.any_horizontal(shown, *(off_grid(pl.col(c), pl.col("_step")) for c in _MEANS))).height
