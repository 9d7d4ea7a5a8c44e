"""What the one gate hands on: the only inputs that ``dashboard`` and ``export`` take.

Made by ``disclosure`` alone (an architecture test holds every other module to that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True)
class ReleasedTables:
    """One numbered, immutable release.

    Attributes:
        release_id: ``r0001``, ``r0002``, …
        tables: table name to frame, each as described in ``tables.UTDATA``.
        manifest: what is hidden and why (counts only), parameters, audit verdict, times; JSON-ready.
    """

    release_id: str
    tables: Mapping[str, pl.DataFrame]
    manifest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ApprovedMicrodata:
    """Pseudonymised person-level tables that passed the search for identities, with their uniqueness report.

    Attributes:
        tables: table name to frame; person columns hold the recipient's own pseudonyms.
        uniqueness: one row per table and quasi-identifier set: smallest group, persons in groups under k; counts only.
        key_reference: name and version of the recipient key, never the key.
    """

    tables: Mapping[str, pl.DataFrame]
    uniqueness: pl.DataFrame
    key_reference: str
