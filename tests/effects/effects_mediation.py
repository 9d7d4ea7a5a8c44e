"""What the mediation tests share: the protocol, and the parts of one effort's effect."""

from __future__ import annotations

import numpy as np

from pipeline.effects.mediation import Mediated
from pipeline.effects.mediation_arms import Found, Mediation
from pipeline.effects.mediation_rows import mediation_protocol

MEDIATION = mediation_protocol()
PARTS = ("total", "direkte", "via_norsk")


def part_of(found: Found, part: str, week: int, drawn: bool = False) -> np.ndarray:
    mediated = found.drawn if drawn else found.estimate
    return np.asarray(sum(arm_part(mediated, part, (outcome, week)) for outcome in ("arbeid", "utdanning")))


def arm_part(mediated: Mediated, part: str, key: tuple[str, int]) -> np.ndarray:
    without, with_it = mediated.risks[key]
    through = mediated.through[key]
    return {"total": with_it - without, "direkte": with_it - without - through, "via_norsk": through}[part]


def found_effort(mediation: Mediation, strategy: str) -> Found:
    found = mediation.efforts[strategy]
    assert isinstance(found, Found)
    return found
