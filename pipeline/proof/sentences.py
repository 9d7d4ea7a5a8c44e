"""What the proof says in bokmål. The same numbers always give the same words. Must not be here: any judgement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tried:
    """What one row of the proof says: of what, planted effect (difference of shares), programmes that found it, showed a number, in all."""

    analyse: str
    strategi: str
    plantet: float
    funnet: int
    vist: int
    forsok: int


PERCENT_FROM = 100
"""From so many trials on, a percentage is no finer than the trials."""
NEARLY_NOTHING = 0.001
"""A planted effect under this is taken for none: its own simulation error is as large."""
_EVERY, _ODDS = "kontakt_hver_fireukersperiode", "dobbel_odds"
_OF = {
    ("praksis_tempo", "dobbelt_tempo"): "dobbelt så høy odds for å begynne i praksis hver uke",
    ("kombinasjonslop", "praksis_og_norsk"): "praksis og norskopplæring sammen",
    ("kombinasjonslop", "bare_norsk"): "norskopplæring uten praksis",
    ("aarsakskjede", "norskopplaering"): "norskopplæring de første åtte ukene",
    ("aarsakskjede", "norskopplaering_via_norsk"): "norskopplæring de første åtte ukene, gjennom norsknivået",
    ("oppfolging_deltaker", _EVERY): "kontakt med deltakeren i hver fireukersperiode",
    ("oppfolging_deltaker", _ODDS): "dobbelt så høy odds for kontakt med deltakeren",
    ("oppfolging_arbeidsgiver", _EVERY): "kontakt med arbeidsgiveren i hver fireukersperiode av praksisen",
    ("oppfolging_arbeidsgiver", _ODDS): "dobbelt så høy odds for kontakt med arbeidsgiveren",
}


def _of(tried: Tried) -> str:
    early = f"praksis innen {tried.strategi.removeprefix('innen_').removesuffix('u')} uker"
    return _OF.get((tried.analyse, tried.strategi), early)


def _points(share: float) -> str:
    """Points without decimals where that is true to a tenth."""
    points = 100 * share
    text = f"{abs(points):.1f}".removesuffix(".0").replace(".", ",")
    return f"−{text}" if points < 0 and text != "0" else text


def _how_often(tried: Tried) -> str:
    """In how many of the trials it was found: a count, which tells how much it rests on."""
    percent = f" ({100 * tried.funnet / tried.forsok:.0f} prosent)" if tried.forsok >= PERCENT_FROM else ""
    return f"{tried.funnet} av {tried.forsok} forsøk{percent} på simulerte data"


def _in_none(tried: Tried) -> str:
    trials = "det ene forsøket" if tried.forsok == 1 else f"noen av {tried.forsok} forsøk"
    return f"{trials} på simulerte data"


def sentence(tried: Tried) -> str:
    """The row in words: how often the effect would be found, or how often one that is not there would be reported."""
    often, what = _how_often(tried), _of(tried)
    if tried.vist == 0:
        return (
            f"Med data som disse ville vi ikke vist noe tall for virkningen av {what} i {_in_none(tried)}: dataene er for svake."
        )
    if abs(tried.plantet) < NEARLY_NOTHING:
        truth = "ikke finnes" if tried.plantet == 0 else "er nesten null"
        return f"Med data som disse ville vi meldt om en virkning av {what} i {often}, selv om den {truth}."
    return f"Med data som disse ville vi funnet en virkning på {_points(tried.plantet)} prosentpoeng av {what} i {often}."
