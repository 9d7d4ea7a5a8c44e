from __future__ import annotations

from jobbsjansen.nightly import NightResult
from jobbsjansen.status import extract_lines

FACTS = {
    "extracts_refused": {"ytelse": "registers/ytelse: uttrekk_hull: A month is missing."},
    "extracts_unseen": {"ytelse": 3},
    "extracts_waiting": {"utdanning": 1},
    "extracts_ignored": {"ytelse": 2},
    "register_folders_unknown": 1,
    "extracts_of_whole_populations": ["arbeidsforhold"],
}


def test_refused_waiting_and_whole_extracts_are_told_by_night_and_status():
    assert extract_lines({}) == []
    lines = extract_lines(FACTS)
    assert lines[0] == "Extract of ytelse (Ytelser) refused, the last good one stays: uttrekk_hull: A month is missing."
    assert "ytelse (Ytelser): 3 participant(s) came while its files were away" in lines[1]
    assert "registers/utdanning (Utdanning): 1 still being written" in lines[2]
    assert "registers/ytelse (Ytelser): 2 not read" in lines[3]
    assert "1 folder(s) of no register" in lines[4]
    assert lines[5].endswith(": arbeidsforhold (Arbeidsforhold).")
    assert all(line in NightResult(1.0, FACTS).text() for line in lines)
