"""The adviser of a municipality who has no Python: fills the template in a spreadsheet, makes the mistakes people make, mends them.

One project in Bergen with participants who do not exist. Deterministic: the same bytes of the template give the same workbook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from jobbsjansen.template import template_bytes
from pipeline.tables import DELIVERY_TABLES
from tests.intake.intake_case import make_fnr, zip_bytes

SENDER = "4601"
COUNTRIES = ("SYR", "SOM", "ERI", "AFG")
STARTS = (date(2025, 2, 3), date(2025, 3, 3), date(2025, 9, 1), date(2025, 9, 1))
Filled = dict[str, list[dict[str, Any]]]


def filled(n: int = 4) -> Filled:
    """Rows by table as they should be: a project, n participants of whom every fourth has left to work, and what was done with them."""
    project = {"prosjekt_id": "BER-1"}
    people = [{**project, "fnr": make_fnr(10 * i, day=1 + 6 * i % 28, month=81 + i % 12, year=84 + i % 10)} for i in range(n)]
    deltaker = [
        person | {"start_dato": STARTS[i % 4], "deltakelse_id": f"D-{i + 1}", "kjonn": "kvinne",
                  "fodselsdato": date(1984 + i % 10, 1 + i % 12, 1 + 6 * i % 28), "landbakgrunn": COUNTRIES[i % 4],
                  "innvandret_dato": date(2016, 3, 1), "inntektskilde_start": "forsorget", "utdanning_start": "grunnskole",
                  "norsk_start": "a2", "timer_per_uke": 37.5}
        for i, person in enumerate(people)
    ]  # fmt: skip
    for row in deltaker[::4]:
        row |= {"slutt_dato": date(2025, 12, 19), "avslutning": "lonnsarbeid", "stillingsprosent_slutt": 80, "norsk_slutt": "b1"}
    return {
        "prosjekt": [
            project | {"tilskuddsaar": 2025, "komm_nr": "4601", "navn": "Veien til jobb", "malgruppe": "hjemmevaerende_kvinner",
                       "organisering": "nav", "start_dato": date(2025, 1, 1), "tilskudd_nok": 1250000, "plasser": 15}
        ],
        "deltaker": deltaker,
        "kartlegging": [
            person | {"kartlegging_id": f"K-{n}", "dato": date(2025, 10, 1 + n % 28), "norsk_niva": "a2", "arbeidsklar": 2 + n % 2}
            for n, person in enumerate(people, 1)
        ],
        "tiltak": [
            person | {"tiltak_id": f"T-{n}", "tiltak_type": "arbeidspraksis", "start_dato": date(2025, 9, 8),
                      "slutt_dato": date(2025, 11, 28), "timer_per_uke": 22.5, "arbeidsgiver_sektor": "privat"}
            for n, person in enumerate(people, 1)
        ],
        "oppfolging": [
            person | {"oppfolging_id": f"O-{n}", "dato": date(2025, 10, 1 + n % 28), "part": "arbeidsgiver", "form": "arbeidsplassbesok",
                      "minutter": 45}
            for n, person in enumerate(people, 1)
        ],
    }  # fmt: skip


def broken(n: int = 4) -> Filled:
    """The same with what people really do: a digit swapped, a day that does not exist, dates the wrong way round, and so on."""
    rows = filled(n)
    right = rows["deltaker"][1]["fnr"]
    rows["deltaker"][1]["fnr"] = right[:-1] + str((int(right[-1]) + 1) % 10)
    rows["deltaker"][3]["slutt_dato"] = "31.02.2024"
    rows["tiltak"][0]["slutt_dato"] = date(2025, 9, 1)
    rows["tiltak"][2]["tiltak_type"] = "praksisplass"
    rows["oppfolging"][1]["part"] = None
    rows["kartlegging"][3]["kartlegging_id"] = "K-3"
    return rows


def withdrawing() -> bytes:
    """A delivery that takes one contact back: its key and ``slettes`` = ja, nothing else."""
    contact = filled()["oppfolging"][2]
    return workbook({"oppfolging": [{k: contact[k] for k in ("oppfolging_id", "prosjekt_id")} | {"slettes": "ja"}]})


def withdrawing_all_of(receipt_id: str) -> bytes:
    """A delivery that takes a whole earlier one back, named by its receipt."""
    return workbook({"innsending": [{"avsender": SENDER, "trekker_tilbake": receipt_id}]})


def workbook(rows: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """The template for Bergen with these rows under its headings; sheets without rows are deleted, as its help says."""
    book = load_workbook(BytesIO(template_bytes("nb", SENDER)))
    sheets = {sheet.title.split(" ")[0]: sheet for sheet in book}
    for name in DELIVERY_TABLES:
        if not rows.get(name) and name != "innsending":
            del book[sheets[name].title]
    for name, table in rows.items():
        _fill(sheets[name], table)
    target = BytesIO()
    book.save(target)
    with ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["docProps/core.xml"] = re.sub(
        rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-02-09T12:00:00Z", parts["docProps/core.xml"]
    )
    return zip_bytes(parts)


def _fill(sheet: Worksheet, rows: list[dict[str, Any]]) -> None:
    places = {str(cell.value).removesuffix(" *"): cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, start=2):
        for column, value in row.items():
            cell = sheet.cell(number, places[column])
            cell.value = datetime.combine(value, time()) if isinstance(value, date) else value
            cell.number_format = sheet.cell(1, places[column]).number_format if isinstance(value, str) else cell.number_format
