"""Lines of a study: written, read, resumed; what they add up to; the document made from them."""

from __future__ import annotations

import math
import re

import pytest

from pipeline.proof.document import (
    BARS_MARKS,
    TABLE_MARKS,
    Bar,
    bar_rows,
    summaries,
    table_rows,
    with_tables,
)
from pipeline.proof.estimands import E1, NOTHING, Found
from pipeline.proof.study import ANALYSES, STUDIES, Line, plan, read_lines, run_studies
from pipeline.proof.summary import summarise


def test_a_line_comes_back_as_it_was_written(tmp_path):
    line = Line("null", "estimert", 7, {"x": Found(0.1, 0.05, "B", 2.1), "y": Found(0.2, math.nan), "z": NOTHING})
    (tmp_path / "a.jsonl").write_text(line.text() + '{"studie": "nu', encoding="utf-8")
    (back,) = read_lines([tmp_path / "a.jsonl", tmp_path / "missing.jsonl"])
    assert (back.study, back.kind, back.number, back.found["x"]) == ("null", "estimert", 7, Found(0.1, 0.05, "B", 2.1))
    assert back.found["y"].estimate == 0.2
    assert not back.found["y"].is_finite
    assert not back.found["z"].is_finite


def test_a_plan_leaves_out_what_is_there_and_lets_studies_grow_evenly():
    todo = plan(["main", "strong_confounding"], {("main", "estimert", 0), ("main", "sannhet", 1)}, "estimert", (0, 1))
    assert len(todo) == 1000 + 200 - 1
    assert todo[:6] == [("strong_confounding", 0), ("main", 1), ("main", 2), ("main", 3), ("main", 4), ("main", 5)]
    half = [number for _, number in todo[: len(todo) // 2]]
    assert max(half) <= 501


def test_two_processes_share_the_work_without_overlap():
    both = [set(plan(["null"], set(), "estimert", (i, 2))) for i in (0, 1)]
    assert not both[0] & both[1]
    assert both[0] | both[1] == {("null", n) for n in range(1000)}


def test_a_study_goes_on_where_it_stopped(tmp_path):
    """Of the truth of 250 municipalities only the last portion is missing, and made."""
    study = STUDIES["n600"]
    done = [Line("n600", "sannhet", n, {E1.name: Found(0.1, math.nan)}) for n in range(study.true_replicates - 1)]
    (tmp_path / "before.jsonl").write_text("".join(line.text() for line in done), encoding="utf-8")
    told: list[str] = []
    results = tmp_path / "now.jsonl"
    run_studies(["n600"], results, kind="sannhet", bootstraps=2, share=(0, 1), progress=told.append)
    (made,) = read_lines([results])
    assert made.number == study.true_replicates - 1
    assert set(made.found) == {a.name for a in ANALYSES}
    assert told == [f"sannhet n600 {made.number}: 1 of 1"]
    before = results.read_bytes()
    run_studies(["n600"], results, kind="sannhet", bootstraps=2, share=(0, 1), progress=told.append)
    assert results.read_bytes() == before


def test_a_summary_by_hand():
    found = [Found(0.1, 0.05, "A"), Found(0.3, 0.05, "B"), NOTHING]
    s = summarise(found, (0.1, 0.002))
    assert (s.bias, s.sd, s.se, s.coverage, s.positive) == pytest.approx((0.1, 0.02**0.5, 0.05, 0.5, 1.0))
    assert s.own == 0  # both are a tenth from their mean, their intervals reach 0.098
    assert (s.bias_se, s.n, s.missing, s.grades) == (pytest.approx(0.1), 2, 1, {"A": 0.5, "B": 0.5})


def test_coverage_is_of_the_interval_that_was_told():
    """2.08 standard errors off: the limits of twelve municipalities reach that far, normal ones do not."""
    normal, few = (summarise([Found(0.204, 0.05, "A", q)] * 2, (0.1, 0.0)) for q in (1.96, 2.201))
    assert (normal.coverage, few.coverage) == (0.0, 1.0)


def test_a_summary_of_nothing_says_so():
    s = summarise([NOTHING, NOTHING], (0.1, 0.002))
    assert (s.n, s.missing) == (0, 2)
    assert math.isnan(s.bias)


def _lines(estimates, truth=0.1, study="main", analysis=E1.name):
    lines = [Line(study, "estimert", i, {analysis: Found(e, 0.05, "B")}) for i, e in enumerate(estimates)]
    return lines + [Line(study, "sannhet", i, {analysis: Found(truth + d, math.nan)}) for i, d in enumerate((-0.01, 0.01))]


def test_rows_are_made_of_what_has_estimates_and_truth():
    made = summaries([*_lines([0.1, 0.3]), Line("null", "estimert", 0, {E1.name: Found(0.0, 0.1)})])
    assert list(made) == [("main", E1.name)]
    row = "| main | 2 | E1 innen_8u, jevn, uke 52 | +0.100 ± 0.0100 | +0.1000 ± 0.1000 | 0.1414 | 0.0500 | 0.500 | 0.000 | 1.00 | B 1.00 |"
    assert table_rows(made) == f"{row}\n"


def test_the_order_of_the_lines_does_not_matter():
    lines = _lines([0.1, 0.3, 0.2])
    assert table_rows(summaries(lines)) == table_rows(summaries(reversed(lines)))


def test_a_bar_is_met_or_missed():
    near, far = (summaries(_lines(e))["main", E1.name] for e in ([0.105, 0.107], [0.115, 0.117]))
    bias, coverage = Bar("main", E1.name, "bias", -0.01, 0.01), Bar("main", E1.name, "coverage", 0.93, 0.97)
    assert (bias.met(near), bias.met(far), coverage.met(near)) == (True, False, False)
    assert "| **no** |" in bar_rows({("main", E1.name): far})


def test_the_tables_are_made_anew_between_their_marks_only():
    empty = f"a\n{TABLE_MARKS[0]}old\n{TABLE_MARKS[1]}\nb\n{BARS_MARKS[0]}{BARS_MARKS[1]}\nc\n"
    made = summaries(_lines([0.1, 0.3]))
    once = with_tables(empty, made)
    assert once == with_tables(once, made)
    assert re.sub(r"<!-- (\w+) -->\n.*?<!-- end", r"<!-- \1 -->\n<!-- end", once, flags=re.S) == empty.replace("old\n", "")
