"""The declared analyses as data: what is asked, of whom, from when, and by which limits an answer may be shown.

Belongs here: reading and hashing the protocol files. Must not be here: any number that a protocol file should hold.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.store import sha256_bytes

FOLDER = Path(__file__).parent / "protocols"
WORK, EDUCATION, OTHER, CENSORED, ENROLLED = 0, 1, 2, 3, -1
OUTCOMES: dict[str, tuple[int, ...]] = {
    "arbeid": (WORK,),
    "utdanning": (EDUCATION,),
    "arbeid_eller_utdanning": (WORK, EDUCATION),
}


MAIN = "hoved"


@dataclass(frozen=True)
class Analysis:
    """One version of the placement analyses.

    Attributes:
        name: ``hoved``, or the name of a sensitivity analysis.
        placements: the measures that count as a placement.
        variants: rules inside the grace period.
        measures: what is reported of each strategy.
        odds: tempo factors by name; a sensitivity analysis has none.
        text: what every sentence of it must add, bokmål.
    """

    name: str
    placements: tuple[str, ...]
    variants: tuple[str, ...]
    measures: tuple[str, ...]
    odds: Mapping[str, float]
    text: str = ""


@dataclass(frozen=True)
class Protocol:
    """One protocol file.

    Attributes:
        hash: SHA-256 of the file's bytes.
        weeks: the deadlines g of the strategies "first placement by week g".
        window: weeks in which starts are decided and modelled.
        horizons: weeks from time zero at which risks are reported.
        margin: smallest difference of shares that matters.
        ratio_margin: smallest ratio of shares above 1 that matters; below 1 it is the inverse.
        limits: the limits of the gates by name.
        declared: the whole file.
    """

    hash: str
    weeks: tuple[int, ...]
    window: int
    horizons: tuple[int, ...]
    margin: float
    ratio_margin: float
    limits: Mapping[str, float]
    declared: Mapping[str, Any]

    @property
    def horizon(self) -> int:
        """The last week that any estimate looks at."""
        return max(self.horizons)

    @property
    def main(self) -> Analysis:
        """The main analysis: every strategy and every measure."""
        rule = self.declared["strategier"]
        return Analysis(MAIN, tuple(rule["praksis"]), tuple(rule["varianter"]), tuple(rule["maal"]), dict(rule["odds"]))

    @property
    def sensitivities(self) -> tuple[Analysis, ...]:
        """The declared sensitivity analyses, in declared order."""
        return tuple(
            Analysis(one["navn"], tuple(one["praksis"]), tuple(one["varianter"]), tuple(one["maal"]), {}, one["tekst"])
            for one in self.declared["folsomhet"]
        )

    def causes(self) -> dict[str, int]:
        """Exit reason to cause number; a reason not named here competes (``OTHER``)."""
        outcome = self.declared["utfall"]
        groups = {WORK: outcome["arbeid"], EDUCATION: outcome["utdanning"], CENSORED: outcome["sensurert"]}
        return {reason: cause for cause, reasons in groups.items() for reason in reasons}


def _read(name: str) -> tuple[dict[str, Any], str]:
    raw = (FOLDER / f"{name}.toml").read_bytes()
    return tomllib.loads(raw.decode("utf-8")), sha256_bytes(raw)


@cache
def placement_protocol() -> Protocol:
    """The protocol of placement timing and tempo (``protocols/praksis_tidspunkt.toml``)."""
    declared, digest = _read("praksis_tidspunkt")
    return Protocol(
        hash=digest,
        weeks=tuple(declared["strategier"]["innen_uker"]),
        window=declared["strategier"]["vindu_uker"],
        horizons=tuple(declared["utfall"]["horisonter_uker"]),
        margin=declared["funn"]["relevansgrense"],
        ratio_margin=declared["funn"]["relevansgrense_ratio"],
        limits=declared["porter"],
        declared=declared,
    )


def programme_theory() -> list[dict[str, Any]]:
    """The links of the programme theory, in declared order (``protocols/programteori.toml``)."""
    return list(_read("programteori")[0]["lenke"])


def declared_but_not_computed() -> tuple[dict[str, Any], str]:
    """The declared estimates without an estimator in this version, and the hash of their file."""
    return _read("ikke_beregnet")
