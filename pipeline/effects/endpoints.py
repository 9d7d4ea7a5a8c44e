"""Facts about each person whose weighted mean is asked for: the negative control from before the start, work long after it.

Belongs here: which fact, for whom it is known. Must not be here: weights and estimates.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipeline.effects.eligibility import Cohort, reaches
from pipeline.effects.person_weeks import Floats


def negative_control(cohort: Cohort, utfall: pl.DataFrame) -> Floats:
    """(n,) share of the 12 months before the start in work, else experience from abroad (1 = yes); NaN when neither is known.

    A fact from before the start that stays out of the weights: a strategy cannot have changed it.
    """
    joined = cohort.persons.select("deltakelse_key", "arbeidserfaring_utland").join(
        utfall.select("deltakelse_key", "maaneder_i_arbeid_foer"), on="deltakelse_key", how="left", maintain_order="left"
    )
    months = joined["maaneder_i_arbeid_foer"].cast(pl.Float64) / 12.0
    if months.is_null().all():
        months = joined["arbeidserfaring_utland"].replace_strict({"ja": 1.0, "nei": 0.0}, default=None, return_dtype=pl.Float64)
    return np.asarray(months.fill_null(np.nan).to_numpy(), dtype=float)


def register_endpoints(cohort: Cohort, utfall: pl.DataFrame, names: Iterable[str], window: int) -> Floats:
    """(n, q) outcomes from the registers, 1 = yes, NaN where unknown.

    Also NaN for persons whose project's data do not cover the decision window: nobody knows whether they followed a strategy.

    Args:
        cohort: who is followed.
        utfall: ``STATISTIKK["utfall"]``.
        names: its columns.
        window: weeks in which starts are decided.
    """
    wanted = list(names)
    joined = cohort.persons.select("deltakelse_key").join(
        utfall.select("deltakelse_key", *wanted), on="deltakelse_key", how="left", maintain_order="left"
    )
    columns = [joined[n].cast(pl.Float64).fill_null(np.nan).to_numpy() for n in wanted]
    values = np.column_stack(columns) if columns else np.zeros((cohort.persons.height, 0))
    return np.where(reaches(cohort, (window,)), values, np.nan)
