"""Different rows of one key: judged where there are many, and one of each is kept where there are few."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.pseudonyms import admit, at_the_border, extracts_received, open_checked, person_keys
from pipeline.tables import INNDATA, REGISTERS
from tests.pseudonyms.extracts.extract_case import admitted
from tests.pseudonyms.extracts.register_nights import PEOPLE, Nights
from tests.pseudonyms.synthetic_numbers import numbers

KNOWN = pl.Series(PEOPLE)
DAY, MONTH = date(2020, 5, 4), date(2020, 5, 1)
# Two rows of one key for every register that has one row of each.
TWO = {
    "folkeregister": {"status": "bosatt", "gyldig_fra": DAY, "komm_nr": ["0301", "4601"]},
    "norskprove": {"prove_dato": DAY, "delprove": "lese", "niva": ["a2", "b1"]},
    "selvstendig": {"aar": 2020, "naeringsinntekt_nok": [250_000.0, 250_001.0]},
    "utdanning": {"start_dato": DAY, "niva": "hoyere", "status": ["avbrutt", "fullfort"]},
    "arbeidssoker": {"maaned": MONTH, "status": ["delvis_ledig", "helt_ledig"]},
    "ytelse": {"maaned": MONTH, "ytelse": "dagpenger", "belop_nok": [10_000.0, 12_000.0]},
    "virksomhet": {"orgnr": "974760673", "antall_ansatte": [5, 6]},
}  # fmt: skip


def incomes(people: list[str], years: list[int], amount: float = 100_000.0) -> pl.DataFrame:
    who, when = pl.DataFrame({"person_id": people}), pl.DataFrame({"aar": years})
    return who.join(when, how="cross").with_columns(naeringsinntekt_nok=pl.lit(amount))


def with_pairs(rows: pl.DataFrame, pairs: int) -> pl.DataFrame:
    return pl.concat([rows, rows[:pairs].with_columns(pl.col("naeringsinntekt_nok") + 1)])


def test_employment_alone_may_have_several_rows_of_one_key():
    assert [name for name, table in REGISTERS.items() if table.several] == ["arbeidsforhold"]
    assert sorted([*TWO, "arbeidsforhold"]) == sorted(REGISTERS)
    assert [name for name in REGISTERS if INNDATA[f"register_{name}"].several] == ["arbeidsforhold"]


@pytest.mark.parametrize("register", TWO)
def test_of_two_rows_of_one_key_one_is_kept(tmp_path, keys, register):
    rows = pl.DataFrame(TWO[register])
    varying = next(name for name, value in TWO[register].items() if isinstance(value, list))
    if register != "virksomhet":
        rows = rows.with_columns(person_id=pl.lit(PEOPLE[0]))
    kept = []
    for order in (rows, rows.reverse()):
        order.write_parquet(tmp_path / "a.parquet")
        seen = admitted([tmp_path / "a.parquet"], register, keys, KNOWN, tmp_path)
        assert (seen.frame.height, seen.repeated, seen.sharing, seen.surplus) == (1, 0, 2, 1)
        kept.append(seen.frame[varying].to_list())
    assert kept == [[TWO[register][varying][0]]] * 2


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_which_row_is_kept_does_not_hang_on_the_order_of_rows(tmp_path_factory, keys, data):
    folder = tmp_path_factory.mktemp("rekke")
    amounts = st.one_of(st.none(), st.integers(-5, 5).map(float))
    given_rows = data.draw(st.lists(st.tuples(st.sampled_from(PEOPLE[:4]), st.sampled_from([2020, 2021]), amounts), min_size=1))
    digests = []
    for rows in (given_rows, data.draw(st.permutations(given_rows))):
        schema = {"person_id": pl.String, "aar": pl.Int64, "naeringsinntekt_nok": pl.Float64}
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / "a.parquet")
        seen = admitted([folder / "a.parquet"], "selvstendig", keys, KNOWN, folder)
        assert seen.frame.select("person_key", "aar").is_unique().all()
        assert seen.frame.height == len({row[:2] for row in given_rows})
        assert seen.repeated + seen.surplus == len(given_rows) - seen.frame.height
        digests.append((folder / "admitted.parquet").read_bytes())
    assert digests[0] == digests[1]


def test_rows_whose_key_could_not_be_read_are_not_taken_for_one(tmp_path, keys):
    rows = pl.DataFrame(
        {"person_id": PEOPLE[0], "maaned": ["x", "x", "2020-05-01"], "ytelse": "kvp", "belop_nok": ["1", "2", "3"]}
    )
    rows.write_csv(tmp_path / "a.csv")
    seen = admitted([tmp_path / "a.csv"], "ytelse", keys, KNOWN, tmp_path)
    assert (seen.frame.height, seen.sharing) == (3, 0)


def home_with(tmp_path: Path, keys: object, rows: pl.DataFrame) -> tuple[Nights, str, dict[str, object]]:
    home = Nights(tmp_path, keys, known=KNOWN, register="selvstendig")
    home.drop("a.parquet", rows)
    taken = home.night()
    return home, taken.refused, extracts_received("selvstendig", taken.extracts).row(0, named=True)


def test_an_income_that_was_delivered_twice_is_not_summed_twice(tmp_path, keys):
    _, refused, row = home_with(tmp_path, keys, with_pairs(incomes(PEOPLE, [2022]), 60))
    assert "uttrekk_samme_nokkel" in refused
    assert "Rows: 120 of 120, key person_key, aar." in refused
    assert (row["tilstand"], row["n_samme_nokkel"]) == ("avvist", 120)


def test_a_single_pair_is_no_reason_to_refuse_a_small_extract(tmp_path, keys):
    home, refused, row = home_with(tmp_path, keys, with_pairs(incomes(PEOPLE[:12], [2022]), 1))
    assert refused == ""
    assert (row["n_samme_nokkel"], row["n_identiske"], row["n_rader_deltakere"]) == (2, 0, 12)
    assert home.rows()["naeringsinntekt_nok"].to_list() == [100_000.0] * 12


@pytest.mark.parametrize(
    ("years", "pairs", "code"), [(10, 2, "uttrekk_samme_nokkel"), (80, 2, ""), (80, 3, "uttrekk_samme_nokkel")]
)
def test_the_limit_is_one_row_of_a_thousand(tmp_path, keys, years, pairs, code):
    rows = with_pairs(incomes(PEOPLE, list(range(1940, 1940 + years))), pairs)
    home, refused, row = home_with(tmp_path, keys, rows)
    assert (code in refused, bool(refused)) == (True, bool(code))
    assert row["n_samme_nokkel"] == 2 * pairs
    if not code:
        assert home.rows()["naeringsinntekt_nok"].sum() == 100_000.0 * 60 * years


def test_of_others_rows_nothing_is_asked(tmp_path, keys):
    strangers = numbers(160)[60:]
    rows = pl.concat([incomes(PEOPLE, [2022]), with_pairs(incomes(strangers, [2022]), 100)])
    _, refused, row = home_with(tmp_path, keys, rows)
    assert (refused, row["n_samme_nokkel"]) == ("", 0)


def test_incomes_under_two_numbers_of_one_person_are_two(tmp_path, keys):
    earlier, now = PEOPLE[:2]
    one = pl.DataFrame({"person_id": [earlier, now], "person_key": person_keys(pl.Series([now] * 2), keys)})
    years = {"person_id": [earlier, now, earlier, now, now, now], "aar": [2020, 2020, 2021, 2021, 2021, 2022]}
    rows = pl.DataFrame({**years, "naeringsinntekt_nok": [1.0, 2.0, 5.0, 5.0, 6.0, 7.0]})
    for order in (rows, rows.reverse()):
        order.write_parquet(tmp_path / "a.parquet")
        with at_the_border(tmp_path / "s", "300MB") as connection:
            source = open_checked(connection, [tmp_path / "a.parquet"], "selvstendig", keys, tmp_path / "s")
            result = admit(connection, source, "selvstendig", keys, one, tmp_path / "ut.parquet")
        assert (result.rows, result.sharing, result.surplus, result.repeated) == (4, 2, 1, 1)
        assert pl.read_parquet(tmp_path / "ut.parquet")["naeringsinntekt_nok"].to_list() == [1.0, 2.0, 5.0, 7.0]
