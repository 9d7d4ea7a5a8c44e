"""From which release numbers are that the gate carried forward, in readers' words.

A release may keep a group of numbers from an earlier one (``videreført`` in its manifest). Its change log says release by release what
was carried, so that the release that made a group's numbers is the latest one that did not carry it.
Must not be here: any decision about what is carried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.dashboard import numbers
from pipeline.dashboard.texts import Texts

NATIONAL, MUNICIPAL, ESTIMATES = "land_og_fylke", "kommune", "estimater"
GROUPS = (NATIONAL, MUNICIPAL, ESTIMATES)
_CARRIED = "Videreført:"
# Before the name of an analysis that was carried while others were made anew.
_ONE = f"{ESTIMATES}:"


@dataclass(frozen=True)
class Source:
    """The release that made the numbers, and its day; null where the change log does not reach back to it."""

    release_id: str | None = None
    day: date | None = None


Origins = Mapping[str, Source]


def origins(manifest: Mapping[str, Any], release_id: str) -> Origins:
    """The release behind every group that was carried forward into this one; empty where all is new."""
    earlier = [entry for entry in manifest.get("endringslogg", ()) if entry["release_id"] != release_id]
    carried = manifest.get("videreført", ())
    groups = [group for group in GROUPS if group in carried] + [code for code in carried if code.startswith(_ONE)]
    return {group: _made(group, earlier) for group in groups}


def _made(group: str, earlier: Sequence[Mapping[str, Any]]) -> Source:
    names = {group, ESTIMATES} if group.startswith(_ONE) else {group}
    entry = next((e for e in reversed(earlier) if names.isdisjoint(_carried(e))), None)
    return Source() if entry is None else Source(entry["release_id"], date.fromisoformat(entry["dato"]))


def _carried(entry: Mapping[str, Any]) -> Sequence[str]:
    """Groups that a release carried: its own list, or where its log line is older than the list, what the line says."""
    return entry["videreført"] if "videreført" in entry else _told(entry["endring"])


def _told(change: str) -> Sequence[str]:
    _, found, names = change.partition(_CARRIED)
    return [name.strip() for name in names.rstrip(".").split(",")] if found else []


def change_text(change: str, t: Texts) -> str:
    """A line of the change log with the groups' names for their codes."""
    before, found, _ = change.partition(_CARRIED)
    return f"{before}{_CARRIED} {'; '.join(t.label('gruppe', name) for name in _told(change))}." if found else change


def source_text(source: Source, t: Texts) -> str:
    """``fra utgivelse r0001, 25. november 2026``."""
    if source.release_id is None or source.day is None:
        return t("origin.unknown")
    return t("origin.source", id=source.release_id, day=numbers.day(source.day))


def page_note(found: Origins, group: str, t: Texts) -> str:
    """The sentence over a page whose numbers were carried forward, all or some analyses; empty where they are new."""
    if group in found:
        return t(f"origin.note.{group}", source=source_text(found[group], t))
    some = [f"{_label(code, t)} {source_text(source, t)}" for code, source in found.items() if code.startswith(f"{group}:")]
    return t("origin.note.some", which="; ".join(some)) if some else ""


def _label(group: str, t: Texts) -> str:
    return t.label("analyse", group.removeprefix(_ONE)) if group.startswith(_ONE) else t.label("gruppe", group)


def foot_notes(found: Origins, t: Texts) -> list[str]:
    """One line per group that is older than the release."""
    return [t("origin.foot", group=_label(group, t), source=source_text(source, t)) for group, source in found.items()]
