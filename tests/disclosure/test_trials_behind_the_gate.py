"""The proof and the self-test behind the gate: what is rounded, what is hidden, what makes the gate refuse."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, participants, settings, statistics

from pipeline.disclosure import build_release, previous_releases, trials, write_release
from pipeline.errors import ReleaseRefused
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK, UTDATA

STAMPS = {"inndata_hash": "i", "kode_versjon": "k", "beregnet": "2025-03-03T02:30:00+01:00"}
TESTED = {
    "analyse": "praksis_tidspunkt", "strategi": "innen_8u", "sammenligning": "ikke_innen_26u", "utfall": "arbeid_eller_utdanning",
    "horisont_uker": 52,
}  # fmt: skip
PROVED = {
    "program": "5_poeng", **TESTED, "variant": "jevn", "plantet": 0.050413, "plantet_se": 0.00151, "skjevhet": -0.003412, "skjevhet_se": 0.00222,
    "sd": 0.03111, "middel_se": 0.03049, "dekning": 0.94871, "andel_funnet": 0.61538, "andel_vist": 0.97436,
    "grader": '{"A": 0.97436, "C": 0.02564}', "n_gjentak": 39, "n_uten_anslag": 0, "n_deltakelser": 1400, "n_kommuner": 33,
    "setning": "Med data som disse ville vi funnet en virkning på 5 prosentpoeng av praksis innen 8 uker i 25 av 40 forsøk på simulerte data.",
    **STAMPS,
}  # fmt: skip
SELF_TEST = {
    **TESTED, "n_trekninger": 20, "middel": 0.012345, "sd": 0.043219, "grense": 0.028993, "bestatt": True, "protokoll_hash": "p", **STAMPS,
}  # fmt: skip


def _table(name: str, *rows: dict[str, object]) -> pl.DataFrame:
    return STATISTIKK[name].conform(pl.DataFrame(list(rows), infer_schema_length=None)) if rows else STATISTIKK[name].empty()


def _effects(n: int, events: int) -> pl.DataFrame:
    arms = [
        effect("innen_8u", n, events, utfall=TESTED["utfall"]), effect("ikke_innen_26u", n, events, utfall=TESTED["utfall"]),
        effect("innen_8u", n, events, utfall=TESTED["utfall"], sammenligning="ikke_innen_26u", maal="risikodifferanse"),
    ]  # fmt: skip
    return _table("effekt", *arms)


def _release(
    root: Path, people: pl.DataFrame, day: date = date(2025, 3, 3), n: int = 400, events: int = 200, **tables: pl.DataFrame
) -> ReleasedTables:
    case = statistics([], people) | {"effekt": _effects(n, events)} | tables
    run = settings(root, day)
    return build_release(case, people, case["utfall"], previous_releases(run.home), run)


def test_the_proof_is_rounded_and_nothing_of_it_is_hidden(tmp_path: Path) -> None:
    row = (
        _release(tmp_path, participants(), etterproving=_table("etterproving", PROVED)).tables["etterproving"].row(0, named=True)
    )
    differences = ("plantet", "plantet_se", "skjevhet", "skjevhet_se", "sd", "middel_se")
    assert [row[c] for c in differences] == [0.05, 0.002, -0.003, 0.002, 0.031, 0.03]
    assert [row[c] for c in ("dekning", "andel_funnet", "andel_vist")] == [0.95, 0.62, 0.97]
    assert json.loads(row["grader"]) == {"A": 0.97, "C": 0.03}
    assert (row["setning"], row["n_deltakelser"], row["n_kommuner"], row["status"]) == (PROVED["setning"], 1400, 33, "")


def test_a_planted_size_that_could_not_be_estimated_keeps_its_power(tmp_path: Path) -> None:
    nothing = PROVED | {
        "skjevhet": None,
        "skjevhet_se": None,
        "sd": None,
        "middel_se": None,
        "dekning": None,
        "andel_funnet": 0.0,
    }
    row = (
        _release(tmp_path, participants(), etterproving=_table("etterproving", nothing)).tables["etterproving"].row(0, named=True)
    )
    assert (row["skjevhet"], row["andel_funnet"], row["status"]) == (None, 0.0, "")


@pytest.mark.parametrize(
    "finer", [{"plantet": 0.0504}, {"dekning": 0.949}, {"n_deltakelser": 1410}, {"n_kommuner": 331}, {"grader": '{"A": 0.974}'},
              {"setning": "Funnet 5,04 prosentpoeng."}]
)  # fmt: skip
def test_a_finer_proof_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finer: dict[str, object]) -> None:
    rounded = trials.proof(_table("etterproving", PROVED)).row(0, named=True)
    assert trials.unsafe_proof(UTDATA["etterproving"].conform(pl.DataFrame([rounded]))) == 0
    monkeypatch.setattr(trials, "proof", lambda _: UTDATA["etterproving"].conform(pl.DataFrame([rounded | finer])))
    with pytest.raises(ReleaseRefused, match="etterproving"):
        _release(tmp_path, participants())


@pytest.mark.parametrize(
    ("n", "events", "means"),
    [(4000, 2000, [0.01, 0.04, 0.03]), (400, 200, [0.015, 0.045, 0.03]), (100, 50, [0.0, 0.05, 0.05])],
)
def test_the_self_test_is_as_coarse_as_what_it_tests(tmp_path: Path, n: int, events: int, means: list[float]) -> None:
    made = _release(tmp_path, participants(), n=n, events=events, selvtest=_table("selvtest", SELF_TEST)).tables["selvtest"]
    row = made.row(0, named=True)
    assert [row[c] for c in ("middel", "sd", "grense")] == means
    assert (row["bestatt"], row["n_trekninger"], row["status"]) == (True, 20, "")


def test_the_self_test_of_a_hidden_estimate_is_hidden(tmp_path: Path) -> None:
    row = (
        _release(tmp_path, participants(), events=3, selvtest=_table("selvtest", SELF_TEST)).tables["selvtest"].row(0, named=True)
    )
    assert [row[c] for c in ("middel", "sd", "grense", "bestatt", "status")] == [None, None, None, None, ":"]


def test_a_self_test_that_could_not_be_made_says_so(tmp_path: Path) -> None:
    nothing = {"analyse": "praksis_tidspunkt", "n_trekninger": 0, "begrunnelse": "for_faa_deltakere", **STAMPS}
    row = _release(tmp_path, participants(), selvtest=_table("selvtest", nothing)).tables["selvtest"].row(0, named=True)
    assert (row["status"], row["begrunnelse"], row["bestatt"]) == ("..", "for_faa_deltakere", None)


def test_a_finer_self_test_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finer = UTDATA["selvtest"].conform(pl.DataFrame([SELF_TEST | {"status": ""}]))
    monkeypatch.setattr(trials, "self_test", lambda *_: finer)
    with pytest.raises(ReleaseRefused, match="selvtest"):
        _release(tmp_path, participants())


def test_nobody_tried_leaves_empty_tables(tmp_path: Path) -> None:
    released = _release(tmp_path, participants())
    for name in ("etterproving", "selvtest"):
        assert released.tables[name].is_empty()
        assert released.tables[name].columns == UTDATA[name].names


def test_the_proof_is_replaced_while_estimates_and_self_test_stand(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, selvtest=_table("selvtest", SELF_TEST))
    write_release(first, settings(tmp_path).home, lambda _, out: out.mkdir(parents=True))
    later = _release(
        tmp_path, people, date(2025, 4, 1), events=198, selvtest=_table("selvtest", SELF_TEST | {"bestatt": False}),
        etterproving=_table("etterproving", PROVED),
    )  # fmt: skip
    assert "estimater" in later.manifest["videreført"]
    assert later.tables["selvtest"].equals(first.tables["selvtest"])
    assert (first.tables["etterproving"].height, later.tables["etterproving"].height) == (0, 1)


def test_a_release_older_than_the_tables_is_followed_by_one_that_has_them(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people)
    older = {name: frame for name, frame in first.tables.items() if name not in ("selvtest", "etterproving")}
    write_release(
        ReleasedTables(first.release_id, older, first.manifest), settings(tmp_path).home, lambda _, out: out.mkdir(parents=True)
    )
    later = _release(
        tmp_path, people, date(2025, 4, 1), selvtest=_table("selvtest", SELF_TEST), etterproving=_table("etterproving", PROVED)
    )
    assert later.tables["selvtest"].is_empty()  # nobody knows who stands behind the older release's estimates
    assert later.tables["etterproving"].height == 1
