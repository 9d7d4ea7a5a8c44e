"""Time to an event: competing exits, a hazard with a treatment that comes on the way, and the same patients as a target trial.

Belongs here: bringing the data into the engine's form. Must not be here: a data set or a published number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pipeline.effects.answers import Answers, contrast
from pipeline.effects.covariates import natural_spline
from pipeline.effects.eligibility import reaches
from pipeline.effects.findings import Interval
from pipeline.effects.incidence import cumulative_incidence
from pipeline.effects.naive import naive_rows
from pipeline.effects.person_weeks import Floats, Ints, PersonWeeks
from pipeline.effects.start_model import design, fit_start_model
from pipeline.effects.strategies import Strategy
from pipeline.effects.timing import NONE, run_timing, timing_study
from tests.effects.effects_worlds import PROTOCOL, cohort_of, person, placement, tables
from tests.external.external_data import Ended, Patients

_DAY_KNOTS = tuple(math.log(day) for day in (1, 7, 30, 90, 300, 900))
# The engine's dates begin in 1970, the programme in 1967: fifty years later, with the same leap years.
_OPENED, _CLOSED = date(2017, 10, 1), date(2024, 4, 1)
_GROUPS, _SEED, _DRAWS = 20, 1, 200


def _followed(last: Ints, cause: Ints) -> PersonWeeks:
    """Persons with an exit or none, in whole periods, and nothing to decide."""
    nobody, zero = np.zeros(0, dtype=np.int64), np.zeros(len(last), dtype=np.int64)
    return PersonWeeks(zero, zero, last, cause, zero, nobody, nobody, nobody > 0, horizon=int(last.max()), window=1)


def incidence(ended: Ended, at: tuple[float, ...]) -> Floats:
    """(len(at), causes) share that had left by each cause at these times; what ends at the same time is tied."""
    times = np.unique(ended.time)
    weeks = _followed(np.searchsorted(times, ended.time) + 1, ended.cause)
    found = cumulative_incidence(weeks.at_risk().astype(float), weeks)
    return np.asarray(found[np.searchsorted(times, at, side="right") - 1])


def person_days(patients: Patients) -> tuple[Ints, Ints]:
    """(rows,) patient and day of every day under observation, 1 … the last."""
    who = np.repeat(np.arange(len(patients.days)), patients.days)
    first = np.cumsum(patients.days) - patients.days
    return who, np.arange(len(who)) - first[who] + 1


def log_hazard_ratio(patients: Patients, exposed: Floats) -> Interval:
    """Log hazard ratio of death for the exposed person-days (rows,), by the pooled logistic model of the starts."""
    who, day = person_days(patients)
    died = (patients.died[who] & (day == patients.days[who])).astype(float)
    columns = np.column_stack([exposed, natural_spline(np.log(day), _DAY_KNOTS)])
    model = fit_start_model(design(columns), died, np.zeros(len(who), dtype=np.int64), 1)
    scale = float(exposed.std())
    estimate, se = model.beta[1] / scale, math.sqrt(np.linalg.inv(model.information[0])[1, 1]) / scale
    return Interval(estimate, estimate - 1.96 * se, estimate + 1.96 * se, se)


def transplanted_by_now(patients: Patients) -> Floats:
    """(rows,) whether the patient already had a new heart when the day began."""
    who, day = person_days(patients)
    return (patients.waited[who] < day).astype(float)


def ever_transplanted(patients: Patients) -> Floats:
    """(rows,) whether the patient gets one at all: known only afterwards, and only to those who live to get it."""
    who, _ = person_days(patients)
    return np.isfinite(patients.waited[who]).astype(float)


@dataclass(frozen=True)
class Trial:
    """Risk of death by week 52 with a transplant within 8 weeks against none in the first 26.

    Attributes:
        naive: placed early against placed late or never, as ``effekt_naiv`` would hold it.
        estimate: the engine's difference, whatever its grade.
        grade: the grade of its row.
        shown: the number that the row would hold.
    """

    naive: Interval
    estimate: Interval
    grade: str
    shown: float | None


def as_target_trial(patients: Patients) -> Trial:
    """The patients as participants: acceptance is the start, the transplant the placement, death the exit that is counted."""
    rows, spells = [], []
    for i in range(len(patients.days)):
        start = _OPENED + timedelta(int(patients.accepted[i]))
        end = start + timedelta(int(patients.days[i]) - 1)
        died = {"slutt_dato": end, "avslutning": "lonnsarbeid", "statusdato": max(end, _CLOSED)}
        rows.append(person(
            i, start_dato=start, alder_start=round(patients.age[i]), arbeidserfaring_norge="ja" if patients.surgery[i] else "nei",
            komm_nr_ref=f"{3100 + i % _GROUPS}", forste_tilskuddsaar=_OPENED.year, **(died if patients.died[i] else {"statusdato": end}),
        ))  # fmt: skip
        if math.isfinite(patients.waited[i]):
            spells.append(placement(i, 1, start=start + timedelta(int(patients.waited[i]))))
    return _answered(rows, spells)


def _answered(rows: list[dict], spells: list[dict]) -> Trial:
    """What the naive table and the graded row of the night say."""
    data = tables(rows, spells)
    cohort = cohort_of(data)
    results = run_timing(cohort, data, PROTOCOL, seed=_SEED, bootstraps=_DRAWS)
    asked = {"strategi": "innen_8u", "utfall": "arbeid", "horisont_uker": 52}
    naive = next(
        row for row in naive_rows(results.weeks, reaches(cohort, PROTOCOL.horizons), PROTOCOL) if asked.items() <= row.items()
    )
    graded = asked | {"variant": "jevn", "maal": "risikodifferanse"}
    row = next(row for row in Answers(results, timing_study(PROTOCOL)).rows() if graded.items() <= row.items())
    difference, _ = contrast(results, Strategy("innen_8u", "jevn", 8), NONE, "arbeid", 52)
    half = naive["ki_ovre"] - naive["estimat"]
    plain = Interval(naive["estimat"], naive["ki_nedre"], naive["ki_ovre"], half / 1.96)
    return Trial(plain, difference, row["grad"], row.get("estimat"))
