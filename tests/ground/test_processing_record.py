"""The record of processing and the facts of the assessment are current, whole, and pretend no certainty."""

from __future__ import annotations

import re

import pytest

from jobbsjansen import processing_record, unused_columns
from jobbsjansen.processing_record import ASSESSMENT, FACTS, RECORD, UNSETTLED, record, with_facts
from pipeline.tables import REGISTERS
from pipeline.tables.purposes import about_persons, bases, described_tables, retentions


def test_the_pages_are_current():
    assert RECORD.read_text(encoding="utf-8") == record()
    assessment = ASSESSMENT.read_text(encoding="utf-8")
    assert assessment == with_facts(assessment)


def test_every_column_about_persons_stands_in_the_appendix():
    appendix = record().split("## Vedlegg")[1]
    sections = dict(re.findall(r"^### ([\w.]+)\n(.*?)(?=^### |\Z)", appendix, flags=re.M | re.S))
    tables = {f"{t.state}.{t.name}": t for t in described_tables() if about_persons(t)}
    assert sections.keys() == tables.keys()
    for name, table in tables.items():
        assert re.findall(r"^\| `(\w+)`", sections[name], flags=re.M) == table.names


def test_what_goes_to_statistics_norway_is_marked():
    appendix = record().split("## Vedlegg")[1]
    person = appendix.split("### klargjort.deltakelse")[1].split("### ")[0]
    assert "| SSB |" in next(line for line in person.splitlines() if line.startswith("| `kjonn`"))
    assert "SSB" not in next(line for line in person.splitlines() if line.startswith("| `landbakgrunn`"))


def test_what_is_not_settled_is_said_so():
    page = record()
    for item in [b for b in bases().values() if not b.settled] + [r for r in retentions().values() if not r.settled]:
        assert item.text in page.split("## 10.")[1]
    assert page.count(UNSETTLED) >= len(bases())


def test_the_assessment_uses_every_fact_and_no_other():
    named = re.findall(r"<!-- fakta: (\w+) -->", ASSESSMENT.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(FACTS)
    with pytest.raises(KeyError):
        with_facts("<!-- fakta: ukjent -->\n<!-- slutt -->")


def test_with_facts_replaces_only_what_is_between_the_marks():
    page = "foran\n<!-- fakta: omfang -->\ngammelt\n<!-- slutt -->\nbak\n"
    made = with_facts(page)
    assert made.startswith("foran\n<!-- fakta: omfang -->\n| sone |")
    assert made.endswith("<!-- slutt -->\nbak\n")
    assert "gammelt" not in made
    assert with_facts(made) == made


def test_a_gap_makes_the_check_fail(monkeypatch, capsys):
    monkeypatch.setattr(processing_record, "gaps", lambda: ["formaal.toml: no purpose names a.b.c."])
    assert processing_record.main() == 1
    assert "a.b.c" in capsys.readouterr().out


def test_columns_of_registers_that_nothing_uses_have_their_reason():
    assert unused_columns.disagreements() == []
    assert "folkeregister.sivilstand" in unused_columns.unused_columns()
    assert f"`{unused_columns.unused_columns()[0]}`" in record()


def test_what_a_query_reads_is_used(tmp_path):
    (tmp_path / "a.sql").write_text(
        "-- one row per person\nWITH f AS (SELECT person_key, status FROM folkeregister)\n"
        "SELECT y.ytelse, niva FROM ytelse AS y JOIN utdanning ON y.person_key = utdanning.person_key",
        encoding="utf-8",
    )
    unused = unused_columns.unused_columns(tmp_path)
    assert {"folkeregister.sivilstand", "utdanning.status", "norskprove.niva", "ytelse.belop_nok"} <= set(unused)
    assert not {"folkeregister.status", "ytelse.ytelse", "utdanning.niva"} & set(unused)


def test_the_keys_of_a_register_are_never_unused(tmp_path):
    keys = {f"{t.name}.{c.name}" for t in REGISTERS.values() if "person_key" in t for c in t.columns if c.key}
    assert not keys & set(unused_columns.unused_columns(tmp_path))
