"""What is dated after its extract was received is planned or mistyped: it stretches no register's reach, and is no fact of anybody."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from pipeline.linkage import kobling, praksisutfall, utfall
from pipeline.settings import OSLO
from pipeline.tables import KLARGJORT
from tests.linkage.linkage_cases import extracts, measures, months, months_file, participations

PEOPLE = """deltakelse_key | person_key | avsender | start_dato | slutt_dato | statusdato
    d1 | p1 | 4601 | 2022-01-17 | 2022-12-09 | 2023-12-31"""
WHO = participations(PEOPLE)
RECEIVED = date(2023, 6, 15)
PARTS = ("lese", "lytte", "skrive", "muntlig")
# Per register: its columns, what was known when the extract was received (to May 2023), and one row from long after.
HEADS = {
    "arbeidsforhold": "person_key | maaned | orgnr | stillingsprosent | lonn_nok | type",
    "arbeidssoker": "person_key | maaned | status",
    "ytelse": "person_key | maaned | ytelse | belop_nok",
    "selvstendig": "person_key | aar | naeringsinntekt_nok",
    "utdanning": "person_key | start_dato | slutt_dato | niva | status",
    "norskprove": "person_key | prove_dato | delprove | niva",
    "folkeregister": "person_key | status | komm_nr | gyldig_fra | gyldig_til",
}
KNOWN = {
    "arbeidsforhold": "x | {day} | 1 | 50 | 1 | ordinaert", "arbeidssoker": "x | {day} | helt_ledig", "ytelse": "x | {day} | kvp | 1",
    "selvstendig": "x | {day.year} | 1", "utdanning": "x | {day} | - | hoyere | pagaende", "norskprove": "x | {day} | lese | a1",
    "folkeregister": "x | bosatt | 4601 | {day} | -",
}  # fmt: skip
ODD = {name: (row.format(day=date(2062, 3, 1)),) for name, row in KNOWN.items()} | {
    "ended_school": ("x | 2020-01-01 | 2062-03-01 | hoyere | fullfort",), "left": ("x | bosatt | 4601 | 2020-01-01 | 2062-03-01",),
}  # fmt: skip
REGISTER = {"ended_school": "utdanning", "left": "folkeregister"}
REACH = {name: date(2023, 5, 1) for name in HEADS} | {"selvstendig": date(2023, 6, 1)}


def text(register: str, *more: str) -> str:
    known = [KNOWN[register].format(day=day) for day in (date(2020, 1, 1), date(2023, 5, 1))]
    return "\n".join([HEADS[register], *known, *more])


def told_on(folder, **received: date):
    """The file of what extracts say of themselves: they speak of everything from 2020 until the day they were received."""
    rows = [{"register": r, "fra": date(2020, 1, 1), "til": date(2023, 5, 1), "mottatt": day} for r, day in received.items()]
    pl.DataFrame(rows, schema=KLARGJORT["uttrekk_rekkevidde"].schema).write_parquet(folder / "uttrekk_rekkevidde.parquet")
    return {"uttrekk_rekkevidde": folder / "uttrekk_rekkevidde.parquet"}


def night(folder, settings, texts, *, told: bool, spells=None):
    """Months, outcome and the registers' files; where the extracts do not say when they came, the night is that of the receipt."""
    paths = extracts(folder, **texts)
    paths |= told_on(folder, **dict.fromkeys(texts, RECEIVED)) if told else {}
    then = settings if told else settings.with_(now=datetime(2023, 6, 15, 2, 30, tzinfo=OSLO))
    spells = measures() if spells is None else spells
    monthly = months_file(WHO, spells, paths, then)
    return pl.read_parquet(monthly), utfall(WHO, spells, monthly, paths, then), paths, then


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("odd", ODD)
def test_one_row_from_the_future_stretches_no_reach(tmp_path, settings, odd, told):
    register = REGISTER.get(odd, odd)
    _, _, paths, then = night(tmp_path, settings, {register: text(register, *ODD[odd])}, told=told)
    links = kobling(WHO, paths, then).filter(pl.col("register") == register, pl.col("avsender") == "alle")
    assert links["siste_maaned"].to_list() == [REACH[register]]


def four_parts(day: date, level: str) -> list[str]:
    return [f"p1 | {day} | {part} | {level}" for part in PARTS]


@pytest.mark.parametrize("told", [True, False])
def test_the_final_level_waits_until_the_year_is_over(tmp_path, settings, told):
    before = four_parts(date(2021, 5, 1), "a2")
    _, made, _, _ = night(tmp_path, settings, {"norskprove": text("norskprove", *before, *ODD["norskprove"])}, told=told)
    row = made.row(0, named=True)
    assert (row["norskprove_best_for"], row["norskprove_best_etter"], row["norskprove_trinn"]) == ("a2", None, None)


@pytest.mark.parametrize("told", [True, False])
def test_a_window_does_not_run_into_months_that_have_not_been(tmp_path, settings, told):
    for register in ("arbeidsforhold", "arbeidssoker", "ytelse", "utdanning", "selvstendig"):
        monthly, _, _, _ = night(tmp_path / register, settings, {register: text(register, *ODD[register])}, told=told)
        assert monthly["maaned"].max() == REACH[register], register


def test_an_extract_that_came_late_makes_no_facts_of_what_an_early_one_planned(tmp_path, settings):
    """Jobs are known to the end of 2023; the others were received in June, and what they date later was planned then."""
    planned = {
        "arbeidssoker": ["p1 | 2023-08-01 | helt_ledig"],
        "utdanning": ["p1 | 2023-08-15 | - | hoyere | pagaende"],
        "ytelse": ["p1 | 2023-08-01 | kvp | 900"],
        "selvstendig": ["p1 | 2024 | 5000"],
        "folkeregister": ["p1 | bosatt | 4601 | 2010-01-01 | 2023-08-10", "p1 | utvandret | - | 2023-08-10 | -"],
        "norskprove": four_parts(date(2023, 6, 20), "b1"),
    }
    paths = extracts(tmp_path, **{register: text(register, *rows) for register, rows in planned.items()})
    paths |= extracts(tmp_path, arbeidsforhold=text("arbeidsforhold", "x | 2024-03-01 | 1 | 50 | 1 | ordinaert"))
    paths |= told_on(tmp_path, **dict.fromkeys(planned, RECEIVED), arbeidsforhold=date(2024, 3, 20))
    monthly = months_file(WHO, measures(), paths, settings)
    later = pl.read_parquet(monthly).filter(pl.col("maaned") >= date(2023, 9, 1))
    assert later["maaned"].max() == date(2024, 3, 1)
    for column in ("arbeidssoker_status", "under_utdanning", "ytelser_nok", "bosatt_status", "borte", "selvforsorget"):
        assert later[column].null_count() == later.height, column
    assert later["i_arbeid"].to_list() == [False] * later.height
    assert utfall(WHO, measures(), monthly, paths, settings)["norskprove_best_etter"].to_list() == [None]


def test_a_test_that_is_booked_is_no_level_reached(tmp_path, settings):
    """The month of receipt is reached, but not its last days."""
    who = participations(PEOPLE.replace("2022-12-09", "2022-05-25").replace("2022-01-17", "2022-01-03"))
    rows = [*four_parts(date(2021, 5, 1), "a2"), *four_parts(date(2023, 5, 20), "b1")]
    paths = extracts(tmp_path, norskprove=text("norskprove", *rows)) | told_on(tmp_path, norskprove=date(2023, 5, 10))
    made = utfall(who, measures(), months_file(who, measures(), paths, settings), paths, settings).row(0, named=True)
    assert (made["norskprove_best_etter"], made["norskprove_trinn"]) == ("a2", 0)
    after = paths | told_on(tmp_path, norskprove=date(2023, 5, 20))
    made = utfall(who, measures(), months_file(who, measures(), after, settings), after, settings).row(0, named=True)
    assert (made["norskprove_best_etter"], made["norskprove_trinn"]) == ("b1", 1)


def test_a_job_that_has_not_been_is_no_employers(tmp_path, settings):
    placed = measures(
        "deltakelse_key | tiltak_id | prosjekt_id | er_praksis | slutt_dato | arbeidsgiver_orgnr\n d1 | t1 | A | ja | 2022-12-01 | 7"
    )
    ahead = [f"p1 | {day} | 7 | 50 | 1 | ordinaert" for day in months(date(2023, 7, 1), 6)]
    companies = extracts(tmp_path / "v", virksomhet="orgnr | naering | sektor\n 7 | 88.911 | kommunal")
    for told in (True, False):
        paths = extracts(tmp_path, arbeidsforhold=text("arbeidsforhold", *ahead)) | companies
        paths |= told_on(tmp_path, arbeidsforhold=RECEIVED) if told else {}
        then = settings if told else settings.with_(now=datetime(2023, 6, 15, 2, 30, tzinfo=OSLO))
        made = utfall(WHO, placed, months_file(WHO, placed, paths, then), paths, then).row(0, named=True)
        assert (made["i_arbeid_12m"], made["sektor_12m"], made["samme_arbeidsgiver_12m"]) == (None, None, None)
        assert praksisutfall(WHO, placed, paths, then)["ansatt_hos_praksisgiver"].to_list() == [None]


def test_the_years_own_income_is_known_no_longer_than_the_extract_is_old(tmp_path, settings):
    monthly, _, _, _ = night(tmp_path, settings, {"selvstendig": text("selvstendig", "p1 | 2023 | 5000")}, told=True)
    known = monthly.filter(pl.col("selvstendig"))["maaned"]
    assert (known.min(), known.max()) == (date(2023, 1, 1), date(2023, 6, 1))
