"""What the proof says in bokmål. The same numbers always give the same words. Must not be here: any judgement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tried:
    """What one row of the proof says: strategy, planted effect (difference of shares), shares of the programmes found and shown."""

    strategi: str
    plantet: float
    andel_funnet: float
    andel_vist: float


_OF = {"dobbelt_tempo": "dobbelt så høy odds for å begynne i praksis hver uke"}


def _of(strategy: str) -> str:
    return _OF.get(strategy) or f"praksis innen {strategy.removeprefix('innen_').removesuffix('u')} uker"


def _points(share: float) -> str:
    """Points without decimals where that is true to a tenth."""
    points = 100 * share
    text = f"{abs(points):.1f}".removesuffix(".0").replace(".", ",")
    return f"−{text}" if points < 0 and text != "0" else text


def sentence(tried: Tried) -> str:
    """The row in words: how often the effect would be found, or how often one that is not there would be reported."""
    percent, what = f"{100 * tried.andel_funnet:.0f} prosent av tilfellene", _of(tried.strategi)
    if tried.andel_vist == 0:
        return f"Med data som disse ville vi ikke vist noe tall for virkningen av {what}: dataene er for svake."
    if tried.plantet == 0:
        return f"Med data som disse ville vi meldt om en virkning av {what} i {percent}, selv om den ikke finnes."
    return f"Med data som disse ville vi funnet en virkning på {_points(tried.plantet)} prosentpoeng av {what} i {percent}."
