"""The programme theory: a graph without circles, adjustment sets that close back doors, every link estimated or told why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline.effects.answers import Answers, Row
from pipeline.effects.chain import chain_rows, hired_share, theory
from pipeline.effects.chain_samples import Hired
from pipeline.effects.eligibility import Cohort
from pipeline.effects.graph import Graph
from pipeline.effects.mediation_arms import run_mediation
from pipeline.effects.mediation_rows import mediation_protocol
from pipeline.effects.person_weeks import follow
from pipeline.effects.slopes import Sample, adjusted_slope, within_clusters
from pipeline.effects.study import Tables
from pipeline.effects.timing import run_timing, timing_study
from pipeline.effects.workplace import workplace_rows
from pipeline.errors import Fault
from pipeline.tables import STATISTIKK
from tests.effects.effects_worlds import PROTOCOL, cohort_of, left, person, placement, synthetic, tables

# A link whose exposure cannot be confounded: without a placement nobody is hired by its employer.
BY_DEFINITION = ["insidens_praksisgiver"]


def _with_register(t: Tables, share: float | None) -> Tables:
    """Everybody's register tells whether the job is with the placement's employer, for a share of them; None = no register."""
    told = pl.Series(np.random.default_rng(1).random(t.deltakelse.height) < (share or 0.0))
    columns = {"samme_arbeidsgiver_12m": told} if share is not None else {}
    utfall = STATISTIKK["utfall"].conform(t.deltakelse.select("deltakelse_key", "person_key").with_columns(**columns))
    return Tables(t.deltakelse, t.tiltak, t.kartlegging, t.oppfolging, utfall)


def _links(t: Tables, cohort: Cohort) -> dict[tuple[str, str], Row]:
    mediation = run_mediation(cohort, t, mediation_protocol(), seed=1, bootstraps=50)
    rows = Answers(run_timing(cohort, t, PROTOCOL, seed=1, bootstraps=20), timing_study(PROTOCOL)).rows()
    rows += workplace_rows(cohort, t, seed=1, bootstraps=20)
    return {(r["fra"], r["til"]): r for r in chain_rows(cohort, t, PROTOCOL, rows, mediation)}


@pytest.fixture(scope="module")
def links() -> dict[tuple[str, str], Row]:
    t = _with_register(synthetic("main", 21, 1500, 40), 0.5)
    return _links(t, cohort_of(t))


def test_a_circle_and_an_unknown_cause_are_refused():
    with pytest.raises(Fault, match="circle among: a, b"):
        Graph({"a": ("b",), "b": ("a",), "c": ()}).ordered()
    with pytest.raises(Fault, match="no variables: z"):
        Graph({"a": ("z",)}).ordered()


def test_separation_by_hand():
    """A chain is blocked in its middle, a fork at its root, a collider by leaving it alone, and a collider's child opens it."""
    graph = Graph({"a": (), "b": ("a",), "c": ("b",), "d": ("a",), "e": ("c", "d"), "f": ("e",)})
    assert graph.separated("a", "c", ["b"])
    assert not graph.separated("a", "c", [])
    assert graph.separated("b", "d", ["a"])
    assert not graph.separated("b", "d", ["a", "e"])
    assert not graph.separated("c", "d", ["a", "b", "f"])
    assert graph.separated("c", "d", ["b"])


def test_the_m_graph_needs_nothing_and_is_spoilt_by_its_collider():
    """Pearl's M: adjusting for a cause of nothing that two hidden causes share opens a path."""
    graph = Graph({"u": (), "v": (), "m": ("u", "v"), "x": ("u",), "y": ("v", "x")})
    assert graph.closes_back_doors("x", "y", [])
    assert not graph.closes_back_doors("x", "y", ["m"])
    assert graph.closes_back_doors("x", "y", ["m", "u"])


def test_every_declared_adjustment_set_closes_the_back_doors():
    declared = theory()
    order = declared.graph.ordered()
    assert len(order) == len(declared.variables)
    checked = [link for link in declared.links if link["metode"] and link["metode"] not in BY_DEFINITION]
    assert len(checked) == 8
    for link in checked:
        given = [*link["justert_for"], *link.get("blant", [])]
        assert declared.graph.closes_back_doors(link["aarsak"], link["virkning"], given), link
        assert order.index(link["aarsak"]) < order.index(link["virkning"])


def test_a_confounder_left_out_is_noticed():
    graph = theory().graph
    for link in theory().links:
        if link["metode"] and link["metode"] not in BY_DEFINITION:
            given = [n for n in (*link["justert_for"], *link.get("blant", [])) if n != "bakgrunn"]
            assert not graph.closes_back_doors(link["aarsak"], link["virkning"], given), link
    before = theory().variables["norskopplaering"]["foreldre"]
    assert not graph.closes_back_doors("norskopplaering", "norskniva", [*before, "praksis"])
    assert not graph.closes_back_doors("oppfolging_deltaker", "praksis", [n for n in before if n != "arbeidsklarhet"])


def test_what_is_adjusted_for_has_columns_except_what_is_measured_by_its_place():
    declared = theory()
    without = {n for link in declared.links for n in link["justert_for"] if not declared.variables[n].get("kolonner")}
    assert without == {"kommune", "praksis", "tilstand_uke_26"}


def test_every_link_has_its_row_its_hash_and_its_words(links):
    assert set(links) == {(link["fra"], link["til"]) for link in theory().links}
    assert {row["protokoll_hash"] for row in links.values()} == {theory().hash}
    not_estimated = {pair for pair, row in links.items() if row.get("grad") is None}
    assert not_estimated == {("praksis", "nettverk"), ("ansatt_hos_praksisgiver", "arbeid_eller_utdanning")}
    assert all(links[pair]["begrunnelse"].startswith("Ikke beregnet: ") for pair in not_estimated)
    assert links["norskopplaering", "norskniva"]["justert_for"].startswith("bakgrunn (kjønn, alder")
    assert {row["grad"] for pair, row in links.items() if pair not in not_estimated} <= {"A", "B", "C", "D"}


def test_the_links_find_what_was_planted(links):
    course, level = links["norskopplaering", "norskniva"], links["norskniva", "arbeid_eller_utdanning"]
    assert (course["grad"], level["grad"]) == ("B", "B")
    assert course["ki_nedre"] > 0
    assert 0.03 < course["estimat"] < 0.6
    assert links["norskniva", "praksis"]["ki_nedre"] > 0
    assert level["estimat"] > -0.01
    assert 0 < level["n_hendelser"] < level["n"]
    assert links["oppfolging_arbeidsgiver", "ansatt_hos_praksisgiver"]["grad"] == "B"


def test_hired_by_the_placement_employer_is_half_of_those_who_left_to_work(links):
    row = links["praksis", "ansatt_hos_praksisgiver"]
    assert row["grad"] == "B"
    assert 0.10 < row["ki_nedre"] < row["estimat"] < row["ki_ovre"] < 0.30
    assert row.get("funn") is None


def test_without_a_register_the_links_to_the_placement_employer_say_so():
    t = _with_register(synthetic("main", 22, 300, 8), None)
    found = _links(t, cohort_of(t))
    for pair in (("praksis", "ansatt_hos_praksisgiver"), ("oppfolging_arbeidsgiver", "ansatt_hos_praksisgiver")):
        assert found[pair].get("grad") is None
        assert "registeret rekker ikke" in found[pair]["begrunnelse"]


def test_the_incidence_of_being_hired_by_hand():
    """Four of eight leave to work, one competes; of three whose register tells, two are with the placement's employer."""
    rows = [person(i, **left(10 + i)) for i in range(4)] + [person(4, **left(20, "helse"))] + [person(i) for i in range(5, 8)]
    t = tables(rows, [placement(i, 1) for i in range(8)])
    cohort = cohort_of(t)
    weeks = follow(cohort, t.tiltak, PROTOCOL)
    to_work = np.arange(8) < 4
    placed = Hired(cohort, weeks, to_work, np.array([1.0, 1.0, 0.0, np.nan, 0, 0, 0, 0]))
    assert hired_share(placed, np.ones((8, 1)))[0] == pytest.approx(4 / 8 * 2 / 3)
    twice = np.where(np.arange(8) == 2, 2.0, 1.0)[:, None]
    assert hired_share(placed, twice)[0] == pytest.approx(5 / 9 * 2 / 4)
    assert np.isnan(hired_share(replace(placed, same=np.full(8, np.nan)), np.ones((8, 1)))[0])


def test_a_link_is_adjusted_and_its_interval_knows_the_clusters():
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(60), 40)
    confounder = rng.normal(size=2400)
    exposure = (confounder + rng.normal(size=2400) + rng.normal(size=60)[cluster] > 0).astype(float)
    effect = 0.5 * exposure + confounder + 0.8 * rng.normal(size=60)[cluster] + rng.normal(size=2400)
    adjusted = adjusted_slope(Sample(exposure, effect, confounder[:, None], cluster, 0))
    crude = adjusted_slope(Sample(exposure, effect, np.zeros((2400, 0)), cluster, 0))
    alone = adjusted_slope(Sample(exposure, effect, confounder[:, None], np.arange(2400), 0))
    assert adjusted.low < 0.5 < adjusted.high
    assert crude.low > 0.7
    assert adjusted.se > 1.3 * alone.se


def test_what_municipalities_have_in_common_does_not_confound():
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(60), 40)
    common = rng.normal(size=60)[cluster]
    exposure = common + rng.normal(size=2400)
    sample = Sample(exposure, 0.3 * exposure + 2 * common + rng.normal(size=2400), np.zeros((2400, 0)), cluster, 0)
    assert adjusted_slope(sample).low > 1.0
    inside = adjusted_slope(within_clusters(sample))
    dummies = np.eye(60)[cluster][:, 1:]
    fixed = adjusted_slope(replace(sample, adjustment=dummies))
    assert inside.estimate == pytest.approx(fixed.estimate, abs=1e-9)
    assert inside.low < 0.3 < inside.high
