"""From text cells to one table's raw frame: the header found by its names, totals and blank rows left out.

The first rows are looked at one by one to find the header; what stands under it is a frame and treated column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.intake.findings import FIRST_ROWS, Finding, Reading, refuse
from pipeline.intake.reading.spelling import fold, header_names
from pipeline.tables import DELIVERY_TABLES

TOTALS = frozenset({"sum", "summer", "total", "totalt", "totalsum", "ialt", "sumtotalt"})
UNCOMPUTED = "#UBEREGNET!"  # stands in a cell whose formula has no stored value
RAW_BLANKS = " \t\r\n\u00a0\u202f\ufeff"
_SKIPPED = r"[\s\u00a0\u202f\ufeff_.*\-]*"  # what folding takes away
# Wider than ``TOTALS``: only rows whose first cell begins like this are looked at one by one.
_LIKE_TOTAL = rf"^{_SKIPPED}(?:[sS]{_SKIPPED}[uU]|[tT]{_SKIPPED}[oO]|[iI]{_SKIPPED}[aA]|[a-zA-Z]?{_SKIPPED}[^\x00-\x7f])"


@dataclass(frozen=True)
class Row:
    """One physical row: its number in the source (first = 1) and its cells as text."""

    number: int
    cells: Sequence[str | None]


def find_header(rows: Sequence[Row], table: str) -> int:
    """Index of the row, among the first 20 of a source, that names most of the table's columns (the first of equals).

    Raises:
        Refused: JS026 when no row names at least two columns (one where the table has no required column).
    """
    known = header_names(table)
    best, most = 0, 0
    for at, row in enumerate(rows):
        if len(row.cells) > most and (count := len(_columns(row, known))) > most:
            best, most = at, count
    if most < (2 if DELIVERY_TABLES[table].required else 1):
        raise refuse("JS026", table)
    return best


def body_frame(columns: Iterable[Sequence[str | None]], numbers: range | Sequence[int]) -> pl.DataFrame:
    """``row_no`` and the columns of text, each named by its place in the row, counted from 0.

    Cells lose the blanks at their ends and are null where nothing is left.
    """
    row_no = pl.Series("row_no", numbers, dtype=pl.Int64)
    texts = (pl.Series(str(place), _trimmed(cells), dtype=pl.String) for place, cells in enumerate(columns))
    return pl.DataFrame([row_no, *texts])


def _trimmed(cells: Sequence[str | None]) -> list[str | None]:
    together = "".join(filter(None, cells))
    if any(blank in together for blank in RAW_BLANKS):
        return [c.strip(RAW_BLANKS) or None if c else None for c in cells]
    return [c or None for c in cells]  # most columns hold no blank, and stripping cell by cell takes most of the time


def read_rows(header: Row, body: pl.DataFrame, table: str, reading: Reading) -> None:
    """Put the rows under ``header`` into ``reading.tables[table]``: ``row_no`` and one text column per known column.

    Blank rows and totals rows are no rows.

    Args:
        header: the row of names.
        body: ``body_frame`` of the rows under it.
        table: delivery table.
        reading: what has been found so far; findings, facts and the table are added.

    Raises:
        Refused: JS025 a required column is missing, JS028 a column occurs twice.
    """
    known = header_names(table)
    places = _columns(header, known)
    _refuse_bad_header(header, places, known, table)
    _note_header(header, places, table, reading)
    first = body.to_series(1)
    if first.null_count():
        first = body.select(pl.coalesce(body.columns[1:])).to_series()
    like = first.str.contains(_LIKE_TOTAL).arg_true()
    totals = {row.number for row in (_row_at(body, at) for at in like) if _is_total(row, places, table)}
    if totals:
        reading.findings.append(Finding("JS036", table, None, tuple(sorted(totals))[:FIRST_ROWS], len(totals)))
    kept = pl.DataFrame([body["row_no"], *(body[str(place)].alias(name) for name, place in places.items())])
    if totals or first.null_count():
        kept = kept.filter(first.is_not_null() & ~kept["row_no"].is_in(totals))
    if kept.is_empty() and not DELIVERY_TABLES[table].optional:
        reading.findings.append(Finding("JS030", table))
    reading.tables[table] = kept


def _row_at(body: pl.DataFrame, at: int) -> Row:
    number, *cells = body.row(at)
    return Row(number, cells)


def _columns(row: Row, known: Mapping[str, str]) -> dict[str, int]:
    """Column name to its place; the first place when named twice."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row.cells):
        name = known.get(fold(cell)) if cell else None
        if name is not None:
            found.setdefault(name, place)
    return found


def _refuse_bad_header(row: Row, places: dict[str, int], known: Mapping[str, str], table: str) -> None:
    named = [name for cell in row.cells if cell and (name := known.get(fold(cell)))]
    twice = sorted({n for n in named if named.count(n) > 1})
    if twice:
        raise refuse("JS028", table, twice[0], [row.number])
    missing = [name for name in DELIVERY_TABLES[table].required if name not in places]
    if missing:
        raise refuse("JS025", table, ", ".join(missing), [row.number])


def _note_header(row: Row, places: dict[str, int], table: str, reading: Reading) -> None:
    reading.facts.setdefault("header_row", {})[table] = row.number
    reading.facts.setdefault("places", {})[table] = places
    reading.facts.setdefault("width", {})[table] = len(row.cells)
    if row.number > 1:
        reading.findings.append(Finding("JS033", table, None, (row.number,)))
    taken = set(places.values())
    for place, cell in enumerate(row.cells):
        if place not in taken and cell and cell.strip(RAW_BLANKS):
            # The sender's own heading may hold anything, so the receipt names the place, not the text.
            reading.findings.append(Finding("JS031", table, f"kolonne {place + 1}", (row.number,)))


def _is_total(row: Row, places: Mapping[str, int], table: str) -> bool:
    """A row whose first filled cell says "sum", with at least one key cell empty."""
    first = next((c for c in row.cells if c), "")
    keys = [row.cells[places[k]] for k in DELIVERY_TABLES[table].key if k in places]
    return _is_label(first) and (len(keys) == 0 or any(k is None or _is_label(k) for k in keys))


def _is_label(text: str) -> bool:
    return fold(text.rstrip(": ")) in TOTALS
