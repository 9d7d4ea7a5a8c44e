"""A home from first to last step of a run: its folders, its lock, its key, and the status it ends with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets.night import Night
from pipeline.settings import Home, Settings
from pipeline.store import home_lock, json_text, sweep, write_text

DAGSTER_YAML = """\
telemetry:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 1
"""


def prepare_home(home: Home) -> None:
    """Folders with their permissions, and Dagster's settings (telemetry off)."""
    for folder in (home.root, home.inbox, home.registers, home.receipts, home.dagster):
        folder.mkdir(parents=True, exist_ok=True)
    home.identified.mkdir(mode=0o700, exist_ok=True)
    home.identified.chmod(0o700)
    if not (home.dagster / "dagster.yaml").is_file():
        write_text(home.dagster / "dagster.yaml", DAGSTER_YAML)


@contextmanager
def held(settings: Settings, progress: Callable[[str], None] = lambda _text: None) -> Iterator[Night]:
    """The night of one run over the home, which nobody else can use meanwhile; at its end ``status.json`` is written.

    Raises:
        HomeBusy: another run holds the home.
        RefusedStart: wrong key or environment; nothing was written.
    """
    with home_lock(settings.home):
        night = Night(settings, progress)
        _ = night.keys  # the wrong key fails here, before any write
        prepare_home(settings.home)
        sweep(settings.home)
        write_text(settings.home.begun, settings.now.isoformat())
        try:
            yield night
        finally:
            write_status(night)
            settings.home.begun.unlink(missing_ok=True)


def write_status(night: Night) -> None:
    """Write ``status.json``: completed, release_refused or failed, the run clock, counts, what was built; never a value."""
    state = "failed" if not night.completed else "release_refused" if "release_refused" in night.facts else "completed"
    settings = night.settings
    document = {"state": state, "finished": settings.now.isoformat(), "environment": settings.environment, "built": night.built}
    if state == "failed":
        document["failure"] = night.failure or "The run ended before its last step."
    write_text(settings.home.status, json_text(document | night.facts))
