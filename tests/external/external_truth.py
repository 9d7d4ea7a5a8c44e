"""Published answers beside the ones that the night's own functions give, and the page that shows them.

Run ``python -m tests.external.external_truth`` to write the tables of docs/external-truth.md anew.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from pipeline.effects.findings import Interval
from pipeline.effects.person_weeks import Floats
from pipeline.linkage import utfall
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables.statistikk import NOVEMBER_STATUS
from tests.external.external_data import (
    Ended,
    gammopathy,
    heart_patients,
    job_training,
    job_training_against_survey,
    senators,
    smokers,
)
from tests.external.external_survival import (
    Trial,
    as_target_trial,
    ever_transplanted,
    incidence,
    log_hazard_ratio,
    transplanted_by_now,
)
from tests.external.external_treatment import (
    Compared,
    for_everybody,
    for_the_treated,
    interval,
    probability,
    slope,
    unweighted,
)
from tests.linkage.leavers_2016 import SEXES, as_published, cells
from tests.linkage.linkage_cases import extracts, measures, months_file

DOCUMENT = Path(__file__).parents[2] / "docs" / "external-truth.md"
YEARS = (5, 15, 25)
MONTHS = (120, 240, 360)
# R's survival package on its mgus2: share with a malignancy, and dead before one, after these months.
BY_R = ((0.0637, 0.0998, 0.1340), (0.5318, 0.7240, 0.7842))
# Where everybody could have been either treated or not: Crump et al. 2009 (Biometrika 96:187), and a wider choice.
OVERLAP, WIDER = (0.1, 0.9), (0.05, 0.95)


@dataclass(frozen=True)
class Earnings:
    """The job training, in the experiment and against the survey's men; dollars of 1978."""

    experiment: Interval
    experiment_adjusted: Interval
    naive: Interval
    regression: Interval
    unweighted: Compared
    everybody: Compared
    treated: Compared
    overlap: Compared
    wider: Compared
    everybody_interval: Interval
    overlap_interval: Interval
    wider_interval: Interval


@cache
def earnings() -> Earnings:
    nsw, cps = job_training(), job_training_against_survey()
    chance = probability(cps)
    # Dehejia & Wahba leave out the untreated who are less likely to be treated than anybody who was.
    support = chance >= chance[cps.treated > 0].min()
    overlap, wider = (cps.only((chance >= low) & (chance <= high)) for low, high in (OVERLAP, WIDER))
    return Earnings(
        slope(nsw), slope(nsw, nsw.compared), slope(cps), slope(cps, cps.compared), unweighted(cps), for_everybody(cps, chance),
        for_the_treated(cps.only(support), chance[support]), for_everybody(overlap, probability(overlap)),
        for_everybody(wider, probability(wider)), *(interval(g, 100, 400, seed=7) for g in (cps, overlap, wider)),
    )  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """Weight gained by quitting smoking (kg): unadjusted, weighted, and the stabilised weights (1 566,)."""

    naive: Interval
    weighted: Interval
    compared: Compared
    stabilised: Floats


@cache
def weight() -> Weight:
    given = smokers()
    chance, share = probability(given), given.treated.mean()
    stabilised = np.where(given.treated > 0, share / chance, (1 - share) / (1 - chance))
    return Weight(slope(given), interval(given, 200, 500, seed=3), for_everybody(given, chance), stabilised)


@dataclass(frozen=True)
class Hearts:
    """The heart transplants: log hazard ratios of death, right and wrong, and the target trial."""

    time_dependent: Interval
    ever: Interval
    trial: Trial


@cache
def hearts() -> Hearts:
    patients = heart_patients()
    now, ever = transplanted_by_now(patients), ever_transplanted(patients)
    return Hearts(log_hazard_ratio(patients, now), log_hazard_ratio(patients, ever), as_target_trial(patients))


@cache
def office() -> Floats:
    """(years, causes) senators who had died, resigned or retired."""
    return incidence(senators(), tuple(365.25 * year for year in YEARS))


@cache
def office_by_lifelines() -> Floats:
    """The same by lifelines, each exit a day of its own: its fitter would spread tied days by random numbers."""
    ended = senators()
    order = np.lexsort((ended.cause < 0, ended.time))
    rank, cause = np.arange(1, len(order) + 1), ended.cause[order] + 1
    at = [int((ended.time <= 365.25 * year).sum()) for year in YEARS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import AalenJohansenFitter

        fits = [AalenJohansenFitter(calculate_variance=False).fit(rank, cause, event_of_interest=c) for c in (1, 2, 3)]
    return np.column_stack([fit.predict(at).to_numpy() for fit in fits])


def malignancy(ended: Ended) -> Floats:
    """(months, 2) malignancy, and death before it."""
    return incidence(ended, tuple(map(float, MONTHS)))[:, :2]


@cache
def gammopathies() -> Floats:
    """(months, 2) the same of the Rochester patients."""
    return malignancy(gammopathy())


@cache
def november() -> pl.DataFrame:
    """Persons by status in November 2017 and sex (``status, kjonn, n``), as the linkage finds them in the registers."""
    leavers = as_published()
    with TemporaryDirectory() as folder:
        settings = Settings(Home(Path(folder) / "home"), "demo", datetime(2024, 5, 1, tzinfo=OSLO), memory_limit="500MB")
        paths = extracts(Path(folder) / "uttrekk", **leavers.registers)
        months = months_file(leavers.deltakelse, measures(), paths, settings)
        made = utfall(leavers.deltakelse, measures(), months, paths, settings)
    by_sex = made.join(leavers.deltakelse.select("deltakelse_key", "kjonn"), on="deltakelse_key", validate="1:1")
    return by_sex.group_by("kjonn", status="november_status").agg(n=pl.len())


def _money(value: float) -> str:
    return f"{value:,.2f}".replace(",", " ").replace("-", "−")


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def _with_limits(found: Interval, digits: int) -> str:
    return " ".join([_signed(found.estimate, digits), f"({_signed(found.low, digits)} to {_signed(found.high, digits)})"])


def _limits(found: Interval | None) -> str:
    return f"{_whole(found.low)} to {_whole(found.high)}" if found else "–"


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ").replace("-", "−")


def _shares(found: Iterable[float]) -> str:
    return " / ".join(f"{share:.4f}" for share in found)


HEAD = "| data | what is asked | published, or by others' code | ours | by which functions |\n|---|---|---|---|---|\n"
_OLS = "`chain.adjusted_slope`"
_IPW = "`start_model.fit_start_model`, `strategies.strategy_weights`, `diagnostics.estimate_arm`"
_TILTED = "`start_model.fit_start_model`, `strategies.strategy_weights`, `diagnostics.weighted_arm`"
_DW = "Dehejia & Wahba 1999"
_SEX = {"menn": "men", "kvinner": "women"}


def _earning_rows() -> Iterator[tuple[str, ...]]:
    e, nsw, cps = earnings(), "NSW experiment, 185 and 260 men", "the 185 with 15 992 men of the CPS"
    honest = f"1 713 by stratification, 1 582 by matching ({_DW}); 1 500 to 2 300 is honest"
    yield nsw, "earnings 1978, difference in means ($)", f"1 794.34 ({_DW})", _money(e.experiment.estimate), _OLS
    yield nsw, "the same, eight covariates", "1 676.34 (least squares)", _money(e.experiment_adjusted.estimate), _OLS
    yield cps, "difference in means", f"−8 497.52 ({_DW}: −8 498)", _money(e.naive.estimate), _OLS
    yield cps, "eight covariates", "699.13 (least squares)", _money(e.regression.estimate), _OLS
    yield cps, "weighted to the treated, common support", honest, _money(e.treated.estimate), _TILTED
    yield cps, "everybody with a chance of 0.1 to 0.9", "1 500 to 2 300 is honest", _money(e.overlap.estimate), _IPW


def _other_rows() -> Iterator[tuple[str, ...]]:
    w, h = weight(), hearts()
    low, mean, high = w.stabilised.min(), w.stabilised.mean(), w.stabilised.max()
    book = "Hernán & Robins, What If, ch. 12"
    yield ("NHEFS, 1 566 smokers", "weight gained by quitting (kg)", f"3.4 (2.4 to 4.5) ({book})", _with_limits(w.weighted, 2),
           f"{_IPW}, `bootstrap.bootstrap`")  # fmt: skip
    yield ("NHEFS, 1 566 smokers", "stabilised weights: least, mean, largest", f"0.33, 1.00, 4.30 ({book})",
           f"{low:.2f}, {mean:.2f}, {high:.2f}", "`start_model.fit_start_model`")  # fmt: skip
    cox, logistic = "Cox model, R survival", "`start_model.fit_start_model` and `covariates.natural_spline` on patient-days"
    for asked, published, found in (
        ("log hazard ratio of death, transplanted by now", f"0.127, se 0.301 ({cox})", h.time_dependent),
        ("the wrong one: ever transplanted", f"−1.323, se 0.244 ({cox})", h.ever),
    ):
        yield "Stanford, 103 heart patients", asked, published, f"{_signed(found.estimate)}, se {_signed(found.se)}", logistic
    for cause, name in enumerate(("had died", "had resigned", "had retired")):
        theirs, ours = _shares(office_by_lifelines()[:, cause]), _shares(office()[:, cause])
        yield (
            "Canada, 930 senators",
            f"{name} after 5 / 15 / 25 years",
            f"{theirs} (lifelines)",
            ours,
            "`incidence.cumulative_incidence`",
        )
    for cause, name in enumerate(("had a malignancy", "had died before one")):
        yield (
            "Rochester, 1 384 patients with a gammopathy",
            f"{name} after 120 / 240 / 360 months",
            f"{_shares(BY_R[cause])} (R survival)",
            _shares(gammopathies()[:, cause]),
            "`incidence.cumulative_incidence`",
        )


def _november_rows() -> Iterator[tuple[str, ...]]:
    for published, sex in SEXES.items():
        theirs, ours = (
            " / ".join(_whole(dict(table.filter(kjonn=sex).select("status", "n").iter_rows()).get(s, 0)) for s in NOVEMBER_STATUS)
            for table in (cells(), november())
        )
        asked = "November 2017: work / with education / education / unemployed / measure / other"
        data = f"Norway, {_whole(cells().filter(kjonn=sex)['n'].sum())} {_SEX[published]} who left the introduction programme in 2016"
        yield data, asked, f"{theirs} (Statistics Norway)", ours, "`linkage.person_maaned`, `linkage.utfall`"


def answers() -> str:
    """The table of published answers and ours."""
    rows = [*_earning_rows(), *_other_rows(), *_november_rows()]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


GATES_HEAD = (
    "| analysis of the job training against the survey | estimate ($) | 95 % interval | imbalance (SD) | effective size"
    " | top 1 % of weight | grade |\n|---|---|---|---|---|---|---|\n"
)


def judged() -> str:
    """The table of what the gates say before anybody looks at the estimate."""
    e = earnings()
    named = {
        "plain difference": (e.unweighted, e.naive),
        "weighted, everybody": (e.everybody, e.everybody_interval),
        "weighted to the treated, common support": (e.treated, None),
        "weighted, chance of 0.1 to 0.9": (e.overlap, e.overlap_interval),
        "weighted, chance of 0.05 to 0.95": (e.wider, e.wider_interval),
    }
    return GATES_HEAD + "".join(
        f"| {name} | {_money(c.estimate)} | {_limits(i)} | {c.imbalance:.2f} | {c.size:.0f} | {c.top_share:.2f} | {c.verdict.grade} |\n"
        for name, (c, i) in named.items()
    )


TRIAL_HEAD = "| risk of death by week 52, transplant within 8 weeks against none in 26 | points | grade |\n|---|---|---|\n"


def trial() -> str:
    """The table of the heart patients as a target trial, in percentage points."""
    t = hearts().trial
    points = [_with_limits(Interval(*(100 * v for v in (i.estimate, i.low, i.high, i.se))), 0) for i in (t.naive, t.estimate)]
    shown = "no number" if t.shown is None else "the number"
    return (
        TRIAL_HEAD
        + f"| naive: transplanted within 8 weeks against after 26 or never | {points[0]} | none: never shown as an effect |\n"
        + (f"| target trial, before its gates | {points[1]} | {t.grade}: the row holds {shown} |\n")
    )


TABLES = {"answers": answers, "gates": judged, "trial": trial}


def with_tables(text: str) -> str:
    """The page with its tables made anew."""
    for name, make in TABLES.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- end of {name} -->")
        text = f"{before}<!-- {name} -->\n{make()}<!-- end of {name} -->{after}"
    return text


def main() -> None:
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
