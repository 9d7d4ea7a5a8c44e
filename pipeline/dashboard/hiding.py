"""Second fence behind the gate: what is marked hidden or ungraded carries no number, whatever the frame holds.

The disclosure gate has already emptied these cells. Emptying them once more here means that a fault upstream can blank
a page but never publish a number.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.tables.utdata import UTDATA

NO_NUMBER_GRADES = ("C", "D")
_ESTIMATES = ("estimat", "ki_nedre", "ki_ovre", "se", "e_verdi", "risiko")
_ALWAYS_SHOWN = (
    "status", "enhet", "maaltall", "grad", "metode", "begrunnelse", "kan_si", "kan_ikke_si", "kan_si_nn", "kan_ikke_si_nn",
    "kan_si_en", "kan_ikke_si_en", "justert_for", "protokoll_hash", "inndata_hash", "kode_versjon", "beregnet", "betydning",
)  # fmt: skip


def released_frames(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every table of ``UTDATA``, conformed and sorted, with hidden and ungraded cells empty.

    One row per row of the release. A row with a status sign loses every measure; a row graded C or D loses the
    estimate and its interval but keeps its counts. A table that the release lacks comes back empty.
    """
    return {name: _emptied(UTDATA[name].conform(tables[name]) if name in tables else UTDATA[name].empty()) for name in UTDATA}


def _emptied(frame: pl.DataFrame) -> pl.DataFrame:
    hidden = pl.col("status").fill_null("").is_in([":", ".", ".."])
    measures = [c for c in frame.columns if c not in _ALWAYS_SHOWN and c not in _key_columns(frame)]
    frame = frame.with_columns(pl.when(hidden).then(None).otherwise(pl.col(measures)).name.keep())
    if "grad" not in frame.columns:
        return frame
    ungraded = pl.col("grad").fill_null("").is_in([*NO_NUMBER_GRADES, ""])
    estimates = [c for c in _ESTIMATES if c in frame.columns]
    return frame.with_columns(pl.when(ungraded).then(None).otherwise(pl.col(estimates)).name.keep())


def _key_columns(frame: pl.DataFrame) -> list[str]:
    return next(t.key for t in UTDATA.values() if t.names == frame.columns)
