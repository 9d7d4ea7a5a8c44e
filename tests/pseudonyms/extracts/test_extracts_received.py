"""The record of extracts that analysts see: what came, as it was when it came."""

from __future__ import annotations

import json

import pytest

from pipeline.pseudonyms import Keys, extracts_received
from pipeline.pseudonyms.extracts.register_store import RegisterStore
from tests.pseudonyms.extracts.register_nights import FEB, JAN, Nights, jobs


@pytest.fixture
def home(tmp_path, keys: Keys) -> Nights:
    return Nights(tmp_path, keys)


def files_of(extracts) -> list[int]:
    return extracts_received("arbeidsforhold", extracts).sort("rekkefolge")["n_filer"].to_list()


def came_back(home: Nights):
    """Two files, replaced by a third; one is taken away for a night and brought back: news."""
    first = jobs([JAN, FEB])
    early = home.drop("a.parquet", first[:60])
    home.drop("b.parquet", first[60:])
    home.night()
    home.drop("c.parquet", jobs([JAN, FEB], position=60.0))
    home.night()
    content = early.read_bytes()
    early.unlink()
    home.night()
    early.write_bytes(content)
    return home.night()


def test_files_that_went_away_and_came_back_still_count_in_the_extract_they_came_in(home):
    assert files_of(came_back(home).extracts) == [2, 1, 2]


def test_a_record_made_before_files_were_counted_counts_those_it_names(home):
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    record = home.settings.home.warehouse / "uttrekk" / "arbeidsforhold" / "mottatt.json"
    entries = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps([{k: v for k, v in e.items() if k != "n_files"} for e in entries]), encoding="utf-8")
    assert files_of(RegisterStore(home.settings.home, "arbeidsforhold").extracts()) == [1]
    assert files_of(home.night().extracts) == [1]
