"""Heart transplants and offices held: hazard ratios, immortal time and competing exits against published and independent answers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.external.external_data import Ended, first_of, gammopathy, heart_patients, senators
from tests.external.external_survival import ever_transplanted, incidence, person_days, transplanted_by_now
from tests.external.external_truth import BY_R, MONTHS, gammopathies, hearts, malignancy, office, office_by_lifelines


def test_the_hazard_ratios_are_the_published_ones():
    h = hearts()
    assert h.time_dependent.estimate == pytest.approx(0.127, abs=0.02)
    assert h.time_dependent.se == pytest.approx(0.301, abs=0.005)
    assert h.ever.estimate == pytest.approx(-1.323, abs=0.05)
    assert h.ever.se == pytest.approx(0.244, abs=0.005)


def test_the_published_hazard_ratios_are_what_an_independent_cox_model_finds():
    p = heart_patients()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        from lifelines import CoxPHFitter, CoxTimeVaryingFitter
        from lifelines.datasets import load_stanford_heart_transplants

        spells = load_stanford_heart_transplants()[["id", "start", "stop", "event", "transplant"]]
        timed = CoxTimeVaryingFitter().fit(spells, id_col="id", start_col="start", stop_col="stop", event_col="event")
        ever = CoxPHFitter().fit(pd.DataFrame({"days": p.days, "died": p.died, "ever": np.isfinite(p.waited)}), "days", "died")
    assert timed.params_["transplant"] == pytest.approx(0.127, abs=0.0005)
    assert timed.standard_errors_["transplant"] == pytest.approx(0.301, abs=0.0005)
    assert ever.params_["ever"] == pytest.approx(-1.323, abs=0.005)


def test_no_day_before_the_transplant_counts_as_transplanted():
    """Patients 1, 3, 4 and 38 by hand: never; from day 2; from day 36; in the course of day 5, the last."""
    p = heart_patients()
    who, day = person_days(p)
    now, ever = transplanted_by_now(p), ever_transplanted(p)
    assert len(who) == p.days.sum()
    assert [int(now[who == i].sum()) for i in (0, 2, 3, 37)] == [0, 15, 3, 1]
    assert (day[(who == 3) & (now == 1)].min(), p.days[3]) == (37, 39)
    assert [int(ever[who == i].sum()) for i in (0, 2, 3, 37)] == [0, 16, 39, 5]


def test_as_a_target_trial_the_naive_benefit_is_gone_and_the_gates_give_no_number():
    t = hearts().trial
    assert t.naive.high < -0.1
    assert t.estimate.low < 0 < t.estimate.high
    assert t.estimate.estimate - t.naive.estimate > 0.15
    assert t.grade in ("C", "D")
    assert t.shown is None


def test_competing_exits_are_those_of_lifelines():
    assert office() == pytest.approx(office_by_lifelines(), abs=5e-4)
    ended = senators()
    assert len(ended.time) == 930
    assert [int((ended.cause == c).sum()) for c in (-1, 0, 1, 2)] == [99, 494, 201, 136]


def test_without_ties_they_are_exactly_those_of_lifelines():
    ended = senators()
    order = np.lexsort((ended.cause < 0, ended.time))
    untied = Ended(np.arange(1, len(order) + 1).astype(float), ended.cause[order])
    at = tuple(float((ended.time <= 365.25 * year).sum()) for year in (5, 15, 25))
    assert incidence(untied, at) == pytest.approx(office_by_lifelines(), abs=1e-9)


def test_the_patients_of_rochester_have_the_published_risks():
    ended = gammopathy()
    assert [int((ended.cause == c).sum()) for c in (-1, 0, 1)] == [409, 115, 860]
    assert pytest.approx(np.array(BY_R), abs=5e-5) == gammopathies().T


def test_death_as_censoring_would_find_more_malignancies():
    """Kaplan-Meier answers another question: the risk where nobody dies. The difference is what the competing exit is for."""
    ended = gammopathy()
    alone = malignancy(Ended(ended.time, np.where(ended.cause == 0, 0, -1)))
    assert (alone[:, 0] > gammopathies()[:, 0] + 0.03).all()


def test_who_dies_after_a_malignancy_left_by_the_malignancy():
    """Four patients: malignancy at month 10 (death later does not count), death at 20, last seen at 30, death at 400."""
    until, malignant, followed, dead = np.array([[10, 20, 30, 400], [1, 0, 0, 0], [50, 20, 30, 400], [1, 1, 0, 1]])
    ended = first_of(until, malignant, followed, dead)
    assert ended.time.tolist() == [10, 20, 30, 400]
    assert ended.cause.tolist() == [0, 1, -1, 1]
    assert malignancy(ended) == pytest.approx(np.tile([0.25, 0.25], (len(MONTHS), 1)))
    assert incidence(ended, (400.0,))[0] == pytest.approx([0.25, 0.75, 0])
