"""Whose rows pass the border, and what that depends on.

Belongs here: the participants of one night. Must not be here: how their rows are found.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipeline.pseudonyms.keys import Keys
from pipeline.store import code_hash, digest


@dataclass(frozen=True)
class Participants:
    """Whose rows pass the border.

    Attributes:
        persons: ``person_id`` (every number a participant is known by), ``person_key``.
        keys: this run's master key.
    """

    persons: pl.DataFrame
    keys: Keys

    @cached_property
    def count(self) -> int:
        return self.persons["person_key"].n_unique()

    @cached_property
    def fingerprint(self) -> str:
        """Changes when other rows might pass: other participants or numbers of theirs, another key, other code or limits."""
        numbers = "\n".join(self.persons["person_id"].sort().to_list())
        keyed = hmac.digest(self.keys.derive("log"), numbers.encode(), "sha256").hex()
        listed = self.persons["person_key"].sort().to_list()
        return digest([self.keys.check_value, code_hash("pseudonyms", "engine", "rules/uttrekk.toml"), keyed, *listed])
