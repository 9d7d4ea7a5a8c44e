"""Every delivery of the corpus gets the receipt that it must get, from an empty home and without anything taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake import check_file, night
from pipeline.intake.sandbox import Sandbox
from pipeline.settings import OSLO, Home, Settings
from tests.intake.corpus import CASES, Case
from tests.intake.corpus_case import TODAY
from tests.intake.intake_case import reference_validate

NOW = datetime.combine(TODAY, time(2, 30), tzinfo=OSLO)


@pytest.fixture(scope="module")
def one_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All cases are read by one child process, as all deliveries of a night are."""
    with Sandbox(tmp_path_factory.mktemp("reader")) as reader, pytest.MonkeyPatch.context() as patch:

        class Shared:
            def __init__(self, _: Path) -> None: ...

            def __enter__(self) -> Sandbox:
                return reader

            def __exit__(self, *_: object) -> None: ...

        patch.setattr(night, "Sandbox", Shared)
        yield


def receipt_of(case: Case, root: Path) -> dict[str, Any]:
    """The receipt that the case gets tonight from a home that has nothing."""
    path = root / case.avsender / case.file_name
    path.parent.mkdir()
    path.write_bytes(case.build())
    settings = Settings(Home(root / "home"), case.environment, NOW, min_age_seconds=0.0)
    receipt = check_file(path, case.avsender, settings, reference_validate)
    assert not settings.home.root.exists()
    return receipt


def counts_of(receipt: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Counts per table in the order of the corpus."""
    return {name: tuple(t.values()) for name, t in receipt["tables"].items()}


def test_names_are_unique_and_the_corpus_is_large() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.usefixtures("one_reader")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_delivery_gets_its_receipt(case: Case, tmp_path: Path) -> None:
    receipt = receipt_of(case, tmp_path)
    assert (receipt["state"], {f["code"] for f in receipt["findings"]}, counts_of(receipt)) == (
        case.state,
        case.codes,
        case.tables,
    )
    for t in receipt["tables"].values():
        assert t["rows_in"] == t["accepted"] + t["quarantined"] + t["withdrawn"] + t["duplicates"]
