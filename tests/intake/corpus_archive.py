"""Files that are hostile, damaged or of another form, and archives as people pack them."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
from collections.abc import Callable, Iterable

import polars as pl

from tests.intake.corpus_case import (
    Case,
    accepted,
    changed,
    changed_tables,
    quarantined,
    rejected,
    remarked,
    rewritten,
)
from tests.intake.intake_case import csv_bytes, xlsx_of, zip_bytes, zip_of

BOMB = "zip/xlsx bomb, DTD, nested zip, 1 M blank rows, huge cells"
NAMES = "file names with ../, quotes, NUL, names of people; links inside archives"
DAMAGED = "encrypted, truncated and empty files"
FORMATS = "other formats"
TABLES = "missing required column, no known table, same table twice, same column twice"
PARQUET = "parquet"
PROJECT_ONLY = {"prosjekt": (1, 1, 0, 0, 0)}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def project_rows() -> list[dict[str, object]]:
    """The table prosjekt of the valid delivery."""
    return changed_tables()["prosjekt"]


def project_csv() -> bytes:
    """The table prosjekt as a CSV file."""
    return csv_bytes(project_rows())


def with_member(name: str, *, mode: int = 0o100644) -> Callable[[], bytes]:
    """The valid delivery with one more member of that name."""

    def build() -> bytes:
        buffer = io.BytesIO(zip_of(changed_tables()))
        with zipfile.ZipFile(buffer, "a") as archive:
            entry = zipfile.ZipInfo("placeholder")
            entry.filename, entry.external_attr = name, mode << 16
            archive.writestr(entry, b"../deltaker.csv")
        return buffer.getvalue()

    return build


def with_nul_in_name() -> bytes:
    """A zip whose member's name holds a NUL; the library that writes it would cut the name there."""
    return zip_bytes({"prosjekt.csv": project_csv(), "deltakerX.csv": b"x"}).replace(b"deltakerX.csv", b"deltaker\x00.csv")


def marked_encrypted() -> bytes:
    """A zip that says its members are encrypted, in both of its places."""
    data = bytearray(zip_bytes({"prosjekt.csv": project_csv()}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    return bytes(data)


def lying_about_sizes() -> bytes:
    """A zip whose directory says that its 400 MB are five bytes."""
    data = bytearray(zip_bytes({"prosjekt.csv": b"0" * 400_000_000}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")
    return bytes(data)


def office_file(*parts: str) -> bytes:
    """A file of an office program: its list of contents and some parts."""
    return zip_bytes({"[Content_Types].xml": b"<Types/>"} | dict.fromkeys(parts, b"<x/>"))


def parquet(rows: Iterable[dict[str, object]], **renamed: str) -> bytes:
    """A Parquet file of those rows, some columns renamed."""
    buffer = io.BytesIO()
    pl.DataFrame(list(rows)).rename(renamed).write_parquet(buffer)
    return buffer.getvalue()


def in_workbook(part: str, old: bytes, new: bytes) -> bytes:
    """The valid workbook with some text of one part replaced."""
    return rewritten(xlsx_of(changed_tables()), {part: lambda content: content.replace(old, new, 1)})


HOSTILE = (
    quarantined(BOMB, "zip bomb", lambda: zip_bytes({"deltaker.csv": b"0" * 20_000_000}), "JS005"),
    quarantined(BOMB, "zip with a thousand files", lambda: zip_bytes({f"{i}.csv": b"" for i in range(1000)}), "JS005"),
    quarantined(BOMB, "zip that lies about its sizes", lying_about_sizes, "JS009"),
    quarantined(BOMB, "workbook bomb", lambda: rewritten(xlsx_of(changed_tables()), {"xl/styles.xml": lambda c: c + b" " * 60_000_000}),
                "JS005", file_name="levering.xlsx"),
    quarantined(BOMB, "workbook with a document type",
                lambda: in_workbook("xl/workbook.xml", b"<workbook", b'<!DOCTYPE x [<!ENTITY y "z">]><workbook'), "JS008",
                file_name="levering.xlsx"),
    quarantined(BOMB, "strings with a document type",
                lambda: in_workbook("xl/sharedStrings.xml", b"<sst", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><sst'), "JS008",
                file_name="levering.xlsx"),
    quarantined(BOMB, "zip in a zip", lambda: zip_bytes({"indre.zip": zip_of(changed_tables())}), "JS006"),
    quarantined(BOMB, "workbook in a zip", lambda: zip_bytes({"levering.xlsx": xlsx_of(changed_tables())}), "JS006"),
    quarantined(BOMB, "compressed file in a zip", lambda: zip_bytes({"deltaker.csv": gzip.compress(b"x", mtime=0)}), "JS006"),
    quarantined(BOMB, "a million blank lines", lambda: project_csv() + b"\n" * 1_000_000, "JS011", file_name="prosjekt.csv"),
    quarantined(BOMB, "a thousand columns", lambda: b";".join([project_csv().split(b"\n")[0], *(b"x%d" % i for i in range(1000))]),
                "JS011", file_name="prosjekt.csv"),
    rejected(BOMB, "cell of a million letters", lambda: project_csv().replace(b"videre", b"x" * 1_000_000), "JS112",
             file_name="prosjekt.csv", tables={"prosjekt": (1, 0, 1, 0, 0)}),
)  # fmt: skip

NAMED = (
    *(
        quarantined(NAMES, name, with_member(member), "JS007")
        for name, member in (
            ("member that climbs out", "../../deltaker.csv"),
            ("member with a path from the root", "/etc/deltaker.csv"),
            ("member that climbs out with backslashes", "..\\deltaker.csv"),
            ("member on a drive", "C:\\deltaker.csv"),
        )
    ),
    quarantined(NAMES, "member with NUL in its name", with_nul_in_name, "JS007"),
    quarantined(NAMES, "link in a zip", with_member("lenke.csv", mode=stat.S_IFLNK | 0o777), "JS007"),
    accepted(NAMES, "member with quotes in its name", with_member("les'\"meg.csv"), "JS032"),
    accepted(NAMES, "member with a person's name", with_member("Kari Nordmann.csv"), "JS032"),
    accepted(NAMES, "folder in a zip",
             lambda: zip_bytes({"min mappe/": b""} | {f"min mappe/{t}.csv": csv_bytes(rows) for t, rows in changed_tables().items()})),
    accepted(NAMES, "what a Mac adds to a zip", with_member("__MACOSX/._deltaker.csv"), "JS032"),
    accepted(NAMES, "file name with quotes and markup", changed(), file_name="lev'er\"ing <b>.zip"),
    accepted(NAMES, "names in capitals with Norwegian letters",
             lambda: zip_bytes({t.upper().replace("OPPFOLGING", "OPPFØLGING") + "_2024.CSV": csv_bytes(rows)
                                for t, rows in changed_tables().items()})),
)  # fmt: skip

WHOLENESS = (
    quarantined(DAMAGED, "encrypted workbook", lambda: OLE + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"), "JS010",
                file_name="levering.xlsx"),
    quarantined(DAMAGED, "encrypted zip", marked_encrypted, "JS010"),
    quarantined(DAMAGED, "truncated zip", lambda: zip_of(changed_tables())[:-40], "JS009"),
    quarantined(DAMAGED, "truncated workbook", lambda: xlsx_of(changed_tables())[:3000], "JS009", file_name="levering.xlsx"),
    quarantined(DAMAGED, "empty file", lambda: b"", "JS009", file_name="deltaker.csv"),
    rejected(DAMAGED, "file of one line end", lambda: b"\n", "JS026", file_name="deltaker.csv"),
    rejected(DAMAGED, "zip of nothing", lambda: zip_bytes({}), "JS021"),
    *(
        rejected(FORMATS, name, lambda data=data: data, "JS020", file_name=file_name)
        for name, data, file_name in (
            ("workbook of the old kind", OLE + b"\0" * 4000, "levering.xls"),
            ("page for print", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "levering.pdf"),
            ("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "levering.png"),
            ("text with formats", b"{\\rtf1\\ansi deltaker}", "deltaker.rtf"),
            ("document", office_file("word/document.xml"), "levering.docx"),
            ("binary workbook", office_file("xl/workbook.bin"), "levering.xlsb"),
            ("compressed table", gzip.compress(b"x", mtime=0), "deltaker.csv.gz"),
        )
    ),
    rejected(FORMATS, "page of the web under a table's name", lambda: b"<html><table><tr><td>fnr</td></tr></table></html>", "JS026",
             file_name="deltaker.xls"),
    rejected(FORMATS, "workbook of another program", lambda: zip_bytes({"mimetype": b"application/vnd.oasis", "content.xml": b"<x/>"}),
             "JS021", "JS032", file_name="levering.ods"),
)  # fmt: skip

SHAPES = (
    rejected(TABLES, "required column missing", lambda: csv_bytes(project_rows(), header=["prosjekt_id", "navn", "komm_nr"]), "JS025",
             file_name="prosjekt.csv"),
    rejected(TABLES, "required column missing in the last table",
             lambda: zip_bytes({"prosjekt.csv": project_csv(), "tiltak.csv": b"tiltak_id;prosjekt_id\nT1;P1\n"}), "JS025",
             tables={"prosjekt": (1, 0, 1, 0, 0)}),
    rejected(TABLES, "no known table", lambda: b"konto;sum\n1;2\n", "JS021", file_name="budsjett.csv"),
    rejected(TABLES, "headings of no table", lambda: b"konto;sum\n1;2\n", "JS026", file_name="prosjekt.csv"),
    rejected(TABLES, "same table twice", lambda: zip_bytes({"prosjekt_1.csv": project_csv(), "prosjekt_2.csv": project_csv()}), "JS027",
             tables={"prosjekt": (1, 0, 1, 0, 0)}),
    rejected(TABLES, "same column twice", lambda: b"prosjektnr;" + project_csv().replace(b"\nP1", b"\nP1;P1"), "JS028",
             file_name="prosjekt.csv"),
    remarked(TABLES, "table without rows", lambda: csv_bytes([], header=list(project_rows()[0])), "JS030", file_name="prosjekt.csv",
             tables={"prosjekt": (0, 0, 0, 0, 0)}),
    accepted(TABLES, "column of one's own", lambda: csv_bytes([project_rows()[0] | {"notat": "x"}]), "JS031", file_name="prosjekt.csv",
             tables=PROJECT_ONLY),
    accepted(TABLES, "headings in other spellings",
             lambda: project_csv().replace(b"prosjekt_id", b"Prosjekt-Nr.").replace(b"start_dato", b"STARTDATO"),
             file_name="Prosjekter 2024.csv", tables=PROJECT_ONLY),
    accepted(PARQUET, "parquet", lambda: parquet(project_rows()), file_name="prosjekt.parquet", tables=PROJECT_ONLY),
    accepted(PARQUET, "parquet with a column of one's own", lambda: parquet([project_rows()[0] | {"notat": "x"}]), "JS031",
             file_name="prosjekt.parquet", tables=PROJECT_ONLY),
    rejected(PARQUET, "parquet without a required column", lambda: parquet(project_rows(), navn="tittel"), "JS025",
             file_name="prosjekt.parquet"),
    quarantined(PARQUET, "parquet cut off", lambda: parquet(project_rows())[:-100], "JS009", file_name="prosjekt.parquet"),
    rejected(PARQUET, "parquet of no table", lambda: parquet(project_rows()), "JS021", file_name="budsjett.parquet"),
)  # fmt: skip

ARCHIVE_CASES: tuple[Case, ...] = (*HOSTILE, *NAMED, *WHOLENESS, *SHAPES)
