"""Release, site and package outside the night, each holding the home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.store import home_lock

if TYPE_CHECKING:
    from assets.night import Night


def night_after(settings: Settings) -> Night:
    """A night that only builds from what stands, and knows which registers the last one could not bring up to date."""
    from assets.night import Night

    status = settings.home.status
    last = json.loads(status.read_text(encoding="utf-8")) if status.is_file() else {}
    return Night(settings, facts={"extracts_refused": last.get("extracts_refused", {})})


def make_release(settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    """The next release from the last night's tables, whatever the calendar says; with ``dry_run`` nothing is written.

    Raises:
        ReleaseRefused: the gate keeps the last release.
        RefusedStart: a change of key has been interrupted: the guard would see persons leave and join who did neither.
        UserError: nothing has come in yet.
    """
    from assets.publish import candidate_release, publish_snapshot, rebuild_site, write_candidate
    from pipeline.pseudonyms.home_key import refuse_while_rotating

    with home_lock(settings.home):
        refuse_while_rotating(settings.home)
        night = night_after(settings)
        released = candidate_release(night)
        if not dry_run:
            write_candidate(night, released)
            rebuild_site(night)
            publish_snapshot(night)
    hidden = {name: int((frame["status"] == ":").sum()) for name, frame in sorted(released.tables.items())}
    return {"release_id": released.release_id, "hidden": sum(hidden.values()), "hidden_by_table": hidden, "dry_run": dry_run}


def rebuild_site(settings: Settings) -> Path:
    """Build ``site/`` again and return its first page.

    Raises:
        UserError: there is no release to show.
    """
    from assets import publish

    with home_lock(settings.home):
        index = publish.rebuild_site(night_after(settings))
    if index is None:
        raise UserError("There is no release to show yet.", "Run 'jobbsjansen nightly' or 'jobbsjansen release' first.")
    return index


def write_ssb(settings: Settings) -> Path:
    """Write the package for Statistics Norway and return its folder."""
    from assets.night import Night
    from assets.publish import export_ssb

    with home_lock(settings.home):
        return export_ssb(Night(settings))
