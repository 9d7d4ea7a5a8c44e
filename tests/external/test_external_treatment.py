"""Job training and smoking: the published differences, and what the gates say of the comparisons behind them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.effects.gates import GREEN, RED
from tests.external.external_data import job_training, job_training_against_survey, smokers
from tests.external.external_treatment import for_everybody, for_the_treated, probability
from tests.external.external_truth import earnings, weight

HONEST = (1500, 2300)


def _least_squares(given) -> float:
    x = np.column_stack([given.treated, np.ones(len(given.treated)), given.compared])
    return float(np.linalg.lstsq(x, given.outcome, rcond=None)[0][0])


def test_the_data_sets_are_the_published_ones():
    for given, treated, untreated in (
        (job_training(), 185, 260), (job_training_against_survey(), 185, 15_992), (smokers(), 403, 1163),
    ):  # fmt: skip
        assert (int(given.treated.sum()), int((given.treated == 0).sum())) == (treated, untreated)
        assert np.isfinite(np.column_stack([given.model, given.compared, given.outcome])).all()


def test_the_experiment_gives_its_published_answer():
    e = earnings()
    assert e.experiment.estimate == pytest.approx(1794.34, abs=0.005)
    assert e.experiment_adjusted.estimate == pytest.approx(1676.34, abs=0.005)
    assert e.experiment.low > 0
    assert _least_squares(job_training()) == pytest.approx(e.experiment_adjusted.estimate, abs=0.01)


def test_against_the_survey_plain_and_regressed_answers_are_the_published_wrong_ones():
    e = earnings()
    assert e.naive.estimate == pytest.approx(-8497.5, abs=0.05)
    assert e.unweighted.estimate == pytest.approx(e.naive.estimate, abs=1e-6)
    assert e.regression.estimate == pytest.approx(699, abs=0.5)
    assert _least_squares(job_training_against_survey()) == pytest.approx(e.regression.estimate, abs=0.01)


def test_weighting_finds_the_experiments_answer_where_the_question_can_be_answered():
    e = earnings()
    assert HONEST[0] < e.treated.estimate < HONEST[1]
    assert HONEST[0] < e.overlap.estimate < HONEST[1]
    assert e.overlap_interval.low < 1794.34 < e.overlap_interval.high


def test_the_gates_would_have_warned_of_the_wrong_answers():
    e = earnings()
    assert (e.unweighted.gates["balanse"].colour, e.unweighted.verdict.grade) == (RED, "C")
    assert e.unweighted.imbalance > 2
    assert (e.everybody.gates["balanse"].colour, e.everybody.gates["ess"].colour) == (RED, RED)
    assert e.everybody.verdict.grade == "C"
    assert e.everybody.size < 20


def test_the_gates_let_the_answerable_questions_through():
    e = earnings()
    for compared in (e.treated, e.overlap):
        assert RED not in {gate.colour for gate in compared.gates.values()}
        assert compared.verdict.grade in ("A", "B")
        assert compared.imbalance < e.everybody.imbalance / 5
    assert e.treated.top_share > 0.15
    assert e.treated.verdict.grade == "B"
    assert {gate.colour for gate in e.overlap.gates.values()} == {GREEN}


def test_a_grade_does_not_know_the_truth():
    """The page says so in words: a design that earns B and leaves the experiment's answer out of its interval."""
    e = earnings()
    assert e.wider.verdict.grade == "B"
    assert e.wider_interval.high < 1794.34


def test_the_engines_weights_are_those_of_the_textbook():
    """Hájek means under 1 / p and 1 / (1 - p), and under the odds for the treated, written out."""
    given = smokers()
    p, y, treated = probability(given), given.outcome, given.treated > 0
    means = [np.average(y[side], weights=w[side]) for side, w in ((treated, 1 / p), (~treated, 1 / (1 - p)))]
    assert for_everybody(given, p).estimate == pytest.approx(means[0] - means[1], abs=1e-10)
    like_them = np.average(y[~treated], weights=(p / (1 - p))[~treated])
    assert for_the_treated(given, p).estimate == pytest.approx(y[treated].mean() - like_them, abs=1e-10)


def test_quitting_smoking_gives_the_published_weight():
    w = weight()
    assert w.naive.estimate == pytest.approx(2.5, abs=0.05)
    assert w.weighted.estimate == pytest.approx(3.44, abs=0.01)
    assert (w.weighted.low, w.weighted.high) == pytest.approx((2.4, 4.5), abs=0.15)
    assert (w.stabilised.min(), w.stabilised.mean(), w.stabilised.max()) == pytest.approx((0.33, 1.00, 4.30), abs=0.005)
    assert w.compared.verdict.grade == "A"
