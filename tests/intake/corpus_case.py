"""What a case of the corpus is, and the ways in which its deliveries differ from a valid one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.intake.intake_case import K2, Tables, make_fnr, valid_tables, zip_of

Counts = dict[str, tuple[int, int, int, int, int]]
Change = Callable[[Tables], None]

TODAY = date(2024, 6, 1)  # the day on which the corpus is received
PEOPLE = 3
BASE: Counts = {
    "prosjekt": (1, 1, 0, 0, 0), "deltaker": (3, 3, 0, 0, 0), "tiltak": (3, 3, 0, 0, 0), "oppfolging": (3, 3, 0, 0, 0),
    "kartlegging": (3, 3, 0, 0, 0),
}  # fmt: skip
ONE_HELD_BACK = (3, 2, 1, 0, 0)
NOTHING: Counts = {}


@dataclass(frozen=True)
class Case:
    """One delivery to an empty home and the receipt that it must get.

    Attributes:
        name: what is special about it; unique in the corpus.
        file_name: the name it is delivered under.
        avsender: the inbox folder it lies in.
        build: its bytes.
        state: the decision.
        codes: every code of the receipt's findings, info included, and no other.
        tables: table to rows in, accepted, quarantined, withdrawn, duplicates; exactly the receipt's tables.
        row: the row of the bad-input catalogue that it stands for.
        environment: ``demo`` or ``prod``.
    """

    name: str
    file_name: str
    avsender: str
    build: Callable[[], bytes]
    state: str
    codes: frozenset[str]
    tables: Counts
    row: str
    environment: str = "demo"


def accepted(row: str, name: str, build: Callable[[], bytes], *info: str, **how: Any) -> Case:
    """A delivery that is taken in whole; codes are of severity info."""
    return _case(row, name, build, "accepted", info, **how)


def remarked(row: str, name: str, build: Callable[[], bytes], *codes: str, **how: Any) -> Case:
    """A delivery that is taken in with remarks, or without the rows that break a rule."""
    return _case(row, name, build, "accepted_with_remarks", codes, **how)


def rejected(row: str, name: str, build: Callable[[], bytes], *codes: str, **how: Any) -> Case:
    """A delivery of which nothing is taken in."""
    return _case(row, name, build, "rejected", codes, **{"tables": NOTHING} | how)


def quarantined(row: str, name: str, build: Callable[[], bytes], *codes: str, **how: Any) -> Case:
    """A file that is unsafe or not whole and is not opened further."""
    return _case(row, name, build, "quarantined", codes, **{"tables": NOTHING} | how)


def counted(**other: tuple[int, int, int, int, int]) -> Counts:
    """The counts of the valid delivery, but for the tables named."""
    return BASE | other


def one_held_back(*tables: str) -> Counts:
    """The counts of the valid delivery with one row quarantined in each of the tables."""
    return BASE | dict.fromkeys(tables, ONE_HELD_BACK)


def changed(*changes: Change, **options: Any) -> Callable[[], bytes]:
    """The valid delivery as a zip of CSV files after some changes."""
    return lambda: zip_of(changed_tables(*changes), **options)


def changed_tables(*changes: Change) -> Tables:
    """The valid delivery's tables after some changes."""
    tables = valid_tables(PEOPLE)
    for change in changes:
        change(tables)
    return tables


def cell(table: str, column: str, value: Any, row: int = 0) -> Change:
    """Write a value into one cell."""

    def change(tables: Tables) -> None:
        tables[table][row][column] = value

    return change


def column(table: str, name: str, value: Callable[[Any], Any]) -> Change:
    """Write every filled cell of a column anew."""

    def change(tables: Tables) -> None:
        for row in tables[table]:
            if row.get(name) is not None:
                row[name] = value(row[name])

    return change


def dates(written: Callable[[date], str]) -> Change:
    """Write every date of the delivery in another form."""

    def change(tables: Tables) -> None:
        for rows in tables.values():
            for row in rows:
                row.update({name: written(value) for name, value in row.items() if isinstance(value, date)})

    return change


def person(number: str, place: int = 0) -> Change:
    """Give one participant another number in every table."""

    def change(tables: Tables) -> None:
        old = tables["deltaker"][place]["fnr"]
        for rows in tables.values():
            for row in (r for r in rows if r.get("fnr") == old):
                row["fnr"] = number

    return change


def added(table: str, *rows: dict[str, Any]) -> Change:
    """Add a table, or rows to a table; the project is filled in."""

    def change(tables: Tables) -> None:
        project = {} if table == "innsending" else {"prosjekt_id": "P1"}
        tables.setdefault(table, []).extend(project | row for row in rows)

    return change


def repeated(table: str, **differing: Any) -> Change:
    """Write a table's first row once more at its end, with some cells differing."""

    def change(tables: Tables) -> None:
        tables[table].append(tables[table][0] | differing)

    return change


def without(*tables_left_out: str) -> Change:
    """Leave whole tables out."""

    def change(tables: Tables) -> None:
        for table in tables_left_out:
            del tables[table]

    return change


def first_person() -> str:
    """The number of the valid delivery's first participant."""
    return str(valid_tables(1)["deltaker"][0]["fnr"])


def future_number(place: int = 0, *, day: int = 2, month: int = 1) -> str:
    """A valid number of the kind issued from 2032 (first control digit with remainder 1 to 3): nobody has it yet."""
    return list(_future_numbers(day, month))[place]


def _future_numbers(day: int, month: int) -> Iterator[str]:
    for individual in range(900, 1000):
        nine = f"{day:02d}{month:02d}32{individual:03d}"
        for k1 in range(10):
            ten = f"{nine}{k1}"
            remainder = sum(int(d) * w for d, w in zip(ten, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), strict=True)) % 11
            k2 = -sum(int(d) * w for d, w in zip(ten, K2, strict=True)) % 11
            if remainder in (1, 2, 3) and k2 < 10:
                yield f"{ten}{k2}"


def synthetic_d_number() -> str:
    """A valid synthetic D-number: day + 40, month + 80."""
    return make_fnr(100, day=41, month=81)


def rewritten(data: bytes, parts: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """A zip file with some of its parts written anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, parts[entry.filename](content) if entry.filename in parts else content)
    return out.getvalue()


def _case(row: str, name: str, build: Callable[[], bytes], state: str, codes: tuple[str, ...], **how: Any) -> Case:
    others = {"file_name": "levering.zip", "avsender": "4601", "tables": BASE} | how
    return Case(name=name, build=build, state=state, codes=frozenset(codes), row=row, **others)
