"""Project profiles: who belongs to which mark, who is followed, what a share is shrunken towards, and what has no number."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt

import numpy as np
import polars as pl
import pytest

from pipeline.effects.profile_marks import NOT_NAMED, ProjectTables, caseloads, marks
from pipeline.effects.profiles import design_effects, followed_to, grouped, likeness_in_projects, profile_protocol, profile_rows
from pipeline.tables import INNDATA, STATISTIKK
from tests.effects.effects_worlds import START, frame, left, person, placement

DECLARED = profile_protocol()[0]
LEVELS = 4 + 2 + 5 + sum(len(v) for v in DECLARED["undersokelse"].values())
EVERY = len(DECLARED["utfall"]["utfall"]) * len(DECLARED["utfall"]["horisonter_uker"])


def _project(name: str = "P1", year: int = 2020, **changes) -> dict:
    row = {"prosjekt_id": name, "tilskuddsaar": year, "start_dato": date(2019, 1, 1), "veileder_aarsverk": 1.0}
    return row | changes


def _delivered(table: str, rows: list[dict]) -> pl.DataFrame:
    described = INNDATA[table]
    return described.conform(pl.DataFrame([{c: r.get(c) for c in described.names} for r in rows], schema=described.schema))


def _tables(people: list[dict], **others: list[dict]) -> ProjectTables:
    return ProjectTables(
        frame("deltakelse", people), frame("tiltak", others.get("tiltak", [])), frame("prosjekt", others.get("prosjekt", [])),
        _delivered("veileder", others.get("veileder", [])), _delivered("undersokelse", others.get("undersokelse", [])),
    )  # fmt: skip


def _levels(tables: ProjectTables, which: int, column: str = "_mark") -> dict[str, str]:
    mark = marks(tables, DECLARED)[which]
    return dict(mark.known.sort("deltakelse_key").select("deltakelse_key", column).rows())


def _found(tables: ProjectTables, strategi: str, utfall: str = "arbeid", weeks: int = 52) -> dict:
    (row,) = [r for r in profile_rows(tables) if (r["strategi"], r["utfall"], r["horisont_uker"]) == (strategi, utfall, weeks)]
    return row


# --- marks


def test_caseload_is_the_average_enrolled_over_the_days_of_the_year():
    year = date(2020, 1, 1)  # 366 days
    people = [
        person(0, start_dato=date(2019, 5, 1)),  # all year
        person(1, start_dato=year, slutt_dato=year + timedelta(182), avslutning="lonnsarbeid"),  # 183 days
        person(2, start_dato=date(2021, 1, 1)),  # another year
    ]
    loads = dict(caseloads(frame("deltakelse", people), frame("prosjekt", [_project(veileder_aarsverk=0.5)])).select(
        "tilskuddsaar", "deltakere_per_veileder").rows())  # fmt: skip
    assert loads == {2020: pytest.approx(1.5 / 0.5)}


def test_caseload_counts_only_days_on_which_the_project_ran_and_is_known():
    people = [person(0, start_dato=date(2020, 1, 1), statusdato=date(2020, 6, 30))]
    begun = _project(start_dato=date(2020, 5, 1))
    assert caseloads(frame("deltakelse", people), frame("prosjekt", [begun]))["deltakere_per_veileder"].to_list() == [1.0]
    later = _project(year=2021)
    unknown = [begun | {"veileder_aarsverk": None}, begun | {"veileder_aarsverk": 0.0, "tilskuddsaar": 2019}, later]
    assert caseloads(frame("deltakelse", people), frame("prosjekt", unknown))["deltakere_per_veileder"].to_list() == [None] * 3


def test_fifteen_per_adviser_is_within_and_the_year_is_the_participations():
    people = [person(i, start_dato=date(2020, 1, 1), tilskuddsaar=2020) for i in range(15)]
    tables = _tables(people, prosjekt=[_project()])
    assert set(_levels(tables, 0).values()) == {"caseload_inntil_15"}
    more = [*people, person(15, start_dato=date(2020, 1, 1), tilskuddsaar=2021)]
    crowded = _levels(_tables(more, prosjekt=[_project()]), 0)
    assert (set(crowded.values()), len(crowded)) == ({"caseload_over_15"}, 15)


def test_the_first_placements_buddy_counts_and_silence_does_not():
    week = [{"forste_praksis_dato": START}] * 4
    people = [person(i, **week[i]) for i in range(4)] + [person(4)]
    spells = [
        placement(0, 1) | {"fadder": "ja"}, placement(0, 20) | {"fadder": "nei"},
        placement(1, 1) | {"fadder": "nei"}, placement(1, 20) | {"fadder": "ja"},
        placement(2, 1) | {"fadder": None}, placement(2, 20) | {"fadder": "ja"},
        placement(3, 1) | {"fadder": "nei"}, placement(3, 1, kind="lonnstilskudd") | {"fadder": "ja"},
    ]  # fmt: skip
    assert _levels(_tables(people, tiltak=spells), 1) == {"d0000": "fadder_ja", "d0001": "fadder_nei", "d0003": "fadder_ja"}


@pytest.mark.parametrize(
    ("mi", "loft", "level"),
    [
        ("ja", None, "veileder_kurs_ja"), ("nei", "ja", "veileder_kurs_ja"), ("nei", "nei", "veileder_kurs_nei"),
        ("nei", None, None), (None, None, None),
    ],
)  # fmt: skip
def test_a_missing_answer_about_a_course_is_not_no(mi, loft, level):
    tables = _tables(
        [person(0, veileder_key="v1"), person(1, veileder_key="v1", prosjekt_id="P2"), person(2)],
        veileder=[{"prosjekt_id": "P1", "veileder_key": "v1", "kurs_mi": mi, "kurs_loft": loft}],
    )
    assert _levels(tables, 2) == ({"d0000": level} if level else {})


def test_organisation_is_the_participations_own():
    assert _levels(_tables([person(0, organisering="nav"), person(1)]), 3) == {"d0000": "organisering_nav"}


def test_a_survey_is_that_of_the_year_else_the_nearest_earlier_else_the_earliest():
    asked = [(2019, "sprak"), (2021, "tidspress"), (2024, "Tid og ressurser ")]
    answers = [{"prosjekt_id": "P1", "aar": y, "sporsmal": "barriere_arbeidsgiver", "kategori": k} for y, k in asked]
    people = [person(i, start_dato=date(year, 2, 1)) for i, year in enumerate((2018, 2019, 2020, 2021, 2023, 2025))]
    people.append(person(6, prosjekt_id="P2"))
    tables = _tables(people, undersokelse=answers)
    which = 4 + list(DECLARED["undersokelse"]).index("barriere_arbeidsgiver")
    named = {
        c: _levels(tables, which, f"undersokelse_barriere_arbeidsgiver_{c}") for c in ("sprak", "tidspress", "tid_og_ressurser")
    }
    yes = {c: [k for k, level in found.items() if level != NOT_NAMED] for c, found in named.items()}
    assert yes == {"sprak": ["d0000", "d0001", "d0002"], "tidspress": ["d0003", "d0004"], "tid_og_ressurser": ["d0005"]}
    assert all("d0006" not in found for found in named.values())


def test_a_project_that_left_a_question_blank_is_not_among_those_who_said_no():
    answers = [{"prosjekt_id": "P1", "aar": 2020, "sporsmal": "malsetting", "kategori": "arbeid"}]
    tables = _tables([person(0)], undersokelse=answers)
    assert _levels(tables, 4, "undersokelse_malsetting_utdanning") == {"d0000": NOT_NAMED}
    assert all(mark.known.is_empty() for mark in marks(tables, DECLARED)[5:])


# --- who is followed


def test_followed_are_those_whose_data_reach_and_who_were_not_lost_before():
    last = START + timedelta(7 * 52 - 1)
    people = frame("deltakelse", [
        person(0, statusdato=last), person(1, statusdato=last - timedelta(1)),
        person(2, slutt_dato=last, avslutning="flyttet"), person(3, slutt_dato=last + timedelta(1), avslutning="flyttet"),
        person(4, slutt_dato=last, avslutning="faset_ut"), person(5, **left(3, "avbrutt")),
    ])  # fmt: skip
    assert followed_to(people, 52)["deltakelse_key"].to_list() == ["d0000", "d0003", "d0005"]


def test_survivors_of_years_before_the_first_grant_are_left_out():
    people = [person(0, organisering="nav", start_dato=date(2017, 5, 1)), person(1, organisering="nav", forste_tilskuddsaar=None)]
    row = _found(_tables(people), "organisering_nav")
    assert (row["grad"], row.get("n_personer")) == ("D", None)


# --- shares


def _projects(n_projects: int = 6, each: int = 20, reached: int = 10, organisering: str = "nav") -> list[dict]:
    people = []
    for j in range(n_projects):
        for k in range(each):
            done = left(10 + k % 5) if k < reached else {}
            project = {"prosjekt_id": f"{organisering}{j}", "komm_nr_ref": f"31{j:02d}", "organisering": organisering}
            people.append(person(len(people) + 1000 * len(organisering), **project, **done))
    return people


def test_a_group_with_enough_has_its_share_and_a_description_only():
    row = _found(_tables(_projects()), "organisering_nav")
    assert (row["grad"], row["n_personer"], row["n_hendelser"], row["n_klynger"]) == ("B", 120, 60, 6)
    assert row["estimat"] == pytest.approx(0.5, abs=1e-6)
    assert row["ki_nedre"] < 0.5 < row["ki_ovre"]
    # one group: nothing to be shrunken towards, and six equal projects do not say that projects are equal
    assert row["se"] == pytest.approx(sqrt(0.25 / (row["ess"] + 2)), rel=1e-6)
    assert 40 < row["ess"] < 100
    assert (row["sammenligning"], row["variant"], row["funn"], row["maal"]) == (None, None, None, "andel")
    assert "50,0 prosent" in row["kan_si"]
    assert "beskrivelse" in row["kan_ikke_si"]
    assert "rangering" in row["kan_ikke_si"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"n_projects": 4, "each": 20}, "for_faa_prosjekter"),
        ({"n_projects": 7, "each": 7, "reached": 3}, "for_faa_deltakere"),
        ({"n_projects": 6, "each": 20, "reached": 0}, "faa_utfall"),
        ({"n_projects": 6, "each": 20, "reached": 20}, "faa_utfall"),
    ],
)
def test_too_little_has_counts_and_a_reason_but_no_share(changes, reason):
    row = _found(_tables(_projects(**changes)), "organisering_nav")
    assert (row["grad"], row.get("estimat"), row["n_personer"]) == ("C", None, changes["n_projects"] * changes["each"])
    assert reason in row["porter"]
    assert "%" not in row["kan_si"]


def test_nobody_followed_nobody_with_the_level_and_nothing_reported_are_three_reasons():
    young = [p | {"statusdato": START + timedelta(7 * 60)} for p in _projects()]
    tables = _tables(young)
    assert [_found(tables, s, weeks=w)["grad"] for s, w in (("organisering_nav", 52), ("organisering_nav", 78))] == ["B", "D"]
    reasons = [_found(tables, s, weeks=78)["porter"] for s in ("organisering_nav", "organisering_bydel", "fadder_ja")]
    assert [next(w for w in ("horisont", "ingen_deltakere", "mangler_data") if w in r) for r in reasons] == [
        "horisont", "ingen_deltakere", "mangler_data",
    ]  # fmt: skip


def test_a_share_lies_between_what_was_seen_and_what_the_mix_lets_one_expect():
    people = _projects(6, 20, 16, "nav") + _projects(6, 20, 4, "annet")
    high, low = (_found(_tables(people), f"organisering_{o}") for o in ("nav", "annet"))
    assert 0.5 < high["estimat"] < 0.8
    assert 0.2 < low["estimat"] < 0.5


@pytest.mark.parametrize(("projects", "each", "spread"), [(5, 10, 0.0), (5, 10, 0.15), (12, 30, 0.15)])
def test_the_interval_holds_the_share_that_projects_vary_around(projects, each, spread):
    rng, held = np.random.default_rng(4), []
    for _ in range(120):
        reached = rng.binomial(each, np.clip(0.4 + spread * rng.normal(size=projects), 0.02, 0.98))
        rated = pl.DataFrame([
            {"prosjekt_id": f"P{j}", "komm_nr_ref": f"{j}", "person_key": f"{j}-{k}", "_mark": "x", "_reached": k < n,
             "_expected": float(reached.sum()) / (projects * each)}
            for j, n in enumerate(reached) for k in range(each)
        ])  # fmt: skip
        share = grouped(rated, "_mark", likeness_in_projects(rated))["x"].share
        held.append(share.low <= 0.4 <= share.high)
    assert np.mean(held) > 0.93


def test_participants_of_the_same_project_count_less_the_more_alike_they_are():
    rows = [{"prosjekt_id": f"P{j}", "_reached": j % 2 == 0, "_expected": 0.5, "person_key": f"{j}-{k}", "komm_nr_ref": "1", "_mark": "x"}
            for j in range(10) for k in range(8)]  # fmt: skip
    alike = pl.DataFrame(rows)
    assert likeness_in_projects(alike) > 0.7
    assert design_effects(alike, "_mark", 1.0).tolist() == [8.0]
    assert design_effects(alike, "_mark", 0.25).tolist() == [2.75]
    mixed = alike.with_columns(_reached=pl.int_range(pl.len()) % 2 == 0)
    assert likeness_in_projects(mixed) < 0.05
    uneven = alike.filter((pl.col("prosjekt_id") == "P0") | pl.col("person_key").str.ends_with("-0"))
    # one project of eight and nine of one: the average participant is in a project of (64 + 9) / 17
    assert design_effects(uneven, "_mark", 1.0).tolist() == pytest.approx([73 / 17])


# --- the table


def test_every_declared_combination_has_one_row_even_without_data():
    for tables in (_tables([]), _tables(_projects())):
        rows = profile_rows(tables)
        made = STATISTIKK["effekt"].conform(pl.DataFrame(rows, infer_schema_length=None))
        assert made.height == LEVELS * EVERY
        assert not made.select(STATISTIKK["effekt"].key).is_duplicated().any()
        without = made.filter(pl.col("grad").is_in(["C", "D"]))
        assert without["estimat"].null_count() == without.height
        assert made["kan_si"].null_count() == made["kan_ikke_si_en"].null_count() == 0


def test_order_of_rows_and_names_of_municipalities_change_nothing():
    people = _projects(6, 20, 16, "nav") + _projects(6, 20, 4, "annet")
    turned = [p | {"komm_nr_ref": f"9{p['komm_nr_ref']}"} for p in people[::-1]]
    keep = ("strategi", "utfall", "horisont_uker", "grad", "estimat", "ki_nedre", "ki_ovre", "n_personer", "n_hendelser")
    one, two = ([tuple(r.get(k) for k in keep) for r in profile_rows(_tables(rows))] for rows in (people, turned))
    assert one == two


def test_no_profile_is_a_comparison():
    rows = profile_rows(_tables(_projects()))
    assert {r["maal"] for r in rows} == {"andel"}
    assert {r["sammenligning"] for r in rows} == {None}
    assert {r["funn"] for r in rows} == {None}
