"""The receipt as a page: decision first, everything escaped, nothing fetched from anywhere."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from pipeline.intake.receipts import DECISIONS, receipt_html
from tests.intake.intake_case import Inbox, valid_tables, zip_of


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


def test_decision_stands_first_and_findings_say_how_to_mend(inbox: Inbox) -> None:
    tables = valid_tables()
    tables["deltaker"][0]["kjonn"] = "x"
    inbox.deliver(zip_of(tables))
    html = page(inbox)
    body = Text(html[html.index("<body>") :]).texts
    assert body[0] == DECISIONS["accepted_with_remarks"]
    assert body[1] == "SYNTETISKE DATA"
    assert "Feil JS102: Verdien finnes ikke i kodelisten." in body
    assert "Slik retter du:" in body
    assert "deltaker" in body


def test_page_fetches_nothing_and_allows_no_script(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    html = page(inbox)
    assert not re.search(r"https?:|src=|href=|@import|url\(", html)
    assert set(Text(html).tags).isdisjoint({"script", "img", "link", "iframe", "form"})
    assert "default-src 'none'" in html


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
    html = page(inbox)
    table = Text(html[html.index("Endringer siden sist") : html.index("<h2>Funn")]).texts
    at = table.index("oppfolging")
    assert table[at : at + 5] == ["oppfolging", "1", "1", "2", "0"]
    assert "Opplysning JS308: Rader som var levert før, har fått nytt innhold." in Text(html).texts
