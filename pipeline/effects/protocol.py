"""The declared analyses as data: what is asked, of whom, from when, and by which limits an answer may be shown.

A protocol file is the pre-registration of its analyses: its hash stands with every estimate, and a changed file starts a new
series. Each holds the target trial in the words of the TARGET guideline (2025): what would be done, and how it is emulated.
Belongs here: reading, checking and hashing the files. Must not be here: any number that a protocol file should hold.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import Fault
from pipeline.store import sha256_bytes

FOLDER = Path(__file__).parent / "protocols"
WORK, EDUCATION, OTHER, CENSORED, ENROLLED = 0, 1, 2, 3, -1
OUTCOMES: dict[str, tuple[int, ...]] = {
    "arbeid": (WORK,),
    "utdanning": (EDUCATION,),
    "arbeid_eller_utdanning": (WORK, EDUCATION),
}
MAIN, ALL = "hoved", "alle"
TARGET = (
    "eligibility", "strategies", "assignment", "follow_up", "outcomes", "causal_contrasts", "assumptions", "analysis",
)  # fmt: skip


@dataclass(frozen=True)
class Analysis:
    """One version of a timing analysis.

    Attributes:
        name: ``hoved``, or the name of a sensitivity analysis.
        placements: the measures whose first start is timed.
        variants: rules inside the grace period.
        measures: what is reported of each strategy.
        odds: tempo factors by name; a sensitivity analysis has none.
        delay_days: how much later than dated a fact counts as known.
        truncated: person-week weights are capped at the protocol's quantile.
    """

    name: str
    placements: tuple[str, ...]
    variants: tuple[str, ...]
    measures: tuple[str, ...]
    odds: Mapping[str, float]
    delay_days: int = 0
    truncated: bool = False


@dataclass(frozen=True)
class Protocol:
    """One protocol file.

    Attributes:
        name: its file name without ending.
        hash: SHA-256 of the file's bytes.
        horizons: weeks from time zero at which risks are reported.
        margin: smallest difference of shares that matters.
        ratio_margin: smallest ratio of shares above 1 that matters; below 1 it is the inverse.
        limits: the limits of the gates by name.
        declared: the whole file.
    """

    name: str
    hash: str
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
    def weeks(self) -> tuple[int, ...]:
        """The deadlines g of the strategies "first start by week g"."""
        return tuple(self.declared["strategier"].get("innen_uker", ()))

    @property
    def window(self) -> int:
        """Weeks in which starts are decided and modelled."""
        return int(self.declared["strategier"]["vindu_uker"])

    @property
    def main(self) -> Analysis:
        """The main analysis: every strategy and every measure."""
        rule = self.declared["strategier"]
        return Analysis(MAIN, tuple(rule["praksis"]), tuple(rule["varianter"]), tuple(rule["maal"]), dict(rule.get("odds", {})))

    @property
    def sensitivities(self) -> tuple[Analysis, ...]:
        """The declared sensitivity analyses, in declared order; what one does not declare is as in the main analysis."""
        main = self.main
        return tuple(
            Analysis(
                one["navn"], tuple(one.get("praksis", main.placements)), tuple(one["varianter"]), tuple(one["maal"]), {},
                one.get("forsinkelse_dager", 0), one.get("avkortet", False),
            )
            for one in self.declared.get("folsomhet", ())
        )  # fmt: skip

    def causes(self) -> dict[str, int]:
        """Exit reason to cause number; a reason not named here competes (``OTHER``)."""
        outcome = self.declared["utfall"]
        groups = {WORK: outcome["arbeid"], EDUCATION: outcome["utdanning"], CENSORED: outcome["sensurert"]}
        return {reason: cause for cause, reasons in groups.items() for reason in reasons}


@cache
def declaration(name: str) -> tuple[dict[str, Any], str]:
    """The file ``protocols/<name>.toml`` as read, and the SHA-256 of its bytes."""
    raw = (FOLDER / f"{name}.toml").read_bytes()
    return tomllib.loads(raw.decode("utf-8")), sha256_bytes(raw)


def _checked(name: str, declared: dict[str, Any]) -> dict[str, Any]:
    """The file as read, once it says what a pre-registration must say."""
    missing = [part for part in ("id", "versjon", "sporsmaal", "tidspunkt_null") if not declared.get(part)]
    target = declared.get("target", {})
    missing += [
        f"target.{i}.{side}" for i in TARGET for side in ("specification", "emulation") if not target.get(i, {}).get(side)
    ]
    if missing:
        raise Fault(f"The protocol {name} does not declare: {', '.join(missing)}.")
    if declared["id"] != name:
        raise Fault(f"The protocol file {name} calls itself something else.")
    return declared


@cache
def load_protocol(name: str) -> Protocol:
    """The protocol ``protocols/<name>.toml``.

    Raises:
        Fault: it lacks a part of the pre-registration.
    """
    declared, digest = declaration(name)
    _checked(name, declared)
    return Protocol(
        name=name,
        hash=digest,
        horizons=tuple(declared["utfall"]["horisonter_uker"]),
        margin=declared["funn"]["relevansgrense"],
        ratio_margin=declared["funn"]["relevansgrense_ratio"],
        limits=declared["porter"],
        declared=declared,
    )


def placement_protocol() -> Protocol:
    """The protocol of placement timing and tempo (``protocols/praksis_tidspunkt.toml``)."""
    return load_protocol("praksis_tidspunkt")


def declared_theory() -> tuple[dict[str, Any], str]:
    """The programme theory as declared, and the hash of its file."""
    return declaration("programteori")
