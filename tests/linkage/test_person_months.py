from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.engine import StepFailed
from pipeline.tables import KLARGJORT
from tests.linkage.linkage_cases import extracts, measures, participations, person_months

ONE = participations("deltakelse_key | person_key | start_dato | slutt_dato\n d1 | p1 | 2022-01-17 | 2022-12-09")


def month(frame: pl.DataFrame, day: date) -> dict[str, object]:
    return frame.filter(pl.col("maaned") == day).row(0, named=True)


def test_the_window_runs_from_12_months_before_start_to_the_extracts_end_or_60_after_exit(tmp_path, settings):
    short = extracts(tmp_path / "a", ytelse="person_key | maaned | ytelse\n x | 2023-03-01 | kvp")
    long = extracts(tmp_path / "b", ytelse="person_key | maaned | ytelse\n x | 2030-03-01 | kvp")
    for registers, last in ((short, date(2023, 3, 1)), (long, date(2027, 12, 1)), ({}, date(2022, 12, 1))):
        made = person_months(ONE, measures(), registers, settings)
        assert (made["maaned"].min(), made["maaned"].max()) == (date(2021, 1, 1), last)
        assert made["maaned"].is_unique().all()
        assert made["m_start"].min() == -12
        assert made["m_slutt"].min() == -23


def test_work_is_any_job_but_a_subsidised_one_or_own_income(tmp_path, settings):
    registers = extracts(
        tmp_path,
        arbeidsforhold="""person_key | maaned | orgnr | stillingsprosent | lonn_nok | type
            p1 | 2022-12-01 | 1 | 60  | 20000.10 | ordinaert
            p1 | 2022-12-01 | 2 | 70  | 10000.20 | frilans
            p1 | 2023-01-01 | 1 | 100 | 5000     | lonnstilskudd
            p1 | 2023-02-01 | 1 | 0   | -        | ordinaert
            p1 | 2023-03-01 | 1 | -   | -        | ordinaert
            x  | 2022-12-01 | 1 | 50  | 1        | ordinaert
            x  | 2024-06-01 | 1 | 50  | 1        | ordinaert""",
        selvstendig="person_key | aar | naeringsinntekt_nok\n p1 | 2024 | 5000\n p1 | 2023 | 0",
    )
    made = person_months(ONE, measures(), registers, settings)
    columns = ("i_arbeid", "stillingsprosent", "lonn_nok", "lonnstilskudd", "selvstendig")
    expected = {
        date(2022, 11, 1): (None, None, None, None, None),
        date(2022, 12, 1): (True, 100.0, 30000.3, False, None),
        date(2023, 1, 1): (False, 0.0, 5000.0, True, False),
        date(2023, 2, 1): (False, 0.0, None, False, False),  # what was paid is not told
        date(2023, 3, 1): (False, 0.0, None, False, False),
        date(2024, 1, 1): (True, 0.0, 0.0, False, True),
        date(2024, 7, 1): (None, None, None, None, True),
    }
    assert {day: tuple(month(made, day)[c] for c in columns) for day in expected} == expected


def test_the_placements_employer_is_known_again(tmp_path, settings):
    spells = measures("deltakelse_key | er_praksis | arbeidsgiver_orgnr\n d1 | ja | 7\n d1 | nei | 8\n d1 | ja | -")
    registers = extracts(
        tmp_path,
        arbeidsforhold="""person_key | maaned | orgnr | stillingsprosent | type
            p1 | 2023-01-01 | 7 | 50 | ordinaert
            p1 | 2023-02-01 | 8 | 50 | ordinaert
            p1 | 2023-03-01 | 7 | 50 | lonnstilskudd""",
    )
    made = person_months(ONE, spells, registers, settings)
    assert [month(made, date(2023, m, 1))["samme_arbeidsgiver"] for m in (1, 2, 3)] == [True, False, False]


def test_education_counts_every_month_a_spell_touches_and_its_highest_level(tmp_path, settings):
    registers = extracts(
        tmp_path,
        utdanning="""person_key | start_dato | slutt_dato | niva | status
            p1 | 2022-03-31 | 2022-05-01 | grunnskole   | fullfort
            p1 | 2022-05-01 | -          | videregaende | pagaende
            x  | 2015-01-01 | 2023-01-15 | hoyere       | fullfort
            x  | 2015-01-01 | 2029-01-15 | hoyere       | pagaende""",
    )
    made = person_months(ONE, measures(), registers, settings)
    seen = {
        m: (month(made, date(2022, m, 1))["under_utdanning"], month(made, date(2022, m, 1))["utdanning_niva"])
        for m in (2, 3, 5, 6)
    }
    assert seen == {2: (False, None), 3: (True, "grunnskole"), 5: (True, "videregaende"), 6: (True, "videregaende")}
    assert made["maaned"].max() == date(2023, 1, 1), "a planned end of a running spell is no reach"


def test_self_supported_is_income_without_basic_benefits(tmp_path, settings):
    registers = extracts(
        tmp_path,
        arbeidsforhold="""person_key | maaned | orgnr | stillingsprosent | lonn_nok | type
            p1 | 2023-01-01 | 1 | 50  | 9000 | ordinaert
            p1 | 2023-02-01 | 1 | 50  | 9000 | ordinaert
            p1 | 2023-03-01 | 1 | 50  | 9000 | ordinaert
            p1 | 2023-04-01 | 1 | 50  | 9000 | lonnstilskudd
            p1 | 2023-06-01 | 1 | 50  | 9000 | ordinaert""",
        ytelse="""person_key | maaned | ytelse | belop_nok
            p1 | 2023-01-01 | sosialhjelp | 5000.5
            p1 | 2023-01-01 | dagpenger   | 100
            p1 | 2023-02-01 | dagpenger   | 4000
            p1 | 2023-03-01 | kvp         | -
            x  | 2023-05-01 | kvp         | 1""",
    )
    made = person_months(ONE, measures(), registers, settings)
    got = [
        tuple(month(made, date(2023, m, 1))[c] for c in ("ytelser_nok", "sosialhjelp_nok", "selvforsorget")) for m in range(1, 7)
    ]
    assert got == [(5100.5, 5000.5, False), (4000, 0, True), (None, 0, False), (0, 0, True), (0, 0, False), (None, None, None)]


@pytest.mark.parametrize(
    ("paid", "pay"),
    [
        ((), 0.0),
        (("0",), 0.0),
        (("9000", "1000.5"), 10000.5),
        (("9000", "-"), None),  # at least 9000, and how much more nobody knows
        (("-",), None),
    ],
)
def test_one_amount_that_is_not_told_makes_the_months_sum_unknown(tmp_path, settings, paid, pay):
    registers = extracts(
        tmp_path,
        arbeidsforhold="person_key | maaned | orgnr | stillingsprosent | lonn_nok | type\n"
        + "".join(f"p1 | 2022-06-01 | {i} | 50 | {amount} | ordinaert\n" for i, amount in enumerate(paid))
        + "x | 2022-05-01 | 1 | 50 | - | ordinaert\n x | 2022-07-01 | 1 | 50 | 1 | ordinaert",
        ytelse="person_key | maaned | ytelse | belop_nok\n"
        + "".join(f"p1 | 2022-06-01 | {kind} | {amount}\n" for kind, amount in zip(("sosialhjelp", "aap"), paid, strict=False))
        + "x | 2022-05-01 | kvp | - \n x | 2022-07-01 | kvp | 1",
    )
    row = month(person_months(ONE, measures(), registers, settings), date(2022, 6, 1))
    assert (row["lonn_nok"], row["ytelser_nok"]) == (pay, pay)
    assert row["sosialhjelp_nok"] == (0 if not paid else None if paid[0] == "-" else float(paid[0]))


@pytest.mark.parametrize(
    ("jobs", "own", "benefit", "supported"),
    [
        (["- | lonnstilskudd"], "-", "", None),  # pay, or none
        (["- | lonnstilskudd", "5 | lonnstilskudd"], "-", "", True),
        (["0 | lonnstilskudd"], "0", "", False),
        (["- | ordinaert"], "-", "", True),  # work is known without its pay
        ([], "-", "", None),  # a tax return from own business whose income is not told
        ([], "0", "", False),
        (["- | lonnstilskudd"], "-", "kvp | 100", False),
        (["9 | ordinaert"], "0", "kvp | -", False),  # a benefit received, however much
        (["9 | ordinaert"], "0", "kvp | 0", True),
    ],
)
def test_what_is_not_told_of_income_leaves_self_support_unknown_and_is_no_no(tmp_path, settings, jobs, own, benefit, supported):
    registers = extracts(
        tmp_path,
        arbeidsforhold="person_key | maaned | orgnr | lonn_nok | type | stillingsprosent\n"
        + "".join(f"p1 | 2022-06-01 | {i} | {job} | 50\n" for i, job in enumerate(jobs))
        + "x | 2022-06-01 | 1 | 1 | ordinaert | 50",
        selvstendig=f"person_key | aar | naeringsinntekt_nok\n p1 | 2022 | {own}",
        ytelse="person_key | maaned | ytelse | belop_nok\n x | 2022-06-01 | kvp | 1"
        + (f"\n p1 | 2022-06-01 | {benefit}" if benefit else ""),
    )
    row = month(person_months(ONE, measures(), registers, settings), date(2022, 6, 1))
    assert row["selvforsorget"] is supported
    assert row["selvstendig"] is (None if own == "-" else False)


def test_emigration_and_death_stay_visible(tmp_path, settings):
    registers = extracts(
        tmp_path,
        folkeregister="""person_key | status | gyldig_fra | gyldig_til
            p1 | bosatt    | 2015-01-01 | 2022-06-10
            p1 | utvandret | 2022-06-10 | 2022-08-31
            p1 | dod       | 2022-09-30 | -""",
    )
    made = person_months(ONE, measures(), registers, settings)
    assert [month(made, date(2022, m, 1))["bosatt_status"] for m in range(5, 10)] == [
        "bosatt",
        "utvandret",
        "utvandret",
        None,
        "dod",
    ]


def test_gone_is_the_whole_month_and_without_a_job(tmp_path, settings):
    registers = extracts(
        tmp_path,
        folkeregister="""person_key | status | komm_nr | gyldig_fra | gyldig_til
            p1 | bosatt    | 1201 | 2015-01-01 | 2022-03-20
            p1 | utvandret | -    | 2022-03-20 | 2022-08-10
            p1 | bosatt    | 4601 | 2022-08-10 | 2022-10-01
            p1 | dod       | -    | 2022-10-01 | -""",
        arbeidsforhold="""person_key | maaned | orgnr | stillingsprosent | lonn_nok | type
            p1 | 2022-05-01 | 1 | 50 | 9000 | ordinaert
            p1 | 2022-06-01 | 1 | 50 | 9000 | lonnstilskudd
            x  | 2020-01-01 | 1 | 50 | 1 | ordinaert
            x  | 2023-01-01 | 1 | 50 | 1 | ordinaert""",
        utdanning="""person_key | start_dato | slutt_dato | niva | status
            p1 | 2022-01-01 | - | hoyere | pagaende
            x  | 2019-01-01 | 2023-02-01 | hoyere | fullfort""",
    )
    made = person_months(ONE, measures(), registers, settings)
    columns = ("bosatt_status", "borte", "i_arbeid", "under_utdanning", "bosted_komm_nr", "bosted_komm_nr_ref")
    assert [tuple(month(made, date(2022, m, 1))[c] for c in columns) for m in range(2, 11)] == [
        ("bosatt", False, False, True, "1201", "4601"),
        ("utvandret", False, False, True, None, None),  # left in the month
        ("utvandret", True, None, None, None, None),
        ("utvandret", False, True, True, None, None),  # and yet employed
        ("utvandret", True, None, None, None, None),  # a subsidised job is no work
        ("utvandret", True, None, None, None, None),
        ("bosatt", False, False, True, "4601", "4601"),  # came back in the month
        ("bosatt", False, False, True, "4601", "4601"),
        ("dod", True, None, None, None, None),
    ]


def test_two_participations_of_one_person_have_their_own_months(settings):
    two = participations(
        """deltakelse_key | person_key | start_dato | slutt_dato
        d1 | p1 | 2022-01-17 | 2022-12-09
        d2 | p1 | 2023-02-01 | -"""
    )
    made = person_months(two, measures(), {}, settings)
    assert made.filter(pl.col("deltakelse_key") == "d2")["m_slutt"].null_count() == 13
    assert made.filter(pl.col("deltakelse_key") == "d1").height == 24


def test_no_participation_is_an_empty_table(settings):
    made = person_months(ONE.clear(), measures(), {}, settings)
    assert made.schema == pl.Schema(KLARGJORT["person_maaned"].schema)
    assert made.is_empty()


def test_a_failing_step_names_itself_and_no_value(tmp_path, settings):
    registers = extracts(tmp_path, ytelse="person_key | maaned | ytelse | belop_nok\n p1 | 2022-01-01 | kvp | 1e30")
    with pytest.raises(StepFailed, match="ytelse_maaned") as caught:
        person_months(ONE, measures(), registers, settings)
    assert "e30" not in str(caught.value)
    assert "000000" not in str(caught.value)
    assert caught.value.__context__ is None
