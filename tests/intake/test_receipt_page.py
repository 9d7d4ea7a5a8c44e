"""The receipt as a page: decision and deadline first, three languages, everything escaped, nothing fetched from anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.intake.receipts import wording
from pipeline.intake.receipts.receipt_page import receipt_html
from pipeline.intake.receipts.wording import words
from pipeline.rules.said import LANGUAGES
from tests.intake.intake_case import Inbox, valid_tables, xlsx_of, zip_of


class Text(HTMLParser):
    """Collects tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def page(inbox: Inbox) -> str:
    receipt = inbox.receipts()[-1]
    return (inbox.settings.home.receipts / receipt["avsender"] / f"{receipt['receipt_id']}.html").read_text(encoding="utf-8")


def version(html: str, language: str) -> str:
    """The article in one language."""
    return html[html.index(f'<article class="said-{language}"') :].split("</article>")[0]


def faulty() -> bytes:
    tables = valid_tables()
    tables["deltaker"][0]["kjonn"] = "x"
    return zip_of(tables)


def test_decision_and_deadline_stand_first_and_findings_say_how_to_mend(inbox: Inbox) -> None:
    inbox.deliver(faulty())
    said = Text(version(page(inbox), "nb")).texts
    assert said[0] == "Delvis tatt inn: 1 av 13 rader holdt tilbake · rett innen 31. januar 2025"
    assert said[1] == "SYNTETISKE DATA"
    assert "Fristen er ikke fastsatt, men antatt" in said[2]
    assert "Feil JS102: Verdien finnes ikke i kodelisten." in said
    assert "Slik retter du:" in said
    assert "deltaker, kolonne kjonn: rad 2" in said


@pytest.mark.parametrize(
    ("language", "headline", "finding"),
    [
        (
            "nn",
            "Delvis teken inn: 1 av 13 rader haldne tilbake · rett innan 31. januar 2025",
            "Feil JS102: Verdien finst ikkje i kodelista.",
        ),
        (
            "en",
            "Partly taken in: 1 of 13 rows held back · mend by 31 January 2025",
            "Error JS102: The value is not in the code list.",
        ),
    ],
)
def test_the_same_file_says_it_in_other_languages(language: str, headline: str, finding: str, inbox: Inbox) -> None:
    inbox.deliver(faulty())
    said = Text(version(page(inbox), language)).texts
    assert said[0] == headline
    assert finding in said


def test_every_language_is_named_and_bokmaal_chosen(inbox: Inbox) -> None:
    inbox.deliver(faulty())
    html = page(inbox)
    assert html.startswith('<!doctype html>\n<html lang="nb">')
    assert re.findall(r'<article class="said-(\w+)" lang="(\w+)"', html) == [(x, x) for x in LANGUAGES]
    assert re.findall(r'id="in-(\w+)" checked', html) == ["nb"]


def test_a_text_that_is_missing_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lame = tmp_path / "kvittering.toml"
    lame.write_text(wording.FILE.read_text(encoding="utf-8").replace('nn = "Rader"\n', "", 1), encoding="utf-8")
    monkeypatch.setattr(wording, "FILE", lame)
    words.cache_clear()
    try:
        with pytest.raises(ValueError, match="rows_heading"):
            words("nb")
    finally:
        monkeypatch.undo()
        words.cache_clear()


def test_no_text_is_left_over() -> None:
    """Every text of the file is used: by its name in the code or the page, or by a name put together there."""
    used = "".join(p.read_text(encoding="utf-8") for p in wording.FILE.parent.glob("*.*") if p.suffix in (".py", ".html"))
    made = (
        "state_",
        "severity_",
        "figure_",
        "rows_",
        "changes_",
        "compared_",
        "linkage_",
        "figures_",
        "trend_",
        "explain_",
        "fact_",
    )
    assert [
        n
        for n in words("nb").texts
        if not {f'"{n}"', f"'{n}'"} & set(re.findall(r"['\"]\w+['\"]", used)) and not n.startswith(made)
    ] == []


def test_rows_add_up_in_sight(inbox: Inbox) -> None:
    inbox.deliver(faulty())
    said = Text(version(page(inbox), "nb")).texts
    at = said.index("Tabell")
    assert [x.replace("\u00a0", " ") for x in said[at : at + 6]] == [
        "Tabell",
        "I filen",
        "= Tatt inn",
        "+ Holdt tilbake",
        "+ Trukket",
        "+ Gjentatt",
    ]
    total = said.index("I alt")
    numbers = [int(x) for x in said[total + 1 : total + 6]]
    assert numbers[0] == sum(numbers[1:]) == 13
    assert numbers[2] == 1


def test_tables_stand_in_the_order_of_the_file_description(inbox: Inbox) -> None:
    tables = valid_tables()
    tables["deltaker"][0]["kjonn"] = "x"
    inbox.deliver(xlsx_of(dict(reversed(tables.items()))), "levering.xlsx")
    said = Text(version(page(inbox), "nb")).texts
    at, end = said.index("Tabell"), said.index("I alt")
    described = ["prosjekt", "deltaker", "kartlegging", "tiltak", "oppfolging"]
    assert [x for x in said[at:end] if x in tables] == described
    (marked,) = inbox.settings.home.receipts.rglob("*.xlsx")
    assert load_workbook(marked).sheetnames[1:] == described


def test_errors_are_as_many_over_time_as_in_the_summary(inbox: Inbox) -> None:
    tables = valid_tables()
    for row in tables["deltaker"][:2]:
        row["kjonn"] = "x"
    receipt = inbox.deliver(zip_of(tables))
    assert "Feil: 2" in Text(version(page(inbox), "nb")).texts
    assert [p["errors"] for p in receipt["trend"]] == [2]


def test_tables_in_which_nothing_stood_and_nothing_came_have_no_line_among_the_changes(inbox: Inbox) -> None:
    inbox.deliver(xlsx_of(valid_tables() | {"veileder": [dict.fromkeys(("prosjekt_id", "veileder_id"))]}), "levering.xlsx")
    said = Text(version(page(inbox), "nb")).texts
    assert "veileder" in said[: said.index("Funn")]
    assert "veileder" not in said[said.index("Endringer siden sist") : said.index("Egne nøkkeltall")]


def test_page_fetches_nothing_and_allows_no_script(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    html = page(inbox)
    assert not re.search(r"https?:|src=|href=|@import|url\(", html)
    assert set(Text(html).tags).isdisjoint({"script", "img", "link", "iframe", "form"})
    assert "default-src 'none'" in html
    assert "style=" not in html


def test_everything_is_escaped(inbox: Inbox) -> None:
    receipt = inbox.deliver(zip_of(valid_tables()))
    spoiled = receipt | {"avsender": "<img onerror=alert(1)>", "form": "<b>"}
    html = receipt_html(spoiled)
    assert "<img" not in html
    assert "<b>" not in html


def test_only_demo_says_synthetic(inbox: Inbox) -> None:
    inbox.settings = replace(inbox.settings, environment="prod")
    inbox.deliver(zip_of(valid_tables()))
    assert "SYNTETISKE DATA" not in page(inbox)


def test_page_shows_what_changed(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()), "a.zip")
    later = valid_tables(4)
    later["oppfolging"][0]["minutter"] = 10
    inbox.deliver(zip_of(later), "b.zip")
    said = Text(version(page(inbox), "nb")).texts
    table = said[said.index("Endringer siden sist") :]
    at = table.index("oppfolging")
    assert table[at : at + 5] == ["oppfolging", "1", "1", "2", "0"]
    assert "Opplysning JS308: Rader som var levert før, har fått nytt innhold." in said
