"""An extract speaks of more months than participants have rows in, and of fewer persons than take part."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.linkage import kobling, utfall
from pipeline.linkage.link_loss import koblingstap
from pipeline.tables import KLARGJORT
from tests.linkage.linkage_cases import extracts, measures, months_file, participations

PEOPLE = """deltakelse_key | person_key | avsender | start_dato | slutt_dato | overgang | kjonn
    d1 | p1 | 4601 | 2021-01-10 | 2022-03-05 | ja  | kvinne
    d2 | p2 | 4601 | 2021-01-10 | 2022-03-05 | nei | mann"""
JOBS = """person_key | maaned | orgnr | stillingsprosent | type
    p1 | 2020-01-01 | 1 | 60 | ordinaert
    p1 | 2022-04-01 | 1 | 60 | ordinaert"""


def known(folder, reach="", outside=""):
    paths = extracts(folder, arbeidsforhold=JOBS)
    for name, text in (("uttrekk_rekkevidde", reach), ("utenfor_uttrekk", outside)):
        rows = [[None if c.strip() == "-" else c.strip() for c in line.split("|")] for line in text.splitlines()]
        schema = KLARGJORT[name].schema
        frame = pl.DataFrame(rows, schema=dict.fromkeys(schema, pl.String), orient="row")
        frame.with_columns(pl.col("fra", "til").str.to_date("%Y-%m-%d")).write_parquet(folder / f"{name}.parquet")
        paths[name] = folder / f"{name}.parquet"
    return paths


def outcome(folder, settings, **spoken):
    people, paths = participations(PEOPLE), known(folder, **spoken)
    months = months_file(people, measures(), paths, settings)
    return pl.read_parquet(months), utfall(people, measures(), months, paths, settings), paths


def test_the_extracts_own_reach_counts_where_no_participant_has_a_row(tmp_path, settings):
    _, short, _ = outcome(tmp_path / "a", settings)
    assert short["i_arbeid_12m"].to_list() == [None, None]  # the last row is of April 2022
    _, whole, _ = outcome(tmp_path / "b", settings, reach="arbeidsforhold|2019-01-01|2024-12-01")
    assert whole["i_arbeid_12m"].to_list() == [False, False]
    assert whole["varig_12m"].to_list() == [False, False]


@pytest.mark.parametrize(("fra", "til", "known_months"), [("-", "-", set()), ("2022-01-01", "2024-12-01", {2020, 2021})])
def test_who_was_never_asked_about_is_unknown_then(tmp_path, settings, fra, til, known_months):
    spoken = {"reach": "arbeidsforhold|2019-01-01|2024-12-01", "outside": f"arbeidsforhold|p2|{fra}|{til}"}
    months, outcomes, paths = outcome(tmp_path, settings, **spoken)
    theirs = months.filter(pl.col("person_key") == "p2", pl.col("i_arbeid").is_not_null())
    assert set(theirs["maaned"].dt.year()) == known_months
    assert outcomes["i_arbeid_12m"].to_list() == [False, None]
    assert months.filter(pl.col("person_key") == "p1", pl.col("maaned") >= date(2020, 1, 1))["i_arbeid"].null_count() == 0
    links = kobling(participations(PEOPLE), paths, settings).filter(pl.col("register") == "arbeidsforhold")
    assert links.select("n_deltakelser", "n_koblet").unique().rows() == [(1, 1)]
    lost = koblingstap(participations(PEOPLE), paths, settings).filter(
        pl.col("dim") == "alle", pl.col("register") == "arbeidsforhold"
    )
    assert lost.select("n_deltakelser", "n_ikke_koblet").rows() == [(1, 0)]


def test_november_is_known_for_nobody_whom_one_of_its_registers_was_not_asked_about(tmp_path, settings):
    reach = "\n".join(f"{r}|2019-01-01|2024-12-01" for r in ("arbeidsforhold", "utdanning", "arbeidssoker"))
    _, both, _ = outcome(tmp_path / "a", settings, reach=reach)
    assert both["november_status"].to_list() == ["annet_eller_ukjent"] * 2
    _, one, _ = outcome(tmp_path / "b", settings, reach=reach, outside="arbeidssoker|p1|2023-11-01|2023-11-01")
    assert one["november_status"].to_list() == [None, "annet_eller_ukjent"]
