"""Every column about persons says what it is for, on which basis and for how long; what nobody declared is told, not guessed."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from pipeline.tables import KLARGJORT, REGISTERS, STATES, purposes
from pipeline.tables.base import Column, Table
from pipeline.tables.purposes import (
    about_persons,
    article9_of,
    bases,
    described_tables,
    gaps,
    personal_files,
    persons_of,
    purpose_of,
)

DELTAKELSE = KLARGJORT["deltakelse"]
ABOUT_PERSONS = [(t, c) for t in described_tables() if about_persons(t) for c in t.columns]


@pytest.fixture
def declared(monkeypatch):
    """The declarations, to be changed in a test; what is looked up from them is forgotten before and after."""
    changed = copy.deepcopy(purposes._declared())
    lookups = (purposes._purposes_by_column, purposes._article9, purposes.purposes, purposes.bases, purposes.retentions)
    for lookup in lookups:
        lookup.cache_clear()
    monkeypatch.setattr(purposes, "_declared", lambda: changed)
    yield changed
    for lookup in lookups:
        lookup.cache_clear()


def _with_column(monkeypatch, column: Column) -> None:
    table = Table("deltakelse", "klargjort", DELTAKELSE.grain, (*DELTAKELSE.columns, column), DELTAKELSE.source)
    monkeypatch.setitem(STATES, "klargjort", {**KLARGJORT, "deltakelse": table})


def test_nothing_lacks_its_declaration_and_nothing_is_declared_in_vain():
    assert gaps() == []


def test_every_column_of_a_sensitive_kind_is_in_a_table_about_persons():
    sensitive = [(t, c) for t in described_tables() for c in t.columns if c.sensitivity != "none"]
    assert len(sensitive) > 100
    assert [f"{t.state}.{t.name}.{c.name}" for t, c in sensitive if not about_persons(t)] == []


def test_every_column_about_persons_has_purpose_basis_and_retention():
    for table, column in ABOUT_PERSONS:
        said = purpose_of(table, column)
        assert said.purpose.text
        assert said.bases
        assert said.retention.text
        assert persons_of(table)


def test_what_is_special_has_a_basis_of_its_own():
    special = [purpose_of(t, c) for t, c in ABOUT_PERSONS if c.sensitivity == "special"]
    assert len(special) > 15
    assert all(p.article9 in ("ja", "naer") and bases()["art9"] in p.bases for p in special)
    assert bases()["art9"] not in purpose_of(DELTAKELSE, DELTAKELSE["kjonn"]).bases


def test_the_same_name_may_mean_different_things_in_different_registers():
    job_seeker, residence = REGISTERS["arbeidssoker"], REGISTERS["folkeregister"]
    assert article9_of(job_seeker, job_seeker["status"]) == "naer"
    assert article9_of(residence, residence["status"]) == "nei"
    admitted = STATES["inndata"]["register_arbeidssoker"]
    assert article9_of(admitted, admitted["status"]) == "naer"


def test_free_text_may_hold_anything():
    assert article9_of(DELTAKELSE, Column("merknad", "text", "remark", sensitivity="free_text")) == "naer"


@pytest.mark.parametrize("sensitivity", ["none", "personal", "special"])
def test_a_new_column_without_a_purpose_is_found(monkeypatch, sensitivity):
    _with_column(monkeypatch, Column("skostorrelse", "int", "shoe size", sensitivity=sensitivity))
    assert gaps() == ["formaal.toml: no purpose names klargjort.deltakelse.skostorrelse."]


def test_a_special_column_that_article_9_does_not_name_is_found(monkeypatch):
    _with_column(monkeypatch, replace(DELTAKELSE["varighet_maaneder"], name="kontakt", sensitivity="special"))
    assert [g for g in gaps() if "kontakt" in g] == [
        "klargjort.deltakelse.kontakt is special but stands in neither list of [artikkel9]."
    ]


def test_a_new_table_is_found(monkeypatch):
    monkeypatch.setitem(STATES, "klargjort", {**KLARGJORT, "ny": Table("ny", "klargjort", "one thing", ())})
    assert gaps() == ["klargjort.ny must stand once, in [tabell] or [ingen_personer]."]


def test_a_table_about_nobody_holds_nobody(declared):
    del declared["tabell"]["statistikk.utfall"]
    declared["ingen_personer"]["grupper"]["tabeller"].append("statistikk.utfall")
    assert "statistikk.utfall is said to be about nobody but has columns about persons." in gaps()


def test_a_purpose_that_names_no_column_and_a_column_with_two_purposes_are_found(declared):
    declared["formaal"]["utfall"]["kolonner"] += ["finnes_ikke", "kjonn"]
    assert {"finnes_ikke is no column of a table about persons.", "kjonn has more than one purpose."} <= set(gaps())


def test_a_column_that_nobody_declared_is_no_guess():
    with pytest.raises(ValueError, match=r"no purpose names klargjort\.deltakelse\.ukjent"):
        purpose_of(DELTAKELSE, Column("ukjent", "text", "?"))
    with pytest.raises(ValueError, match="no table utdata"):
        purpose_of(STATES["utdata"]["kommune"], STATES["utdata"]["kommune"]["n"])


def test_what_lies_beside_the_tables_is_declared_too():
    places = " ".join(f.place for f in personal_files())
    for folder in (
        "inbox/",
        "registers/",
        "identified/",
        "receipts/",
        "exports/",
        "warehouse/release_members",
        "snapshot/",
        "releases/",
    ):
        assert folder in places
    assert all(f.bases and f.persons and f.retention.text for f in personal_files())
