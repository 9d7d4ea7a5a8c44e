"""A night's deliveries in turns: within a turn no two concern the same thing, so that each meets what all before it left.

Two deliveries concern the same thing when they are of the same sender or speak of the same project. Judging a whole turn at
once gives the same answers as judging one delivery after the other, and most nights have one turn.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipeline.intake.judging.delivery import Delivery


def turns(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """The deliveries, given in order of receipt, as turns in order; within a turn the order of receipt is kept."""
    made: list[list[Delivery]] = []
    taken: dict[tuple[str, str], int] = {}
    for d in deliveries:
        concerns = _concerns(d)
        turn = max(taken.get(c, -1) for c in concerns) + 1
        taken |= dict.fromkeys(concerns, turn)
        if turn == len(made):
            made.append([])
        made[turn].append(d)
    return made


def _concerns(d: Delivery) -> set[tuple[str, str]]:
    frames = [frame for frame in d.reading.tables.values() if "prosjekt_id" in frame.columns]
    # looser than the reading of the cell: two spellings in one turn more do no harm, one spelling in two would
    spoken = [f.select(pl.col("prosjekt_id").cast(pl.String).str.replace_all(r"\s", "").unique()) for f in frames]
    projects = {p for f in spoken for p in f["prosjekt_id"].drop_nulls().to_list()}
    return {("sender", d.avsender), *(("project", p) for p in projects)}
