"""Municipality numbers of whole tables carried to the latest year of the code list (the rule: ``pipeline.codes.harmonise``)."""

from __future__ import annotations

import polars as pl

from pipeline.codes.harmonise import UNKNOWN, harmonise

__all__ = ["OSLO", "UNKNOWN", "harmonise", "with_komm_nr_ref"]
OSLO = "0301"


def with_komm_nr_ref(frame: pl.DataFrame, day: str) -> pl.DataFrame:
    """``frame`` with ``komm_nr_ref``: its ``komm_nr`` harmonised on the event date in column ``day``; same rows, same order."""
    pairs = frame.select("komm_nr", pl.col(day).alias("_day")).unique(maintain_order=True)
    refs = [harmonise(komm_nr, event) for komm_nr, event in pairs.iter_rows()]
    looked_up = pairs.with_columns(pl.Series("komm_nr_ref", refs, dtype=pl.String))
    return frame.join(
        looked_up, left_on=["komm_nr", day], right_on=["komm_nr", "_day"], how="left", nulls_equal=True, maintain_order="left"
    )
