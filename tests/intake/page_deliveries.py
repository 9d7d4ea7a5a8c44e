"""Deliveries that only show themselves cell by cell: workbooks written by hand in XML, and tables of random odd values."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from pipeline.tables import DELIVERY_TABLES, Column
from tests.intake.corpus_case import first_person, future_number, rewritten, synthetic_d_number
from tests.intake.intake_case import Tables, csv_bytes, make_fnr, xlsx_of, zip_bytes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_COLUMNS = ("prosjekt_id", "veileder_id", "utdanning", "kurs_mi", "stillingsprosent")


def workbook(rows: Sequence[Sequence[str]], *, texts: Sequence[str] = (), formats: Sequence[str] = (), ids: Iterable[int] = (),
             dates_from_1904: bool = False) -> bytes:  # fmt: skip
    """A workbook with the sheet ``veileder``; each row is the XML of its cells, without their places.

    Args:
        rows: cells under the header, like ``t="s"><v>0</v>``.
        texts: the content of the shared texts.
        formats: number formats; the cells' styles 1, 2, … show them.
        ids: numbers of built-in formats; the styles after those.
        dates_from_1904: the workbook's dates count from 1904.
    """
    header = [f't="inlineStr"><is><t>{name}</t></is>' for name in _COLUMNS]
    styles = [*range(164, 164 + len(formats)), *ids]
    system = ' date1904="1"' if dates_from_1904 else ""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r" Type="{_DOCUMENT}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_DOCUMENT}"><workbookPr{system}/><sheets>'
        '<sheet name="veileder" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(f"<si>{text}</si>" for text in texts)}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>'
        + "".join(f'<numFmt numFmtId="{164 + i}" formatCode="{code}"/>' for i, code in enumerate(formats))
        + f'</numFmts><cellXfs><xf numFmtId="0"/>{"".join(f"""<xf numFmtId="{i}"/>""" for i in styles)}</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>'
        + "".join(_row(number, cells) for number, cells in enumerate([header, *rows], start=1))
        + "</sheetData></worksheet>",
    }
    return zip_bytes({name: f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode() for name, text in parts.items()})


def _row(number: int, cells: Sequence[str]) -> str:
    return f'<row r="{number}">' + "".join(f'<c r="{"ABCDE"[i]}{number}" {cell}</c>' for i, cell in enumerate(cells)) + "</row>"


def _without_places(data: bytes) -> bytes:
    """The workbook with rows and cells that do not say where they stand; the last row is hidden."""

    def plain(sheet: bytes) -> bytes:
        bare = re.sub(rb' r="[A-Z]*\d+"', b"", sheet)
        return b'<row hidden="1">'.join(bare.rsplit(b"<row>", 1))

    return rewritten(data, {"xl/worksheets/sheet1.xml": plain})


def _in_text_column(*cells: str) -> list[list[str]]:
    return [["><v>1</v>", "><v>2</v>", cell] for cell in cells]


_SERIALS = ("45000", "45000.5", "45000.9999999999", "0", "1", "59", "60", "61", "0.5", "2958465", "2958466", "-1", "1.25", "45000.00001",
            "95000000", "96000000", "-800000")  # fmt: skip
_FORMATS = (
    "dd.mm.yyyy", "[$-414]d. mmmm yyyy", "[$-F800]dddd, mmmm dd, yyyy", "General", "0.00", "&quot;dag&quot; 0", "\\d0", "0;[Red]-0",
    "[h]:mm", "[mm]:ss", "mm:ss", "AM/PM", "A/P", "General;dd", "0 &quot;timer&quot;", "_-* #,##0_-", "@", "0%", "[$kr-414] #,##0",
    "Standard", "0\\ \\m", "_d0", "*d0", "0,0 d", "dd/mm/åååå", "0;dd;0", "[m]", "[DBNum1]0", "0 ad",
)  # fmt: skip

ODD_WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "numbers": lambda: workbook(_in_text_column(*(f"><v>{n}</v>" for n in (
        "1", "1.0", "37.5", "1E15", "1E16", "1e21", "123456789012345678", "12345678901", "0.1", "0.30000000000000004", "1.5e-7", "0.00001",
        "-5", "1e300", "0.1e1", "1234567.891", "-0", " 7 ", "abc", "+5", ".5", "5.", "29.020000000000003", "1E+15", "1.2345678901234E+19", "1.5E+3",
        "1234567890123456",
    )))),
    "dates": lambda: workbook(_in_text_column(*(f's="1"><v>{n}</v>' for n in _SERIALS)), formats=["dd.mm.yyyy"]),
    "dates from 1904": lambda: workbook(
        _in_text_column(*(f's="1"><v>{n}</v>' for n in _SERIALS)), formats=["dd.mm.yyyy"], dates_from_1904=True
    ),
    "number formats": lambda: workbook(
        _in_text_column(*(f's="{i}"><v>45000.25</v>' for i in range(1, len(_FORMATS) + 1))), formats=_FORMATS
    ),
    "built-in formats": lambda: workbook(_in_text_column(*(f's="{i}"><v>1.5</v>' for i in range(1, 60))), ids=range(1, 60)),
    "shared texts": lambda: workbook(_in_text_column(*(f't="s"><v>{i}</v>' for i in range(13))), texts=[
        "<t>plain</t>", '<r><t>ri</t></r><r><rPr><b/></rPr><t xml:space="preserve"> ch</t></r>', "<r><t>a </t></r><r><t> b</t></r>",
        '<t>a</t><rPh sb="0" eb="1"><t>guide</t></rPh>', '<t xml:space="preserve">  sp  </t>', "<t>  nosp  </t>", "<t>x_x000D_y</t>",
        "<t>a&amp;b &#229; &lt;</t>", "<t/>", "", "<t><![CDATA[cd]]></t>", "<t>l1\nl2</t>", "<t>_x00e5_ _x005F_x0041_</t>",
    ]),
    "kinds of cells": lambda: workbook(_in_text_column(
        't="inlineStr"><is><t> x </t></is>', 't="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is>', 't="b"><v>1</v>', 't="b"><v>0</v>',
        't="e"><v>#REF!</v>', 't="e"><v>#N/A</v>', 't="str"><f>A2</f><v>txt</v>', 't="n"><v>5</v>', 't="d"><v>2023-02-01</v>',
        't="d"><v>2023-02-01T10:11:12</v>', "><f>A2</f><v></v>", "><f>A2</f>", 't="str"><f>A2</f><v></v>', 't="str"><v> a_x0041_ </v>',
        "><f>1+1</f><v>2</v>", 't="inlineStr"><v>5</v>', 't="s"><v></v>', 's="99"><v>4</v>', "><!-- x --><v>1</v>",
        't="str"><v><![CDATA[7]]></v>',
    )),
    "no places": lambda: _without_places(workbook(_in_text_column("><v>1</v>", 't="e"><v>#REF!</v>', "><f>A2</f>", "><f>1</f><v>1</v>"))),
    "a text that is not there": lambda: workbook(_in_text_column('t="s"><v>3</v>'), texts=["<t>a</t>"]),
    "an error that is not known": lambda: workbook(_in_text_column('t="e"><v>#SPILL!</v>')),
    "a type that is not known": lambda: workbook(_in_text_column('t="foo"><v>1</v>')),
    "a number that is none": lambda: workbook(_in_text_column('t="n"><v>abc</v>')),
    "an entity that is not known": lambda: workbook(_in_text_column('t="str"><v>&foo;</v>')),
}  # fmt: skip


def random_delivery(seed: int, form: str, rows: int = 120) -> bytes:
    """Every table with rows of valid and odd values side by side; equal seeds give equal bytes.

    Args:
        seed: of the random numbers.
        form: ``zip`` of CSV files, or ``xlsx``.
        rows: per table.
    """
    chance = random.Random(seed)
    tables: Tables = {
        name: [{c.name: _value(c, chance) for c in table.columns} for _ in range(1 if name == "innsending" else rows)]
        for name, table in DELIVERY_TABLES.items()
    }
    for columns in tables.values():
        columns.extend(chance.sample(columns, len(columns) // 10))
    if form == "xlsx":
        return xlsx_of(tables)
    return zip_bytes({f"{name}.csv": csv_bytes(lines, encoding="utf-8") for name, lines in tables.items()})


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, taken out or put in; of an archive as often inside one of its parts as in the archive itself."""
    if data[:2] != b"PK" or chance.random() < 0.25:
        return _spoiled_bytes(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = chance.choice(archive.namelist())
    return rewritten(data, {name: lambda content: _spoiled_bytes(content, chance)})


def _spoiled_bytes(data: bytes, chance: random.Random) -> bytes:
    content = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        at, how = chance.randrange(len(content)), chance.randrange(3)
        if how == 0:
            content[at] = chance.randrange(256)
        elif how == 1 and len(content) > 40:
            del content[at : at + chance.randrange(1, 20)]
        else:
            content[at:at] = bytes(chance.choices(b'<>"&;/=\x00\xff\n,', k=chance.randrange(1, 4)))
    return bytes(content)


def _value(column: Column, chance: random.Random) -> Any:
    if column.name == "slettes":
        return chance.choice([None, None, None, None, None, "ja", "JA", "nei"])
    if chance.random() < 0.05:
        return chance.choice(
            [None, "#REF!", "#I/T", "#UBEREGNET!", "æ", "Ã¸", "1,234E+10", "31.02.2024", "12.1.24", "1.234", "x"]
        )
    if column.name in _SPECIAL:
        return chance.choice(_SPECIAL[column.name])
    if column.codes:
        return chance.choice([*column.codes, column.codes[0].upper(), column.codes[-1].replace("_", "-"), "annen"])
    if column.kind == "date":
        day = date(2019, 1, 1) + timedelta(days=chance.randrange(2200))
        return chance.choice(
            [day, day, day.isoformat(), f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day.year}", f"{day} 10:00:00", None]
        )
    if column.kind in ("int", "float"):
        return chance.choice(
            [0, 1, 3, 7, 25, 2022, 2023, "37,5", "1 000", "1\u00a0234,5", "-1", "2.5", "1e3", "9007199254740993", None]
        )
    return chance.choice(
        ["a1", "b_2", "c/3", "æ-4", "x" * 65, "to ord", f"x{first_person()}", "010190 12345", "12345678901", None]
    )


_NUMBERS = [first_person(), make_fnr(200), make_fnr(300, day=3), make_fnr(200, month=1), make_fnr(200, month=41), synthetic_d_number(),
            future_number(), make_fnr(200)[1:], "201512345609", "12345678901", "0101 90", f"{first_person()[:6]} {first_person()[6:]}"]  # fmt: skip
_SPECIAL: dict[str, list[Any]] = {
    "fnr": [*[n for n in _NUMBERS[:3] for _ in range(6)], *_NUMBERS],
    "prosjekt_id": ["P1", "P1", "P1", "P1", "P2", "P 3", None],
    "deltakelse_id": [None, None, None, "D1", "D2", "D3"],
    "komm_nr": ["4601", "4601", "1201", "0301", "1246", "460", "9999", 4601, None],
    "bydel_nr": [None, None, "030101", "030199", "30101"],
    "landbakgrunn": ["SOM", "so", "Somalia", "Sør-Afrika", "syria", "XXX", "Narnia"],
    "tilskuddsaar": [2018, 2020, 2023, "2023", "20 23", 1999, "2023,5"],
    "fodselsdato": [date(1990, 1, 1), date(2010, 5, 5), date(1950, 12, 31), "29.02.1999", date(1899, 1, 1), date(2030, 1, 1)],
    "orgnr": ["123456789", 123456789, "12345", None],
    "arbeidsgiver_orgnr": ["123456789", "12345", None],
    "svar": ["helt greit", "0" * 4001, f"ring {first_person()}", None],
    "avsender": ["4601", "4602"],
    "statusdato": [date(2024, 5, 1), date(2024, 7, 1)],
}
