"""Keys in files: the document a key is written as, and the file that only its owner may read.

Belongs here: reading and writing that document. Must not be here: which key a run takes (``key_providers`` decides that).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import RefusedStart, UserError
from pipeline.pseudonyms.keys import DEMO_VERSION, KEY_BYTES, Keys, Retired
from pipeline.settings import Home
from pipeline.store import PACKAGE, json_text

FILE_FORMAT = "jobbsjansen-key-1"
MAX_DOCUMENT = 4096
VERSION_FORM = r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}"


def new_key_file(path: Path, version: str = "K1", retired: tuple[Retired, ...] = ()) -> Keys:
    """Write a new random master key to ``path`` (mode 0600) and return it; never replaces a file.

    Args:
        path: the file.
        version: name of the key version.
        retired: the versions it takes the place of.

    Raises:
        UserError: the file exists, the folder does not, the place is inside the program's folder, or the version is no name.
    """
    if version == DEMO_VERSION:
        raise UserError("The version DEMO is reserved for the published key.", "Choose another version.")
    if not re.fullmatch(VERSION_FORM, version):
        raise UserError("The version is no plain name.", "Use up to 16 letters, digits, points and hyphens, like K2.")
    keys = Keys(version, secrets.token_bytes(KEY_BYTES), retired=retired)
    write_key(path, keys)
    return keys


def new_register_key_file(path: Path, register: str, keys: Keys) -> Keys:
    """Write the key of one register, for its owner: it makes that register's pseudonyms and can reverse no other.

    Raises:
        UserError: as ``new_key_file``.
        RefusedStart: ``keys`` is the key of another register.
    """
    own = keys.of_register(register)
    write_key(path, own)
    return own


def write_key(path: Path, keys: Keys) -> None:
    """Write the key document to a new file that only this user can read.

    Raises:
        UserError: the file exists or cannot be written.
        RefusedStart: the place is inside the program's folder.
    """
    refuse_place(path, (PACKAGE.parent,))
    content = json_text(_document(keys))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise UserError("The key file exists already.", "Choose another name; a key is never replaced.") from None
    except OSError:
        raise UserError("The key file cannot be written.", "Give a file in an existing folder that you may write to.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _document(keys: Keys) -> dict[str, Any]:
    retired = [{"version": r.version, "log": base64.b64encode(r.log_key).decode("ascii")} for r in keys.retired]
    document = {"format": FILE_FORMAT, "version": keys.version, "scope": keys.scope}
    return document | {"key": base64.b64encode(keys.secret).decode("ascii")} | ({"retired": retired} if retired else {})


def _retired(entry: Mapping[str, Any]) -> Retired:
    log_key = base64.b64decode(entry["log"], validate=True)
    if len(log_key) != KEY_BYTES:
        raise ValueError
    return Retired(str(entry["version"]), log_key)


def no_place_for_keys(home: Home) -> tuple[Path, ...]:
    """The folders that no key file may lie in, neither when it is made nor when it is read: the home, and the program's folder."""
    return (home.root, PACKAGE.parent)


def refuse_place(path: Path, forbidden: tuple[Path, ...]) -> None:
    """Refuse a key file that lies in one of the folders.

    Raises:
        RefusedStart: it does, by whatever way of writing the path.
    """
    place = path.parent.resolve() / path.name
    if any(place.is_relative_to(folder.resolve()) for folder in forbidden):
        raise RefusedStart("The key file lies inside the home or the program's folder.", "Keep it apart from data and code.")


def read_private(path: Path) -> bytes:
    """The bytes of a file that nobody else can read.

    Raises:
        RefusedStart: missing, no regular file, a symbolic link, another's, or a mode other than 0600.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise RefusedStart(
            "The key file is missing, unreadable or a symbolic link.", "Give the path of the file itself."
        ) from None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise RefusedStart("The key file is no regular file.", "Give a key file made with `jobbsjansen keys new`.")
        if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) != 0o600:
            raise RefusedStart("The key file can be read by others or is owned by another.", "Own it and set its mode to 0600.")
        return os.read(descriptor, MAX_DOCUMENT + 1)
    finally:
        os.close(descriptor)


def parse_key(raw: bytes, source: str = "The key file") -> Keys:
    """The key in a document; ``source`` names in messages where it came from.

    Raises:
        RefusedStart: it is no key document.
    """
    keys: Keys | None = None
    try:
        content = json.loads(raw.decode("utf-8")) if len(raw) <= MAX_DOCUMENT else {}
        if content["format"] == FILE_FORMAT:
            secret = base64.b64decode(content["key"], validate=True)
            retired = tuple(_retired(entry) for entry in content.get("retired", []))
            keys = Keys(str(content["version"]), secret, str(content.get("scope", "")), retired)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
        pass
    # Raised outside the handler: what JSON or base64 say of a damaged document may quote the key.
    if keys is None or len(keys.secret) != KEY_BYTES or not keys.version:
        raise RefusedStart(f"{source} does not hold a key of 32 bytes with a version.", "Make one with `jobbsjansen keys new`.")
    return keys
