"""False links show in what does not change: fields compared with the spell that holds on the first day."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.linkage import koblingskvalitet
from pipeline.tables import STATISTIKK
from tests.linkage.linkage_cases import extracts, participations, random_world

# botid_aar of d1 is that of someone who came 730 days before the start
PEOPLE = """deltakelse_key | person_key | start_dato | kjonn | fodselsaar | landbakgrunn | botid_aar
    d1 | p1 | 2022-01-17 | kvinne | 1990 | SYR | 1.9986310746064339
    d2 | p1 | 2023-01-17 | kvinne | 1990 | SYR | 5
    d3 | p2 | 2022-01-17 | mann   | 1985 | -   | -
    d4 | p3 | 2022-01-17 | kvinne | 1970 | SOM | -
    d5 | p4 | 2022-01-17 | kvinne | 1970 | SOM | -"""
SPELLS = """person_key | kjonn | fodselsaar | landbakgrunn | innvandret_dato | status | gyldig_fra | gyldig_til
    p1 | mann   | 1991 | ERI | 2020-01-18 | bosatt    | 2015-01-01 | 2018-01-01
    p1 | kvinne | 1990 | SYR | 2020-01-18 | bosatt    | 2018-01-01 | 2022-06-01
    p1 | kvinne | 1991 | SYR | 2020-01-18 | bosatt    | 2022-06-01 | -
    p2 | kvinne | 1985 | ERI | 2020-01-18 | bosatt    | 2015-01-01 | -
    p3 | kvinne | 1970 | SOM | 2020-01-18 | utvandret | 2023-01-01 | -"""


def test_counts_of_matched_compared_and_equal(tmp_path, settings):
    made = koblingskvalitet(participations(PEOPLE), extracts(tmp_path / "u", folkeregister=SPELLS), settings)
    assert made.schema == pl.Schema(STATISTIKK["koblingskvalitet"].schema)
    assert made.rows() == [
        ("fodselsaar", 4, 3, 2, pytest.approx(2 / 3)),
        ("innvandret_dato", 4, 2, 1, 0.5),
        ("kjonn", 4, 3, 2, pytest.approx(2 / 3)),
        ("landbakgrunn", 4, 2, 2, 1.0),
    ]


def test_a_column_that_the_owner_left_out_is_not_compared(tmp_path, settings):
    spells = "person_key | kjonn | status | gyldig_fra\n p1 | kvinne | bosatt | 2015-01-01"
    made = koblingskvalitet(participations(PEOPLE), extracts(tmp_path / "u", folkeregister=spells), settings)
    assert made.select("felt", "n_sammenlignet", "andel_like").rows() == [
        ("fodselsaar", 0, None), ("innvandret_dato", 0, None), ("kjonn", 2, 1.0), ("landbakgrunn", 0, None),
    ]  # fmt: skip


def test_without_an_extract_there_is_nothing_to_say(settings):
    made = koblingskvalitet(participations(PEOPLE), {}, settings)
    assert made.is_empty()
    assert made.schema == pl.Schema(STATISTIKK["koblingskvalitet"].schema)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_participation_counts_twice_and_order_leaves_no_trace(tmp_path, settings, seed):
    deltakelse, _, registers = random_world(seed)
    made = koblingskvalitet(deltakelse, extracts(tmp_path / "a", **registers), settings)
    known = deltakelse.join(registers["folkeregister"], on="person_key", how="semi").height
    assert made["n_koblet"].to_list() == [known] * 4
    assert (made["n_like"] <= made["n_sammenlignet"]).all()
    assert (made["n_sammenlignet"] <= known).all()
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in registers.items()}
    assert made.equals(koblingskvalitet(deltakelse.reverse(), extracts(tmp_path / "b", **shuffled), settings))


def test_a_false_link_shows(tmp_path, settings):
    """Every person swapped with the next: birth years agree by chance alone."""
    deltakelse = participations(
        "deltakelse_key | person_key | start_dato | kjonn | fodselsaar\n"
        + "\n".join(f"d{i:02d} | p{i:02d} | 2022-01-17 | kvinne | {1960 + i}" for i in range(30))
    )

    def spells(shift: int) -> str:
        rows = (f"p{(i + shift) % 30:02d} | {1960 + i} | bosatt | 2010-01-01" for i in range(30))
        return "\n".join(["person_key | fodselsaar | status | gyldig_fra", *rows])

    shares = [
        koblingskvalitet(deltakelse, extracts(tmp_path / str(shift), folkeregister=spells(shift)), settings).row(0)[-1]
        for shift in (0, 1)
    ]
    assert shares == [1.0, 0.0]
