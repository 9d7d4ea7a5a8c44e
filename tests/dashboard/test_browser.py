"""The site in a real browser from ``file://``: policy, charts, axe, reflow, print, age of the build.

Where no Chromium is installed these tests are skipped on a developer's machine and fail where ``CI`` is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.dashboard.build import PAGES
from tests.dashboard.dash_browser import Browser, browser

WITH_CHARTS = ("index", "sammenlign", "virker", "tidspunkt")


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium"), "accessibility, policy and print of the site") as opened:
        yield opened


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_from_disk_without_complaint_or_outside_request(tab: Browser, site: Path, name: str) -> None:
    tab.open((site / f"{name}.html").as_uri())
    tab.draw_all()
    assert tab.problems == []
    assert [r for r in tab.requests if not r.startswith((site.as_uri(), "data:"))] == []
    assert tab.evaluate("document.querySelectorAll('.modebar, .modebar-btn').length") == 0


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(tab: Browser, site: Path, name: str) -> None:
    tab.open((site / f"{name}.html").as_uri())
    tab.draw_all()
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert tab.axe() == []


def test_axe_itself_can_fail(tab: Browser, site: Path) -> None:
    tab.open((site / "om.html").as_uri())
    tab.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<p style=\"color:#bbb;background:#fff\">Grå</p><img src=\"data:,\">')"
    )
    found = {violation.split(":")[0] for violation in tab.axe()}
    assert {"color-contrast", "image-alt"} <= found


@pytest.mark.parametrize("name", PAGES)
def test_reflow_at_320(tab: Browser, site: Path, name: str) -> None:
    tab.open((site / f"{name}.html").as_uri(), width=320, height=640)
    tab.draw_all()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_every_chart_says_what_it_shows(tab: Browser, site: Path, name: str) -> None:
    tab.open((site / f"{name}.html").as_uri())
    labels = tab.evaluate(
        "[...document.querySelectorAll('.chart')].map(c => c.getAttribute('role') + ':' + (c.getAttribute('aria-label') || ''))"
    )
    assert labels
    assert all(text.startswith("img:") and len(text) > 40 for text in labels)
    assert tab.evaluate("[...document.querySelectorAll('.chart-box')].every(c => c.nextElementSibling.querySelector('table'))")


def test_planted_script_is_refused_by_the_policy(tab: Browser, site: Path, tmp_path: Path) -> None:
    """The policy holds on file:// too: code written into the page does not run."""
    page = (site / "om.html").read_text(encoding="utf-8").replace("</body>", "<script>window.taken = 1</script></body>")
    planted = tmp_path / "om.html"
    planted.write_text(page, encoding="utf-8")
    tab.open(planted.as_uri())
    assert tab.evaluate("window.taken === undefined")
    assert any("Content Security Policy" in p for p in tab.problems)


def test_deep_link_opens_its_panel(tab: Browser, site: Path) -> None:
    tab.open((site / "virker.html").as_uri() + "#effekt-arbeid-52")
    assert tab.evaluate("[...document.querySelectorAll('.panel:not([hidden])')].map(p => p.id)") == ["effekt-arbeid-52"]
    tab.evaluate("location.hash = '#effekt-arbeid-104'")
    tab.wait_for("!document.getElementById('effekt-arbeid-104').hidden")
    assert tab.evaluate("document.getElementById('effekt').value") == "effekt-arbeid-104"


def test_old_build_says_so_and_a_fresh_one_does_not(tab: Browser, site: Path, tmp_path: Path) -> None:
    built = 'data-built="2026-11-21T02:30:00+01:00"'
    page = (site / "index.html").read_text(encoding="utf-8")
    assert built in page
    hidden = {}
    for hours in (37, 35):
        tab.open("about:blank")
        stamp = tab.evaluate(f"new Date(Date.now() - {hours} * 3600e3).toISOString()")
        (site / f"alder-{hours}.html").write_text(page.replace(built, f'data-built="{stamp}"'), encoding="utf-8")
        tab.open((site / f"alder-{hours}.html").as_uri())
        hidden[hours] = tab.evaluate("document.getElementById('gammel').hidden")
        (site / f"alder-{hours}.html").unlink()
    assert hidden == {37: False, 35: True}


def test_print_draws_the_charts_and_fits_the_paper(tab: Browser, site: Path, tmp_path: Path) -> None:
    tab.open((site / "virker.html").as_uri())
    tab.draw_all()
    tab.send("Emulation.setEmulatedMedia", media="print")
    tab.send("Emulation.setDeviceMetricsOverride", width=680, height=960, deviceScaleFactor=1, mobile=False)
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tab.wait_for(
        "[...document.querySelectorAll('.panel:not([hidden]) .main-svg')].every(s => s.getBoundingClientRect().width <= 680)"
    )
    assert tab.evaluate("document.documentElement.scrollWidth") <= 680
    assert tab.evaluate("[...document.querySelectorAll('details')].every(d => d.open)")
    tab.send("Emulation.setEmulatedMedia", media="")
    tab.pdf(tmp_path / "side.pdf")
    assert (tmp_path / "side.pdf").stat().st_size > 20_000


BROKEN = """(() => {
  const broken = [];
  document.querySelectorAll('tbody .num').forEach(cell => {
    const node = cell.firstChild;
    if (!node || cell.closest('[hidden]')) return;
    for (const run of node.textContent.matchAll(/[\\d\\u00a0,]+/g)) {
      const range = document.createRange();
      range.setStart(node, run.index);
      range.setEnd(node, run.index + run[0].length);
      if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) broken.push(node.textContent);
    }
  });
  return broken;
})()"""


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_print_breaks_no_number(tab: Browser, site: Path, name: str) -> None:
    tab.open((site / f"{name}.html").as_uri())
    tab.send("Emulation.setEmulatedMedia", media="print")
    tab.send("Emulation.setDeviceMetricsOverride", width=680, height=960, deviceScaleFactor=1, mobile=False)
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert tab.evaluate("document.querySelectorAll('td.num').length") > 10
    assert tab.evaluate(BROKEN) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 680
    tab.send("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize(("width", "picture"), [(1280, True), (390, False)])
def test_the_whole_chain_is_seen_as_picture_or_as_list(tab: Browser, site: Path, width: int, picture: bool) -> None:
    tab.open((site / "virker.html").as_uri(), width=width)
    box = "document.querySelector('.svg-box')"
    assert tab.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")
    shown = {
        part: tab.evaluate(f"getComputedStyle(document.querySelector('{part}')).display !== 'none'")
        for part in (".svg-box", ".chain-list")
    }
    assert shown == {".svg-box": picture, ".chain-list": not picture}
    assert tab.evaluate(
        "document.querySelectorAll('.chain-list li').length === document.querySelectorAll('.chain path.edge').length"
    )
