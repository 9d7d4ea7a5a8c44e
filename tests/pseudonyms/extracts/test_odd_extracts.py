"""Extracts as nobody should make them: found by trying to break the border."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.pseudonyms import drop_zones, pseudonymise_file
from tests.pseudonyms.extracts.extract_case import admitted
from tests.pseudonyms.extracts.register_nights import FEB, JAN, KNOWN, MAR, PEOPLE, Nights, jobs, states
from tests.pseudonyms.synthetic_numbers import numbers


@pytest.fixture
def home(tmp_path, keys):
    return Nights(tmp_path, keys)


@pytest.mark.parametrize("name", ["periode", "fil", "receipt", "n", "samlet", "k_maaned", "jobbsjansen_fil", "named"])
def test_an_owners_column_is_never_taken_for_one_of_ours(home, name):
    home.drop("a.parquet", jobs([JAN, FEB]).with_columns(pl.lit(f"2024-01 Kari Nordmann {PEOPLE[0]}").alias(name)))
    taken = home.night()
    if taken.refused:  # one that cannot be told apart is refused, without its text
        assert "Nordmann" not in taken.refused
        return
    assert (home.rows().height, sorted(taken.extracts[0].periods or [])) == (80, ["2024-01-01", "2024-02-01"])
    stored = b"".join(p.read_bytes() for p in sorted(home.settings.home.warehouse.rglob("*")) if p.is_file())
    assert b"Nordmann" not in stored
    assert PEOPLE[0].encode() not in stored


def test_a_new_month_of_fewer_months_than_the_last_extract_is_taken_in(tmp_path, keys):
    people = numbers(400)
    home = Nights(tmp_path, keys, known=pl.Series(people[:200]))
    # each is in work in one month of three: over all months three times as many have a row as in any one
    parts = [jobs([month], people=people[i::3]) for i, month in enumerate((JAN, FEB, MAR))]
    home.drop("a.parquet", pl.concat(parts))
    assert home.night().refused == ""
    home.drop("b.parquet", jobs([(2024, 4)], people=people[1::3]))
    assert home.night().refused == ""
    home.drop("c.parquet", pl.concat([jobs([MAR], people=people[2::3]), jobs([(2024, 4)], people=people[1::3])]))
    assert home.night().refused == ""
    home.drop("d.parquet", jobs([(2024, 5)], people=people[1::9]))
    assert "uttrekk_mister_deltakere" in home.night().refused


@pytest.mark.parametrize("year", [24, -5, 20255, 0])
def test_a_year_that_is_none_is_no_reason_to_stop(tmp_path, keys, year):
    home = Nights(tmp_path, keys, register="selvstendig")
    own = pl.DataFrame({"person_id": PEOPLE, "aar": [2022] * 60, "naeringsinntekt_nok": [1.0] * 60})
    odd = pl.DataFrame({"person_id": PEOPLE[:1], "aar": [year], "naeringsinntekt_nok": [1.0]})
    home.drop("a.parquet", pl.concat([own] * 1 + [odd]))
    taken = home.night()
    assert "uttrekk_uleselig" in taken.refused  # one of 61 rows is more than one of a hundred
    assert not home.table.exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("maaned", pl.lit(2_900_000).cast(pl.Date)),
        ("lonn_nok", pl.lit(1e18)),
        ("lonn_nok", pl.lit(float("inf"))),
        ("lonn_nok", pl.lit(-1.0)),
    ],
)
def test_values_that_cannot_be_meant_are_unreadable(tmp_path, keys, column, value):
    home = Nights(tmp_path, keys, known=pl.Series(PEOPLE))
    rows = jobs([JAN, FEB, MAR], people=numbers(400)).with_row_index("i")
    odd = rows.with_columns(pl.when(pl.col("i") == 0).then(value).otherwise(pl.col(column)).alias(column)).drop("i")
    home.drop("a.parquet", odd)
    assert home.night().refused == ""  # one row of 1200 is less than one of a thousand
    assert home.rows()[column].null_count() == 1


def test_an_identity_number_as_an_amount_or_a_count_is_unreadable(tmp_path, keys):
    home = Nights(tmp_path, keys, register="virksomhet")
    rows = pl.DataFrame({"orgnr": [f"310{i:06d}" for i in range(200)], "antall_ansatte": [int(PEOPLE[0])] + [5] * 199})
    home.drop("a.parquet", rows)
    assert home.night().refused == ""
    assert home.rows()["antall_ansatte"].null_count() == 1


def test_an_end_beyond_all_days_means_that_there_is_none_yet(tmp_path, keys):
    home = Nights(tmp_path, keys, register="folkeregister")
    spells = pl.DataFrame({"person_id": PEOPLE, "status": "bosatt", "gyldig_fra": date(2000, 1, 1)})
    home.drop("a.parquet", spells.with_columns(gyldig_til=pl.lit(2_147_483_647).cast(pl.Int32).cast(pl.Date)))
    assert home.night().refused == ""
    assert home.rows()["gyldig_til"].null_count() == 40
    assert home.rows().write_csv()


@pytest.mark.parametrize("name", ["a*.parquet", "a[bc].parquet", "a?.parquet"])
def test_a_files_name_is_no_pattern(home, name):
    home.drop(name, jobs([JAN], people=PEOPLE[:20]))
    (home.folder / "sub").mkdir()
    jobs([JAN], people=PEOPLE[20:40]).write_parquet(home.folder / "ab.parquet")
    taken = home.night()
    assert (taken.refused, taken.extracts[0].rows, home.rows().height) == ("", 40, 40)
    alone = admitted([home.folder / name], "arbeidsforhold", home.keys, KNOWN, home.settings.home.root)
    assert alone.frame.height == 20


def test_a_basis_that_is_recorded_lets_the_refused_extract_in(tmp_path, keys):
    home = Nights(tmp_path, keys)
    home.drop("a.parquet", jobs([JAN], people=numbers(1500)))
    assert "uttrekk_uten_grunnlag" in home.night(has_basis=False).refused
    assert home.night(has_basis=True).refused == ""
    assert home.rows().height == 40


def test_what_a_stamp_says_is_not_repeated(home, tmp_path):
    import pyarrow.parquet as pq

    jobs([JAN]).write_parquet(tmp_path / "raa.parquet")
    pseudonymise_file(tmp_path / "raa.parquet", tmp_path / "b.parquet", "arbeidsforhold", home.keys)
    table = pq.read_table(tmp_path / "b.parquet")
    stamp = table.schema.metadata or pq.read_metadata(tmp_path / "b.parquet").metadata
    said = stamp[b"jobbsjansen"].replace(b"arbeidsforhold", b"kari_nordmann").replace(b"DEMO", PEOPLE[0].encode())
    pq.write_table(table.replace_schema_metadata({b"jobbsjansen": said}), home.folder / "b.parquet")
    refused = home.night().refused
    assert "another key" in refused
    assert PEOPLE[0] not in refused
    assert "kari" not in refused


def test_extremes_of_a_population_are_kept_of_months_alone(home):
    home.drop("a.parquet", jobs([JAN, FEB]).with_columns(lonn_nok=pl.lit(1_859_012.0)))
    kept = home.night().counted.columns.filter(pl.col("minste").is_not_null())
    assert kept.select("kolonne", "minste", "storste").rows() == [("maaned", "2024-01-01", "2024-02-01")]


def test_no_extract_is_on_record_without_its_counts(home, monkeypatch):
    from pipeline.pseudonyms.extracts.register_store import RegisterStore

    home.drop("a.parquet", jobs([JAN, FEB]))
    monkeypatch.setattr(RegisterStore, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        home.night()
    monkeypatch.undo()
    assert states(home.night()) == ["i_bruk"]
    home.drop("b.parquet", jobs([(2029, 1), (2029, 2)]))
    assert "uttrekk_hull" in home.night().refused


def test_a_home_in_a_folder_that_reads_as_a_column_is_refused(tmp_path, keys):
    home = Nights(tmp_path / "status=bosatt", keys)
    home.drop("a.parquet", jobs([JAN]))
    assert "'=' in its name" in home.night().refused


def test_an_extract_that_is_taken_away_and_brought_back_is_news(home, tmp_path):
    good = home.drop("a.parquet", jobs([JAN, FEB], position=50.0))
    home.night()
    kept = good.rename(tmp_path / "unna.parquet")
    home.drop("b.parquet", jobs([JAN, FEB], position=70.0))
    home.night()
    (home.folder / "b.parquet").unlink()
    assert not home.night().refused
    assert set(home.months().values()) == {70.0}  # what was admitted stays
    kept.rename(home.folder / "a.parquet")
    assert states(home.night())[-1] == "i_bruk"
    assert set(home.months().values()) == {50.0}
    assert not home.night().changed


def test_what_nobody_reads_is_counted(home, tmp_path):
    home.drop("a.parquet", jobs([JAN]))
    (home.folder / "juli.xlsx").write_bytes(b"PK")
    (home.folder / "_SUCCESS").write_bytes(b"")
    (home.folder / "lenke.parquet").symlink_to(tmp_path)
    (home.folder / "hive").mkdir()
    (home.folder / "hive" / "del.csv.gz").write_bytes(b"x")
    zone = drop_zones(home.settings.home.registers, ["arbeidsforhold"], 0.0)["arbeidsforhold"]
    assert ([path.name for path in zone.files], zone.ignored) == (["a.parquet"], 3)


def test_a_disk_that_was_away_for_a_night_makes_no_old_extract_the_newest(home, tmp_path):
    home.drop("a.parquet", jobs([JAN, FEB], position=50.0))
    home.night()
    home.drop("b.parquet", jobs([JAN, FEB], position=70.0))
    home.night()
    files = sorted(home.folder.iterdir())
    for path in files:
        path.rename(tmp_path / path.name)
    home.known = KNOWN[:10]
    home.night()
    assert home.rows()["person_key"].n_unique() == 10  # who has left is taken out all the same
    for path in files:
        (tmp_path / path.name).rename(path)
    assert states(home.night()) == ["erstattet", "i_bruk"]
    assert set(home.months().values()) == {70.0}
