"""What may be said and what may not, in three languages, made from grade, finding and numbers; never a count of persons.

Belongs here: which sentence a claim gets. Must not be here: any judgement, and any words (``texts``). The same grade, finding and
numbers always give the same words. The finding is read from the exact interval, and an end may stand on or past the limit once it is
rounded, here or at release: a sentence with a finding therefore also says where the interval lay before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.effects.findings import Interval, is_small, log_interval
from pipeline.effects.wording import BOKMAAL, LANGUAGES, SHARE_VIA, Words

HIDDEN_CAUSE = Words()("forbehold.umaalt_aarsak")
NO_NUMBER = ("C", "D")
DESCRIPTIVE = "prosjektprofil"
_DESCRIBED_ONLY = ("november_status",)
_FROM_PLACEMENT = ("ordinaer_arbeidsgiver", "annen_arbeidsgiver", "fadder", "uten_fadder")


@dataclass(frozen=True)
class Claim:
    """What is claimed: who is compared with whom (None for a risk), of what, by when, how sure.

    ``margin`` is the smallest difference that matters; for a ratio the smallest ratio above 1. ``reason`` is one or several codes of
    the catalogues' ``grunn``, joined by ``; ``; ``remark`` is such codes of ``merknad`` and closes every sentence. ``analysis`` is
    the table's ``analyse``, ``subgroup`` its ``undergruppe``.
    """

    strategy: str
    comparison: str | None
    outcome: str
    weeks: int
    measure: str
    grade: str
    finding: str | None
    interval: Interval | None
    margin: float
    reason: str
    variant: str | None = None
    remark: str = ""
    analysis: str = "praksis_tidspunkt"
    subgroup: str = "alle"

    @property
    def number_shown(self) -> Interval | None:
        """The interval that may be shown: none with grades C and D."""
        return None if self.grade in NO_NUMBER else self.interval


def said(claim: Claim) -> dict[str, str]:
    """The columns ``kan_si`` and ``kan_ikke_si`` (bokmål), and the same in nynorsk (``_nn``) and English (``_en``).

    Raises:
        MissingText: a code of the claim has no words.
        ValueError: an effect on an outcome that is only described.
    """
    columns = {}
    for language in LANGUAGES:
        suffix = "" if language == BOKMAAL else f"_{language}"
        columns[f"kan_si{suffix}"] = can_say(claim, language)
        columns[f"kan_ikke_si{suffix}"] = cannot_say(claim, language)
    return columns


def can_say(claim: Claim, language: str = BOKMAAL) -> str:
    """What the estimate allows; for grades C and D only that no number is given, and why."""
    words = Words(language)
    shown = claim.number_shown
    sentences = [_no_number(claim, words)] if shown is None else [_main(claim, shown, words), *_weaknesses(claim, shown, words)]
    if claim.subgroup != "alle":
        sentences.append(words(f"setning.{_of_whom(claim)}", undergruppe=words(f"undergruppe.{claim.subgroup}")))
    if claim.remark:
        sentences += [words(f"merknad.{remark}") for remark in claim.remark.split("; ")]
    return " ".join(sentences)


def _of_whom(claim: Claim) -> str:
    """Which sentence says that only a subgroup was looked at; differences are shrunken (``subgroups``), risks are not."""
    if claim.number_shown is None:
        return "undergruppe_uten_tall"
    return "undergruppe_krympet" if claim.measure == "risikodifferanse" else "undergruppe"


def cannot_say(claim: Claim, language: str = BOKMAAL) -> str:
    """What the estimate does not allow; of an effect always with the reservation about causes that were not measured."""
    words = Words(language)
    return " ".join(words(f"forbehold.{key}") for key in _reservations(claim))


def _reservations(claim: Claim) -> list[str]:
    if claim.analysis == DESCRIPTIVE:
        return ["profil_uten_tall"] if claim.number_shown is None else ["profil", "grupper"]
    if claim.number_shown is None:
        return ["uten_tall", "umaalt_aarsak"]
    first = ["beskriver"] if claim.measure == "risiko" else ["uavklart"] if claim.finding == "uavklart" else []
    divided = ["mellomledd"] if claim.strategy.endswith(("_direkte", "_via_norsk")) else []
    landmark = ["etter_uke_8"] if _counts_after_week_8(claim) else []
    return [*first, "umaalt_aarsak", *divided, *landmark, "grupper"]


def _counts_after_week_8(claim: Claim) -> bool:
    """Whether those who left in the first eight weeks are left out: so in the analyses through the level of Norwegian."""
    return claim.analysis == "aarsakskjede" and claim.strategy not in _FROM_PLACEMENT


def _no_number(claim: Claim, words: Words) -> str:
    return words("setning.grad_c" if claim.grade == "C" else "setning.grad_d", grunn=_reason(claim, words))


def _reason(claim: Claim, words: Words) -> str:
    return "; ".join(words(f"grunn.{name}") for name in claim.reason.split("; "))


def _main(claim: Claim, shown: Interval, words: Words) -> str:
    """The sentence with the number."""
    if claim.comparison and claim.outcome in _DESCRIBED_ONLY:
        raise ValueError(f"{claim.outcome} is described only; it has no effect.")
    decimals, scale = (2, 1.0) if claim.measure == "risikoratio" else (1, 100.0)
    number = abs(shown.estimate) if _kind(claim) == "negativ" else shown.estimate
    limit = claim.margin - 1 if claim.measure == "risikoratio" else claim.margin
    return words(
        f"setning.{_kind(claim)}",
        tall=words.number(scale * number, decimals),
        intervall=words(
            "tall.intervall", fra=words.number(scale * shown.low, decimals), til=words.number(scale * shown.high, decimals)
        ),
        grense=words.number(100 * limit),
        **_clauses(claim, words),
    )


def _kind(claim: Claim) -> str:
    """Which sentence of the catalogue."""
    if claim.strategy.endswith(SHARE_VIA):
        return "andel_via"
    if claim.analysis == DESCRIPTIVE:
        return "profil"
    if claim.measure == "risiko":
        return "risiko"
    return ("ratio_" if claim.measure == "risikoratio" else "") + (claim.finding or "uavklart")


def _clauses(claim: Claim, words: Words) -> dict[str, str]:
    strategy = words.strategy(claim.analysis, claim.strategy)
    natural = claim.variant == "naturlig"
    deadline = words(f"frist.{_clock(claim)}", uker=claim.weeks)
    return {
        "strategi": words("setning.naturlig_frist", strategi=strategy) if natural else strategy,
        "sammenligning": words.comparison(claim.analysis, claim.strategy, claim.comparison) if claim.comparison else "",
        **{form: words(f"utfall.{claim.outcome}.{form}", frist=deadline) for form in ("ville", "om", "som", "faktisk")},
    }


def _clock(claim: Claim) -> str:
    """From when the horizon is counted."""
    if claim.analysis == "tiltakskjede":
        return "tiltak_slutt"
    among_placed = claim.analysis == "oppfolging_arbeidsgiver" or claim.strategy in _FROM_PLACEMENT
    return "praksis_start" if among_placed else "programstart"


def _weaknesses(claim: Claim, shown: Interval, words: Words) -> list[str]:
    """That a certain difference is too small to matter, and what keeps the grade from A."""
    ratio = claim.measure == "risikoratio"
    small = is_small(log_interval(shown), math.log(claim.margin)) if ratio else is_small(shown, claim.margin)
    out = []
    if small and claim.finding in ("positiv", "negativ"):
        limit = words.number(100 * (claim.margin - 1 if ratio else claim.margin))
        out.append(words("setning.liten", grense=words(f"tall.grense_{'ratio' if ratio else 'poeng'}", tall=limit)))
    if claim.grade == "B" and claim.reason:
        out.append(words("setning.svakheter", grunn=_reason(claim, words)))
    return out
