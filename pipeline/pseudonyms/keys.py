"""The master key and what is derived from it: one key per purpose, so that no two holders can join their files.

Belongs here: key files, derivation (HKDF), the check that a home is always read with the key it was made with.
Must not be here: anything that touches a row of data.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import RefusedStart, UserError
from pipeline.settings import Home, Settings
from pipeline.store import PACKAGE, json_text, write_text

DEMO_VERSION = "DEMO"
KEY_BYTES = 32
FILE_FORMAT = "jobbsjansen-key-1"
_MAX_KEY_FILE = 4096
# Published on purpose: it protects nothing, and production refuses it.
_DEMO_SECRET = hashlib.sha256(b"jobbsjansen demo key: published, protects nothing").digest()


@dataclass(frozen=True)
class Keys:
    """One key version. The secret is never printed, compared or written; only what is derived from it leaves.

    Attributes:
        version: name of the key version, ``DEMO`` for the published one.
        scope: empty for the master key; else the one purpose this key serves (what a register's owner holds).
    """

    version: str
    secret: bytes = field(repr=False, compare=False)
    scope: str = ""

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (``person``, ``row``, ``adviser``, ``log``, ``recipient/<name>``, ``register/<name>``).

        Raises:
            RefusedStart: a key file made for one purpose is asked for another.
        """
        if not self.scope:
            return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"jobbsjansen/1/{purpose}".encode()).derive(
                self.secret
            )
        if purpose != self.scope:
            raise RefusedStart(
                "The key file serves another purpose than the one asked for.", "Use the key file made for this register."
            )
        return self.secret

    @property
    def check_value(self) -> str:
        """16 hex digits that tell two keys apart and reveal neither."""
        key = self.secret if self.scope else self.derive("check")
        return hmac.digest(key, b"jobbsjansen key check value", "sha256").hex()[:16]


class KeyProvider(Protocol):
    """Where a master key comes from: a file today, a key service later."""

    def load(self) -> Keys:
        """The key version in use."""


@dataclass(frozen=True)
class DemoKey:
    """The fixed, published key of the demo environment."""

    def load(self) -> Keys:
        """The demo key, version ``DEMO``."""
        return Keys(DEMO_VERSION, _DEMO_SECRET)


@dataclass(frozen=True)
class KeyFile:
    """A key in a file that only this user can read.

    Attributes:
        path: the file; regular, owned by the process, mode 0600, not a symbolic link.
        forbidden: folders the file may not lie in (the home with its data, the program's own folder).
    """

    path: Path
    forbidden: tuple[Path, ...] = ()

    def load(self) -> Keys:
        """The key in the file.

        Raises:
            RefusedStart: the file is missing, unsafe, misplaced or not a key file.
        """
        _refuse_place(self.path, self.forbidden)
        return _parse_key(_read_private(self.path))


def provider_for(settings: Settings) -> KeyProvider:
    """The provider the settings call for: the key file where one is given, else (demo only) the published key.

    Raises:
        RefusedStart: production without a key file.
    """
    if settings.key_file is not None:
        return KeyFile(settings.key_file, (settings.home.root, PACKAGE.parent))
    if not settings.is_demo:
        raise RefusedStart("Production needs a key file.", "Make one with `jobbsjansen keys new` and give it with --key-file.")
    return DemoKey()


def load_keys(settings: Settings, purpose: str = "") -> Keys:
    """The master key of this run; with a ``purpose`` (``register/ytelse``) the key file may also be the one made for it.

    Raises:
        RefusedStart: no key in production, the demo key in production, another purpose's key, or an unsafe file.
    """
    keys = provider_for(settings).load()
    if keys.scope not in ("", purpose):
        raise RefusedStart("The key file is a register owner's key.", "Give the key file that was made for this work.")
    if not settings.is_demo and (keys.version == DEMO_VERSION or hmac.compare_digest(keys.secret, _DEMO_SECRET)):
        raise RefusedStart("Production refuses the published demo key.", "Make a key with `jobbsjansen keys new`.")
    return keys


def new_key_file(path: Path, version: str = "K1") -> Keys:
    """Write a new random master key to ``path`` (mode 0600) and return it; never replaces a file.

    Raises:
        UserError: the file exists, the folder does not, or the place is inside the program's folder.
    """
    if version == DEMO_VERSION:
        raise UserError("The version DEMO is reserved for the published key.", "Choose another version.")
    keys = Keys(version, secrets.token_bytes(KEY_BYTES))
    _write_key(path, keys)
    return keys


def new_register_key_file(path: Path, register: str, keys: Keys) -> Keys:
    """Write the key of one register, for its owner: it makes that register's pseudonyms and can reverse no other.

    Raises:
        UserError: as ``new_key_file``.
    """
    purpose = f"register/{register}"
    own = Keys(keys.version, keys.derive(purpose), purpose)
    _write_key(path, own)
    return own


def check_home_key(home: Home, keys: Keys) -> None:
    """Let the run go on only with the key this home was made with; the first run writes down which one that is.

    Raises:
        RefusedStart: another key or version, or an unreadable record; nothing has been written then.
    """
    record = home.identified / "key_check.json"
    current = {"check_value": keys.check_value, "version": keys.version}
    if not record.exists():
        home.identified.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_text(record, json_text(current), mode=0o600)
        return
    try:
        stored = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stored = None
    if stored != current:
        raise RefusedStart("This home was made with another key.", "Give the key file of this home, or start another home.")


def _write_key(path: Path, keys: Keys) -> None:
    _refuse_place(path, (PACKAGE.parent,))
    content = json_text(
        {
            "format": FILE_FORMAT,
            "version": keys.version,
            "scope": keys.scope,
            "key": base64.b64encode(keys.secret).decode("ascii"),
        }
    )
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


def _refuse_place(path: Path, forbidden: tuple[Path, ...]) -> None:
    place = path.parent.resolve() / path.name
    if any(place.is_relative_to(folder.resolve()) for folder in forbidden):
        raise RefusedStart("The key file lies inside the home or the program's folder.", "Keep it apart from data and code.")


def _read_private(path: Path) -> bytes:
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
        return os.read(descriptor, _MAX_KEY_FILE)
    finally:
        os.close(descriptor)


def _parse_key(raw: bytes) -> Keys:
    try:
        content = json.loads(raw.decode("utf-8"))
        keys = Keys(str(content["version"]), base64.b64decode(content["key"], validate=True), str(content.get("scope", "")))
        sound = content["format"] == FILE_FORMAT and len(keys.secret) == KEY_BYTES and bool(keys.version)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        sound = False
    if not sound:
        raise RefusedStart(
            "The key file does not hold a key of 32 bytes with a version.", "Make one with `jobbsjansen keys new`."
        )
    return keys
