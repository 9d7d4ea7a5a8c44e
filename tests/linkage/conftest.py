from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.settings import OSLO, Home, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Home(tmp_path / "home"), "demo", datetime(2031, 5, 1, 2, 30, tzinfo=OSLO), memory_limit="500MB")
