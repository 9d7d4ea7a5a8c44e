"""The recovery document: nothing is missing in its tables, and it shows what it warns of."""

from __future__ import annotations

from pathlib import Path

from pipeline.proof.document import BARS, BARS_HEAD, BARS_MARKS, HEAD, TABLE_MARKS
from pipeline.proof.estimands import E1
from pipeline.proof.study import ANALYSES, STUDIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "methods-recovery.md"


def test_the_document_has_every_study_and_analysis_and_every_bar():
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.split(TABLE_MARKS[0])[1].split(TABLE_MARKS[1])[0]
    bars = text.split(BARS_MARKS[0])[1].split(BARS_MARKS[1])[0]
    assert table.startswith(HEAD)
    assert bars.startswith(BARS_HEAD)
    cells = [tuple(part.strip() for part in line.split("|")[1:4:2]) for line in table.removeprefix(HEAD).splitlines()]
    assert cells == [(study, a.name) for study in STUDIES for a in ANALYSES]
    assert len(bars.removeprefix(BARS_HEAD).splitlines()) == len(BARS)


def test_the_document_shows_how_wrong_a_hidden_cause_makes_the_engine():
    rows = DOCUMENT.read_text(encoding="utf-8").splitlines()
    cells = next(line for line in rows if line.startswith("| unmeasured |") and E1.name in line).split("|")
    bias, coverage = float(cells[5].split("±")[0]), float(cells[8])
    assert bias > 0.05
    assert coverage < 0.5
