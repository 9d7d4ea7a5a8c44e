"""Pathways: one state per participation and month, precedence, and nobody counted beyond what the data reach."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cohort import forlop
from pipeline.tables.deliveries import EXIT_REASONS, MEASURES
from pipeline.tables.statistikk_beskrivelse import STATES_OF_A_MONTH
from tests.cohort.cohort_tables import drawn, shown, table

PEOPLE = """
    deltakelse_key start_dato slutt_dato statusdato avslutning malgruppe
    d1 2022-01-01 - 2022-04-30 - ungdom
    d2 2022-01-01 2022-03-02 2022-12-31 lonnsarbeid ungdom
    d3 2022-01-01 2022-03-03 2022-12-31 flyttet annet
"""


def _people(text: str = PEOPLE) -> pl.DataFrame:
    return table("deltakelse", text, "klargjort")


def _spells(text: str = "") -> pl.DataFrame:
    return table("tiltak", text, "klargjort")


def _states(months: list[int], deltakelse: pl.DataFrame, tiltak: pl.DataFrame) -> str:
    rows = forlop(deltakelse, tiltak).filter((pl.col("dim") == "alle") & (pl.col("n") > 0) & pl.col("maaned").is_in(months))
    return shown(rows.sort("maaned", "tilstand"), "maaned", "tilstand", "n", "n_fulgt")


def test_the_last_day_is_in_the_programme_and_the_day_after_is_not():
    # month 2 is day 60 = 2 March: d2 leaves that day, d3 the day after; month 3 is day 91 = 2 April
    assert _states([2, 3, 4], _people(), _spells()) == drawn("""
        maaned tilstand n n_fulgt
        2 venter 3 3
        3 arbeid 1 3
        3 flyttet_eller_utfaset 1 3
        3 venter 1 3
        4 arbeid 1 2
        4 flyttet_eller_utfaset 1 2
    """)


def test_of_several_measures_the_one_that_goes_before_counts():
    begun = "deltakelse_key tiltak_type start_dato slutt_dato"
    spells = [f"d1 {kind} 2022-01-01 {end}" for kind, end in (
        ("annet", "2022-05-30"), ("norskopplaering", "2022-04-01"), ("spraakpraksis", "2022-03-01"), ("lonnstilskudd", "2022-01-30"),
    )]  # fmt: skip
    alone = _people(PEOPLE).filter(pl.col("deltakelse_key") == "d1")
    assert _states([0, 1, 2, 3], alone, _spells("\n".join([begun, *spells]))) == drawn("""
        maaned tilstand n n_fulgt
        0 praksis 1 1
        1 spraakpraksis 1 1
        2 norskopplaering 1 1
        3 annet_tiltak 1 1
    """)


def test_kartlegging_mentor_and_plans_are_no_measure():
    spells = _spells("""
        deltakelse_key tiltak_type start_dato slutt_dato
        d1 kartlegging 2022-01-01 2022-04-30
        d1 mentor 2022-01-01 -
        d1 arbeidspraksis 2022-05-20 -
    """)
    alone = _people(PEOPLE).filter(pl.col("deltakelse_key") == "d1")
    assert set(forlop(alone, spells).filter(pl.col("n") > 0)["tilstand"]) == {"venter"}


def test_a_measure_without_an_end_runs_until_the_exit():
    spells = _spells("deltakelse_key tiltak_type start_dato slutt_dato\n d2 norskopplaering 2022-01-31 -")
    alone = _people(PEOPLE).filter(pl.col("deltakelse_key") == "d2")
    rows = forlop(alone, spells).filter((pl.col("n") > 0) & (pl.col("dim") == "alle")).sort("maaned")
    assert rows["tilstand"].to_list()[:4] == ["venter", "norskopplaering", "norskopplaering", "arbeid"]


@pytest.mark.parametrize("reason", EXIT_REASONS)
def test_every_exit_has_one_destination(reason):
    alone = _people().filter(pl.col("deltakelse_key") == "d2").with_columns(avslutning=pl.lit(reason))
    found = forlop(alone, _spells()).filter((pl.col("maaned") == 3) & (pl.col("n") > 0))["tilstand"].unique().to_list()
    wanted = {"lonnsarbeid": "arbeid", "selvstendig": "arbeid", "videregaende": "utdanning", "fagbrev_laerling": "utdanning",
              "hoyere_utdanning": "utdanning", "flyttet": "flyttet_eller_utfaset", "faset_ut": "flyttet_eller_utfaset"}  # fmt: skip
    assert found == [wanted.get(reason, "annet")]


def test_groups_add_up_and_a_project_without_one_is_in_none():
    people = _people(PEOPLE + "d4 2022-01-01 - 2022-12-31 - -\n")
    rows = forlop(people, _spells()).filter((pl.col("maaned") == 0) & (pl.col("tilstand") == "venter"))
    assert shown(rows, "dim", "dim_verdi", "n") == drawn("""
        dim dim_verdi n
        alle alle 4
        malgruppe annet 1
        malgruppe ungdom 2
    """)


def test_no_participations_make_no_rows():
    assert forlop(_people("deltakelse_key"), _spells()).is_empty()


days = st.integers(0, 1200)


@given(
    st.lists(st.tuples(st.one_of(st.none(), days), st.sampled_from(EXIT_REASONS), days), min_size=1, max_size=6),
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(MEASURES), days, st.one_of(st.none(), st.integers(0, 300))), max_size=12
    ),
)
def test_the_states_of_a_month_are_one_per_participation(people, spells):
    start = pl.date(2020, 1, 1)
    rows = [{"deltakelse_key": f"d{i}", "_end": end, "avslutning": None if end is None else reason, "_status": status}
            for i, (end, reason, status) in enumerate(people)]  # fmt: skip
    frame = pl.DataFrame(
        rows, schema={"deltakelse_key": pl.String, "_end": pl.Int64, "avslutning": pl.String, "_status": pl.Int64}
    )
    deltakelse = frame.with_columns(
        start_dato=start, slutt_dato=start + pl.duration(days="_end"), statusdato=start + pl.duration(days="_status"),
        malgruppe=pl.lit("annet"),
    )  # fmt: skip
    measured = [
        {"deltakelse_key": f"d{i}", "tiltak_type": kind, "_from": begin, "_long": long} for i, kind, begin, long in spells
    ]
    schema = {"deltakelse_key": pl.String, "tiltak_type": pl.String, "_from": pl.Int64, "_long": pl.Int64}
    tiltak = pl.DataFrame(measured, schema=schema).with_columns(
        start_dato=start + pl.duration(days="_from"), slutt_dato=start + pl.duration(days=pl.col("_from") + pl.col("_long"))
    )
    made = forlop(deltakelse, tiltak)
    groups = made.group_by("maaned", "dim", "dim_verdi").agg(
        pl.col("andel").sum(), pl.col("n").sum(), pl.col("n_fulgt").first(), states=pl.len()
    )
    assert groups.filter((pl.col("andel") - 1).abs() > 1e-9).is_empty()
    assert groups.filter(pl.col("n") != pl.col("n_fulgt")).is_empty()
    assert set(groups["states"]) == {len(STATES_OF_A_MONTH)}
    followed = made.filter(pl.col("dim") == "alle").unique("maaned").sort("maaned")["n_fulgt"]
    assert (followed.diff().drop_nulls() <= 0).all()
