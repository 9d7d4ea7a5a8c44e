"""A small valid delivery and ways to write it: what the intake tests start from."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from pipeline.intake import IntakeNight, Validate, run_intake
from pipeline.rules import Check, checks
from pipeline.settings import Settings

Tables = dict[str, list[dict[str, Any]]]
K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def make_fnr(number: int, *, day: int = 1, month: int = 81, year: int = 90) -> str:
    """The first valid identity number from an individual number upwards; month + 80 (synthetic) unless told otherwise."""
    for individual in range(number, 1000):
        digits = [int(c) for c in f"{day:02d}{month:02d}{year:02d}{individual:03d}"]
        k1 = -sum(d * w for d, w in zip(digits, K1, strict=True)) % 11
        k2 = -sum(d * w for d, w in zip([*digits, k1], K2, strict=True)) % 11
        if k1 < 10 and k2 < 10:
            return "".join(map(str, [*digits, k1, k2]))
    raise AssertionError("no number left")


def valid_tables(n: int = 3, project: str = "P1", komm_nr: str = "4601") -> Tables:
    """A delivery without a single finding: one project, n participants, each with a spell, a contact and an assessment."""
    people = [make_fnr(10 * i, day=1 + i % 28) for i in range(n)]
    start = date(2023, 2, 1)
    same = {"prosjekt_id": project}
    return {
        "prosjekt": [
            same | {"tilskuddsaar": 2023, "komm_nr": komm_nr, "navn": "Veien videre", "malgruppe": "ungdom", "organisering": "nav",
                    "start_dato": date(2023, 1, 1)}
        ],
        "deltaker": [
            same | {"fnr": p, "start_dato": start, "kjonn": "kvinne", "fodselsdato": date(1990, 1, 1), "landbakgrunn": "SOM",
                    "norsk_start": "a1", "timer_per_uke": 37.5, "slutt_dato": date(2023, 12, 1), "avslutning": "lonnsarbeid"}
            for p in people
        ],
        "tiltak": [
            same | {"tiltak_id": f"T{i}", "fnr": p, "tiltak_type": "arbeidspraksis", "start_dato": date(2023, 3, 1),
                    "slutt_dato": date(2023, 6, 1)}
            for i, p in enumerate(people)
        ],
        "oppfolging": [
            same | {"oppfolging_id": f"O{i}", "fnr": p, "dato": date(2023, 4, 1), "part": "deltaker", "minutter": 45}
            for i, p in enumerate(people)
        ],
        "kartlegging": [
            same | {"kartlegging_id": f"K{i}", "fnr": p, "dato": date(2023, 2, 10), "norsk_niva": "a1", "arbeidsklar": 2}
            for i, p in enumerate(people)
        ],
    }  # fmt: skip


def csv_bytes(
    rows: Sequence[Mapping[str, Any]], *, delimiter: str = ";", encoding: str = "utf-8", header: Sequence[str] = ()
) -> bytes:
    names = list(header) or list(dict.fromkeys(k for row in rows for k in row))
    lines = [delimiter.join(names)]
    lines += [delimiter.join("" if row.get(n) is None else str(row[n]) for n in names) for row in rows]
    return ("\n".join(lines) + "\n").encode(encoding)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def zip_of(tables: Tables, **options: Any) -> bytes:
    return zip_bytes({f"{name}.csv": csv_bytes(rows, **options) for name, rows in tables.items()})


def xlsx_of(tables: Tables, prepare: Callable[[Any, Any], None] | None = None, top: int = 0) -> bytes:
    """A workbook with a sheet per table; ``prepare(workbook, sheets)`` adds what the test needs."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": datetime(2024, 1, 1)})  # the same bytes in every run
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    sheets = {}
    for name, rows in tables.items():
        sheet = sheets[name] = book.add_worksheet(name)
        names = list(dict.fromkeys(k for row in rows for k in row))
        sheet.write_row(top, 0, names)
        for r, row in enumerate(rows, start=top + 1):
            for c, column in enumerate(names):
                value = row.get(column)
                if isinstance(value, date):
                    sheet.write_datetime(r, c, datetime(value.year, value.month, value.day), day)
                elif value is not None:
                    sheet.write(r, c, value)
    if prepare:
        prepare(book, sheets)
    book.close()
    return buffer.getvalue()


def reference_validate(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The validator written anew in polars: quick, and what Great Expectations' answers are held against."""
    found = [
        frame.filter(_broken(check).fill_null(False)).select(
            "receipt_id",
            pl.lit(table).alias("table"),
            pl.lit(check.rule.code).alias("code"),
            pl.lit(check.column.name).alias("column"),
            "row_no",
        )
        for check in checks(table)
    ]
    return pl.concat(found).sort("receipt_id", "row_no", "code", "column")


def _broken(check: Check) -> pl.Expr:
    cell, column = pl.col(check.column.name), check.column
    if check.rule.kind == "required":
        return cell.is_null()
    if check.rule.kind == "codes":
        return ~cell.is_in(list(column.codes))
    if check.rule.kind == "range":
        return (cell < column.minimum) | (cell > column.maximum)
    if check.rule.kind == "pattern":
        return ~cell.str.contains(check.pattern)
    return pl.col(check.flag)


class Inbox:
    """A home whose inbox tests drop files into; files get older by one second each, in the order they are dropped."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.settings, self._clock = settings, 1_700_000_000
        self.root = root
        self.validate: Validate = reference_validate

    def drop(self, avsender: str, name: str, data: bytes) -> Path:
        path = self.settings.home.inbox / avsender / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._clock += 1
        os.utime(path, (self._clock, self._clock))
        return path

    def run(self, **changes: Any) -> IntakeNight:
        return run_intake(replace(self.settings, **changes), self.validate, lambda _: None)

    def receipts(self) -> list[dict[str, Any]]:
        """All receipts in order of receipt."""
        import json

        found = [json.loads(p.read_text(encoding="utf-8")) for p in self.settings.home.receipts.rglob("*.json")]
        return sorted(found, key=lambda r: r["rekkefolge"])

    def deliver(self, data: bytes, name: str = "levering.zip", avsender: str = "4601", **changes: Any) -> dict[str, Any]:
        """Drop one file, run a night, return its receipt."""
        self.drop(avsender, name, data)
        night = self.run(**changes)
        assert night.n_new == 1
        return self.receipts()[-1]


def codes(receipt: Mapping[str, Any], at_least: str = "remark") -> set[str]:
    """Codes of the receipt's findings, info left out unless asked for."""
    order = ["info", "remark", "error", "fatal"]
    return {f["code"] for f in receipt["findings"] if order.index(f["severity"]) >= order.index(at_least)}


def rows_of(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return frame.select(columns).rows()
