"""The site as files: nothing from outside, nothing hidden, nothing unescaped, the same bytes every time."""

from __future__ import annotations

import html as htmllib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from pipeline.dashboard import Freshness, build_site
from pipeline.dashboard.build import PAGES
from pipeline.released import ReleasedTables
from pipeline.tables.utdata import UTDATA
from tests.dashboard.dash_release import HOSTILE, PLANTED, PLANTED_SHARE

VOID = {"meta", "link", "br", "img", "input", "hr", "line", "path", "rect"}
NAMESPACES = ("http://www.w3.org/2000/svg",)


def _page(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


def _own_files(site: Path) -> list[Path]:
    """Everything but the plotly library, which is copied as it comes."""
    return [p for p in sorted(site.rglob("*")) if p.is_file() and p.name != "plotly.min.js"]


class _Outline(HTMLParser):
    """Open elements, ids, headings, links and executable scripts of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.links: list[str] = []
        self.scripts: list[dict[str, str | None]] = []
        self.handlers: list[str] = []
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.handlers += [k for k in found if k.startswith("on")]
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [v for k, v in attrs if k in ("href", "src") and v]
        if tag == "script":
            self.scripts.append(found)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.stack or self.stack.pop() != tag:
            self.unclosed.append(tag)


def _outline(text: str) -> _Outline:
    outline = _Outline()
    outline.feed(text)
    return outline


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_and_in_order(site: Path, name: str) -> None:
    outline = _outline(_page(site, name))
    assert outline.unclosed == []
    assert outline.stack == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    steps = zip(outline.headings, outline.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_of_the_site(site: Path, name: str) -> None:
    for link in _outline(_page(site, name)).links:
        path, _, anchor = link.partition("#")
        if link == "data:,":
            continue
        target = site / path if path else site / f"{name}.html"
        assert target.is_file(), link
        assert not anchor or anchor in _outline(target.read_text(encoding="utf-8")).ids, link


def test_no_address_outside_the_folder(site: Path) -> None:
    for path in _own_files(site):
        text = path.read_text(encoding="utf-8-sig")
        for known in NAMESPACES:
            text = text.replace(known, "").replace(known.replace(":", "%3A").replace("/", "%2F"), "")
        assert not re.search(r"(?:https?|ftp|wss?)(?::|%3A)(?://|%2F%2F)|@import|url\(\s*[\"']?//", text), path.name


@pytest.mark.parametrize("name", PAGES)
def test_strict_policy_and_no_inline_code(site: Path, name: str) -> None:
    text = _page(site, name)
    policy = htmllib.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1])  # type: ignore[index]
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'none'", "base-uri 'none'"} <= {
        p.strip() for p in policy.split(";")
    }
    outline = _outline(text)
    assert outline.handlers == []
    assert all("src" in s or s.get("type") == "application/json" for s in outline.scripts)
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_no_planted_number_in_any_file(site: Path) -> None:
    shapes = ("73919", "73 919", "73\u00a0919", "73&nbsp;919", "0.19773", "0,19773", "19.77")
    assert {str(PLANTED), str(PLANTED_SHARE)} <= set(shapes)
    for path in _own_files(site):
        text = path.read_text(encoding="utf-8-sig")
        assert [s for s in shapes if s in text] == [], path.name


def test_hidden_and_ungraded_rows_show_a_sign_or_words(site: Path) -> None:
    works = _page(site, "virker")
    rows = re.findall(r"<tr><th scope=\"row\">Praksis innen 2 uker \(jevn\)</th>.*?</tr>", works)
    assert rows
    assert all("ikke grunnlag" in r and " pp" not in r.replace("\u00a0", " ") for r in rows)
    assert re.search(r"Kristiansand</td><td class=\"num\">:</td>", _page(site, "sammenlign"))
    effects = pl.read_csv(site / "data" / "effekt.csv", separator=";", infer_schema=False)
    weak = effects.filter(pl.col("grad").is_in(["C", "D"]))
    assert weak.height > 0
    assert weak.select("estimat", "ki_nedre", "ki_ovre", "se", "e_verdi").null_count().row(0) == (weak.height,) * 5
    assert weak.filter(pl.col("analyse") == "praksis_tidspunkt")["n_personer"].null_count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_hostile_text_stays_text(site: Path, name: str) -> None:
    text = _page(site, name)
    assert "<img" not in text
    assert "<script>" not in text
    for block in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.S):
        assert "<" not in block
        assert "<img" not in json.dumps(json.loads(block), ensure_ascii=False)


def test_hostile_text_is_shown_as_written(site: Path) -> None:
    for name in ("sammenlign", "virker", "om"):
        assert HOSTILE in htmllib.unescape(_page(site, name)), name


def test_same_release_same_bytes(released: ReleasedTables, freshness: Freshness, site: Path, tmp_path: Path) -> None:
    shuffled = {n: f.sample(fraction=1.0, shuffle=True, seed=7) for n, f in reversed(list(released.tables.items()))}
    build_site(
        ReleasedTables(released.release_id, shuffled, dict(reversed(released.manifest.items()))), tmp_path, freshness, demo=True
    )  # type: ignore[call-overload]
    first = {p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    second = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert first == second


def test_front_says_it_in_one_sentence(site: Path) -> None:
    text = _page(site, "index").replace("\u00a0", " ")
    assert "71 % av 486 som avsluttet i 2024, gikk direkte til arbeid eller utdanning. Målet er 70 %; usikkerhet 67–75 %." in text
    assert "Regnet av: alle avsluttede (n = 486)" in text
    assert "Med en annen regel: 73 % av avsluttede uten utfasede (n = 470)" in text


def test_chain_has_real_text_and_line_styles(site: Path) -> None:
    svg = re.search(r"<svg class=\"chain\".*?</svg>", _page(site, "virker"), re.S)[0].replace("\u00a0", " ")  # type: ignore[index]
    assert re.search(r">6: \+6,2 pp</text>\s*<text[^>]*>\[2,1–10,3\]</text>", svg)
    assert ">5: ikke grunnlag</text>" in svg
    assert ">3: ikke beregnet</text>" in svg
    assert {s: svg.count(f'class="edge edge-{s}"') for s in ("a", "b", "none", "open")} == {"a": 2, "b": 1, "none": 1, "open": 2}


def test_list_of_municipalities_is_in_code_order(site: Path) -> None:
    codes = re.findall(r'<th scope="row">(\d{4})</th>', _page(site, "sammenlign"))
    assert len(codes) == 12
    assert codes == sorted(codes)


def test_demo_band_and_freshness_only_where_they_belong(site: Path, released: ReleasedTables, tmp_path: Path) -> None:
    build_site(released, tmp_path, None, demo=False)
    for name in PAGES:
        assert "SYNTETISKE DATA" in _page(site, name)
        assert 'data-built="2026-11-21T02:30:00+01:00"' in _page(site, name)
        frozen = _page(tmp_path, name)
        assert "SYNTETISKE DATA" not in frozen
        assert "data-built" not in frozen
        assert "r0003" in frozen


def test_empty_release_builds_and_says_so(tmp_path: Path) -> None:
    build_site(ReleasedTables("r0001", {n: t.empty() for n, t in UTDATA.items()}, {}), tmp_path, None, demo=True)
    assert "kan ikke vises i denne utgivelsen" in _page(tmp_path, "index")
    for name in ("sammenlign", "virker", "tidspunkt"):
        assert "Utgivelsen har ingen tall for denne siden." in _page(tmp_path, name)


def test_weight(site: Path) -> None:
    """Bytes a reader loads before the first chart: page, styles and own scripts, without the chart library."""
    shared = sum((site / "static" / n).stat().st_size for n in ("designsystemet.css", "site.css", "site.js", "settings.js"))
    assert shared < 110_000
    assert all((site / f"{n}.html").stat().st_size < 120_000 for n in PAGES)
    assert sum(p.stat().st_size for p in _own_files(site)) < 500_000


def test_csv_opens_in_a_spreadsheet_as_text_and_numbers(site: Path) -> None:
    raw = (site / "data" / "trend.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").splitlines()
    assert lines[0].split(";")[0] == "periode"
    assert any(";345;486;0,709877;" in line for line in lines)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.71, 0.78, "over"), (0.6, 0.69, "under"), (0.66, 0.75, "uavklart"), (None, None, "uten_tall")],
)
def test_verdict_follows_the_interval_and_never_the_point(
    released: ReleasedTables, tmp_path: Path, low: float | None, high: float | None, verdict: str
) -> None:
    keys = released.tables["nokkeltall"].with_columns(ki_nedre=pl.lit(low, pl.Float64), ki_ovre=pl.lit(high, pl.Float64))
    build_site(ReleasedTables("r0003", {"nokkeltall": keys}, {}), tmp_path, None, demo=True)
    assert f'<section class="headline {verdict}"' in _page(tmp_path, "index")
