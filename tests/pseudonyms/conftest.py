from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.pseudonyms import Keys, load_keys
from pipeline.settings import OSLO, Home, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Home(tmp_path / "home"), "demo", datetime(2024, 5, 1, 2, 30, tzinfo=OSLO))


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return load_keys(settings)
