"""Placements that become jobs with the same employer: from each placement's own end, and unknown where the extract is silent."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.linkage import praksisutfall
from pipeline.tables import KLARGJORT
from tests.linkage.linkage_cases import extracts, frame, participations

PEOPLE = """deltakelse_key | person_key | start_dato | slutt_dato | statusdato
    d1 | p1 | 2021-01-04 | 2022-12-31 | 2023-12-31
    d2 | p2 | 2021-01-04 | - | 2023-12-31"""
COLUMNS = "tiltak_id | prosjekt_id | deltakelse_key | er_praksis | slutt_dato | arbeidsgiver_orgnr"


def spells(*lines: str):
    return frame("\n".join([COLUMNS, *lines]), KLARGJORT["tiltak"].schema)


def found(tmp_path, settings, tiltak, *jobs: str, reach: date = date(2024, 6, 1)) -> dict[str, bool | None]:
    lines = [*jobs, "x | 2019-01-01 | 1 | 50 | ordinaert", f"x | {reach} | 1 | 50 | ordinaert"]
    registers = extracts(
        tmp_path / "u", arbeidsforhold="\n".join(["person_key | maaned | orgnr | stillingsprosent | type", *lines])
    )
    made = praksisutfall(participations(PEOPLE), tiltak, registers, settings)
    return dict(made.select("tiltak_id", "ansatt_hos_praksisgiver").rows())


@pytest.mark.parametrize(
    ("job", "hired"),
    [
        ("p1 | 2022-03-01 | 7 | 50 | ordinaert", True),  # the month of the end
        ("p1 | 2023-03-01 | 7 | 50 | ordinaert", True),  # month 12
        ("p1 | 2023-04-01 | 7 | 50 | ordinaert", False),  # month 13
        ("p1 | 2022-02-01 | 7 | 50 | ordinaert", False),  # before the end
        ("p1 | 2022-05-01 | 8 | 50 | ordinaert", False),  # another employer
        ("p1 | 2022-05-01 | 7 | 50 | lonnstilskudd", False),
        ("p1 | 2022-05-01 | 7 | 0 | ordinaert", False),
        ("p2 | 2022-05-01 | 7 | 50 | ordinaert", False),  # another person
    ],
)
def test_hired_is_an_ordinary_job_at_the_same_employer_in_the_year_after(tmp_path, settings, job, hired):
    assert found(tmp_path, settings, spells("t1 | A | d1 | ja | 2022-03-20 | 7"), job) == {"t1": hired}


def test_each_placement_is_asked_of_its_own_employer(tmp_path, settings):
    two = spells("t1 | A | d1 | ja | 2022-03-20 | 7", "t2 | A | d1 | ja | 2022-06-20 | 8")
    assert found(tmp_path, settings, two, "p1 | 2022-09-01 | 8 | 50 | ordinaert") == {"t1": False, "t2": True}


def test_the_same_id_in_two_projects_is_two_placements(tmp_path, settings):
    two = spells("t1 | A | d1 | ja | 2022-03-20 | 7", "t1 | B | d2 | ja | 2022-03-20 | 7")
    registers = extracts(
        tmp_path / "u",
        arbeidsforhold="""person_key | maaned | orgnr | stillingsprosent | type
        p2 | 2022-04-01 | 7 | 50 | ordinaert
        x | 2019-01-01 | 1 | 50 | ordinaert
        x | 2024-01-01 | 1 | 50 | ordinaert""",
    )
    made = praksisutfall(participations(PEOPLE), two, registers, settings)
    assert made.select("prosjekt_id", "ansatt_hos_praksisgiver").rows() == [("A", False), ("B", True)]


def test_what_the_extract_does_not_reach_is_unknown_even_when_a_job_is_seen(tmp_path, settings):
    job = "p1 | 2022-04-01 | 7 | 50 | ordinaert"
    one = spells("t1 | A | d1 | ja | 2022-03-20 | 7")
    assert found(tmp_path, settings, one, job, reach=date(2023, 2, 1)) == {"t1": None}
    assert found(tmp_path, settings, one, job, reach=date(2023, 3, 1)) == {"t1": True}
    assert praksisutfall(participations(PEOPLE), one, {}, settings)["ansatt_hos_praksisgiver"].to_list() == [None]


def test_an_unknown_employer_is_unknown_and_not_no(tmp_path, settings):
    assert found(tmp_path, settings, spells("t1 | A | d1 | ja | 2022-03-20 | -"), "p1 | 2022-04-01 | 7 | 50 | ordinaert") == {
        "t1": None
    }


def test_a_placement_ends_with_its_participation_and_not_in_the_future(tmp_path, settings):
    open_ended = spells(
        "t1 | A | d1 | ja | - | 7", "t2 | A | d1 | ja | 2023-06-01 | 7", "t3 | A | d2 | ja | - | 7",
        "t4 | A | d2 | ja | 2024-02-01 | 7", "t5 | A | d1 | nei | 2022-03-20 | 7",
    )  # fmt: skip
    # d1 left on 31 December 2022: both its placements are asked from December on; d2 is still enrolled at statusdato
    assert found(tmp_path, settings, open_ended, "p1 | 2022-11-01 | 7 | 50 | ordinaert") == {"t1": False, "t2": False}
