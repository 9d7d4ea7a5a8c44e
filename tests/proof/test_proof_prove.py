"""The proof of a home: its shape imitated, effects of known size planted, what would be found said in words."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest

from pipeline.effects.answers import questions
from pipeline.effects.combination import combination_protocol, combination_study
from pipeline.effects.contacts import EMPLOYER, PARTICIPANT, contact_protocol, contact_study
from pipeline.effects.eligibility import select_cohort
from pipeline.effects.mediation_rows import mediation_rows
from pipeline.effects.protocol import placement_protocol
from pipeline.effects.study import Tables
from pipeline.effects.timing import timing_study
from pipeline.errors import UserError
from pipeline.proof.efforts import EFFORTS
from pipeline.proof.estimands import E1, E2, NOTHING, Found
from pipeline.proof.mediated import MEDIATED
from pipeline.proof.planting import Planted, true_effects, with_no_effect, with_size
from pipeline.proof.programme import Forced, Programme
from pipeline.proof.prove import detected, row_of
from pipeline.proof.proved import PROVED
from pipeline.proof.sentences import Tried, sentence
from pipeline.proof.shape import Shape, params_of, rounded, shape_of
from pipeline.proof.steering import People, steer
from pipeline.synthetic.params import SyntheticParams, preset
from pipeline.synthetic.regimes import NATURAL
from pipeline.tables import KLARGJORT, STATISTIKK

SHAPE = Shape(400, 12, 2020, 4, date(2024, 12, 31), 0.4, 0.2)
FEW = People(1_500, 5)


@pytest.fixture(scope="module")
def programme():
    """Data of a home that places faster and sees fewer exits than the generator does by itself."""
    params = preset("main", participants=360, municipalities=12, first_year=2020, years=4, statusdato=date(2024, 6, 30))
    return Programme(params.with_(start_logodds=-2.4, work_logodds=-6.9), 11, 20).tables


@pytest.mark.parametrize(
    ("number", "expected"), [(7, 7), (42, 42), (449, 450), (1_449, 1_400), (2_487, 2_500), (99_600, 100_000)]
)
def test_two_significant_figures(number, expected):
    assert rounded(number) == expected


def test_the_shape_is_read_off_the_followed_persons(programme):
    shape = shape_of(programme.deltakelse, programme.tiltak)
    assert (shape.municipalities, shape.first_year, shape.years, shape.statusdato) == (12, 2020, 4, date(2024, 6, 30))
    assert shape.persons in (350, 360)
    assert 0.5 < shape.placed < 0.9
    assert 0.05 < shape.left < 0.35


def test_stragglers_do_not_stretch_the_years(programme):
    early = programme.deltakelse.with_row_index("i").with_columns(
        start_dato=pl.when(pl.col("i") < 3).then(date(2014, 5, 1)).otherwise("start_dato"), forste_tilskuddsaar=pl.lit(2014)
    )
    assert shape_of(early.drop("i"), programme.tiltak).first_year == 2020


@pytest.mark.parametrize("rows", [0, 30])
def test_too_few_to_prove_anything_about(programme, rows):
    with pytest.raises(UserError, match="nothing to prove"):
        shape_of(programme.deltakelse.head(rows), programme.tiltak)


def test_the_programme_has_the_shape_and_its_shares():
    params = params_of(SHAPE, FEW)
    assert (params.participants, params.municipalities, params.first_year, params.years) == (400, 12, 2020, 4)
    assert FEW.mean(params, 26, lambda f: f.placed(NATURAL, 26)) == pytest.approx(0.4, abs=0.01)
    assert FEW.mean(params, 52, lambda f: f.risk(NATURAL, "arbeid_eller_utdanning", 52)) == pytest.approx(0.2, abs=0.02)


def test_unknown_shares_leave_the_dials_alone_and_late_starts_are_made_up_for():
    young = Shape(300, 10, 2023, 2, date(2024, 1, 10), None, None)
    params = params_of(young, FEW)
    assert (params.start_logodds, params.work_logodds) == (SyntheticParams().start_logodds, SyntheticParams().work_logodds)
    assert 550 < params.participants < 600  # a good half of two years begins before the data end
    followed = Programme(params, 1, 2).cohort.persons.height
    assert abs(followed - 300) < 40


def test_steering_finds_the_target_or_the_nearer_limit():
    def dial(x):
        return SyntheticParams(placement_work=x)

    def measured(p):
        return p.placement_work**3

    assert steer(dial, measured, 0.125, (-1.0, 2.0)).placement_work == pytest.approx(0.5, abs=0.01)
    assert steer(dial, measured, 100.0, (-1.0, 2.0)).placement_work == 2.0
    assert steer(dial, measured, -100.0, (-1.0, 2.0)).placement_work == -1.0


def test_an_effect_of_the_wanted_size_is_planted():
    base = SyntheticParams(participants=400, municipalities=12)
    planted = with_size(base, 0.05, FEW)
    effects = true_effects(planted, PROVED, FEW)
    assert effects[E1.name][0] == pytest.approx(0.05, abs=0.004)
    assert 0 < effects[E2.name][0] < 0.03
    assert 0 < effects[E1.name][1] < 0.03 or len(list(FEW.forced(base, 1))) == 1
    assert true_effects(with_no_effect(base), (E1,), FEW)[E1.name][0] == 0


@pytest.mark.parametrize(
    ("found", "planted", "expected"),
    [
        (Found(0.1, 0.02, "A"), 0.05, True),
        (Found(0.1, 0.02, "C"), 0.05, False),
        (Found(0.1, 0.2, "A"), 0.05, False),
        (Found(-0.1, 0.02, "B"), 0.05, False),
        (Found(-0.1, 0.02, "B"), -0.05, True),
        (Found(-0.1, 0.02, "B"), 0.0, True),
        (Found(0.1, 0.02, "B"), 0.0, True),
        (Found(-0.1, 0.02, "B"), 0.0004, True),
        (NOTHING, 0.05, False),
    ],
)
def test_found_is_what_a_night_would_report(found, planted, expected):
    assert detected(found, planted) is expected


def test_a_row_by_hand():
    found = [Found(0.06, 0.02, "A"), Found(0.02, 0.02, "B"), Found(0.09, 0.02, "C"), NOTHING]
    row = row_of(E1, Planted("5_poeng", SyntheticParams(), {E1.name: (0.05, 0.001)}), found, SHAPE)
    assert (row["andel_funnet"], row["andel_vist"], row["n_gjentak"], row["n_uten_anslag"]) == (0.25, 0.5, 4, 1)
    assert (row["plantet"], row["skjevhet"], row["dekning"]) == pytest.approx((0.05, 0.17 / 3 - 0.05, 2 / 3))
    assert json.loads(row["grader"]) == pytest.approx({"A": 1 / 3, "B": 1 / 3, "C": 1 / 3})
    assert row["setning"].startswith("Med data som disse ville vi funnet en virkning på 5 prosentpoeng av praksis innen 8 uker")
    assert row["setning"].endswith(" i 1 av 4 forsøk på simulerte data.")


def test_a_row_without_any_estimate_holds_nulls():
    row = row_of(E2, Planted("antatt", SyntheticParams(), {E2.name: (0.02, 0.001)}), [NOTHING, NOTHING], SHAPE)
    assert (row["skjevhet"], row["sd"], row["dekning"], row["andel_funnet"]) == (None, None, None, 0.0)
    assert "ikke vist noe tall" in row["setning"]


TIMING, TEMPO, FOLLOW_UP = ("praksis_tidspunkt", "innen_8u"), ("praksis_tempo", "dobbelt_tempo"), "oppfolging_deltaker"


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (Tried(*TIMING, 0.0, 1, 20, 20), "av praksis innen 8 uker i 1 av 20 forsøk på simulerte data, selv om den ikke finnes"),
        (
            Tried(*TEMPO, 0.0214, 36, 40, 40),
            "2,1 prosentpoeng av dobbelt så høy odds for å begynne i praksis hver uke i 36 av 40 forsøk på simulerte data.",
        ),
        (
            Tried(FOLLOW_UP, "dobbel_odds", 0.0004, 0, 39, 40),
            "med deltakeren i 0 av 40 forsøk på simulerte data, selv om den er nesten null",
        ),
        (Tried(*TIMING, -0.0501, 1, 1, 2), "en virkning på −5 prosentpoeng"),
        (
            Tried(*TIMING, 0.05, 0, 0, 20),
            "ikke vist noe tall for virkningen av praksis innen 8 uker i noen av 20 forsøk på simulerte data",
        ),
        (
            Tried(*TIMING, 0.05, 0, 0, 1),
            "ikke vist noe tall for virkningen av praksis innen 8 uker i det ene forsøket på simulerte data",
        ),
        (Tried(*TIMING, 0.05, 623, 990, 1000), "i 623 av 1000 forsøk (62 prosent) på simulerte data."),
        (Tried(*TIMING, 0.05, 99, 99, 100), "i 99 av 100 forsøk (99 prosent) på simulerte data."),
        (Tried(*TIMING, 0.05, 50, 99, 99), "i 50 av 99 forsøk på simulerte data."),
    ],
)
def test_sentences(tried, words):
    assert words in sentence(tried)


def test_every_analysis_that_is_proved_has_words_and_a_truth_of_its_own():
    what = [sentence(Tried(a.analyse, a.strategi, 0.05, 10, 20, 20)) for a in PROVED]
    assert len(set(what)) == len(PROVED)
    assert sum("innen" in text for text in what) == 1
    forced = Forced(with_no_effect(SyntheticParams(participants=300, municipalities=8)), 2, weeks=52)
    assert [a.truth(forced) for a in PROVED] == [0.0] * len(PROVED)


def _mediation_rows_of(deltakelse):
    empty = Tables(
        deltakelse, *(KLARGJORT[t].empty() for t in ("tiltak", "kartlegging", "oppfolging")), STATISTIKK["utfall"].empty()
    )
    return mediation_rows(select_cohort(deltakelse, placement_protocol()), empty, seed=1, bootstraps=2)


def test_what_is_proved_are_estimates_that_a_night_declares():
    studies = [timing_study(placement_protocol()), combination_study(combination_protocol())]
    studies += [contact_study(contact_protocol(name)) for name in (PARTICIPANT, EMPLOYER)]
    names = ("analyse", "strategi", "sammenligning", "horisont_uker", "variant")
    declared = {tuple(q.key[name] for name in names) for study in studies for q in questions(study)}
    declared |= {tuple(row[name] for name in names) for row in _mediation_rows_of(KLARGJORT["deltakelse"].empty())}
    keys = {tuple(getattr(a, name) for name in names) for a in PROVED}
    assert len(keys) == len(PROVED)
    assert keys <= declared


def test_efforts_are_estimated_with_a_grade_and_found_again_from_the_same_seed():
    params = preset("main", participants=500, municipalities=12)
    once, again = (Programme(params, 3, 10) for _ in range(2))
    for analysis in (*EFFORTS, *MEDIATED):
        found = analysis.estimate(once)
        assert found.is_finite, analysis.name
        assert found.grad in ("A", "B", "C", "D")
        assert abs(found.estimate) < 0.6
    assert EFFORTS[0].estimate(again) == EFFORTS[0].estimate(once)
    assert MEDIATED[1].estimate(again) == MEDIATED[1].estimate(once)
