"""What files say in all their dialects, and that no bytes at all can stop the reader."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.intake.reading.cells import typed
from pipeline.intake.reading.containers import read_delivery
from pipeline.intake.reading.sandbox import Sandbox
from pipeline.intake.reading.sheet import UNCOMPUTED
from pipeline.intake.reading.spelling import sheet_named, table_named
from pipeline.rules import rule
from pipeline.tables import DELIVERY_TABLES, Column
from tests.intake.intake_case import csv_bytes, valid_tables, xlsx_of, zip_bytes

HEADER = "prosjekt_id;tilskuddsaar;komm_nr;navn;malgruppe;organisering;start_dato"
CELL = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).map(str.strip)


def read_one(data: bytes, table: str = "prosjekt") -> pl.DataFrame:
    reading = read_delivery(data, table)
    assert not [f for f in reading.findings if f.code < "JS030"], reading.findings
    return reading.tables[table]


def cells_of(raw: dict[str, list[str | None]], table: str, *, exact: bool = False) -> pl.DataFrame:
    n = len(next(iter(raw.values())))
    labels = {
        "receipt_id": ["r"] * n,
        "sender": ["4601"] * n,
        "order": [1] * n,
        "row_no": list(range(2, n + 2)),
        "exact": [exact] * n,
    }
    return typed(table, pl.DataFrame(labels | raw), demo=True)


@given(
    st.lists(CELL.filter(lambda t: bool(t) and "Ã" not in t and "Â" not in t), min_size=1, max_size=5),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60, deadline=None)
def test_csv_dialects_say_the_same(names: list[str], delimiter: str, encoding: str, newline: str) -> None:
    rows = [HEADER.replace(";", delimiter)]
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        rows.append(delimiter.join(["P1", "2023", "4601", quoted, "ungdom", "nav", "2023-01-01"]))
    data = newline.join([*rows, ""]).encode(encoding)
    try:
        data.decode("utf-8")
    except UnicodeError:
        pass
    else:
        # bytes that are valid UTF-8 are read as UTF-8, whatever wrote them
        names = names if encoding != "cp1252" or data.isascii() else []
    if names:
        frame = read_one(data)
        blank = " \t\r\n\u00a0\u202f\ufeff"
        assert frame["navn"].to_list() == [n.strip(blank) or None for n in names]
        assert frame["row_no"].to_list() == list(range(2, len(names) + 2))


def test_quoted_line_breaks_keep_the_line_where_the_record_starts() -> None:
    data = f'{HEADER}\nP1;2023;4601;"To\nlinjer";ungdom;nav;2023-01-01\nP2;2023;4601;En;ungdom;nav;2023-01-01\n'
    assert read_one(data.encode())["row_no"].to_list() == [2, 4]


def test_ragged_row_is_named_by_its_line() -> None:
    data = f'{HEADER}\nP1;2023;4601;"To\nlinjer";ungdom;nav;2023-01-01\nP2;2023\n'
    finding = read_delivery(data.encode(), "prosjekt").findings[-1]
    assert (finding.code, finding.rows) == ("JS023", (4,))


@pytest.mark.parametrize("header", ["Prosjekt-ID", "PROSJEKT ID", "prosjektnr", "Prosjektnummer", "prosjekt.id"])
def test_headers_are_matched_by_their_letters(header: str) -> None:
    data = csv_bytes(valid_tables()["prosjekt"]).replace(b"prosjekt_id", header.encode(), 1)
    assert "prosjekt_id" in read_one(data).columns


def test_norwegian_letters_and_their_substitutes_are_one_header() -> None:
    row = valid_tables(1)["deltaker"][0]
    for spelling in ("Fødselsdato", "fodselsdato", "FOEDSELSDATO"):
        data = csv_bytes([row]).replace(b"fodselsdato", spelling.encode(), 1)
        assert "fodselsdato" in read_one(data, "deltaker").columns


def test_file_and_sheet_names() -> None:
    assert table_named("Oppfølging_2024.csv") == "oppfolging"
    assert table_named("../tiltak.csv") == "tiltak"
    assert table_named("etteroppfolging.csv") == "etteroppfolging"
    assert table_named("budsjett.csv") is None
    assert [sheet_named(n) for n in ("Deltakere", "Arbeidsgiver svar", "Tiltaksplan")] == ["deltaker", "arbeidsgiver_svar", None]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-02-01", date(2024, 2, 1)),
        ("01.02.2024", date(2024, 2, 1)),
        ("1.2.2024", date(2024, 2, 1)),
        ("2024-02-01 00:00:00", date(2024, 2, 1)),
        ("31.02.2024", None),
        ("2024-13-01", None),
        ("01/02/2024", None),
        ("01.02.24", None),
        ("20240201", None),
    ],
)
def test_dates(written: str, read: date | None) -> None:
    row = cells_of({"dato": [written]}, "oppfolging").row(0, named=True)
    assert row["dato"] == read
    assert (read is None) == any(row[f"flag_{code}__dato"] for code in ("JS104", "JS105", "JS106"))


@pytest.mark.parametrize(
    ("written", "exact", "read"),
    [("37,5", False, 37.5), ("1 250,5", False, 1250.5), ("1\u00a0250", False, 1250.0), ("37.5", False, 37.5), ("1.250", False, None),
     ("1.250", True, 1.25), ("12 5", False, None), ("37,5 t", False, None), ("1e3", False, None)],
)  # fmt: skip
def test_numbers(written: str, exact: bool, read: float | None) -> None:
    row = cells_of({"timer_per_uke": [written]}, "tiltak", exact=exact).row(0, named=True)
    assert row["timer_per_uke"] == read
    assert row["flag_JS107__timer_per_uke"] == (read is None)


@pytest.mark.parametrize("written", ["9" * 30, "-" + "9" * 30, "9" * 400, "9007199254740993", "1e999", "inf", "NaN", "Infinity"])
@pytest.mark.parametrize(
    ("table", "column"), [("oppfolging", "minutter"), ("prosjekt", "tilskudd_nok"), ("tiltak", "timer_per_uke")]
)
@pytest.mark.parametrize("exact", [False, True])
def test_number_beyond_what_can_be_held_is_an_error(written: str, table: str, column: str, exact: bool) -> None:
    row = cells_of({column: [written]}, table, exact=exact).row(0, named=True)
    kept = row[column]
    assert row[f"flag_JS107__{column}"] == (kept is None)
    assert kept is None or abs(kept - float(written)) <= 1e-15 * abs(kept)
    if DELIVERY_TABLES[table][column].kind == "int" or not written.strip("-").isdigit():
        assert kept is None


TYPED = [(t.name, c) for t in DELIVERY_TABLES.values() for c in t.columns if c.kind in ("int", "float", "date")]


@given(
    st.sampled_from(TYPED),
    st.booleans(),
    st.one_of(st.text(max_size=12), st.from_regex(r"[-+]?[0-9 .,eE:T-]{1,30}", fullmatch=True)),
)
@settings(max_examples=300, deadline=None)
def test_no_written_cell_becomes_empty_without_a_finding(place: tuple[str, Column], exact: bool, written: str) -> None:
    table, column = place
    row = cells_of({column.name: [written]}, table, exact=exact).row(0, named=True)
    broken = any(value for name, value in row.items() if name.startswith("flag_") and name.endswith(f"__{column.name}"))
    assert row[column.name] is not None or broken


def test_countries_become_alpha_3() -> None:
    frame = cells_of({"landbakgrunn": ["Somalia", "so", "SOM", "Frankrike", "Kosovo", "Atlantis"]}, "deltaker")
    assert frame["landbakgrunn"].to_list() == ["SOM", "SOM", "SOM", "FRA", "XKX", None]


def test_workbook_types_titles_totals_and_error_cells() -> None:
    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheets["deltaker"].write(0, 0, "Leveranse 2023")
        sheets["oppfolging"].write_formula(4, 5, "=1/0", None, "#DIV/0!")
        sheets["oppfolging"].write(6, 0, "Sum")

    reading = read_delivery(xlsx_of(valid_tables(), spoil, top=2), None)
    deltaker = reading.tables["deltaker"]
    assert deltaker["row_no"].to_list() == [4, 5, 6]
    assert reading.facts["header_row"]["deltaker"] == 3
    frame = cells_of({c: deltaker[c].to_list() for c in deltaker.columns if c != "row_no"}, "deltaker", exact=True)
    assert frame["start_dato"].to_list() == [date(2023, 2, 1)] * 3
    assert frame["timer_per_uke"].to_list() == [37.5] * 3
    assert reading.tables["oppfolging"]["minutter"].to_list() == ["45", "#REF!", "45"]
    assert {"JS033", "JS035", "JS036"} <= {f.code for f in reading.findings}


def test_formula_without_a_stored_value_is_an_error_and_never_a_blank() -> None:
    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheets["oppfolging"].write_formula(1, 5, "=40+5", None, "")
        sheets["oppfolging"].write_formula(2, 5, "=40+5", None, 45)
        sheets["tiltak"].write_formula(3, 0, "=A2", None, "")
        for place in range(5):
            sheets["kartlegging"].write_formula(9, place, "=A2", None, "")

    reading = read_delivery(xlsx_of(valid_tables(), spoil), None)
    assert reading.tables["oppfolging"]["minutter"].to_list() == [UNCOMPUTED, "45", "45"]
    assert reading.tables["tiltak"]["prosjekt_id"].to_list() == ["P1", "P1", UNCOMPUTED]
    assert reading.tables["kartlegging"]["row_no"].to_list() == [2, 3, 4, 10]
    assert [(f.table, f.rows) for f in reading.findings if f.code == "JS035"] == [("oppfolging", (3,))]
    frame = cells_of({"minutter": [UNCOMPUTED, "45"]}, "oppfolging", exact=True)
    assert frame["flag_JS116__minutter"].to_list() == [True, False]
    assert frame["flag_JS107__minutter"].to_list() == [False, False]


def test_formula_whose_stored_value_is_empty_text_is_a_blank() -> None:
    def spoil(book: Any, sheets: dict[str, Any]) -> None:
        sheets["oppfolging"].write_formula(1, 5, '=""', None, "")

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_of(valid_tables(), spoil))) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content.replace(b'<c r="F2"><f>', b'<c r="F2" t="str"><f>'))
    assert read_delivery(out.getvalue(), None).tables["oppfolging"]["minutter"].to_list() == [None, "45", "45"]


def test_parquet_keeps_types_and_counts_rows_from_one() -> None:
    buffer = io.BytesIO()
    pl.DataFrame(valid_tables()["oppfolging"]).write_parquet(buffer)
    frame = read_one(buffer.getvalue(), "oppfolging")
    assert frame.select("row_no", "dato", "minutter").rows()[0] == (1, "2023-04-01", "45")


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf"]))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_refused_with_a_code(data: bytes, start: bytes) -> None:
    reading = read_delivery(start + data, "deltaker")
    assert not reading.tables
    assert reading.findings[-1].code in {"JS005", "JS007", "JS009", "JS010", "JS020", "JS021", "JS022", "JS024", "JS025", "JS026"}


@given(st.integers(0, 2000), st.integers(0, 255))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_spoiled_byte_never_crashes_the_reader(at: int, value: int) -> None:
    data = bytearray(SPOILED)
    data[at % len(data)] = value
    reading = read_delivery(bytes(data), None)
    assert reading.tables or reading.findings


SPOILED = zip_bytes({"prosjekt.csv": csv_bytes(valid_tables()["prosjekt"]), "tiltak.csv": csv_bytes(valid_tables()["tiltak"])})


def test_bytes_that_are_no_text_are_an_unknown_format_whatever_the_name() -> None:
    noise = random.Random(1).randbytes(4000)
    for table in (None, "deltaker"):
        assert [f.code for f in read_delivery(noise, table).findings] == ["JS020"]
    assert [f.code for f in read_delivery(b"konto;sum\n1;2\n", None).findings] == ["JS021"]
    assert "skadet" in rule("JS020").message


def test_archive_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(zip_bytes({"prosjekt.csv": csv_bytes(valid_tables()["prosjekt"])}))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (5).to_bytes(4, "little")
    reading = read_delivery(bytes(data), None)
    assert reading.findings[-1].code in {"JS009", "JS025", "JS026"}
    assert not reading.tables


def test_link_inside_an_archive_is_refused() -> None:
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo("deltaker.csv")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert read_delivery(buffer.getvalue(), None).findings[-1].code == "JS007"


def test_reader_imports_nothing_from_where_the_user_stands(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "good"
    good.write_bytes(csv_bytes(valid_tables()["prosjekt"]))
    hostile = tmp_path / "cwd"
    for name in ("dis.py", "csv.py", "polars.py", "pipeline/__init__.py", "sitecustomize.py"):
        (hostile / name).parent.mkdir(parents=True, exist_ok=True)
        (hostile / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", str(hostile))
    monkeypatch.setenv("PYTHONSTARTUP", str(hostile / "dis.py"))
    with Sandbox(Path("scratch")) as sandbox:  # a relative home is read all the same
        assert sandbox.read(Path("../good"), "prosjekt").tables["prosjekt"].height == 1
    assert not (tmp_path / "ran").exists()


def test_reader_that_hangs_or_dies_is_replaced(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "good"
    good.write_bytes(csv_bytes(valid_tables()["prosjekt"]))
    with Sandbox(tmp_path / "scratch") as sandbox:
        assert sandbox.read(good, "prosjekt").tables
        with monkeypatch.context() as patch:
            patch.setattr("pipeline.intake.reading.sandbox.limits", lambda: {"parse_seconds": 0})
            assert [f.code for f in sandbox.read(good, "prosjekt").findings] == ["JS012"]
        assert sandbox.read(good, "prosjekt").tables["prosjekt"].height == 1
