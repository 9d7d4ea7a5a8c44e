"""The nightly site offers senders the page on which they check a delivery; a release's frozen site does not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from assets import publish
from pipeline.dashboard import Freshness, build_site
from pipeline.intake.sjekk import check_page
from pipeline.released import ReleasedTables
from pipeline.settings import Home, Settings


@pytest.mark.parametrize("environment", ["demo", "prod"])
def test_nightly_site_holds_the_page_of_its_environment_and_links_to_it(
    environment: str, released: ReleasedTables, freshness: Freshness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "latest_release", lambda _: released)
    monkeypatch.setattr(publish, "_freshness", lambda *_: freshness)
    night = SimpleNamespace(settings=Settings(Home(tmp_path), environment, freshness.built))
    index = publish.rebuild_site(night)
    assert index is not None
    assert 'href="sjekk.html"' in index.read_text(encoding="utf-8")
    page = index.with_name("sjekk.html").read_text(encoding="utf-8")
    assert page == check_page(demo=environment == "demo")
    assert (">SYNTETISKE DATA<" in page) == (environment == "demo")


def test_frozen_site_has_no_link_to_a_page_that_is_not_there(released: ReleasedTables, tmp_path: Path) -> None:
    build_site(released, tmp_path, None, demo=True)
    assert "sjekk.html" not in (tmp_path / "index.html").read_text(encoding="utf-8")
