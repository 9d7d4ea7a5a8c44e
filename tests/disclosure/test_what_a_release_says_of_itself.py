"""The change log says what is new in readers' words, and the manifest says nothing of the tables behind the release."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, indicator, participants, settings, statistics

from pipeline.disclosure import build_release, is_news, previous_releases, write_release
from pipeline.disclosure.gate import ReleaseCandidate, inputs_path
from pipeline.released import ReleasedTables
from pipeline.store import parquet_bytes, sha256_bytes
from pipeline.tables import STATISTIKK

_NEXT = date(2025, 4, 1)


def _site(released: ReleasedTables, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "index.html").write_text(released.release_id)


def _case(people: pl.DataFrame, k: int = 200, dropped: int = 90) -> dict[str, pl.DataFrame]:
    rows = [effect("innen_2u", 400, k, estimat=k / 400)]
    shares = [indicator("frafall", 2023, "alle_avsluttede", dropped, 300)]
    return {**statistics(shares, people), "effekt": STATISTIKK["effekt"].conform(pl.DataFrame(rows))}


def _build(root: Path, case: dict[str, pl.DataFrame], people: pl.DataFrame, day: date = date(2025, 3, 3)) -> ReleaseCandidate:
    run = settings(root, day)
    return build_release(case, people, case["utfall"], previous_releases(run.home), run)


def _joined(people: pl.DataFrame, n: int) -> pl.DataFrame:
    key = [(pl.lit("ny") + pl.col(c)).alias(c) for c in ("deltakelse_key", "person_key")]
    return pl.concat([people, people.head(n).with_columns(key)])


def _changes(released: ReleasedTables) -> list[str]:
    return [entry["endring"] for entry in released.manifest["endringslogg"]]


def test_equal_tables_are_no_new_numbers(tmp_path: Path) -> None:
    people = participants()
    write_release(_build(tmp_path, _case(people), people), settings(tmp_path).home, _site)
    stamped = _case(people)
    stamped["effekt"] = stamped["effekt"].with_columns(beregnet=pl.lit("2025-04-01T02:30:00+02:00"), inndata_hash=pl.lit("j"))
    again = _build(tmp_path, stamped, people, _NEXT)
    assert _changes(again) == ["Første utgivelse.", "Ingen endrede tall."]


@pytest.mark.parametrize(
    ("changes", "joined", "text"),
    [
        ({"dropped": 110}, 0, "Nye tall: andre nøkkeltall for landet. Uendret: direkte overgang i landet og fylkene, "
         "direkte overgang i kommunene, beregnede effekter, etterprøving på simulerte deltakere og hva registrene kjenner til."),
        ({"k": 240}, 8, "Nye tall: beregnede effekter. Uendret: direkte overgang i landet og fylkene, "
         "direkte overgang i kommunene, andre nøkkeltall for landet, etterprøving på simulerte deltakere og hva registrene kjenner til."),
    ],
)  # fmt: skip
def test_the_change_log_names_what_is_new(tmp_path: Path, changes: dict[str, int], joined: int, text: str) -> None:
    people = participants()
    write_release(_build(tmp_path, _case(people), people), settings(tmp_path).home, _site)
    second = _build(tmp_path, _case(people, **changes), _joined(people, joined), _NEXT)
    assert _changes(second)[-1] == text
    assert second.manifest["endringslogg"][-1]["videreført"] == second.manifest["videreført"]


def test_the_manifest_holds_no_hash_of_a_table_behind_the_release(tmp_path: Path) -> None:
    people = participants()
    case = _case(people)
    first = _build(tmp_path, case, people)
    folder = write_release(first, settings(tmp_path).home, _site)
    hashes = {sha256_bytes(parquet_bytes(frame)) for frame in (*case.values(), people)}
    public = (folder / "manifest.json").read_text(encoding="utf-8")
    assert not any(text in public for text in hashes)
    ledger = inputs_path(settings(tmp_path).home, "r0001")
    assert set(json.loads(ledger.read_text(encoding="utf-8")).values()) == hashes
    assert ledger.stat().st_mode & 0o077 == 0


def test_a_release_is_news_when_something_behind_it_changed(tmp_path: Path) -> None:
    people, home = participants(), settings(tmp_path).home
    first = _build(tmp_path, _case(people), people)
    assert is_news(first, home)
    write_release(first, home, _site)
    assert not is_news(_build(tmp_path, _case(people), people, _NEXT), home)
    # one joiner moves no released number, and still is news
    assert is_news(_build(tmp_path, _case(people), _joined(people, 1), _NEXT), home)
    inputs_path(home, "r0001").unlink()
    assert is_news(_build(tmp_path, _case(people), people, _NEXT), home)
