"""The master key and what is derived from it: one key per purpose, so that no two holders can join their files.

Belongs here: derivation (HKDF), the check that a home is always read with the key it was made with.
Must not be here: where a key comes from (``key_files``, ``key_providers``), or anything that touches a row of data.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import RefusedStart
from pipeline.settings import Home
from pipeline.store import json_text, write_text

DEMO_VERSION = "DEMO"
KEY_BYTES = 32
# Published on purpose: it protects nothing, and production refuses it.
DEMO_SECRET = hashlib.sha256(b"jobbsjansen demo key: published, protects nothing").digest()


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

    def of_register(self, register: str) -> Keys:
        """The key of one register: what its owner holds. Its check value is the same whoever derives it.

        Raises:
            RefusedStart: this is the key of another register.
        """
        purpose = f"register/{register}"
        return Keys(self.version, self.derive(purpose), purpose)

    @property
    def is_published(self) -> bool:
        """Whether this is the published demo key, or derived from it."""
        demo = Keys(DEMO_VERSION, DEMO_SECRET)
        published = demo.derive(self.scope) if self.scope else DEMO_SECRET
        return self.version == DEMO_VERSION or hmac.compare_digest(self.secret, published)

    @property
    def check_value(self) -> str:
        """16 hex digits that tell two keys apart and reveal neither."""
        key = self.secret if self.scope else self.derive("check")
        return hmac.digest(key, b"jobbsjansen key check value", "sha256").hex()[:16]


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
