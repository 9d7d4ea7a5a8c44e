"""``jobbsjansen rule``: a page that a person can read, all rules in a list, all languages as JSON, a wrong code refused."""

from __future__ import annotations

import json

import pytest

from jobbsjansen.cli import main
from pipeline.rules import JUDGED, catalogue, rule
from pipeline.rules.facts import consequence, facts, where
from pipeline.tables import DELIVERY_TABLES


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["rule", *arguments])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", ["Gjelder", "Hvorfor", "Slik rettes det", "fra og med 1. januar 2013 til og med 31. desember 2020", "Merknad: "]),
        ("nn", ["Gjeld", "Kvifor", "Slik rettar de det", "frå og med 1. januar 2013", "hovudinntekt", "Merknad: "]),
        ("en", ["About", "Why", "How to mend it", "from 1 January 2013 to 31 December 2020 inclusive", "Remark: "]),
    ],
)
def test_a_rule_is_a_page_to_read(capsys: pytest.CaptureFixture[str], language: str, words: list[str]) -> None:
    code, out, _ = _run(capsys, "js232", "--language", language)
    assert code == 0
    text = " ".join(out.split())
    said = rule("JS232").said(language)
    for wanted in (*words, "JS232", said.message, said.why, said.fix, "deltaker: inntektskilde_start", rule("JS232").source):
        assert wanted in text
    assert "start_dato" in text, "the date it is judged by"
    assert all(len(line) <= 100 for line in out.splitlines())
    for field in ("valid_from", "decision", "kind"):
        assert field not in out


@pytest.mark.parametrize("r", catalogue(), ids=lambda r: r.code)
def test_every_rule_has_its_page_in_every_language(capsys: pytest.CaptureFixture[str], r) -> None:
    from jobbsjansen.explaining import explain_rule

    for language in ("nb", "nn", "en"):
        found, page = explain_rule(r.code, language)
        assert consequence(r, language) in " ".join(page.split())
        assert found["texts"][language]["fix"] == r.said(language).fix


def test_without_a_code_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys)
    assert code == 0
    assert [line[:5] for line in out.splitlines()] == [r.code for r in catalogue()]
    assert any(line.split(None, 1)[1].startswith("stopper leveransen  Filen kunne ikke åpnes") for line in out.splitlines())
    listed = json.loads(_run(capsys, "--json")[1])["rules"]
    assert [r["code"] for r in listed] == [r.code for r in catalogue()]


def test_json_has_all_languages(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(_run(capsys, "JS014", "--json", "--language", "nn")[1])
    assert found == facts(rule("JS014"))
    assert set(found["texts"]) == {"nb", "nn", "en"}
    assert (found["severity"], found["decision"], found["valid_from"]) == ("fatal", "quarantined", "2026-01-01")


def test_a_wrong_code_is_refused_with_codes_nearby(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "JS015")
    assert (code, out) == (2, "")
    assert "JS014" in err
    assert "JS308" not in err
    code, _, err = _run(capsys, "fødselsnummer")
    assert code == 2
    assert "JS" in err
    assert "fødselsnummer" not in err


def test_a_wrong_language_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "JS014", "--language", "sv")[0] == 2


def test_a_rule_is_about_tables_and_columns_that_exist() -> None:
    for r in catalogue():
        places = where(r)
        assert bool(places) == (r.kind in JUDGED)
        for table, columns in places.items():
            assert set(columns) <= set(DELIVERY_TABLES[table].names)
    assert where(rule("JS232")) == {"deltaker": ("inntektskilde_start",)}
    assert where(rule("JS217"))["deltaker"] == ()
    assert where(rule("JS101"))["veileder"] == ("prosjekt_id", "veileder_id")
