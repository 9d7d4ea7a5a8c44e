"""The corpus' receipts, made once for all tests that look at them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from pipeline.intake import check, check_file
from pipeline.intake.reading.sandbox import Sandbox
from pipeline.settings import OSLO, Home, Settings
from tests.intake.corpus_case import TODAY, Case
from tests.intake.intake_case import reference_validate

NOW = datetime.combine(TODAY, time(2, 30), tzinfo=OSLO)
_MADE: dict[str, dict[str, Any]] = {}


def receipt_of(case: Case) -> dict[str, Any]:
    """The receipt that the case gets tonight from a home that has nothing."""
    if case.name not in _MADE:
        with tempfile.TemporaryDirectory() as root:
            _MADE[case.name] = check_answer(Path(root), case.build(), case.file_name, case.avsender, case.environment)
    return _MADE[case.name]


def check_answer(root: Path, data: bytes, name: str, avsender: str, environment: str) -> dict[str, Any]:
    """The receipt of ``check`` for any file, from a home that has nothing and gets nothing."""
    path = root / "delivery" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    settings = Settings(Home(root / "home"), environment, NOW, min_age_seconds=0.0)
    receipt = check_file(path, avsender, settings, reference_validate)
    assert not settings.home.root.exists()
    return receipt


@contextmanager
def one_child(folder: Path) -> Iterator[None]:
    """All files are read by one child process, as all deliveries of a night are."""
    with Sandbox(folder) as reader, pytest.MonkeyPatch.context() as patch:

        class Shared:
            def __init__(self, _: Path) -> None: ...

            def __enter__(self) -> Sandbox:
                return reader

            def __exit__(self, *_: object) -> None: ...

        patch.setattr(check, "Sandbox", Shared)
        yield
