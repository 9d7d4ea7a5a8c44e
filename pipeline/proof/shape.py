"""The size and shape of real data, as far as a simulated programme must share it: a handful of rounded facts, nobody's row.

Belongs here: what is read off the participations, and the dials made from it. Must not be here: effects (``planting``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipeline.effects.eligibility import Cohort, reaches, select_cohort
from pipeline.effects.person_weeks import PersonWeeks, follow
from pipeline.effects.protocol import OUTCOMES, placement_protocol
from pipeline.errors import UserError
from pipeline.proof.estimands import OUTCOME
from pipeline.proof.steering import People, steer
from pipeline.synthetic.params import MAX_UNITS, SyntheticParams
from pipeline.synthetic.regimes import NATURAL

_LEAST_PERSONS, _LEAST_MUNICIPALITIES = 50, 2
_LEAST_YEAR = 0.02  # a start year with a smaller share of the persons is a straggler
_KNOWN_FROM = 50  # fewer persons followed long enough say too little about a share
_PLACED_WEEK, _LEFT_WEEK = 26, 52
_LAST_START = (12, 15)  # the generator's last day of starts in the last year


@dataclass(frozen=True)
class Shape:
    """What the followed persons have in common with the simulated ones.

    Attributes:
        persons, municipalities: how many are followed, where; two significant figures.
        first_year, years: years in which they began; stragglers left out.
        statusdato: the middle one of the persons' days that the data are complete to.
        placed: share (0–1) placed by week 26, None when too few are followed so long.
        left: share (0–1) that has left to work or education by week 52, likewise.
    """

    persons: int
    municipalities: int
    first_year: int
    years: int
    statusdato: date
    placed: float | None
    left: float | None


def rounded(number: int, figures: int = 2) -> int:
    """The number to so many significant figures: 2 487 becomes 2 500."""
    step = int(10 ** max(len(str(number)) - figures, 0))
    return (number + step // 2) // step * step


def shape_of(deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> Shape:
    """The shape of a home's data.

    Args:
        deltakelse, tiltak: ``KLARGJORT`` tables.

    Raises:
        UserError: so few are followed that nothing could be estimated.
    """
    protocol = placement_protocol()
    cohort = select_cohort(deltakelse, protocol)
    persons, municipalities = cohort.persons.height, cohort.persons["klynge"].n_unique()
    if persons < _LEAST_PERSONS or municipalities < _LEAST_MUNICIPALITIES:
        raise UserError(
            f"The estimators follow fewer than {_LEAST_PERSONS} persons or {_LEAST_MUNICIPALITIES} municipalities of this home: "
            "there is nothing to prove.",
            "Take in more deliveries: jobbsjansen nightly.",
        )
    weeks = follow(cohort, tiltak, protocol)
    years = _years(cohort.persons["start_dato"].dt.year())
    return Shape(
        rounded(persons), rounded(municipalities), min(years), max(years) - min(years) + 1,
        cohort.persons["statusdato"].sort()[persons // 2], _placed(cohort, weeks), _left(cohort, weeks),
    )  # fmt: skip


def _years(started: pl.Series) -> list[int]:
    share = started.value_counts(normalize=True, name="andel")
    return share.filter(pl.col("andel") >= _LEAST_YEAR)[started.name].to_list()


def _share(cohort: Cohort, happened: np.ndarray, week: int) -> float | None:
    seen = reaches(cohort, (week,))[:, 0]
    return float(happened[seen].mean()) if seen.sum() >= _KNOWN_FROM else None


def _placed(cohort: Cohort, weeks: PersonWeeks) -> float | None:
    return _share(cohort, (weeks.placed > 0) & (weeks.placed <= _PLACED_WEEK), _PLACED_WEEK)


def _left(cohort: Cohort, weeks: PersonWeeks) -> float | None:
    return _share(cohort, np.isin(weeks.cause, OUTCOMES[OUTCOME]) & (weeks.last <= _LEFT_WEEK), _LEFT_WEEK)


def _participants(shape: Shape) -> int:
    """So many participations that about ``persons`` of them begin early enough to be followed."""
    rest = placement_protocol().declared["utvalg"]["minste_oppfolging_dager"]
    first, last = date(shape.first_year, 1, 1), date(shape.first_year + shape.years - 1, *_LAST_START)
    seen = (min(last, shape.statusdato - timedelta(rest)) - first).days / (last - first).days
    return round(shape.persons / max(seen, 0.1))


def params_of(shape: Shape, people: People) -> SyntheticParams:
    """The dials of a programme of this shape with the main effects; exits and starts are steered to the shares seen.

    Args:
        shape: from :func:`shape_of`.
        people: who the shares are simulated on.
    """
    base = SyntheticParams(
        participants=_participants(shape), municipalities=min(shape.municipalities, MAX_UNITS), first_year=shape.first_year,
        years=shape.years, statusdato=shape.statusdato,
    )  # fmt: skip
    if shape.left is not None:
        work, study = base.work_logodds, base.education_logodds
        base = steer(
            lambda x: base.with_(work_logodds=work + x, education_logodds=study + x),
            lambda p: people.mean(p, _LEFT_WEEK, lambda f: f.risk(NATURAL, OUTCOME, _LEFT_WEEK)), shape.left, (-3.0, 3.0),
        )  # fmt: skip
    if shape.placed is not None:
        base = steer(
            lambda x: base.with_(start_logodds=x),
            lambda p: people.mean(p, _PLACED_WEEK, lambda f: f.placed(NATURAL, _PLACED_WEEK)), shape.placed, (-8.0, 0.0),
        )  # fmt: skip
    return base
