"""Workbooks: limits and marks from the sheets' XML, cell values through calamine.

Calamine gives values by their type (dates come right, numbers without exponent) but neither error cells, formulas nor
hidden rows; those are read from the XML itself, which has been checked for size and DTD before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree  # the parts are bounded in size and free of DTD before they come here

import fastexcel
import polars as pl

from pipeline.intake.findings import FIRST_ROWS, Finding, Reading, refuse
from pipeline.intake.reading.archive import refuse_dtd
from pipeline.intake.reading.sheet import UNCOMPUTED, Row, body_frame, find_header, read_rows
from pipeline.intake.reading.spelling import sheet_named
from pipeline.rules import limits
from pipeline.tables.deliveries import GUIDE_SHEETS

_TAGS = {
    name: (re.compile(rb"<" + rest, re.DOTALL), re.compile(rb"<(?:\w+:)?" + rest, re.DOTALL))
    for name, rest in (
        ("row", rb"row\b([^>]*)>"),
        ("dimension", rb'dimension\b[^>]*\bref="([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?"'),
        ("f", rb"f\b"),
        ("row or c", rb"(?:row\b([^>]*)>|c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>))"),
    )
}
_NUMBER = re.compile(rb'\br="(\d+)"')
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_ERROR = re.compile(rb'\bt="e"')
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_TEXT = re.compile(rb'\bt="str"')
_STORED = re.compile(rb"<(?:\w+:)?(?:v\b[^>]*>[^<]|is\b)")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)\b")
_AS_ZEROS = bytes(ord("0" if chr(byte) in "0123456789" else "e" if chr(byte) in "eE" else " ") for byte in range(256))
_OVERLONG = re.compile(rb"<(?:\w+:)?v>(?:\d{16,}|\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d|\d{3}))<")
_NOT_NUMBER = re.compile(rb'\bt="(?!n")')
_SINGLE = re.compile(rb"(\w)\s*=\s*'([^'<>\"]*)'")
_SPACED = re.compile(rb'(\w)\s*=\s*"')
ERROR_TEXT = "#REF!"
GUIDES = frozenset(name for names in GUIDE_SHEETS.values() for name in names)


@dataclass(frozen=True)
class Marks:
    """What a sheet's XML says beside the values; rows count from 1, columns from 0, ``left`` is the first used column
    (0 where nothing is marked).

    ``uncomputed`` are formulas without a stored value: the program that wrote the workbook never worked them out.
    ``overlong`` are whole numbers of more than 15 digits: a spreadsheet keeps no more, the rest of them are not what was typed.
    """

    errors: tuple[tuple[int, int], ...]
    uncomputed: tuple[tuple[int, int], ...]
    overlong: tuple[tuple[int, int], ...]
    formula_rows: tuple[int, ...]
    hidden_rows: tuple[int, ...]
    left: int


def read_workbook(data: bytes, files: dict[str, bytes], reading: Reading) -> None:
    """Read every known sheet of a workbook into ``reading.tables``; unknown sheets with content are noted.

    Raises:
        Refused: JS005, JS008, JS009, JS011, JS021, JS025–JS028.
    """
    refuse_dtd(files)
    reading.facts["form"] = "xlsx"
    parts = _sheet_parts(files)
    for content in parts.values():
        _refuse_large(content)
    try:
        book = fastexcel.read_excel(data)
    except Exception:
        # calamine's texts quote the file
        raise refuse("JS009") from None
    for number, name in enumerate(book.sheet_names, start=1):
        table = sheet_named(name)
        if table is None:
            if name not in GUIDES:
                reading.findings.append(Finding("JS032", None, f"ark {number}"))
        elif table in reading.tables:
            raise refuse("JS027", table)
        else:
            _read_sheet(book, name, parts.get(name, b""), table, reading)


def _read_sheet(book: fastexcel.ExcelReader, name: str, xml: bytes, table: str, reading: Reading) -> None:
    try:
        frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except Exception:
        raise refuse("JS009", table) from None
    marks = _marks(xml)
    last = max((row for row, _ in marks.uncomputed), default=0)
    if last > limits()["sheet_rows"]:
        raise refuse("JS011", table)
    body = _marked(frame, marks, last)
    head = [Row(number, cells) for number, *cells in body.head(limits()["header_rows"]).rows()]
    header = find_header(head, table)
    read_rows(head[header], body.slice(header + 1), table, reading)
    reading.facts.setdefault("left", {})[table] = _first_column(xml)
    below = head[header].number
    for code, marked in (("JS034", marks.hidden_rows), ("JS035", marks.formula_rows)):
        found = [r for r in marked if r > below]
        if found:
            reading.findings.append(Finding(code, table, None, tuple(found[:FIRST_ROWS]), len(found)))


def _marked(frame: pl.DataFrame, marks: Marks, last: int) -> pl.DataFrame:
    """The sheet as ``body_frame`` from row 1 to at least ``last``: errors and formulas without a value written in."""
    if marks.overlong:
        frame = _with_exponent(frame, [(row - 1, column - marks.left) for row, column in marks.overlong])
    if marks.errors or marks.uncomputed:
        height = max(frame.height, last)  # calamine stops at the last row with a value
        frame = frame.select(pl.all().extend_constant(None, height - frame.height))
        for places, text in ((marks.errors, ERROR_TEXT), (marks.uncomputed, UNCOMPUTED)):
            frame = _written_in(frame, [(row - 1, column - marks.left) for row, column in places], text)
    return body_frame((column.to_list() for column in frame.iter_columns()), range(1, frame.height + 1))


def _written_in(frame: pl.DataFrame, places: list[tuple[int, int]], text: str) -> pl.DataFrame:
    return frame.with_columns(frame.to_series(column).scatter(at, text) for column, at in _rows_by_column(frame, places).items())


def _with_exponent(frame: pl.DataFrame, places: list[tuple[int, int]]) -> pl.DataFrame:
    """Write overlong numbers as the spreadsheet shows them, with an exponent, so that no rule takes their digits for true."""
    columns = []
    for column, at in _rows_by_column(frame, places).items():
        cells = frame.to_series(column)
        columns.append(cells.scatter(at, cells.gather(at) + "E+0"))
    return frame.with_columns(columns)


def _rows_by_column(frame: pl.DataFrame, places: list[tuple[int, int]]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, column in places:
        if row < frame.height and 0 <= column < frame.width:
            rows.setdefault(column, []).append(row)
    return rows


def _refuse_large(xml: bytes) -> None:
    rows = columns = 0
    for match in _tag("dimension", xml).finditer(xml):
        rows = int(match[4] or match[2])
        columns = _column_number(match[3] or match[1]) + 1
    found = _tag("row", xml).findall(xml)
    numbers = max(map(int, _NUMBER.findall(b" ".join(found))), default=0)
    rows = max(rows, len(found), numbers)
    if rows > limits()["sheet_rows"] or columns > limits()["sheet_columns"]:
        raise refuse("JS011")


def _marks(xml: bytes) -> Marks:
    hidden = _hidden_rows(xml) if b'hidden="' in xml else ()
    if b't="e"' not in xml and not _tag("f", xml).search(xml) and not _may_be_overlong(xml):
        return Marks((), (), (), (), hidden, 0)
    errors: list[tuple[int, int]] = []
    overlong: list[tuple[int, int]] = []
    uncomputed: list[tuple[int, int]] = []
    formulas: set[int] = set()
    left = 1 << 20
    for row, column, attributes, content in _cells(xml):
        formula = _FORMULA.search(content)
        if not (formula or _VALUE.search(content)):
            continue
        if formula and not (_STORED.search(content) or _TEXT.search(attributes)):
            uncomputed.append((row, column))
            continue
        left = min(left, column)
        if _ERROR.search(attributes):
            errors.append((row, column))
        if _OVERLONG.search(content) and not _NOT_NUMBER.search(attributes):
            overlong.append((row, column))
        if formula:
            formulas.add(row)
    return Marks(tuple(errors), tuple(uncomputed), tuple(overlong), tuple(sorted(formulas)), hidden, left)


def _may_be_overlong(xml: bytes) -> bool:
    """Whether any number can be of more than 15 digits: found out without looking at each cell."""
    shape = xml.translate(_AS_ZEROS)
    return b"0" * 16 in shape or b"0e" in shape


def _first_column(xml: bytes) -> int:
    """The first column, from 0, that holds anything: where calamine's frame begins."""
    first = 1 << 20
    for _, column, _, content in _cells(xml):
        if _VALUE.search(content) or _FORMULA.search(content):
            first = min(first, column)
            if first == 0:
                return 0
    return first if first < 1 << 20 else 0


def _cells(xml: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Row, column, attributes and content of every cell; one that does not say its place comes after the one before it."""
    row = column = 0
    for match in _tag("row or c", xml).finditer(xml):
        if match[1] is not None:
            said = _NUMBER.search(match[1])
            row, column = int(said[1]) if said else row + 1, 0
            continue
        place = _PLACE.search(match[2])
        if place:
            row, column = int(place[2]), _column_number(place[1])
        yield row, column, match[2], match[3] or b""
        column += 1


def _hidden_rows(xml: bytes) -> tuple[int, ...]:
    number, hidden = 0, set()
    for about_row in _tag("row", xml).findall(xml):
        said = _NUMBER.search(about_row)
        number = int(said[1]) if said else number + 1
        if _HIDDEN.search(about_row):
            hidden.add(number)
    return tuple(sorted(hidden))


def _tag(name: str, xml: bytes) -> re.Pattern[bytes]:
    """The pattern of an element; without a namespace's prefix, which is much quicker, where the sheet has none for it."""
    return _TAGS[name][f":{name.split()[0]}".encode() in xml]


def _double_quoted(xml: bytes) -> bytes:
    """The XML with every attribute written as ``name="value"``, as nearly all programs write them; texts may change with them."""
    if b"'" not in xml and b" =" not in xml and b"= " not in xml:
        return xml
    return _SPACED.sub(rb'\1="', _SINGLE.sub(rb'\1="\2"', xml))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheet_parts(files: dict[str, bytes]) -> dict[str, bytes]:
    """Sheet name to its XML, through the workbook's relations.

    Raises:
        Refused: JS009 when the workbook does not say where its sheets are, JS005 when it has more of them than an archive may files.
    """
    try:
        book = ElementTree.fromstring(files["xl/workbook.xml"])  # noqa: S314 - bounded, no DTD
        relations = ElementTree.fromstring(files["xl/_rels/workbook.xml.rels"])  # noqa: S314 - bounded, no DTD
    except (KeyError, ElementTree.ParseError, ValueError):
        raise refuse("JS009") from None
    targets = {r.get("Id"): (r.get("Target") or "") for r in relations}
    found = {name.lower(): content for name, content in files.items()}  # calamine finds parts without regard to case
    parts: dict[str, bytes] = {}
    sheets = [e for e in book.iter() if e.tag.endswith("}sheet")]
    if len(sheets) > limits()["archive_entries"]:
        raise refuse("JS005")
    for sheet in sheets:
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        target = targets.get(relation, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path.lower() not in found:
            raise refuse("JS009")
        parts[sheet.get("name") or ""] = _double_quoted(found[path.lower()])
    return parts
