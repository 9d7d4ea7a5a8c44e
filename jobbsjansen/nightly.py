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

from jobbsjansen.status import extract_lines, identity_lines, waiting_files
from pipeline.errors import Fault, ReleaseRefused
from pipeline.settings import Settings

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


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
        known = f"{deliveries.get('known', 0)} in the ledger{f' ({states})' if states else ''}"
        release = self.facts.get("release", {})
        lines = [
            f"Deliveries: {deliveries.get('new', 0)} new, {known}.",
            *waiting_files(self.facts),
            *identity_lines(self.facts),
            f"Built anew: {', '.join(self.built) or 'nothing, nothing was new'}.",
            *extract_lines(self.facts),
            f"Release: {release.get('release_id') or 'none'}{' (new)' if release.get('new') else ''}.",
            *([f"Dashboard: {self.facts['site']}"] if self.facts.get("site") else []),
            f"The night took {self.seconds:.1f} s.",
        ]
        return "\n".join(lines)


def run_nightly(settings: Settings, progress: Callable[[str], None]) -> NightResult:
    """Everything that is new, from the inbox to the dashboard.

    Raises:
        HomeBusy: another run holds the home.
        RefusedStart: wrong key or environment; nothing was written.
        ReleaseRefused: the night is complete, but the gate kept the last release.
        Fault: a step broke, or the graph ended before its last step.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    from assets.definitions import run_night
    from assets.home import held

    started = time.monotonic()
    with held(settings, progress) as night:
        run_night(night)
    if not night.completed:
        raise Fault("The run ended before its last step.")
    if "release_refused" in night.facts:
        raise ReleaseRefused(str(night.facts["release_refused"]), "The night is otherwise complete.")
    return NightResult(time.monotonic() - started, night.facts, night.built)


def open_ui(settings: Settings, port: int) -> int:
    """Dagster's web server and daemon over the home, bound to localhost; returns its exit code."""
    from assets.home import prepare_home

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
