"""The sheets of the template that are no tables: help, example and code lists. They are locked, and intake leaves them unread.

Belongs here: what they say and how it is laid out. Must not be here: the delivery's own sheets.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import format_decimal
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from jobbsjansen.template_cells import FORMATS, Lists
from pipeline.codes import country_groups
from pipeline.tables import DELIVERY_TABLES, Column, Table
from pipeline.tables.deliveries import EMPLOYER_ANSWERS, FILE_DESCRIPTION, GUIDE_SHEETS
from pipeline.tables.meanings import code_list, code_lists, column_meaning, table_meaning, type_name, unit_name

WORDS = Path(__file__).with_name("mal.toml")
LANGUAGES = ("nb", "nn")
OFFERED = {
    ("deltaker", "landbakgrunn"): "country_list",
    ("arbeidsgiver_svar", "sporsmal"): "question_list",
    ("arbeidsgiver_svar", "kategori"): "answer_list",
}
"""Columns that offer a list of words while others are accepted too, and what ``mal.toml`` calls the list."""
MARGIN, WIDE, NARROW = 28, 60, 16


@cache
def words() -> dict[str, Any]:
    """Words by language, and the example rows."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def ordered_tables() -> list[Table]:
    """The delivery tables with the optional ones last."""
    return sorted(DELIVERY_TABLES.values(), key=lambda t: t.optional)


def sheet_name(table: Table, language: str) -> str:
    """Name of the table's sheet; an optional table says so."""
    return str(words()[language]["optional_sheet"]).format(table=table.name) if table.optional else table.name


def header(column: Column) -> str:
    """The column's heading: a star marks what is required, and is no part of the name."""
    return f"{column.name} *" if column.required else column.name


def demand(column: Column, language: str) -> str:
    """Whether the column must be filled in, in words."""
    said = words()[language]
    parts = [said["required"] if column.required else said["voluntary"], *([said["key"]] if column.key else [])]
    return ", ".join(parts)


def values(table: Table, column: Column, language: str) -> str:
    """Which values the column takes, in words; empty where its meaning says it all."""
    said = words()[language]
    if column.codes:
        return str(said["codes"]).format(name=code_list(column))
    if (table.name, column.name) in OFFERED:
        return str(said["listed"]).format(name=said[OFFERED[table.name, column.name]])
    if column.kind == "date":
        return str(said["dates"])
    if column.minimum is None or column.maximum is None:
        return ""
    low, high = (
        str(int(n)) if column.unit == "year" else format_decimal(n, locale=language) for n in (column.minimum, column.maximum)
    )
    unit = "" if column.unit == "year" else unit_name(column.unit, language)
    return str(said["range"]).format(low=low, high=high, unit=unit).replace(" .", ".")


def write_help(sheet: Worksheet, formats: dict[str, Format], language: str, sender: str | None) -> None:
    """How to fill in, what the marks mean, the sheets and all their columns; prints on upright pages."""
    said = words()[language]
    sheet.set_column(0, 1, MARGIN)
    sheet.set_column(2, 3, NARROW)
    sheet.set_column(4, 5, WIDE)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, said["title"], formats["title"])
    sheet.write_string(1, 0, said["version"].format(version=FILE_DESCRIPTION))
    if sender:
        sheet.write_string(2, 0, said["sender"].format(sender=sender), formats["bold"])
    row = _section(sheet, 4, said["how"], formats)
    for number, step in enumerate(said["steps"], start=1):
        row = _line(sheet, row, f"{number}. {step}")
    row = _section(sheet, row + 1, said["marks"], formats)
    for mark, meaning in said["colours"]:
        sheet.write_string(row, 0, "kolonne *" if mark == "required" else "kolonne", formats[mark])
        sheet.write_string(row, 1, meaning)
        row += 1
    row = _line(sheet, _line(sheet, row, said["stops"]), said["hover"])
    row = _section(sheet, row + 1, said["sheets"], formats)
    for table in ordered_tables():
        sheet.write_string(row, 0, sheet_name(table, language))
        sheet.write_string(row, 1, said["optional_table" if table.optional else "main_table"])
        sheet.write_string(row, 2, said["row_is"].format(grain=table_meaning(table, language)))
        row += 1
    row = _section(sheet, row + 1, said["columns"], formats)
    for place, head in enumerate(said["heads"]):
        sheet.write_string(row, place, head, formats["bold"])
    for table in ordered_tables():
        for column in table.columns:
            row += 1
            cells = (
                sheet_name(table, language), header(column), demand(column, language), type_name(column.kind, language),
                column_meaning(table, column, language), values(table, column, language),
            )  # fmt: skip
            for place, text in enumerate(cells):
                sheet.write_string(row, place, text, formats["wrapped"])
    sheet.protect()


def write_lists(sheet: Worksheet, formats: dict[str, Format], language: str) -> Lists:
    """All code lists one under the other, with what each code means; returns where each one stands."""
    said = words()[language]
    sheet.set_column(0, 1, MARGIN)
    sheet.set_column(2, 2, WIDE)
    sheet.freeze_panes(1, 0)
    for place, head in enumerate(said["code_heads"]):
        sheet.write_string(0, place, head, formats["bold"])
    named = {name: [(code, meant[language]) for code, meant in codes.items()] for name, codes in code_lists().items()}
    named[said["country_list"]] = _countries(language)
    named[said["question_list"]] = [(question, ", ".join(answers)) for question, answers in EMPLOYER_ANSWERS.items()]
    named[said["answer_list"]] = _answers()
    row, ranges = 1, {}
    for name, codes in named.items():
        ranges[name] = f"={sheet.get_name()}!$B${row + 1}:$B${row + len(codes)}"
        for code, meaning in codes:
            for place, text in enumerate((name, code, meaning)):
                sheet.write_string(row, place, text)
            row += 1
        row += 1
    sheet.protect()
    return Lists(ranges, {f"{table}.{column}": ranges[said[name]] for (table, column), name in OFFERED.items()})


def write_example(book: Workbook, sheet: Worksheet, formats: dict[str, Format], language: str) -> None:
    """One filled row per table, each under its headings, of a person and an employer who do not exist."""
    said = words()[language]
    sheet.set_column(0, max(len(t.columns) for t in DELIVERY_TABLES.values()), NARROW)
    sheet.write_string(0, 0, said["example_title"], formats["title"])
    shown = {kind: book.add_format({"num_format": number, "align": "left"}) for kind, number in FORMATS.items()}
    row = 2
    for table in ordered_tables():
        sheet.write_string(row, 0, sheet_name(table, language), formats["bold"])
        for place, column in enumerate(table.columns):
            sheet.write_string(row + 1, place, header(column), formats["required" if column.required else "voluntary"])
            value = words()["example"][table.name].get(column.name)
            if value is not None:
                write_value(sheet, row + 2, place, value, shown[column.kind])
        row += 4
    sheet.protect()


def write_value(sheet: Worksheet, row: int, place: int, value: str | float | date, form: Format) -> None:
    """Write a value by its type; text stays text."""
    if isinstance(value, str):
        sheet.write_string(row, place, value, form)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, form)
    else:
        sheet.write_number(row, place, value, form)


def guide_names(language: str) -> tuple[str, str, str]:
    """Names of the help, example and code list sheets."""
    found: tuple[str, str, str] = GUIDE_SHEETS[language]
    return found


def _answers() -> list[tuple[str, str]]:
    """Each category once, with the questions it answers."""
    asked: dict[str, list[str]] = {}
    for question, categories in EMPLOYER_ANSWERS.items():
        for category in categories:
            asked.setdefault(category, []).append(question)
    return [(category, ", ".join(questions)) for category, questions in asked.items()]


def _countries(language: str) -> list[tuple[str, str]]:
    alpha2 = {three: two[0] for three, two in get_global("territory_aliases").items() if len(three) == len("NOR")}
    names = Locale(language).territories
    codes = country_groups()["alpha_3"].to_list()
    return sorted(((code, names.get(alpha2.get(code, ""), code)) for code in codes), key=lambda pair: pair[0])


def _section(sheet: Worksheet, row: int, heading: str, formats: dict[str, Format]) -> int:
    sheet.write_string(row, 0, heading, formats["heading"])
    return row + 1


def _line(sheet: Worksheet, row: int, text: str) -> int:
    sheet.write_string(row, 0, text)
    return row + 1
