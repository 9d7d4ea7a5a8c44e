"""The spill folder: a new one for each engine, where the settings say, and nothing of a killed run left in it."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys

import pytest

from pipeline.engine import open_engine, spill_place
from pipeline.store import sweep


def _ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def fail_in(settings) -> None:
    with spill_place(settings) as place:
        (place / "rader").write_text("x")
        raise ZeroDivisionError


def test_two_engines_of_one_home_do_not_share_a_folder(settings):
    with spill_place(settings) as one, spill_place(settings) as two:
        assert one != two
        assert stat.S_IMODE(one.stat().st_mode) == stat.S_IMODE(one.parent.stat().st_mode) == 0o700
    assert not one.parent.exists()


def test_a_folder_of_ones_own_is_used_and_kept_with_all_else_in_it(tmp_path, settings):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "annet").write_text("x")
    with pytest.raises(ZeroDivisionError):
        fail_in(settings.with_(spill_folder=scratch))
    assert [p.name for p in scratch.iterdir()] == ["annet"]
    assert not settings.home.warehouse.exists()


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path, settings):
    host = socket.gethostname()
    dead, elsewhere = (f".jobbsjansen.{h}.{_ended_process()}.0.tmp" for h in (host, "en-annen-maskin"))
    living = f".jobbsjansen.{host}.1.0.tmp"
    for name in (dead, elsewhere, living):
        (tmp_path / name).mkdir()
    with open_engine(settings.with_(spill_folder=tmp_path)):
        pass
    assert sorted(p.name for p in tmp_path.glob(".jobbsjansen.*")) == sorted([elsewhere, living])


def test_the_sweep_of_the_home_finds_it(settings):
    left = settings.home.warehouse / ".spill" / ".jobbsjansen.vert.1.0.tmp"
    left.mkdir(parents=True)
    assert sweep(settings.home) == 1
    assert not left.exists()
