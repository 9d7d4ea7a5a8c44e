"""From raw text to typed cells: one batch of a table's rows, with a flag for every cell that could not be read.

Nothing is guessed: day and month are never swapped, years have four digits, digits that a spreadsheet has eaten stay lost.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline.intake.reading.countries import country_codes
from pipeline.intake.reading.identity import SHAPED, holds_identity, identity_kind
from pipeline.intake.reading.sheet import UNCOMPUTED
from pipeline.intake.reading.spelling import fold, fold_expr
from pipeline.rules import checks, flag_name, is_open, limits
from pipeline.tables import DELIVERY_TABLES, Column, Table

ISO = r"^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
NORWEGIAN = r"^\d{1,2}\.\d{1,2}\.\d{4}$"
SHORT_YEAR = r"^\d{1,2}[./-]\d{1,2}[./-]\d{2}$"
NUMBER = r"^[+-]?(?:\d+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,]\d+)?$"
THOUSANDS = r"[ \u00a0\u202f]"
NO_DECIMALS = r"[.,]0+$"
UNCLEAR_DOT = r"^[+-]?\d{1,3}(?:\.\d{3})+$"
WHOLE = 2**53  # a float holds every whole number up to here; beyond it digits are lost
EXPONENT = r"^\d+(?:[.,]\d+)?[eE][+]?\d+$"
SHEET_ERROR = r"^#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|I/T|VERDI!|NAVN\?)$"
MOJIBAKE = r"Ã[\u0080-\u00bf†‡˜…¦¸¥¤¶]|Â[\u00a0-\u00bf]|â€|ï»¿|├[^\s]|\ufffd"
SHORT_BY_ONE = {"komm_nr": r"^\d{3}$", "bydel_nr": r"^\d{5}$"}
LABELS = ("receipt_id", "sender", "order", "row_no", "exact")


def typed(table: str, raw: pl.DataFrame, *, demo: bool) -> pl.DataFrame:
    """The batch with the table's columns typed and one flag column per reading rule and column.

    Args:
        table: delivery table.
        raw: ``LABELS`` (``exact``: the source had typed numbers, so a dot is a decimal point) and text columns.
        demo: real persons are refused; otherwise synthetic ones are.

    Returns:
        One row per row of ``raw``, same order. A cell that could not be read is null, or keeps its text in text columns.
    """
    described = DELIVERY_TABLES[table]
    whole = raw.select(*LABELS, *(_column(raw, c) for c in described.columns))
    flags = list(_text_flags(described))
    if "fnr" in described:
        whole = whole.with_columns(pl.col("fnr").str.replace(r"^(\d{6})[ \u00a0](\d{5})$", "$1$2"))
        whole = whole.with_columns(identity_kind(whole["fnr"]).alias("_kind"))
        flags += _identity_flags(demo=demo)
    for column in described.columns:
        if is_open(column):
            whole = whole.with_columns(_holds_identity(whole[column.name], column).alias(flag_name("JS127", column.name)))
        flags += _reading_flags(column)
    flagged = whole.with_columns(f.fill_null(False) for f in flags)
    return _expected_flags(flagged.with_columns(_value(c) for c in described.columns), table)


def _holds_identity(cells: pl.Series, column: Column) -> pl.Series:
    if column.kind == "text":
        return holds_identity(cells)
    whole = cells.str.replace_all(THOUSANDS, "").str.replace(NO_DECIMALS, "")
    return holds_identity(whole.str.replace(r"^[+-]?(\d{10})$", "0$1"))  # a spreadsheet eats the leading zero of a number


def _column(raw: pl.DataFrame, column: Column) -> pl.Expr:
    return (pl.col(column.name) if column.name in raw.columns else pl.lit(None, dtype=pl.String)).alias(column.name)


def _text_flags(table: Table) -> Iterator[pl.Expr]:
    longest = limits()["cell_characters"]
    for c in table.columns:
        cell = pl.col(c.name)
        yield cell.str.contains(SHEET_ERROR).alias(flag_name("JS110", c.name))
        yield (cell == UNCOMPUTED).alias(flag_name("JS116", c.name))
        if c.sensitivity == "free_text" or c.name == "kategori":
            yield (cell.str.len_chars() > longest).alias(flag_name("JS112", c.name))
        if c.kind == "text":
            yield cell.str.contains(MOJIBAKE).alias(flag_name("JS111", c.name))
        if c.sensitivity == "free_text":
            yield cell.str.contains(SHAPED).alias(flag_name("JS128", c.name))
        if c.name in SHORT_BY_ONE:
            yield cell.str.contains(SHORT_BY_ONE[c.name]).alias(flag_name("JS114", c.name))


def _identity_flags(*, demo: bool) -> list[pl.Expr]:
    kind = pl.col("_kind")
    exponent = pl.col("fnr").str.contains(EXPONENT)
    readable = ~(exponent | _without_value(pl.col("fnr")))
    wrong_world = kind.is_in(["fnr", "dnr", "hnr"]) if demo else kind == "synthetic"
    off = pl.lit(False)
    return [
        ((kind == "invalid") & readable).alias(flag_name("JS120", "fnr")),
        (kind == "ten_digits").alias(flag_name("JS121", "fnr")),
        (kind == "duf").alias(flag_name("JS122", "fnr")),
        (wrong_world if demo else off).alias(flag_name("JS123", "fnr")),
        (off if demo else wrong_world).alias(flag_name("JS124", "fnr")),
        (kind == "hnr").alias(flag_name("JS125", "fnr")),
    ]


def _reading_flags(column: Column) -> list[pl.Expr]:
    cell = pl.col(column.name)
    written = cell.is_not_null() & ~_without_value(cell)
    if column.kind == "date":
        shaped, short = cell.str.contains(f"{ISO}|{NORWEGIAN}"), cell.str.contains(SHORT_YEAR)
        return [
            (written & ~shaped & ~short).alias(flag_name("JS104", column.name)),
            short.alias(flag_name("JS105", column.name)),
            (shaped & _date(column).is_null()).alias(flag_name("JS106", column.name)),
        ]
    if column.kind in ("int", "float"):
        number = _number(column)
        unreadable = (written & number.is_null()).alias(flag_name("JS107", column.name))
        broken = (number.floor() != number).alias(flag_name("JS108", column.name))
        return [unreadable, broken] if column.kind == "int" else [unreadable]
    if column.name == "landbakgrunn":
        return [(written & _country().is_null()).alias(flag_name("JS115", column.name))]
    return [cell.str.contains(EXPONENT).alias(flag_name("JS109", column.name))]


def _without_value(cell: pl.Expr) -> pl.Expr:
    """A spreadsheet's error, or a formula that it never computed: these have rules of their own."""
    return cell.str.contains(SHEET_ERROR) | (cell == UNCOMPUTED)


def _value(column: Column) -> pl.Expr:
    if column.kind == "date":
        return _date(column).alias(column.name)
    if column.kind == "float":
        return _number(column).alias(column.name)
    if column.kind == "int":
        number = _number(column)
        return pl.when(number.floor() == number).then(number).cast(pl.Int64).alias(column.name)
    if column.name == "landbakgrunn":
        return _country().alias(column.name)
    if column.codes:
        spelled = {fold(code): code for code in column.codes}
        cell = pl.col(column.name)
        return fold_expr(cell).replace_strict(spelled, default=cell, return_dtype=pl.String).alias(column.name)
    return pl.col(column.name)


def _date(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    iso = pl.when(cell.str.contains(ISO)).then(cell.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False)
    local = pl.when(cell.str.contains(NORWEGIAN)).then(cell).str.to_date("%d.%m.%Y", strict=False)
    day = pl.coalesce(iso, local)
    return pl.when(day.dt.year() >= 1).then(day)  # the calendar has no year 0


def _number(column: Column) -> pl.Expr:
    """Norwegian numbers: decimal comma, blanks between thousands. A dot before three digits is unclear unless typed.

    A number that its type cannot hold is null as one that cannot be read, so that it is never dropped without a finding.
    """
    cell = pl.col(column.name)
    clear = cell.str.contains(NUMBER) & (pl.col("exact") | ~cell.str.contains(UNCLEAR_DOT))
    plain = cell.str.replace_all(THOUSANDS, "").str.replace(",", ".", literal=True)
    number = pl.when(clear).then(plain).cast(pl.Float64, strict=False)
    held = number.abs() < WHOLE if column.kind == "int" else number.is_finite()
    return pl.when(held).then(number)


def _country() -> pl.Expr:
    return fold_expr(pl.col("landbakgrunn")).replace_strict(country_codes(), default=None, return_dtype=pl.String)


def _expected_flags(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Refuse to go on when a reading rule of the catalogue was not computed: that is our fault, not a pass."""
    missing = [c.flag for c in checks(table) if c.rule.kind == "parse" and c.flag not in frame.columns]
    if missing:
        raise RuntimeError(f"Reading rules not computed for {table}: {', '.join(missing)}")
    return frame
