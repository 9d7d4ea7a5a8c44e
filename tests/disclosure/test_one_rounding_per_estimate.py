"""One estimate has one released value, whichever table shows it, and what it says of its finding is never contradicted."""

from __future__ import annotations

import json

import polars as pl
import pytest
from release_case import effect, statistics

from pipeline.disclosure import estimate_group
from pipeline.disclosure.parameters import declared
from pipeline.disclosure.rounding import coarse_gates
from pipeline.effects.chain import theory
from pipeline.effects.protocol import load_protocol
from pipeline.tables import STATISTIKK

_NUMBERS = ("estimat", "ki_nedre", "ki_ovre")
_BOTH = "arbeid_eller_utdanning"


def _protected(effects: list[dict[str, object]], **others: list[dict[str, object]]) -> dict[str, pl.DataFrame]:
    given = {name: STATISTIKK[name].conform(pl.DataFrame(rows)) for name, rows in others.items()}
    return estimate_group.protected({**statistics([]), "effekt": STATISTIKK["effekt"].conform(pl.DataFrame(effects)), **given}, 5)


# --- links ----------------------------------------------------------------------------------------------------------------------


def _sponsor(strategy: str, n: int, k: int, measure: str = "risiko", other: str | None = None) -> dict[str, object]:
    return effect(strategy, n, k) | {
        "analyse": "aarsakskjede", "variant": None, "sammenligning": other, "maal": measure, "utfall": _BOTH,
        "estimat": 0.0133 if other else k / n, "ki_nedre": -0.0409 if other else 0.3, "ki_ovre": 0.0675 if other else 0.6,
    }  # fmt: skip


def _link(n: int, k: int) -> dict[str, object]:
    return {"fra": "fadder", "til": _BOTH, "estimat": 0.0133, "ki_nedre": -0.0409, "ki_ovre": 0.0675, "enhet": "andel", "grad": "A",
            "funn": "uavklart", "n": n, "n_hendelser": k, "beregnet": "x"}  # fmt: skip


def _chained(others: int, events: int) -> tuple[dict[str, object], dict[str, object], dict[str, int]]:
    """The link, the row of ``effekt`` that it is, and what the last look says; the other arm is the smaller one."""
    rows = [_sponsor("fadder", 720, 303), _sponsor("uten_fadder", others, events)]
    rows.append(_sponsor("fadder", 720, 303, "risikodifferanse", "uten_fadder"))
    tables = _protected(rows, aarsakskjede=[_link(720, 303)])
    difference = tables["effekt"].filter(pl.col("maal") == "risikodifferanse").row(0, named=True)
    return tables["aarsakskjede"].row(0, named=True), difference, estimate_group.unsafe_rows(tables, 5)


def test_a_link_that_is_an_effect_shows_what_the_effect_shows() -> None:
    link, difference, unsafe = _chained(335, 150)
    assert difference["estimat"] == 0.015
    assert {c: link[c] for c in _NUMBERS} == {c: difference[c] for c in _NUMBERS}
    assert not any(unsafe.values())


def test_a_link_is_hidden_with_the_effect_that_it_is() -> None:
    link, difference, _ = _chained(335, 3)
    assert (difference["status"], link["status"]) == (":", ":")
    assert [link[c] for c in (*_NUMBERS, "n", "n_hendelser", "funn")] == [None] * 6


def test_a_link_that_differs_from_its_effect_is_refused() -> None:
    rows = [_sponsor("fadder", 720, 303), _sponsor("uten_fadder", 335, 150)]
    tables = _protected([*rows, _sponsor("fadder", 720, 303, "risikodifferanse", "uten_fadder")], aarsakskjede=[_link(720, 303)])
    other = tables["aarsakskjede"].with_columns(estimat=pl.lit(0.01))
    assert estimate_group.unsafe_rows({**tables, "aarsakskjede": other}, 5)["aarsakskjede"] == 1


def test_the_links_of_the_release_are_those_of_the_theory() -> None:
    answered = [link for link in theory().links if link["metode"] == "effekt"]
    wanted = {
        (link["fra"], link["til"], row["analyse"], row["strategi"], row.get("variant"))
        for link in answered
        for row in [link["rad"]]
    }
    assert {tuple(link.values()) for link in declared()["lenker_fra_effekt"]} == wanted
    assert len(wanted) == 3


# --- curves ---------------------------------------------------------------------------------------------------------------------

_RISK = {"ki_nedre": 0.2177, "ki_ovre": 0.3455}
_PERSONS = {"arbeid": 470, "utdanning": 470, _BOTH: 470}


def _arm(outcome: str, n: int, k: int) -> dict[str, object]:
    return effect("innen_8u", n, k, utfall=outcome, horisont_uker=52, estimat=k / n, **_RISK)


def _point(outcome: str, week: int, k: int) -> dict[str, object]:
    return {"strategi": "innen_8u", "variant": "jevn", "utfall": outcome, "uke": week, "risiko": k / 470, **_RISK, "grad": "A",
            "n_hendelser": k, "n_under_risiko": 300}  # fmt: skip


def _curve(at_48: int, study: int = 20) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Curve and effects with 120 + ``study`` events in week 52, and how far work was four weeks before."""
    ends = {"arbeid": 120, "utdanning": study, _BOTH: 120 + study}
    effects = [_arm(outcome, n, ends[outcome]) for outcome, n in _PERSONS.items()]
    # one outcome more, with fewer persons followed: it has no curve
    effects.append(_arm("i_arbeid_uke_104", 305, 100) | {"horisont_uker": 104})
    weeks = [_point(o, 48, k) for o, k in {"arbeid": at_48, "utdanning": study, _BOTH: at_48 + study}.items()]
    tables = _protected(effects, kurver=[*weeks, *(_point(o, 52, k) for o, k in ends.items())])
    return tables["kurver"], tables["effekt"], estimate_group.unsafe_rows(tables, 5)


@pytest.mark.parametrize("at_48", [100, 118])
def test_a_curve_passes_through_the_released_effect(at_48: int) -> None:
    curve, effects, unsafe = _curve(at_48)
    told = effects.filter(pl.col("horisont_uker") == 52).select(
        "utfall", risiko="estimat", ki_nedre="ki_nedre", ki_ovre="ki_ovre"
    )
    shown = curve.filter(pl.col("uke") == 52).select(told.columns)
    assert shown.null_count().row(0) == (0, 0, 0, 0)
    assert shown.sort("utfall").equals(told.sort("utfall"))
    assert not any(unsafe.values())


def test_a_week_a_few_persons_before_an_effect_is_hidden_since_the_effect_is_told() -> None:
    before = {k: set(_curve(k)[0].filter(pl.col("uke") == 48)["status"].to_list()) for k in (100, 115, 116, 119, 120)}
    assert before == {100: {""}, 115: {""}, 116: {":"}, 119: {":"}, 120: {""}}


def test_a_week_that_effekt_hides_for_one_outcome_is_hidden_in_the_curve() -> None:
    curve, effects, _ = _curve(100, study=4)
    hidden = effects.filter((pl.col("horisont_uker") == 52) & (pl.col("status") == ":"))["utfall"].to_list()
    assert hidden == ["utdanning"]
    assert curve.filter(pl.col("uke") == 52)["risiko"].null_count() == 3


def test_a_curve_that_differs_from_its_effect_is_refused() -> None:
    curve, effects, _ = _curve(100)
    tables = {**_protected([_arm("arbeid", 470, 120)]), "effekt": effects}
    moved = curve.with_columns(risiko=pl.when(pl.col("uke") == 52).then(pl.col("risiko") + 0.015).otherwise("risiko"))
    found = [estimate_group.unsafe_rows({**tables, "kurver": frame}, 5)["kurver"] for frame in (curve, moved)]
    assert found == [0, 3]


# --- ends and findings ----------------------------------------------------------------------------------------------------------


def _found(measure: str, n: int, numbers: tuple[float, float, float], found: str) -> dict[str, object]:
    row = effect(
        "innen_8u",
        n,
        n // 2,
        maal=measure,
        sammenligning="ikke_innen_26u",
        funn=found,
        **dict(zip(_NUMBERS, numbers, strict=True)),
    )
    tables = _protected([row])
    assert not any(estimate_group.unsafe_rows(tables, 5).values())
    return tables["effekt"].row(0, named=True)


@pytest.mark.parametrize("n", [90, 135, 240, 305, 470, 635, 1200])
def test_a_ratio_stays_on_its_side_of_one(n: int) -> None:
    for value in (1.02, 1.07, 1.11, 1.24, 1.6, 2.9):
        row = _found("risikoratio", n, (value, 1.001, value**2 / 1.001), "positiv")
        assert 1 <= row["ki_nedre"] <= row["estimat"] <= row["ki_ovre"]
        row = _found("risikoratio", n, (1 / value, 1.001 / value**2, 0.999), "negativ")
        assert 0 <= row["ki_nedre"] <= row["estimat"] <= row["ki_ovre"] <= 1


@pytest.mark.parametrize("n", [240, 305, 470, 635, 1200])
@pytest.mark.parametrize("side", [1, -1])
def test_an_irrelevant_difference_is_not_shown_as_wider_than_the_margin(n: int, side: int) -> None:
    low, high = sorted((side * -0.031, side * 0.0489))
    row = _found("risikodifferanse", n, ((low + high) / 2, low, high), "ingen_forskjell")
    assert -0.05 <= row["ki_nedre"] < 0 < row["ki_ovre"] <= 0.05
    assert row["ki_nedre"] <= row["estimat"] <= row["ki_ovre"]
    row = _found("risikoratio", n, (1.004, 0.92, 1.0957), "ingen_forskjell")
    assert 0.9091 <= row["ki_nedre"] < 1 < row["ki_ovre"] <= 1.1


def test_an_undecided_interval_of_the_same_numbers_is_wider() -> None:
    row = _found("risikodifferanse", 470, (0.009, -0.031, 0.0489), "uavklart")
    assert (row["estimat"], row["ki_ovre"]) == (0.015, 0.06)


def test_the_margins_of_the_release_are_those_of_the_protocol() -> None:
    protocol = load_protocol("praksis_tidspunkt")
    assert declared()["relevansgrense"] == {"andel": protocol.margin, "risikoratio": protocol.ratio_margin}


def test_a_share_that_reaches_everybody_is_no_finer_number() -> None:
    row = _found("risiko", 30, (0.8, 0.63, 0.97), "")
    assert row["ki_ovre"] == 1.0


# --- gates ----------------------------------------------------------------------------------------------------------------------


def _gates(n: int, **gates: object) -> dict[str, object]:
    row = effect("innen_8u", n, n // 2, maal="risikodifferanse", porter=json.dumps(gates))
    return dict(json.loads(_protected([row])["effekt"]["porter"].item()))


def test_gates_are_as_coarse_as_the_columns_beside_them() -> None:
    fine = {"ess_horisont": {"farge": "rod", "verdi": 3.8011}, "e_verdi_grense": 1.4569, "balanse": {"farge": "gul", "verdi": 0.106},
            "avkorting": {"farge": "gronn", "verdi": 0.0213}, "middelvekt": {"farge": "gronn", "verdi": 1.0}, "samtidig_personer": 366,
            "begrunnelse": "horisont", "ukjent": {"farge": "rod", "verdi": 0.123}}  # fmt: skip
    assert _gates(470, **fine) == {
        "ess_horisont": {"farge": "rod", "verdi": None}, "e_verdi_grense": 1.45, "balanse": {"farge": "gul", "verdi": 0.1},
        "avkorting": {"farge": "gronn", "verdi": 0.0}, "middelvekt": {"farge": "gronn", "verdi": 1.0}, "samtidig_personer": 365.0,
        "begrunnelse": "horisont", "ukjent": {"farge": "rod", "verdi": None},
    }  # fmt: skip
    assert _gates(240, e_verdi_grense=1.0) == {"e_verdi_grense": 1.0}


def test_a_gate_beside_several_arms_is_never_told_more_exactly_than_by_the_finest() -> None:
    """The coarser roundings of a value follow from the finer, so that they add nothing."""
    for name, units in (("avkorting", (0.005, 0.05, 0.25)), ("balanse", (0.005, 0.02, 0.1))):
        seen: dict[float, set[tuple[float, ...]]] = {}
        for tick in range(-12000, 12001, 7):
            finest, *coarser = (json.loads(coarse_gates(json.dumps({name: tick / 10000}), 5, u))[name] for u in units)
            seen.setdefault(finest, set()).add(tuple(coarser))
        assert len(seen) > 100
        assert {len(found) for found in seen.values()} == {1}


def test_a_finer_gate_is_refused() -> None:
    tables = _protected([effect("innen_8u", 470, 235, maal="risikodifferanse")])
    finer = tables["effekt"].with_columns(porter=pl.lit('{"e_verdi_grense": 1.4569}'))
    assert [estimate_group.unsafe_rows({**tables, "effekt": f}, 5)["effekt"] for f in (tables["effekt"], finer)] == [0, 1]
