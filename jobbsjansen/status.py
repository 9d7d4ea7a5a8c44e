"""``status``: how the last night went, read from ``status.json``."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from jobbsjansen.senders import senders_status, senders_text
from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.store import is_held
from pipeline.tables.register_names import register_title

STALE_AFTER = timedelta(hours=36)


def read_status(settings: Settings, *, senders: bool = False) -> tuple[dict[str, Any], str, bool]:
    """The last night's status, as dict and text, and whether it is healthy: completed, younger than 36 hours, and none died since.

    Raises:
        UserError: no night has ended or died in this home yet.
    """
    begun = settings.home.begun.read_text(encoding="utf-8") if settings.home.begun.is_file() else None
    died = begun is not None and not is_held(settings.home)
    said = f"The night that began {begun} died before its end. Run 'jobbsjansen nightly' again." if died else None
    if not settings.home.status.is_file():
        if said:
            return {"state": "died", "died": begun}, said, False
        raise UserError("This home has no status yet: no night has ended here.", "Run 'jobbsjansen nightly' first.")
    document: dict[str, Any] = json.loads(settings.home.status.read_text(encoding="utf-8"))
    age = settings.now - datetime.fromisoformat(document["finished"])
    document["age_hours"] = round(age.total_seconds() / 3600, 1)
    document["stale"] = age > STALE_AFTER
    document |= {"died": begun} if died else {}
    healthy = document["state"] == "completed" and not document["stale"] and not died
    lines = [
        *([said] if said else [f"A night is running since {begun}."] if begun else []),
        f"{document['state']}, {document['age_hours']} hours ago{' (stale: more than 36 hours)' if document['stale'] else ''}",
        *([f"failure: {document['failure']}"] if "failure" in document else []),
        *([f"release refused: {document['release_refused']}"] if "release_refused" in document else []),
        *waiting_files(document),
        *identity_lines(document),
        *extract_lines(document),
        *([_conclusions(document["estimates"]["changed_conclusion"])] if "estimates" in document else []),
    ]
    if senders:
        document["senders"] = senders_status(settings)
        lines += senders_text(document["senders"])
    return document, "\n".join(lines), healthy


def waiting_files(facts: dict[str, Any]) -> list[str]:
    """A line on files of the inbox that the night did not read, if any."""
    waiting = facts.get("deliveries", {}).get("waiting", 0)
    why = "unfinished, or more or heavier files of one sender than a night takes"
    return [f"Files left for the next night: {waiting} ({why})."] if waiting else []


def extract_lines(facts: dict[str, Any]) -> list[str]:
    """Lines on registry extracts that may not be used or are still being written, and on whole populations; without values."""
    waiting, whole = facts.get("extracts_waiting", {}), facts.get("extracts_of_whole_populations", [])
    unknown = facts.get("register_folders_unknown", 0)
    return [
        *(
            f"Extract of {named(register)} refused, the last good one stays: {text.removeprefix(f'registers/{register}: ')}"
            for register, text in facts.get("extracts_refused", {}).items()
        ),
        *(
            f"Extract of {named(register)}: {n} participant(s) came while its files were away and are unknown there, "
            "until the files are back or a new extract comes."
            for register, n in facts.get("extracts_unseen", {}).items()
        ),
        *(f"registers/{named(register)}: {n} still being written, left for the next night." for register, n in waiting.items()),
        *(
            f"registers/{named(register)}: {n} not read (a link, or neither Parquet nor CSV)."
            for register, n in facts.get("extracts_ignored", {}).items()
        ),
        *([f"registers/ holds {unknown} folder(s) of no register: check their spelling."] if unknown else []),
        *([f"Whole-population extracts in use (participants' rows are kept): {', '.join(map(named, whole))}."] if whole else []),
    ]


def named(register: str) -> str:
    """A register as the page for readers calls it, and by its code, which is its folder."""
    return f"{register} ({register_title(register)})"


def identity_lines(facts: dict[str, Any]) -> list[str]:
    """Lines on what the identity history was refused for or left out, and on persons found to be one; counts only."""
    history, found = facts.get("identity_history", {}), facts.get("pseudonyms_replaced")
    left_out = {code: n for code, n in history.get("findings", {}).items() if code not in ("identisk_rad", "til_seg_selv")}
    counts = ", ".join(f"{n} {code}" for code, n in sorted(left_out.items()))
    return [
        *([f"Identity history refused, the last good one stays: {history['refused']}"] if history.get("refused") else []),
        *([f"Rows of the identity history left out: {counts}."] if counts else []),
        *([f"Persons found to be one: {found['persons']}; lists for recipients: {found['lists']}."] if found else []),
    ]


def _conclusions(changed: int) -> str:
    see = ", see statistikk.effekt_avvik" if changed else ""
    return f"estimates that changed conclusion since the last run: {changed}{see}"
