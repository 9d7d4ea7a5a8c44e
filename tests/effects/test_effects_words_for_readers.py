"""Reasons and reservations as a reader outside the field meets them: which check it was, how many stand behind, what was smoothed."""

from __future__ import annotations

import pytest

from pipeline.effects.chain import theory
from pipeline.effects.findings import Interval
from pipeline.effects.gates import Gate, control_gate, grade
from pipeline.effects.protocol import load_protocol
from pipeline.effects.sentences import Claim, can_say, cannot_say
from pipeline.effects.wording import LANGUAGES

LIMITS = load_protocol("praksis_tidspunkt").limits
RISE = Interval(0.06, 0.02, 0.1, 0.02)
CONTROLS = {
    "fails": Interval(0.09, 0.06, 0.12, 0.015),
    "imprecise": Interval(0.01, -0.09, 0.11, 0.05),
    "missing": Interval(float("nan"), float("nan"), float("nan"), float("nan")),
}
SAID = {
    "nb": {"fails": "programmet slo ut", "imprecise": "for usikker til å utelukke skjevhet", "missing": "kunne ikke gjøres"},
    "nn": {"fails": "programmet slo ut", "imprecise": "for usikker til å utelukke skeivskap", "missing": "kunne ikkje gjerast"},
    "en": {"fails": "programme failed", "imprecise": "too uncertain to rule out bias", "missing": "could not be made"},
}


def _claim(letter: str, reason: str = "", **changes: object) -> Claim:
    base = {
        "strategy": "innen_8u", "comparison": "ikke_innen_26u", "outcome": "arbeid", "weeks": 52, "measure": "risikodifferanse",
        "grade": letter, "finding": "positiv", "interval": RISE, "margin": 0.05, "reason": reason,
    }  # fmt: skip
    return Claim(**{**base, **changes})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CONTROLS)
def test_the_reason_says_which_way_the_negative_control_went(case: str, language: str) -> None:
    """A control that failed, one that found nothing but is wide, and one that could not be made are three different things."""
    verdict = grade({"negativ_kontroll": control_gate(CONTROLS[case], LIMITS)}, LIMITS, 100)
    assert verdict.grade == ("C" if case == "fails" else "B")
    text = can_say(_claim(verdict.grade, verdict.reason), language)
    assert {name: words in text for name, words in SAID[language].items()} == {name: name == case for name in CONTROLS}


@pytest.mark.parametrize(
    ("language", "words", "misleading"),
    [
        ("nb", "det effektive antallet deltakere", "har fulgt"),
        ("nn", "det effektive talet på deltakarar", "har følgt"),
        ("en", "the effective number of participants", "have followed"),
    ],
)
def test_too_few_after_weighting_is_no_statement_about_who_followed(language: str, words: str, misleading: str) -> None:
    """Beside 795 who followed the strategy, "too few followed" is false: their effective number is small."""
    verdict = grade({"ess": Gate(5.0, "rod")}, LIMITS, 100)
    text = can_say(_claim(verdict.grade, verdict.reason), language)
    assert words in text
    assert misleading not in text


@pytest.mark.parametrize("measure", ["risiko", "risikodifferanse"])
def test_english_says_that_only_the_subgroup_was_computed(measure: str) -> None:
    text = can_say(_claim("A", measure=measure, subgroup="kvinne", finding="positiv" if measure != "risiko" else None), "en")
    assert "only for women" in text
    assert "women alone" not in text


@pytest.mark.parametrize(("language", "words"), [("nb", "jevnet mot"), ("nn", "jamna mot"), ("en", "smoothed towards")])
def test_the_share_of_a_profile_is_said_to_be_smoothed(language: str, words: str) -> None:
    profile = _claim("A", analysis="prosjektprofil", strategy="fadder_ja", comparison=None, measure="andel", finding=None)
    assert words in can_say(profile, language)


@pytest.mark.parametrize(
    ("language", "words"), [("nb", "et mindre anslag"), ("nn", "eit mindre anslag"), ("en", "a smaller estimate")]
)
def test_what_a_hidden_cause_does_to_a_small_estimate_is_said(language: str, words: str) -> None:
    assert words in cannot_say(_claim("A", interval=Interval(0.03, 0.005, 0.055, 0.013)), language)


def test_every_link_that_is_computed_says_what_its_number_is() -> None:
    """Of a number per unit the reader must know the unit, the outcome and the time: one more of what, which by when."""
    per_unit = [link for link in theory().links if link["enhet"].startswith("andel_per_")]
    assert len(per_unit) > 3
    for link in per_unit:
        assert link["begrunnelse"].startswith(("Én kontakt mer ", "Ett norsknivå høyere ")), link["fra"]
        assert " uke" in link["begrunnelse"].split(". ")[0]


def test_a_link_that_is_part_of_another_names_it() -> None:
    text = next(link["begrunnelse"] for link in theory().links if link["fra"] == "ansatt_hos_praksisgiver")
    assert "leddet fra praksis til ansatt hos praksisgiver" in text
