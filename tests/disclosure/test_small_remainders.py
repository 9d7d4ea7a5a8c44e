"""What a shown margin leaves for its hidden parts together is as good as printed, and so never counts a few persons."""

from __future__ import annotations

import random
from datetime import date

import polars as pl
import pytest
from linked_tables import random_problem, with_remainders

from pipeline.disclosure.audit import audit
from pipeline.disclosure.parameters import transition_spec
from pipeline.disclosure.problem import Pattern, Problem, TableSpec, build_problem
from pipeline.disclosure.protect import suppress
from pipeline.disclosure.transitions import members, protect_transitions
from pipeline.errors import ReleaseRefused
from pipeline.tables import KLARGJORT


def _groups(remainders: bool) -> Problem:
    """A county where nine women left, five of one group, two of each of two others; another county is large."""
    rows = [("k1", "a", 5), ("k1", "b", 2), ("k1", "c", 2), ("k2", "a", 40), ("k2", "b", 30), ("k2", "c", 20)]
    frame = pl.DataFrame(rows, schema=["fylke", "gruppe", "n"], orient="row")
    spec = TableSpec(("fylke", "gruppe"), {}, (("fylke", "gruppe"),), remainders=remainders)
    return build_problem(frame, spec, "n", None)


def _shown(problem: Problem, pattern: Pattern) -> dict[tuple[str, ...], int | None]:
    return {m.codes: m.value if s else None for m, s in zip(problem.measures, pattern.shown, strict=True)}


def test_two_hidden_groups_of_four_persons_together_cannot_be_counted() -> None:
    problem = _groups(remainders=True)
    cells = _shown(problem, suppress(problem))
    assert cells["k1", "b"] is None
    assert cells["k1", "c"] is None
    assert None in (cells["k1", "Total"], cells["k1", "a"])  # both together would tell that four are left
    assert cells["Total", "Total"] == 99
    assert audit(problem, suppress(problem)).passed


def test_the_audit_finds_a_remainder_that_is_shown() -> None:
    problem = _groups(remainders=True)
    hidden = {("k1", "b"), ("k1", "c"), ("k2", "b"), ("k2", "c")}
    judged = audit(problem, Pattern(tuple(m.codes not in hidden for m in problem.measures)))
    assert [problem.measures[i].codes for i in judged.small_remainders] == [("k1", "Total")]
    found = {name: n for name, n in judged.verdict().items() if n and n is not True}
    assert found == {"skjulte_tall_provd": 4, "rest_under_terskel": 1}
    assert not judged.passed


@pytest.mark.parametrize("outcome", [False, True])
def test_random_tables_have_no_small_remainder_by_the_audits_own_margins(outcome: bool) -> None:
    n_before = n_tested = 0
    for seed in range(60):
        problem = random_problem(seed, outcome)
        strict = with_remainders(problem)
        try:
            plain, pattern = suppress(problem), suppress(strict)
        except ReleaseRefused:
            continue
        n_before += len(audit(strict, plain).small_remainders)
        judged = audit(strict, pattern)
        assert judged.passed, (seed, judged)
        n_tested += 1
    assert n_tested > 40
    assert n_before > (20 if outcome else 0)  # the plain protection leaves some


def _leavers(seed: int) -> pl.DataFrame:
    rng = random.Random(seed)
    rows = []
    for i in range(260):
        area = rng.choices(["4601", "4602", "1101", "1102", "1801", "3101"], [30, 20, 12, 10, 6, 4])[0]
        rows.append(
            {
                "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}", "komm_nr_ref": area, "komm_nr": area, "fylke_nr": area[:2],
                "slutt_dato": date(2022 + rng.randrange(3), 5, 1), "kjonn": rng.choice(["kvinne", "kvinne", "kvinne", "mann"]),
                "malgruppe": rng.choice(["hjemmevaerende_kvinner"] * 5 + ["ungdom"] * 2 + ["overgangsstonad"]),
                "utfaset": rng.random() < 0.1, "overgang": rng.random() < 0.7,
            }
        )  # fmt: skip
    return KLARGJORT["deltakelse"].conform(pl.DataFrame(rows))


def _remainders(rows: pl.DataFrame, threshold: int) -> int:
    """Margins of the released rows that leave 1 to threshold - 1 persons, with or without the outcome, to hidden rows."""
    every = rows.filter(pl.col("nevnerregel") == "alle_avsluttede").with_columns(
        n=pl.col("nevner"), k=pl.col("teller"), u=pl.col("nevner") - pl.col("teller")
    )
    plain = every.filter(pl.col("dim") == "alle")
    counties, country = plain.filter(pl.col("nivaa") == "fylke"), plain.filter(pl.col("nivaa") == "land")
    municipalities = plain.filter(pl.col("nivaa") == "kommune").with_columns(
        omraade=pl.col("omraade").str.replace("andre-", "").str.slice(0, 2)
    )
    pooled = counties.filter(pl.col("periode").str.contains("-"))
    years = counties.filter(~pl.col("periode").str.contains("-")).with_columns(periode=pl.lit("2022-2024"))
    split = [every.filter(pl.col("dim") == dim) for dim in ("kjonn", "malgruppe")]
    pairs = [(country, counties.with_columns(omraade=pl.lit("0"))), (pooled, years), (pooled, municipalities)]
    pairs += [(plain, parts) for parts in split]
    found = 0
    for whole, parts in pairs:
        for name in ("n", "k", "u"):
            sums = parts.group_by("nivaa", "omraade", "periode").agg(pl.col(name).sum().alias("_sum"), pl.len())
            sums = sums.group_by("omraade", "periode").agg(pl.col("_sum").sum())
            rest = whole.join(sums, on=["omraade", "periode"]).with_columns(_rest=pl.col(name) - pl.col("_sum"))
            found += rest.filter((pl.col("_rest") > 0) & (pl.col("_rest") < threshold)).height
    return found


def test_no_released_margin_of_direct_transition_leaves_a_few_persons() -> None:
    n_hidden = 0
    for seed in range(6):
        made = protect_transitions(members(_leavers(seed), 2024), 5, pl.DataFrame(), 2024)
        assert made.judged.passed
        assert _remainders(made.rows, 5) == 0, seed
        n_hidden += made.rows.filter(pl.col("status") == ":").height
    assert n_hidden > 100
    assert transition_spec(5).remainders
