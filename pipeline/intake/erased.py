"""Who has been erased: tombstones by keyed reference, and which rows they hold back.

A tombstone holds no identity number and no hash that could be tried out without the key: only the reference that ``Refer`` makes
under a key of its own, and the senders whose rows were erased. It holds back rows of those senders and of their projects; a
sender that had delivered nothing about the person learns nothing, and may deliver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from pipeline.intake.senders import same_sender

Refer = Callable[[pl.Series], pl.Series]
"""Identity numbers to keyed references, in the same order; null stays null."""


@dataclass(frozen=True)
class Erasure:
    """One erasure, kept for ever.

    Attributes:
        erasure_id: its number: twelve hex digits.
        erased: run clock, ISO 8601.
        persons: reference to the senders whose rows were erased.
        rows: receipt to table to how many accepted rows were erased.
        originals: content hashes of the originals that were deleted with them.
        named: (project, ``deltakelse_id``) of the persons' participations; emptied when the erasure is done.
        done: whether everything has been carried out.
        lifted: reference to when (ISO 8601) that person's tombstone was lifted: it holds nothing back any more.
    """

    erasure_id: str
    erased: str
    persons: Mapping[str, list[str]]
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    originals: list[str] = field(default_factory=list)
    named: list[list[str]] = field(default_factory=list)
    done: bool = False
    lifted: Mapping[str, str] = field(default_factory=dict)

    @property
    def holding(self) -> Mapping[str, list[str]]:
        """``persons`` without those whose tombstone has been lifted."""
        return {reference: senders for reference, senders in self.persons.items() if reference not in self.lifted}


@dataclass(frozen=True)
class Tombstones:
    """All erasures of a home, as one look-up.

    Attributes:
        senders: reference to the senders (and owners) whose rows about that person were erased.
        refer: makes references; only asked when there are any.
    """

    senders: Mapping[str, frozenset[str]]
    refer: Refer

    def held_back(self, frame: pl.DataFrame, owners: Mapping[str, str]) -> pl.Series:
        """True for the rows (``fnr``, ``sender``, ``prosjekt_id``) of an erased person from a sender, or about a project, of the erasure."""
        references = self.refer(frame["fnr"]).to_list() if self.senders else [None] * frame.height
        places = frame.select("sender", "prosjekt_id").rows()
        hit = [
            reference in self.senders and _speaks_for(self.senders[reference], sender, owners.get(project))
            for reference, (sender, project) in zip(references, places, strict=True)
        ]
        return pl.Series("held_back", hit, dtype=pl.Boolean)


def tombstones(erasures: Iterable[Erasure], refer: Refer) -> Tombstones:
    """The look-up over these erasures."""
    found: dict[str, set[str]] = {}
    for erasure in erasures:
        for reference, senders in erasure.holding.items():
            found.setdefault(reference, set()).update(senders)
    return Tombstones({reference: frozenset(senders) for reference, senders in found.items()}, refer)


def _speaks_for(erased: frozenset[str], sender: str, owner: str | None) -> bool:
    return any(same_sender(one, other) for one in erased for other in (sender, owner) if other is not None)
