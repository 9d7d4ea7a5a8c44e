"""What a value of an extract may look like: forms of open text columns, and how numbers are written."""

from __future__ import annotations

import re
import traceback
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import country_groups
from pipeline.engine import connect
from pipeline.errors import UserError
from pipeline.pseudonyms.extracts.columns import typed
from pipeline.pseudonyms.extracts.source import Source
from pipeline.pseudonyms.extracts.values import UNKNOWN_CODE
from pipeline.rules import patterns
from pipeline.settings import OSLO
from pipeline.synthetic.extracts import _INDUSTRIES
from pipeline.synthetic.identity import organisation_numbers
from pipeline.tables import REGISTERS
from tests.pseudonyms.extracts.extract_case import admitted
from tests.pseudonyms.extracts.register_nights import JAN, PEOPLE, Nights, jobs
from tests.pseudonyms.synthetic_numbers import numbers

IDS = pl.Series(PEOPLE)
OPEN = [
    (r, c.name) for r, t in REGISTERS.items() for c in t.columns if c.kind == "text" and not c.codes and c.name != "person_key"
]


def read(register: str, column: str, texts: list[str | None]) -> list[object]:
    """The values as the border reads them."""
    with connect("300MB") as connection:
        connection.register("given", pl.DataFrame({"k": pl.Series(texts, dtype=pl.String), "i": range(len(texts))}).to_arrow())
        sql = typed(REGISTERS[register][column], Source("given", {column: ("k", "VARCHAR")}, True))
        return [value for (value,) in connection.execute(f"SELECT {sql} FROM given ORDER BY i").fetchall()]


def spells() -> pl.DataFrame:
    return pl.DataFrame({"person_id": PEOPLE}).with_columns(status=pl.lit("bosatt"), gyldig_fra=pl.lit(date(2020, 1, 1)))


def test_every_text_column_of_a_register_has_codes_or_a_form():
    assert len(OPEN) == 6
    assert [place for place in OPEN if not REGISTERS[place[0]][place[1]].form] == []
    assert not any(c.form for t in REGISTERS.values() for c in t.columns if c.kind != "text" or c.codes)


def test_forms_take_what_the_project_itself_writes():
    assert read("arbeidsforhold", "orgnr", list(organisation_numbers(500))) == list(organisation_numbers(500))
    assert read("virksomhet", "naering", list(_INDUSTRIES)) == list(_INDUSTRIES)
    assert read("virksomhet", "naering", ["85", "47.11", "00.000"]) == ["85", "47.11", "00.000"]
    countries = country_groups()["alpha_3"].to_list()
    assert read("folkeregister", "landbakgrunn", countries) == countries
    assert read("folkeregister", "komm_nr", ["0301", " 4601 "]) == ["0301", "4601"]
    assert read("folkeregister", "sivilstand", ["gift", "enke/enkemann", "registrertPartner", "2"]) == [
        "gift", "enke/enkemann", "registrertPartner", "2",
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["komm_nr", "orgnr"])
def test_forms_are_not_looser_than_those_of_deliveries(column):
    for form in {c.form for t in REGISTERS.values() for c in t.columns if c.name == column}:
        assert re.fullmatch(form, "46012345678"[: 4 if column == "komm_nr" else 9])
        assert re.fullmatch(rf".*\{{{patterns()[column].split('{')[1].rstrip('$')}", form) or form == "[1-9][0-9]{8}"


@pytest.mark.parametrize(("register", "column"), OPEN)
def test_no_form_lets_a_number_a_sentence_or_a_flood_in(register, column):
    number = PEOPLE[0]
    texts = [
        "Kari Nordmann, født 1. januar 1990",
        number,
        f"{number[:6]}  {number[6:]}",
        "x" * 5_000_000,
        "1" * 5_000_000,
        "gift\nugift",
        "４６０１",
    ]
    assert read(register, column, [*texts, "", "  ", None]) == [None] * 10


@settings(max_examples=40)
@given(
    texts=st.lists(
        st.one_of(st.text("0123456789", max_size=10), st.text("0123456789eExX+-_. ", min_size=8, max_size=12)), max_size=40
    )
)
def test_the_short_way_of_reading_nine_digits_reads_what_the_form_says(texts):
    form = REGISTERS["arbeidsforhold"]["orgnr"].form
    assert read("arbeidsforhold", "orgnr", texts) == [t.strip() if re.fullmatch(form, t.strip(" ")) else None for t in texts]


def test_text_of_another_form_is_counted_and_does_not_pass(tmp_path, keys):
    rows = jobs([JAN]).with_row_index("i").with_columns(
        orgnr=pl.when(pl.col("i") == 3).then(pl.lit("Nordmann AS")).when(pl.col("i") == 4).then(pl.lit(" ")).otherwise("orgnr")
    ).drop("i")  # fmt: skip
    rows.write_parquet(tmp_path / "a.parquet")
    seen = admitted([tmp_path / "a.parquet"], "arbeidsforhold", keys, IDS, tmp_path)
    assert (seen.column("orgnr")["n_uleselig"], seen.column("orgnr")["n_null"]) == (1, 2)
    assert "Nordmann" not in seen.frame.write_csv()


@pytest.mark.parametrize("odd", ["Nordmann AS", "x" * 3_000_000])
def test_a_key_of_another_form_is_judged(tmp_path, keys, odd):
    home = Nights(tmp_path, keys)
    rows = jobs([JAN], people=numbers(60)).with_row_index("i")
    home.drop("a.parquet", rows.with_columns(orgnr=pl.when(pl.col("i") < 1).then(pl.lit(odd)).otherwise("orgnr")).drop("i"))
    refused = home.night().refused
    assert "uttrekk_mangler_verdi" in refused
    assert "uttrekk_uleselig" in refused
    assert "orgnr (1 of 60)" in refused
    assert len(refused) < 2_000
    assert "Nordmann" not in refused


AMOUNTS = [
    ("450000", 450_000.0), ("450 000", 450_000.0), ("450\u00a0000,50", 450_000.5), ("1\u202f450 000", 1_450_000.0), ("-12 000", -12_000.0),
    ("450000,25", 450_000.25), ("450000.25", 450_000.25), ("0.125", 0.125), ("1e+05", 100_000.0), ("37.5", 37.5), ("1234.567", 1234.567),
    ("1234,567", 1234.567),
    ("1,234", None), ("450,000", None), ("1.234", None), ("450.000", None), ("450.000,00", None), ("450,000.00", None),
    ("1.450.000", None), ("45 00", None),
    ("4500 000", None), ("450 000 kr", None), ("kr 450 000", None), ("1 2", None), ("450  000", None), ("450'000", None),
]  # fmt: skip


def test_blanks_between_groups_of_three_are_read_and_what_is_unclear_is_not():
    texts, values = [text for text, _ in AMOUNTS], [value for _, value in AMOUNTS]
    assert read("selvstendig", "naeringsinntekt_nok", list(texts)) == values
    assert (
        read("virksomhet", "antall_ansatte", ["1 200", "1\u00a0200", "1200", "1.200", "12 00", "1 200,5"])
        == [1200] * 3 + [None] * 3
    )


def test_a_point_is_a_decimal_point_where_thousands_are_out_of_range():
    assert read("arbeidsforhold", "stillingsprosent", ["66.667", "33.333", "1.450"]) == [66.667, 33.333, 1.45]
    assert read("arbeidsforhold", "timer_per_uke", ["37.125", "7.500", "37.125.000"]) == [37.125, 7.5, None]


@settings(max_examples=20)
@given(st.lists(st.integers(-999_999_999, 999_999_999), min_size=5), st.sampled_from([" ", "\u00a0", "\u202f"]))
def test_a_number_in_groups_of_three_is_the_number(amounts, blank):
    assert read("selvstendig", "naeringsinntekt_nok", [f"{n:,}".replace(",", blank) for n in amounts]) == amounts


def test_that_no_amount_could_be_read_is_told_as_that(tmp_path, keys):
    home = Nights(tmp_path, keys, register="selvstendig")
    rows = pl.DataFrame({"person_id": PEOPLE, "aar": "2023", "naeringsinntekt_nok": [f"{i}50.000,00" for i in range(60)]})
    rows.write_csv(home.folder / "a.csv", separator=";")
    refused = home.night().refused
    assert "None of the 60 value(s) of selvstendig.naeringsinntekt_nok could be read as a number" in refused
    assert "450 000,50" in refused
    assert "empty" not in refused
    assert "50.000,00" not in refused


def test_amounts_that_could_be_read_in_part_are_told_with_column_and_count(tmp_path, keys):
    home = Nights(tmp_path, keys, register="selvstendig")
    amounts = ["450.000,00"] * 25 + ["950,00"] * 35
    pl.DataFrame({"person_id": PEOPLE, "aar": "2023", "naeringsinntekt_nok": amounts}).write_csv(
        home.folder / "a.csv", separator=";"
    )
    refused = home.night().refused
    assert "uttrekk_uleselig" in refused
    assert "naeringsinntekt_nok (25 of 60)" in refused
    assert "450 000,50" in refused


def test_a_column_without_any_value_is_still_told_as_empty(tmp_path, keys):
    home = Nights(tmp_path, keys, register="selvstendig")
    home.drop(
        "a.parquet",
        pl.DataFrame({"person_id": PEOPLE, "aar": 2023, "naeringsinntekt_nok": pl.Series([None] * 60, dtype=pl.Float64)}),
    )
    assert "uttrekk_kolonne_uten_verdi" in home.night().refused


def test_days_that_cannot_be_read_say_how_days_are_written(tmp_path, keys):
    jobs([JAN]).with_columns(maaned=pl.lit("01/02/2024")).write_csv(tmp_path / "a.csv", separator=";")
    with pytest.raises(UserError, match=r"None of the 60 value\(s\) of arbeidsforhold.maaned could be read as a date") as caught:
        admitted([tmp_path / "a.csv"], "arbeidsforhold", keys, IDS, tmp_path)
    assert "2024-02-01" in str(caught.value)
    assert "01/02/2024" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("zone", [OSLO, UTC])
def test_midnight_with_a_time_zone_is_the_day_it_is_in_norway(tmp_path, keys, zone):
    months = pl.Series([datetime(2024, 1, 1, tzinfo=zone)], dtype=pl.Datetime("us", str(zone)))
    jobs([JAN]).with_columns(maaned=months.first()).write_parquet(tmp_path / "a.parquet")
    seen = admitted([tmp_path / "a.parquet"], "arbeidsforhold", keys, IDS, tmp_path).frame
    assert seen["maaned"].unique().to_list() == [date(2024, 1, 1)]


def test_midnight_with_a_time_zone_in_text_is_the_day_it_is_in_norway():
    texts = [
        "2023-12-31T23:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00.000+0100", "2024-01-01 00:00:00+01", "2024-01-01T00:00:00",
        "2024-01-01", "2023-12-31 23:00:00 UTC", "2023-12-31T23:00:00z", "2023-12-31 23:00:00 GMT", "2023-12-31 23:00:00",
        "2024-01-01 12:30", "2024-01-01 23:30:00", "2024-06-30T22:00:00Z", "2024-01-01T25:00:00Z", "2024-01-01Z+", "2024-01-01 Kari Nordmann",
    ]  # fmt: skip
    new_year = date(2024, 1, 1)
    assert read("folkeregister", "gyldig_fra", texts) == [*[new_year] * 12, date(2024, 7, 1), None, None, None]


_OLD_SUMMERS = ["1916-06-30 22:00:00", "1942-06-30 22:00:00", "1945-06-30 21:00:00", "1947-06-30 23:00:00", "1962-06-30 22:00:00"]


@pytest.mark.parametrize("written", _OLD_SUMMERS)
@pytest.mark.parametrize("zone", ["", "Z"])
def test_midnight_of_a_summer_before_1966_is_that_day_though_the_zone_follows_another_country(tmp_path, keys, written, zone):
    day = date(int(written[:4]), 7, 1)
    assert read("folkeregister", "gyldig_fra", [written + zone]) == [day]
    moment = datetime.fromisoformat(written).replace(tzinfo=UTC if zone else None)
    rows = spells().with_columns(gyldig_fra=pl.lit(moment))
    rows.write_parquet(tmp_path / "a.parquet")
    assert admitted([tmp_path / "a.parquet"], "folkeregister", keys, IDS, tmp_path).frame["gyldig_fra"].unique().to_list() == [
        day
    ]


def test_nanoseconds_with_a_zone_are_the_same_day_as_microseconds(tmp_path, keys):
    days = pl.Series([datetime(1962, 6, 30, 22, tzinfo=UTC), datetime(2024, 6, 30, 22, tzinfo=UTC)] * 30)
    for unit in ("us", "ns"):
        rows = spells().with_columns(gyldig_fra=days.cast(pl.Datetime(unit, "UTC")))
        rows.write_parquet(tmp_path / f"{unit}.parquet")
        seen = admitted([tmp_path / f"{unit}.parquet"], "folkeregister", keys, IDS, tmp_path).frame
        assert set(seen["gyldig_fra"]) == {date(1962, 7, 1), date(2024, 7, 1)}


@pytest.mark.parametrize("zone", [None, UTC])
def test_a_moment_without_end_is_no_such_day_yet(tmp_path, keys, zone):
    endless = "TIMESTAMP 'infinity'" if zone is None else "TIMESTAMPTZ 'infinity'"
    spells().write_parquet(tmp_path / "a.parquet")
    duckdb.sql(f"COPY (SELECT *, {endless} AS gyldig_til FROM '{tmp_path / 'a.parquet'}') TO '{tmp_path / 'b.parquet'}'")
    seen = admitted([tmp_path / "b.parquet"], "folkeregister", keys, IDS, tmp_path)
    assert seen.frame["gyldig_til"].to_list() == [None] * seen.frame.height
    assert seen.column("gyldig_til")["n_uleselig"] == 0


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("hours_before", [0, 1])
def test_midnight_in_norway_written_as_utc_without_a_zone_is_that_day(tmp_path, keys, unit, hours_before):
    moment = datetime(2024, 1, 1) - timedelta(hours=hours_before)
    rows = jobs([JAN]).with_columns(maaned=pl.lit(moment, dtype=pl.Datetime(unit)))
    pq.write_table(rows.to_arrow(), tmp_path / "a.parquet", use_deprecated_int96_timestamps=unit == "ns")
    seen = admitted([tmp_path / "a.parquet"], "arbeidsforhold", keys, IDS, tmp_path).frame
    assert seen["maaned"].unique().to_list() == [date(2024, 1, 1)]


def test_what_looks_like_a_code_and_is_none_is_counted_but_its_text_does_not_pass(tmp_path, keys):
    rows = (
        jobs([JAN])
        .with_row_index("i")
        .with_columns(type=pl.when(pl.col("i") == 0).then(pl.lit("Fatima_Hussein")).otherwise("type"))
    )
    rows.drop("i").write_parquet(tmp_path / "a.parquet")
    seen = admitted([tmp_path / "a.parquet"], "arbeidsforhold", keys, IDS, tmp_path)
    assert seen.column("type")["n_utenfor_kodeliste"] == 1
    assert set(seen.frame["type"]) == {"ordinaert", UNKNOWN_CODE}


def test_yes_and_no_are_no_numbers_and_a_part_of_a_year_is_no_year(tmp_path, keys):
    jobs([JAN]).with_columns(stillingsprosent=pl.lit(True)).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"arbeidsforhold\.stillingsprosent could be read as a number"):
        admitted([tmp_path / "a.parquet"], "arbeidsforhold", keys, IDS, tmp_path)
    years = pl.Series([2022.0] * 59 + [2022.7])
    pl.DataFrame({"person_id": PEOPLE, "aar": years, "naeringsinntekt_nok": 250_000.0}).write_parquet(tmp_path / "b.parquet")
    seen = admitted([tmp_path / "b.parquet"], "selvstendig", keys, IDS, tmp_path)
    assert (seen.column("aar")["n_uleselig"], set(seen.frame["aar"])) == (1, {2022, None})


@pytest.mark.parametrize("end", ["9999-12-31", "31.12.9999", ""])
def test_a_spell_without_an_end_may_say_so_in_text(tmp_path, keys, end):
    pl.DataFrame({"person_id": PEOPLE, "status": "bosatt", "gyldig_fra": "2020-01-01", "gyldig_til": end}).write_csv(
        tmp_path / "a.csv", separator=";"
    )
    seen = admitted([tmp_path / "a.csv"], "folkeregister", keys, IDS, tmp_path)
    assert (seen.column("gyldig_til")["n_uleselig"], seen.column("gyldig_til")["n_null"]) == (0, 60)
