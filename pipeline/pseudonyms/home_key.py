"""Which key a home is read with, and which it was read with before: the wrong key fails before anything is written.

Belongs here: the record in ``identified/key_check.json``, and the journal of a rotation that is under way.
Must not be here: keys themselves, or what a rotation does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import RefusedStart, UserError
from pipeline.pseudonyms.keys import Keys
from pipeline.settings import Home
from pipeline.store import json_text, write_text

Mark = dict[str, str]
_AGAIN = "Run the same 'jobbsjansen keys rotate' again, with the same key files: it goes on where it stopped."


def mark(keys: Keys) -> Mark:
    """What tells this key from others and reveals nothing of it: version and check value."""
    return {"check_value": keys.check_value, "version": keys.version}


def check_home_key(home: Home, keys: Keys) -> None:
    """Let the run go on only with the key this home is read with; the first run writes down which one that is.

    Raises:
        RefusedStart: another key or version, one that has been rotated away, a rotation that was interrupted, or an unreadable record;
            nothing has been written then.
    """
    if not _record(home).exists():
        home.identified.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_text(_record(home), json_text(mark(keys)), mode=0o600)
        return
    refuse_while_rotating(home)
    refuse_other_key(home, keys)


def refuse_while_rotating(home: Home) -> None:
    """Raise when a rotation has not come to its end: some tables hold new pseudonyms, others old ones.

    Raises:
        RefusedStart: it has not.
    """
    under_way = rotation_under_way(home)
    if under_way is not None:
        raise RefusedStart(f"A change of this home's key to version {under_way['new']['version']} was interrupted.", _AGAIN)


def refuse_lost_key(home: Home) -> None:
    """Raise when a rotation is under way and its new key file is not there: another new key would make of each person two.

    Raises:
        RefusedStart: so it is.
    """
    if rotation_under_way(home) is not None:
        raise RefusedStart(
            "The key file of the interrupted change of key is not there.", "Give the file that the first run made."
        )


def refuse_other_key(home: Home, keys: Keys) -> None:
    """Raise unless this is the key the home is read with now.

    Raises:
        RefusedStart: it is not, or the record is unreadable.
    """
    stored = _read(_record(home)) or {}
    if {name: stored.get(name) for name in ("check_value", "version")} == mark(keys):
        return
    earlier = [{"check_value": entry["check_value"], "version": entry["version"]} for entry in stored.get("history", [])]
    if mark(keys) in earlier:
        raise RefusedStart(f"This home has been rotated to version {stored['version']}.", "Give the key file of that version.")
    raise RefusedStart("This home was made with another key.", "Give the key file of this home, or start another home.")


def is_home_key(home: Home, keys: Keys) -> bool:
    """Whether the home is read with this key now."""
    stored = _read(_record(home)) or {}
    return {name: stored.get(name) for name in ("check_value", "version")} == mark(keys)


def rotation_under_way(home: Home) -> dict[str, Any] | None:
    """The journal of a rotation that has not come to its end (``old``, ``new``: marks; ``began``: ISO 8601), else None."""
    journal, stored = _read(_journal(home)), _read(_record(home)) or {}
    if journal is None or {name: stored.get(name) for name in journal["new"]} == journal["new"]:
        return None
    return journal


def begin_rotation(home: Home, old: Keys, new: Keys, began: str) -> str:
    """Write down that this home is being rotated; from now on no night runs until that is done. Returns when it began (ISO 8601).

    Raises:
        RefusedStart: another rotation is under way.
    """
    under_way = rotation_under_way(home)
    if under_way is None:
        write_text(_journal(home), json_text({"old": mark(old), "new": mark(new), "began": began}), mode=0o600)
        return began
    if under_way["old"] != mark(old) or under_way["new"] != mark(new):
        raise RefusedStart(f"A change of this home's key to version {under_way['new']['version']} was interrupted.", _AGAIN)
    return str(under_way["began"])


def end_rotation(home: Home, old: Keys, new: Keys, began: str) -> None:
    """Let the home be read with the new key alone, and write down all versions so far: the current last."""
    stored = _read(_record(home)) or {}
    if not is_home_key(home, new):
        history = [*stored.get("history", [{**mark(old), "from": None}]), {**mark(new), "from": began}]
        write_text(_record(home), json_text({**mark(new), "history": history}), mode=0o600)
    _journal(home).unlink(missing_ok=True)


def versions_used(home: Home) -> list[str]:
    """Every key version this home has been read with, oldest first.

    Raises:
        UserError: no run has been made in this home.
    """
    stored = _read(_record(home))
    if stored is None:
        raise UserError(
            "This home has not been read with any key yet.", "Make a key with 'jobbsjansen keys new' and start with it."
        )
    return [str(entry["version"]) for entry in stored.get("history", [stored])]


def _record(home: Home) -> Path:
    return home.identified / "key_check.json"


def _journal(home: Home) -> Path:
    return home.identified / "rotation.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
