"""A night that never reached its end is told by ``status``, however well the one before it went."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assets.home import held
from jobbsjansen.status import read_status
from pipeline.pseudonyms import load_keys
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import home_lock

NOW = datetime(2024, 6, 1, 2, 30, tzinfo=OSLO)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose last night completed an hour ago."""
    found = Settings(Home(tmp_path / "home"), "demo", NOW, min_age_seconds=0.0)
    load_keys(found)
    found.home.root.mkdir(exist_ok=True)
    finished = (NOW - timedelta(hours=1)).isoformat()
    found.home.status.write_text(json.dumps({"state": "completed", "finished": finished}), encoding="utf-8")
    return found


def test_night_that_died_is_told_and_is_not_healthy(settings: Settings) -> None:
    assert read_status(settings)[2]
    settings.home.begun.write_text(NOW.isoformat(), encoding="utf-8")
    document, text, healthy = read_status(settings)
    assert not healthy
    assert document["died"] == NOW.isoformat()
    assert text.splitlines()[0] == f"The night that began {NOW.isoformat()} died before its end. Run 'jobbsjansen nightly' again."


def test_night_that_runs_is_told_and_is_no_fault(settings: Settings) -> None:
    settings.home.begun.write_text(NOW.isoformat(), encoding="utf-8")
    with home_lock(settings.home):
        document, text, healthy = read_status(settings)
    assert healthy
    assert "died" not in document
    assert text.splitlines()[0] == f"A night is running since {NOW.isoformat()}."


def test_first_night_that_died_is_told_without_any_status(settings: Settings) -> None:
    settings.home.status.unlink()
    settings.home.begun.write_text(NOW.isoformat(), encoding="utf-8")
    document, _, healthy = read_status(settings)
    assert (document["state"], healthy) == ("died", False)


def test_a_night_says_that_it_has_begun_until_its_end_is_written(settings: Settings) -> None:
    def die_midway() -> None:
        with held(settings):
            assert settings.home.begun.read_text(encoding="utf-8") == NOW.isoformat()
            raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"):
        die_midway()
    assert not settings.home.begun.exists()
    assert json.loads(settings.home.status.read_text(encoding="utf-8"))["state"] == "failed"
