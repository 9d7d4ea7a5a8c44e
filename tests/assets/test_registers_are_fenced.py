"""One register that breaks takes nothing from the others: it stays as it stood, and is told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from assets import registre
from assets.night import Night
from pipeline.pseudonyms import Participants, drop_zones
from pipeline.settings import OSLO, Home, Settings


@pytest.fixture
def night(tmp_path: Path) -> Night:
    home = Home(tmp_path / "home")
    (home.registers / "ytelse").mkdir(parents=True)
    return Night(Settings(home, "demo", datetime(2026, 2, 1, tzinfo=OSLO), min_age_seconds=0))


def taken(night: Night, register: str = "ytelse"):
    zone = drop_zones(night.settings.home.registers, [register], 0.0)[register]
    nobody = Participants(pl.DataFrame(schema={"person_id": pl.String, "person_key": pl.String}), night.keys)
    return registre._take_in(night, register, zone, nobody)


@pytest.mark.parametrize(
    "broken", [ValueError("01859012345"), OSError("01859012345"), pl.exceptions.PanicException("01859012345")]
)
def test_whatever_breaks_is_told_without_its_text_and_the_register_stands(night, monkeypatch, broken):
    whole = registre.take_in_register

    def breaks(register, files, *rest, **options):
        if files:
            raise broken
        return whole(register, files, *rest, **options)

    (night.settings.home.registers / "ytelse" / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(registre, "take_in_register", breaks)
    result = taken(night)
    assert (result.changed, result.extracts) == (False, [])
    assert type(broken).__name__ in result.refused
    assert "stays as it was" in result.refused
    assert "01859012345" not in result.refused


def test_a_folder_that_may_not_be_opened_is_named(night, monkeypatch):
    folder = night.settings.home.registers / "ytelse"
    original = Path.iterdir

    def shut(self):
        if self == folder:
            raise PermissionError
        return original(self)

    monkeypatch.setattr(Path, "iterdir", shut)
    assert "read permission on registers/ytelse" in taken(night).refused


def test_a_file_that_may_not_be_read_is_counted(night, monkeypatch):
    (night.settings.home.registers / "ytelse" / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "1 file(s) may not be read" in taken(night).refused
