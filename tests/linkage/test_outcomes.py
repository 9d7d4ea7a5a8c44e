from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.linkage import kobling, utfall
from tests.linkage.linkage_cases import extracts, measures, months, months_file, participations

ONE = participations(
    "deltakelse_key | person_key | avsender | start_dato | slutt_dato | overgang\n d1 | p1 | 4601 | 2022-01-17 | 2022-12-09 | ja"
)


def jobs(worked: list[date], reach: date = date(2024, 12, 1), first: date = date(2020, 1, 1)) -> str:
    lines = [f"p1 | {m} | 7 | 60 | 1000 | ordinaert" for m in worked]
    lines += [f"x | {m} | 1 | 50 | 1 | ordinaert" for m in (first, reach)]
    return "\n".join(["person_key | maaned | orgnr | stillingsprosent | lonn_nok | type", *lines])


EDUCATION = """person_key | start_dato | slutt_dato | niva | status
    x  | 2015-01-01 | 2025-01-01 | hoyere | fullfort
    """
SEEKERS = """person_key | maaned | status
    x  | 2020-01-01 | helt_ledig
    x  | 2025-01-01 | helt_ledig
    """


def outcome(tmp_path, settings, spells=None, who=ONE, **texts):
    registers = extracts(tmp_path / "u", **texts)
    spells = measures() if spells is None else spells
    return utfall(who, spells, months_file(who, spells, registers, settings), registers, settings).row(0, named=True)


def test_lasting_work_is_work_in_every_month(tmp_path, settings):
    after = months(date(2023, 1, 1), 12)
    all_year = outcome(tmp_path, settings, arbeidsforhold=jobs(after))
    half = outcome(tmp_path, settings, arbeidsforhold=jobs(after[:6]))
    gap = outcome(tmp_path, settings, arbeidsforhold=jobs(after[:3] + after[4:]))
    columns = ("i_arbeid_12m", "varig_6m", "varig_12m", "stillingsprosent_12m", "lonn_nok_etter", "maaneder_i_arbeid_foer")
    assert [tuple(row[c] for c in columns) for row in (all_year, half, gap)] == [
        (True, True, True, 60.0, 12000.0, 0), (False, True, False, 0.0, 6000.0, 0), (True, False, False, 60.0, 11000.0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(("register", "column"), [("arbeidsforhold", "lonn_nok"), ("ytelse", "ytelser_nok")])
def test_a_sum_of_a_year_with_an_amount_that_is_not_told_is_unknown_and_not_low(tmp_path, settings, register, column):
    def year(first: date, missing: int | None) -> list[tuple[date, str]]:
        return [(day, "-" if i == missing else "1000") for i, day in enumerate(months(first, 12))]

    for number, (missing, then) in enumerate([(None, 12000.0), (0, None), (11, None)]):
        amounts = [*year(date(2021, 1, 1), None), *year(date(2023, 1, 1), missing)]
        lines = [f"p1 | {day} | 1 | 60 | {amount} | ordinaert | kvp" for day, amount in amounts]
        lines += [f"x | {day} | 1 | 60 | - | ordinaert | kvp" for day in (date(2020, 1, 1), date(2024, 12, 1))]
        named = {"arbeidsforhold": "lonn_nok | type | annet", "ytelse": "belop_nok | annet | ytelse"}[register]
        text = "\n".join([f"person_key | maaned | orgnr | stillingsprosent | {named}", *lines])
        row = outcome(tmp_path / str(number), settings, **{register: text})
        assert (row[f"{column}_foer"], row[f"{column}_etter"]) == (12000.0, then)


def test_what_the_extract_does_not_reach_is_unknown_for_all(tmp_path, settings):
    after = months(date(2023, 1, 1), 8)
    for worked in (after, after[:2]):
        row = outcome(tmp_path, settings, arbeidsforhold=jobs(worked, reach=date(2023, 8, 1)))
        assert row["varig_6m"] is (worked == after)
        assert [row[c] for c in ("i_arbeid_12m", "varig_12m", "stillingsprosent_12m", "lonn_nok_etter")] == [None] * 4


@pytest.mark.parametrize(
    ("worked", "spell", "registered", "status"),
    [
        (True, False, None, "sysselsatt"),
        (True, True, None, "sysselsatt_og_under_utdanning"),
        (False, True, "helt_ledig", "under_utdanning"),
        (False, False, "helt_ledig", "helt_ledig"),
        (False, False, "paa_tiltak", "paa_tiltak"),
        (False, False, "delvis_ledig", "annet_eller_ukjent"),
        (False, False, None, "annet_eller_ukjent"),
        (True, False, "paa_tiltak", "sysselsatt"),
    ],
)
def test_november_of_the_year_after_exit_first_match(tmp_path, settings, worked, spell, registered, status):
    november = date(2023, 11, 1)
    education = EDUCATION + ("p1 | 2023-11-30 | - | grunnskole | pagaende" if spell else "")
    seekers = SEEKERS + (f"p1 | {november} | {registered}" if registered else "")
    row = outcome(
        tmp_path,
        settings,
        arbeidsforhold=jobs([november] if worked else []),
        utdanning=education.strip(),
        arbeidssoker=seekers.strip(),
    )
    assert row["november_status"] == status


@pytest.mark.parametrize("missing", ["arbeidsforhold", "utdanning", "arbeidssoker"])
def test_november_needs_all_three_registers(tmp_path, settings, missing):
    texts = {"arbeidsforhold": jobs([date(2023, 11, 1)]), "utdanning": EDUCATION.strip(), "arbeidssoker": SEEKERS.strip()}
    assert outcome(tmp_path / "alle", settings, **texts)["november_status"] == "sysselsatt"
    del texts[missing]
    assert outcome(tmp_path / "uten", settings, **texts)["november_status"] is None


def test_emigrated_and_dead_end_as_other_or_unknown(tmp_path, settings):
    row = outcome(
        tmp_path, settings, arbeidsforhold=jobs([]), utdanning=EDUCATION.strip(), arbeidssoker=SEEKERS.strip(),
        folkeregister="person_key | status | gyldig_fra\n p1 | utvandret | 2023-01-01",
    )  # fmt: skip
    assert row["november_status"] == "annet_eller_ukjent"


SPELLS = "person_key | status | komm_nr | gyldig_fra | gyldig_til\n x | bosatt | 4601 | 2010-01-01 | 2024-12-20\n"


@pytest.mark.parametrize(
    ("spells", "worked", "columns"),
    [
        ("p1 | bosatt | 4601 | 2012-01-01 | -", [], (False, False, False, "bosatt", "bosatt")),
        ("p1 | dod | - | 2023-03-20 | -", months(date(2023, 1, 1), 3), (None, None, None, "dod", "dod")),
        ("p1 | utvandret | - | 2023-03-20 | -", months(date(2023, 1, 1), 12), (True, True, True, "utvandret", "utvandret")),
        ("p1 | utvandret | - | 2023-06-01 | 2023-11-15\n p1 | bosatt | 4601 | 2023-11-15 | -", [], (False, None, None, "bosatt", "bosatt")),
        ("p1 | bosatt | 4601 | 2012-01-01 | 2023-12-09\n p1 | dod | - | 2023-12-09 | -", [], (False, False, False, "dod", "bosatt")),
        ("x | bosatt | 4601 | 2012-01-01 | -", [date(2021, 5, 1)], (False, False, False, None, None)),
        ("x | bosatt | 4601 | 2012-01-01 | -", [], (None, None, None, None, None)),
    ],
)  # fmt: skip
def test_who_is_gone_is_told_and_is_not_out_of_work(tmp_path, settings, spells, worked, columns):
    row = outcome(tmp_path, settings, arbeidsforhold=jobs(worked), folkeregister=SPELLS + spells)
    names = ("i_arbeid_12m", "varig_6m", "varig_12m", "bosatt_12m", "bosatt_november")
    assert tuple(row[c] for c in names) == columns


def test_a_figure_of_those_who_live_here_leaves_out_who_left_and_says_that_she_left(tmp_path, settings):
    """Two stayed, of whom one works; one died and one emigrated: the share in work is a half and not a quarter."""
    who = participations(
        "deltakelse_key | person_key | start_dato | slutt_dato\n"
        + "\n".join(f"d{i} | p{i} | 2022-01-17 | 2022-12-09" for i in range(1, 5))
    )
    spells = "".join(
        f"p{i} | bosatt | 4601 | 2012-01-01 | {end}\n" for i, end in ((1, "-"), (2, "-"), (3, "2023-05-02"), (4, "2023-05-02"))
    )
    gone = "p3 | dod | - | 2023-05-02 | -\n p4 | utvandret | - | 2023-05-02 | -"
    registers = extracts(tmp_path / "u", arbeidsforhold=jobs([date(2023, 12, 1)]), folkeregister=SPELLS + spells + gone)
    made = utfall(who, measures(), months_file(who, measures(), registers, settings), registers, settings)
    assert made["i_arbeid_12m"].to_list() == [True, False, None, None]
    assert made["i_arbeid_12m"].mean() == 0.5
    assert made["bosatt_12m"].to_list() == ["bosatt", "bosatt", "dod", "utvandret"]


@pytest.mark.parametrize(("status", "in_work", "lasting"), [("dod", False, False), ("utvandret", None, None)])
def test_seen_from_the_start_death_competes_with_work_and_emigration_leaves_it_unknown(
    tmp_path, settings, status, in_work, lasting
):
    spells = f"{SPELLS} p1 | {status} | - | 2023-12-20 | -"
    row = outcome(tmp_path, settings, arbeidsforhold=jobs([], reach=date(2025, 1, 1)), folkeregister=spells)
    assert (row["i_arbeid_uke_104"], row["varig_arbeid"]) == (in_work, lasting)
    unreached = outcome(tmp_path / "b", settings, arbeidsforhold=jobs([], reach=date(2023, 12, 1)), folkeregister=spells)
    assert (unreached["i_arbeid_uke_104"], unreached["varig_arbeid"]) == (None, None)


def test_residence_is_unknown_where_the_extract_does_not_reach(tmp_path, settings):
    short = "person_key | status | komm_nr | gyldig_fra\n p1 | bosatt | 4601 | 2010-01-01\n x | bosatt | 4601 | 2023-11-02"
    row = outcome(tmp_path, settings, arbeidsforhold=jobs([]), folkeregister=short)
    assert (row["bosatt_november"], row["bosatt_12m"], row["flyttet_12m"]) == ("bosatt", None, None)


@pytest.mark.parametrize(
    ("at_exit", "later", "moved"),
    [
        ("4601", "4601", False), ("4601", "1103", True),
        ("1201", "4601", False),  # Bergen before and after the county changed its number
        ("1504", "1508", False), ("1507", "1508", False), ("1507", "1580", True),  # Ålesund, split again in 2024, goes to its main part
        ("0000", "4601", None), ("-", "4601", None),
    ],
)  # fmt: skip
def test_a_move_is_to_another_municipality_and_not_to_another_number(tmp_path, settings, at_exit, later, moved):
    """The move comes the day after the exit, in the same month."""
    spells = f"{SPELLS} p1 | bosatt | {at_exit} | 2012-01-01 | 2022-12-10\n p1 | bosatt | {later} | 2022-12-10 | -"
    assert outcome(tmp_path, settings, arbeidsforhold=jobs([]), folkeregister=spells)["flyttet_12m"] is moved


COMPANIES = """orgnr | naering | sektor
    1 | 88.911 | kommunal
    2 | 01.500 | privat
    3 | 8      | -"""


@pytest.mark.parametrize(
    ("held", "sector", "industry"),
    [
        ("p1 | 2023-12-01 | 1 | 40 | ordinaert\n p1 | 2023-12-01 | 2 | 60 | frilans", "privat", "01"),
        ("p1 | 2023-12-01 | 2 | 50 | ordinaert\n p1 | 2023-12-01 | 1 | 50 | ordinaert", "kommunal", "88"),
        ("p1 | 2023-12-01 | 1 | 40 | ordinaert\n p1 | 2023-12-01 | 2 | 100 | lonnstilskudd", "kommunal", "88"),
        ("p1 | 2023-12-01 | 3 | 40 | ordinaert", None, None),
        ("p1 | 2023-12-01 | 4 | 40 | ordinaert\n p1 | 2023-12-01 | 1 | 10 | ordinaert", None, None),
        ("p1 | 2023-11-01 | 1 | 40 | ordinaert\n p1 | 2024-01-01 | 1 | 40 | ordinaert", None, None),
        ("p1 | 2023-12-01 | 1 | 0 | ordinaert\n p1 | 2023-12-01 | 2 | - | ordinaert", None, None),
    ],
)
def test_sector_and_industry_are_those_of_the_largest_ordinary_job(tmp_path, settings, held, sector, industry):
    work = f"person_key | maaned | orgnr | stillingsprosent | type\n x | 2020-01-01 | 1 | 50 | ordinaert\n{held}"
    row = outcome(tmp_path, settings, arbeidsforhold=work, virksomhet=COMPANIES)
    assert (row["sektor_12m"], row["naering_12m"]) == (sector, industry)
    without = outcome(tmp_path / "b", settings, arbeidsforhold=work)
    assert (without["sektor_12m"], without["naering_12m"]) == (None, None)


def test_hired_by_the_placement_employer(tmp_path, settings):
    placed = measures("deltakelse_key | er_praksis | arbeidsgiver_orgnr\n d1 | ja | 7")
    elsewhere = measures("deltakelse_key | er_praksis | arbeidsgiver_orgnr\n d1 | ja | 8")
    texts = {"arbeidsforhold": jobs([date(2023, 12, 1)])}
    got = [outcome(tmp_path, settings, spells=s, **texts)["samme_arbeidsgiver_12m"] for s in (placed, elsewhere, measures())]
    assert got == [True, False, None]


def test_week_104_counts_from_entry(tmp_path, settings):
    assert outcome(tmp_path, settings, arbeidsforhold=jobs([date(2024, 1, 1)]))["i_arbeid_uke_104"] is True
    assert outcome(tmp_path, settings, arbeidsforhold=jobs([date(2024, 2, 1)]))["i_arbeid_uke_104"] is False


@pytest.mark.parametrize(("worked", "lasting"), [(6, True), (5, False)])
def test_lasting_work_is_half_of_the_year_after_week_104(tmp_path, settings, worked, lasting):
    """The month of week 104 itself (January 2024) is not counted, the twelve after it are."""
    after = [date(2024, m, 1) for m in range(2, 13)]
    got = outcome(tmp_path, settings, arbeidsforhold=jobs([date(2024, 1, 1), *after[:worked], date(2025, 2, 1)]))["varig_arbeid"]
    assert got is lasting


def test_lasting_work_is_unknown_until_the_whole_year_is_reached(tmp_path, settings):
    assert outcome(tmp_path, settings, arbeidsforhold=jobs([date(2024, 2, 1), date(2024, 12, 1)]))["varig_arbeid"] is None


def test_language_level_is_the_one_reached_on_all_four_parts(tmp_path, settings):
    def tests(day: str, *levels: str) -> str:
        return "\n".join(
            f"p1 | {day} | {part} | {level}" for part, level in zip(("lese", "lytte", "skrive", "muntlig"), levels, strict=False)
        )

    text = "person_key | prove_dato | delprove | niva\n" + "\n".join(
        [
            tests("2021-05-01", "a2", "b1", "a1", "a2"),
            tests("2022-01-17", "b2", "b2", "b2"),
            tests("2023-12-09", "a1", "a1", "b1", "b1"),
        ]
    )
    row = outcome(tmp_path, settings, norskprove=text)
    assert (row["norskprove_best_for"], row["norskprove_best_etter"], row["norskprove_trinn"]) == ("a1", "b1", 2)
    only_three = outcome(
        tmp_path, settings, norskprove="person_key | prove_dato | delprove | niva\n" + tests("2021-05-01", "a2", "b1", "a1")
    )
    assert only_three["norskprove_best_for"] is None
    assert only_three["norskprove_trinn"] is None
    no_later = outcome(
        tmp_path,
        settings,
        norskprove=f"person_key | prove_dato | delprove | niva\n x | 2024-01-01 | lese | a1\n{tests('2021-05-01', *['a2'] * 4)}",
    )
    assert (no_later["norskprove_best_etter"], no_later["norskprove_trinn"]) == ("a2", 0)


def test_without_any_extract_every_participation_is_still_there(settings):
    frame = utfall(ONE, measures(), months_file(ONE, measures(), {}, settings), {}, settings)
    row = frame.row(0, named=True)
    known = {k for k, v in row.items() if v is not None}
    assert known == {"deltakelse_key", "person_key", "direkte_overgang"}


def test_link_report_counts_matched_and_all(tmp_path, settings):
    who = participations(
        """deltakelse_key | person_key | avsender | start_dato
        d1 | p1 | 4601 | 2022-01-17
        d2 | p1 | 1103 | 2023-01-17
        d3 | p2 | 1103 | 2023-01-17"""
    )
    made = kobling(who, extracts(tmp_path, arbeidsforhold=jobs([date(2023, 5, 1)] * 3)), settings)
    rows = made.filter(pl.col("register") == "arbeidsforhold").drop("register").rows()
    assert rows == [("1103", 2, 1, date(2024, 12, 1)), ("4601", 1, 1, date(2024, 12, 1)), ("alle", 3, 2, date(2024, 12, 1))]
    assert made.filter(pl.col("register") == "ytelse")["n_koblet"].null_count() == 3
    assert made["register"].n_unique() == 7
