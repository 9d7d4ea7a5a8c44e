"""An extract speaks of more months than participants have rows in, and of fewer persons than take part or are recognised."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.linkage import kobling, praksisutfall, utfall
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
        frame.with_columns(pl.col(n).str.to_date("%Y-%m-%d") for n, kind in schema.items() if kind == pl.Date).write_parquet(
            folder / f"{name}.parquet"
        )
        paths[name] = folder / f"{name}.parquet"
    return paths


def outcome(folder, settings, **spoken):
    people, paths = participations(PEOPLE), known(folder, **spoken)
    months = months_file(people, measures(), paths, settings)
    return pl.read_parquet(months), utfall(people, measures(), months, paths, settings), paths


def test_the_extracts_own_reach_counts_where_no_participant_has_a_row(tmp_path, settings):
    _, short, _ = outcome(tmp_path / "a", settings)
    assert short["i_arbeid_12m"].to_list() == [None, None]  # the last row is of April 2022
    _, whole, _ = outcome(tmp_path / "b", settings, reach="arbeidsforhold|2019-01-01|2024-12-01|2024-12-20")
    assert whole["i_arbeid_12m"].to_list() == [False, False]
    assert whole["varig_12m"].to_list() == [False, False]


@pytest.mark.parametrize(("fra", "til", "known_months"), [("-", "-", set()), ("2022-01-01", "2024-12-01", {2020, 2021})])
def test_who_was_never_asked_about_is_unknown_then(tmp_path, settings, fra, til, known_months):
    spoken = {"reach": "arbeidsforhold|2019-01-01|2024-12-01|2024-12-20", "outside": f"arbeidsforhold|p2|{fra}|{til}"}
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
    reach = "\n".join(f"{r}|2019-01-01|2024-12-01|2024-12-20" for r in ("arbeidsforhold", "utdanning", "arbeidssoker"))
    _, both, _ = outcome(tmp_path / "a", settings, reach=reach)
    assert both["november_status"].to_list() == ["annet_eller_ukjent"] * 2
    _, one, _ = outcome(tmp_path / "b", settings, reach=reach, outside="arbeidssoker|p1|2023-11-01|2023-11-01")
    assert one["november_status"].to_list() == [None, "annet_eller_ukjent"]


LOST = """deltakelse_key | person_key | avsender | start_dato | slutt_dato | overgang
    d1 | p1 | 4601 | 2021-01-10 | 2022-03-05 | ja
    d2 | p2 | 4601 | 2021-01-10 | 2022-03-05 | nei
    d3 | p3 | 4601 | 2021-01-10 | 2022-03-05 | nei
    d4 | p2 | 4601 | 2022-06-10 | -          | -"""
RESIDENTS = "person_key | status | komm_nr | gyldig_fra\n p1 | bosatt | 4601 | 2010-01-01"
REACH = {
    "arbeidsforhold": """person_key | maaned | orgnr | stillingsprosent | lonn_nok | type
        x | 2019-01-01 | 1 | 60 | 1 | ordinaert
        x | 2024-12-01 | 1 | 60 | 1 | ordinaert""",
    "utdanning": "person_key | start_dato | slutt_dato | niva | status\n x | 2015-01-01 | 2025-01-01 | hoyere | fullfort",
    "arbeidssoker": "person_key | maaned | status\n x | 2019-01-01 | helt_ledig\n x | 2024-12-01 | helt_ledig",
    "ytelse": "person_key | maaned | ytelse | belop_nok\n x | 2019-01-01 | kvp | 1\n x | 2024-12-01 | kvp | 1",
    "selvstendig": "person_key | aar | naeringsinntekt_nok\n x | 2019 | 1\n x | 2024 | 1",
    "norskprove": "person_key | prove_dato | delprove | niva\n x | 2019-01-01 | lese | a1\n x | 2024-12-01 | lese | a1",
}
ONE_ROW = {
    "arbeidsforhold": "p2 | 2020-01-01 | 1 | 60 | 1 | lonnstilskudd",
    "utdanning": "p2 | 2016-01-01 | 2017-01-01 | hoyere | fullfort",
    "arbeidssoker": "p2 | 2019-02-01 | helt_ledig",
    "ytelse": "p2 | 2019-02-01 | kvp | 1",
    "selvstendig": "p2 | 2019 | 0",
    "norskprove": "p2 | 2019-02-01 | lese | a1",
}
STILL_TOLD = ["deltakelse_key", "person_key", "direkte_overgang", "november_status"]


def told(folder, settings, outside="", **texts):
    """Every column that registers fill, months and outcomes, of the four participations."""
    people = participations(LOST)
    spells = measures("deltakelse_key | er_praksis | arbeidsgiver_orgnr\n d1 | ja | 1\n d2 | ja | 1\n d3 | ja | 1")
    paths = extracts(folder / "u", **texts) | {k: p for k, p in known(folder, outside=outside).items() if k == "utenfor_uttrekk"}
    months = months_file(people, spells, paths, settings)
    outcomes = utfall(people, spells, months, paths, settings)
    return pl.read_parquet(months).drop("m_start", "m_slutt"), outcomes, paths


def unknown(frame, key):
    """The columns of one participation in which nothing is told."""
    rows = frame.filter(pl.col("deltakelse_key") == key)
    return [c for c in rows.columns if rows[c].null_count() == rows.height]


def test_of_who_is_recognised_in_no_register_nothing_is_known(tmp_path, settings):
    months, outcomes, paths = told(tmp_path, settings, folkeregister=RESIDENTS, **REACH)
    for key in ("d2", "d3", "d4"):
        assert set(unknown(months, key)) == set(months.columns) - {"deltakelse_key", "maaned", "person_key"}
        assert set(unknown(outcomes, key)) >= set(outcomes.columns) - set(STILL_TOLD)
    one = outcomes.row(0, named=True)
    assert (one["i_arbeid_12m"], one["varig_6m"], one["november_status"]) == (False, False, "annet_eller_ukjent")
    assert (one["ytelser_nok_etter"], one["maaneder_i_arbeid_foer"], one["samme_arbeidsgiver_12m"]) == (0.0, 0, False)
    assert outcomes["november_status"].to_list() == ["annet_eller_ukjent"] * 3 + [None]  # unknown, as in the published table
    # she is lost, and counted as such
    lost = koblingstap(participations(LOST), paths, settings).filter(dim="alle", register="folkeregister")
    assert lost.select("n_deltakelser", "n_ikke_koblet").rows() == [(4, 3)]
    links = kobling(participations(LOST), paths, settings).filter(avsender="alle", register="ytelse")
    assert links.select("n_deltakelser", "n_koblet").rows() == [(4, 0)]


@pytest.mark.parametrize("register", ONE_ROW)
def test_one_row_in_any_register_is_enough_to_be_recognised(tmp_path, settings, register):
    texts = REACH | {register: f"{REACH[register]}\n{ONE_ROW[register]}"}
    _, outcomes, _ = told(tmp_path, settings, folkeregister=RESIDENTS, **texts)
    assert outcomes["i_arbeid_12m"].to_list() == [False, False, None, None]


@pytest.mark.parametrize("texts", [{}, {"folkeregister": "person_key | status | gyldig_fra"}])
def test_without_an_extract_of_the_national_register_no_row_is_no_event(tmp_path, settings, texts):
    _, outcomes, _ = told(tmp_path, settings, **REACH, **texts)
    assert outcomes["i_arbeid_12m"].to_list() == [False, False, False, None]
    assert outcomes["november_status"].to_list() == ["annet_eller_ukjent"] * 3 + [None]


def test_who_the_national_register_was_never_asked_about_is_not_unknown_to_it(tmp_path, settings):
    _, outcomes, _ = told(tmp_path, settings, outside="folkeregister|p2|-|-", folkeregister=RESIDENTS, **REACH)
    assert outcomes["i_arbeid_12m"].to_list() == [False, False, None, None]


def test_a_placement_of_whom_no_register_speaks_led_nobody_knows_where(tmp_path, settings):
    people = participations(LOST).with_columns(statusdato=date(2024, 12, 1))
    spells = measures(
        "tiltak_id | prosjekt_id | deltakelse_key | er_praksis | slutt_dato | arbeidsgiver_orgnr\n"
        + "\n".join(f"t{i} | A | d{i} | ja | 2021-06-20 | 1" for i in (1, 2, 3))
    )
    outside = "arbeidsforhold|p3|2022-06-01|2022-12-01"
    without = known(tmp_path / "a", outside=outside) | extracts(tmp_path / "a", **REACH)
    hired = praksisutfall(people, spells, without, settings).sort("tiltak_id")["ansatt_hos_praksisgiver"]
    assert hired.to_list() == [False, False, None]  # month 12 of the third was never asked for
    recognised = without | extracts(tmp_path / "b", folkeregister=RESIDENTS)
    hired = praksisutfall(people, spells, recognised, settings).sort("tiltak_id")["ansatt_hos_praksisgiver"]
    assert hired.to_list() == [False, None, None]
