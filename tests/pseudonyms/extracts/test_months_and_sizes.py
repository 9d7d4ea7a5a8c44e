"""What an extract that passes as a whole may hide in a month of it, or in the size of its numbers."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.pseudonyms import extracts_received
from pipeline.pseudonyms.person_keys import register_keys
from tests.pseudonyms.extracts.register_nights import APR, FEB, JAN, MAR, PEOPLE, Nights, jobs
from tests.pseudonyms.synthetic_numbers import numbers

CROWD = numbers(300)
ALL = pl.Series(CROWD)
AMOUNTS = pl.DataFrame({"person_id": PEOPLE, "maaned": date(2024, 1, 1), "ytelse": "sosialhjelp", "belop_nok": 9_000.0})


def reasons(tmp_path, keys, *extracts: pl.DataFrame, register: str = "arbeidsforhold", known: pl.Series = ALL) -> list[str]:
    """What is found against the last of several extracts; the others are in use."""
    home = Nights(tmp_path, keys, known=known, register=register)
    for number, extract in enumerate(extracts):
        assert number == 0 or home.night().refused == ""
        home.drop(f"{number}.parquet", extract)
    return home.night().extracts[-1].reasons or []


def few(month: tuple[int, int], persons: int) -> pl.DataFrame:
    return jobs([month], people=CROWD[:persons])


@pytest.mark.parametrize(
    ("months", "thin"),
    [
        ([(JAN, 300), (FEB, 70), (MAR, 300)], True), ([(JAN, 300), (FEB, 300), (MAR, 70)], True), ([(JAN, 300), (FEB, 300), (MAR, 80)], False),
        ([(JAN, 300), (FEB, 80), (MAR, 300)], False), ([(JAN, 5), (FEB, 300), (MAR, 300)], False), ([(JAN, 2), (FEB, 20), (MAR, 225)], False),
        ([(JAN, 99), (FEB, 1), (MAR, 99)], False), ([(JAN, 300), (FEB, 300), ((2036, 6), 1)], True), ([((2011, 1), 1), (JAN, 300)], False),
        ([(JAN, 60), (FEB, 60), (MAR, 12)], False),
    ],
)  # fmt: skip
def test_a_month_with_few_of_its_rows_is_seen(tmp_path, keys, months, thin):
    found = reasons(tmp_path, keys, pl.concat([few(month, persons) for month, persons in months]))
    assert found == (["uttrekk_tynn_maaned"] if thin else [])


def test_a_new_month_is_held_against_what_is_in_use(tmp_path, keys):
    assert "uttrekk_tynn_maaned" in reasons(tmp_path, keys, jobs([JAN, FEB], people=CROWD), few(MAR, 3))


def test_a_month_that_comes_again_with_half_of_its_rows_is_seen(tmp_path, keys):
    good = jobs([JAN, FEB, MAR, APR])
    again = pl.concat([jobs([JAN, FEB, APR]), few(MAR, 29)])
    assert reasons(tmp_path / "a", keys, good, again) == ["uttrekk_maaned_krymper"]
    assert reasons(tmp_path / "b", keys, good, pl.concat([jobs([JAN, FEB, APR]), few(MAR, 30)])) == []


@pytest.mark.parametrize("nothing", [None, 0.0])
def test_a_month_in_which_nobody_has_what_decides_is_seen(tmp_path, keys, nothing):
    newest = jobs([MAR]).with_columns(stillingsprosent=pl.lit(nothing, dtype=pl.Float64))
    assert reasons(tmp_path, keys, pl.concat([jobs([JAN, FEB]), newest])) == ["uttrekk_maaned_uten_verdi"]


@pytest.mark.parametrize(
    ("register", "rows", "column", "factor"),
    [
        ("arbeidsforhold", jobs([JAN]), "stillingsprosent", 0.01), ("arbeidsforhold", jobs([JAN]), "lonn_nok", 1000.0),
        ("arbeidsforhold", jobs([JAN]), "lonn_nok", 0.001), ("ytelse", AMOUNTS, "belop_nok", 0.001), ("ytelse", AMOUNTS, "belop_nok", 100.0),
        ("ytelse", AMOUNTS, "belop_nok", 0.0),
    ],
)  # fmt: skip
def test_another_unit_is_seen_also_in_the_first_extract(tmp_path, keys, register, rows, column, factor):
    assert reasons(tmp_path / "a", keys, rows, register=register) == []
    found = reasons(tmp_path / "b", keys, rows.with_columns(pl.col(column) * factor), register=register)
    assert "uttrekk_umulig_storrelse" in found


def test_sizes_far_from_those_of_the_last_extract_are_seen_where_there_are_many(tmp_path, keys):
    months = [JAN, FEB, MAR, APR]
    first = jobs(months, people=CROWD)
    assert reasons(tmp_path / "a", keys, first, jobs(months, people=CROWD, position=15.0)) == ["uttrekk_annen_storrelse"]
    assert reasons(tmp_path / "b", keys, first, jobs(months, people=CROWD, position=20.0)) == []
    assert reasons(tmp_path / "c", keys, jobs([JAN]), jobs([JAN, FEB], position=15.0)) == []


def incomes(years: dict[int, list[float]]) -> pl.DataFrame:
    """Sixty persons a year: the first ones have these incomes, the others none."""
    rows = [(p, year, own[i] if i < len(own) else 0.0) for year, own in years.items() for i, p in enumerate(PEOPLE)]
    return pl.DataFrame(rows, schema=["person_id", "aar", "naeringsinntekt_nok"], orient="row")


@pytest.mark.parametrize(
    "years",
    [
        {2020: [], 2021: [90_000.0], 2022: [90_000.0] * 3}, {2021: []}, {2021: [90_000.0]},
        {2020: [90_000.0] * 50, 2021: [90_000.0] * 10 + [-40_000.0] * 40, 2022: [90_000.0] * 50},
    ],
)  # fmt: skip
def test_few_with_an_income_of_their_own_and_a_bad_year_are_no_fault(tmp_path, keys, years):
    assert reasons(tmp_path, keys, incomes(years), register="selvstendig") == []


def test_means_of_few_numbers_are_not_told(tmp_path, keys):
    home = Nights(tmp_path, keys)
    home.drop("a.parquet", few(JAN, 19))
    assert set(home.night().counted.columns["middel"]) == {None}


def test_a_stand_in_for_all_employers_is_seen(tmp_path, keys):
    people = numbers(400)
    rows = jobs([JAN, FEB, MAR], people=people).with_columns(
        orgnr=pl.concat_str(pl.lit("3101"), pl.int_range(pl.len()).mod(90).cast(pl.String).str.zfill(5))
    )
    found = reasons(tmp_path, keys, rows, rows.with_columns(orgnr=pl.lit("999999999")), known=pl.Series(people))
    assert found == ["uttrekk_faa_ulike"]


@pytest.mark.parametrize(("first", "then"), [(15, 3), (3, 15), (1, 2)])
def test_more_or_fewer_months_are_no_other_distribution(tmp_path, keys, first, then):
    people = numbers(600)
    before, after = ([(2023 + m // 12, m % 12 + 1) for m in range(n)] for n in (first, then))
    assert reasons(tmp_path, keys, jobs(before, people=people), jobs(after, people=people), known=pl.Series(people)) == []


def test_a_pseudonym_of_another_form_is_counted(tmp_path, keys):
    named = register_keys(pl.Series(PEOPLE), keys, "arbeidsforhold")
    rows = (
        jobs([JAN])
        .with_columns(person_key=named, key_version=pl.lit(keys.of_register("arbeidsforhold").version))
        .drop("person_id")
    )
    assert reasons(tmp_path / "a", keys, rows) == []
    odd = rows.with_row_index("i").with_columns(
        person_key=pl.when(pl.col("i") < 2).then(pl.col("person_key").str.to_uppercase()).otherwise("person_key")
    )
    assert "uttrekk_ugyldig_person" in reasons(tmp_path / "b", keys, odd.drop("i"))


def test_no_extract_speaks_of_days_after_it_was_received(tmp_path, keys):
    home = Nights(tmp_path, keys, register="folkeregister")
    starts = pl.Series([date(2020, 1, 1)] * 59 + [date(2031, 1, 1)])
    home.drop("a.parquet", pl.DataFrame({"person_id": PEOPLE, "status": "bosatt", "gyldig_fra": starts}))
    today, taken = home.settings.now.date(), home.night()
    assert taken.reach.select("fra", "til", "mottatt").row(0) == (date(2020, 1, 1), today, today)
    assert extracts_received("folkeregister", taken.extracts).select("fra", "til").row(0) == (date(2020, 1, 1), today)


def test_a_year_that_is_not_over_is_reached_to_the_day_of_receipt(tmp_path, keys):
    home = Nights(tmp_path, keys, register="selvstendig")
    years = pl.DataFrame({"person_id": PEOPLE}).join(pl.DataFrame({"aar": [2023, 2024]}), how="cross")
    home.drop("a.parquet", years.with_columns(naeringsinntekt_nok=pl.lit(90_000.0)))
    today, taken = home.settings.now.date(), home.night()
    assert taken.refused == ""
    assert taken.reach.select("fra", "til").row(0) == (date(2023, 1, 1), today)


def test_months_after_the_receipt_are_none_that_an_extract_speaks_of(tmp_path, keys):
    home = Nights(tmp_path, keys)
    home.drop("a.parquet", jobs([(2024, m) for m in range(1, 8)]))  # received in May
    taken = home.night()
    assert taken.refused == ""
    assert taken.reach.select("fra", "til").row(0) == (date(2024, 1, 1), date(2024, 5, 1))
    assert extracts_received("arbeidsforhold", taken.extracts)["til"].to_list() == [date(2024, 5, 1)]


def test_the_way_back_to_an_extract_that_was_replaced_in_part(tmp_path, keys):
    home = Nights(tmp_path, keys)
    first = home.drop("a.parquet", jobs([JAN, FEB]))
    home.night()
    home.drop("b.parquet", jobs([FEB], position=80.0))
    assert home.night().refused == ""
    aside = first.rename(tmp_path / "a.parquet")
    home.night()
    aside.rename(first)
    home.night()
    assert set(home.months().values()) == {50.0}


def test_a_refusal_names_columns_months_and_rows(tmp_path, keys):
    home = Nights(tmp_path, keys)
    rows = pl.concat([jobs([JAN, FEB], people=CROWD), few(MAR, 3)]).with_row_index("i")
    home.drop(
        "a.parquet", rows.with_columns(type=pl.when(pl.col("i") < 2).then(pl.lit("fast_ansatt")).otherwise("type")).drop("i")
    )
    told = home.night().refused
    assert "Outside: type (2 of 603)." in told
    assert "uttrekk_tynn_maaned" in told
    assert " 2024-03-01." in told
    (home.folder / "a.parquet").rename(tmp_path / "a.parquet")
    home.drop("b.txt.parquet", jobs([JAN])).rename(home.folder / "les.txt")
    assert "taken away" in home.night().refused


def test_a_roster_after_a_whole_population_is_no_loss_of_rows(tmp_path, keys):
    home = Nights(tmp_path, keys, known=pl.Series(PEOPLE[:40]))
    everybody = [*PEOPLE, *numbers(1500)[60:]]
    home.drop("a.parquet", jobs([JAN, FEB], people=everybody))
    assert home.night().extracts[-1].whole_population
    home.drop("b.parquet", jobs([FEB, MAR]))
    assert home.night().refused == ""
    home.drop("c.parquet", jobs([(2024, 5)]))
    assert home.night().extracts[-1].reasons == ["uttrekk_hull"]
    (home.folder / "c.parquet").unlink()
    home.drop("d.parquet", jobs([MAR, APR], people=PEOPLE[:14]))
    assert {"uttrekk_maaned_krymper", "uttrekk_faa_mister_deltakere"} & set(home.night().extracts[-1].reasons)


def test_one_file_of_an_older_extract_that_was_away_undoes_no_correction(tmp_path, keys):
    home = Nights(tmp_path, keys)
    first = home.drop("a.parquet", jobs([JAN]))
    home.drop("b.parquet", jobs([FEB]))
    home.night()
    home.drop("c.parquet", jobs([FEB], position=80.0))
    home.night()
    aside = first.rename(tmp_path / "a.parquet")
    home.night()
    aside.rename(first)
    assert home.night().refused == ""
    assert home.months() == {date(2024, 1, 1): 50.0, date(2024, 2, 1): 80.0}
