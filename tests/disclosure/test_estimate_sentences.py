"""Released sentences hold released numbers only, in every language and with every way of writing a number."""

from __future__ import annotations

import re

import polars as pl
import pytest
from release_case import effect, statistics

from pipeline.disclosure import estimate_group
from pipeline.effects.findings import Interval
from pipeline.effects.sentences import Claim, said
from pipeline.tables import STATISTIKK

_SAID = {
    "kan_si": "Anslagsvis 1,2 prosentpoeng færre (95 % intervall fra −4,1 til 1,7 prosentpoeng). Mindre enn 5 prosentpoeng.",
    "kan_si_nn": "Om lag 1,2 prosentpoeng færre (95 % intervall frå −4,1 til 1,7 prosentpoeng). Mindre enn 5 prosentpoeng.",
    "kan_si_en": "1.2 percentage points lower in week 26 (95% interval from −4.1 to 1.7 percentage points). Less than 5.",
}
_NOT_SAID = {"kan_ikke_si": "Ikke 26 uker.", "kan_ikke_si_nn": "Ikkje 26 veker.", "kan_ikke_si_en": "Not 26 weeks."}


def _said(**changes: object) -> dict[str, object]:
    row = effect(
        "innen_4u", 241, 77, estimat=-0.0121, ki_nedre=-0.0413, ki_ovre=0.0171, maal="risikodifferanse", **_SAID, **_NOT_SAID
    )
    frame = STATISTIKK["effekt"].conform(pl.DataFrame([row | changes]))
    return estimate_group.protected({**statistics([]), "effekt": frame}, 5)["effekt"].row(0, named=True)


def test_every_language_says_the_rounded_numbers() -> None:
    row = _said()
    assert (row["estimat"], row["ki_nedre"], row["ki_ovre"]) == (0.0, -0.05, 0.05)
    assert (
        row["kan_si"]
        == "Anslagsvis 0,0 prosentpoeng færre (95 % intervall fra −5,0 til 5,0 prosentpoeng). Mindre enn 5 prosentpoeng."
    )
    assert row["kan_si_nn"] == row["kan_si"].replace("Anslagsvis", "Om lag").replace("fra", "frå")
    assert row["kan_si_en"] == (
        "0.0 percentage points lower in week 26 (95% interval from −5.0 to 5.0 percentage points). Less than 5."
    )
    assert {name: row[name] for name in _NOT_SAID} == _NOT_SAID


@pytest.mark.parametrize("column", [*_SAID, *_NOT_SAID])
@pytest.mark.parametrize("number", ["3,7", "3.7", "−4,2", "−4.2", "-4.2", "12345.6"])
def test_a_number_that_is_not_released_takes_its_sentence_away(column: str, number: str) -> None:
    row = _said(**{column: f"{number} av noe annet."})
    assert row[column] is None
    assert all(row[other] is not None for other in [*_SAID, *_NOT_SAID] if other != column)


@pytest.mark.parametrize(("column", "foreign"), [("kan_si", "1.2"), ("kan_si_nn", "1.2"), ("kan_si_en", "1,2")])
def test_an_exact_number_with_the_decimal_mark_of_another_language_is_no_way_around(column: str, foreign: str) -> None:
    assert _said(**{column: f"{foreign} prosentpoeng færre."})[column] is None


def test_a_hidden_row_says_nothing_in_any_language() -> None:
    row = _said(n_hendelser=3)
    assert row["status"] == ":"
    assert all(row[name] is None for name in [*_SAID, *_NOT_SAID])


def test_what_could_not_be_computed_still_tells_what_it_cannot_say() -> None:
    row = _said(
        n_personer=None, n_hendelser=None, estimat=None, ki_nedre=None, ki_ovre=None, grad="D", **dict.fromkeys(_SAID, "Nei.")
    )
    assert row["status"] == ".."
    assert all(row[name] is None for name in _SAID)
    assert {name: row[name] for name in _NOT_SAID} == _NOT_SAID


def test_sentences_made_of_estimates_are_released_whole() -> None:
    """The words that the estimators write, with their own numbers, pass the gate in all three languages."""
    made = said(
        Claim(
            "innen_4u", "ikke_innen_26u", "arbeid", 52, "risikodifferanse", "B", "negativ", Interval(-0.0721, -0.1113, -0.0212, 0.02),
            0.05, "kommuner",
        )
    )  # fmt: skip
    row = _said(estimat=-0.0721, ki_nedre=-0.1113, ki_ovre=-0.0212, **made)
    assert row["estimat"] == -0.075
    for column, text in made.items():
        mark = "." if column.endswith("_en") else ","
        assert re.sub(r"[−]?\d+[.,]\d", "", row[column]) == re.sub(r"[−]?\d+[.,]\d", "", text)
        if column.startswith("kan_si"):
            assert f"7{mark}5" in row[column]
            assert f"7{mark}2" not in row[column]
