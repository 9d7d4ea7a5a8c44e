"""The inbox that intake tests drop files into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.intake.sjekk import write_check_page
from pipeline.settings import OSLO, Home, Settings
from tests.dashboard.dash_browser import Browser, browser
from tests.intake.corpus_answers import one_child
from tests.intake.intake_case import Inbox


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    now = datetime(2024, 6, 1, 2, 30, tzinfo=OSLO)
    return Inbox(tmp_path, Settings(Home(tmp_path / "home"), "demo", now, min_age_seconds=0.0))


@pytest.fixture(scope="module")
def one_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The module's deliveries are read by one child process."""
    with one_child(tmp_path_factory.mktemp("reader")):
        yield


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The module's own browser."""
    with browser(
        tmp_path_factory.mktemp("chromium"), "receipts and the page for senders, their accessibility and print"
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def check_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that senders check with, as a demo home gives it."""
    path = tmp_path_factory.mktemp("sjekk") / "sjekk.html"
    write_check_page(path, demo=True)
    return path
