"""``template``: the workbook that a sender fills in, with drop-downs, checks, help and an example, made from tables and rules.

What stands in the delivery's own sheets is headings only, so that nothing of the template can be taken in as data; the example
stands in a locked sheet that intake knows and leaves unread.
"""

from __future__ import annotations

from datetime import datetime, time
from io import BytesIO
from pathlib import Path

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from jobbsjansen.template_cells import FORMATS, Lists, longest, validation
from jobbsjansen.template_guide import (
    LANGUAGES,
    demand,
    guide_names,
    header,
    ordered_tables,
    sheet_name,
    values,
    write_example,
    write_help,
    write_lists,
)
from pipeline.codes import municipalities, oslo_districts
from pipeline.errors import UserError
from pipeline.intake.senders import CENTRAL_REGISTER, senders
from pipeline.rules import Rule, catalogue, limits
from pipeline.rules.facts import where
from pipeline.tables import Column, Table
from pipeline.tables.deliveries import FILE_DESCRIPTION
from pipeline.tables.meanings import changes, column_meaning

AUTHOR = "Jobbsjansen"
DARK, LIGHT, INK = "#1E3A5F", "#DCE6F1", "#1A1A1A"
NARROWEST, LINE, LINE_CHARACTERS, COMMENT_WIDTH = 14, 17, 62, 420
KEPT_DIGITS = 15  # a workbook holds numbers of so many digits as they are; only longer ones get an exponent


def make_template(out: Path | None, language: str, avsender: str | None) -> Path:
    """Write the template to a file that does not exist yet; returns its path.

    Args:
        out: the file; None = a name of its own in the current folder.
        language: ``nb`` or ``nn``.
        avsender: the sender it is for, written into innsending and deciding which municipality numbers are offered.

    Raises:
        UserError: the file exists or its folder does not, another language, an unknown sender.
    """
    if language not in LANGUAGES:
        raise UserError("There is no template in this language.", f"Use one of {', '.join(LANGUAGES)}.")
    if avsender is not None and avsender not in senders():
        raise UserError("--avsender is no known sender.", "Give a municipality (4 digits), an Oslo district (6) or imdi.")
    ending = f"-{avsender}" if avsender else ""
    path = out or Path(f"jobbsjansen-mal-{FILE_DESCRIPTION}{ending}.xlsx")
    if path.suffix.lower() != ".xlsx":
        raise UserError("The template is a workbook.", "Give --out a name that ends with .xlsx.")
    content = template_bytes(language, avsender)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise UserError(f"{path} exists already, and nothing is overwritten.", "Give another name with --out.") from None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        raise UserError(f"{path} cannot be written.", "Give --out a name in a folder that exists and is yours.") from None
    return path


def template_bytes(language: str, avsender: str | None) -> bytes:
    """The workbook; the same bytes for the same version, language and sender."""
    target = BytesIO()
    book = Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Jobbsjansen {FILE_DESCRIPTION}", "created": datetime.combine(changes()[0].date, time())})
    formats = _formats(book)
    help_name, example_name, lists_name = guide_names(language)
    guide = book.add_worksheet(help_name)
    sheets = {table.name: book.add_worksheet(sheet_name(table, language)) for table in ordered_tables()}
    example, lists = book.add_worksheet(example_name), book.add_worksheet(lists_name)
    write_help(guide, formats, language, _sender_name(avsender))
    ranges = write_lists(lists, formats, language)
    write_example(book, example, formats, language)
    for table in ordered_tables():
        _write_table(sheets[table.name], table, formats, ranges, language, avsender)
    if avsender:
        sheets["innsending"].write_string(1, 0, avsender, formats["text"])
    book.close()
    return target.getvalue()


def _write_table(
    sheet: Worksheet, table: Table, formats: dict[str, Format], lists: Lists, language: str, avsender: str | None
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_tab_color(LIGHT if table.optional else DARK)
    sheet.set_comments_author(AUTHOR)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, max(NARROWEST, len(header(column)) + 3), formats[column.kind])
        sheet.write_string(0, place, header(column), formats["required" if column.required else "voluntary"])
        _comment(sheet, place, _told(table, column, language))
        asked = validation(table, column, lists, language, avsender)
        if asked:
            sheet.data_validation(1, place, limits()["sheet_rows"] - 1, place, asked)


def _told(table: Table, column: Column, language: str) -> str:
    """What the comment of a heading says: meaning, demand, values, and the rules that are about this column."""
    meaning = column_meaning(table, column, language)
    lines = [f"{meaning[0].upper()}{meaning[1:]} ({demand(column, language)}).", values(table, column, language)]
    lines += [f"{r.code}: {r.said(language).message}" for r in catalogue() if _is_about(r, table, column)]
    return "\n".join(line for line in lines if line)


def _is_about(rule: Rule, table: Table, column: Column) -> bool:
    """Whether the rule is about this column rather than about any cell of its kind or any row, and a workbook's cell can break it."""
    if rule.code == "JS109" and longest(column) <= KEPT_DIGITS:
        return False
    broad = all(selector == "*" or selector.startswith("kind:") for selector in rule.columns)
    return not (broad and rule.kind in ("parse", "flag", "required")) and column.name in where(rule).get(table.name, ())


def _comment(sheet: Worksheet, place: int, text: str) -> None:
    lines = sum(1 + len(line) // LINE_CHARACTERS for line in text.split("\n"))
    sheet.write_comment(0, place, text, {"width": COMMENT_WIDTH, "height": LINE * (lines + 1)})


def _sender_name(avsender: str | None) -> str | None:
    if avsender is None or avsender == CENTRAL_REGISTER:
        return avsender
    names = dict(municipalities().sort("gyldig_fra").select("komm_nr", "navn").rows())
    return f"{avsender} {(names | dict(oslo_districts().select('bydel_nr', 'navn').rows()))[avsender]}"


def _formats(book: Workbook) -> dict[str, Format]:
    heading = {"border": 1, "valign": "top", "num_format": "@"}
    made = {kind: {"num_format": number} for kind, number in FORMATS.items()}
    made |= {
        "required": {**heading, "bold": True, "bg_color": DARK, "font_color": "#FFFFFF"},
        "voluntary": {**heading, "bg_color": LIGHT, "font_color": INK},
        "title": {"bold": True, "font_size": 16},
        "heading": {"bold": True, "font_size": 13},
        "bold": {"bold": True},
        "wrapped": {"text_wrap": True, "valign": "top"},
    }
    return {name: book.add_format(properties) for name, properties in made.items()}
