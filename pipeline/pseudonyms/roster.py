"""Rosters: whom a register's owner is asked about, encrypted to that owner, and the record of who was asked about what and why.

Belongs here: the list (identity numbers and nothing else), its encryption, and the record ``identified/rosters.json``.
Must not be here: who the participants are (handed in). The list is never written, logged or shown unencrypted.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl
import pyrage

from pipeline.errors import UserError
from pipeline.pseudonyms.identity_search import count_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.settings import Home, Settings
from pipeline.store import json_text, write_text
from pipeline.tables import REGISTERS

RECORD = "rosters.json"
SUFFIX = ".age"
_PERSON_ID = r"^[0-9]{11}$"  # what registers know a person by; a DUF number is in none of them
_MAX_RECIPIENT_FILE = 16_384


@dataclass(frozen=True)
class RosterEntry:
    """One line of the record. It names no person.

    Attributes:
        kind: ``roster`` (a list was written), ``whole_population`` (none: everybody may be delivered, by decision) or
            ``whole_population_ended`` (no longer).
        roster_id: day and eight hex digits; also in the list's file name.
        register: name in ``REGISTERS``.
        time: the run clock, ISO 8601.
        persons: how many persons the list is about; 0 for a whole population.
        numbers: how many identity numbers it holds, at least one a person.
        content: HMAC-SHA256 of the list under the log key, in hex: tells whether two lists are equal, and nothing of them.
        recipient: the owner's public key.
        basis: legal basis and who decided, as given; why, where a decision was ended.
    """

    kind: Literal["roster", "whole_population", "whole_population_ended"]
    roster_id: str
    register: str
    time: str
    persons: int
    numbers: int
    content: str
    recipient: str
    basis: str


def read_recipient(path: Path) -> str:
    """The one public key in a file (lines that begin with ``#`` are comments).

    Raises:
        UserError: unreadable, none or several, or the file holds a private key.
    """
    lines: list[str] = []
    try:
        if path.stat().st_size <= _MAX_RECIPIENT_FILE:
            lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError):
        pass
    if any("AGE-SECRET-KEY-" in line.upper() for line in lines):
        raise UserError(
            "The recipient file holds a private key.", "Ask the owner for the public key (age1…), and for a new pair."
        )
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise UserError(
            "The recipient file does not hold one public key.", "Give a text file with one line that begins with age1."
        )
    return keys[0]


def make_roster(
    settings: Settings, keys: Keys, register: str, recipient: str, identities: pl.Series, persons: int, out: Path, basis: str = ""
) -> tuple[Path, RosterEntry]:
    """Write the encrypted list for a register's owner, and put it on record; where it was written, and the record's line.

    Decrypted, it is CSV with the one column ``person_id``: one row per number, each once, sorted.

    Args:
        settings: the home that keeps the record, and the run clock.
        keys: the master key.
        register: name in ``REGISTERS``, one with persons.
        recipient: the owner's public key, ``age1…``.
        identities: every number the participants are known by; only those of eleven digits are listed, null is nobody.
        persons: how many persons these are.
        out: the file, when its name ends with ``.age``; else the folder, and the file's name holds register and roster id.
        basis: legal basis, may be empty.

    Raises:
        UserError: no participants, no such register, one without persons, no public key, or the file exists.
    """
    _refuse_register(register)
    _refuse_basis(basis)
    listed = identities.drop_nulls().cast(pl.String).unique().sort()
    listed = listed.filter(listed.str.contains(_PERSON_ID))
    if listed.is_empty():
        raise UserError("There are no participants to ask about.", "Run jobbsjansen nightly with deliveries first.")
    content = ("\n".join(["person_id", *listed]) + "\n").encode("ascii")
    encrypted = _encrypted(content, recipient)
    mac = hmac.digest(keys.derive("log"), content, "sha256").hex()
    name, time = _roster_id(keys, settings.now, register, recipient, mac), settings.now.isoformat()
    entry = RosterEntry("roster", name, register, time, persons, len(listed), mac, recipient.strip(), basis.strip())
    target = out if out.suffix == SUFFIX else out / f"roster_{register}_{entry.roster_id}.csv{SUFFIX}"
    _publish(target, encrypted, settings.home, entry)
    return target, entry


def record_whole_population(settings: Settings, keys: Keys, register: str, basis: str) -> RosterEntry:
    """Put on record that a register's owner may deliver its whole population; no list is written.

    Raises:
        UserError: no such register, one without persons, or no basis.
    """
    _refuse_register(register)
    if not basis.strip():
        raise UserError("A whole population needs a legal basis.", "Write it with --basis: the provision, and who decided when.")
    return _recorded("whole_population", settings, keys, register, basis)


def end_whole_population(settings: Settings, keys: Keys, register: str, reason: str) -> RosterEntry:
    """Put on record that a register's owner may not deliver its whole population any more. What has been admitted stays: participants' rows.

    Raises:
        UserError: no decision stands for that register, or no reason.
    """
    if whole_population_basis(settings.home, register) is None:
        told = f"There is no decision that {register} may be delivered whole."
        raise UserError(told, "Nothing is to be ended; identified/rosters.json has all decisions.")
    if not reason.strip():
        raise UserError("The end of a decision needs its reason.", "Write it with --basis: why, and who decided when.")
    return _recorded("whole_population_ended", settings, keys, register, reason)


def whole_population_basis(home: Home, register: str) -> str | None:
    """The recorded basis for taking a whole population from a register, as it stands; ``None`` where nobody has decided that, or no longer.

    Raises:
        UserError: the record is damaged.
    """
    found = [entry for entry in rosters(home) if entry.kind != "roster" and entry.register == register]
    return found[-1].basis if found and found[-1].kind == "whole_population" else None


def rosters(home: Home) -> list[RosterEntry]:
    """The record, oldest first.

    Raises:
        UserError: it is damaged.
    """
    path = home.identified / RECORD
    if not path.is_file():
        return []
    try:
        return [RosterEntry(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        pass
    raise UserError(f"The record {RECORD} in the identified zone is damaged.", "Put it back from the last backup.")


def _recorded(
    kind: Literal["whole_population", "whole_population_ended"], settings: Settings, keys: Keys, register: str, basis: str
) -> RosterEntry:
    _refuse_basis(basis)
    name, time = _roster_id(keys, settings.now, register, kind, basis), settings.now.isoformat()
    entry = RosterEntry(kind, name, register, time, 0, 0, "", "", basis.strip())
    _record(settings.home, entry)
    return entry


def _refuse_register(register: str) -> None:
    if register not in REGISTERS:
        raise UserError("There is no such register.", f"Choose one of: {', '.join(REGISTERS)}.")
    if "person_key" not in REGISTERS[register]:
        raise UserError(f"The register {register} has no persons.", "Ask its owner for the whole register; no roster is needed.")


def _refuse_basis(basis: str) -> None:
    if count_identities(pl.Series([basis])):
        raise UserError("The basis holds an identity number.", "Name the provision and the office that decided; no person.")


def _roster_id(keys: Keys, now: datetime, *parts: str) -> str:
    text = json.dumps([now.isoformat(), *parts])
    return f"{now:%Y%m%d}-{hmac.digest(keys.derive('log'), text.encode(), 'sha256').hex()[:8]}"


def _encrypted(content: bytes, recipient: str) -> bytes:
    try:
        return bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient.strip())]))
    except (pyrage.RecipientError, pyrage.EncryptError, ValueError):
        pass
    raise UserError("The recipient is no public key of age.", "It begins with age1; its owner makes it with age-keygen.")


def _publish(target: Path, encrypted: bytes, home: Home, entry: RosterEntry) -> None:
    """Whole file, then record, then name: a list is never there without its line, and never overwrites."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    if os.path.lexists(target):
        raise UserError("The roster exists already.", "Give another --out; nothing is overwritten.")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(encrypted)
            handle.flush()
            os.fsync(handle.fileno())
        _record(home, entry)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _record(home: Home, entry: RosterEntry) -> None:
    home.identified.mkdir(parents=True, exist_ok=True, mode=0o700)
    entries = [old for old in rosters(home) if old.roster_id != entry.roster_id]
    write_text(home.identified / RECORD, json_text([asdict(line) for line in [*entries, entry]]), mode=0o600)
