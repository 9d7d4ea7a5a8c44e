"""The value-free status that the nightly site carries and a release's own frozen site does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Freshness:
    """How old and how whole tonight's site is; counts and dates only, never a value from the data.

    Attributes:
        built: the run clock of this build, time zone aware.
        received: those of them with an accepted delivery.
        due: senders from whom a delivery is expected: those with a project; null when nobody knows.
        with_remarks: deliveries accepted with remarks.
        release_id: the release that the site shows.
        release_date: when that release was made.
        extracts: register to the last month its extract reaches; null where the month is unknown.
        refused: register whose last extract could not be used to the day on which what is used instead came; null where there is nothing.
    """

    built: datetime
    received: int
    due: int | None
    with_remarks: int
    release_id: str
    release_date: date
    extracts: Mapping[str, date | None] = field(default_factory=dict)
    refused: Mapping[str, date | None] = field(default_factory=dict)
