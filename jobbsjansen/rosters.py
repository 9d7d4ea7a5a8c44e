"""``roster``: the participants for a register's owner, or the decision that the owner may deliver everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.store import home_lock


def write_roster(
    settings: Settings, register: str, recipient: str | None, recipient_file: Path | None, out: Path | None, basis: str
) -> tuple[dict[str, Any], str]:
    """Write the encrypted list of participants; what was done as dict and as text, neither naming anybody.

    Raises:
        UserError: no participants, no or two recipients, no such register, or the file exists.
        HomeBusy: a night holds the home.
        RefusedStart: wrong key.
    """
    from pipeline.pseudonyms import check_home_key, load_keys, person_keys, remember_asked
    from pipeline.pseudonyms.roster import make_roster

    to = _recipient(recipient, recipient_file)
    with home_lock(settings.home):
        keys = load_keys(settings)
        check_home_key(settings.home, keys)
        identities, standing = _participants(settings)
        place = out or settings.home.exports / "rosters"
        path, entry = make_roster(settings, keys, register, to, identities, len(standing), place, basis)
        remember_asked(settings.home, register, entry.roster_id, person_keys(standing, keys))
    result = {
        "out": str(path),
        "roster_id": entry.roster_id,
        "register": register,
        "persons": entry.persons,
        "numbers": entry.numbers,
        "check_value": keys.of_register(register).check_value,
    }
    text = (
        f"Written to {path}: {entry.persons} persons, {entry.numbers} numbers, encrypted to the owner's key.\n"
        f"Roster {entry.roster_id} is on record. The owner's key for pseudonyms has check value {result['check_value']}."
    )
    return result, text


def decide_whole_population(settings: Settings, register: str, basis: str, *, allowed: bool) -> tuple[dict[str, Any], str]:
    """Record the decision that a register may be delivered whole, or no longer; what was recorded as dict and as text.

    Raises:
        UserError: no basis, no such register, one without persons, or nothing to end.
        HomeBusy: a night holds the home.
        RefusedStart: wrong key.
    """
    from pipeline.pseudonyms import check_home_key, load_keys
    from pipeline.pseudonyms.roster import end_whole_population, record_whole_population

    with home_lock(settings.home):
        keys = load_keys(settings)
        check_home_key(settings.home, keys)
        entry = (record_whole_population if allowed else end_whole_population)(settings, keys, register, basis)
    result = {"roster_id": entry.roster_id, "register": register, "whole_population": allowed, "basis": entry.basis}
    may = "may be delivered whole" if allowed else "may no longer be delivered whole"
    return result, f"On record as {entry.roster_id}: {register} {may}. No list was written."


def _recipient(recipient: str | None, recipient_file: Path | None) -> str:
    from pipeline.pseudonyms.roster import read_recipient

    if (recipient is None) == (recipient_file is None):
        raise UserError(
            "A roster is encrypted to one recipient.",
            "Give the owner's public key with --recipient or --recipient-file, one of them.",
        )
    return read_recipient(recipient_file) if recipient_file is not None else str(recipient)


def _participants(settings: Settings) -> tuple[pl.Series, pl.Series]:
    """Every number the current participants are known by, and the one each has now; both stay in memory."""
    from pipeline.intake import current_rows
    from pipeline.pseudonyms import home_history

    history = home_history(settings)
    standing = current_rows(settings, resolve=history.current)["deltaker"]["fnr"].drop_nulls().unique()
    return history.all_numbers_of(standing), history.current(standing).unique()
