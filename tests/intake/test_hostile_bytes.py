"""No bytes at all crash, hang or half load the reader: random ones, and valid files with something changed, cut or doubled."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.intake.findings import Reading
from pipeline.intake.reading.sandbox import Sandbox
from pipeline.intake.reading.text import decode
from pipeline.rules import rule
from tests.intake.corpus_archive import parquet
from tests.intake.intake_case import csv_bytes, valid_tables, xlsx_of, zip_of

LONG = 10_000
FIXED = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
OUR_FAULT = {"JS012", "JS013"}
STARTS = (b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd0\xcf\x11\xe0", b"fnr;prosjekt_id\n", b"<?xml ")
TABLE = "deltaker"


@dataclass(frozen=True)
class Spoiling:
    """One thing done to a file: ``at`` is its place as a share of the length."""

    kind: str
    at: float
    data: bytes
    length: int

    def of(self, whole: bytes) -> bytes:
        """The file after it."""
        at = int(self.at * len(whole))
        head, tail = whole[:at], whole[at:]
        if self.kind == "cut":
            return head
        if self.kind == "drop":
            return head + tail[self.length :]
        if self.kind == "double":
            return head + tail[: self.length] + tail
        if self.kind == "insert":
            return head + self.data + tail
        return head + self.data + tail[len(self.data) :]


SPOILINGS = st.lists(
    st.builds(
        Spoiling,
        st.sampled_from(["write", "write", "write", "cut", "drop", "double", "insert", "insert"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8) | st.sampled_from([b"7", b"x", b"ja", b" ", b'"', b";", b"\n", b"\r", b"\0", b"<", b"\xe5"]),
        st.integers(1, 200),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@cache
def valid_files() -> dict[str, bytes]:
    """A valid file of every form."""
    tables = valid_tables()
    return {
        "csv": csv_bytes(tables[TABLE]),
        "utf-16": csv_bytes(tables[TABLE], encoding="utf-16"),
        "zip": zip_of(tables),
        "xlsx": xlsx_of(tables),
        "parquet": parquet(tables[TABLE]),
    }


@cache
def as_it_was(form: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the unspoiled archive says: its tables' rows."""
    from pipeline.intake.reading.containers import read_delivery

    return {name: frame.rows() for name, frame in read_delivery(valid_files()[form], TABLE).tables.items()}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("reader")) as sandbox:
        yield sandbox


def read(reader: Sandbox, data: bytes, folder: Path) -> Reading:
    """The reading by the child process, as in the night; neither a crash, nor a wait, nor rows without a decision."""
    path = folder / "delivery"
    path.write_bytes(data)
    reading = reader.read(path, TABLE)
    assert not OUR_FAULT & {f.code for f in reading.findings}, reading
    assert reading.tables or is_refused(reading)
    return reading


def is_refused(reading: Reading) -> bool:
    """Whether nothing at all of it is taken in."""
    return any(rule(f.code).severity == "fatal" for f in reading.findings)


def records_below_header(data: bytes) -> int:
    """Rows of a CSV file that are not blank, below the one with most names; counted without the reader's own code."""
    text, _ = decode(data)
    counts = []
    for delimiter in ";,\t":
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        names = set(valid_tables()[TABLE][0])
        hits = [len(names & {c.strip() for c in r}) for r in records[:20]]
        header = hits.index(max(hits))
        counts.append((max(hits), sum(any(c.strip("\t\r\n \u00a0\u202f\ufeff") for c in r) for r in records[header + 1 :])))
    return max(counts, key=lambda c: c[0])[1]


def holds_whole(form: str, data: bytes, reading: Reading) -> None:
    """What is taken in is the whole: every record of a text, or every table that was read as it was."""
    if form in ("csv", "utf-16"):
        totals = sum(f.count for f in reading.findings if f.code == "JS036")
        assert reading.tables[TABLE].height + totals == records_below_header(data)
    elif form in ("zip", "xlsx"):  # these have checksums
        was = as_it_was(form)
        assert all(frame.rows() == was[name] for name, frame in reading.tables.items())


def random_bytes(reader: Sandbox, folder: Path, examples: int) -> None:
    @settings(FIXED, max_examples=examples)
    @given(st.sampled_from(STARTS), st.binary(max_size=400))
    def survives(start: bytes, rest: bytes) -> None:
        reading = read(reader, start + rest, folder)
        assert is_refused(reading) or not sum(frame.height for frame in reading.tables.values())

    survives()


def spoiled_files(reader: Sandbox, folder: Path, examples: int) -> dict[str, int]:
    taken_in = dict.fromkeys(valid_files(), 0)

    @settings(FIXED, max_examples=examples)
    @given(st.sampled_from(sorted(valid_files())), SPOILINGS)
    def survives(form: str, spoilings: list[Spoiling]) -> None:
        data = valid_files()[form]
        for spoiling in spoilings:
            data = spoiling.of(data)
        reading = read(reader, data, folder)
        if not is_refused(reading):
            taken_in[form] += 1
            holds_whole(form, data, reading)

    survives()
    return taken_in


def test_random_bytes_are_refused(reader: Sandbox, tmp_path: Path) -> None:
    random_bytes(reader, tmp_path, 300)


def test_spoiled_files_are_read_whole_or_refused(reader: Sandbox, tmp_path: Path) -> None:
    taken_in = spoiled_files(reader, tmp_path, 400)
    assert sum(taken_in.values()) >= 10, "too little got through to prove anything"


def test_parquet_that_makes_its_library_panic_is_damaged(reader: Sandbox, tmp_path: Path) -> None:
    data = valid_files()["parquet"]
    for spoiling in (Spoiling("double", 0.0, b"", 99), Spoiling("drop", 0.0205, b"", 1)):
        data = spoiling.of(data)
    assert [f.code for f in read(reader, data, tmp_path).findings] == ["JS009"]


@pytest.mark.long
def test_ten_thousand_random_files_are_refused(reader: Sandbox, tmp_path: Path) -> None:
    random_bytes(reader, tmp_path, LONG)


@pytest.mark.long
def test_ten_thousand_spoiled_files_are_read_whole_or_refused(reader: Sandbox, tmp_path: Path) -> None:
    assert min(spoiled_files(reader, tmp_path, LONG).values()) > 0
