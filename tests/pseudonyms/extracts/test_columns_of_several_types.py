"""A column that comes in several types in one extract, one in each file: every value is what it is in a file that came alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import combinations

import duckdb
import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.pseudonyms import at_the_border, open_checked
from tests.pseudonyms.extracts.extract_case import admitted
from tests.pseudonyms.extracts.register_nights import APR, FEB, JAN, MAR, PEOPLE, Nights, jobs

IDS = pl.Series(PEOPLE)
ZONED = "TIMESTAMPTZ '2024-03-31 22:00:00+00'"
# Literals of each type, by how they are read alone; a midnight in Norway is written as UTC in all types that hold an hour.
DAYS = {
    "DATE": ["DATE '2024-04-01'", "DATE '1942-07-01'", "DATE '2900-01-01'", "DATE 'infinity'"],
    "TIMESTAMP": ["TIMESTAMP '2024-03-31 22:00:00'", "TIMESTAMP '1942-06-30 22:00:00'", "TIMESTAMP '2024-03-31 23:30:00'", "TIMESTAMP 'infinity'"],
    "TIMESTAMP_NS": ["TIMESTAMP_NS '2024-03-31 22:00:00'", "TIMESTAMP_NS '2024-04-01 00:00:00.123456789'"],
    "TIMESTAMPTZ": [ZONED, "TIMESTAMPTZ '1962-06-30 22:00:00+00'", "TIMESTAMPTZ '2024-03-31 22:30:00+00'", "TIMESTAMPTZ 'infinity'"],
    "TIMESTAMPTZ_NS": [f"CAST({ZONED} AS TIMESTAMPTZ_NS)", "CAST(TIMESTAMPTZ '1962-06-30 22:00:00+00' AS TIMESTAMPTZ_NS)"],
    "VARCHAR": ["'2024-03-31T22:00:00Z'", "'2024-03-31 22:00:00'", "'01.04.2024'", "'9999-12-31'", "''", "'april'"],
    "NULL": ["NULL"],
}  # fmt: skip
NUMBERS = {
    "BIGINT": ["16777217", "0", "99999999999999"],
    "SMALLINT": ["CAST(7 AS SMALLINT)"],
    "DOUBLE": ["CAST(123.456 AS DOUBLE)", "CAST(2023 AS DOUBLE)", "CAST('nan' AS DOUBLE)", "CAST('inf' AS DOUBLE)"],
    "FLOAT": ["CAST(0.5 AS FLOAT)", "CAST(4 AS FLOAT)"],
    "DECIMAL": ["CAST(450000.25 AS DECIMAL(18,2))", "CAST(12 AS DECIMAL(18,2))"],
    "BOOLEAN": ["true", "false"],
    "VARCHAR": ["'450 000,50'", "'1.234'", "'2023'", "'x'", "' '"],
    "NULL": ["NULL"],
}
CODES = {
    "VARCHAR": ["'85.100'", "'85'", "'x'", "''"],
    "DOUBLE": ["CAST(85.1 AS DOUBLE)"],
    "BIGINT": ["CAST(85 AS BIGINT)"],
    "DECIMAL": ["CAST(85.1 AS DECIMAL(4,1))"],
    "BOOLEAN": ["true"],
    "BLOB": ["CAST('85' AS BLOB)"],
    "NULL": ["NULL"],
}
PLACES = {
    "folkeregister.gyldig_fra": DAYS, "folkeregister.gyldig_til": DAYS, "selvstendig.naeringsinntekt_nok": NUMBERS,
    "virksomhet.antall_ansatte": NUMBERS, "virksomhet.naering": CODES,
}  # fmt: skip
BESIDE = {
    "folkeregister": {"status": "'bosatt'", "gyldig_fra": "DATE '2020-01-01'"},
    "selvstendig": {"aar": "2023"},
    "virksomhet": {},
}


def write(path, place: str, values: list[str], first: int) -> None:
    """A file of one row for each value, of persons (or establishments) from ``first`` on."""
    register, column = place.split(".")
    others = [f"{sql} AS {name}" for name, sql in BESIDE[register].items() if name != column]
    who = "orgnr" if register == "virksomhet" else "person_id"
    named = [f"'{310_000_000 + i}'" if who == "orgnr" else f"'{PEOPLE[i]}'" for i in range(first, first + len(values))]
    rows = [
        f"SELECT {', '.join([f'{n} AS {who}', *others, f'{value} AS {column}'])}" for n, value in zip(named, values, strict=True)
    ]
    duckdb.sql(f"COPY ({' UNION ALL '.join(rows)}) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize("place", PLACES)
def test_a_value_is_read_alike_whatever_types_other_files_have(tmp_path, keys, place):
    register, column = place.split(".")
    kinds, first, alone, wrong = PLACES[place], 0, {}, []

    def seen(*names):
        try:
            found = admitted([tmp_path / f"{name}.parquet" for name in names], register, keys, IDS, tmp_path)
        except UserError:
            return None
        return sorted(found.frame.rows(), key=str), found.column(column)["n_uleselig"]

    for kind, values in kinds.items():
        write(tmp_path / f"{kind}.parquet", place, values, first)
        first += len(values)
        alone[kind] = seen(kind)
    for one, other in combinations(kinds, 2):
        if alone[one] and alone[other]:  # else one of them is refused, and both may be
            both = sorted([*alone[one][0], *alone[other][0]], key=str), alone[one][1] + alone[other][1]
            wrong += [] if seen(one, other) == both else [(one, other)]
    assert wrong == []
    assert sum(found is not None for found in alone.values()) > len(kinds) / 2


def test_months_with_and_without_a_zone_in_one_extract_are_all_there(tmp_path, keys):
    home = Nights(tmp_path, keys)
    zoned = pl.col("maaned").cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Oslo").dt.convert_time_zone("UTC")
    home.drop("a.parquet", jobs([JAN, FEB, MAR]).with_columns(zoned))
    home.drop("b.parquet", jobs([APR]).with_columns(zoned.dt.replace_time_zone(None)))
    assert home.night().refused == ""
    assert (home.rows().height, list(home.months())) == (160, [date(2024, m, 1) for m in (1, 2, 3, 4)])


def test_a_folders_month_goes_together_with_a_moment_in_another_file(tmp_path, keys):
    home = Nights(tmp_path, keys)
    (home.folder / "maaned=2024-03-01").mkdir()
    home.drop("maaned=2024-03-01/a.parquet", jobs([MAR]).drop("maaned"))
    home.drop("b.parquet", jobs([APR]).with_columns(maaned=pl.lit(datetime(2024, 3, 31, 22))))
    home.drop("c.parquet", jobs([FEB]).with_columns(maaned=pl.lit(datetime(2024, 1, 31, 23, tzinfo=UTC))))
    jobs([JAN]).write_csv(home.folder / "d.csv")
    assert home.night().refused == ""
    assert (home.rows().height, list(home.months())) == (160, [date(2024, m, 1) for m in (1, 2, 3, 4)])


def test_a_number_for_a_day_beside_moments_of_two_types_is_told_with_the_types(tmp_path, keys):
    home = Nights(tmp_path, keys)
    home.drop("a.parquet", jobs([JAN]))
    home.drop("b.parquet", jobs([FEB]).with_columns(maaned=pl.lit(datetime(2024, 2, 1))))
    home.drop("c.parquet", jobs([MAR]).with_columns(maaned=pl.lit(202403)))
    assert "Columns of several types: maaned DATE and INTEGER and TIMESTAMP." in home.night().refused


def test_files_of_one_type_are_read_as_they_stand(tmp_path, keys):
    for name, month in (("a", JAN), ("b", FEB)):
        jobs([month]).write_parquet(tmp_path / f"{name}.parquet")
    jobs([MAR]).drop("lonn_nok").write_parquet(tmp_path / "c.parquet")
    files = [tmp_path / f"{name}.parquet" for name in "abc"]
    with at_the_border(tmp_path / "scratch", "300MB") as connection:
        for some in (files[:2], files):
            sql = open_checked(connection, some, "arbeidsforhold", keys, tmp_path / "scratch").sql
            assert "CASE" not in sql
