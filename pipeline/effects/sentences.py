"""What may be said and what may not, in bokmål, made from grade, finding and numbers; never a count of persons.

Must not be here: any judgement. The same grade, finding and numbers always give the same words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.effects.findings import Interval, is_small, log_interval

_OUTCOME = {"arbeid": "arbeid", "utdanning": "utdanning", "arbeid_eller_utdanning": "arbeid eller utdanning"}
_FIXED = {
    "ikke_innen_26u": "ingen fikk praksis de første 26 ukene",
    "dobbelt_tempo": "oddsen for å begynne i praksis var dobbelt så høy hver uke",
    "halvt_tempo": "oddsen for å begynne i praksis var halvparten så høy hver uke",
    "naturlig": "praksis begynte i dagens tempo",
}
HIDDEN_CAUSE = (
    "Årsaker som ikke er målt, som motivasjon eller nettverk, kan ligge bak. "
    "En umålt årsak av moderat styrke kan alene flytte anslaget med rundt ti prosentpoeng."
)
NOT_ONE_PERSON = "Tallet gjelder grupper og sier ikke hva som passer for én deltaker eller én kommune."
DESCRIBES = "Tallet beskriver én tenkt strategi. Det sier ikke alene om den er bedre enn en annen."


@dataclass(frozen=True)
class Claim:
    """What is claimed: who is compared with whom (None for a risk), of what, by when, how sure.

    ``margin`` is the smallest difference that matters; for a ratio the smallest ratio above 1. ``remark`` closes every sentence.
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


def strategy_text(name: str) -> str:
    """The strategy as a subordinate clause."""
    return _FIXED.get(name) or f"alle fikk sin første praksis innen {name.removeprefix('innen_').removesuffix('u')} uker"


def number(value: float, decimals: int = 0) -> str:
    """A number with decimal comma and a true minus sign; never minus zero."""
    text = f"{abs(value):.{decimals}f}".replace(".", ",")
    return f"−{text}" if value < 0 and float(text.replace(",", ".")) > 0 else text


def _points(share: float) -> str:
    return number(100 * share, 1)


def _range(interval: Interval, scale: float, decimals: int) -> str:
    return f"95 % intervall fra {number(scale * interval.low, decimals)} til {number(scale * interval.high, decimals)}"


def _what(claim: Claim) -> str:
    rule = " med naturlig fordeling av startukene" if claim.variant == "naturlig" else ""
    return f"dersom {strategy_text(claim.strategy)}{rule}"


def _goal(claim: Claim) -> str:
    return f"{_OUTCOME[claim.outcome]} innen {claim.weeks} uker"


def _compare(claim: Claim) -> str:
    return f"mellom at {strategy_text(claim.strategy)}, og at {strategy_text(claim.comparison or '')}"


def _undecided(claim: Claim) -> str:
    return f"Dataene avgjør ikke om det er forskjell i overgang til {_goal(claim)} {_compare(claim)}"


def _difference(claim: Claim, interval: Interval) -> str:
    against = f"enn dersom {strategy_text(claim.comparison or '')}"
    if claim.finding == "positiv":
        return (
            f"Anslagsvis {_points(interval.estimate)} prosentpoeng flere ville gått til {_goal(claim)} {_what(claim)}, {against}"
        )
    if claim.finding == "negativ":
        return (
            f"Anslagsvis {_points(-interval.estimate)} prosentpoeng færre ville gått til {_goal(claim)} {_what(claim)}, {against}"
        )
    if claim.finding == "ingen_forskjell":
        limit = number(100 * claim.margin)
        return f"Forskjeller over {limit} prosentpoeng i overgang til {_goal(claim)} er lite sannsynlige {_compare(claim)}"
    return _undecided(claim)


def _ratio(claim: Claim, interval: Interval) -> str:
    if claim.finding in ("positiv", "negativ"):
        side = "større" if claim.finding == "positiv" else "mindre"
        return (
            f"Andelen som går til {_goal(claim)}, anslås å være {side}: {number(interval.estimate, 2)} ganger så stor {_what(claim)}, "
            f"som dersom {strategy_text(claim.comparison or '')}"
        )
    if claim.finding == "ingen_forskjell":
        limit = number(100 * (claim.margin - 1))
        return f"Forskjeller på over {limit} prosent av andelen som går til {_goal(claim)}, er lite sannsynlige {_compare(claim)}"
    return _undecided(claim)


def _can_say(claim: Claim, interval: Interval) -> str:
    if claim.measure == "risiko":
        share = _points(interval.estimate)
        return f"Anslagsvis {share} prosent ville gått til {_goal(claim)} {_what(claim)} ({_range(interval, 100, 1)})."
    if claim.measure == "risikoratio":
        said, limit = (
            f"{_ratio(claim, interval)} ({_range(interval, 1, 2)} ganger).",
            f"{number(100 * (claim.margin - 1))} prosent av andelen",
        )
        small = is_small(log_interval(interval), math.log(claim.margin))
    else:
        said, limit = (
            f"{_difference(claim, interval)} ({_range(interval, 100, 1)} prosentpoeng).",
            f"{number(100 * claim.margin)} prosentpoeng",
        )
        small = is_small(interval, claim.margin)
    remark = f" Forskjellen er mindre enn {limit}, som er satt som grensen for det som betyr noe."
    return said + (remark if claim.finding in ("positiv", "negativ") and small else "")


def can_say(claim: Claim) -> str:
    """What the estimate allows; for grades C and D only that no number is given, and why."""
    remark = f" {claim.remark}" if claim.remark else ""
    if claim.grade in ("C", "D") or claim.interval is None:
        word = "Grunnlaget er for svakt til å vise et tall" if claim.grade == "C" else "Kan ikke beregnes"
        return f"{word}: {claim.reason}.{remark}"
    weak = f" Grunnlaget har svakheter: {claim.reason}." if claim.grade == "B" else ""
    return f"{_can_say(claim, claim.interval)}{weak}{remark}"


def cannot_say(claim: Claim) -> str:
    """What the estimate does not allow; always with the reservation about causes that were not measured."""
    if claim.grade in ("C", "D") or claim.interval is None:
        return f"Det kan ikke sies om strategien virker, og manglende tall betyr ikke manglende virkning. {HIDDEN_CAUSE}"
    if claim.measure == "risiko":
        return f"{DESCRIBES} {HIDDEN_CAUSE}"
    undecided = "At dataene ikke avgjør spørsmålet, betyr ikke at virkningen er null. " if claim.finding == "uavklart" else ""
    return f"{undecided}{HIDDEN_CAUSE} {NOT_ONE_PERSON}"
