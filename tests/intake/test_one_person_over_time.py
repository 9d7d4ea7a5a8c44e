"""Rows under an earlier number and under the one that replaced it are about the same thing; what was delivered stays as it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from pipeline.intake import current_rows
from tests.intake.intake_case import Inbox, make_fnr, rows_of, valid_tables, zip_of

EARLIER, NOW = make_fnr(0, day=1), make_fnr(300, day=41)


def resolve(numbers: pl.Series) -> pl.Series:
    return numbers.replace({EARLIER: NOW})


def under(number: str, **changes: Any) -> bytes:
    tables = {name: [dict(row) for row in rows] for name, rows in valid_tables(1).items()}
    for rows in tables.values():
        for row in rows:
            row |= {"fnr": number} if "fnr" in row else {}
    tables["deltaker"][0] |= changes
    return zip_of(tables)


@pytest.mark.parametrize(("first", "then"), [(EARLIER, NOW), (NOW, EARLIER)])
def test_later_delivery_wins_under_whichever_number(inbox: Inbox, first: str, then: str) -> None:
    inbox.deliver(under(first), "a.zip")
    inbox.deliver(under(then, norsk_start="b1"), "b.zip")
    apart = current_rows(inbox.settings)["deltaker"]
    assert apart.height == 2
    as_one = current_rows(inbox.settings, resolve=resolve)["deltaker"]
    assert rows_of(as_one, "fnr", "norsk_start") == [(then, "b1")]
    assert as_one.columns == apart.columns


def test_withdrawal_under_the_new_number_withdraws_the_row_under_the_old(inbox: Inbox) -> None:
    inbox.deliver(under(EARLIER), "a.zip")
    inbox.deliver(under(NOW, slettes="ja"), "b.zip")
    assert current_rows(inbox.settings, resolve=resolve)["deltaker"].is_empty()


def test_named_participation_is_found_by_the_new_number_without_the_name(inbox: Inbox) -> None:
    inbox.deliver(under(EARLIER, deltakelse_id="D1"), "a.zip")
    inbox.deliver(under(NOW, slutt_dato=date(2023, 12, 15)), "b.zip")
    rows = current_rows(inbox.settings, resolve=resolve)["deltaker"]
    assert rows_of(rows, "fnr", "slutt_dato") == [(NOW, date(2023, 12, 15))]


def test_two_participations_of_one_person_stay_two(inbox: Inbox) -> None:
    inbox.deliver(under(EARLIER), "a.zip")
    inbox.deliver(under(NOW, start_dato=date(2024, 2, 1), slutt_dato=None, avslutning=None), "b.zip")
    assert current_rows(inbox.settings, resolve=resolve)["deltaker"].height == 2


def test_home_without_known_links_gives_the_same_rows_as_ever(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables()))
    plain, resolved = current_rows(inbox.settings), current_rows(inbox.settings, resolve=lambda numbers: numbers)
    assert all(plain[name].equals(resolved[name]) for name in plain)
