"""Indicators of how the programme begins: dated by the year of start."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline.cohort.grunnlag import contribution

WEEKS = (2, 4, 13)


def from_start(deltakelse: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Contributions to waiting time, weeks to the first placement and placement within 2, 4 and 13 weeks.

    Those with a placement brought along from before the start are not in the shares; who left unplaced is, as not placed.
    """
    rows = deltakelse.with_columns(aar=pl.col("start_dato").dt.year())
    waited = (pl.col("start_dato") - pl.col("soknad_dato")).dt.total_days()
    yield contribution(rows.filter(waited >= 0), "ventetid_dager", "kjent_soknad", waited)
    yield contribution(rows, "uker_til_praksis", "fikk_praksis", pl.col("uker_til_praksis"))
    for weeks in WEEKS:
        reached = pl.col("start_dato") + pl.duration(days=7 * weeks - 1) <= pl.col("statusdato")
        followed = rows.filter(reached & ~pl.col("praksis_foer_start"))
        placed = (pl.col("uker_til_praksis") <= weeks).fill_null(False)
        yield contribution(followed, f"praksis_innen_{weeks}u", "fulgt_lenge_nok", placed)
