from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.dashboard import Freshness, build_site
from pipeline.released import ReleasedTables
from tests.dashboard.dash_release import small_release


@pytest.fixture(scope="session")
def released() -> ReleasedTables:
    return small_release()


@pytest.fixture(scope="session")
def freshness() -> Freshness:
    return Freshness(
        built=datetime(2026, 11, 21, 2, 30, tzinfo=ZoneInfo("Europe/Oslo")), received=37, due=40, with_remarks=6, release_id="r0003",
        release_date=date(2026, 11, 1), extracts={"arbeidsforhold": date(2026, 9, 1), "norskprove": None},
        refused={"arbeidsforhold": date(2026, 10, 3), "norskprove": None},
    )  # fmt: skip


@pytest.fixture(scope="session")
def site(released: ReleasedTables, freshness: Freshness, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    build_site(released, out, freshness, demo=True)
    return out
