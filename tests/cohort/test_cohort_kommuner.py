"""Municipality numbers of any year in the latest year's: look-ups, chains, splits, numbers used too late or too early."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pipeline import codes
from pipeline.cohort.kommuner import harmonise, with_komm_nr_ref


@pytest.mark.parametrize(
    ("komm_nr", "day", "expected"),
    [
        pytest.param("0301", date(2016, 5, 1), "0301", id="unchanged"),
        pytest.param("1201", date(2019, 5, 1), "4601", id="Bergen 2020"),
        pytest.param("0105", date(2019, 5, 1), "3105", id="Sarpsborg by way of 3003"),
        pytest.param("3003", date(2021, 5, 1), "3105", id="Sarpsborg 2024"),
        pytest.param("0720", date(2016, 5, 1), "3907", id="split 2017: main part to Sandefjord"),
        pytest.param("1850", date(2019, 5, 1), "1806", id="split 2020: main part to Narvik"),
        pytest.param("5012", date(2019, 5, 1), "5059", id="split 2020: main part to Orkland"),
        pytest.param("1507", date(2022, 5, 1), "1508", id="split 2024: main part to Aalesund"),
        pytest.param("1508", date(2024, 5, 1), "1508", id="new after the split"),
        pytest.param("1201", date(2022, 5, 1), "4601", id="old number still used after the change"),
        pytest.param("4601", date(2018, 5, 1), "4601", id="new number for an old event"),
        pytest.param("3003", date(2019, 5, 1), "3105", id="number of a later year, itself changed"),
        pytest.param("7777", date(2022, 5, 1), "9999", id="in no year of the list"),
        pytest.param(None, date(2022, 5, 1), "9999", id="missing"),
        pytest.param("", date(2022, 5, 1), "9999", id="empty"),
    ],
)
def test_harmonise(komm_nr: str | None, day: date, expected: str) -> None:
    assert harmonise(komm_nr, day) == expected


def test_every_number_that_ever_was_ends_in_one_of_today() -> None:
    listed = codes.municipalities()
    today = set(listed.filter(pl.col("gyldig_til").is_null())["komm_nr"])
    for komm_nr, start, end in listed.select("komm_nr", "gyldig_fra", "gyldig_til").iter_rows():
        last = start if end is None else end - timedelta(days=1)
        assert harmonise(komm_nr, start) in today, (komm_nr, start)
        assert harmonise(komm_nr, last) in today, (komm_nr, last)


def test_the_day_of_change_belongs_to_the_new_numbers() -> None:
    assert harmonise("1201", date(2019, 12, 31)) == harmonise("1201", date(2020, 1, 1)) == "4601"


def test_frames_keep_rows_and_order() -> None:
    frame = pl.DataFrame({"komm_nr": ["1201", None, "0105", "1201"], "day": [date(2019, 1, 1)] * 4, "n": [4, 3, 2, 1]})
    out = with_komm_nr_ref(frame, "day")
    assert out["n"].to_list() == [4, 3, 2, 1]
    assert out["komm_nr_ref"].to_list() == ["4601", "9999", "3105", "4601"]


def test_country_groups_hold_every_country_once() -> None:
    groups = codes.country_groups()
    assert groups["alpha_3"].is_unique().all()
    assert groups.filter(pl.col("alpha_3").is_in(["SOM", "SYR", "ERI", "TUR", "UKR", "THA", "BRA", "POL"])).height == 8
    assert groups["kilde"].str.len_chars().min() > 0
