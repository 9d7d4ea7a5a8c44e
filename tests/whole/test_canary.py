"""Unique synthetic identities planted in every input field must not be found in any file outside the identified zone, failing runs included."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import datetime

import polars as pl
import pytest

from jobbsjansen.checking import check_delivery
from jobbsjansen.nightly import run_nightly
from pipeline.settings import OSLO, Home, Settings
from tests.whole.canaries import SENDER, Canaries, in_groups, leaks, plant, readable, searched

NOW = datetime(2026, 2, 1, 2, 30, tzinfo=OSLO)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    temporary = tmp_path / "home" / "tmp"
    temporary.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(temporary))
    canaries = Canaries()
    plant(tmp_path / "home", canaries)
    return Settings(Home(tmp_path / "home"), "demo", NOW, bootstraps=20), canaries


def _zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "hide",
    [
        str.encode,
        lambda number: number.encode("utf-16"),
        lambda number: in_groups(number).encode(),
        lambda number: "-".join([number[:2], number[2:4], number[4:6], number[6:]]).encode(),
        lambda number: str(int(number)).encode(),
        lambda number: _zipped(_zipped(number.encode("utf-16-le"))),
        lambda number: gzip.compress(number.encode()),
    ],
    ids=["plain", "utf-16", "in groups", "with dashes", "without its zero", "in a zip in a zip", "compressed"],
)
def test_the_search_finds_what_is_hidden(hide, tmp_path):
    """The test can fail: a canary is found however it is written."""
    canaries = Canaries()
    number = canaries.number()
    assert number[0] == "0"
    (tmp_path / "x.bin").write_bytes(hide(number))
    assert leaks(tmp_path, canaries, "") == ["x.bin: canary 0"]


def test_the_search_finds_what_stands_in_tables_and_names(tmp_path):
    canaries = Canaries()
    pl.DataFrame({"a": [canaries.number()] * 1000}).write_parquet(tmp_path / "x.parquet", compression="zstd")
    pl.DataFrame({canaries.name(): [1]}).write_parquet(tmp_path / "y.parquet")
    (tmp_path / f"{canaries.number()}.txt").write_text("")
    assert len(leaks(tmp_path, canaries, f"said {canaries.name()}")) == 4
    assert canaries.planted[0] in readable(tmp_path / "x.parquet")


def test_no_identity_leaves_the_identified_zone(planted, capfd):
    settings, canaries = planted
    run_nightly(settings, print)
    assert (settings.home.warehouse / "klargjort" / "deltakelse.parquet").is_file()
    assert pl.read_parquet(settings.home.warehouse / "klargjort" / "deltakelse.parquet").height >= 30
    told = _check_everything(settings)
    out, err = capfd.readouterr()
    assert leaks(settings.home.root, canaries, out + err + told) == []
    looked_at = {str(p.relative_to(settings.home.root)) for p in searched(settings.home.root)}
    for place, ending in (("receipts", ".json"), ("receipts", ".html"), ("receipts", ".xlsx"), ("checked", ".xlsx"),
                          ("site", "sjekk.html"), ("dagster", ".db"), ("warehouse", ".parquet"), ("snapshot", ".duckdb")):  # fmt: skip
        assert [p for p in looked_at if p.startswith(place) and p.endswith(ending)], f"nothing of {place} was searched"


def _check_everything(settings: Settings) -> str:
    """What ``check`` says and writes of every planted file."""
    told = []
    for number, path in enumerate(sorted((settings.home.inbox / SENDER).iterdir())):
        receipt, text = check_delivery(path, SENDER, settings, out=settings.home.root / "checked" / str(number))
        told += [str(receipt), text]
    return "\n".join(told)


@pytest.mark.parametrize(
    "stage",
    [
        "assets.inndata.run_intake",
        "assets.persons.to_inndata",
        "assets.klargjort.build_klargjort",
        "assets.statistikk.estimate",
    ],
)
def test_no_identity_leaves_by_a_failing_night(planted, capfd, monkeypatch, stage):
    settings, canaries = planted

    def broken(*_args, **_kwargs):
        raise ValueError(f"could not convert {canaries.planted[0]} of {canaries.planted[1]}")

    monkeypatch.setattr(stage, broken)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever the orchestration makes of it
        run_nightly(settings, print)
    out, err = capfd.readouterr()
    assert leaks(settings.home.root, canaries, out + err + str(raised.value)) == []
    assert '"failed"' in settings.home.status.read_text(encoding="utf-8")
