"""A file whose folder says a month or year, and whose own column may say another."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipeline.settings import OSLO
from tests.pseudonyms.extracts.register_nights import FEB, JAN, MAR, PEOPLE, Nights, jobs

OF_ANOTHER = "has 60 row(s) of another maaned than its folder says."
UTC_DAY = pl.col("maaned").cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Oslo").dt.convert_time_zone("UTC")
MONTHS = {
    "date": pl.col("maaned"),
    "microseconds": pl.col("maaned").cast(pl.Datetime("us")),
    "nanoseconds": pl.col("maaned").cast(pl.Datetime("ns")),
    "in UTC": UTC_DAY,
    "in Norway's zone, nanoseconds": UTC_DAY.dt.convert_time_zone("Europe/Oslo").cast(pl.Datetime("ns", "Europe/Oslo")),
    "UTC without a zone": UTC_DAY.dt.replace_time_zone(None),
    "text": pl.col("maaned").cast(pl.String),
    "Norwegian text": pl.col("maaned").dt.strftime("%d.%m.%Y"),
    "text with a zone": UTC_DAY.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
}
FOLDERS = ["2024-0{}-01", "2024-0{}-01 00%3A00%3A00", "2024-0{}-15", "2024-{}-1", "01.0{}.2024", "2024%2D0{}%2D01"]


@pytest.fixture
def home(tmp_path, keys):
    return Nights(tmp_path, keys)


def in_folders(home: Nights, folders: dict[str, pl.DataFrame]) -> None:
    for name, frame in folders.items():
        (home.folder / name).mkdir()
        frame.write_parquet(home.folder / name / "del-0.parquet")


@pytest.mark.parametrize("written", MONTHS)
def test_files_swapped_between_the_folders_of_two_months_are_refused(home, written):
    own = [jobs([month]).with_columns(MONTHS[written]) for month in (MAR, FEB)]
    in_folders(home, dict(zip(("maaned=2024-02-01", "maaned=2024-03-01"), own, strict=True)))
    assert f"File 1 of 2 (maaned=2024-02-01/del-0.parquet) {OF_ANOTHER}" in home.night().refused


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_month_is_read_however_it_is_written(home, folder):
    in_folders(home, {f"maaned={folder.format(2)}": jobs([JAN]).with_columns(MONTHS["UTC without a zone"])})
    assert OF_ANOTHER in home.night().refused
    (home.folder / f"maaned={folder.format(2)}").rename(home.folder / f"maaned={folder.format(1)}")
    assert home.night().refused == ""
    assert list(home.months()) == [date(2024, 1, 1)]


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int16, pl.UInt32, pl.Float64, pl.Decimal(10, 0), pl.String])
def test_a_file_in_the_folder_of_another_year_is_refused(tmp_path, keys, kind):
    home = Nights(tmp_path, keys, register="selvstendig")
    rows = pl.DataFrame({"person_id": PEOPLE, "aar": 2022, "naeringsinntekt_nok": 250_000.0})
    rows = rows.with_columns(aar=pl.lit(22) if kind == pl.Int8 else "aar").with_columns(pl.col("aar").cast(kind))
    in_folders(home, {"aar=2023": rows})
    refused = home.night().refused
    if kind == pl.Int8:
        assert "none of the 60 value(s) of its own aar could be read" in refused
        return
    assert "has 60 row(s) of another aar than its folder says." in refused
    (home.folder / "aar=2023").rename(home.folder / "aar=2022")
    assert home.night().refused == ""


@pytest.mark.parametrize("own", [pl.lit(None, dtype=pl.Date), pl.lit(None, dtype=pl.Datetime("us")), pl.lit(" "), pl.lit(None)])
def test_a_row_that_says_no_month_itself_is_of_its_folders(home, own):
    in_folders(home, {"maaned=2024-01-01": jobs([JAN]).with_columns(maaned=own)})
    assert home.night().refused == ""
    assert list(home.months()) == [date(2024, 1, 1)]


@pytest.mark.parametrize("own", [pl.lit(19_723), pl.lit(202401), pl.lit("2024-01"), pl.lit(1.5), pl.lit(True)])
def test_an_own_month_that_cannot_be_read_at_all_is_no_proof_of_the_folders(home, own):
    in_folders(home, {"maaned=2024-01-01": jobs([JAN]).with_columns(maaned=own)})
    refused = home.night().refused
    assert "none of the 60 value(s) of its own maaned could be read, so nothing shows that they are of its folder's." in refused
    assert "202401" not in refused


def test_a_value_or_two_that_cannot_be_read_are_no_other_month(home):
    odd = pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("ukjent")).otherwise(pl.lit("2024-01-01"))
    in_folders(home, {"maaned=2024-01-01": jobs([JAN]).with_columns(maaned=odd)})
    assert home.night().refused == ""


@pytest.mark.parametrize("zone", [UTC, OSLO])
def test_a_row_of_another_month_among_many_is_seen(home, zone):
    moment = (
        pl.when(pl.int_range(pl.len()) < 1).then(datetime(2024, 2, 1, tzinfo=zone)).otherwise(datetime(2024, 1, 1, tzinfo=zone))
    )
    in_folders(home, {"maaned=2024-01-01": jobs([JAN]).with_columns(maaned=moment)})
    assert "has 1 row(s) of another maaned than its folder says." in home.night().refused
