"""From rows of text cells to one table's raw frame: the header found by its names, totals and blank rows left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.intake.findings import FIRST_ROWS, Finding, Reading, refuse
from pipeline.intake.spelling import fold, header_names
from pipeline.rules import limits
from pipeline.tables import DELIVERY_TABLES

TOTALS = frozenset({"sum", "summer", "total", "totalt", "totalsum", "ialt", "sumtotalt"})
UNCOMPUTED = "#UBEREGNET!"  # stands in a cell whose formula has no stored value
RAW_BLANKS = " \t\r\n\u00a0\u202f\ufeff"


@dataclass(frozen=True)
class Row:
    """One physical row: its number in the source (first = 1) and its cells as text."""

    number: int
    cells: Sequence[str | None]


def find_header(rows: Sequence[Row], table: str) -> int:
    """Index of the row, among the first 20, that names most of the table's columns (the first of equals).

    Raises:
        Refused: JS026 when no row names at least two columns (one where the table has no required column).
    """
    known = header_names(DELIVERY_TABLES[table])
    counts = [len(_columns(row, known)) for row in rows[: limits()["header_rows"]]]
    needed = 2 if DELIVERY_TABLES[table].required else 1
    if max(counts, default=0) < needed:
        raise refuse("JS026", table)
    return counts.index(max(counts))


def read_rows(rows: Sequence[Row], header: int, table: str, reading: Reading) -> None:
    """Put the rows under ``rows[header]`` into ``reading.tables[table]``: ``row_no`` and one text column per known column.

    Blank cells become null, blank rows and totals rows are no rows.

    Raises:
        Refused: JS025 a required column is missing, JS028 a column occurs twice.
    """
    known = header_names(DELIVERY_TABLES[table])
    places = _columns(rows[header], known)
    _refuse_bad_header(rows[header], places, known, table)
    _note_header(rows[header], places, table, reading)
    body = [row for row in rows[header + 1 :] if any(c and c.strip(RAW_BLANKS) for c in row.cells)]
    totals = {row.number for row in body if _is_total(row, places, table)}
    if totals:
        reading.findings.append(Finding("JS036", table, None, tuple(sorted(totals))[:FIRST_ROWS], len(totals)))
    kept = [row for row in body if row.number not in totals]
    if not kept:
        reading.findings.append(Finding("JS030", table))
    columns: dict[str, list[str | None]] = {name: [_cell(row, place) for row in kept] for name, place in places.items()}
    schema = {"row_no": pl.Int64(), **dict.fromkeys(columns, pl.String())}
    reading.tables[table] = pl.DataFrame({"row_no": [row.number for row in kept], **columns}, schema=schema)


def _columns(row: Row, known: dict[str, str]) -> dict[str, int]:
    """Column name to its place; the first place when named twice."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row.cells):
        name = known.get(fold(cell)) if cell else None
        if name is not None:
            found.setdefault(name, place)
    return found


def _refuse_bad_header(row: Row, places: dict[str, int], known: dict[str, str], table: str) -> None:
    named = [known[fold(c)] for c in row.cells if c and fold(c) in known]
    twice = sorted({n for n in named if named.count(n) > 1})
    if twice:
        raise refuse("JS028", table, twice[0], [row.number])
    missing = [name for name in DELIVERY_TABLES[table].required if name not in places]
    if missing:
        raise refuse("JS025", table, ", ".join(missing), [row.number])


def _note_header(row: Row, places: dict[str, int], table: str, reading: Reading) -> None:
    reading.facts.setdefault("header_row", {})[table] = row.number
    if row.number > 1:
        reading.findings.append(Finding("JS033", table, None, (row.number,)))
    taken = set(places.values())
    for place, cell in enumerate(row.cells):
        if place not in taken and cell and cell.strip(RAW_BLANKS):
            # The sender's own heading may hold anything, so the receipt names the place, not the text.
            reading.findings.append(Finding("JS031", table, f"kolonne {place + 1}", (row.number,)))


def _is_total(row: Row, places: dict[str, int], table: str) -> bool:
    """A row whose first filled cell says "sum", with at least one key cell empty."""
    first = next((c for c in row.cells if c and c.strip(RAW_BLANKS)), "")
    keys = [places[k] for k in DELIVERY_TABLES[table].key if k in places]
    return fold(first.rstrip(": ")) in TOTALS and (
        len(keys) == 0 or any(_cell(row, k) is None or _is_label(row, k) for k in keys)
    )


def _is_label(row: Row, place: int) -> bool:
    return fold((_cell(row, place) or "").rstrip(": ")) in TOTALS


def _cell(row: Row, place: int) -> str | None:
    text = row.cells[place] if place < len(row.cells) else None
    text = text.strip(RAW_BLANKS) if text else None
    return text or None
