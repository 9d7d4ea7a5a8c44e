"""A sheet of a workbook drawn as a page: what a spreadsheet shows of it, for pictures on machines that have no spreadsheet.

Fills, letters' weight and colour, dates and comments are taken from the file; nothing is added but row numbers and column letters.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell

STYLE = """
body { font: 14px/1.3 Carlito, Calibri, "DejaVu Sans", sans-serif; margin: 0; background: #fff; color: #1a1a1a; }
figure { margin: 0; padding: 0 0 12px; display: inline-block; }
table { border-collapse: collapse; }
th { background: #eceff1; color: #4a5868; font-weight: 400; }
th, td { border: 1px solid #c5cdd6; padding: 3px 8px; white-space: nowrap; text-align: left; height: 24px; }
.tabs { display: flex; gap: 2px; margin-top: 8px; }
.tabs span { background: #eceff1; padding: 4px 12px; }
.tabs .open { background: #fff; border-bottom: 3px solid #0b6e3d; font-weight: 700; }
.note { position: absolute; background: #fffbe0; border: 1px solid #8a7a20; padding: 6px 10px; max-width: 420px; white-space: pre-line; }
"""
PLACE = """
const cell = document.getElementById('CELL').getBoundingClientRect(), note = document.querySelector('.note');
note.style.left = cell.right + 8 + 'px';
note.style.top = cell.bottom - 4 + 'px';
"""


def sheet_page(data: bytes, name: str, *, columns: list[str], rows: int, note: str = "", tabs: int = 7) -> str:
    """The page: these columns of the sheet by name, its first rows, and the comment of one cell laid open.

    Args:
        data: the workbook.
        name: the sheet.
        columns: names in the first row, with or without the star of what is required.
        rows: how many rows, the names counted.
        note: address of the cell whose comment is shown.
        tabs: how many sheet names stand below.
    """
    book = load_workbook(BytesIO(data))
    sheet = book[name]
    shown = [cell.column for cell in sheet[1] if str(cell.value).removesuffix(" *") in columns]
    letters = "".join(f"<th>{sheet.cell(1, c).column_letter}</th>" for c in shown)
    lines = [f"<tr><th>{r}</th>{''.join(_cell(sheet.cell(r, c)) for c in shown)}</tr>" for r in range(1, rows + 1)]
    below = "".join(f"<span{' class=open' if t == name else ''}>{escape(t)}</span>" for t in book.sheetnames[:tabs])
    told = sheet[note].comment if note else None
    bubble = f'<div class="note">{escape(told.text)}</div>' if told else ""
    script = f"<script>{PLACE.replace('CELL', note)}</script>" if told else ""
    return (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><figure><table><tr><th></th>{letters}</tr>{"".join(lines)}</table>'
        f'<div class="tabs">{below}</div>{bubble}</figure>{script}'
    )


def _cell(cell: Cell | Any) -> str:
    look = []
    if cell.fill.fill_type == "solid":
        look.append(f"background:#{cell.fill.fgColor.rgb[-6:]}")
    if cell.font.b:
        look.append("font-weight:700")
    if cell.font.color is not None and isinstance(cell.font.color.rgb, str):
        look.append(f"color:#{cell.font.color.rgb[-6:]}")
    value = f"{cell.value:%d.%m.%Y}" if isinstance(cell.value, datetime) else "" if cell.value is None else str(cell.value)
    return f'<td id="{cell.coordinate}" style="{";".join(look)}">{escape(value)}</td>'
