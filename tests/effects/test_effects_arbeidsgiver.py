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


def test_what_is_not_reported_is_a_group_of_its_own():
    spells = [_spell(0, fadder=None, arbeidsgiver_sektor=None, timer_per_uke=None), _spell(1, fadder="nei")]
    made = _table(spells, [True, False])
    assert [_row(made, dim, "ukjent")["n_ansatt"] for dim in ("fadder", "arbeidsgiver_sektor", "timer")] == [1, 1, 1]
    assert _row(made, "fadder", "nei")["n_ansatt"] == 0


@pytest.mark.parametrize(("hours", "band"), [(19.9, "under_20"), (20.0, "20_til_30"), (29.9, "20_til_30"), (30.0, "30_og_over")])
def test_bands_of_hours_hold_their_lower_end(hours, band):
    assert _row(_table([_spell(0, timer_per_uke=hours)], [True]), "timer", band)["n"] == 1


def test_follow_up_of_the_employer_is_counted_inside_the_placement():
    # 61 days are two months: two contacts are monthly, one is some
    contacts = [
        _contact(0, 0), _contact(0, 60), _contact(1, 5), _contact(2, 61), _contact(2, -1), _contact(3, 5, part="deltaker"),
        _contact(4, 5, tiltak_id="t4"), _contact(4, 9, tiltak_id="another"), _contact(4, 9, n=1, tiltak_id="t4"),
    ]  # fmt: skip
    made = _table(
        [_spell(i, days=59) if i in (1, 4) else _spell(i) for i in range(5)], [True, True, False, False, True], contacts
    )
    got = {r["dim_verdi"]: (r["n"], r["n_ansatt"]) for r in made.filter(pl.col("dim") == "oppfolging").iter_rows(named=True)}
    # 60 days are under two months: of participation 4 the two contacts that name its spell, of 0 one of two (61 days) is too few
    assert got == {"minst_maanedlig": (1, 1), "noe": (2, 2), "ingen": (2, 0)}


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
