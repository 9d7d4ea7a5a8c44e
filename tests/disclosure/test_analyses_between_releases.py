"""Analyses are replaced one by one: what few persons moved in one of them does not hold back the others, and is still not told."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, participants, settings, statistics

from pipeline.disclosure import build_release, previous_releases, write_release
from pipeline.disclosure.estimate_group import exact_counts
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK

_TIMING, _TEMPO = "praksis_tidspunkt", "praksis_tempo"
_STEPS = list[tuple[int, int]]
_COLUMNS = ("n_personer", "n_hendelser")


def _site(released: ReleasedTables, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "index.html").write_text(released.release_id)


def _case(people: pl.DataFrame, sizes: dict[tuple[str, str], tuple[int, int]]) -> dict[str, pl.DataFrame]:
    """One arm per (analysis, strategy) with persons and events; placement timing has a curve and a naive difference beside it."""
    rows = [effect(s, n, k, estimat=k / n, analyse=a) for (a, s), (n, k) in sizes.items()]
    n, k = sizes[_TIMING, "innen_8u"]
    week = {"strategi": "innen_8u", "variant": "jevn", "utfall": "arbeid", "uke": 48, "risiko": k / n, "ki_nedre": 0.3, "ki_ovre": 0.5,
            "n_hendelser": k, "n_under_risiko": n - k, "grad": "A"}  # fmt: skip
    naive = {"strategi": "innen_8u", "sammenligning": "senere", "utfall": "arbeid", "horisont_uker": 52, "andel_strategi": k / n,
             "andel_sammenligning": 0.1, "estimat": k / n - 0.1, "n_strategi": n, "n_sammenligning": 500, "beregnet": "x"}  # fmt: skip
    given = {"effekt": rows, "kurver": [week], "effekt_naiv": [naive]}
    return {**statistics([], people), **{name: STATISTIKK[name].conform(pl.DataFrame(r)) for name, r in given.items()}}


def _release(
    root: Path, joined: int, sizes: dict[tuple[str, str], tuple[int, int]], day: date
) -> tuple[ReleasedTables, pl.DataFrame]:
    people = participants()
    key = [(pl.lit("ny") + pl.col(c)).alias(c) for c in ("deltakelse_key", "person_key")]
    people = pl.concat([people, people.head(joined).with_columns(key)])
    case, run = _case(people, sizes), settings(root, day)
    made = build_release(case, people, case["utfall"], previous_releases(run.home), run)
    write_release(made, run.home, _site)
    return made, exact_counts(case)


def _sizes(timing: tuple[int, int], tempo: tuple[int, int]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(_TIMING, "innen_8u"): timing, (_TEMPO, "innen_8u"): tempo}


def _of(released: ReleasedTables, analysis: str) -> pl.DataFrame:
    return released.tables["effekt"].filter(pl.col("analyse") == analysis)


def test_one_analysis_that_few_moved_stands_and_the_other_is_replaced(tmp_path: Path) -> None:
    first, _ = _release(tmp_path, 0, _sizes((404, 150), (404, 150)), date(2025, 3, 3))
    second, _ = _release(tmp_path, 30, _sizes((430, 151), (404, 154)), date(2025, 4, 1))
    assert second.manifest["videreført"][-1] == f"estimater:{_TEMPO}"
    assert _of(second, _TEMPO).equals(_of(first, _TEMPO))
    assert _of(second, _TIMING)["n_personer"].to_list() == [430]
    assert "beregnede effekter i 1 av 2 analyser" in second.manifest["endringslogg"][-1]["endring"]


def test_curves_and_naive_differences_stand_with_placement_timing(tmp_path: Path) -> None:
    first, _ = _release(tmp_path, 0, _sizes((404, 149), (404, 150)), date(2025, 3, 3))
    second, _ = _release(tmp_path, 30, _sizes((430, 150), (430, 165)), date(2025, 4, 1))
    assert second.manifest["videreført"][-1] == f"estimater:{_TIMING}"
    assert _of(second, _TEMPO)["n_personer"].to_list() == [430]
    for name in ("kurver", "effekt_naiv"):
        assert first.tables[name]["status"].to_list() == [""]
        assert second.tables[name].equals(first.tables[name])


def test_an_analysis_that_only_a_few_joined_stands_also_inside_a_step(tmp_path: Path) -> None:
    first, _ = _release(tmp_path, 0, _sizes((404, 150), (400, 150)), date(2025, 3, 3))
    second, _ = _release(tmp_path, 30, _sizes((430, 165), (403, 152)), date(2025, 4, 1))
    assert second.manifest["videreført"][-1] == f"estimater:{_TEMPO}"
    assert _of(second, _TEMPO).equals(_of(first, _TEMPO))


def test_a_standing_analysis_is_compared_with_the_release_that_it_comes_from(tmp_path: Path) -> None:
    _release(tmp_path, 0, _sizes((404, 150), (404, 150)), date(2025, 3, 3))
    for month, (joined, tempo) in enumerate(((30, (406, 150)), (60, (408, 150))), start=4):
        stood, _ = _release(tmp_path, joined, _sizes((404 + joined, 150), tempo), date(2025, month, 1))
        assert _of(stood, _TEMPO)["n_personer"].to_list() == [400]
    moved, _ = _release(tmp_path, 90, _sizes((494, 150), (410, 150)), date(2025, 6, 1))
    assert _of(moved, _TEMPO)["n_personer"].to_list() == [410]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_released_count_ever_tells_of_a_few(tmp_path: Path, seed: int) -> None:
    """Over six releases with random growth: a released count that moves has moved by five persons since the release that made it."""
    rng = random.Random(seed)
    strategies = [(a, s) for a in (_TIMING, _TEMPO, "tiltakskjede") for s in ("innen_4u", "innen_8u")]
    sizes = {key: (300 + 40 * i, 120 + 30 * i) for i, key in enumerate(strategies)}
    shown: dict[tuple[str, str, str], tuple[int, int]] = {}
    moves = stood = 0
    for month in range(3, 9):
        released, _ = _release(tmp_path, 20 * (month - 3), sizes, date(2025, month, 3))
        for row in released.tables["effekt"].iter_rows(named=True):
            exact = dict(zip(_COLUMNS, sizes[row["analyse"], row["strategi"]], strict=True))
            for column in _COLUMNS:
                key = (row["analyse"], row["strategi"], column)
                told, behind = shown.get(key, (row[column], exact[column]))
                if row[column] != told:
                    assert abs(exact[column] - behind) >= 5
                    moves += 1
                stood += exact[column] // 5 * 5 != row[column]
                if not {"estimater", f"estimater:{row['analyse']}"} & set(released.manifest["videreført"]):
                    behind = exact[column]
                shown[key] = (row[column], behind)
        sizes = {key: (n + rng.randrange(14), k + rng.randrange(9)) for key, (n, k) in sizes.items()}
    assert moves > 0
    assert stood > 0
