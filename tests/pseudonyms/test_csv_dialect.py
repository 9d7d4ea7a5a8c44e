"""One table of CSV files, and everybody who reads one: the border (DuckDB), the owner's tool (arrow), the identity history."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.pseudonyms.csv_dialect import csv_dialect
from pipeline.pseudonyms.extract_files import value_free
from pipeline.pseudonyms.extracts.source import open_extract, pointing_out
from pipeline.pseudonyms.identity_history import read_identity_history
from pipeline.pseudonyms.owner_files import owner_files
from tests.pseudonyms.synthetic_numbers import numbers

A, B, C, D = numbers(4)
NAMES = ["tidligere_id", "person_id"]
ROWS = [(A, B), (C, D)]


def by_duckdb(path: Path, folder: Path) -> list[tuple[str, ...]]:
    with duckdb.connect() as connection:
        source = open_extract(connection, [path], folder, None, NAMES)
        chosen = ", ".join(source.columns[name][0] for name in NAMES)
        sql = f"SELECT {chosen} FROM {source.sql} AS uttrekk"
        return pointing_out(connection, source, lambda: value_free(lambda: connection.execute(sql).fetchall(), "Not read."))


def by_arrow(path: Path, _folder: Path) -> list[tuple[str, ...]]:
    (file,), _ = owner_files(path, NAMES)
    batches = list(file.batches(NAMES))
    return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches))).rows() if batches else []


def by_history(path: Path, folder: Path) -> list[tuple[str, ...]]:
    history = read_identity_history([path], folder / "none.parquet", demo=True)
    if history.refused:
        raise UserError(history.refused, "")
    return history.links.rows()


READERS = {"duckdb": by_duckdb, "arrow": by_arrow, "history": by_history}
PLAIN = f"tidligere_id;person_id\n{A};{B}\n{C};{D}\n"
READ = {
    "semicolon": PLAIN.encode(),
    "comma": PLAIN.replace(";", ",").encode(),
    "tab": PLAIN.replace(";", "\t").encode(),
    "mark": PLAIN.encode("utf-8-sig"),
    "line ends of Windows": PLAIN.replace("\n", "\r\n").encode(),
    "line ends of both kinds": PLAIN.replace("\n", "\r\n", 1).encode(),
    "line ends of old": PLAIN.replace("\n", "\r").encode(),
    "no last line end": PLAIN.strip().encode(),
    "empty lines": PLAIN.replace("\n", "\n\n").encode(),
    "names in capitals, with blanks": PLAIN.replace("tidligere_id", " Tidligere_ID ").encode(),
    "everything in quotation marks": ("\n".join(";".join(f'"{v}"' for v in line.split(";")) for line in PLAIN.split())).encode(),
    "cp1252": f"tidligere_id;person_id;født\n{A};{B};på Ås\n{C};{D};\n".encode("cp1252"),
    "cp1252 far down": (PLAIN + "\n" * 1_100_000 + f"{A};{B}\n").encode("cp1252"),
    "separators inside a name": f'tidligere_id;"a,b,c,d,e";person_id\n{A};x;{B}\n{C};y;{D}\n'.encode(),
    "a name of two lines": f'tidligere_id;"a\nb";person_id\n{A};"x\ny";{B}\n{C};"x"";y";{D}\n'.encode(),
    "names that nobody asked for, twice": f"tidligere_id;x;X;;;person_id\n{A};;;;;{B}\n{C};;;;;{D}\n".encode(),
    "one of ours": f"tidligere_id;jobbsjansen_fil;k_person_id;c0;person_id\n{A};1;2;3;{B}\n{C};1;2;3;{D}\n".encode(),
}
REFUSED = {
    "two of one name": (f"tidligere_id;person_id;Person_ID \n{A};{B};{C}\n".encode(), "two columns of one name: person_id"),
    "empty": (b"", r"is empty \(0 bytes\)"),
    "UTF-16": (PLAIN.encode("utf-16"), "encoded in UTF-16; UTF-8 is wanted"),
    "UTF-16 without mark": (PLAIN.encode("utf-16-le"), "UTF-16, or is no text"),
    "neither": (PLAIN.encode() + b"\x81;\x8d\n", "neither UTF-8 nor cp1252"),
    "more columns": (f"{PLAIN}{A};{B};{C}\n".encode(), r"has 2 columns by its header, but .* in row 4 \(the header is row 1\)"),
    "fewer columns": (f"{PLAIN}{A}\n".encode(), "has 2 columns by its header, but .* in row 4"),
    "Parquet": (b"PAR1\x15\x00\x15", "is named .csv, but starts like Parquet"),
    "Excel": (b"PK\x03\x04\x14\x00", "starts like a zip archive or an Excel workbook"),
    "empty line first": (f"\n{PLAIN}".encode(), "begins with an empty line"),
    "header never closed": (f'tidligere_id;"person_id\n{A};{B}\n'.encode(), "quotation mark in its header"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", READ)
def test_every_reader_reads_the_same(tmp_path, reader, case):
    path = tmp_path / "a.csv"
    path.write_bytes(READ[case])
    (tmp_path / "scratch").mkdir()
    assert sorted(set(READERS[reader](path, tmp_path / "scratch"))) == sorted(ROWS)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", REFUSED)
def test_every_reader_says_the_same_of_what_is_none(tmp_path, reader, case):
    path = tmp_path / "a.csv"
    content, says = REFUSED[case]
    path.write_bytes(content)
    (tmp_path / "scratch").mkdir()
    with pytest.raises(UserError, match=rf"ile 1 of 1 \(a.csv\) {'.*' if not says.startswith('is') else ''}{says}") as caught:
        READERS[reader](path, tmp_path / "scratch")
    assert not any(number in str(caught.value) for number in (A, B, C, D))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_a_header_alone_is_a_file_without_rows(tmp_path, reader, end):
    path = tmp_path / "a.csv"
    path.write_bytes(f"tidligere_id;person_id{end}".encode())
    assert READERS[reader](path, tmp_path) == []


@given(
    st.lists(st.text(st.sampled_from('ab;,\t"\n'), max_size=6), min_size=1, max_size=8),
    st.sampled_from([";", ",", "\t"]),
    st.booleans(),
)
def test_a_header_in_quotation_marks_is_read_as_it_was_written(names, separator, even):
    import csv
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n" if even else "\r\n")
            writer.writerows([["x", "y", *names], ["1"] * (len(names) + 2)])
        dialect = csv_dialect(path)
    assert (dialect.names, dialect.separator, dialect.has_rows) == (("x", "y", *names), separator, True)
