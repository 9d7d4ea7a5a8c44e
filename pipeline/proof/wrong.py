"""Comparisons that should not be made, measured beside the engine to show by how much each is wrong.

Naive groups by what came later; a landmark drops who left before it; starting facts alone miss what changes on the way.
Must not be here: anything that a night reports.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pipeline.effects.answers import contrast
from pipeline.effects.bootstrap import draw_counts
from pipeline.effects.findings import Z, difference_interval
from pipeline.effects.incidence import CAUSES, aalen_johansen
from pipeline.effects.naive import naive_rows
from pipeline.effects.person_weeks import Bools, Floats, PersonWeeks, is_event
from pipeline.effects.protocol import OUTCOMES
from pipeline.effects.timing import NONE
from pipeline.proof.estimands import EARLY, NOTHING, OUTCOME, Estimand, Found, found_of, true_difference
from pipeline.proof.programme import Programme


def _naive_row(week: int) -> Callable[[Programme], Found]:
    """Placed by week 8 against placed after 26 or never, as the night shows it to warn."""
    key = (EARLY.name, OUTCOME, week)

    def estimate(programme: Programme) -> Found:
        weeks, protocol = programme.weeks, programme.protocol
        complete = np.column_stack([programme.reaches(h) for h in protocol.horizons])
        rows = naive_rows(weeks, complete, protocol)
        row = next(r for r in rows if (r["strategi"], r["utfall"], r["horisont_uker"]) == key)
        if "estimat" not in row:
            return NOTHING
        return Found(row["estimat"], (row["ki_ovre"] - row["ki_nedre"]) / (2 * Z))

    return estimate


def shares(early: Bools, late: Bools, reached: Bools) -> Found:
    """Difference of two groups' plain shares with the outcome, and its standard error."""
    n, m = int(early.sum()), int(late.sum())
    if not n or not m:
        return NOTHING
    p, q = float(reached[early].mean()), float(reached[late].mean())
    return Found(p - q, math.sqrt(p * (1 - p) / n + q * (1 - q) / m))


def _late_only(programme: Programme) -> Found:
    """Placed by week 8 against placed after week 26: who left for work before has no place in either group."""
    weeks, seen = programme.weeks, programme.reaches(52)
    early, late = (weeks.placed > 0) & (weeks.placed <= EARLY.week), weeks.placed > weeks.window
    return shares(early & seen, late & seen, np.isin(weeks.cause, OUTCOMES[OUTCOME]) & (weeks.last <= 52))


def _by_cluster(weeks: PersonWeeks, group: Bools) -> tuple[Floats, Floats]:
    """(J, horizon) members at risk and (J, horizon, causes) their exits."""
    at_risk = np.zeros((weeks.n_clusters, weeks.horizon))
    np.add.at(at_risk, weeks.cluster[group], weeks.at_risk()[group].astype(float))
    exits = np.zeros((weeks.n_clusters, weeks.horizon, CAUSES))
    gone = group & is_event(weeks)
    np.add.at(exits, (weeks.cluster[gone], weeks.last[gone] - 1, weeks.cause[gone]), 1.0)
    return at_risk, exits


def _risk(counts: Floats, at_risk: Floats, exits: Floats, week: int) -> Floats:
    """(draws,) cumulative incidence of the outcome when cluster j counts ``counts[:, j]`` times."""
    incidence = aalen_johansen(counts @ at_risk, np.tensordot(counts, exits, 1))
    return np.asarray(incidence[:, week - 1, list(OUTCOMES[OUTCOME])].sum(axis=-1))


def landmark(weeks: PersonWeeks, mark: int, week: int, bootstraps: int, seed: int) -> Found:
    """Placed by week 8 against not placed by the landmark, among those still enrolled after it; unweighted.

    Args:
        weeks: the followed persons.
        mark: the landmark week; who left or was lost by its end is dropped.
        week: week from the start by which the outcome counts.
        bootstraps, seed: draws of municipalities.
    """
    stays = weeks.last > mark
    early = stays & (weeks.placed > 0) & (weeks.placed <= min(EARLY.week, mark))
    late = stays & ((weeks.placed == 0) | (weeks.placed > mark))
    if not early.any() or not late.any():
        return NOTHING
    counts = np.vstack([np.ones(weeks.n_clusters), draw_counts(weeks.n_clusters, bootstraps, seed)])
    difference = _risk(counts, *_by_cluster(weeks, early), week) - _risk(counts, *_by_cluster(weeks, late), week)
    return found_of(difference_interval(float(difference[0]), difference[1:], weeks.municipalities))


def _landmark(mark: int) -> Callable[[Programme], Found]:
    return lambda p: landmark(p.weeks, mark, 52, p.bootstraps, p.seed)


def _from_the_start(programme: Programme) -> Found:
    """The engine with the starting facts alone in its weights."""
    if not programme.from_the_start.arms:
        return NOTHING
    return found_of(contrast(programme.from_the_start, EARLY, NONE, OUTCOME, 52)[0])


def _wrong(name: str, estimate: Callable[[Programme], Found], week: int = 52) -> Estimand:
    return Estimand(
        name, "praksis_tidspunkt", EARLY.name, NONE.name, None, week, estimate, true_difference(EARLY, NONE, week)
    )  # fmt: skip


STARTING_FACTS = _wrong("bare opplysninger fra start, innen_8u, jevn, uke 52", _from_the_start)
WRONG = (
    _wrong("naiv: innen 8 uker mot etter 26 eller aldri, uke 52", _naive_row(52)),
    _wrong("naiv: innen 8 uker mot etter 26 eller aldri, uke 104", _naive_row(104), 104),
    _wrong("naiv: innen 8 uker mot etter 26, uke 52", _late_only),
    _wrong("landemerke uke 8: innen 8 uker mot ikke ennå, uke 52", _landmark(8)),
    _wrong("landemerke uke 26: innen 8 uker mot ikke innen 26, uke 52", _landmark(26)),
    STARTING_FACTS,
)
