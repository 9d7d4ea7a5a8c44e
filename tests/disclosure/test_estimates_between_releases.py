"""Two releases together: estimates and means are replaced only when enough persons moved, else the earlier tables stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, indicator, participants, settings, statistics

from pipeline.disclosure import build_release, previous_releases, write_release
from pipeline.disclosure.estimate_group import TABLES
from pipeline.disclosure.gate import counts_path
from pipeline.errors import ReleaseRefused
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK

_LATER = date(2025, 9, 1)


def _site(released: ReleasedTables, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "index.html").write_text(released.release_id)


def _mean(value: float, persons: int) -> dict[str, object]:
    return {**indicator("varighet_maaneder", 2023, "alle_avsluttede", value * persons, persons), "enhet": "maaneder"}


def _case(people: pl.DataFrame, n: int, k: int, mean: tuple[float, int] = (16.0, 140)) -> dict[str, pl.DataFrame]:
    """Estimate tables in which one arm has n persons, k of them with the outcome."""
    week = {"strategi": "innen_2u", "variant": "jevn", "utfall": "arbeid", "uke": 52, "risiko": k / n, "ki_nedre": 0.3, "ki_ovre": 0.5,
            "n_hendelser": k, "n_under_risiko": n - k, "grad": "A"}  # fmt: skip
    naive = {"strategi": "innen_2u", "sammenligning": "senere", "utfall": "arbeid", "horisont_uker": 52, "andel_strategi": k / n,
             "andel_sammenligning": 0.1, "estimat": k / n - 0.1, "n_strategi": n, "n_sammenligning": 500, "beregnet": "x"}  # fmt: skip
    link = {"fra": "praksis", "til": "arbeid", "estimat": k / n, "ki_nedre": 0.3, "ki_ovre": 0.5, "enhet": "andel", "grad": "A", "n": n,
            "n_hendelser": k, "beregnet": "x"}  # fmt: skip
    rows = {"effekt": effect("innen_2u", n, k, estimat=k / n), "effekt_naiv": naive, "kurver": week, "aarsakskjede": link}
    estimates = {name: STATISTIKK[name].conform(pl.DataFrame([row])) for name, row in rows.items()}
    return {**statistics([_mean(*mean)], people), **estimates}


def _release(root: Path, people: pl.DataFrame, case: dict[str, pl.DataFrame], day: date = date(2025, 3, 3)) -> ReleasedTables:
    run = settings(root, day)
    made = build_release(case, people, case["utfall"], previous_releases(run.home), run)
    write_release(made, run.home, _site)
    return made


def _joined(people: pl.DataFrame, n: int) -> pl.DataFrame:
    key = [(pl.lit("ny") + pl.col(c)).alias(c) for c in ("deltakelse_key", "person_key")]
    return pl.concat([people, people.head(n).with_columns(key)])


def _value(released: ReleasedTables) -> float:
    return float(released.tables["nokkeltall"].filter(pl.col("kpi") == "varighet_maaneder")["verdi"].item())


def test_one_joiner_moves_no_estimate_even_over_the_edge_of_a_rounding(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    second = _release(tmp_path, _joined(people, 1), _case(people, 85, 30), _LATER)
    assert "estimater" in second.manifest["videreført"]
    for name in TABLES:
        assert second.tables[name].equals(first.tables[name]), name
        assert first.tables[name]["status"].to_list() == [""]


def test_enough_joiners_move_the_estimates_together(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    second = _release(tmp_path, _joined(people, 12), _case(people, 96, 37), _LATER)
    assert "estimater" not in second.manifest["videreført"]
    assert second.tables["effekt"]["n_personer"].item() == 95
    for name in TABLES:
        assert not second.tables[name].equals(first.tables[name]), name


def test_many_joiners_do_not_cover_a_released_count_that_one_of_them_moved(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    second = _release(tmp_path, _joined(people, 12), _case(people, 96, 30), _LATER)
    assert "estimater" in second.manifest["videreført"]
    assert second.tables["effekt"].equals(first.tables["effekt"])


def test_single_steps_do_not_add_up_unseen_over_releases(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    for joined, month in ((3, 4), (4, 5)):
        stood = _release(tmp_path, _joined(people, joined), _case(people, 84 + joined, 29), date(2025, month, 1))
        assert stood.tables["effekt"].equals(first.tables["effekt"])
    moved = _release(tmp_path, _joined(people, 6), _case(people, 90, 29), date(2025, 6, 1))
    assert moved.tables["effekt"]["n_personer"].item() == 90


def test_changed_outcomes_of_few_persons_move_nothing(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    row = pl.int_range(pl.len())
    corrected = people.with_columns(overgang=pl.when(row < 4).then(~pl.col("overgang")).otherwise("overgang"))
    second = _release(tmp_path, corrected, _case(people, 84, 34), _LATER)
    assert second.tables["effekt"].equals(first.tables["effekt"])


def test_without_the_earlier_counts_estimates_and_means_stand(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    counts_path(settings(tmp_path).home, "r0001").unlink()
    second = _release(tmp_path, _joined(people, 60), _case(people, 144, 60, (19.0, 200)), _LATER)
    assert second.tables["effekt"].equals(first.tables["effekt"])
    assert _value(second) == _value(first)


def test_an_exact_earlier_release_is_not_carried_forward(tmp_path: Path) -> None:
    people = participants()
    first = _release(tmp_path, people, _case(people, 84, 29))
    exact = first.tables["effekt"].with_columns(n_personer=pl.lit(84, dtype=pl.Int64))
    path = settings(tmp_path).home.releases / "r0001" / "tables" / "effekt.parquet"
    exact.write_parquet(path)
    with pytest.raises(ReleaseRefused, match="effekt"):
        _release(tmp_path, _joined(people, 1), _case(people, 85, 30), _LATER)


@pytest.mark.parametrize(("persons", "shown"), [(141, 16.0), (144, 16.0), (145, 17.0), (140, 16.0)])
def test_a_mean_is_replaced_only_when_enough_persons_joined_behind_it(tmp_path: Path, persons: int, shown: float) -> None:
    people = participants()
    assert _value(_release(tmp_path, people, _case(people, 84, 29))) == 16.0
    second = _release(tmp_path, _joined(people, 12), _case(people, 84, 29, (17.0, persons)), _LATER)
    assert _value(second) == shown


def test_a_mean_that_stood_is_compared_with_the_release_that_it_comes_from(tmp_path: Path) -> None:
    people = participants()
    _release(tmp_path, people, _case(people, 84, 29))
    _release(tmp_path, people, _case(people, 84, 29, (17.0, 143)), date(2025, 4, 1))
    assert _value(_release(tmp_path, people, _case(people, 84, 29, (18.0, 146)), date(2025, 5, 1))) == 18.0
