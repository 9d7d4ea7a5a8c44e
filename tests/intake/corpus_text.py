"""Deliveries that differ in how text is written: encoding, delimiter, dates and numbers."""

from __future__ import annotations

from collections.abc import Callable

from tests.intake.corpus_case import (
    Case,
    accepted,
    cell,
    changed,
    changed_tables,
    column,
    counted,
    dates,
    one_held_back,
    person,
    rejected,
    remarked,
)
from tests.intake.intake_case import csv_bytes, zip_bytes

ENCODING = "encoding: UTF-8 (BOM), cp1252, UTF-16; mojibake"
DELIMITER = "delimiter ; , tab; ragged rows; quoted newlines"
DATES = "dates in three forms; 31.02, two-digit years"
NUMBERS = "decimal comma, blanks and NBSP in thousands; ids in scientific notation"
PROJECT_ONLY = {"prosjekt": (1, 1, 0, 0, 0)}
PROJECT_HELD_BACK = counted(prosjekt=(1, 0, 1, 0, 0))
SAMI_NAME = cell("prosjekt", "navn", "Jobb på Sørøya – «ærlig»")


def project(*, end: str = "", name: str = "Veien videre", delimiter: str = ";", header: str = "") -> str:
    """A CSV file with the table prosjekt alone, as text."""
    text = csv_bytes(changed_tables(cell("prosjekt", "navn", name))["prosjekt"], delimiter=delimiter).decode()
    return header + text + end


def text(written: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    """A file of that text."""
    return lambda: written.encode(encoding)


def zip_with_line_ends(newline: str) -> bytes:
    """The valid delivery with other line ends."""
    files = {f"{name}.csv": csv_bytes(rows).replace(b"\n", newline.encode()) for name, rows in changed_tables().items()}
    return zip_bytes(files)


ENCODINGS = (
    accepted(ENCODING, "utf-8", changed(SAMI_NAME)),
    accepted(ENCODING, "utf-8 with its mark", changed(SAMI_NAME, encoding="utf-8-sig")),
    accepted(ENCODING, "windows-1252", changed(SAMI_NAME, encoding="cp1252")),
    accepted(ENCODING, "utf-16 with its mark", changed(SAMI_NAME, encoding="utf-16")),
    accepted(ENCODING, "utf-16 big-endian", text("\ufeff" + project(name="Sørøya"), "utf-16-be"), file_name="prosjekt.csv",
             tables=PROJECT_ONLY),
    rejected(ENCODING, "utf-16 without its mark", text(project(), "utf-16-le"), "JS022", file_name="prosjekt.csv"),
    rejected(ENCODING, "utf-16 cut in the middle of a letter", lambda: project().encode("utf-16")[:-1], "JS022",
             file_name="prosjekt.csv"),
    rejected(ENCODING, "a byte that no encoding has", lambda: project().encode().replace(b"Veien", b"Vei\x81n"), "JS022",
             file_name="prosjekt.csv"),
    remarked(ENCODING, "mojibake", changed(cell("prosjekt", "navn", "Jobb pÃ¥ SÃ¸rÃ¸ya")), "JS111", tables=PROJECT_HELD_BACK),
    remarked(ENCODING, "replacement character", changed(cell("prosjekt", "navn", "Jobb p\ufffd S\ufffdrøya")), "JS111",
             tables=PROJECT_HELD_BACK),
    remarked(ENCODING, "utf-8 with one spoiled byte is not repaired",
             lambda: zip_bytes({"prosjekt.csv": project(name="På Sørøya").encode() + b"P2;2023;4601;\xe5;ungdom;nav;2023-01-01\n"}),
             "JS111", tables={"prosjekt": (2, 1, 1, 0, 0)}),
)  # fmt: skip

DELIMITERS = (
    accepted(DELIMITER, "semicolon", changed()),
    accepted(DELIMITER, "comma", changed(delimiter=",")),
    accepted(DELIMITER, "tab", changed(delimiter="\t")),
    accepted(DELIMITER, "line ends of Windows", lambda: zip_with_line_ends("\r\n")),
    accepted(DELIMITER, "line ends of old Macs", lambda: zip_with_line_ends("\r")),
    accepted(DELIMITER, "the spreadsheet's line about its delimiter", text(project(header="sep=;\n")), "JS033",
             file_name="prosjekt.csv", tables=PROJECT_ONLY),
    accepted(DELIMITER, "blank lines and lines of delimiters alone", text(project(end="\n;;;;;;\n\n")), file_name="prosjekt.csv",
             tables=PROJECT_ONLY),
    accepted(DELIMITER, "quoted newline, delimiter and quotes", changed(cell("prosjekt", "navn", '"To\nlinjer; ""sitert"""'))),
    rejected(DELIMITER, "a row with a field too many", text(project(end="P2;2023;4601;En;ungdom;nav;2023-01-01;mer\n")), "JS023",
             file_name="prosjekt.csv"),
    rejected(DELIMITER, "a row with a field too few", text(project(end="P2;2023;4601;En;ungdom;nav\n")), "JS023",
             file_name="prosjekt.csv"),
    rejected(DELIMITER, "decimal comma between commas", changed(cell("deltaker", "timer_per_uke", "37,25"), delimiter=","), "JS023",
             tables={"prosjekt": (1, 0, 1, 0, 0)}),
    rejected(DELIMITER, "quotes that never end", text(project(end='"P2;2023\n')), "JS024", file_name="prosjekt.csv"),
)  # fmt: skip

DATE_FORMS = (
    accepted(DATES, "iso dates", changed(dates(lambda d: d.isoformat()))),
    accepted(DATES, "Norwegian dates", changed(dates(lambda d: d.strftime("%d.%m.%Y")))),
    accepted(DATES, "Norwegian dates without zeros", changed(dates(lambda d: f"{d.day}.{d.month}.{d.year}"))),
    accepted(DATES, "dates with a time of day", changed(dates(lambda d: f"{d.isoformat()} 00:00:00"))),
    *(
        remarked(DATES, name, changed(cell("tiltak", "start_dato", written)), code, tables=one_held_back("tiltak"))
        for name, written, code in (
            ("day that no month has", "31.02.2023", "JS106"),
            ("29 February of a common year", "2023-02-29", "JS106"),
            ("month 13", "2023-13-01", "JS106"),
            ("two-digit year", "01.03.23", "JS105"),
            ("two-digit year with dashes", "01-03-23", "JS105"),
            ("slashes", "03/01/2023", "JS104"),
            ("eight digits", "20230301", "JS104"),
            ("month in words", "1. mars 2023", "JS104"),
            ("a spreadsheet's day number", "44986", "JS104"),
        )
    ),
)  # fmt: skip

NUMBER_FORMS = (
    accepted(NUMBERS, "decimal comma", changed(column("deltaker", "timer_per_uke", lambda _: "37,5"))),
    accepted(NUMBERS, "blanks in thousands", changed(cell("prosjekt", "tilskudd_nok", "1 250 000,50"))),
    accepted(NUMBERS, "no-break spaces in thousands", changed(cell("prosjekt", "tilskudd_nok", "1\u00a0250\u00a0000"))),
    accepted(NUMBERS, "narrow no-break spaces in thousands", changed(cell("prosjekt", "tilskudd_nok", "1\u202f250\u202f000"))),
    remarked(NUMBERS, "dots in thousands are unclear", changed(cell("prosjekt", "tilskudd_nok", "1.250.000")), "JS107",
             tables=PROJECT_HELD_BACK),
    remarked(NUMBERS, "number with its unit", changed(cell("oppfolging", "minutter", "45 min")), "JS107",
             tables=one_held_back("oppfolging")),
    remarked(NUMBERS, "number in scientific notation", changed(cell("oppfolging", "minutter", "4,5E+1")), "JS107",
             tables=one_held_back("oppfolging")),
    remarked(NUMBERS, "half of a whole number", changed(cell("oppfolging", "minutter", "45,5")), "JS108",
             tables=one_held_back("oppfolging")),
    remarked(NUMBERS, "number outside what is plausible", changed(cell("oppfolging", "minutter", "5000")), "JS103"),
    remarked(NUMBERS, "identity number in scientific notation", changed(person("1,8190E+10")), "JS109",
             tables=one_held_back("deltaker", "tiltak", "oppfolging", "kartlegging")),
    remarked(NUMBERS, "id in scientific notation", changed(cell("tiltak", "tiltak_id", "1,23457E+14")), "JS109",
             tables=one_held_back("tiltak")),
    remarked(NUMBERS, "municipality number without its zero", changed(cell("deltaker", "komm_nr", "301")), "JS114", "JS211", "JS214",
             tables=one_held_back("deltaker")),
    rejected(NUMBERS, "nothing but text in a table of one row", changed(cell("prosjekt", "plasser", "mange"), *(
        lambda tables, t=t: tables.pop(t) for t in ("deltaker", "tiltak", "oppfolging", "kartlegging"))), "JS107",
        tables={"prosjekt": (1, 0, 1, 0, 0)}),
)  # fmt: skip

TEXT_CASES: tuple[Case, ...] = (*ENCODINGS, *DELIMITERS, *DATE_FORMS, *NUMBER_FORMS)
