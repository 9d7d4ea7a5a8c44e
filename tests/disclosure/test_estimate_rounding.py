"""Released estimates are too coarse for a count of a few persons: the attacks on them find none, and a finer number is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, participants, settings, statistics

from pipeline.disclosure import build_release, estimate_group
from pipeline.disclosure.curves import curves
from pipeline.errors import ReleaseRefused
from pipeline.tables import STATISTIKK

_ARMS = {"innen_2u": 93, "innen_4u": 241, "innen_8u": 471, "innen_26u": 934}
_WORK, _STUDY, _BOTH = "arbeid", "utdanning", "arbeid_eller_utdanning"
_WEEKS = tuple(range(0, 105, 4))
_HORIZONS = (52, 76, 104)


def _events(arm: str, outcome: str, week: int) -> int:
    """Cumulative counts that grow by 0-4 persons in many steps; both outcomes together are their sum."""
    n = _ARMS[arm]
    work, study = week * n // 220, (week + n % 7) * n // 1500 + week // 26
    return {_WORK: work, _STUDY: study, _BOTH: work + study}[outcome]


def _cells() -> list[tuple[str, str, str]]:
    return list(itertools.product(_ARMS, ("jevn", "naturlig"), (_WORK, _STUDY, _BOTH)))


def _grade(arm: str, variant: str) -> str:
    return "C" if variant == "naturlig" and arm != "innen_8u" else "A"


def _effects() -> pl.DataFrame:
    """Risks as an attacker would wish them: unweighted, so that estimate times persons is the count."""
    rows = []
    for arm, variant, outcome in _cells():
        for week in _HORIZONS:
            n, k = _ARMS[arm], _events(arm, outcome, week)
            more = {"variant": variant, "utfall": outcome, "horisont_uker": week, "estimat": k / n, "ki_nedre": k / n - 0.031}
            rows.append(effect(arm, n, k, _grade(arm, variant), **more, ki_ovre=k / n + 0.031, ess=n / 1.7))
    return STATISTIKK["effekt"].conform(pl.DataFrame(rows))


def _curves() -> pl.DataFrame:
    rows = [
        {
            "strategi": arm, "variant": variant, "utfall": outcome, "uke": week, "risiko": _events(arm, outcome, week) / _ARMS[arm],
            "ki_nedre": 0.0, "ki_ovre": 0.9, "n_hendelser": _events(arm, outcome, week),
            "n_under_risiko": _ARMS[arm] - _events(arm, _BOTH, week), "grad": _grade(arm, variant),
        }
        for arm, variant, outcome in _cells()
        for week in _WEEKS
    ]  # fmt: skip
    return STATISTIKK["kurver"].conform(pl.DataFrame(rows))


def _released() -> dict[str, pl.DataFrame]:
    inputs = {**statistics([]), "effekt": _effects(), "kurver": _curves()}
    return estimate_group.protected(inputs, 5)


def _possible(released: dict[str, pl.DataFrame]) -> dict[tuple[str, int], set[tuple[int, int]]]:
    """Every (work, study) that a reader cannot rule out, for each arm and week, who takes the estimates for plain shares.

    He knows the exact number of persons, which the release does not even tell, and uses both tables, both variants, all three
    outcomes, their sum, and that counts only grow.
    """
    limits: dict[tuple[str, int, str], tuple[int, int]] = {}
    for (arm, week, outcome), (low, high) in [*_from_counts(released["effekt"]), *_from_risks(released)]:
        lower, upper = limits.get((arm, week, outcome), (0, _ARMS[arm]))
        limits[arm, week, outcome] = (max(low, lower), min(high, upper))
    for arm, outcome in itertools.product(_ARMS, (_WORK, _STUDY, _BOTH)):
        _grow(limits, arm, outcome)
    out = {}
    for arm, week in itertools.product(_ARMS, _WEEKS):
        spans = [range(a, b + 1) for a, b in (limits[arm, week, o] for o in (_WORK, _STUDY))]
        low, high = limits[arm, week, _BOTH]
        out[arm, week] = {(a, u) for a in spans[0] for u in spans[1] if low <= a + u <= high}
    return out


def _from_counts(effects: pl.DataFrame) -> list[tuple[tuple[str, int, str], tuple[int, int]]]:
    rows = effects.select("strategi", "horisont_uker", "utfall", "n_hendelser").drop_nulls().iter_rows()
    return [((arm, week, outcome), (k, k + 4)) for arm, week, outcome, k in rows]


def _from_risks(released: dict[str, pl.DataFrame]) -> list[tuple[tuple[str, int, str], tuple[int, int]]]:
    out = []
    effects = released["effekt"].rename({"horisont_uker": "uke", "estimat": "risiko"})
    for frame in (effects, released["kurver"]):
        for arm, week, outcome, share in frame.select("strategi", "uke", "utfall", "risiko").drop_nulls().iter_rows():
            n = _ARMS[arm]
            half = -(-1000 // (n // 5 * 5)) / 400
            out.append(((arm, week, outcome), (round((share - half) * n + 0.499), round((share + half) * n - 0.499))))
    return out


def _grow(limits: dict[tuple[str, int, str], tuple[int, int]], arm: str, outcome: str) -> None:
    spans = [limits.get((arm, week, outcome), (0, _ARMS[arm])) for week in _WEEKS]
    lows = list(itertools.accumulate((low for low, _ in spans), max))
    highs = list(itertools.accumulate((high for _, high in reversed(spans)), min))[::-1]
    limits.update({(arm, week, outcome): span for week, span in zip(_WEEKS, zip(lows, highs, strict=True), strict=True)})


def test_the_truth_stays_possible_so_that_the_attack_is_a_real_one() -> None:
    possible = _possible(_released())
    for (arm, week), pairs in possible.items():
        assert (_events(arm, _WORK, week), _events(arm, _STUDY, week)) in pairs


def _known(possible: dict[tuple[str, int], set[tuple[int, int]]]) -> list[tuple[str, str, int, int]]:
    """(arm, outcome, week, later week) of every count or step of 1-4 persons that the reader knows for certain."""
    found = []
    for arm, place in itertools.product(_ARMS, (0, 1)):
        outcome = (_WORK, _STUDY)[place]
        spans = {week: (min(values), max(values)) for week in _WEEKS for values in [[p[place] for p in possible[arm, week]]]}
        for one, other in itertools.combinations(_WEEKS, 2):
            step = _events(arm, outcome, other) - _events(arm, outcome, one)
            least, most = spans[other][0] - spans[one][1], spans[other][1] - spans[one][0]
            if 0 < step < 5 and max(least, 0) == most:
                found.append((arm, outcome, one, other))
    return found


def test_sums_over_outcomes_tables_and_variants_leave_no_count_and_no_step_of_a_few_persons_known() -> None:
    assert _known(_possible(_released())) == []


def test_the_same_attack_on_exact_counts_finds_many() -> None:
    exact = {(arm, week): {(_events(arm, _WORK, week), _events(arm, _STUDY, week))} for arm in _ARMS for week in _HORIZONS}
    assert len(_known({**_possible(_released()), **exact})) > 1


def test_no_step_of_a_few_persons_between_horizons_and_no_events_for_weak_grades() -> None:
    effects = _released()["effekt"]
    truth = [_events("innen_2u", _STUDY, week) for week in _HORIZONS]
    assert any(0 < b - a < 5 for a, b in itertools.pairwise(truth))
    rows = effects.sort("strategi", "variant", "utfall", "horisont_uker").with_columns(
        step=pl.col("n_hendelser").diff().over("strategi", "variant", "utfall")
    )
    assert rows["step"].drop_nulls().len() > 0
    assert rows.filter(pl.col("step").abs().is_between(1, 4)).is_empty()
    assert (
        effects.filter(pl.col("grad") == "C").select("n_hendelser", "estimat").null_count().row(0)
        == (effects.filter(pl.col("grad") == "C").height,) * 2
    )
    assert effects["n_personer"].drop_nulls().len() > 0


def test_curves_carry_no_counts_and_a_week_is_shown_for_all_outcomes_or_none() -> None:
    out = _released()["kurver"]
    assert out.select("n_hendelser", "n_under_risiko").null_count().row(0) == (out.height, out.height)
    shown = out.filter(pl.col("risiko").is_not_null())
    assert shown.group_by("strategi", "variant", "uke").len()["len"].unique().to_list() == [3]
    for arm, outcome in itertools.product(_ARMS, (_WORK, _STUDY, _BOTH)):
        weeks = shown.filter((pl.col("strategi") == arm) & (pl.col("utfall") == outcome))["uke"].unique().sort().to_list()
        # what lies between two weeks of `effekt` is told there too
        pairs = [pair for pair in itertools.pairwise(weeks) if not set(pair) <= set(_HORIZONS)]
        steps = [_events(arm, outcome, b) - _events(arm, outcome, a) for a, b in pairs]
        assert set(_HORIZONS) < set(weeks)
        assert all(step == 0 or step >= 5 for step in steps)


def test_steps_of_an_ungradable_curve_are_missing_not_hidden() -> None:
    out = _released()["kurver"].filter((pl.col("strategi") == "innen_2u") & (pl.col("variant") == "naturlig"))
    assert out["status"].unique().to_list() == [".."]
    assert _released()["kurver"].filter(pl.col("strategi") == "innen_2u")["status"].unique().sort().to_list() == ["", "..", ":"]


def test_a_curve_whose_persons_no_effect_tells_is_hidden() -> None:
    out = curves(_curves().filter(pl.col("grad") == "A"), _released()["effekt"].clear(), 5)
    assert out["status"].unique().to_list() == [":"]
    assert out["risiko"].null_count() == out.height


def test_sentences_and_gates_say_the_rounded_numbers() -> None:
    said = "Anslagsvis 19,6 prosentpoeng flere, enn (95 % intervall fra −1,2 til 29,1 prosentpoeng). Mindre enn 5 prosentpoeng."
    row = effect("innen_4u", 241, 77, estimat=0.196491, ki_nedre=-0.012, ki_ovre=0.290769, kan_si=said, maal="risikodifferanse",
                 porter=json.dumps({"startere": {"verdi": 87.0}, "e_verdi_grense": 1.41394, "ess": {"verdi": 134.03}}))  # fmt: skip
    other = {**row, "strategi": "innen_2u", "kan_si": "Tallet er 3,7 av noe annet."}
    out = estimate_group.protected({**statistics([]), "effekt": STATISTIKK["effekt"].conform(pl.DataFrame([row, other]))}, 5)[
        "effekt"
    ]
    one, unknown = (out.filter(pl.col("strategi") == s).row(0, named=True) for s in ("innen_4u", "innen_2u"))
    assert (one["estimat"], one["ki_nedre"], one["ki_ovre"]) == (0.2, -0.025, 0.3)
    assert one["kan_si"] == (
        "Anslagsvis 20,0 prosentpoeng flere, enn (95 % intervall fra −2,5 til 30,0 prosentpoeng). Mindre enn 5 prosentpoeng."
    )
    assert json.loads(one["porter"]) == {"startere": {"verdi": 85.0}, "e_verdi_grense": 1.5, "ess": {"verdi": 130.0}}
    assert unknown["kan_si"] is None


def test_naive_difference_follows_from_the_rounded_shares() -> None:
    frame = STATISTIKK["effekt_naiv"].conform(
        pl.DataFrame(
            [
                {"strategi": "innen_2u", "sammenligning": "senere", "utfall": _WORK, "horisont_uker": 52, "andel_strategi": 30 / 83,
                 "andel_sammenligning": 46 / 575, "estimat": 30 / 83 - 46 / 575, "ki_nedre": 0.1, "ki_ovre": 0.4, "n_strategi": 83,
                 "n_sammenligning": 577, "beregnet": "x"}
            ]
        )
    )  # fmt: skip
    row = estimate_group.protected({**statistics([]), "effekt_naiv": frame}, 5)["effekt_naiv"].row(0, named=True)
    assert (row["n_strategi"], row["n_sammenligning"], row["andel_strategi"], row["andel_sammenligning"]) == (80, 575, 0.39, 0.08)
    assert row["estimat"] == pytest.approx(0.31)
    assert row["ki_nedre"] < row["estimat"] < row["ki_ovre"]


def _set(table: str, column: str, value: float) -> Callable[[dict[str, pl.DataFrame]], dict[str, pl.DataFrame]]:
    def change(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        shown = tables[table].filter(pl.col("status") == "")[:1]
        rest = tables[table].join(shown, on=[*shown.columns], how="anti", nulls_equal=True)
        planted = pl.lit(value).cast(shown.schema[column]).alias(column)
        return {**tables, table: pl.concat([shown.with_columns(planted), rest])}

    return change


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("effekt", "n_hendelser", 7), ("effekt", "n_personer", 93), ("effekt", "estimat", 0.4711), ("effekt", "ki_nedre", 0.1234),
        ("effekt", "ess", 121.3), ("kurver", "n_hendelser", 40), ("kurver", "n_under_risiko", 300), ("kurver", "risiko", 0.4711),
        ("effekt_naiv", "n_strategi", 83), ("effekt_naiv", "andel_strategi", 0.3612), ("aarsakskjede", "n", 471),
        ("aarsakskjede", "estimat", 0.1559),
    ],
)  # fmt: skip
def test_a_planted_finer_number_makes_the_gate_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, column: str, value: float
) -> None:
    people = participants()
    case = {**statistics([], people), "effekt": _effects(), "kurver": _curves(), **_other_tables()}
    build_release(case, people, case["utfall"], [], settings(tmp_path))
    protected = estimate_group.protected
    monkeypatch.setattr(estimate_group, "protected", lambda *given: _set(table, column, value)(protected(*given)))
    with pytest.raises(ReleaseRefused, match=f"too exact, would be shown in {table}"):
        build_release(case, people, case["utfall"], [], settings(tmp_path))


def test_a_week_shown_for_one_outcome_alone_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = participants()
    case = {**statistics([], people), "effekt": _effects(), "kurver": _curves()}
    protected = estimate_group.protected

    def torn(*given: object) -> dict[str, pl.DataFrame]:
        tables = protected(*given)  # type: ignore[arg-type]
        one = (pl.col("status") == ":") & (pl.col("utfall") == _WORK)
        tables["kurver"] = tables["kurver"].with_columns(risiko=pl.when(one).then(0.0).otherwise("risiko"))
        return tables

    monkeypatch.setattr(estimate_group, "protected", torn)
    with pytest.raises(ReleaseRefused, match="kurver"):
        build_release(case, people, case["utfall"], [], settings(tmp_path))


def _other_tables() -> dict[str, pl.DataFrame]:
    naive = {"strategi": "innen_4u", "sammenligning": "senere", "utfall": _WORK, "horisont_uker": 52, "andel_strategi": 0.3,
             "andel_sammenligning": 0.1, "estimat": 0.2, "n_strategi": 240, "n_sammenligning": 500, "beregnet": "x"}  # fmt: skip
    link = {"fra": "praksis", "til": _BOTH, "estimat": 0.2, "ki_nedre": 0.1, "ki_ovre": 0.3, "enhet": "andel", "grad": "A", "n": 400,
            "n_hendelser": 80, "beregnet": "x"}  # fmt: skip
    return {
        "effekt_naiv": STATISTIKK["effekt_naiv"].conform(pl.DataFrame([naive])),
        "aarsakskjede": STATISTIKK["aarsakskjede"].conform(pl.DataFrame([link])),
    }
