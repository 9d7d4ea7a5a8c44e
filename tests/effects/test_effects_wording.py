"""The catalogues of words: the same keys and places in each language, and no words of another one."""

from __future__ import annotations

import re
import string

import pytest

from pipeline.effects.wording import LANGUAGES, Words, catalogue
from tests.effects.effects_declared import CASES, STRANGERS


def test_every_catalogue_has_the_same_keys_and_the_same_places():
    bokmaal = catalogue("nb")
    for language in LANGUAGES:
        texts = catalogue(language)
        assert set(texts) == set(bokmaal)
        assert all(text == " ".join(text.split()) and text for text in texts.values())
    for key, text in bokmaal.items():
        if key.split(".")[0] in ("frist", "strategi", "mot", "tall", "utfall"):
            assert len({frozenset(_places(catalogue(language)[key])) for language in LANGUAGES}) == 1, key
        if key.startswith("setning."):
            allowed = _places(text) | {"som", "ville", "om"}
            assert all(_places(catalogue(language)[key]) <= allowed for language in LANGUAGES), key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalogue_holds_words_of_another_language(language):
    for key, text in catalogue(language).items():
        words = re.sub(r"\{\w+\}", "", text).lower()
        assert not re.search(rf"\b({STRANGERS[language]})\b", words), (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_strategies_share_their_words(language):
    clauses = [Words(language).strategy(a, s) for a, s, _ in CASES if not a.startswith("praksis_") and "_andel_via" not in s]
    assert len(set(clauses)) == len(clauses)
    for analysis, strategy, comparison in CASES:
        if comparison:
            assert Words(language).comparison(analysis, strategy, comparison) != Words(language).strategy(analysis, strategy)


@pytest.mark.parametrize(("language", "mark"), [("nb", ","), ("nn", ","), ("en", ".")])
def test_numbers_are_written_as_the_language_writes_them(language, mark):
    words = Words(language)
    assert words.number(-3.456, 1) == f"−3{mark}5"
    assert words.number(-0.01, 1) == f"0{mark}0"
    assert words.number(1234.5, 1) == f"1234{mark}5"
