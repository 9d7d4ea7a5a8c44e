"""Deliveries as senders make them: workbooks and zipped CSV in the forms that Norwegian offices produce.

Belongs here: how rows become files. Must not be here: faults (``faults.py``), registers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
import xlsxwriter

from pipeline.store import write_bytes
from pipeline.synthetic.units import Era
from pipeline.synthetic.world import SENDERS_STREAM, World, stream
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.base import Column

Form = Literal["xlsx", "xlsx_report", "zip_cp1252", "zip_utf8", "zip_bom"]
FORMS: tuple[Form, ...] = ("xlsx", "zip_cp1252", "xlsx_report", "zip_utf8", "zip_cp1252", "zip_bom", "xlsx")
_FIXED = datetime(2026, 1, 15, 12, 0, 0)
_COUNTRY_NAMES = {
    "SOM": "Somalia", "SYR": "Syria", "ERI": "Eritrea", "AFG": "Afghanistan", "IRQ": "Irak", "THA": "Thailand",
    "TUR": "Tyrkia", "PAK": "Pakistan", "ETH": "Etiopia", "PHL": "Filippinene", "IRN": "Iran", "SDN": "Sudan",
}  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """One file as a sender drops it: ``inbox/<avsender>/<name>``, received at ``mtime`` (UTC)."""

    avsender: str
    name: str
    data: bytes
    mtime: datetime


def _header(column: Column, form: Form) -> str:
    if form in ("zip_utf8", "xlsx"):
        return column.name
    name = column.aliases[0] if column.aliases else column.name
    return name.replace("fodsels", "fødsels").replace("_", " ").capitalize()


def _columns(table: str, frame: pl.DataFrame) -> list[Column]:
    """Required columns, and those of the optional ones that this sender has anything in."""
    return [c for c in DELIVERY_TABLES[table].columns if c.required or frame[c.name].null_count() < frame.height]


def _as_text(column: Column, day: str) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind == "date":
        return value.dt.strftime(day)
    if column.kind == "float":
        return value.cast(pl.String).str.strip_suffix(".0").str.replace(".", ",", literal=True)
    return value.cast(pl.String)


def csv_bytes(table: str, frame: pl.DataFrame, form: Form) -> bytes:
    """One table as CSV: ``;``, decimal comma, CRLF; ISO dates in plain UTF-8, ``dd.mm.åååå`` else."""
    plain = form == "zip_utf8"
    columns = _columns(table, frame)
    text = frame.select(_as_text(c, "%Y-%m-%d" if plain else "%d.%m.%Y").alias(_header(c, form)) for c in columns)
    out = text.write_csv(separator=";", line_terminator="\r\n", null_value="")
    if form == "zip_cp1252":
        # An old system writes ? for letters outside its code page; names in Sami have some.
        return out.encode("cp1252", errors="replace")
    return out.encode("utf-8-sig" if form == "zip_bom" else "utf-8")


def zip_bytes(entries: Mapping[str, bytes]) -> bytes:
    """A zip of these entries with fixed times, so that equal content has equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, date_time=_FIXED.timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data, compresslevel=9)
    return buffer.getvalue()


def _fill_sheet(book: xlsxwriter.Workbook, table: str, frame: pl.DataFrame, form: Form) -> None:
    sheet, day = book.add_worksheet(table), book.add_format({"num_format": "dd.mm.yyyy"})
    columns = _columns(table, frame)
    top = 0
    if form == "xlsx_report":
        sheet.write_string(0, 0, f"Uttrekk til IMDi: {table}")
        sheet.write_string(1, 0, "Skrevet ut fra kommunens fagsystem")
        top = 3
    sheet.write_row(top, 0, [_header(c, form) for c in columns])
    for number, column in enumerate(columns):
        write = (
            sheet.write_datetime
            if column.kind == "date"
            else sheet.write_number
            if column.kind in ("int", "float")
            else sheet.write_string
        )
        extra = (day,) if column.kind == "date" else ()
        for row, value in enumerate(frame[column.name].to_list(), start=top + 1):
            if value is not None:
                write(row, number, value, *extra)
    if form == "xlsx_report" and table == "prosjekt":
        place = [c.name for c in columns].index("tilskudd_nok")
        sheet.write_string(top + 1 + frame.height, 0, "Sum")
        sheet.write_number(top + 1 + frame.height, place, frame["tilskudd_nok"].sum())


def xlsx_bytes(tables: Mapping[str, pl.DataFrame], form: Form = "xlsx") -> bytes:
    """A workbook with one sheet per table and real Excel dates; ``xlsx_report`` adds title rows and a totals row."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": _FIXED, "author": "Jobbsjansen syntetisk"})
        for table, frame in tables.items():
            _fill_sheet(book, table, frame, form)
    return buffer.getvalue()


def pack(tables: Mapping[str, pl.DataFrame], form: Form) -> tuple[str, bytes]:
    """(file suffix, bytes) of one delivery in the given form."""
    if form in ("xlsx", "xlsx_report"):
        return ".xlsx", xlsx_bytes(tables, form)
    return ".zip", zip_bytes({f"{name}.csv": csv_bytes(name, frame, form) for name, frame in tables.items()})


def _advisers(participants: pl.DataFrame) -> pl.DataFrame:
    names = participants.select("prosjekt_id", "veileder_id").unique().sort("prosjekt_id", "veileder_id")
    number = pl.int_range(pl.len())
    return names.with_columns(
        utdanning=pl.when(number % 3 == 0).then(pl.lit("Sosionom")).otherwise(pl.lit("Lærer")),
        kurs_mi=pl.when(number % 2 == 0).then(pl.lit("ja")).otherwise(pl.lit("nei")),
        kurs_loft=pl.when(number % 4 == 0).then(pl.lit("ja")).otherwise(pl.lit("nei")),
        stillingsprosent=pl.lit(100.0),
    )


def _followed_up(world: World, era: int) -> pl.DataFrame:
    """The project's own look a year after exit, for every second participant; those who moved away are not found."""
    mine = world.exits.filter(pl.Series(world.people.era == era))
    exits = mine.filter(pl.col("slutt_dato").is_not_null() & (pl.col("avslutning") != "flyttet"))
    rows = exits.with_columns(
        dato=pl.col("slutt_dato") + pl.duration(days=365), hovedaktivitet=pl.col("avslutning"),
        fnr=world.fnr.gather(exits["i"]), prosjekt_id=pl.lit(world.people.units.eras[era].prosjekt_id),
    )  # fmt: skip
    limit = world.people.units.eras[era].last_statusdato
    return rows.filter((pl.col("dato") <= limit) & (pl.col("i") % 2 == 0))


def sender_tables(world: World, number: int, *, states_statusdato: bool = True) -> dict[str, pl.DataFrame]:
    """Every table that the sender of era ``number`` delivers, in the delivery schema."""
    era: Era = world.people.units.eras[number]
    mine = pl.col("prosjekt_id") == era.prosjekt_id
    frames = {
        "prosjekt": world.projects, "deltaker": world.participants, "kartlegging": world.assessments, "tiltak": world.measures,
        "oppfolging": world.contacts,
    }  # fmt: skip
    tables = {name: DELIVERY_TABLES[name].conform(frame.filter(mine), sort_by=()) for name, frame in frames.items()}
    tables["veileder"] = DELIVERY_TABLES["veileder"].conform(_advisers(tables["deltaker"]))
    tables["etteroppfolging"] = DELIVERY_TABLES["etteroppfolging"].conform(_followed_up(world, number))
    if states_statusdato:
        head = pl.DataFrame(
            {"avsender": [era.avsender], "statusdato": [era.last_statusdato], "kontakt": [f"Postmottak {era.navn}"]}
        )
        tables = {"innsending": DELIVERY_TABLES["innsending"].conform(head), **tables}
    return {name: frame for name, frame in tables.items() if frame.height}


def _received(statusdato: date, number: int) -> datetime:
    """Ten days after the data's last day, senders spread over the morning."""
    return datetime(statusdato.year, statusdato.month, statusdato.day) + timedelta(
        days=10, hours=8 + number % 8, minutes=number % 60
    )


def deliveries(world: World) -> list[Delivery]:
    """One full delivery per sender with participants, in varying form; every ninth does not state a statusdato."""
    silent = stream(world.seed, SENDERS_STREAM).integers(0, 9)
    out = []
    for number, era in enumerate(world.people.units.eras):
        form = FORMS[number % len(FORMS)]
        tables = sender_tables(world, number, states_statusdato=number % 9 != silent)
        if form == "zip_cp1252" and "deltaker" in tables:
            names = pl.col("landbakgrunn").replace_strict(_COUNTRY_NAMES)
            tables["deltaker"] = tables["deltaker"].with_columns(names)
        suffix, data = pack(tables, form)
        out.append(
            Delivery(
                era.avsender, f"jobbsjansen_{era.last_statusdato.year}{suffix}", data, _received(era.last_statusdato, number)
            )
        )
    return out


def write_deliveries(world: World, out: Path) -> list[Delivery]:
    """Write ``<out>/<avsender>/<file>`` for every sender and return what was written (modification times are not set)."""
    written = deliveries(world)
    for delivery in written:
        write_bytes(out / delivery.avsender / delivery.name, delivery.data)
    return written
