"""Every declared strategy with its comparison, and words that give away a foreign language."""

from __future__ import annotations

import tomllib

from pipeline.effects.protocol import FOLDER

PROTOCOLS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}


def _profiles() -> list[str]:
    declared = PROTOCOLS["prosjektprofil"]
    marks = [name for mark in declared["kjennetegn"].values() for name in mark["strategi"]]
    answers = [f"undersokelse_{question}_{answer}" for question, some in declared["undersokelse"].items() for answer in some]
    return [*marks, *answers]


DECLARED = {
    "praksis_tidspunkt": [*((f"innen_{g}u", "ikke_innen_26u") for g in (2, 4, 8, 13, 26)), ("ikke_innen_26u", None)],
    "praksis_tempo": [("dobbelt_tempo", "naturlig"), ("halvt_tempo", "naturlig"), ("naturlig", None)],
    "kombinasjonslop": [
        ("praksis_og_norsk", "ingen_av_delene"), ("bare_praksis", "ingen_av_delene"), ("bare_norsk", "ingen_av_delene"),
        ("samspill", "sum_av_delene"), ("ingen_av_delene", None),
    ],
    "oppfolging_deltaker": [("kontakt_hver_fireukersperiode", "naturlig"), ("dobbel_odds", "naturlig"), ("naturlig", None)],
    "oppfolging_arbeidsgiver": [("kontakt_hver_fireukersperiode", "naturlig"), ("dobbel_odds", "naturlig"), ("naturlig", None)],
    "tiltakskjede": [*((f"neste_innen_{g}u", "ikke_innen_8u") for g in (2, 4, 8)), ("ikke_innen_8u", None)],
    "aarsakskjede": [
        *((f"norskopplaering{part}", "ingen_norskopplaering") for part in ("", "_direkte", "_via_norsk", "_andel_via_norsk")),
        *((f"praksis_innen_8u{part}", "ikke_praksis_innen_8u") for part in ("", "_direkte", "_via_norsk", "_andel_via_norsk")),
        ("ordinaer_arbeidsgiver", "annen_arbeidsgiver"), ("fadder", "uten_fadder"),
        *((name, None) for name in ("ingen_norskopplaering", "ikke_praksis_innen_8u", "annen_arbeidsgiver", "uten_fadder")),
    ],
    "prosjektprofil": [(name, None) for name in _profiles()],
}  # fmt: skip
CASES = [(analysis, *pair) for analysis, pairs in DECLARED.items() for pair in pairs]
# Words that belong to another language than the one whose catalogue is read.
STRANGERS = {
    "nb": r"ikkje|frå|kva|nokon|noko|berre|ein|eit|dei|veker|utan|the|and|with|from|not",
    "nn": r"ikke|fra|hva|noen|noe|bare|en|et|de|uker|uten|hver|jeg|hvem|hvor|flere|være|vært|kommer|the|and|with|from|not",
    "en": r"ikke|ikkje|fra|frå|flere|fleire|færre|og|eller|som|dersom|uker|veker|praksis|prosent|prosentpoeng|innen|innan|til|av|med",
}  # fmt: skip
