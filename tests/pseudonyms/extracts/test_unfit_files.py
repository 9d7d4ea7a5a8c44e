"""What is said of an extract that cannot be used: which file, what is wrong with it, how to mend it; and that it is said once."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.pseudonyms import drop_zones, extract_files
from pipeline.pseudonyms.extract_files import OutOfRoom, file_places, value_free
from pipeline.pseudonyms.extracts import extract_tonight
from pipeline.pseudonyms.extracts.night import file_id
from pipeline.pseudonyms.extracts.register_store import RegisterStore
from tests.pseudonyms.extracts.register_nights import FEB, JAN, KNOWN, PEOPLE, Nights, jobs, states
from tests.pseudonyms.synthetic_numbers import numbers

GAPS = ["", "-", ".", "_", "=", "/", "--", "=_"]
HEADER = "person_id;maaned;orgnr;stillingsprosent;type"
ROW = f"{PEOPLE[0]};2024-01-01;310196303;50;ordinaert"


@pytest.fixture
def home(tmp_path, keys):
    return Nights(tmp_path, keys)


MAY = (2024, 5)


def whole() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(jobs([MAY], people=numbers(4000)).to_arrow().cast(pa.schema(_arrow_schema())), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _arrow_schema() -> list[pa.Field]:
    return [pq_field.with_type(pa.string()) if pa.types.is_large_string(pq_field.type) or pa.types.is_string_view(pq_field.type)
            else pq_field for pq_field in jobs([MAY]).to_arrow().schema]  # fmt: skip


def encrypted(*, plain_footer: bool) -> bytes:
    class Kms(pe.KmsClient):
        def __init__(self, _configuration):
            pe.KmsClient.__init__(self)

        def wrap_key(self, key, _name):
            return key.hex()

        def unwrap_key(self, key, _name):
            return bytes.fromhex(key)

    names = jobs([MAY]).columns
    how = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": names}, plaintext_footer=plain_footer)
    properties = pe.CryptoFactory(Kms).file_encryption_properties(pe.KmsConnectionConfig(), how)
    table, sink = jobs([MAY]).to_arrow().cast(pa.schema(_arrow_schema())), pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def spoiled() -> bytes:
    """A file that opens well and stops half-way: its rows are spoiled, its end is not."""
    content = bytearray(whole())
    content[200:4000] = b"\xff" * 3800
    return bytes(content)


BROKEN = {
    "empty": (lambda: b"", r"is empty \(0 bytes\)"),
    "cut off": (lambda: whole()[:-30], "is damaged or half written"),
    "rows spoiled": (spoiled, "is damaged or half written"),
    "end spoiled": (lambda: whole()[:-40] + b"\xff" * 32 + whole()[-8:], "is damaged or half written"),
    "Excel": (lambda: b"PK\x03\x04" + bytes(60), "is named .parquet, but starts like a zip archive or an Excel workbook"),
    "text": (lambda: f"{HEADER}\n{ROW}\n".encode(), "is named .parquet, but holds text, as CSV does"),
    "neither": (lambda: bytes(range(200)), "is named .parquet, but does not start as Parquet does"),
    "encrypted": (lambda: encrypted(plain_footer=False), "is encrypted Parquet"),
    "encrypted, with a plain end": (lambda: encrypted(plain_footer=True), "is encrypted Parquet"),
}


def months(home: Nights, year: int = 2024) -> None:
    for month in range(1, 13):
        folder = home.folder / "leveranse" / f"maaned={year}-{month:02d}-01"
        folder.mkdir(parents=True)
        jobs([(year, month)]).drop("maaned").write_parquet(folder / "del-0.parquet")


@pytest.mark.parametrize("case", BROKEN)
def test_of_many_files_the_broken_one_is_named_and_told_truly(home, case):
    months(home)
    content, says = BROKEN[case]
    (home.folder / "leveranse" / "maaned=2024-05-01" / "del-0.parquet").write_bytes(content())
    refused = home.night().refused
    assert (
        f"registers/arbeidsforhold: File 5 of 12 (leveranse/maaned=2024-05-01/del-0.parquet) {says}".replace("\\", "") in refused
    )
    assert not home.table.exists()
    assert not any(number in refused for number in PEOPLE)


CSV_BROKEN = {
    "more columns": (f"{HEADER}\n{ROW}\n{ROW};{PEOPLE[1]}\n", "has 5 columns by its header, but another number of in row 3"),
    "fewer columns": (f"{HEADER}\n{ROW}\n{PEOPLE[1]}\n", "has 5 columns by its header, but another number of in row 3"),
    "open quotation mark": (f'{HEADER}\n{ROW}\n"{ROW}\n', "has a quotation mark that is not closed in row 3"),
    "two of one name": (f"{HEADER};Maaned \n{ROW};2024-02-01\n", "has two columns of one name: maaned."),
}


@pytest.mark.parametrize("case", CSV_BROKEN)
def test_csv_is_told_by_row_without_a_value(home, case):
    content, says = CSV_BROKEN[case]
    (home.folder / "a.csv").write_text(f"{HEADER}\n{ROW}\n")
    (home.folder / "b.csv").write_text(content)
    refused = home.night().refused
    assert f"File 2 of 2 (b.csv) {says}" in refused
    assert not any(number in refused for number in PEOPLE)


def test_a_header_alone_has_no_rows_and_that_is_what_is_said(home):
    (home.folder / "a.csv").write_text(f"{HEADER}\n")
    assert "uttrekk_tomt" in home.night().refused


UNFIT_COLUMNS = {
    "structures": (lambda f: f.with_columns(maaned=pl.struct("maaned")), "has lists or structures in the column maaned"),
    "lists": (lambda f: f.with_columns(type=pl.concat_list("type")), "has lists or structures in the column type"),
    "number of a person": (lambda f: f.with_columns(pl.col("person_id").cast(pl.Int64)), "has a person_id that is no text"),
    "pseudonym": (
        lambda f: f.drop("person_id").with_columns(person_key=pl.lit(17), key_version=pl.lit("DEMO")),
        "has a person_key that is no text",
    ),
    "two of one name": (lambda f: f.with_columns(pl.col("type").alias("TYPE")), "has two columns of one name: type."),
}


@pytest.mark.parametrize("case", UNFIT_COLUMNS)
def test_a_column_that_is_no_column_of_ours_is_told_by_its_name(home, case):
    change, says = UNFIT_COLUMNS[case]
    home.drop("a.parquet", jobs([JAN]))
    home.drop("b.parquet", change(jobs([FEB])))
    assert f"File 2 of 2 (b.parquet) {says}" in home.night().refused


def test_files_that_are_sound_by_themselves_are_not_called_damaged(home):
    home.drop("a.parquet", jobs([JAN]))
    home.drop("b.parquet", jobs([FEB]).with_columns(maaned=pl.lit(202402)))
    refused = home.night().refused
    assert "every file can be read by itself. Columns of several types: maaned DATE and INTEGER." in refused
    assert "damaged" not in refused


def test_columns_nobody_asked_for_are_no_reason_to_refuse(home):
    odd = [
        pl.lit(1),
        pl.lit("x"),
        pl.concat_list(pl.lit(1)),
        pl.struct(pl.lit(1).alias("q")),
        pl.lit(date(2024, 1, 1)),
        pl.lit(None),
    ]
    for number, (value, other) in enumerate(zip(odd, odd[1:] + odd[:1], strict=True)):
        frame = jobs([JAN], people=PEOPLE[number * 10 : number * 10 + 10])
        extra = {"jobbsjansen_fil": value, "JOBBSJANSEN_FIL_": other, "Merknad": value, "merknad": other, "k_maaned": other}
        home.drop(f"{number}.parquet", frame.with_columns(**extra))
    taken = home.night()
    assert (taken.refused, home.rows().height) == ("", 40)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("del-00017.parquet", "(del-00017.parquet)"),
        ("Kari Nordmann.parquet", "in order of name"),
        ("Nordmann_Ola.parquet", "in order of name"),
        ("nordmann/del-0.parquet", "in order of name"),
        ("uttrekk-ola-2024.csv", "in order of name"),
        ("Per.parquet", "in order of name"),  # a word of timer_per_uke
        ("Ada1.parquet", "in order of name"),  # hexadecimal, and a name
        ("O_N_1990.parquet", "in order of name"),
        ("kåre.parquet", "in order of name"),
        (f"{PEOPLE[0]}.parquet", "in order of name"),
        (f"x{PEOPLE[0][:6]}--{PEOPLE[0][6:]}.parquet", "in order of name"),
        (f"{int(PEOPLE[0])}.parquet", "in order of name"),
        (f"{'0' * 20}{PEOPLE[0]}.parquet", "in order of name"),
        ("a" * 200 + ".parquet", "in order of name"),
    ],
)
def test_a_name_is_repeated_only_when_it_is_harmless(home, name, told):
    (home.folder / name).parent.mkdir(exist_ok=True)
    (home.folder / name).write_bytes(b"")
    assert f"File 1 of 1 {told} is empty" in home.night().refused


@pytest.mark.parametrize(
    "name",
    [
        "part-00000-3f2c1a9b-fade-4beb-9d0e-1a2b3c4d5e6f-c000.snappy.parquet",
        "part-00000-3f2c-c000.snappy.parquet",
        "leveranse/maaned=2024-01-01/data_0.parquet",
        "befolkning/aar=2024/del-3.csv",
        "Arbeidsforhold_Januar2024.parquet",
        "uttrekk_arbeidsforhold_timer_per_uke_2024-05.csv",
        "a.parquet",
    ],
)
def test_names_that_programs_and_owners_give_are_told(name):
    (told,) = file_places([Path("/home/registers/arbeidsforhold") / name]).values()
    assert told == f"File 1 of 1 ({name})"


@pytest.mark.parametrize("name", ["Nordmann_Ola.parquet", "levering/OlaNordmann/del-0.parquet"])
def test_a_persons_name_on_a_file_is_in_nothing_that_a_night_leaves(home, name):
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    (home.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (home.folder / name).write_bytes(whole()[:-20])
    taken = home.night()
    assert "File 2 of 2 in order of name is damaged" not in taken.refused  # the new file is an extract of its own
    assert "File 1 of 1 in order of name is damaged" in taken.refused
    left = [path for path in home.settings.home.root.rglob("*") if path.is_file() and not path.is_relative_to(home.folder)]
    assert left
    for path in left:
        assert b"nordmann" not in path.read_bytes().lower()
        assert "nordmann" not in path.as_posix().lower()


@given(
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from(GAPS), min_size=11, max_size=11),
    st.text("0a-", max_size=4),
)
def test_no_identity_number_is_told_however_it_is_parted(number, gaps, before):
    name = before + "".join(d + g for d, g in zip(number, gaps, strict=True)).strip("/.") + ".parquet"
    root = Path("/home/registers/ytelse")
    (told,) = file_places([root / name]).values()
    assert told == "File 1 of 1 in order of name"


def test_a_file_in_a_name_that_is_not_utf8_is_told(home):
    with open(os.fsencode(home.folder) + b"/\xe5.parquet", "wb") as out:
        out.write(whole())
    assert "File 1 of 1 in order of name or a folder it lies in has a name that is not UTF-8. Rename it." in home.night().refused
    jobs([JAN]).write_csv(home.folder / "a.csv")
    os.rename(home.folder / "a.csv", os.fsencode(home.folder) + b"/\xe5.csv")
    next(home.folder.glob("*.parquet")).unlink()
    assert (home.night().refused, home.rows().height) == ("", 40)


@pytest.mark.parametrize("case", ["cut off", "rows spoiled", "encrypted, with a plain end", "text"])
def test_a_broken_file_is_read_once_and_told_every_night(home, monkeypatch, case):
    opened = []
    border = extract_tonight.at_the_border
    monkeypatch.setattr(extract_tonight, "at_the_border", lambda *given: (opened.append(1), border(*given))[1])
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    (home.folder / "b.parquet").write_bytes(BROKEN[case][0]())
    first = home.night()
    assert (len(opened), states(first)) == (2, ["i_bruk", "avvist"])
    second = home.night()
    home.known = KNOWN[:30]  # whoever takes part, a broken file is broken
    third = home.night()
    assert first.refused == second.refused == third.refused
    assert (second.changed, len(opened)) == (False, 3)  # the good one is cut anew for those who are left
    assert third.counted.columns["uttrekk_id"].n_unique() == 1
    home.drop("b.parquet", jobs([JAN, FEB]))
    assert home.night().refused == ""


def test_want_of_room_is_no_fault_of_the_file_and_tried_again(home, monkeypatch):
    def full(*_given):
        with duckdb.connect(config={"memory_limit": "2MB", "temp_directory": ""}) as small:
            value_free(
                lambda: small.execute("SELECT list(i::VARCHAR) FROM range(1000000) AS r(i)").fetchall(), "The extract is damaged."
            )

    home.drop("a.parquet", jobs([JAN]))
    monkeypatch.setattr(extract_tonight, "admit", full)
    refused = home.night().refused
    assert "want of memory or disk; the files may be sound" in refused
    assert "damaged" not in refused
    with pytest.raises(OutOfRoom):
        full()
    monkeypatch.undo()
    assert home.night().refused == ""


def test_the_file_that_may_not_be_read_is_named(home, monkeypatch):
    home.drop("a.parquet", jobs([JAN]))
    home.drop("b.parquet", jobs([JAN]))
    monkeypatch.setattr("os.access", lambda path, _how: path.name != "b.parquet")
    zone = drop_zones(home.settings.home.registers, ["arbeidsforhold"], 0.0)["arbeidsforhold"]
    assert zone.problem.startswith("1 file(s) may not be read by this user (first: File 2 of 2 (b.parquet)).")


UNDESCRIBED = {
    "b.csv": ("fnr|måned\n0|1\n", "Columns in CSV must be separated by semicolon, comma or tab. Look at the file description"),
    "c.csv": ("fnr;måned\n0;1\n", "Columns in CSV must be separated by semicolon, comma or tab. Look at the file description"),
    "d.parquet": ("", "Look at the file description"),
}


@pytest.mark.parametrize("name", UNDESCRIBED)
@pytest.mark.parametrize("beside", [False, True])
def test_a_file_without_any_described_column_is_told(home, name, beside):
    text, cure = UNDESCRIBED[name]
    if beside:
        home.drop("a.parquet", jobs([JAN]))
    if name.endswith(".csv"):
        (home.folder / name).write_text(text, encoding="utf-8")
    else:
        home.drop(name, pl.DataFrame({"fnr": ["1"], "måned": ["2"]}))
    refused = home.night().refused
    place = "File 2 of 2" if beside else "File 1 of 1"
    assert f"{place} ({name}) has none of the described columns. {cure}" in refused
    assert "fnr" not in refused


@pytest.fixture
def shut(monkeypatch):
    """Makes a folder one that may not be opened: the tests may run as a user who may open all."""
    look = os.scandir

    def shut(folder):
        def scandir(path="."):
            if str(path) == str(folder):
                raise PermissionError(13, "Permission denied", str(path))
            return look(path)

        monkeypatch.setattr("os.scandir", scandir)

    return shut


def test_a_folder_inside_a_delivery_that_may_not_be_opened_stops_all_of_it(home, shut):
    for month in (JAN, FEB):
        inner = home.folder / "leveranse" / f"maaned={month[0]}-{month[1]:02d}-01"
        inner.mkdir(parents=True)
        jobs([month]).drop("maaned").write_parquet(inner / "del-0.parquet")
    shut(home.folder / "leveranse" / "maaned=2024-01-01")
    zones = drop_zones(home.settings.home.registers, ["arbeidsforhold", "ytelse"], 0.0)
    assert zones["arbeidsforhold"].problem == (
        "1 folder(s) in it may not be read by this user. "
        "Give the user who runs the night read permission on registers/arbeidsforhold and every folder in it."
    )
    assert not zones["ytelse"].problem


def test_a_delivery_that_may_not_be_opened_at_all_is_told(home, shut):
    (home.folder / "leveranse").mkdir()
    shut(home.folder / "leveranse")
    assert drop_zones(home.settings.home.registers, ["arbeidsforhold"], 0.0)["arbeidsforhold"].problem


@pytest.mark.parametrize("inside", ["leveranse", "."])
def test_a_folder_that_tells_names_and_nothing_else_stops_it_too(home, monkeypatch, inside):
    folder = home.folder / inside
    folder.mkdir(exist_ok=True)
    jobs([JAN]).write_parquet(folder / "a.parquet")
    look = Path.lstat

    def lstat(path):
        if path.parent == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert drop_zones(home.settings.home.registers, ["arbeidsforhold"], 0.0)["arbeidsforhold"].problem


def test_whoever_else_looks_for_files_is_told_of_a_closed_folder(tmp_path, shut):
    (tmp_path / "inn" / "aar=2024").mkdir(parents=True)
    shut(tmp_path / "inn" / "aar=2024")
    with pytest.raises(UserError, match=r"1 folder\(s\) may not be opened") as raised:
        extract_files([tmp_path / "inn"])
    assert "2024" not in str(raised.value)


def test_who_leaves_is_taken_out_also_where_the_file_has_come_to_be_unfit(home):
    good = home.drop("a.parquet", jobs([JAN]))
    home.night()
    store = RegisterStore(home.settings.home, "arbeidsforhold")
    good.write_bytes(BROKEN["cut off"][0]())  # as when our rules have become stricter since it was accepted
    (accepted,) = store.extracts()
    store.record([accepted.with_(files=[file_id(good, "maaned")])])
    for left in (30, 20, 10):
        home.known = KNOWN[:left]
        assert "is damaged or half written" in home.night().refused
        assert home.rows()["person_key"].n_unique() == left
