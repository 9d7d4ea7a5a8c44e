"""What stands around the numbers: which release they are from, how they were computed, what a later horizon says, what rounding does."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline.dashboard import build_site
from pipeline.dashboard.basis import basis
from pipeline.dashboard.later import later_note
from pipeline.dashboard.origin import foot_notes, origins, page_note
from pipeline.dashboard.texts import Texts
from pipeline.effects.protocol import FOLDER
from pipeline.released import ReleasedTables
from pipeline.store import sha256_bytes
from pipeline.tables.statistikk import ANALYSES
from tests.dashboard.dash_release import _effect, _frame, _key_figure, small_release

PROTOCOLS = {sha256_bytes(p.read_bytes()): p.read_bytes() for p in sorted(FOLDER.glob("*.toml"))}
PLACEMENT = sha256_bytes((FOLDER / "praksis_tidspunkt.toml").read_bytes())
LOG = [
    {"release_id": "r0001", "dato": "2026-10-01", "endring": "Første utgivelse."},
    {"release_id": "r0002", "dato": "2026-11-25", "endring": "Nye tall. Videreført: kommune."},
    {"release_id": "r0003", "dato": "2026-12-27", "endring": "Nye tall. Videreført: land_og_fylke, kommune, estimater."},
]
CARRIED = {
    "beregnet": "2026-12-27T02:30:00+01:00", "videreført": ["land_og_fylke", "kommune", "estimater"], "endringslogg": LOG,
}  # fmt: skip


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\u00a0", " ")


def _main(path: Path) -> str:
    return _text(path).split("<main")[1].split("</main>")[0]


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("carried")
    release = small_release()
    effects = release.tables["effekt"].with_columns(protokoll_hash=pl.lit(PLACEMENT))
    starts = _frame("nokkeltall", [_key_figure("praksis_innen_4u", y, "fulgt_lenge_nok", 200, 480) for y in ("2019", "2024")])
    tables = {**release.tables, "effekt": effects, "nokkeltall": pl.concat([release.tables["nokkeltall"], starts])}
    build_site(ReleasedTables("r0003", tables, CARRIED), out, None, demo=True, protocols=PROTOCOLS)
    return out


def test_each_group_is_traced_to_the_release_that_made_it() -> None:
    found = origins(CARRIED, "r0003")
    assert {group: (source.release_id, source.day) for group, source in found.items()} == {
        "land_og_fylke": ("r0002", date(2026, 11, 25)),
        "kommune": ("r0001", date(2026, 10, 1)),
        "estimater": ("r0002", date(2026, 11, 25)),
    }
    assert origins({**CARRIED, "videreført": []}, "r0003") == {}


def test_a_log_that_lists_what_was_carried_is_read_like_one_that_says_it() -> None:
    listed = [
        {"videreført": groups, **e, "endring": "Nye tall: andre nøkkeltall."}
        for groups, e in zip(([], ["kommune"], ["kommune"]), LOG, strict=True)
    ]
    found = origins({**CARRIED, "endringslogg": listed}, "r0003")
    assert {group: source.release_id for group, source in found.items()} == {
        "land_og_fylke": "r0002",
        "kommune": "r0001",
        "estimater": "r0002",
    }


def test_single_analyses_that_were_carried_are_named_with_their_release() -> None:
    log = [
        {**entry, "videreført": groups}
        for entry, groups in zip(LOG, ([], ["estimater"], ["estimater:praksis_tidspunkt"]), strict=True)
    ]
    manifest = {"endringslogg": log, "videreført": ["estimater:praksis_tidspunkt", "estimater:prosjektprofil"]}
    found = origins(manifest, "r0004")
    assert {code: source.release_id for code, source in found.items()} == {
        "estimater:praksis_tidspunkt": "r0001",
        "estimater:prosjektprofil": "r0003",
    }
    note = page_note(found, "estimater", Texts()).replace("\u00a0", " ")
    assert "r0001, 1. oktober 2026" in note
    assert "r0003, 27. desember 2026" in note
    assert "estimater" not in note
    assert len(foot_notes(found, Texts())) == 2
    assert page_note(found, "kommune", Texts()) == ""


@pytest.mark.parametrize(
    ("name", "source"),
    [("virker", "r0002, 25. november 2026"), ("tidspunkt", "r0002, 25. november 2026"), ("sammenlign", "r0001, 1. oktober 2026")],
)
def test_a_page_of_carried_numbers_says_from_which_release(carried: Path, name: str, source: str) -> None:
    assert f"fra utgivelse {source}" in _main(carried / f"{name}.html")


def test_carried_tiles_are_marked_and_fresh_ones_are_not(carried: Path) -> None:
    tiles = re.findall(r'<li class="ds-card tile">.*?</li>', _text(carried / "index.html"), re.S)
    marked = {re.search(r"<h3[^>]*>(.*?)</h3>", t)[1]: "fra utgivelse r0002, 25. november 2026" in t for t in tiles}  # type: ignore[index]
    assert [name for name, old in marked.items() if old] == ["Direkte overgang til arbeid eller utdanning"]
    assert len(marked) > 3
    intro = "Et nøkkeltall som bare noen få er kommet til bak, står som i forrige utgivelse."
    assert intro in _text(carried / "index.html")


def test_the_foot_of_every_page_lists_what_is_older_in_words(carried: Path) -> None:
    for page in carried.glob("*.html"):
        foot = _text(page).split("<footer")[1]
        assert "Virkninger, kurver og årsakskjede: fra utgivelse r0002, 25. november 2026" in foot
        assert "Kommuner og bydeler: fra utgivelse r0001, 1. oktober 2026" in foot
    changes = _text(carried / "om.html").split('id="endringer"')[1].split("</section>")[0]
    assert "land_og_fylke" not in changes
    assert "estimater" not in changes


def test_nothing_is_said_to_be_older_where_all_is_new(site: Path) -> None:
    for page in ("index", "sammenlign", "virker", "tidspunkt"):
        assert "fra utgivelse" not in _text(site / f"{page}.html")
    assert "står som i forrige utgivelse" not in _text(site / "index.html")


@pytest.mark.parametrize(("page", "panel"), [("virker", "effekt-arbeid-52"), ("tidspunkt", "kurve-arbeid")])
def test_every_panel_says_what_was_computed_of_whom_and_when(carried: Path, page: str, panel: str) -> None:
    block = _text(carried / f"{page}.html").split(f'id="{panel}"')[1].split("</section>")[0]
    block = block.split("Om beregningen</summary>")[1].split("</details>")[0]
    for words in (
        "Startet i programmet",
        "2019–2024",
        "21. november 2026",
        "forskjell i andelen",
        "praksis_tidspunkt",
        PLACEMENT[:12],
    ):
        assert words in block, words
    assert ("52 uker" if page == "virker" else "52 og 104 uker") in block


def test_question_and_people_of_every_analysis_stand_once_on_the_page(carried: Path) -> None:
    page = _text(carried / "virker.html")
    section = page.split('id="beregning"')[1].split("</section>")[0]
    assert "Hvor mange flere går til arbeid eller utdanning når første praksis kommer tidlig" in section
    assert "første leverte tilskuddsår" in section
    assert set(re.findall(r'href="#(beregning-[^"]+)"', page)) <= set(re.findall(r'id="(beregning-[^"]+)"', page))


def test_the_protocol_is_published_only_where_it_is_the_one_that_was_followed(carried: Path, site: Path) -> None:
    link = f"data/protokoll-praksis_tidspunkt-{PLACEMENT[:12]}.toml"
    assert f'href="{link}"' in _text(carried / "virker.html")
    assert sha256_bytes((carried / link).read_bytes()) == PLACEMENT
    assert [p.name for p in carried.glob("data/*.toml")] == [Path(link).name]
    assert list(site.glob("data/*.toml")) == []
    assert "p" * 12 in _text(site / "virker.html")


def test_every_analysis_has_its_people_and_contrast_in_words() -> None:
    t = Texts("nb")
    for name in (*ANALYSES, "praksisgiver"):
        assert t(f"hvem.{name}").endswith(".")
        assert t(f"hva.{name}").endswith(".")


@pytest.mark.parametrize(
    "name", ["kjede", "folsomhet-praksis_tidspunkt-effekt-arbeid-52", "effekt-arbeid-52", "undergrupper-effekt-arbeid-52"]
)
def test_downloads_say_unit_interval_grade_and_protocol(tmp_path: Path, name: str) -> None:
    main = _effect("innen_8u", "arbeid", 52, "jevn", "A", 0.081)
    rows = [main, main | {"folsomhet": "etterslep_4u", "estimat": 0.077}, main | {"undergruppe": "kvinne"}]
    tables = {
        "effekt": _frame("effekt", rows),
        "aarsakskjede": small_release().tables["aarsakskjede"].with_columns(protokoll_hash=pl.lit("abc")),
    }
    build_site(ReleasedTables("r0003", tables, {}), tmp_path, None, demo=True)
    csv = pl.read_csv(tmp_path / "data" / f"{name}.csv", separator=";", infer_schema=False)
    assert {"estimat", "ki_nedre", "ki_ovre", "enhet", "grad", "protokoll_hash"} <= set(csv.columns)
    shown = csv.filter(pl.col("estimat").is_not_null())
    assert shown.height > 0
    assert shown.select("enhet", "grad", "ki_nedre", "protokoll_hash").null_count().row(0) == (0, 0, 0, 0)
    if name.startswith("folsomhet"):
        assert set(csv["folsomhet"]) == {"hoved", "etterslep_4u"}


def _horizons(second: dict[str, object], third: dict[str, object]) -> pl.DataFrame:
    rows = [_effect("innen_8u", "arbeid", w, "jevn", "A", 0.10) | more for w, more in ((52, {}), (78, second), (104, third))]
    return _frame("effekt", rows)


@pytest.mark.parametrize(
    ("second", "third", "said"),
    [
        ({}, {}, False),
        ({"estimat": 0.12}, {"estimat": 0.11}, False),
        ({"estimat": 0.06}, {}, True),
        ({}, {"funn": "uavklart"}, True),
        ({}, {"grad": "D", "estimat": None}, True),
        ({}, {"status": ":", "estimat": None}, True),
    ],
)
def test_an_early_gain_that_does_not_last_may_be_earlier_exits(
    second: dict[str, object], third: dict[str, object], said: bool
) -> None:
    note = later_note(_horizons(second, third), "arbeid", 52, Texts("nb"))
    assert ("kan bety at overgangene kommer tidligere" in note) == said
    assert ("raksis innen 8 uker (jevn)" in note) == said


def test_no_gain_and_no_later_horizon_give_no_note() -> None:
    t = Texts("nb")
    assert later_note(_horizons({"estimat": 0.05}, {}), "arbeid", 104, t) == ""
    none = _horizons({"estimat": 0.05}, {}).with_columns(
        estimat=pl.when(pl.col("horisont_uker") == 52).then(-0.03).otherwise("estimat")
    )
    assert later_note(none, "arbeid", 52, t) == ""


def test_the_note_stands_beside_the_early_figure(tmp_path: Path) -> None:
    build_site(
        ReleasedTables(
            "r0003",
            {"effekt": _horizons({"estimat": 0.06}, {"funn": "uavklart"}), "kurver": small_release().tables["kurver"]},
            {},
        ),
        tmp_path,
        None,
        demo=True,
    )
    early = _text(tmp_path / "virker.html").split('id="effekt-arbeid-52"')[1].split('<section class="panel"')[0]
    assert early.count("kan bety at overgangene kommer tidligere") == 1
    assert "kan bety at overgangene kommer tidligere" in _text(tmp_path / "tidspunkt.html").split('id="kurve-arbeid"')[1]


def test_rounding_one_by_one_is_said_under_tables_of_differences(site: Path) -> None:
    words = "avrundet hver for seg"
    assert words in _text(site / "tidspunkt.html").split('id="kurve-arbeid"')[1].split("</section>")[0]
    assert words in _text(site / "virker.html").split('id="effekt-arbeid-52"')[1].split("</section>")[0]


def test_no_interval_stands_beside_too_few_and_smoothing_is_explained(site: Path) -> None:
    page = _text(site / "sammenlign.html")
    row = re.search(r'<tr><th scope="row">1804</th>.*?</tr>', page)[0]  # type: ignore[index]
    assert "For få til å si noe" in row
    assert "50–84" not in row
    csv = pl.read_csv(site / "data" / "sammenlign-overgang_direkte.csv", separator=";", infer_schema=False)
    assert csv.filter(pl.col("komm_nr") == "1804").select("ki_nedre", "ki_ovre").row(0) == (None, None)
    assert "trukket mot andelen som er å vente ut fra hvem deltakerne er" in page
    assert csv.filter(pl.col("komm_nr") == "0301")["ki_nedre"][0] is not None


def test_a_link_that_names_another_gets_its_number(tmp_path: Path) -> None:
    links = [
        {"fra": "ansatt_hos_praksisgiver", "til": "arbeid_eller_utdanning", "grad": None, "enhet": "andel", "status": "..",
         "begrunnelse": "Ikke beregnet. Hvor stor del det er, viser leddet fra praksis til ansatt hos praksisgiver."},
        {"fra": "praksis", "til": "ansatt_hos_praksisgiver", "grad": "B", "estimat": 0.2, "enhet": "andel", "status": "", "n": 500},
    ]  # fmt: skip
    build_site(ReleasedTables("r0003", {"aarsakskjede": _frame("aarsakskjede", links)}, {}), tmp_path, None, demo=True)
    assert "viser leddet fra praksis til ansatt hos praksisgiver (nr. 2)" in _text(tmp_path / "virker.html")


@pytest.mark.parametrize(("reason", "shown"), [("balanse; ess", "≈ 795, effektivt ≈ 5"), ("balanse", "≈ 795")])
def test_the_effective_number_stands_where_it_is_what_is_too_small(tmp_path: Path, reason: str, shown: str) -> None:
    row = _effect("bare_norsk", "arbeid", 52, None, "C", None, analyse="kombinasjonslop", sammenligning="ingen_av_delene")
    row |= {"ess": 5.0, "n_personer": 795, "porter": json.dumps({"begrunnelse": reason})}
    build_site(ReleasedTables("r0003", {"effekt": _frame("effekt", [row])}, {}), tmp_path, None, demo=True)
    table = _text(tmp_path / "virker.html").split("Kombinasjonsløp: Bare norsk</th>")[1]
    assert f'<td class="num">{shown}</td>' in table.split("</tr>")[0]


def test_a_subgroup_that_was_not_computed_has_a_reason(tmp_path: Path) -> None:
    main = _effect("innen_8u", "arbeid", 52, "jevn", "A", 0.081)
    gone = {"estimat": None, "ki_nedre": None, "ki_ovre": None, "n_personer": None, "grad": "D", "status": "..", "kan_si": None}
    rows = [main, main | {"undergruppe": "kvinne"}, main | gone | {"undergruppe": "sosialhjelp"}]
    build_site(ReleasedTables("r0003", {"effekt": _frame("effekt", rows)}, {}), tmp_path, None, demo=True)
    part = _text(tmp_path / "virker.html").split('id="undergrupper-effekt-arbeid-52-tekst"')[1].split("</p>")[0]
    assert "Ikke beregnet for mottakere av sosialhjelp: for få deltakere, praksisstarter eller kommuner i gruppen." in part


def test_what_nobody_has_tried_is_said_in_words_and_not_linked_to(tmp_path: Path) -> None:
    build_site(small_release(), tmp_path, None, demo=True)
    page = _text(tmp_path / "virker.html")
    assert "jobbsjansen prove" not in page
    assert "Det er ikke prøvd hvor små virkninger data som disse kan vise." in page
    assert 'href="#styrke"' not in page


def test_a_panel_without_rows_has_no_horizons_to_list() -> None:
    release = small_release()
    nothing = release.tables["effekt"].clear()
    found = basis(nothing, "arbeid", release.tables["nokkeltall"], {}, Texts())
    assert found.analyses == ()
    assert Texts()("basis.horizon") not in {name for name, _ in found.facts}
