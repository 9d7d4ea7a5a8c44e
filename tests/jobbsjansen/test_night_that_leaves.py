"""Whatever ends the process from inside a night, the night did not complete: exit code 3, the reason told, the status failed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from assets import klargjort
from assets.night import Night, StepFailed, value_free
from jobbsjansen import nightly
from jobbsjansen.cli import main
from pipeline.engine.duck import DuckEngine

NOW = "2026-02-01T02:30:00+01:00"


def leave(*_: object) -> None:
    sys.exit(0)


def leave_with_a_value(*_: object) -> None:
    sys.exit("a text that may hold 01819000049")


def ended(arguments: list[str]) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


def failed_night(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, str]]:
    """What a night that fails says, and what it leaves as its status."""
    assert ended(["nightly", "--home", str(home), "--now", NOW]) == 3
    return capsys.readouterr().err, json.loads((home / "status.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("leaving", [leave, leave_with_a_value])
def test_a_step_that_ends_the_process_is_a_failed_night(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, leaving: object
) -> None:
    monkeypatch.setattr(klargjort, "build_klargjort", leaving)
    told, status = failed_night(tmp_path / "home", capsys)
    assert status["state"] == "failed"
    assert status["failure"].startswith("kohort: SystemExit at test_night_that_leaves.py:")
    assert status["failure"] in told
    assert "01819000049" not in told + status["failure"]


def want_memory(*_: object) -> None:
    with tempfile.TemporaryDirectory() as spill:
        DuckEngine("2MB", Path(spill)).run("mange", "SELECT list(i) AS alle FROM range(1000000) AS tall (i)", {})


def test_a_night_without_enough_memory_says_which_limit_to_raise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(klargjort, "build_klargjort", want_memory)
    told, status = failed_night(tmp_path / "home", capsys)
    assert status["failure"] == "The step mange failed (OutOfMemoryException). Raise JOBBSJANSEN_MEMORY_LIMIT (now 2MB)."
    assert told.strip().endswith(status["failure"])
    assert "fault of ours" not in told


@pytest.mark.parametrize("leaving", [leave, leave_with_a_value])
def test_what_ends_the_process_outside_the_steps_is_told_by_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, leaving: object
) -> None:
    monkeypatch.setattr(nightly, "run_nightly", leaving)
    assert ended(["nightly", "--home", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert told.startswith("This is a fault of ours")
    assert "test_night_that_leaves.py" in told
    assert "SystemExit" in told
    assert "01819000049" not in told


def test_a_graph_that_ends_before_its_last_step_is_a_failed_night(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def half(night: Night) -> None:
        night.built.append("inndata")

    monkeypatch.setattr("assets.definitions.run_night", half)
    assert ended(["nightly", "--home", str(tmp_path / "home"), "--now", NOW]) == 3
    assert "before its last step" in capsys.readouterr().err
    assert json.loads((tmp_path / "home" / "status.json").read_text(encoding="utf-8"))["state"] == "failed"


def test_help_and_answers_keep_their_exit_codes(tmp_path: Path) -> None:
    assert ended(["--help"]) == 0
    assert ended(["nightly", "--help"]) == 0
    assert ended(["rule", "JS014", "--home", str(tmp_path)]) == 0
    assert ended(["no-such-command"]) == 64


def test_an_interruption_stays_an_interruption() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        value_free("x", interrupted)
    with pytest.raises(StepFailed, match="x: SystemExit at"):
        value_free("x", leave)


def test_rules_are_judged_in_a_process_without_a_main_file() -> None:
    """PySpark takes ``python -c`` for its own doctests, and ends the process with 0 where Spark Connect lacks a package."""
    judge = (
        "import polars as pl; from expectations.runner import expectation_classes as classes, judge;"
        "frame = pl.DataFrame({'row': [0, 1], 'a': [1, None]});"
        "found = judge('x', frame, [classes().ExpectColumnValuesToNotBeNull(column='a', meta={'code': 'C', 'column': 'a'})],"
        "{'row': pl.Int64()}); print(found['row'].to_list())"
    )
    root = Path(__file__).parents[2]
    made = subprocess.run([sys.executable, "-W", "ignore", "-c", judge], cwd=root, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stdout.strip()) == (0, "[1]"), made.stderr[-2000:]
