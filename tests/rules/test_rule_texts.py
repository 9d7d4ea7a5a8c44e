"""Every rule speaks bokmål, nynorsk and English: nothing missing, nothing left untranslated, nothing that could carry a value."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline.codes import rules_by_year
from pipeline.errors import UserError
from pipeline.rules import FOLDER, LANGUAGES, Rule, catalogue, read_catalogue, rule
from pipeline.rules.said import Said, translations

ALL = catalogue()


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-zæøåéô_-]+", text.lower()))


# forms that nynorsk does not have; each stood in a bokmål text that somebody could forget to translate
BOKMAAL_ONLY = _words(
    "ikke en et hva hvor hvem hvilken hvilket hvilke fra noe noen mer mye bare være gjøre jeg disse hele uten selv samme flere "
    "hvis vet eier kommer finnes gjelder hører ligger peker mangler inneholder filen mappen kolonnen raden cellen arbeidsboken "
    "avsender avsenderen deltakere deltakeren deltakelse deltakelsen opplysninger tall tallet mulig ennå måned skilletegn "
    "tegnsett anførselstegn filbeskrivelsen kodelisten verdier brukes tas leses telles"
)


def _texts(said: Said) -> tuple[str, str, str]:
    return said.message, said.why, said.fix


@pytest.mark.parametrize("r", ALL, ids=lambda r: r.code)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_says_what_why_and_how_in_each_language(r: Rule, language: str) -> None:
    for text in _texts(r.said(language)):
        assert re.match(r"[A-ZÆØÅ«]", text)
        assert text.rstrip("»").endswith((".", "!"))
        assert not re.search(r"[{}]|%[sdr(]|\$\w|<\w", text), "a place for a value"
        assert not re.search(r"\d{9,}", text), "a number that could be somebody's"


@pytest.mark.parametrize("r", ALL, ids=lambda r: r.code)
def test_nynorsk_is_nynorsk(r: Rule) -> None:
    for bokmaal, nynorsk in zip(_texts(r.said("nb")), _texts(r.said("nn")), strict=True):
        assert not BOKMAAL_ONLY & _words(nynorsk)
        # short calls like «Rett datoen.» are the same in both; a longer sentence never is
        assert bokmaal != nynorsk or len(_words(nynorsk)) <= 6
    assert r.said("nb") != r.said("nn")


@pytest.mark.parametrize("r", ALL, ids=lambda r: r.code)
def test_english_is_english(r: Rule) -> None:
    for bokmaal, english in zip(_texts(r.said("nb")), _texts(r.said("en")), strict=True):
        assert bokmaal != english
        assert not {"ikke", "og", "eller", "det", "som"} & _words(english)


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(UserError, match="nb, nn, en"):
        rule("JS014").said("se")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path / "rules"


def _mend(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_copy_of_the_folder_reads_the_same(copied: Path) -> None:
    assert read_catalogue(copied) == ALL


def test_a_missing_text_stops_the_program(copied: Path) -> None:
    _mend(copied / "texts" / "file.nn.toml", "[JS014]", "[JS914]")
    with pytest.raises(ValueError, match=r"file\.nn\.toml: JS014 has no text, JS914 is no rule there"):
        read_catalogue(copied)


def test_a_missing_file_of_texts_stops_the_program(copied: Path) -> None:
    (copied / "texts" / "row.en.toml").unlink()
    with pytest.raises(ValueError, match=r"row\.en\.toml: JS201 has no text"):
        read_catalogue(copied)


def test_texts_of_a_file_without_rules_stop_the_program(copied: Path) -> None:
    (copied / "texts" / "extra.en.toml").write_text('[JS999]\nmessage = "A."\nwhy = "B."\nfix = "C."\n')
    with pytest.raises(ValueError, match="JS999 is no rule there"):
        read_catalogue(copied)


@pytest.mark.parametrize("part", ["message", "why", "fix"])
def test_half_a_text_stops_the_program(copied: Path, part: str) -> None:
    _mend(copied / "texts" / "cell.en.toml", f"\n{part} = ", "\nother = ")
    with pytest.raises(ValueError, match="must have message, why and fix"):
        translations(copied, "en")


def test_a_rule_that_ends_before_it_begins_stops_the_program(copied: Path) -> None:
    _mend(copied / "row.toml", "valid_to = 2020-12-31", "valid_to = 2012-12-31")
    with pytest.raises(ValueError, match="JS232"):
        read_catalogue(copied)


def test_a_rule_that_ends_must_say_by_which_date(copied: Path) -> None:
    _mend(copied / "row.toml", 'judged_on = "start_dato"\nvalid_from = 2013-01-01\nvalid_to', "valid_from = 2013-01-01\nvalid_to")
    with pytest.raises(ValueError, match="JS232"):
        read_catalogue(copied)


def test_rules_by_year_are_judged_on_the_start_and_end_with_the_programmes_own_rule() -> None:
    assert {r.code for r in ALL if r.judged_on} >= {"JS230", "JS231", "JS232", "JS233"}
    ended = rules_by_year().filter(pl.col("regel") == "uten_sosialhjelp", pl.col("verdi") == "1")
    last_day = ended["gyldig_til"].item() - date.resolution
    assert (rule("JS232").valid_from, rule("JS232").valid_to) == (ended["gyldig_fra"].item(), last_day)
