"""Every rule of the catalogue that intake or its validator can raise: a delivery that breaks it, beside one that does not.

All failing deliveries lie in one inbox and are judged in one night, each with a project of its own, and most of them with a sender that has
few others: deliveries of one sender are judged one after the other, those of many together.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations import validate
from pipeline.intake.reading.sheet import UNCOMPUTED
from pipeline.rules import catalogue, rule
from pipeline.settings import OSLO, Home, Settings
from tests.intake.intake_case import Inbox, Tables, codes, csv_bytes, make_fnr, valid_tables, xlsx_of, zip_bytes, zip_of

REAL = make_fnr(100, month=1)
MUNICIPALITIES = ("1103", "1506", "3401", "4204", "4601", "5006", "1804", "4203", "1108", "4640")
Change = Callable[[Tables], None]


def cell(table: str, column: str, value: Any, row: int = 0) -> Change:
    def change(tables: Tables) -> None:
        tables[table][row][column] = value

    return change


def cells(*changes: Change) -> Change:
    def change(tables: Tables) -> None:
        for one in changes:
            one(tables)

    return change


def innsending(**row: Any) -> Change:
    def change(tables: Tables) -> None:
        tables["innsending"] = [row]

    return change


def again(table: str, **differing: Any) -> Change:
    def change(tables: Tables) -> None:
        tables[table].append(tables[table][0] | differing)

    return change


def withdraw(table: str, **row: Any) -> Change:
    def change(tables: Tables) -> None:
        tables[table].append(row | {"prosjekt_id": tables["prosjekt"][0]["prosjekt_id"], "slettes": "ja"})

    return change


def no_project(tables: Tables) -> None:
    del tables["prosjekt"]


def no_participants(tables: Tables) -> None:
    del tables["deltaker"]


# code, table of the finding, what to do to a valid delivery
ROW_CASES: list[tuple[str, str, Change]] = [
    ("JS101", "deltaker", cell("deltaker", "kjonn", None)),
    ("JS102", "deltaker", cell("deltaker", "avslutning", "pensjon")),
    ("JS103", "oppfolging", cell("oppfolging", "minutter", 5000)),
    ("JS104", "tiltak", cell("tiltak", "start_dato", "02/03/2023")),
    ("JS105", "tiltak", cell("tiltak", "start_dato", "01.02.24")),
    ("JS106", "tiltak", cell("tiltak", "start_dato", "31.02.2023")),
    ("JS107", "oppfolging", cell("oppfolging", "minutter", "en time")),
    ("JS108", "oppfolging", cell("oppfolging", "minutter", "30,5")),
    ("JS109", "deltaker", cell("deltaker", "fnr", "1,8190E+10")),
    ("JS110", "tiltak", cell("tiltak", "tiltak_type", "#REF!")),
    ("JS111", "prosjekt", cell("prosjekt", "navn", "Veien til JÃ¸lster")),
    ("JS112", "prosjekt", cell("prosjekt", "navn", "x" * 5000)),
    ("JS113", "tiltak", cell("tiltak", "tiltak_id", "A B$")),
    ("JS114", "prosjekt", cell("prosjekt", "komm_nr", "301")),
    ("JS115", "deltaker", cell("deltaker", "landbakgrunn", "Atlantis")),
    ("JS116", "oppfolging", cell("oppfolging", "minutter", UNCOMPUTED)),
    ("JS120", "deltaker", cell("deltaker", "fnr", "12345678901")),
    ("JS121", "deltaker", cell("deltaker", "fnr", "1819000049")),
    ("JS122", "deltaker", cell("deltaker", "fnr", "201512345609")),
    ("JS123", "deltaker", cell("deltaker", "fnr", REAL)),
    ("JS125", "deltaker", cell("deltaker", "fnr", make_fnr(100, month=41))),
    ("JS127", "tiltak", cell("tiltak", "tiltak_id", f"T-{REAL}")),
    ("JS128", "prosjekt", cell("prosjekt", "navn", "Ring 010190 12345 for mer")),
    ("JS201", "tiltak", cell("tiltak", "slutt_dato", date(2023, 2, 1))),
    ("JS202", "oppfolging", cell("oppfolging", "dato", date(2024, 6, 2))),
    ("JS203", "deltaker", cells(cell("deltaker", "start_dato", date(2024, 9, 1)), cell("deltaker", "slutt_dato", None))),
    ("JS204", "tiltak", cell("tiltak", "slutt_dato", date(2024, 9, 1))),
    ("JS205", "deltaker", cell("deltaker", "fodselsdato", date(1850, 1, 1))),
    ("JS206", "kartlegging", cell("kartlegging", "dato", date(1923, 2, 10))),
    ("JS207", "deltaker", again("deltaker", start_dato=date(2023, 5, 1))),
    ("JS208", "tiltak", again("tiltak", tiltak_id="T9", start_dato=date(2023, 4, 1))),
    ("JS209", "tiltak", no_participants),
    ("JS210", "oppfolging", cell("oppfolging", "dato", date(2022, 1, 1))),
    ("JS211", "prosjekt", cell("prosjekt", "komm_nr", "4600")),
    ("JS212", "prosjekt", cell("prosjekt", "komm_nr", "1201")),
    ("JS213", "prosjekt", cell("prosjekt", "bydel_nr", "030199")),
    ("JS214", "prosjekt", cell("prosjekt", "komm_nr", "5001")),
    ("JS216", "deltaker", no_project),
    ("JS217", "oppfolging", again("oppfolging")),
    ("JS218", "oppfolging", again("oppfolging", minutter=1)),
    ("JS219", "tiltak", withdraw("tiltak", tiltak_id="finnes-ikke")),
    ("JS230", "deltaker", cell("deltaker", "fodselsdato", date(1950, 1, 1))),
    ("JS231", "deltaker", cell("deltaker", "intro_avsluttet_dato", date(2022, 6, 1))),
    (
        "JS232",
        "deltaker",
        cells(
            cell("deltaker", "inntektskilde_start", "sosialhjelp"),
            cell("deltaker", "start_dato", date(2019, 2, 1)),
            cell("deltaker", "slutt_dato", date(2020, 2, 1)),
        ),
    ),
    ("JS233", "deltaker", cell("deltaker", "start_dato", date(2015, 1, 1))),
    ("JS234", "deltaker", cell("deltaker", "avslutning", None)),
    ("JS235", "deltaker", cell("deltaker", "slutt_dato", None)),
    ("JS236", "deltaker", cells(cell("deltaker", "antall_barn", 1), cell("deltaker", "antall_barn_under_6", 2))),
    ("JS237", "deltaker", cell("deltaker", "soknad_dato", date(2023, 3, 1))),
    ("JS303", "innsending", innsending(avsender="5001")),
    ("JS304", "innsending", innsending(avsender="4601", trekker_tilbake="0123456789ab")),
    ("JS305", "innsending", innsending(avsender="4601", statusdato=date(2025, 1, 1))),
    ("JS306", "innsending", cells(innsending(avsender="4601"), again("innsending", kontakt="Post"))),
]


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")


def with_dtd() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_of(valid_tables()))) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "xl/workbook.xml":
                content = content.replace(b"<workbook", b'<!DOCTYPE x [<!ENTITY y "z">]><workbook', 1)
            new.writestr(entry.filename, content)
    return out.getvalue()


def far_down(book: Any, sheets: dict[str, Any]) -> None:
    sheets["deltaker"].write(999_999, 0, " ")


def hide_a_row(book: Any, sheets: dict[str, Any]) -> None:
    sheets["deltaker"].set_row(2, None, None, {"hidden": True})


def add_a_formula(book: Any, sheets: dict[str, Any]) -> None:
    sheets["oppfolging"].write_formula(1, 5, "=40+5", None, 45)


PROJECT = valid_tables()["prosjekt"]
FILE_CASES: dict[str, tuple[str, bytes]] = {
    "JS005": ("bombe.zip", zip_bytes({"deltaker.csv": b"0" * 20_000_000})),
    "JS006": ("pakke.zip", zip_bytes({"indre.zip": zip_of(valid_tables())})),
    "JS007": ("sti.zip", zip_bytes({"../../deltaker.csv": b"a;b\n"})),
    "JS008": ("dtd.xlsx", with_dtd()),
    "JS009": ("halv.zip", zip_of(valid_tables())[:-40]),
    "JS010": ("laast.xlsx", encrypted()),
    "JS011": ("lang.xlsx", xlsx_of(valid_tables(), far_down)),
    "JS020": ("bilde.png", b"\x89PNG\r\n\x1a\n"),
    "JS021": ("budsjett.csv", b"konto;sum\n1;2\n"),
    "JS022": ("prosjekt_a.csv", b"prosjekt_id;navn\n1;\x81\n"),
    "JS023": ("prosjekt_b.csv", csv_bytes(PROJECT) + b"1;2\n"),
    "JS024": ("prosjekt_c.csv", csv_bytes(PROJECT) + b'"1;2\n'),
    "JS025": ("prosjekt_d.csv", csv_bytes(PROJECT, header=["prosjekt_id", "navn", "komm_nr"])),
    "JS026": ("prosjekt_e.csv", b"\n" * 25 + csv_bytes(PROJECT)),
    "JS027": ("to.zip", zip_bytes({"prosjekt_1.csv": csv_bytes(PROJECT), "prosjekt_2.csv": csv_bytes(PROJECT)})),
    "JS028": ("prosjekt_f.csv", b"prosjektnr;" + csv_bytes(PROJECT).replace(b"\nP1", b"\nP1;P1")),
    "JS030": ("prosjekt_g.csv", csv_bytes([], header=list(PROJECT[0]))),
    "JS031": ("prosjekt_h.csv", csv_bytes([PROJECT[0] | {"prosjekt_id": "F31", "notat": "x"}])),
    "JS032": ("ekstra.zip", zip_bytes({"prosjekt.csv": csv_bytes([PROJECT[0] | {"prosjekt_id": "F32"}]), "les_meg.txt": b"hei"})),
    "JS033": ("prosjekt_i.csv", b"Tittel\n" + csv_bytes([PROJECT[0] | {"prosjekt_id": "F33"}])),
    "JS034": ("skjult.xlsx", xlsx_of(valid_tables(project="F34"), hide_a_row)),
    "JS035": ("formel.xlsx", xlsx_of(valid_tables(project="F35"), add_a_formula)),
    "JS036": ("prosjekt_j.csv", csv_bytes([PROJECT[0] | {"prosjekt_id": "F36"}]) + b"Sum;;;;;;\n"),
}


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Receipt per case code, and ``valid`` for the delivery that breaks nothing; all of one night."""
    root: Path = tmp_path_factory.mktemp("rules")
    now = datetime(2024, 6, 1, 2, 30, tzinfo=OSLO)
    inbox = Inbox(root, Settings(Home(root / "home"), "demo", now, min_age_seconds=0.0))
    inbox.validate = validate
    order = ["valid"]
    inbox.drop("4601", "gyldig.zip", zip_of(valid_tables(project="GYLDIG")))
    for number, (code, table, change) in enumerate(ROW_CASES):
        sender = "4601" if table == "innsending" else MUNICIPALITIES[number % len(MUNICIPALITIES)]
        tables = valid_tables(project=f"P{code}", komm_nr=sender)
        change(tables)
        inbox.drop(sender, f"{code}.zip", zip_of(tables))
        order.append(code)
    for code, (name, data) in FILE_CASES.items():
        inbox.drop("4601", name, data)
        order.append(code)
    night = inbox.run()
    assert night.n_failed == 0
    found = inbox.receipts()
    assert len(found) == len(order)
    return dict(zip(order, found, strict=True))


def test_a_valid_delivery_breaks_no_rule(receipts: dict[str, dict[str, Any]]) -> None:
    assert receipts["valid"]["findings"] == []
    assert receipts["valid"]["state"] == "accepted"


@pytest.mark.parametrize(("code", "table"), [(c, t) for c, t, _ in ROW_CASES])
def test_row_rule_is_raised_in_its_table(code: str, table: str, receipts: dict[str, dict[str, Any]]) -> None:
    found = [f for f in receipts[code]["findings"] if f["code"] == code and f["table"] == table]
    assert found, f"{code} not raised: {codes(receipts[code])}"
    assert all(min(f["rows"]) >= 2 for f in found)
    quarantined = sum(t["quarantined"] for t in receipts[code]["tables"].values())
    assert (quarantined > 0) == any(f["severity"] == "error" for f in receipts[code]["findings"])


@pytest.mark.parametrize("code", list(FILE_CASES))
def test_file_rule_is_raised_and_decides(code: str, receipts: dict[str, dict[str, Any]]) -> None:
    receipt = receipts[code]
    assert code in codes(receipt, "info")
    decision = rule(code).decision
    assert receipt["state"] == (decision or {"info": "accepted", "remark": "accepted_with_remarks"}[rule(code).severity])


@pytest.mark.parametrize("code", ["valid", *(c for c, _, _ in ROW_CASES), *FILE_CASES])
def test_sums_balance(code: str, receipts: dict[str, dict[str, Any]]) -> None:
    for t in receipts[code]["tables"].values():
        assert t["rows_in"] == t["accepted"] + t["quarantined"] + t["withdrawn"] + t["duplicates"]


def test_synthetic_person_is_refused_in_production(inbox: Inbox) -> None:
    inbox.settings = replace(inbox.settings, environment="prod")
    assert codes(inbox.deliver(zip_of(valid_tables()))) >= {"JS124"}


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    import re

    known = {r.code for r in catalogue()}
    source = Path(__file__).parents[2] / "pipeline" / "intake"
    used = {c for path in source.rglob("*.py") for c in re.findall(r'"(JS\d{3})"', path.read_text(encoding="utf-8"))}
    assert used <= known
    assert len(used) > 60
