"""What stands beside the effects: proof, self-test, sensitivity, subgroups, profiles, outcomes from the registers."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from pipeline.dashboard import build_site
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.versions import SUBGROUPS
from pipeline.released import ReleasedTables
from pipeline.tables.utdata import UTDATA
from tests.dashboard.dash_release import PLANTED, PLANTED_SHARE, _effect, _frame
from tests.effects.effects_declared import PROTOCOLS

PLACEMENT = PROTOCOLS["praksis_tidspunkt"]
VERSIONS = sorted({one["navn"] for protocol in PROTOCOLS.values() for one in protocol.get("folsomhet", ())})
STAMPS = {"inndata_hash": "i", "kode_versjon": "k", "beregnet": "2026-11-21T02:30:00+01:00"}
KEY = {
    "analyse": "praksis_tidspunkt",
    "strategi": "innen_8u",
    "sammenligning": "ikke_innen_26u",
    "utfall": "arbeid",
    "horisont_uker": 52,
}
SENTENCE = "Med data som disse ville vi funnet en virkning på 5 prosentpoeng av praksis innen 8 uker i 25 av 40 forsøk på simulerte data."
PROVED = {
    "program": "5_poeng", **KEY, "variant": "jevn", "plantet": 0.05, "skjevhet": -0.003, "dekning": 0.95, "andel_funnet": 0.62,
    "andel_vist": 0.97, "grader": "{}", "n_gjentak": 40, "n_uten_anslag": 0, "n_deltakelser": 1400, "n_kommuner": 33, "setning": SENTENCE,
    "status": "", **STAMPS,
}  # fmt: skip
TESTED = {**KEY, "n_trekninger": 20, "bestatt": True, "status": "", **STAMPS}


def _rows() -> list[dict[str, object]]:
    main = _effect("innen_8u", "arbeid", 52, "jevn", "A", 0.081)
    groups = {"kvinne": "A", "mann": "C", "norsk_a2": "D"}
    subgroups = [
        main | {"undergruppe": g, "grad": grade, "estimat": 0.094 if grade == "A" else PLANTED_SHARE}
        for g, grade in groups.items()
    ]
    versions = [main | {"folsomhet": name, "estimat": 0.077} for name in ("etterslep_4u", "avkortede_vekter")]
    profile = {"analyse": "prosjektprofil", "sammenligning": None, "maal": "andel", "variant": None, "kan_si": None}
    shares = [
        _effect(mark, "arbeid", 52, None, grade, share) | profile
        for mark, grade, share in (("fadder_nei", "B", 0.61), ("fadder_ja", "B", 0.43), ("organisering_nav", "C", PLANTED_SHARE))
    ]
    return [
        main,
        *subgroups,
        *versions,
        *shares,
        main | {"utfall": "varig_arbeid", "horisont_uker": 156, "grad": "D", "n_personer": None},
    ]


def _works(out: Path, **tables: pl.DataFrame) -> str:
    build_site(ReleasedTables("r0003", {"effekt": _frame("effekt", _rows())} | tables, {}), out, None, demo=True)
    return (out / "virker.html").read_text(encoding="utf-8").replace("\u00a0", " ")


def test_power_stands_beside_the_estimate_and_in_a_table(tmp_path: Path) -> None:
    page = _works(tmp_path, etterproving=_frame("etterproving", [PROVED]))
    assert page.count(SENTENCE) == 2
    assert SENTENCE in re.search(r'<article class="ds-card saying">.*?</article>', page, re.S)[0]  # type: ignore[index]
    cells = re.findall(
        r"<t[dh][^>]*>([^<]*)</t[dh]>",
        re.search(r"<tr><th scope=\"row\">Praksis innen 8 uker \(jevn\)</th><td>5 poeng.*?</tr>", page)[0],
    )  # type: ignore[index]
    assert cells[2:] == ["+5,0 pp", "−0,3 pp", "95 %", "62 %", "97 %"]
    assert "Bare 40 gjentak" in page
    assert "Det er ikke prøvd" not in page


def test_without_a_proof_the_page_says_so(tmp_path: Path) -> None:
    page = _works(tmp_path)
    assert "Det er ikke prøvd hvor små virkninger data som disse kan vise." in page
    assert "Med data som disse ville vi" not in page


@pytest.mark.parametrize(
    ("row", "words", "warned"),
    [
        ({}, "Selvtesten fant ingenting der ingenting skulle finnes", False),
        ({"bestatt": False}, "Selvtesten fant en forskjell der ingenting skulle finnes", True),
        ({"bestatt": None, "status": ".."}, "Selvtesten kunne ikke gjennomføres", True),
        ({"status": ":"}, "kan ikke offentliggjøres, fordi anslaget den prøver er skjult", False),
        (None, "Utgivelsen har ingen selvtest", False),
    ],
)
def test_the_self_test_in_one_line(tmp_path: Path, row: dict[str, object] | None, words: str, warned: bool) -> None:
    page = _works(tmp_path, selvtest=_frame("selvtest", [] if row is None else [TESTED | row]))
    line = next(line for line in page.splitlines() if words in line)
    assert ("ds-alert" in line) == warned


def test_subgroups_and_profiles_without_basis_have_no_number(tmp_path: Path) -> None:
    page = _works(tmp_path)
    for name in ("Menn", "Norsk på A2 ved start", "Lagt til Nav"):
        row = re.search(rf'<tr><th scope="row">{name}</th>.*?</tr>', page)[0]  # type: ignore[index]
        assert "ikke grunnlag" in row
        assert "pp" not in row
        assert "%" not in row
    assert "19,8" not in page
    assert "+9,4 pp [4,0–12,2]" in re.search(r'<tr><th scope="row">Kvinner</th>.*?</tr>', page)[0]  # type: ignore[index]
    assert str(PLANTED) not in page


def test_profiles_are_in_a_fixed_order_and_never_compared(tmp_path: Path) -> None:
    section = _works(tmp_path).split('<section id="profiler">')[1]
    assert "en beskrivelse, ingen rangering" in section
    marks = re.findall(r'<th scope="row">([^<]*)</th>', section)
    assert marks == ["Med fadder i praksis", "Uten fadder i praksis", "Lagt til Nav"]
    assert " pp" not in section


def test_sensitivity_analyses_stand_beside_the_main_row(tmp_path: Path) -> None:
    table = next(part for part in _works(tmp_path).split("<table")[1:] if "følsomhetsanalysene" in part.split("</caption>")[0])
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', table)[1:] == [
        "Hovedanalysen",
        "Avkortede vekter",
        "Fire ukers etterslep i det som er kjent",
    ]
    assert re.findall(r'<td class="num">([+\d,]+) pp', table) == ["+8,1", "+7,7", "+7,7"]


def test_register_outcomes_have_a_panel_only_with_a_number(tmp_path: Path) -> None:
    assert "effekt-varig_arbeid-156" not in _works(tmp_path / "without")
    known = _frame("effekt", [r | {"grad": "A"} if r["utfall"] == "varig_arbeid" else r for r in _rows()])
    assert 'id="effekt-varig_arbeid-156"' in _works(tmp_path / "with", effekt=known)


def test_subgroups_and_sensitivities_are_those_declared_and_have_words() -> None:
    t, declared = Texts("nb"), PLACEMENT["undergrupper"]["inndeling"]
    assert {division: tuple(groups) for division, groups in declared.items()} == SUBGROUPS
    kinds = {
        "undergruppe": [g for groups in SUBGROUPS.values() for g in groups],
        "inndeling": list(SUBGROUPS),
        "folsomhet": VERSIONS,
    }
    assert len(VERSIONS) > 3
    assert [(kind, code) for kind, codes in kinds.items() for code in codes if t.label(kind, code) == code] == [
        ("undergruppe", "ungdom")
    ]


def test_empty_tables_are_known_to_the_page() -> None:
    assert {"etterproving", "selvtest"} <= set(UTDATA)
