"""Placements that become jobs, group by group: counts by hand, shrinkage towards all, and nothing unknown counted as no."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from scipy import stats

from pipeline.effects import arbeidsgivere
from pipeline.tables import STATISTIKK
from tests.effects.effects_worlds import frame, person

DAY = date(2021, 3, 1)


def _spell(i: int, days: int = 60, **changes) -> dict:
    row = {
        "tiltak_id": f"t{i}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}", "er_praksis": True,
        "tiltak_type": "arbeidspraksis", "start_dato": DAY, "slutt_dato": DAY + timedelta(days), "timer_per_uke": 25.0,
        "arbeidsgiver_sektor": "privat", "fadder": "ja",
    }  # fmt: skip
    return row | changes


def _contact(i: int, day: int, n: int = 0, **changes) -> dict:
    row = {
        "oppfolging_id": f"o{i}_{day}_{n}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "dato": DAY + timedelta(day), "part": "arbeidsgiver",
    }  # fmt: skip
    return row | changes


def _table(spells: list[dict], hired: list[bool | None], contacts: list[dict] | None = None) -> pl.DataFrame:
    jobs = [{k: s[k] for k in ("tiltak_id", "prosjekt_id", "deltakelse_key")} | {"ansatt_hos_praksisgiver": h}
            for s, h in zip(spells, hired, strict=True)]  # fmt: skip
    people = frame("deltakelse", [person(i) for i in range(len(spells))])
    done = STATISTIKK["praksisutfall"].conform(pl.DataFrame(jobs, schema_overrides={"ansatt_hos_praksisgiver": pl.Boolean}))
    return arbeidsgivere(frame("tiltak", spells), people, frame("oppfolging", contacts or []), done)


def _row(made: pl.DataFrame, dim: str, value: str) -> dict:
    return made.filter((pl.col("dim") == dim) & (pl.col("dim_verdi") == value)).row(0, named=True)


def test_what_is_unknown_is_in_no_share():
    made = _table([_spell(i) for i in range(6)], [True, True, False, None, None, None])
    row = _row(made, "alle", "alle")
    assert (row["n"], row["n_kjent"], row["n_ansatt"]) == (6, 3, 2)
    assert row["andel"] == row["krympet_andel"] == pytest.approx(2 / 3)
    assert (row["ki_nedre"], row["ki_ovre"]) == pytest.approx(tuple(stats.beta.ppf([0.025, 0.975], 2.5, 1.5)))
    unknown = _row(_table([_spell(i) for i in range(3)], [None] * 3), "alle", "alle")
    assert (unknown["n"], unknown["n_kjent"], unknown["n_ansatt"], unknown["andel"], unknown["ki_nedre"]) == (3, 0, 0, None, None)


@pytest.mark.parametrize(("hired", "low", "high"), [(False, 0.0, None), (True, None, 1.0)])
def test_the_interval_of_nobody_or_all_holds_what_was_seen(hired, low, high):
    made = _table([_spell(i, fadder="ja" if i < 6 else "nei") for i in range(10)], [hired] * 10)
    for row in (_row(made, "alle", "alle"), _row(made, "fadder", "ja"), _row(made, "fadder", "nei")):
        assert row["ki_nedre"] <= row["krympet_andel"] == row["andel"] <= row["ki_ovre"]
        assert row["ki_ovre"] - row["ki_nedre"] > 0.15
        assert low in (None, row["ki_nedre"])
        assert high in (None, row["ki_ovre"])


def test_what_is_not_reported_is_a_group_of_its_own():
    spells = [_spell(0, fadder=None, arbeidsgiver_sektor=None, timer_per_uke=None), _spell(1, fadder="nei")]
    made = _table(spells, [True, False])
    assert [_row(made, dim, "ukjent")["n_ansatt"] for dim in ("fadder", "arbeidsgiver_sektor", "timer")] == [1, 1, 1]
    assert _row(made, "fadder", "nei")["n_ansatt"] == 0


@pytest.mark.parametrize(("hours", "band"), [(19.9, "under_20"), (20.0, "20_til_30"), (29.9, "20_til_30"), (30.0, "30_og_over")])
def test_bands_of_hours_hold_their_lower_end(hours, band):
    assert _row(_table([_spell(0, timer_per_uke=hours)], [True]), "timer", band)["n"] == 1


def _kinds(spells: list[dict], contacts: list[dict]) -> dict[str, int]:
    made = _table(spells, [True] * len(spells), contacts)
    return {r["dim_verdi"]: r["n"] for r in made.filter(pl.col("dim") == "oppfolging").iter_rows(named=True)}


def test_follow_up_of_the_employer_is_counted_inside_the_placement():
    contacts = [_contact(0, 0), _contact(0, 60), _contact(1, 61), _contact(1, -1), _contact(2, 5, part="deltaker")]
    assert _kinds([_spell(i) for i in range(3)], contacts) == {"minst_maanedlig": 1, "ingen": 2}


def test_a_contact_that_names_another_spell_is_not_this_ones():
    contacts = [_contact(0, 5, tiltak_id="another"), _contact(1, 5, tiltak_id="t1")]
    assert _kinds([_spell(0, days=27), _spell(1, days=27)], contacts) == {"minst_maanedlig": 1, "ingen": 1}


@pytest.mark.parametrize(
    ("days", "contacts", "kind"),
    [
        (91, [9, 40, 71], "minst_maanedlig"),  # 1 March to 31 May: one in each of three months
        (91, [0, 1, 2], "noe"),  # as many, all in the first week
        (91, [30, 31, 61], "minst_maanedlig"),  # 31 March, 1 April, 1 May
        (91, [29, 30, 61], "noe"),  # none in April
        (91, [9, 40], "noe"),
        (40, [9], "minst_maanedlig"),  # 1 March to 10 April is one whole month
        (40, [35], "noe"),  # and this one is after it
        (29, [29], "minst_maanedlig"),  # shorter than a month
        (30, [30], "minst_maanedlig"),  # 1 to 31 March
        (60, [9], "noe"),
        (59, [9], "minst_maanedlig"),  # to 29 April: one whole month
    ],
)
def test_monthly_is_a_contact_in_every_whole_month_from_the_first_day(days, contacts, kind):
    assert _kinds([_spell(0, days=days)], [_contact(0, day) for day in contacts]) == {kind: 1}


def test_months_from_the_end_of_a_month_are_whole_when_the_day_is_passed():
    spell = _spell(0, start_dato=date(2021, 1, 31), slutt_dato=date(2021, 3, 30))
    contacts = [_contact(0, 0, dato=date(2021, 2, 28)), _contact(0, 1, dato=date(2021, 3, 1))]
    assert _kinds([spell], contacts) == {"minst_maanedlig": 1}
    assert _kinds([spell], contacts[:1]) == {"noe": 1}


def test_a_project_without_any_contact_with_an_employer_is_silent_and_not_without_follow_up():
    made = _table([_spell(0), _spell(1, prosjekt_id="P2")], [True, True], [_contact(0, 5)])
    got = {r["dim_verdi"]: r["n"] for r in made.filter(pl.col("dim") == "oppfolging").iter_rows(named=True)}
    assert got == {"noe": 1, "ukjent": 1}


def test_a_small_group_is_drawn_towards_all_and_never_past_it():
    spells = [_spell(i, fadder="ja" if i < 100 else "nei") for i in range(104)]
    made = _table(spells, [i % 2 == 0 for i in range(100)] + [True] * 4)
    large, small, everyone = _row(made, "fadder", "ja"), _row(made, "fadder", "nei"), _row(made, "alle", "alle")
    assert (small["andel"], large["andel"]) == (1.0, 0.5)
    assert everyone["andel"] < small["krympet_andel"] < small["andel"]
    assert large["andel"] < large["krympet_andel"] < everyone["andel"]
    assert small["ki_nedre"] < small["krympet_andel"] < small["ki_ovre"]


def test_each_breakdown_holds_every_placement_once_and_order_does_not_matter():
    spells = [
        _spell(i, fadder=[None, "ja", "nei"][i % 3], tiltak_type=["arbeidspraksis", "lonnstilskudd"][i % 2]) for i in range(12)
    ]
    hired = [[True, False, None][i % 3] for i in range(12)]
    made = _table(spells, hired, [_contact(0, 3)])
    assert set(made.group_by("dim").agg(pl.col("n").sum())["n"]) == {12}
    assert set(made.group_by("dim").agg(pl.col("n_kjent").sum())["n_kjent"]) == {8}
    turned = _table(spells[::-1], hired[::-1], [_contact(0, 3)])
    assert turned.equals(made)


def test_without_placements_there_are_no_rows():
    assert _table([], []).is_empty()
