"""Sentences in three languages: words and numbers follow grade, finding and interval."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

from pipeline.disclosure.rounding import coarse_sentence
from pipeline.effects.diagnostics import Arm
from pipeline.effects.findings import Interval, finding, ratio_finding
from pipeline.effects.gates import GREEN, Gate, arm_gates, grade
from pipeline.effects.protocol import placement_protocol
from pipeline.effects.sentences import HIDDEN_CAUSE, Claim, can_say, cannot_say, said
from pipeline.effects.strategies import Strategy
from pipeline.effects.wording import LANGUAGES, MissingText, catalogue
from tests.effects.effects_declared import CASES, PROTOCOLS, STRANGERS

RISE = Interval(0.123, 0.05, 0.2, 0.04)
DIFFERENCES = {
    "positiv": Interval(0.1237, 0.0512, 0.2009, 0.04),
    "negativ": Interval(-0.1044, -0.2008, -0.0101, 0.05),
    "ingen_forskjell": Interval(-0.0021, -0.0449, 0.0402, 0.02),
    "uavklart": Interval(0.0123, -0.1049, 0.1298, 0.05),
}
RATIOS = {
    "positiv": Interval(2.02, 1.071, 3.814, 0.32),
    "negativ": Interval(0.62, 0.412, 0.933, 0.21),
    "ingen_forskjell": Interval(1.0, 0.921, 1.091, 0.04),
    "uavklart": Interval(1.153, 0.991, 1.342, 0.08),
}
OUTCOMES = ("arbeid", "utdanning", "arbeid_eller_utdanning", "i_arbeid_uke_104", "varig_arbeid", "november_status")


def _claim(
    letter: str, found: str | None, measure: str = "risikodifferanse", interval: Interval | None = None, **changes
) -> Claim:
    base = {
        "strategy": "innen_8u", "comparison": None if measure == "risiko" else "ikke_innen_26u", "outcome": "arbeid_eller_utdanning",
        "weeks": 52, "measure": measure, "grade": letter, "finding": found, "interval": interval,
        "margin": 1.1 if measure == "risikoratio" else 0.05, "reason": "" if letter == "A" else "kommuner",
    }  # fmt: skip
    return Claim(**(base | changes))


def _measure(analysis: str, strategy: str, comparison: str | None) -> str:
    if analysis == "prosjektprofil" or strategy.endswith("_andel_via_norsk"):
        return "andel"
    return "risikodifferanse" if comparison else "risiko"


def _written(value: float, decimals: int, language: str) -> str:
    """By the standard library's own rounding, sign and mark apart."""
    text = f"{value:.{decimals}f}".replace("-", "−")
    return text if language == "en" else text.replace(".", ",")


def _decimals(text: str) -> list[str]:
    return re.findall(r"−?\d+[.,]\d+", text)


def test_reasons_hold_no_digit_and_every_gate_has_one():
    for language in LANGUAGES:
        reasons = {k: t for k, t in catalogue(language).items() if k.startswith("grunn.")}
        assert not any(re.search(r"\d", text) for text in reasons.values())
        assert len(set(reasons.values())) == len(reasons)
    nothing = np.zeros(0)
    arm = Arm(
        strategy=Strategy("innen_8u", "jevn", 8), incidence=nothing, truncated=nothing, at_risk=nothing, ess_at_risk=nothing,
        follows=np.zeros(0, bool), ess=1.0, top_share=0.9, imbalance=math.nan, imbalance_over_time=0.9, starters=0, late_starters=0,
        small_hazard=1.0, control=0.5,
    )  # fmt: skip
    gates = arm_gates(arm, 1, placement_protocol().limits)
    gates |= {"negativ_kontroll": Gate(None, GREEN), "avkorting": Gate(None, GREEN)}
    assert {f"grunn.{name}" for name in gates} <= set(catalogue("nb"))
    reason = grade(gates, placement_protocol().limits, 100).reason
    assert "too few municipalities" in can_say(_claim("C", None, reason=reason), "en")


def test_every_sensitivity_and_subgroup_of_the_protocols_has_its_words():
    remarks = {one["navn"] for declared in PROTOCOLS.values() for one in declared.get("folsomhet", ())}
    divisions = [d["undergrupper"]["inndeling"] for d in PROTOCOLS.values() if "undergrupper" in d]
    groups = {group for division in divisions for some in division.values() for group in some}
    assert {"spraakpraksis_som_praksis"} < remarks
    assert {"kvinne", "mann"} < groups
    for language in LANGUAGES:
        texts = catalogue(language)
        for remark in remarks:
            assert can_say(_claim("A", "positiv", interval=RISE, remark=remark), language).endswith(texts[f"merknad.{remark}"])
        for group in groups:
            assert texts[f"undergruppe.{group}"] in can_say(_claim("D", None, subgroup=group), language)


@pytest.mark.parametrize(("analysis", "strategy", "comparison"), CASES)
def test_every_declared_strategy_has_its_words_in_every_language(analysis, strategy, comparison):
    measure = _measure(analysis, strategy, comparison)
    told = said(_claim("B", "positiv", measure, RISE, analysis=analysis, strategy=strategy, comparison=comparison))
    assert set(told) == {f"kan_{neg}si{lang}" for neg in ("", "ikke_") for lang in ("", "_nn", "_en")}
    for column, text in told.items():
        language = column.rsplit("_", 1)[1] if column.endswith(("_nn", "_en")) else "nb"
        assert not re.search(rf"\b({STRANGERS[language]})\b", text.lower()), text
        assert not re.search(r"[{}]|_|  |\.\.| ,|Nu\b", text), text
        assert text[0].isupper()
        assert text.endswith(".")
    numbers = [_written(100 * v, 1, "nb") for v in (RISE.estimate, RISE.low, RISE.high)]
    assert _decimals(told["kan_si"]) == _decimals(told["kan_si_nn"]) == numbers
    assert _decimals(told["kan_si_en"]) == [n.replace(",", ".") for n in numbers]


DIRECTION = {
    "nb": ("prosentpoeng flere", "prosentpoeng færre", "større:", "mindre:"),
    "nn": ("prosentpoeng fleire", "prosentpoeng færre", "større:", "mindre:"),
    "en": ("percentage points higher", "percentage points lower", "larger:", "smaller:"),
}
UNDECIDED = {"nb": "Dataene avgjør ikke", "nn": "Dataa avgjer ikkje", "en": "do not settle"}
UNLIKELY = {"nb": "lite sannsynlige", "nn": "lite sannsynlege", "en": "are unlikely"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("found", DIFFERENCES)
@pytest.mark.parametrize("measure", ["risikodifferanse", "risikoratio"])
@pytest.mark.parametrize("outcome", OUTCOMES[:-1])
def test_words_and_numbers_follow_finding_and_interval(language, found, measure, outcome):
    interval = (RATIOS if measure == "risikoratio" else DIFFERENCES)[found]
    judge, margin = (ratio_finding, 1.1) if measure == "risikoratio" else (finding, 0.05)
    assert judge(interval, margin) == found
    for letter in "AB":
        text = can_say(_claim(letter, found, measure, interval, outcome=outcome), language)
        up, down, larger, smaller = DIRECTION[language]
        ratio = measure == "risikoratio"
        assert (up in text, larger in text) == (found == "positiv" and not ratio, found == "positiv" and ratio)
        assert (down in text, smaller in text) == (found == "negativ" and not ratio, found == "negativ" and ratio)
        assert (UNDECIDED[language] in text) == (found == "uavklart")
        assert (UNLIKELY[language] in text) == (found == "ingen_forskjell")
        scale, decimals = (1, 2) if measure == "risikoratio" else (100, 1)
        ends = [_written(scale * v, decimals, language) for v in (interval.low, interval.high)]
        estimate = [_written(scale * interval.estimate, decimals, language)] if found in ("positiv", "negativ") else []
        if measure == "risikodifferanse":
            estimate = [e.removeprefix("−") for e in estimate]
        assert _decimals(text) == [*estimate, *ends]
        assert (letter == "B") == (catalogue(language)["grunn.kommuner"] in text)
        reserved = cannot_say(_claim(letter, found, measure, interval, outcome=outcome), language)
        assert catalogue(language)["forbehold.umaalt_aarsak"] in reserved
        assert catalogue(language)["forbehold.grupper"] in reserved
        assert (catalogue(language)["forbehold.uavklart"] in reserved) == (found == "uavklart")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", ["C", "D"])
@pytest.mark.parametrize("measure", ["risiko", "risikodifferanse", "risikoratio", "andel"])
def test_no_number_and_no_effect_in_weak_grades(language, letter, measure):
    """Even when handed an interval, a weak grade gives no digit and no direction, and names its reason."""
    for analysis, strategy, comparison in CASES:
        claim = _claim(letter, "positiv", measure, RISE, analysis=analysis, strategy=strategy, comparison=comparison)
        for text in (can_say(claim, language), cannot_say(claim, language)):
            assert not re.search(r"\d", text)
            assert not any(word in text for word in DIRECTION[language])
        assert catalogue(language)["grunn.kommuner"] in can_say(claim, language)
        hidden = "profil_uten_tall" if analysis == "prosjektprofil" else "umaalt_aarsak"
        assert catalogue(language)[f"forbehold.{hidden}"] in cannot_say(claim, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_reasons_and_a_subgroup_are_told_in_the_language(language):
    claim = _claim("B", "positiv", interval=RISE, reason="ess; kommuner", subgroup="kvinne")
    text = can_say(claim, language)
    assert f"{catalogue(language)['grunn.ess']}; {catalogue(language)['grunn.kommuner']}." in text
    assert catalogue(language)["undergruppe.kvinne"] in text.rsplit(". ", 1)[1]


SHRUNKEN = {
    "nb": "trukket mot gjennomsnittet av gruppene",
    "nn": "trekt mot gjennomsnittet av gruppene",
    "en": "drawn towards the mean",
}
NOBODY_ELSE = {"nb": "gjelder bare", "nn": "gjeld berre", "en": "holds for"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_subgroup_is_computed_apart_and_its_difference_said_to_be_shrunken(language):
    """That the others were left out says nothing about the effect on them; a risk is not shrunken, and no number is neither."""
    difference = can_say(_claim("A", "positiv", interval=RISE, subgroup="kvinne"), language)
    risk = can_say(_claim("A", None, "risiko", RISE, subgroup="kvinne"), language)
    nothing = can_say(_claim("C", None, subgroup="kvinne"), language)
    assert [SHRUNKEN[language] in text for text in (difference, risk, nothing)] == [True, False, False]
    for text in (difference, risk, nothing):
        assert catalogue(language)["undergruppe.kvinne"] in text
        assert NOBODY_ELSE[language] not in text


BEFORE_ROUNDING = {
    "nb": ("over null før", "under null før", "over én før", "under én før", "innenfor grensen før"),
    "nn": ("over null før", "under null før", "over éin før", "under éin før", "innanfor grensa før"),
    "en": ("above zero before", "below zero before", "above one before", "below one before", "within that limit before"),
}
AT_THE_LIMIT = [
    ("risikodifferanse", "positiv", Interval(0.0601, 0.0003, 0.1199, 0.03), (0.06, 0.0, 0.12), 0),
    ("risikodifferanse", "negativ", Interval(-0.0601, -0.1199, -0.0003, 0.03), (-0.06, -0.12, 0.0), 1),
    ("risikoratio", "positiv", Interval(1.096, 1.001, 1.2, 0.05), (1.1, 1.0, 1.2), 2),
    ("risikoratio", "negativ", Interval(0.904, 0.82, 0.998, 0.05), (0.9, 0.8, 1.0), 3),
    ("risikodifferanse", "ingen_forskjell", Interval(-0.0151, -0.0497, 0.0202, 0.02), (-0.015, -0.05, 0.025), 4),
    ("risikodifferanse", "ingen_forskjell", Interval(-0.0174, -0.0497, 0.0149, 0.02), (-0.02, -0.06, 0.02), 4),
    ("risikoratio", "ingen_forskjell", Interval(1.0, 0.911, 1.099, 0.05), (1.0, 0.9, 1.1), 4),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("measure", "found", "exact", "released", "place"), AT_THE_LIMIT)
def test_no_rounding_of_the_interval_contradicts_the_words(measure, found, exact, released, place, language):
    """Where an end stands at or past the limit once rounded, here or at release, the sentence says where it was before."""
    ratio = measure == "risikoratio"
    assert (ratio_finding(exact, 1.1) if ratio else finding(exact, 0.05)) == found
    text = can_say(_claim("A", found, measure, exact), language)
    numbers = dict(zip((exact.estimate, exact.low, exact.high), released, strict=True))
    shown = coarse_sentence(text, numbers, 1 if ratio else 100, 2 if ratio else 1, "." if language == "en" else ",")
    assert shown is not None
    ends = [_written(v if ratio else 100 * v, 2 if ratio else 1, language) for v in released[1:]]
    assert _decimals(shown)[-2:] == ends
    clause = BEFORE_ROUNDING[language]
    assert [words in shown for words in clause] == [i == place for i in range(len(clause))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_settled_lies_on_no_side(language):
    for measure, intervals in (("risikodifferanse", DIFFERENCES), ("risikoratio", RATIOS)):
        text = can_say(_claim("A", "uavklart", measure, intervals["uavklart"]), language)
        assert not any(words in text for words in BEFORE_ROUNDING[language])


def test_the_same_claim_has_the_same_words_and_another_claim_others():
    claims = [
        _claim(letter, found, "risikodifferanse", DIFFERENCES[found], weeks=weeks)
        for letter, found, weeks in itertools.product("AB", DIFFERENCES, (52, 78))
    ]
    assert [said(c) for c in claims] == [said(c) for c in claims]
    assert len({tuple(said(c).values()) for c in claims}) == len(claims)


def test_a_code_without_words_is_an_error_never_a_silence():
    with pytest.raises(MissingText, match=r"strategi\.praksis\.aldri"):
        said(_claim("A", "positiv", interval=RISE, strategy="aldri"))
    with pytest.raises(MissingText, match=r"grunn\.ukjent"):
        said(_claim("D", None, reason="ukjent"))
    with pytest.raises(MissingText, match=r"utfall\.rikdom"):
        said(_claim("A", "positiv", interval=RISE, outcome="rikdom"))
    with pytest.raises(MissingText, match=r"sporsmal\."):
        said(_claim("A", None, "andel", RISE, analysis="prosjektprofil", strategy="undersokelse_annet_svar", comparison=None))


def test_an_outcome_that_is_only_described_has_no_effect():
    described = _claim("A", None, "andel", RISE, analysis="prosjektprofil", strategy="fadder_ja", comparison=None)
    november = said(Claim(**{**vars(described), "outcome": "november_status"}))
    assert "var i arbeid eller utdanning i november året etter avslutning blant" in november["kan_si"]
    with pytest.raises(ValueError, match="described only"):
        said(_claim("A", "positiv", interval=RISE, outcome="november_status"))


def test_a_positive_finding_in_words():
    told = said(_claim("A", "positiv", interval=RISE))
    assert told["kan_si"] == (
        "Anslagsvis 12,3 prosentpoeng flere ville gått til arbeid eller utdanning innen 52 uker dersom alle fikk sin første praksis "
        "innen 8 uker, enn dersom ingen fikk praksis de første 26 ukene (95 % intervall fra 5,0 til 20,0 prosentpoeng, alt over null "
        "før avrunding)."
    )
    assert told["kan_si_nn"] == (
        "Anslagsvis 12,3 prosentpoeng fleire ville ha gått til arbeid eller utdanning innan 52 veker dersom alle fekk den første "
        "praksisen sin innan 8 veker, enn dersom ingen fekk praksis dei første 26 vekene (95 % intervall frå 5,0 til 20,0 "
        "prosentpoeng, alt over null før avrunding)."
    )
    assert told["kan_si_en"] == (
        "The share moving into work or education within 52 weeks would be an estimated 12.3 percentage points higher if everyone "
        "got their first placement within 8 weeks than if no one got a placement in the first 26 weeks (95% interval from 5.0 to "
        "20.0 percentage points, all above zero before rounding)."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"analysis": "tiltakskjede", "strategy": "neste_innen_4u", "comparison": "ikke_innen_8u"},
         "innen 52 uker etter at et tiltak tok slutt dersom neste tiltak begynte innen 4 uker, enn dersom det ikke begynte noe nytt"),
        ({"analysis": "oppfolging_arbeidsgiver", "strategy": "dobbel_odds", "comparison": "naturlig"},
         "innen 52 uker etter at praksis begynte dersom oddsen for kontakt med arbeidsgiveren var dobbelt så høy"),
        ({"analysis": "oppfolging_deltaker", "strategy": "dobbel_odds", "comparison": "naturlig"},
         "innen 52 uker dersom oddsen for kontakt med deltakeren var dobbelt så høy"),
        ({"analysis": "aarsakskjede", "strategy": "fadder", "comparison": "uten_fadder"},
         "innen 52 uker etter at praksis begynte dersom alle med praksis hadde en fadder"),
        ({"analysis": "aarsakskjede", "strategy": "norskopplaering_via_norsk", "comparison": "ingen_norskopplaering"},
         "enn dersom norsknivået i uke 26 ble slik det blir uten norskopplæring"),
        ({"analysis": "kombinasjonslop", "strategy": "samspill", "comparison": "sum_av_delene"},
         "dersom alle fikk praksis og norskopplæring sammen, enn dersom virkningene av praksis alene"),
        ({"variant": "naturlig"}, "innen 8 uker med naturlig fordeling av startukene, enn dersom"),
        ({"outcome": "varig_arbeid"}, "flere ville vært i arbeid minst halvparten av det påfølgende året, regnet fra uke 104"),
    ],
)  # fmt: skip
def test_each_analysis_counts_from_its_own_day_and_names_its_own_strategy(changes, words):
    assert words in can_say(_claim("A", "positiv", interval=RISE, **changes))


def test_the_share_through_a_later_fact():
    claim = _claim("A", None, "andel", Interval(0.31, 0.1, 0.52, 0.1), analysis="aarsakskjede",
                   strategy="norskopplaering_andel_via_norsk", comparison="ingen_norskopplaering", outcome="arbeid")  # fmt: skip
    assert can_say(claim) == (
        "Dersom alle fikk minst ti dager norskopplæring de første åtte ukene, ville anslagsvis 31,0 prosent av den samlede forskjellen i "
        "overgang til arbeid innen 52 uker gått gjennom norsknivået i uke 26 (95 % intervall fra 10,0 til 52,0 prosent)."
    )
    assert "både norsknivået og utfallet" in cannot_say(claim)
    assert "fortsatt var i programmet etter uke 8" in cannot_say(claim)
    assert "uke 8" not in cannot_say(_claim("A", "positiv", interval=RISE, analysis="aarsakskjede", strategy="fadder"))
    assert HIDDEN_CAUSE in cannot_say(claim)


def test_a_profile_is_described_and_not_ranked():
    claim = _claim("B", None, "andel", RISE, analysis="prosjektprofil", strategy="caseload_inntil_15", comparison=None, reason="")
    assert can_say(claim) == (
        "Anslagsvis 12,3 prosent gikk til arbeid eller utdanning innen 52 uker blant deltakere i prosjekter med høyst 15 deltakere per "
        "veileder (95 % intervall fra 5,0 til 20,0). Andelen er ikke en ren opptelling: Den er jevnet mot det deltakernes sammensetning "
        "tilsier."
    )
    for text, words in (
        (cannot_say(claim), ("beskrivelse", "ingen virkning", "ingen rangering")),
        (cannot_say(claim, "nn"), ("skildring", "ingen verknad", "inga rangering")),
        (cannot_say(claim, "en"), ("description", "no effect", "no ranking")),
    ):
        assert all(word in text for word in words)


def test_a_survey_answer_has_its_words_or_stands_as_it_was_written():
    claim = _claim("A", None, "andel", RISE, analysis="prosjektprofil", comparison=None,
                   strategy="undersokelse_barriere_arbeidsgiver_sprak")  # fmt: skip
    assert "svarte «språk» på spørsmålet om det som hindrer samarbeidet med arbeidsgivere" in said(claim)["kan_si"]
    assert "answered “language” to the question about what hinders" in said(claim)["kan_si_en"]
    own = Claim(**{**vars(claim), "strategy": "undersokelse_suksess_tjenester_felles_matpause"})
    assert "svarte «felles matpause» på spørsmålet om det som lykkes" in said(own)["kan_si"]
    assert "answered “felles matpause”" in said(own)["kan_si_en"]


@pytest.mark.parametrize(
    ("found", "interval", "words"),
    [
        ("negativ", Interval(-0.1, -0.2, -0.01, 0.05), "10,0 prosentpoeng færre"),
        ("ingen_forskjell", Interval(0.0, -0.04, 0.04, 0.02), "Forskjeller over 5 prosentpoeng i overgang til"),
        ("uavklart", Interval(0.01, -0.1, 0.12, 0.05), "Dataene avgjør ikke"),
        ("positiv", Interval(0.02, 0.01, 0.03, 0.005), "Før avrunding er hele intervallet innenfor 5 prosentpoeng, som er satt"),
    ],
)
def test_every_finding_has_its_words(found, interval, words):
    assert words in can_say(_claim("A", found, interval=interval))


@pytest.mark.parametrize(
    ("found", "interval", "begins", "holds"),
    [
        ("positiv", Interval(2.02, 1.07, 3.81, 0.32), "Andelen som går til", "anslås å være større: 2,02 ganger så stor dersom"),
        ("negativ", Interval(0.62, 0.41, 0.93, 0.21), "Andelen som går til", "anslås å være mindre: 0,62 ganger så stor dersom"),
        ("ingen_forskjell", Interval(1.0, 0.92, 1.09, 0.04), "Forskjeller på over 10 prosent av andelen", "er lite sannsynlige"),
        ("uavklart", Interval(1.15, 0.99, 1.34, 0.08), "Dataene avgjør ikke om", "(95 % intervall fra 0,99 til 1,34 ganger)"),
        (
            "positiv",
            Interval(1.03, 1.01, 1.05, 0.01),
            "Andelen som går til",
            "Før avrunding er hele intervallet innenfor 10 prosent av andelen",
        ),
    ],
)
def test_every_finding_of_a_ratio_has_its_words(found, interval, begins, holds):
    text = can_say(_claim("A", found, "risikoratio", interval))
    assert text.startswith(begins)
    assert holds in text
    assert ("anslås" in text) == (found in ("positiv", "negativ"))


def test_words_follow_the_grade():
    assert "Grunnlaget har svakheter: for få kommuner." in can_say(_claim("B", "positiv", interval=RISE))
    assert can_say(_claim("C", None)) == "Grunnlaget er for svakt til å vise et tall: for få kommuner."
    assert can_say(_claim("D", None)) == "Kan ikke beregnes: for få kommuner."


def test_a_risk_describes_one_strategy():
    claim = _claim("A", None, "risiko", RISE)
    assert can_say(claim).startswith("Anslagsvis 12,3 prosent ville gått til arbeid eller utdanning innen 52 uker dersom alle ")
    assert "beskriver én tenkt strategi" in cannot_say(claim)
    assert HIDDEN_CAUSE in cannot_say(claim)
