"""Persons found to be one, after the owner's files are gone: what was admitted, and whom a roster asked for, is hers under her new number."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from expectations import judge_extract
from pipeline.errors import Fault
from pipeline.pseudonyms import Participants, drop_zones, follow_merges, person_keys, remember_asked, take_in_register
from pipeline.pseudonyms.extracts import merged_persons
from pipeline.pseudonyms.remapping import listed
from tests.pseudonyms.extracts.extract_case import persons
from tests.pseudonyms.extracts.register_nights import FEB, JAN, KNOWN, PEOPLE, Nights, jobs
from tests.pseudonyms.synthetic_numbers import numbers

HERS, LATER, OTHER = PEOPLE[0], numbers(61)[60], PEOPLE[1]


@pytest.fixture
def home(tmp_path, keys):
    return Nights(tmp_path, keys)


def key_of(home: Nights, number: str) -> str:
    return person_keys(pl.Series([number]), home.keys)[0]


def merges(home: Nights, *pairs: tuple[str, str]) -> pl.DataFrame:
    found = {"gammel_key": [key_of(home, a) for a, _ in pairs], "person_key": [key_of(home, b) for _, b in pairs]}
    none = pl.DataFrame(schema={"gammel_key": pl.String, "person_key": pl.String, "deltakelse_key": pl.String})
    return listed(pl.DataFrame(found, schema={"gammel_key": pl.String, "person_key": pl.String}), none)


def night_after(home: Nights, *pairs: tuple[str, str]):
    """A night in which each first number is found to be an earlier one of the person who has the second."""
    follow_merges(home.settings, merges(home, *pairs))
    now = persons(pl.concat([home.known, pl.Series([b for _, b in pairs])]).unique().sort(), home.keys)
    to = {key_of(home, a): key_of(home, b) for a, b in pairs}
    who = Participants(now.with_columns(pl.col("person_key").replace(to)), home.keys)
    files = drop_zones(home.settings.home.registers, [home.register], 0.0)[home.register].files
    return take_in_register(home.register, files, home.settings, who, judge_extract, has_basis=True)


def stored(home: Nights) -> dict[str, tuple[int, bytes]]:
    found = [*home.settings.home.warehouse.rglob("*.parquet")]
    return {p.relative_to(home.settings.home.warehouse).as_posix(): (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(found)}


def admitted(home: Nights) -> list[pl.DataFrame]:
    return [pl.read_parquet(p) for p in sorted((home.settings.home.warehouse / "uttrekk" / home.register).glob("*.parquet"))]


def test_rows_stay_hers_when_her_new_number_comes_after_the_files_are_gone(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    home.night()
    (home.folder / "a.parquet").unlink()
    taken = night_after(home, (HERS, LATER))
    assert taken.changed
    assert (home.rows().height, taken.extracts[0].kept, taken.extracts[0].participants) == (80, 80, 40)
    rows = home.rows()
    assert rows.filter(pl.col("person_key") == key_of(home, LATER)).height == 2
    assert key_of(home, HERS) not in rows["person_key"]
    assert rows.equals(rows.sort("person_key", "maaned", "orgnr"))


def test_identical_rows_of_two_who_are_one_count_once_and_different_ones_stay(home):
    home.drop("a.parquet", pl.concat([jobs([JAN, FEB]), jobs([JAN], people=[HERS], position=20.0)]))
    home.night()
    (home.folder / "a.parquet").unlink()
    night_after(home, (HERS, LATER), (OTHER, LATER))
    hers = home.rows().filter(pl.col("person_key") == key_of(home, LATER)).select("maaned", "stillingsprosent")
    assert hers.rows() == [(date(2024, 1, 1), 20.0), (date(2024, 1, 1), 50.0), (date(2024, 2, 1), 50.0)]
    assert home.rows().height == 81 - 2


def test_registers_with_one_row_of_each_key_keep_what_she_has_under_each_number(tmp_path, keys):
    home = Nights(tmp_path, keys, register="selvstendig")
    frame = pl.DataFrame({"person_id": PEOPLE, "aar": [2023] * 60, "naeringsinntekt_nok": [300_000.0 + i for i in range(60)]})
    home.drop("a.parquet", frame)
    home.night()
    (home.folder / "a.parquet").unlink()
    night_after(home, (HERS, LATER), (OTHER, LATER))
    assert home.rows().height == 40
    assert home.rows().filter(pl.col("person_key") == key_of(home, LATER))["naeringsinntekt_nok"].to_list() == [
        300_000.0,
        300_001.0,
    ]


def test_who_was_asked_for_under_an_earlier_number_is_inside_the_extract(home, monkeypatch):
    from pipeline.pseudonyms.extracts import extract_tonight
    from pipeline.pseudonyms.roster import RosterEntry

    entry = RosterEntry("roster", "r1", "arbeidsforhold", "2024-05-01", 40, 40, "", "age1x", "")
    monkeypatch.setattr(extract_tonight, "rosters", lambda _: [entry])
    remember_asked(home.settings.home, "arbeidsforhold", "r1", persons(KNOWN, home.keys)["person_key"])
    home.drop("a.parquet", jobs([JAN, FEB], people=PEOPLE[10:]))  # she has no job, and is known to have none
    assert home.night().outside.is_empty()
    assert night_after(home, (HERS, LATER), (OTHER, LATER)).outside.is_empty()


def test_night_without_a_link_and_one_that_repeats_it_write_nothing(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    remember_asked(home.settings.home, "arbeidsforhold", "r1", persons(KNOWN, home.keys)["person_key"])
    home.night()
    before = stored(home)
    assert follow_merges(home.settings, merges(home)) == 0
    assert follow_merges(home.settings, merges(home, (PEOPLE[50], LATER))) == 0  # no participant of that night
    assert stored(home) == before
    assert follow_merges(home.settings, merges(home, (HERS, LATER))) == 4
    once = stored(home)
    assert follow_merges(home.settings, merges(home, (HERS, LATER))) == 0
    assert stored(home) == once


def test_night_killed_between_two_files_leaves_each_whole_and_the_next_completes_it(home, monkeypatch):
    for name, month, position in (("a", JAN, 50.0), ("b", FEB, 60.0)):
        home.drop(f"{name}.parquet", jobs([month], position=position))
        home.night()
    done, finish = [], merged_persons.finish_file

    def second_dies(temporary, path):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        finish(temporary, path)

    monkeypatch.setattr(merged_persons, "finish_file", second_dies)
    with pytest.raises(KeyboardInterrupt):
        follow_merges(home.settings, merges(home, (HERS, LATER)))
    monkeypatch.undo()
    assert sorted(key_of(home, HERS) in frame["person_key"] for frame in admitted(home)) == [False, True]
    assert [frame.height for frame in admitted(home)] == [40, 40]
    assert follow_merges(home.settings, merges(home, (HERS, LATER))) == 4
    assert all(key_of(home, LATER) in frame["person_key"] and frame.height == 40 for frame in admitted(home))
    assert not list(home.settings.home.root.rglob(".*.tmp"))


def test_damaged_file_is_told_without_a_value_and_left_as_it_is(home):
    path = home.settings.home.warehouse / "uttrekk" / "arbeidsforhold" / "abc.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1" + PEOPLE[0].encode())
    with pytest.raises(Fault, match="arbeidsforhold: what was admitted") as told:
        follow_merges(home.settings, merges(home, (HERS, LATER)))
    assert PEOPLE[0] not in str(told.value)
    assert told.value.__context__ is None
    assert path.read_bytes() == b"PAR1" + PEOPLE[0].encode()
