"""The master key and what is derived from it: one key per purpose, so that no two holders can join their files.

Belongs here: derivation (HKDF), and what tells two keys apart.
Must not be here: where a key comes from (``key_files``, ``key_providers``), which one a home is read with (``home_key``), or anything
that touches a row of data.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.errors import RefusedStart

DEMO_VERSION = "DEMO"
KEY_BYTES = 32
# Published on purpose: it protects nothing, and production refuses it.
DEMO_SECRET = hashlib.sha256(b"jobbsjansen demo key: published, protects nothing").digest()


@dataclass(frozen=True)
class Retired:
    """What is left of an earlier key version: the key of its references to erased persons, and nothing that makes a pseudonym."""

    version: str
    log_key: bytes = field(repr=False, compare=False)


@dataclass(frozen=True)
class Keys:
    """One key version. The secret is never printed, compared or written; only what is derived from it leaves.

    Attributes:
        version: name of the key version, ``DEMO`` for the published one.
        scope: empty for the master key; else the one purpose this key serves (what a register's owner holds).
        retired: the versions before this one, oldest first: who was erased under them is still known.
    """

    version: str
    secret: bytes = field(repr=False, compare=False)
    scope: str = ""
    retired: tuple[Retired, ...] = ()

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
