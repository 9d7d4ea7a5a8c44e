"""Files that a night left lying are told of by the night and by ``status`` alike."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from jobbsjansen.nightly import NightResult
from jobbsjansen.status import read_status
from pipeline.settings import OSLO, Home, Settings


@pytest.mark.parametrize(("waiting", "told"), [(0, 0), (3, 1)])
def test_night_and_status_tell_of_files_left_for_the_next_night(tmp_path: Path, waiting: int, told: int) -> None:
    now = datetime(2024, 6, 1, 2, 30, tzinfo=OSLO)
    home = Home(tmp_path)
    facts = {"deliveries": {"new": 0, "known": 0, "states": {}, "waiting": waiting}}
    home.status.write_text(json.dumps({**facts, "state": "completed", "finished": now.isoformat()}), encoding="utf-8")
    status = read_status(Settings(home, "demo", now))[1]
    for text in (status, NightResult(1.0, facts).text()):
        assert text.count(f"Files left for the next night: {waiting} (") == told
        assert text.count("Files left") == told
