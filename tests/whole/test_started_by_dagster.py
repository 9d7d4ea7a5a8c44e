"""A run that the schedule, the sensor or the web page starts ends as one from the command line does."""

import json

import dagster as dg
import pytest

from assets.definitions import build_defs
from assets.jobs import JOB_NAME


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBBSJANSEN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JOBBSJANSEN_MILJO", raising=False)
    return tmp_path / "home"


def _run() -> bool:
    with dg.DagsterInstance.ephemeral() as instance:
        return build_defs().resolve_job_def(JOB_NAME).execute_in_process(instance=instance, raise_on_error=False).success


def test_its_status_says_completed(home):
    assert _run()
    assert json.loads((home / "status.json").read_text(encoding="utf-8"))["state"] == "completed"


def test_its_status_says_what_broke(home, monkeypatch):
    def broken(*_args):
        raise ValueError("secret")

    monkeypatch.setattr("assets.klargjort.build_klargjort", broken)
    assert not _run()
    status = json.loads((home / "status.json").read_text(encoding="utf-8"))
    assert status["state"] == "failed"
    assert status["failure"].startswith("kohort: ValueError at")
    assert "secret" not in status["failure"]
