"""Municipality numbers as a table to join with: the same answers as the rule, on any day."""

from __future__ import annotations

import random
from datetime import date, timedelta

from pipeline import codes
from pipeline.codes.harmonise import harmonise, successors


def test_every_number_of_the_list_has_one_successor_whatever_the_day():
    """What lets the table do without days: were a number given to another municipality, it would fail here."""
    table = dict(successors().iter_rows())
    assert set(table) == set(codes.municipalities()["komm_nr"])
    turns = {day for name in ("gyldig_fra", "gyldig_til") for day in codes.municipalities()[name].drop_nulls()}
    drawn = random.Random(1).choices(sorted(turns), k=4)
    days = {day + timedelta(days=d) for day in drawn for d in (-1, 0)} | {date(1990, 1, 1), date(2040, 1, 1)}
    for number, successor in table.items():
        assert {harmonise(number, day) for day in sorted(days)} == {successor}, number


def test_successors_are_numbers_in_use_and_their_own():
    table = dict(successors().iter_rows())
    assert all(table[successor] == successor for successor in table.values())
    assert (table["1201"], table["1507"], table["1850"]) == ("4601", "1508", "1806")
