"""What a participation is: each convention drawn as a table in and a table out."""

from __future__ import annotations

import pytest

from pipeline.cohort import build_klargjort
from pipeline.tables import KLARGJORT
from tests.cohort.cohort_tables import drawn, inndata, shown


def deltakelse(columns: str, **texts: str) -> str:
    return shown(build_klargjort(inndata(**texts)).tables["deltakelse"], *columns.split())


def test_takes_the_project_row_of_the_year_of_start_else_nearest_earlier_else_earliest() -> None:
    out = deltakelse(
        "deltakelse_key tilskuddsaar malgruppe forste_tilskuddsaar",
        prosjekt="""tilskuddsaar malgruppe
                    2018         ungdom
                    2019         sosialhjelp
                    2022         annet""",
        deltaker="""deltakelse_key start_dato
                    d1             2019-05-01
                    d2             2021-05-01
                    d3             2017-05-01
                    d4             2024-05-01""",
    )
    assert out == drawn(
        """deltakelse_key tilskuddsaar malgruppe forste_tilskuddsaar
           d1 2019 sosialhjelp 2018
           d2 2019 sosialhjelp 2018
           d3 2018 ungdom 2018
           d4 2022 annet 2018"""
    )


def test_exits() -> None:
    out = deltakelse(
        "deltakelse_key slutt_dato avslutning overgang utfaset",
        statusdato="prosjekt_id statusdato\nA 2023-06-30",
        deltaker="""deltakelse_key slutt_dato avslutning
                    d1 2023-06-30 lonnsarbeid
                    d2 2023-06-30 -
                    d3 2023-07-01 lonnsarbeid
                    d4 -          lonnsarbeid
                    d5 2023-01-01 grunnskole
                    d6 2023-01-01 faset_ut
                    d7 2023-01-01 hoyere_utdanning
                    d8 -          -""",
    )
    assert out == drawn(
        """deltakelse_key slutt_dato avslutning overgang utfaset
           d1 2023-06-30 lonnsarbeid true false
           d2 2023-06-30 ukjent false false
           d3 - - - -
           d4 - - - -
           d5 2023-01-01 grunnskole false false
           d6 2023-01-01 faset_ut false true
           d7 2023-01-01 hoyere_utdanning true false
           d8 - - - -"""
    )


def test_what_was_reported_at_an_exit_that_is_no_fact_yet_is_not_known() -> None:
    out = deltakelse(
        "stillingsprosent_slutt norsk_slutt varighet_maaneder",
        statusdato="prosjekt_id statusdato\nA 2023-06-30",
        deltaker="deltakelse_key slutt_dato stillingsprosent_slutt norsk_slutt\nd1 2023-07-01 80 b1",
    )
    assert out == drawn("stillingsprosent_slutt norsk_slutt varighet_maaneder\n- - -")


def test_a_project_without_status_date_is_known_to_its_latest_start_or_exit() -> None:
    out = deltakelse(
        "deltakelse_key statusdato statusdato_oppgitt overgang",
        statusdato="",
        deltaker="deltakelse_key start_dato slutt_dato\nd1 2022-01-03 2022-12-31\nd2 2022-03-01 -",
    )
    assert out == drawn("deltakelse_key statusdato statusdato_oppgitt overgang\nd1 2022-12-31 false false\nd2 2022-12-31 false -")


@pytest.mark.parametrize(
    ("spells", "expected"),
    [
        pytest.param("t1 arbeidspraksis 2022-01-03 -", "2022-01-03 1 false", id="day 0 is week 1"),
        pytest.param("t1 arbeidspraksis 2022-01-09 -", "2022-01-09 1 false", id="day 6 is week 1"),
        pytest.param("t1 arbeidspraksis 2022-01-10 -", "2022-01-10 2 false", id="day 7 is week 2"),
        pytest.param("t1 lonnstilskudd 2022-03-01 -\nt2 arbeidspraksis 2022-04-01 -", "2022-03-01 9 false", id="either kind"),
        pytest.param("t1 spraakpraksis 2022-01-10 -", "- - false", id="language practice is none"),
        pytest.param("t1 arbeidspraksis 2022-12-31 -", "2022-12-31 52 false", id="on the last day"),
        pytest.param("t1 arbeidspraksis 2023-01-01 -", "- - false", id="after the exit"),
        pytest.param("t1 arbeidspraksis 2021-12-20 2022-01-03", "- - true", id="still running on day 0"),
        pytest.param("t1 arbeidspraksis 2021-12-20 2022-01-02", "- - false", id="ended the day before"),
        pytest.param("t1 arbeidspraksis 2021-12-20 -", "- - true", id="begun before, no end reported"),
        pytest.param("t1 arbeidspraksis 2021-09-01 2022-02-01", "- - true", id="begun long before: an orphan, yet running"),
        pytest.param(
            "t1 arbeidspraksis 2021-12-20 2022-02-01\nt2 arbeidspraksis 2022-02-07 -",
            "2022-02-07 6 true",
            id="the next one is first",
        ),
    ],
)
def test_first_placement(spells: str, expected: str) -> None:
    columns = "forste_praksis_dato uker_til_praksis praksis_foer_start"
    out = deltakelse(
        columns,
        deltaker="deltakelse_key slutt_dato\nd1 2022-12-31",
        tiltak=f"tiltak_id tiltak_type start_dato slutt_dato\n{spells}",
    )
    assert out == drawn(f"{columns}\n{expected}")


def test_a_placement_after_the_status_date_is_no_fact_yet() -> None:
    out = deltakelse(
        "deltakelse_key forste_praksis_dato uker_til_praksis",
        statusdato="prosjekt_id statusdato\nA 2022-06-30",
        deltaker="deltakelse_key person_key\nd1 p1\nd2 p2",
        tiltak="tiltak_id person_key start_dato\nt1 p1 2022-06-30\nt2 p2 2022-07-01",
    )
    assert out == drawn("deltakelse_key forste_praksis_dato uker_til_praksis\nd1 2022-06-30 26\nd2 - -")


def test_a_placement_without_end_ends_with_its_own_participation() -> None:
    out = deltakelse(
        "deltakelse_key forste_praksis_dato praksis_foer_start",
        deltaker="deltakelse_key start_dato slutt_dato\nd1 2020-01-01 2020-12-31\nd2 2022-01-03 -",
        tiltak="tiltak_id start_dato\nt1 2020-06-01",
    )
    assert out == drawn("deltakelse_key forste_praksis_dato praksis_foer_start\nd1 2020-06-01 false\nd2 - false")


def test_place() -> None:
    out = deltakelse(
        "deltakelse_key komm_nr komm_nr_ref fylke_nr bydel_nr",
        prosjekt="""prosjekt_id tilskuddsaar komm_nr bydel_nr
                    A 2019 0301 030103
                    B 2019 0105 -
                    C 2019 1503 -""",
        statusdato="prosjekt_id\nA\nB\nC\nD",
        deltaker="""deltakelse_key prosjekt_id start_dato komm_nr avsender
                    d1 A 2019-05-01 - 030103
                    d2 A 2019-05-01 0219 030103
                    d3 B 2019-05-01 - 0105
                    d4 C 2019-05-01 1554 1503
                    d5 D 2019-05-01 - 030107
                    d6 B 2019-05-01 7777 0105""",
    )
    assert out == drawn(
        """deltakelse_key komm_nr komm_nr_ref fylke_nr bydel_nr
           d1 0301 0301 03 030103
           d2 0219 3201 32 -
           d3 0105 3105 31 -
           d4 1554 1554 15 -
           d5 0301 0301 03 030107
           d6 7777 9999 99 -"""
    )


def test_what_was_known_about_the_person_at_the_start() -> None:
    out = deltakelse(
        "deltakelse_key alder_start landgruppe botid_aar",
        deltaker="""deltakelse_key start_dato fodselsaar landbakgrunn innvandret_dato
                    d1 2022-01-03 1985 SOM 2018-01-03
                    d2 2022-12-03 2000 POL -
                    d3 2022-01-03 1990 QQQ 2023-01-01""",
    )
    assert out == drawn(
        """deltakelse_key alder_start landgruppe botid_aar
           d1 37 afrika 4.0
           d2 22 eu_efta_storbritannia -
           d3 32 - -"""
    )


def test_a_row_belongs_to_the_participation_that_holds_its_day_else_the_next_within_30_days_else_nobody() -> None:
    built = build_klargjort(
        inndata(
            deltaker="""deltakelse_key start_dato slutt_dato
                        d1 2022-01-31 2022-12-31
                        d2 2023-06-01 -""",
            oppfolging="""oppfolging_id dato person_key
                          o1 2022-01-31 p1
                          o2 2022-12-31 p1
                          o3 2022-01-01 p1
                          o4 2021-12-31 p1
                          o5 2023-01-01 p1
                          o6 2023-05-02 p1
                          o7 2024-01-01 p1
                          o8 2022-05-01 p9""",
        )
    )
    assert shown(built.tables["oppfolging"], "oppfolging_id", "deltakelse_key") == drawn(
        """oppfolging_id deltakelse_key
           o1 d1
           o2 d1
           o3 d1
           o6 d2
           o7 d2"""
    )
    assert built.counts == {"tiltak": 0, "oppfolging": 3, "kartlegging": 0}


def test_an_orphan_comes_in_when_its_parent_comes() -> None:
    late = "kartlegging_id dato\nk1 2022-05-01"
    without = build_klargjort(inndata(kartlegging=late))
    with_parent = build_klargjort(inndata(kartlegging=late, deltaker="deltakelse_key\nd1"))
    assert (without.counts["kartlegging"], without.tables["kartlegging"].height) == (1, 0)
    assert (with_parent.counts["kartlegging"], with_parent.tables["kartlegging"].height) == (0, 1)


def test_overlapping_participations_never_multiply_a_row() -> None:
    built = build_klargjort(
        inndata(
            deltaker="deltakelse_key start_dato slutt_dato\nd1 2022-01-01 2022-12-31\nd2 2022-06-01 -",
            tiltak="tiltak_id tiltak_type start_dato\nt1 norskopplaering 2022-07-01",
        )
    )
    assert shown(built.tables["tiltak"], "tiltak_id", "deltakelse_key", "er_praksis") == drawn(
        "tiltak_id deltakelse_key er_praksis\nt1 d2 false"
    )


def test_tables_are_as_described_and_do_not_depend_on_the_order_of_rows() -> None:
    source = inndata(
        deltaker="deltakelse_key person_key\nd1 p1\nd2 p2",
        tiltak="tiltak_id person_key start_dato\nt1 p1 2022-02-01\nt2 p2 2022-03-01",
    )
    built = build_klargjort(source).tables
    turned = build_klargjort({name: frame.reverse() for name, frame in source.items()}).tables
    for name, frame in built.items():
        described = KLARGJORT[name]
        assert frame.schema == described.schema
        assert frame.select(described.required).null_count().sum_horizontal().item() == 0
        assert frame.equals(turned[name])


def test_no_rows_give_empty_tables() -> None:
    built = build_klargjort({})
    assert {name: frame.height for name, frame in built.tables.items()} == dict.fromkeys(built.tables, 0)
