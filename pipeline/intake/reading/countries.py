"""Country background in the ways senders write it. Source: Unicode CLDR through babel (names, ISO 3166 codes)."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

from pipeline.intake.reading.spelling import fold

# written by registers, without an ISO 3166 country: Kosovo, stateless, unknown
_ADDED = {"XKX": ("XK", "Kosovo"), "XXA": ("statsløs",), "XXX": ("ukjent", "uoppgitt")}
# Norwegian names in daily use that CLDR spells otherwise
_OTHER_NAMES = {
    "SYR": ("Syria",),
    "COD": ("Kongo (Den demokratiske republikken)", "DR Kongo"),
    "MMR": ("Burma", "Myanmar"),
    "USA": ("USA",),
}

# alpha-3 codes that ISO 3166 has withdrawn, or that CLDR made up; babel lists them beside the present ones
_WITHDRAWN = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR", "XKK", "QUU", "SUN"})


@cache
def country_codes() -> dict[str, str]:
    """Folded alpha-3, alpha-2 or Norwegian name (bokmål and nynorsk) to ISO 3166 alpha-3."""
    aliases = {three: two for three, two in get_global("territory_aliases").items() if len(three) == 3 and three.isalpha()}
    alpha3 = {two[0]: three for three, two in aliases.items() if len(two) == 1 and three not in _WITHDRAWN}
    found: dict[str, str] = {}
    for language in ("nn", "nb"):
        for two, name in Locale(language).territories.items():
            if two in alpha3 and two != "XK":
                found |= {fold(spelling): alpha3[two] for spelling in (two, alpha3[two], name)}
    for three, spellings in (_ADDED | _OTHER_NAMES).items():
        found |= {fold(spelling): three for spelling in (three, *spellings)}
    return found
