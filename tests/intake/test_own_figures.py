"""Own key figures of a receipt: right against the later stages' definitions, and silent about few persons, alone and in pairs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from pipeline.intake.receipts.shown_figures import Shown, _shown_value
from pipeline.settings import OSLO
from tests.intake.intake_case import Inbox, make_fnr, valid_tables, zip_of

K = 5


def people(n: int, *, direct: int, enrolled: int = 0) -> dict[str, list[dict[str, Any]]]:
    """A delivery with n exits in 2023, the first ``direct`` of them to work, and some still enrolled."""
    tables = valid_tables(n + enrolled)
    for i, row in enumerate(tables["deltaker"]):
        row["fnr"] = tables["tiltak"][i]["fnr"] = tables["oppfolging"][i]["fnr"] = tables["kartlegging"][i]["fnr"] = make_fnr(
            10 * (i % 90), day=1 + i % 28, month=81 + i // 90
        )
        row["avslutning"] = "lonnsarbeid" if i < direct else "avbrutt"
        if i >= n:
            del row["slutt_dato"], row["avslutning"]
    return tables


def figures(receipt: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {f["figure"]: (f["before"], f["after"]) for f in receipt["key_figures"]}


def test_figures_of_a_first_delivery(inbox: Inbox) -> None:
    found = figures(inbox.deliver(zip_of(people(20, direct=13, enrolled=6))))
    assert found == {
        "i_programmet": (None, 6),
        "avsluttet_ifjor": (None, 20),
        "avsluttet_iaar": (None, 0),
        "overgang": (None, 65),
        "praksis_13u": (None, ":"),  # all of them were placed: a share of 100 per cent tells about everyone
    }


@pytest.mark.parametrize(("direct", "share"), [(4, ":"), (5, 25), (15, 75), (16, ":"), (20, ":"), (0, ":")])
def test_a_share_needs_five_on_both_sides(direct: int, share: Any, inbox: Inbox) -> None:
    assert figures(inbox.deliver(zip_of(people(20, direct=direct))))["overgang"] == (None, share)


@pytest.mark.parametrize(("enrolled", "shown"), [(1, ":"), (4, ":"), (5, 5)])
def test_small_counts_are_hidden(enrolled: int, shown: Any, inbox: Inbox) -> None:
    assert figures(inbox.deliver(zip_of(people(9, direct=5, enrolled=enrolled))))["i_programmet"] == (None, shown)


def test_a_few_more_exits_show_no_new_number_until_they_are_many(inbox: Inbox) -> None:
    """Whoever lays two receipts side by side learns nothing about one to four persons, over any number of receipts."""
    assert figures(inbox.deliver(zip_of(people(20, direct=12)), "a.zip"))["avsluttet_ifjor"] == (None, 20)
    assert figures(inbox.deliver(zip_of(people(22, direct=12)), "b.zip"))["avsluttet_ifjor"] == (20, ":")
    assert figures(inbox.deliver(zip_of(people(24, direct=12)), "c.zip"))["avsluttet_ifjor"] == (20, ":")
    assert figures(inbox.deliver(zip_of(people(25, direct=12)), "d.zip"))["avsluttet_ifjor"] == (20, 25)
    same = people(25, direct=12)
    same["oppfolging"][0]["minutter"] = 10
    assert figures(inbox.deliver(zip_of(same), "e.zip"))["avsluttet_ifjor"] == (25, 25)


def test_a_share_after_few_changed_outcomes_is_not_shown(inbox: Inbox) -> None:
    assert figures(inbox.deliver(zip_of(people(40, direct=20)), "a.zip"))["overgang"] == (None, 50)
    assert figures(inbox.deliver(zip_of(people(40, direct=22)), "b.zip"))["overgang"] == (50, ":")
    assert figures(inbox.deliver(zip_of(people(40, direct=25)), "c.zip"))["overgang"] == (50, 63)


def test_a_new_group_of_one_outcome_only_is_not_shown(inbox: Inbox) -> None:
    inbox.deliver(zip_of(people(40, direct=20)), "a.zip")
    more = people(48, direct=48)
    for i, row in enumerate(more["deltaker"][:40]):
        row["avslutning"] = "lonnsarbeid" if i < 20 else "avbrutt"
    assert figures(inbox.deliver(zip_of(more), "b.zip"))["overgang"] == (50, ":")


def test_this_years_exits_become_last_years_and_keep_their_memory(inbox: Inbox) -> None:
    inbox.deliver(zip_of(people(20, direct=12)), "a.zip", now=datetime(2023, 12, 20, 2, 30, tzinfo=OSLO))
    receipt = inbox.deliver(zip_of(people(22, direct=12)), "b.zip", now=datetime(2024, 1, 20, 2, 30, tzinfo=OSLO))
    assert figures(receipt)["avsluttet_ifjor"] == (20, ":")


def test_nothing_of_others_and_none_for_the_central_register(inbox: Inbox) -> None:
    inbox.deliver(zip_of(people(20, direct=12)), "a.zip")
    other = valid_tables(6, project="P2", komm_nr="5001")
    assert figures(inbox.deliver(zip_of(other), "b.zip", avsender="5001"))["avsluttet_ifjor"] == (None, 6)
    central = inbox.deliver(zip_of(valid_tables(7, project="P3", komm_nr="1103")), "c.zip", avsender="imdi")
    assert central["key_figures"] == []


def test_a_rejected_delivery_changes_no_figure(inbox: Inbox) -> None:
    assert inbox.deliver(b"no table", "x.csv")["key_figures"] == []


def test_withdrawn_rows_leave_the_figures(inbox: Inbox) -> None:
    tables = people(20, direct=12)
    inbox.deliver(zip_of(tables), "a.zip")
    gone = {"deltaker": [row | {"slettes": "ja"} for row in tables["deltaker"][:6]]}
    assert figures(inbox.deliver(zip_of(gone), "b.zip"))["avsluttet_ifjor"] == (20, 14)


def test_same_figures_as_the_later_stages(inbox: Inbox) -> None:
    """Exits, transitions and placements within 13 weeks are those of the indicators (``pipeline.cohort``) on the same rows."""
    from pipeline.cohort.deltakelse import participations
    from pipeline.cohort.kpi_avslutning import leavers
    from pipeline.cohort.praksis import with_first_placement
    from pipeline.intake import current_rows

    tables = people(30, direct=18, enrolled=5)
    for i, row in enumerate(tables["tiltak"]):
        row["start_dato"] = date(2023, 1, 15) if i < 4 else date(2023, 3, 1) if i < 16 else date(2023, 8, 1)
        row["slutt_dato"] = date(2023, 9, 1)
    tables["innsending"] = [{"avsender": "4601", "statusdato": "2024-01-31"}]
    receipt = inbox.deliver(zip_of(tables))
    rows = current_rows(inbox.settings)
    keyed = {t: rows[t].with_columns(person_key=pl.col("fnr")) for t in ("deltaker", "tiltak")}
    deltaker = keyed["deltaker"].with_columns(
        deltakelse_key=pl.col("fnr"), fodselsaar=pl.col("fodselsdato").dt.year().cast(pl.Int64)
    )
    deltakelse = participations(deltaker, rows["prosjekt"], rows["statusdato"])
    spells = keyed["tiltak"].with_columns(deltakelse_key=pl.col("fnr"))
    deltakelse = with_first_placement(deltakelse, spells, keyed["tiltak"])
    exits = leavers(deltakelse)
    placed = deltakelse.filter(~pl.col("praksis_foer_start"))
    share = (placed["uker_til_praksis"] <= 13).fill_null(False).mean()
    found = figures(receipt)
    assert found["avsluttet_ifjor"] == (None, exits.filter(pl.col("aar") == 2023).height) == (None, 30)
    assert found["overgang"] == (None, round(100 * exits["overgang"].mean())) == (None, 60)
    assert found["praksis_13u"] == (None, round(100 * share)) == (None, 39)
    assert found["i_programmet"] == (None, deltakelse["slutt_dato"].is_null().sum()) == (None, 5)


@trying(max_examples=200, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 12), st.integers(0, 3), st.integers(0, 3))
def test_no_pair_of_counts_tells_about_one_to_four(before: int, joined: int, left: int, erased: int, again: int) -> None:
    """``again`` of the erased stand once more: the rows alone take them for new ones."""
    left, erased = min(left, before), min(erased, before)
    again = min(again, erased, before - left)
    now = before - left + joined - (erased - again)
    if now < 0:
        return
    numbers = {"units": now, "persons": now, "yes": now, "yes_persons": now, "no_persons": 0}
    pair = {"before_yes": before - erased, "before_no": 0, "yes_changed": joined + left + again, "no_changed": 0}
    value = _shown_value("avsluttet_ifjor", numbers, [(Shown(before, "4601", "r", 1, date(2024, 1, 1), None), pair)], K)
    if value is not None:
        differ = joined + left + (erased - again)
        assert value == 0 or value >= K
        assert differ == 0 or differ >= K
