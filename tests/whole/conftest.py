"""One full night on the sample, shared by the tests that look at what it left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("jobbsjansen")
NOW = "2026-02-01T02:30:00+01:00"


def run(*arguments: str, home: Path, now: str = NOW, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, with the run clock fixed."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JOBBSJANSEN_")}
    return subprocess.run(
        [COMMAND, *arguments, "--home", str(home), "--now", now],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def jobbsjansen():
    return run


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory) -> Path:
    """A home after its first night on the sample; tests only read it."""
    home = tmp_path_factory.mktemp("sample") / "home"
    assert run("sample", home=home).returncode == 0
    night = run("nightly", "--json", home=home)
    assert night.returncode == 0, night.stderr[-3000:]
    (home / "night.json").write_text(night.stdout, encoding="utf-8")
    return home
