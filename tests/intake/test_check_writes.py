"""``check``: the text for people in three languages, the receipt as files, the marked delivery; nothing is overwritten or put into the home."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from jobbsjansen.checking import check_delivery
from pipeline.errors import UserError
from tests.intake.intake_case import Inbox, valid_tables, xlsx_of


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    tables = valid_tables()
    tables["deltaker"][0]["kjonn"] = "x"
    tables["oppfolging"][0]["minutter"] = 9000
    path = tmp_path / "levering.xlsx"
    path.write_bytes(xlsx_of(tables))
    return path


@pytest.mark.parametrize(
    ("language", "first", "gravest", "remedy"),
    [
        ("nb", "Delvis tatt inn: 1 av 13 rader holdt tilbake · rett innen 31. januar 2025", "Feil JS102", "Slik retter du:"),
        ("nn", "Delvis teken inn: 1 av 13 rader haldne tilbake · rett innan 31. januar 2025", "Feil JS102", "Slik rettar du:"),
        ("en", "Partly taken in: 1 of 13 rows held back · mend by 31 January 2025", "Error JS102", "How to mend it:"),
    ],
)
def test_text_says_decision_first_and_the_gravest_before_the_rest(
    language: str, first: str, gravest: str, remedy: str, delivery: Path, inbox: Inbox
) -> None:
    _, text = check_delivery(delivery, "4601", inbox.settings, language=language)
    lines = text.splitlines()
    assert lines[0] == first
    headings = [line for line in lines if " JS" in line and line[0] != " "]
    assert headings[0].startswith(gravest)
    assert "JS103" in headings[1]
    assert text.count(remedy) == 2


def test_out_writes_the_receipt_and_overwrites_nothing(delivery: Path, inbox: Inbox, tmp_path: Path) -> None:
    out = tmp_path / "out"
    receipt, _ = check_delivery(delivery, "4601", inbox.settings, out=out)
    name = receipt["receipt_id"]
    assert sorted(p.name for p in out.iterdir()) == [f"{name}.html", f"{name}.json", f"{name}.xlsx"]
    check_delivery(delivery, "4601", inbox.settings, out=out)
    (out / f"{name}.json").write_text("mine", encoding="utf-8")
    (out / f"{name}.html").unlink()
    with pytest.raises(UserError, match="is there already"):
        check_delivery(delivery, "4601", inbox.settings, out=out)
    assert sorted(p.name for p in out.iterdir()) == [f"{name}.json", f"{name}.xlsx"]
    assert not inbox.settings.home.receipts.exists()


def test_marked_holds_the_values_for_the_sender_alone(delivery: Path, inbox: Inbox, tmp_path: Path) -> None:
    marked = tmp_path / "marked.xlsx"
    check_delivery(delivery, "4601", inbox.settings, marked=marked, language="en")
    assert marked.stat().st_mode & 0o777 == 0o600
    book = openpyxl.load_workbook(marked)
    assert book.sheetnames[0] == "Receipt"
    assert {c.value for c in book["deltaker"]["A"]} >= {"prosjekt_id", "P1"}


@pytest.mark.parametrize("place", ["home/receipts/4601/x.xlsx", "home/x.xlsx", "x.csv", "levering.xlsx"])
def test_marked_goes_nowhere_it_may_not(place: str, delivery: Path, inbox: Inbox, tmp_path: Path) -> None:
    before = delivery.read_bytes()
    with pytest.raises(UserError):
        check_delivery(delivery, "4601", inbox.settings, marked=tmp_path / place)
    assert delivery.read_bytes() == before
    assert not (tmp_path / "home" / "x.xlsx").exists()


def test_an_unknown_language_is_refused(delivery: Path, inbox: Inbox) -> None:
    with pytest.raises(UserError, match="language"):
        check_delivery(delivery, "4601", inbox.settings, language="sv")
