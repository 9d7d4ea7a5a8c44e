"""A night's deliveries in turns: within a turn no two concern the same thing, so that each meets what all before it left.

Two deliveries concern the same thing when they are of the same sender (by any of its numbers) or speak of the same project. Judging a turn at
once gives the same answers as judging one delivery after the other, and most nights have one turn. A delivery that withdraws
another stands alone: what falls away with that one may concern anybody's project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.senders import family

MOST_ROWS = 150_000


def turns(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """The deliveries, given in order of receipt, as turns in order; within a turn the order of receipt is kept."""
    made: list[list[Delivery]] = []
    taken: dict[tuple[str, str], int] = {}
    first = 0
    for d in deliveries:
        concerns = _concerns(d)
        turn = max(first, *(taken.get(c, -1) + 1 for c in concerns))
        if _withdraws(d):
            turn = len(made)
            first = turn + 1
        taken |= dict.fromkeys(concerns, turn)
        if turn == len(made):
            made.append([])
        made[turn].append(d)
    return [part for whole in made for part in _parts(whole)]


def _parts(turn: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    """A turn in parts of limited size: what is judged at once is held in memory several times over."""
    part: list[Delivery] = []
    rows = 0
    for d in turn:
        own = sum(frame.height for frame in d.reading.tables.values())
        if part and rows + own > MOST_ROWS:
            yield part
            part, rows = [], 0
        part.append(d)
        rows += own
    yield part


def _withdraws(d: Delivery) -> bool:
    said = d.reading.tables.get("innsending")
    return said is not None and "trekker_tilbake" in said.columns and said["trekker_tilbake"].drop_nulls().len() > 0


def _concerns(d: Delivery) -> set[tuple[str, str]]:
    frames = [frame for frame in d.reading.tables.values() if "prosjekt_id" in frame.columns]
    # looser than the reading of the cell: two spellings in one turn more do no harm, one spelling in two would
    spoken = [f.select(pl.col("prosjekt_id").cast(pl.String).str.replace_all(r"\s", "").unique()) for f in frames]
    projects = {p for f in spoken for p in f["prosjekt_id"].drop_nulls().to_list()}
    return {*(("sender", number) for number in family(d.avsender)), *(("project", p) for p in projects)}
