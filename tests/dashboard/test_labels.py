"""No raw code on a page: what the protocols and the programme theory declare has a word for readers."""

from __future__ import annotations

import pytest

from pipeline.dashboard.texts import Texts
from pipeline.effects.protocol import declared_theory
from pipeline.tables.statistikk import ANALYSES
from tests.effects.effects_declared import CASES, PROTOCOLS

STRATEGIES = sorted({name for _, strategy, comparison in CASES for name in (strategy, comparison) if name})
LINKS = sorted({link[end] for link in declared_theory()[0]["lenke"] for end in ("fra", "til")})
ENDPOINTS = ("arbeid", "utdanning", "arbeid_eller_utdanning", "i_arbeid_uke_104", "varig_arbeid", "november_status")


def _declared_names() -> set[str]:
    """Strategies and comparisons as the protocols write them, whatever the place in the file."""
    arms = PROTOCOLS["kombinasjonslop"]["strategier"]["armer"]
    odds = {name for p in PROTOCOLS.values() for name in p.get("strategier", {}).get("odds", {})}
    others = {p["strategier"]["sammenligning"] for p in PROTOCOLS.values() if "sammenligning" in p.get("strategier", {})}
    return {*arms, *odds, *others}


@pytest.mark.parametrize(
    ("kind", "codes"), [("strategi", STRATEGIES), ("ledd", LINKS), ("analyse", ANALYSES), ("utfall", ENDPOINTS)]
)
def test_every_declared_code_has_a_word(kind: str, codes: list[str]) -> None:
    t = Texts("nb")
    assert codes
    assert [code for code in codes if t.label(kind, code) == code and code not in ("arbeid", "utdanning")] == []


def test_the_list_above_holds_what_the_protocols_declare() -> None:
    assert _declared_names() <= set(STRATEGIES)
    assert len(_declared_names()) > 8


def test_no_two_strategies_of_one_analysis_share_their_word() -> None:
    t = Texts("nb")
    names = {(analysis, strategy) for analysis, strategy, _ in CASES}
    assert len({(analysis, t.label("strategi", strategy)) for analysis, strategy in names}) == len(names)
