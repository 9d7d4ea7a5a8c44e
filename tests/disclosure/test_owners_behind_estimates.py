"""Estimates tell of programmes and of several owners, never of one project, and nothing hidden can be read off another row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from release_case import effect, participants, settings, statistics

from pipeline.disclosure import build_release, estimate_group, estimates, gate
from pipeline.disclosure.parameters import share
from pipeline.errors import ReleaseRefused
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK, UTDATA

_NUMBERS = ("estimat", "ki_nedre", "ki_ovre", "se", "n_personer", "n_klynger", "n_hendelser", "ess", "kan_si")


def _released(*rows: dict[str, object]) -> list[dict[str, Any]]:
    frame = STATISTIKK["effekt"].conform(pl.DataFrame(rows, infer_schema_length=None))
    return estimates.effects(frame, 5).to_dicts()


def _profile(projects: str, clusters: int = 1, grade: str = "C") -> dict[str, object]:
    gates = {"prosjekter": {"verdi": None, "farge": projects}, "utfall": {"verdi": None, "farge": "gronn"}}
    return effect("organisering_annet", 320, 160, grade) | {
        "analyse": "prosjektprofil", "maal": "andel", "variant": None, "n_klynger": clusters, "porter": json.dumps(gates),
        "kan_si": "Grunnlaget er for svakt til å vise et tall.",
    }  # fmt: skip


def test_a_profile_of_fewer_projects_than_its_protocol_asks_for_shows_nothing() -> None:
    (row,) = _released(_profile("rod", clusters=8))
    assert row["status"] == ":"
    assert [row[c] for c in _NUMBERS] == [None] * len(_NUMBERS)


def test_a_profile_of_many_projects_in_one_city_is_shown_without_its_one_municipality() -> None:
    (row,) = _released(_profile("gronn", clusters=1, grade="B"))
    assert (row["status"], row["n_personer"], row["n_klynger"]) == ("", 320, None)


@pytest.mark.parametrize(("clusters", "shown"), [(1, False), (2, False), (3, True), (4, True), (22, True)])
def test_an_estimate_of_one_or_two_municipalities_is_hidden_with_all_that_rest_on_it(clusters: int, shown: bool) -> None:
    arms = [effect("innen_2u", 400, 200, n_klynger=clusters), effect("ikke_innen_26u", 400, 200)]
    difference = effect("innen_2u", 400, 200, maal="risikodifferanse", sammenligning="ikke_innen_26u")
    released = {(row["strategi"], row["maal"]): row for row in _released(*arms, difference)}
    assert [key[0] for key, row in released.items() if row["status"] == ""] == ["ikke_innen_26u", *["innen_2u"] * 2 * shown]
    if not shown:
        assert [released["innen_2u", "risikodifferanse"][c] for c in _NUMBERS] == [None] * len(_NUMBERS)


def test_the_number_of_municipalities_is_rounded_down_and_a_few_are_not_told() -> None:
    told = {3: None, 4: None, 5: 5, 9: 5, 10: 10, 33: 30}
    rows = _released(*(effect(f"innen_{i}u", 400, 200, n_klynger=i) for i in told))
    assert {row["strategi"]: row["n_klynger"] for row in rows} == {f"innen_{i}u": n for i, n in told.items()}


def _subgroup(horizon: int, n: int, events: int, grade: str = "A", share_of: float = 0.4) -> dict[str, object]:
    more = {"estimat": share_of, "ki_nedre": share_of - 0.1, "ki_ovre": share_of + 0.1}
    return effect("ikke_innen_26u", n, events, grade, undergruppe="norsk_b1_og_over", horisont_uker=horizon, **more)


def test_what_is_hidden_at_one_horizon_makes_no_difference_to_any_other_row() -> None:
    """A reader of the later horizon cannot tell any two histories apart that hide the earlier one."""
    seen = set()
    for n, events in [(n, k) for n in range(31, 45) for k in range(5)] + [(n, 0) for n in range(1, 5)]:
        early, late = _released(_subgroup(52, n, events, share_of=events / n + 0.001), _subgroup(104, 31, 12))
        assert early["status"] == ":"
        assert late["status"] == ""
        seen.add((json.dumps(early), json.dumps(late)))
    assert len(seen) == 1


def _municipal(n: int, k: int, **more: float) -> pl.DataFrame:
    local = {"komm_nr": "4601", "utfall": "direkte_overgang", "periode": "2022-2024", "n": n, "observert": k, **more}
    numbers = UTDATA["nokkeltall"].conform(
        pl.DataFrame(
            [
                {
                    "kpi": "overgang_direkte", "nivaa": "kommune", "omraade": "4601", "periode": "2022-2024", "dim": "alle",
                    "dim_verdi": "alle", "nevnerregel": "alle_avsluttede", "teller": k, "nevner": n, "enhet": "andel", "status": "",
                }
            ]
        )
    )  # fmt: skip
    return estimates.municipalities(STATISTIKK["kommune"].conform(pl.DataFrame([local])), numbers)


def test_municipal_shares_are_as_coarse_as_released_shares_and_the_expected_is_whole_persons() -> None:
    exact = {"forventet": 11.593099, "andel": 12 / 17, "krympet_andel": 0.682676, "ki_nedre": 0.643499, "ki_ovre": 0.720613}
    small = _municipal(17, 12, **exact).row(0, named=True)
    assert [small[c] for c in exact] == [12.0, 0.71, 0.68, 0.64, 0.72]
    large = _municipal(178, 145, **exact | {"andel": 145 / 178}).row(0, named=True)
    assert [large[c] for c in exact] == [12.0, 0.815, 0.683, 0.643, 0.721]


def test_a_municipal_share_that_is_too_exact_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = participants()
    case = statistics([], people)
    assert build_release(case, people, case["utfall"], [], settings(tmp_path)).tables["kommune"]["andel"].drop_nulls().len() > 0
    monkeypatch.setattr(estimates, "coarse_municipalities", lambda frame: frame)
    with pytest.raises(ReleaseRefused, match="too exact, would be shown in kommune"):
        build_release(case, people, case["utfall"], [], settings(tmp_path))


def test_a_table_that_stands_from_before_the_rounding_is_rounded_too() -> None:
    exact = UTDATA["kommune"].conform(
        pl.DataFrame([{"komm_nr": "4601", "utfall": "x", "periode": "2022-2024", "n": 40, "andel": 0.123456, "status": ""}])
    )
    counted = UTDATA["effekt"].conform(pl.DataFrame([effect("innen_2u", 400, 200, n_klynger=33, status="")]))
    last = ReleasedTables("r0001", {"kommune": exact, "effekt": counted}, {})
    assert estimate_group.as_today(last.tables, 5)["effekt"]["n_klynger"].to_list() == [30]
    assert gate._municipalities(exact, exact, last, ["kommune"])["andel"].to_list() == [0.12]
    assert all(frame.is_empty() for frame in estimate_group.as_today({}, 5).values())


def _minus_zeros(frame: pl.DataFrame) -> int:
    numbers = frame.select(pl.col(pl.Float64).cast(pl.String))
    return sum(numbers[c].is_in(["-0.0"]).sum() for c in numbers.columns)


def test_a_zero_is_never_negative() -> None:
    shares = share(pl.DataFrame({"teller": [0, 0, 5], "nevner": [37, 101, 5]}))
    assert shares["ki_nedre"].to_list()[:2] == [0.0, 0.0]
    near = [effect("innen_2u", 400, 200, estimat=-0.0001, ki_nedre=-0.0002, ki_ovre=0.0, se=0.0)]
    effects = estimates.effects(STATISTIKK["effekt"].conform(pl.DataFrame(near)), 5)
    assert effects["se"].to_list() == [0.0]
    naive = {
        "strategi": "innen_2u", "sammenligning": "ikke_innen_26u", "utfall": "arbeid", "horisont_uker": 52, "n_strategi": 400,
        "n_sammenligning": 400, "andel_strategi": 0.5, "andel_sammenligning": 0.501, "estimat": -0.001, "ki_nedre": -0.1, "ki_ovre": 0.1,
    }  # fmt: skip
    differences = estimates.naive(STATISTIKK["effekt_naiv"].conform(pl.DataFrame([naive])), 5)
    assert [_minus_zeros(frame) for frame in (shares, effects, differences)] == [0, 0, 0]
    assert _minus_zeros(pl.DataFrame({"x": [-0.0]})) == 1
