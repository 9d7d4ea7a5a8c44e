from __future__ import annotations

import errno
import gc
import random
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import RefusedStart, UserError
from pipeline.pseudonyms import (
    csv_dialect,
    new_key_file,
    new_register_key_file,
    owner_checks,
    owner_extract,
    owner_files,
    owner_stamp,
    pseudonymise_file,
)
from pipeline.pseudonyms.person_keys import register_keys
from tests.pseudonyms.synthetic_numbers import numbers

PERSONS = numbers(6)


def jobs(n: int = 6) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": PERSONS[:n],
            "maaned": [date(2024, 1, 1)] * n,
            "orgnr": ["974760673"] * n,
            "stillingsprosent": [50.0 + i for i in range(n)],
            "type": ["ordinaert"] * n,
            "navn": [f"Navn {i}" for i in range(n)],
        }
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    jobs().write_parquet(tmp_path / "inn.parquet")
    return tmp_path / "inn.parquet"


def everything_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_the_number_goes_and_the_rest_stays_as_it_is(source, keys, tmp_path):
    done = pseudonymise_file(source, tmp_path / "ut.parquet", "arbeidsforhold", keys)
    assert (done.rows, done.files, done.columns_left_out, done.files_left_out) == (6, 1, 1, 0)
    made = pl.read_parquet(tmp_path / "ut.parquet")
    assert made.columns == ["person_key", "key_version", "maaned", "orgnr", "stillingsprosent", "type"]
    assert made["person_key"].to_list() == register_keys(pl.Series(PERSONS), keys, "arbeidsforhold").to_list()
    assert made["key_version"].unique().to_list() == ["DEMO"]
    assert made.drop("person_key", "key_version").equals(jobs().drop("person_id", "navn"))
    assert (tmp_path / "ut.parquet").stat().st_mode & 0o777 == 0o600
    assert not any(number.encode() in (tmp_path / "ut.parquet").read_bytes() for number in PERSONS)


def test_owner_and_project_make_the_same_file_and_stamp(source, keys, tmp_path):
    own = new_register_key_file(tmp_path / "eier.json", "arbeidsforhold", keys)
    pseudonymise_file(source, tmp_path / "a.parquet", "arbeidsforhold", keys)
    pseudonymise_file(source, tmp_path / "b.parquet", "arbeidsforhold", own)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    stamp = owner_stamp(tmp_path / "a.parquet")
    assert stamp is not None
    assert (stamp.register, stamp.key_version, stamp.rows) == ("arbeidsforhold", "DEMO", 6)
    assert stamp.check_value == own.check_value == keys.of_register("arbeidsforhold").check_value
    assert stamp.check_value != new_key_file(tmp_path / "annen.json").of_register("arbeidsforhold").check_value


def test_a_stamp_that_is_no_stamp_is_none(source, tmp_path):
    assert owner_stamp(source) is None
    assert owner_stamp(tmp_path / "mangler.parquet") is None
    junk = ['{"register": 1}', "[]", '{"register":"x","key_version":"K1","check_value":"zz","rows":1,"written_by":"1"}', "{"]
    for place, text in enumerate(junk):
        path = tmp_path / f"{place}.parquet"
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"jobbsjansen": text}), path)
        assert owner_stamp(path) is None


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_of_any_kind_becomes_parquet_of_text(keys, tmp_path, separator, encoding):
    rows = [["Person_ID ", "maaned", "orgnr", "type"], [PERSONS[0], "2024-01-01", "", "blåbær"], [PERSONS[1], "", '"a\nb"', "x"]]
    (tmp_path / "inn.csv").write_bytes("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    pseudonymise_file(tmp_path / "inn.csv", tmp_path / "ut.parquet", "arbeidsforhold", keys)
    made = pl.read_parquet(tmp_path / "ut.parquet")
    assert made["type"].to_list() == ["blåbær", "x"]
    assert made["orgnr"].to_list() == [None, "a\nb"]
    assert made["person_key"].to_list() == register_keys(pl.Series(PERSONS[:2]), keys, "arbeidsforhold").to_list()


def test_an_empty_extract_keeps_its_columns(keys, tmp_path):
    jobs()[:0].write_parquet(tmp_path / "inn.parquet")
    assert pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "tom.parquet", "arbeidsforhold", keys).rows == 0
    assert owner_stamp(tmp_path / "tom.parquet").rows == 0
    (tmp_path / "inn.csv").write_text("person_id;maaned;orgnr;type\n")
    assert pseudonymise_file(tmp_path / "inn.csv", tmp_path / "ut.parquet", "arbeidsforhold", keys).rows == 0
    assert pl.read_parquet(tmp_path / "ut.parquet").columns == ["person_key", "key_version", "maaned", "orgnr", "type"]


def test_a_hive_folder_keeps_its_layout(keys, tmp_path):
    for year, part in ((2023, "a.parquet"), (2024, "b.parquet")):
        (tmp_path / f"inn/aar={year}").mkdir(parents=True)
        pl.DataFrame({"person_id": PERSONS[:2], "naeringsinntekt_nok": [1.0, 2.0]}).write_parquet(
            tmp_path / f"inn/aar={year}/{part}"
        )
    (tmp_path / "inn/aar=2024/b.csv").write_text(f"person_id;naeringsinntekt_nok\n{PERSONS[2]};3,5\n")
    (tmp_path / "inn/les_meg.txt").write_text("hei")
    done = pseudonymise_file(tmp_path / "inn", tmp_path / "ut", "selvstendig", keys)
    assert (done.rows, done.files, done.files_left_out) == (5, 3, 1)
    assert everything_below(tmp_path / "ut") == [
        "aar=2023",
        "aar=2023/a.parquet",
        "aar=2024",
        "aar=2024/b.csv.parquet",
        "aar=2024/b.parquet.parquet",
    ]
    assert owner_stamp(tmp_path / "ut/aar=2023/a.parquet").rows == 2


@pytest.mark.parametrize("size", [1, 3, 5, 100])
def test_batches_leave_no_trace_in_what_is_read(keys, tmp_path, monkeypatch, size):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", size)
    kinds = pl.Series(["ordinaert", "frilans", "ordinaert", "maritimt", "frilans", None])
    jobs().with_columns(type=kinds.cast(pl.Categorical)).write_parquet(tmp_path / "inn.parquet", row_group_size=4)
    told: list[str] = []
    monkeypatch.setattr(owner_extract, "_TOLD_EVERY", 4)
    pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys, told.append)
    made = pl.read_parquet(tmp_path / "ut.parquet")
    assert made["person_key"].to_list() == register_keys(pl.Series(PERSONS), keys, "arbeidsforhold").to_list()
    assert made["type"].cast(pl.String).to_list() == kinds.to_list()
    assert owner_stamp(tmp_path / "ut.parquet").rows == 6
    assert told


def refused(source: Path, target: Path, keys, says: str, register: str = "arbeidsforhold") -> None:
    before = everything_below(target.parent)
    with pytest.raises(UserError, match=says) as raised:
        pseudonymise_file(source, target, register, keys)
    assert raised.value.__context__ is None
    assert not any(number in str(raised.value) for number in PERSONS)
    assert everything_below(target.parent) == before


@pytest.mark.parametrize("wrong", ["1819012345", "018190123456", " 01819012345", "٠١٨١٩٠١٢٣٤٥", "", None])
def test_ids_that_are_not_eleven_digits_stop_it_and_are_counted_over_all_files(keys, tmp_path, wrong, monkeypatch):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", 2)
    (tmp_path / "inn").mkdir()
    for name in "ab":
        jobs().with_columns(person_id=pl.Series([*PERSONS[:4], wrong, wrong])).write_parquet(tmp_path / f"inn/{name}.parquet")
    refused(tmp_path / "inn", tmp_path / "ut", keys, r"not 11 digits in 4 row\(s\)")


def test_required_columns_that_no_file_has_are_named(keys, tmp_path):
    jobs().drop("maaned", "orgnr").write_parquet(tmp_path / "inn.parquet")
    refused(tmp_path / "inn.parquet", tmp_path / "ut.parquet", keys, "arbeidsforhold lacks the required column.s. maaned, orgnr")
    (tmp_path / "inn.csv").write_text(f"person_id;stillingsprosent\n{PERSONS[0]};50\n")
    refused(tmp_path / "inn.csv", tmp_path / "ut.parquet", keys, "maaned, orgnr, type")
    jobs().drop("stillingsprosent").write_parquet(tmp_path / "uten_frivillig.parquet")
    assert pseudonymise_file(tmp_path / "uten_frivillig.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys).rows == 6


def test_a_folder_named_as_a_column_is_that_column(keys, tmp_path):
    incomes = pl.DataFrame({"person_id": PERSONS, "naeringsinntekt_nok": 1.0})
    (tmp_path / "inn/aar=2023").mkdir(parents=True)
    for place in ("inn/aar=2023/a.parquet", "alene.parquet"):
        incomes.write_parquet(tmp_path / place)
    (tmp_path / "aar=2023").mkdir()
    assert pseudonymise_file(tmp_path / "inn", tmp_path / "ut", "selvstendig", keys).rows == 6
    assert pseudonymise_file(tmp_path / "alene.parquet", tmp_path / "aar=2023/a.parquet", "selvstendig", keys).rows == 6
    refused(tmp_path / "alene.parquet", tmp_path / "ut.parquet", keys, "required column.s. aar", "selvstendig")


def test_columns_left_out_are_named_where_their_names_are_plain(keys, tmp_path):
    others = {"navn": "X", "Kommune_Navn ": "X", f"person {PERSONS[0]}": "X", "Kari Nordmann": "X", "x" * 31: "X", "felt2": "X"}
    jobs().drop("navn").with_columns(pl.lit(value).alias(name) for name, value in others.items()).write_parquet(
        tmp_path / "inn.parquet"
    )
    done = pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys)
    assert (done.columns_left_out, done.names_left_out) == (6, ("kommune_navn", "navn"))


REAL = ["01010012345", "41010012345", "01410012345", "01130012345", "01800012345", "01930012345"]  # by the month; D and H too


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_published_key_takes_nobody_without_the_synthetic_mark(keys, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", 2)
    hash_numbers = owner_extract._named
    hashed: list[str] = []

    def seen(batch, *rest):
        hashed.extend(batch.column("person_id").to_pylist())
        return hash_numbers(batch, *rest)

    monkeypatch.setattr(owner_extract, "_named", seen)
    people = pl.concat([jobs(), jobs().with_columns(person_id=pl.Series(REAL)), jobs()])
    source = tmp_path / f"inn.{kind}"
    people.write_parquet(source) if kind == "parquet" else people.write_csv(source)
    refused(source, tmp_path / "ut.parquet", keys, r"published demo key.*no synthetic mark in 6 row\(s\).*--key-file.*MILJO=prod")
    refused(source, tmp_path / "ut.parquet", keys.of_register("arbeidsforhold"), r"no synthetic mark in 6 row\(s\)")
    assert not set(REAL) & set(hashed)
    own = new_key_file(tmp_path / "ekte.json")
    assert pseudonymise_file(source, tmp_path / "ut.parquet", "arbeidsforhold", own).rows == 18


def test_every_synthetic_month_passes_under_the_published_key_with_a_d_number_too(keys, tmp_path):
    marked = [f"{day}{month}9012345" for day in ("01", "41", "71") for month in range(81, 93)]
    pl.DataFrame({"person_id": marked, "aar": 2023}).write_parquet(tmp_path / "inn.parquet")
    assert pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "selvstendig", keys).rows == 36


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_identity_numbers_elsewhere_stop_it(keys, tmp_path, kind):
    hidden = jobs().with_columns(type=pl.Series(["ordinaert", f"se {PERSONS[0]}", *["x"] * 3, PERSONS[1]]).cast(kind))
    hidden.write_parquet(tmp_path / "inn.parquet")
    refused(tmp_path / "inn.parquet", tmp_path / "ut.parquet", keys, r"arbeidsforhold.type holds identity numbers in 2 row")


@pytest.mark.parametrize(
    "kind", [pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Decimal(9, 2)]
)
def test_numbers_of_every_width_pass(keys, tmp_path, kind):
    jobs().with_columns(lonn_nok=pl.lit(100).cast(kind)).write_parquet(tmp_path / "inn.parquet")
    assert pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys).rows == 6


@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt64, pl.Float64, pl.Decimal(20, 2)])
def test_identity_numbers_in_a_number_column_stop_it(keys, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", 2)
    pay = pl.Series([*(int(number) for number in PERSONS[:4]), 45_000, None]).cast(kind)  # the leading zero is lost
    jobs().with_columns(lonn_nok=pay).write_parquet(tmp_path / "inn.parquet")
    refused(tmp_path / "inn.parquet", tmp_path / "ut.parquet", keys, r"arbeidsforhold.lonn_nok holds identity numbers in 4 row")


def test_numbers_that_lost_their_zero_stop_it_in_csv_too(keys, tmp_path):
    pay = pl.Series([*(f"{int(number)}" for number in PERSONS[:3]), f"{int(PERSONS[3])},00", "45000,50", None])
    jobs().with_columns(lonn_nok=pay).write_csv(tmp_path / "inn.csv", separator=";")
    refused(tmp_path / "inn.csv", tmp_path / "ut.parquet", keys, r"arbeidsforhold.lonn_nok holds identity numbers in 4 row")


@pytest.mark.parametrize(
    "pay", [[int(PERSONS[0])] * 6, [int(PERSONS[0]), *range(2_000_000_001, 2_000_000_006)], [1e300, float("nan")] * 3]
)
def test_one_amount_that_looks_like_an_identity_number_by_chance_passes(keys, tmp_path, monkeypatch, pay):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", 2)
    jobs().with_columns(lonn_nok=pl.Series(pay)).write_parquet(tmp_path / "inn.parquet")
    assert pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys).rows == 6


def test_many_large_amounts_pass_and_take_no_more_memory(monkeypatch):
    monkeypatch.setattr(owner_checks, "_REMEMBERED", 100)
    amounts = pl.Series(random.Random(1).choices(range(1_000_000_000, 100_000_000_000), k=5000))
    seen = owner_checks.LargeNumbers()
    for start in range(0, 5000, 500):
        seen.look_at(amounts[start : start + 500])
    assert 0 < seen.fitting < 100
    assert not seen.beyond_chance
    assert len(seen.remembered) == 100


def test_identity_numbers_in_names_of_files_and_folders_stop_it(keys, tmp_path):
    (tmp_path / f"inn/person={PERSONS[0]}").mkdir(parents=True)
    jobs().write_parquet(tmp_path / f"inn/person={PERSONS[0]}/a.parquet")
    refused(tmp_path / "inn", tmp_path / "ut", keys, "names of 1 file")


HEADER = "person_id;maaned;orgnr;type"
NOT_READ = {
    "a.parquet": (b"PAR1" + PERSONS[0].encode() * 10, r"File 1 of 1 \(a.parquet\) is damaged or half written"),
    "b.csv": (f"{HEADER}\n{PERSONS[0]};x;y;z;a;b\n".encode(), r"\(b.csv\) has 4 columns by its header, but 6 in row 2"),
    "c.csv": (f"Person_id;person_id\n{PERSONS[0]};x\n".encode(), "two columns of one name: person_id"),
    "d.csv": (b"", r"is empty \(0 bytes\)"),
    "e.txt": (b"x", "no Parquet or CSV"),
    "f.csv": (f"person_id;type\n{PERSONS[0]};x\n".encode("utf-16"), "encoded in UTF-16; UTF-8 is wanted"),
    "g.csv": (b"fnr|type\n1|x\n", "none of the described columns. Columns in CSV must be separated by semicolon, comma or tab"),
    "Kari Nordmann.parquet": (
        b"PK\x03\x04",
        "File 1 of 1 in order of name is named .parquet, but starts like a zip archive or an Excel",
    ),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_cannot_be_read_is_told_without_a_value(keys, tmp_path, name):
    content, text = NOT_READ[name]
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, tmp_path / "ut.parquet", keys, text)
    refused(tmp_path / "mangler.parquet", tmp_path / "ut.parquet", keys, "no Parquet or CSV")


def test_the_file_that_is_to_blame_is_named_among_many(keys, tmp_path):
    for year in range(2001, 2013):
        (tmp_path / f"inn/aar={year}").mkdir(parents=True)
        pl.DataFrame({"person_id": PERSONS, "naeringsinntekt_nok": 1.0}).write_parquet(tmp_path / f"inn/aar={year}/a.parquet")
    (tmp_path / "inn/aar=2007/a.parquet").write_bytes(b"")
    says = r"File 7 of 12 \(aar=2007/a.parquet\) is empty"
    refused(tmp_path / "inn", tmp_path / "ut", keys, says, "selvstendig")


def test_columns_that_nobody_asked_for_may_be_called_and_hold_anything(keys, tmp_path):
    described = {"orgnr": ["1"] * 6, "maaned": ["2024-01-01"] * 6, "type": ["ordinaert"] * 6}
    odd = pa.table({"person_id": PERSONS, "x": [{"q": 1}] * 6, **described, " X": [[1]] * 6})
    pq.write_table(odd, tmp_path / "inn.parquet")
    assert pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys).rows == 6
    assert pl.read_parquet(tmp_path / "ut.parquet").columns == ["person_key", "key_version", "maaned", "orgnr", "type"]
    (tmp_path / "inn.csv").write_text(f"{HEADER};;\n{PERSONS[0]};2024-01-01;1;ordinaert;;\n")
    assert pseudonymise_file(tmp_path / "inn.csv", tmp_path / "csv.parquet", "arbeidsforhold", keys).rows == 1


def _raise(problem: Exception) -> None:
    raise problem


@pytest.mark.parametrize("fault", ["row", "disk", "last write"])
def test_what_goes_wrong_late_leaves_nothing(keys, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(owner_files, "BATCH_ROWS", 10)
    monkeypatch.setattr(csv_dialect, "BLOCK", 4096)
    rows = [f"{number};2024-01-01;1;x" for number in numbers(2000)]
    if fault == "last write":
        monkeypatch.setattr(owner_extract.pq.ParquetWriter, "write_batch", lambda *_: _raise(OSError(errno.ENOSPC, "full")))
    elif fault == "disk":
        written: list[int] = []

        def full(*given):
            written.append(1)
            if len(written) > 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return named(*given)

        named = owner_extract._named
        monkeypatch.setattr(owner_extract, "_named", full)
    else:
        rows[1500] += ";y"
    (tmp_path / "inn.csv").write_text("\n".join([HEADER, *rows, ""]))
    with pytest.raises(UserError if fault == "row" else OSError):
        pseudonymise_file(tmp_path / "inn.csv", tmp_path / "ut.parquet", "arbeidsforhold", keys)
    gc.collect()
    assert everything_below(tmp_path) == ["inn.csv"]


def test_persons_must_be_named_by_text(keys, tmp_path):
    jobs().rename({"person_id": "fnr"}).write_parquet(tmp_path / "a.parquet")
    jobs().with_columns(pl.col("person_id").cast(pl.Int64)).write_parquet(tmp_path / "b.parquet")
    jobs().with_columns(orgnr=pl.Series([[PERSONS[0]]] * 6)).write_parquet(tmp_path / "c.parquet")
    jobs().with_columns(orgnr=pl.Series([PERSONS[0].encode()] * 6)).write_parquet(tmp_path / "d.parquet")
    for name, says in (("a", "no person_id"), ("b", "no person_id"), ("c", "column orgnr"), ("d", "column orgnr")):
        refused(tmp_path / f"{name}.parquet", tmp_path / "ut.parquet", keys, says)


def test_nothing_is_overwritten_and_no_odd_place_taken(source, keys, tmp_path):
    (tmp_path / "er.parquet").write_bytes(b"mine")
    (tmp_path / "lenke.parquet").symlink_to(tmp_path / "ingensteds")
    for name in ("er.parquet", "lenke.parquet", "."):
        refused(source, tmp_path / name, keys, "exists already")
    assert (tmp_path / "er.parquet").read_bytes() == b"mine"
    refused(source, tmp_path / "ut.csv", keys, "Parquet file")
    refused(tmp_path, tmp_path / "ut", keys, "inside IN")


def test_a_target_that_appears_meanwhile_is_left_alone(source, keys, tmp_path, monkeypatch):
    look = owner_extract.Objections.refuse

    def meanwhile(self):
        (tmp_path / "ut.parquet").write_bytes(b"theirs")
        look(self)

    monkeypatch.setattr(owner_extract.Objections, "refuse", meanwhile)
    with pytest.raises(UserError, match="meanwhile"):
        pseudonymise_file(source, tmp_path / "ut.parquet", "arbeidsforhold", keys)
    assert everything_below(tmp_path) == ["inn.parquet", "ut.parquet"]
    assert (tmp_path / "ut.parquet").read_bytes() == b"theirs"


@pytest.mark.parametrize(("register", "says"), [("virksomhet", "no persons"), ("finnesikke", "no such register")])
def test_only_registers_of_persons(source, keys, tmp_path, register, says):
    refused(source, tmp_path / "ut.parquet", keys, says, register)


def test_another_registers_key_makes_nothing(source, keys, tmp_path):
    other = new_register_key_file(tmp_path / "eier.json", "ytelse", keys)
    with pytest.raises(RefusedStart, match="another purpose"):
        pseudonymise_file(source, tmp_path / "ut.parquet", "arbeidsforhold", other)
    assert not (tmp_path / "ut.parquet").exists()


def test_what_no_row_says_is_not_in_the_file_either(keys, tmp_path):
    rows = jobs().to_arrow()
    kinds = pa.DictionaryArray.from_arrays(pa.array([0] * rows.num_rows), pa.array(["ordinaert", "Kari Nordmann"]))
    pq.write_table(rows.set_column(rows.schema.get_field_index("type"), "type", kinds), tmp_path / "inn.parquet")
    pseudonymise_file(tmp_path / "inn.parquet", tmp_path / "ut.parquet", "arbeidsforhold", keys)
    assert b"Nordmann" not in (tmp_path / "ut.parquet").read_bytes()
    assert pq.read_table(tmp_path / "ut.parquet", read_dictionary=["type"])["type"].chunk(0).dictionary.to_pylist() == [
        "ordinaert"
    ]
