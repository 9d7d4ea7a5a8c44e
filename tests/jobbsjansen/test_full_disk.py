"""A full disk is told as what it is, also when it is met on the way out of another error; other errors stay faults of ours."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from jobbsjansen import nightly
from jobbsjansen.cli import main


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
@pytest.mark.parametrize("wrapped", [False, True])
def test_full_disk_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, number: int, full: bool, wrapped: bool
) -> None:
    def run(*_: object) -> None:
        try:
            raise OSError(number, "a text that may hold 01819000049")
        except OSError as inner:
            if wrapped:
                raise RuntimeError from inner
            raise

    monkeypatch.setattr(nightly, "run_nightly", run)
    with pytest.raises(SystemExit) as ended:
        main(["nightly", "--home", str(tmp_path)])
    told = capsys.readouterr().err
    assert ended.value.code == 3
    assert told.startswith("The disk is full.") == full
    assert ("fault of ours" in told) != full
    assert "01819000049" not in told
