"""A pool of years is released only where every year of it can have leavers: else its name promises years that nobody has seen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from release_case import participants, settings, statistics

from pipeline.cohort.nokkeltall import POOL_YEARS
from pipeline.disclosure import build_release
from pipeline.disclosure.transitions import members, protect_transitions


def _spread(first: int, last: int) -> pl.DataFrame:
    """Leavers of the years first to last."""
    n_years = last - first + 1
    days = [date(first + i % n_years, 5, 1) for i in range(900)]
    return participants(900).with_columns(slutt_dato=pl.Series(days))


def test_pools_before_the_first_and_after_the_last_year_with_leavers_are_not_released() -> None:
    made = protect_transitions(members(_spread(2019, 2026), 2025), 5, pl.DataFrame(), 2025)
    periods = set(made.rows["periode"].to_list())
    assert {p for p in periods if "-" in p} == {"2020-2022", "2023-2025"}
    assert {p for p in periods if "-" not in p} == {str(year) for year in range(2019, 2027)}
    assert made.judged.passed


def test_a_single_pool_stays_when_all_its_years_have_leavers() -> None:
    made = protect_transitions(members(_spread(2023, 2025), 2025), 5, pl.DataFrame(), 2025)
    assert {p for p in made.rows["periode"].to_list() if "-" in p} == {f"{2026 - POOL_YEARS}-2025"}


def test_a_young_programme_keeps_the_window_of_its_municipalities(tmp_path: Path) -> None:
    people = _spread(2024, 2025)
    case = statistics([], people)
    case["kommune"] = case["kommune"].with_columns(periode=pl.lit("2023-2025"))
    released = build_release(case, people, case["utfall"], [], settings(tmp_path, date(2026, 3, 3)))
    rows = released.tables["nokkeltall"].filter(pl.col("kpi") == "overgang_direkte")
    assert set(rows["periode"].to_list()) == {"2024", "2025", "2023-2025"}
    assert released.tables["kommune"].filter(pl.col("status") == "").height > 0
