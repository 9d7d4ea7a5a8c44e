"""``erase``: persons out of the identified zone at once, out of everything derived with the next night, and lists for recipients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.store import home_lock, write_text

_KEYS = ("person_key", "deltakelse_key")


def references(settings: Settings) -> Callable[[pl.Series], pl.Series]:
    """Keyed references, by which intake knows erased persons; key and identity history are only read when there are any."""
    from pipeline.intake import erased_references
    from pipeline.pseudonyms import home_history, load_keys
    from pipeline.pseudonyms import references as made_with

    made = cache(lambda: made_with(load_keys(settings), home_history(settings), erased_references(settings)))
    return lambda identities: made()(identities)


def erase_persons(settings: Settings, person_file: Path, *, dry_run: bool) -> tuple[dict[str, Any], str]:
    """Erase the persons whose identity numbers the file lists, one a line; counts as dict and as text.

    A person known by several numbers is erased under all of them, whichever is listed.

    With ``dry_run`` nothing is written. Per recipient ``exports/<recipient>/sletteliste_<erasure id>.csv`` (0600) lists the pseudonyms
    under that recipient's key whose rows it must delete; they are written before anything is erased.

    Raises:
        UserError: the file is missing, empty or has a line that is no identity number.
        HomeBusy: a night holds the home.
        RefusedStart: wrong key.
    """
    from pipeline.disclosure.erased import replace_members
    from pipeline.intake import carry_out, plan_erasure
    from pipeline.pseudonyms import forget, home_history

    listed = _numbers(person_file)
    with _held(settings, dry_run=dry_run) as completed:
        refer, history = references(settings), home_history(settings)
        numbers = history.all_numbers_of(listed).alias("fnr")
        plan = plan_erasure(settings, numbers, refer, history.current)
        lists: list[Path] = []
        if plan.erasure and not dry_run:
            own = _own_keys(settings, numbers)
            lists = _write_lists(settings, own, plan.erasure.erasure_id)
            replace_members(settings.home, _left_in_releases(settings, own))
            carry_out(settings, plan.erasure, refer)
            forget(settings, numbers)
    erasure = plan.erasure
    result = {
        "erasure_id": erasure.erasure_id if erasure else None,
        "dry_run": dry_run,
        "completed_earlier": completed,
        "persons_asked_for": history.current(listed).n_unique(),
        "numbers_beside_those_asked_for": len(set(numbers) - set(listed)),
        "persons_with_rows": plan.persons,
        "rows": dict(plan.rows),
        "deliveries": plan.deliveries,
        "originals": len(erasure.originals) if erasure else 0,
        "other_numbers": plan.other_numbers,
        "inbox_files": _in_inbox(settings, numbers),
        "lists": [str(p) for p in lists],
    }
    return result, _text(result)


def lift_erasure(settings: Settings, person_file: Path, *, dry_run: bool) -> tuple[dict[str, Any], str]:
    """Undo what an erasure holds back, for persons who were erased by mistake or take part again; counts as dict and as text.

    Raises:
        UserError: the file is missing, empty or has a line that is no identity number.
        HomeBusy: a night holds the home.
        RefusedStart: wrong key.
    """
    from pipeline.intake import lift_tombstones
    from pipeline.pseudonyms import home_history

    listed = _numbers(person_file)
    with _held(settings, dry_run=dry_run):
        history, refer = home_history(settings), references(settings)
        asked = history.current(listed).n_unique()
        lifted = lift_tombstones(settings, history.all_numbers_of(listed), refer, dry_run=dry_run, resolve=history.current)
    verb = "Would lift" if dry_run else "Lifted"
    text = (
        f"{verb}: {lifted} of {asked} persons were held back. What was erased stays erased; "
        "ask the sender for a new delivery. The same file will do, under another name."
    )
    return {"dry_run": dry_run, "persons_asked_for": asked, "persons_lifted": lifted}, text


@contextmanager
def _held(settings: Settings, *, dry_run: bool) -> Iterator[bool]:
    """The home, held, and whether an erasure that had been interrupted was completed first; with ``dry_run`` nothing is written."""
    from pipeline.intake import complete_erasures
    from pipeline.pseudonyms import check_home_key, load_keys

    with home_lock(settings.home):
        keys = load_keys(settings)
        if not dry_run:
            check_home_key(settings.home, keys)
        yield not dry_run and complete_erasures(settings, references(settings))


def _numbers(path: Path) -> pl.Series:
    from pipeline.intake.reading.identity import identity_kind

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UserError("The person file cannot be read.", "Give a text file (UTF-8) with one identity number a line.") from None
    stripped = pl.Series("fnr", [line.replace(" ", "").strip() for line in lines], dtype=pl.String)
    kinds = identity_kind(stripped).to_list()
    wrong = [
        i for i, (text, kind) in enumerate(zip(stripped, kinds, strict=True), 1) if text and kind in ("invalid", "ten_digits")
    ]
    if wrong:
        raise UserError(
            f"The person file has {len(wrong)} lines that are no identity number (first: line {wrong[0]}).",
            "Write eleven digits (twelve for DUF) a line; nothing was erased.",
        )
    numbers = stripped.filter(stripped != "").unique().sort()
    if numbers.is_empty():
        raise UserError("The person file is empty.", "Write one identity number a line.")
    return numbers


def _own_keys(settings: Settings, numbers: pl.Series) -> pl.DataFrame:
    """The persons' internal pseudonyms (``person_key``, ``deltakelse_key``), under each of their numbers, from every row ever accepted.

    What an earlier night called them stands in releases and with recipients until it is replaced there.
    """
    from pipeline.intake import rows_ever
    from pipeline.pseudonyms import home_history, load_keys, remapping, to_inndata

    ever = rows_ever(settings, "deltaker").filter(pl.col("fnr").is_in(numbers.implode()))
    spelled = remapping.spelled_out(ever, home_history(settings))
    return to_inndata({"deltaker": spelled}, load_keys(settings))["deltaker"].select(_KEYS)


def _write_lists(settings: Settings, own: pl.DataFrame, erasure_id: str) -> list[Path]:
    """Per recipient the pseudonyms that must be deleted: persons and their participations, under that recipient's key."""
    from pipeline.pseudonyms import load_keys, recipient_keys, remapping

    keys = load_keys(settings)
    written = []
    for recipient in remapping.RECIPIENTS:
        listed = {name: recipient_keys(own[name].unique(), keys, recipient).sort() for name in _KEYS}
        lines = [f"{name};{pseudonym}" for name in _KEYS for pseudonym in listed[name]]
        path = settings.home.exports / recipient / f"sletteliste_{erasure_id}.csv"
        write_text(path, "\n".join(["slag;pseudonym", *lines]) + "\n", mode=0o600)
        written.append(path)
    return written


def _left_in_releases(settings: Settings, own: pl.DataFrame) -> dict[str, str]:
    """Internal pseudonym to a reference that leads to nobody: the guard between releases must know that somebody left."""
    from pipeline.pseudonyms import load_keys, log_references

    keys = load_keys(settings)
    pairs = (zip(own[name], log_references(own[name], keys), strict=True) for name in _KEYS)
    return {pseudonym: reference for found in pairs for pseudonym, reference in found}


def _in_inbox(settings: Settings, numbers: pl.Series) -> dict[str, int]:
    """Sender to how many files of the inbox may still hold one of the persons; the inbox is the senders' and is left as it is."""
    from pipeline.intake.traces import may_hold

    found: dict[str, int] = {}
    for path in sorted(settings.home.inbox.glob("*/*")) if settings.home.inbox.is_dir() else []:
        if path.is_file() and not path.is_symlink() and may_hold(path, numbers.to_list()):
            found[path.parent.name] = found.get(path.parent.name, 0) + 1
    return found


def _text(result: dict[str, Any]) -> str:
    verb = "Would erase" if result["dry_run"] else "Erased"
    rows = ", ".join(f"{table} {n}" for table, n in result["rows"].items()) or "none"
    lines = [
        f"{verb}: {result['persons_with_rows']} of {result['persons_asked_for']} persons have accepted rows.",
        f"Rows: {rows}, from {result['deliveries']} deliveries; {result['originals']} originals.",
    ]
    if result["completed_earlier"]:
        lines.insert(0, "An earlier erasure that had been interrupted is now complete.")
    if result["numbers_beside_those_asked_for"]:
        lines.append(f"{result['numbers_beside_those_asked_for']} further numbers of the same persons are known, and included.")
    if result["other_numbers"]:
        lines.append(
            f"{result['other_numbers']} other numbers have stood on the same participations: list them too if they are theirs."
        )
    if result["inbox_files"]:
        files = ", ".join(f"{sender} {n}" for sender, n in result["inbox_files"].items())
        lines.append(f"The inbox still holds files with them (remove these by hand): {files}.")
    lines += [f"For the recipient: {path}" for path in result["lists"]]
    if not result["dry_run"]:
        lines.append("Everything derived follows with the next night: jobbsjansen nightly")
    return "\n".join(lines)
