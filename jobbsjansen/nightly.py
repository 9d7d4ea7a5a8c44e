"""The nightly run as a command: one home, one lock, one graph in this process, one status at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobbsjansen.status import write_status
from pipeline.errors import ReleaseRefused
from pipeline.settings import Home, Settings
from pipeline.store import home_lock, write_text

SAMPLE = Path(__file__).parents[1] / "data" / "sample"

DAGSTER_YAML = """\
telemetry:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 1
"""


@dataclass(frozen=True)
class NightResult:
    """What one night did, in counts only."""

    seconds: float
    facts: dict[str, Any]
    built: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {"seconds": round(self.seconds, 1), "built": self.built, **self.facts}

    def text(self) -> str:
        deliveries = self.facts.get("deliveries", {})
        states = ", ".join(f"{n} {state}" for state, n in deliveries.get("states", {}).items())
        release = self.facts.get("release", {})
        lines = [
            f"Deliveries: {deliveries.get('new', 0)} new, {deliveries.get('known', 0)} in the ledger ({states}).",
            f"Built anew: {', '.join(self.built) or 'nothing, nothing was new'}.",
            *(f"Extract refused, the last good one stays: {text}" for text in self.facts.get("extracts_refused", {}).values()),
            f"Release: {release.get('release_id', 'none')}{' (new)' if release.get('new') else ''}.",
            f"Dashboard: {self.facts.get('site', '')}",
            f"The night took {self.seconds:.1f} s.",
        ]
        return "\n".join(lines)


def prepare_home(home: Home) -> None:
    """Folders with their permissions, and Dagster's settings (telemetry off)."""
    for folder in (home.root, home.inbox, home.registers, home.receipts, home.dagster):
        folder.mkdir(parents=True, exist_ok=True)
    home.identified.mkdir(mode=0o700, exist_ok=True)
    home.identified.chmod(0o700)
    if not (home.dagster / "dagster.yaml").is_file():
        write_text(home.dagster / "dagster.yaml", DAGSTER_YAML)


def run_nightly(settings: Settings, progress: Callable[[str], None]) -> NightResult:
    """Everything that is new, from the inbox to the dashboard.

    Raises:
        HomeBusy: another run holds the home.
        RefusedStart: wrong key or environment; nothing was written.
        ReleaseRefused: the night is complete, but the gate kept the last release.
    """
    with home_lock(settings.home):
        os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
        from assets.definitions import run_night
        from assets.night import Night

        started = time.monotonic()
        night = Night(settings, progress)
        _ = night.keys  # the wrong key fails here, before any write
        prepare_home(settings.home)
        try:
            run_night(night)
        except Exception as problem:
            write_status(settings, "failed", night.facts | {"failure": _failure(problem)}, night.built)
            raise
        refused = night.facts.get("release_refused")
        write_status(settings, "release_refused" if refused else "completed", night.facts, night.built)
        if refused:
            raise ReleaseRefused(str(refused), "The last release stays; the night is otherwise complete.")
        return NightResult(time.monotonic() - started, night.facts, night.built)


def _failure(problem: BaseException) -> str:
    """Value-free: our own errors speak for themselves, of others only the kind is told."""
    from assets.night import StepFailed
    from pipeline.errors import UserError

    return str(problem) if isinstance(problem, (StepFailed, UserError)) else type(problem).__name__


def open_ui(settings: Settings, port: int) -> int:
    """Dagster's web server and daemon over the home, bound to localhost; returns its exit code."""
    prepare_home(settings.home)
    environment = os.environ | {
        "DAGSTER_HOME": str(settings.home.dagster),
        "JOBBSJANSEN_HOME": str(settings.home.root),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        "-m",
        "assets.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    return subprocess.run(command, env=environment, cwd=Path(__file__).parents[1], check=False).returncode  # noqa: S603
