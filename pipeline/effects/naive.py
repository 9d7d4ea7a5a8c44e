"""The comparison that should not be made, computed to show its bias: placed by week g against placed after the window or never.

Who leaves early for work never gets a late placement, and who is ready is placed first. Must not be here: any adjustment.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pipeline.effects.findings import Z
from pipeline.effects.person_weeks import Bools, PersonWeeks
from pipeline.effects.protocol import OUTCOMES, Protocol

COMPARISON = "etter_26u_eller_aldri"


def _contrast(group: Bools, other: Bools, outcome: Bools) -> dict[str, Any]:
    n, m = int(group.sum()), int(other.sum())
    row: dict[str, Any] = {"n_strategi": n, "n_sammenligning": m}
    if not n or not m:
        return row
    p, q = float(outcome[group].mean()), float(outcome[other].mean())
    half = Z * math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return row | {
        "andel_strategi": p,
        "andel_sammenligning": q,
        "estimat": p - q,
        "ki_nedre": p - q - half,
        "ki_ovre": p - q + half,
    }


def naive_rows(weeks: PersonWeeks, complete: Bools, protocol: Protocol) -> list[dict[str, Any]]:
    """Rows of ``STATISTIKK["effekt_naiv"]`` without stamps.

    Args:
        weeks: the followed persons.
        complete: (n, horizons) whether the person's data would reach the horizon, exit or not.
        protocol: deadlines, horizons and outcomes.

    Returns:
        One row per deadline, outcome and horizon; shares are null when a group is empty.
    """
    rows = []
    late = (weeks.placed == 0) | (weeks.placed > weeks.window)
    for g in protocol.weeks:
        early = (weeks.placed > 0) & (weeks.placed <= g)
        for name, causes in OUTCOMES.items():
            for column, horizon in enumerate(protocol.horizons):
                seen = complete[:, column]
                reached = np.isin(weeks.cause, causes) & (weeks.last <= horizon)
                key = {"strategi": f"innen_{g}u", "sammenligning": COMPARISON, "utfall": name, "horisont_uker": horizon}
                rows.append(key | _contrast(early & seen, late & seen, reached))
    return rows
