"""A text that is split as a whole gives what reading it record by record gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.findings import Reading, Refused
from pipeline.intake.reading import text

HEAD = "prosjekt_id;tilskuddsaar;navn"
CELLS = st.text(alphabet="aZ1 ,\t\u00e6\u2028\x85'", max_size=4)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


def read_of(data: bytes, table: str) -> tuple[object, ...]:
    """All that a reading says: rows, findings and facts."""
    reading = Reading()
    try:
        text.read_csv(data, table, reading)
    except Refused as refusal:
        reading.findings.append(refusal.finding)
    return [(name, f.columns, f.rows()) for name, f in reading.tables.items()], reading.findings, reading.facts


@given(
    top=st.lists(st.text(alphabet="abc ;", max_size=8), max_size=3),
    body=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6),
    end=ENDS,
    last=st.booleans(),
)
@settings(max_examples=400, derandomize=True, database=None, deadline=None)
def test_both_ways_agree(top: list[str], body: list[list[str]], end: str, last: bool) -> None:
    lines = [*top, HEAD, *(";".join(cells) for cells in body)]
    data = (end.join(lines) + (end if last else "")).encode()
    quick = read_of(data, "prosjekt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_plain", lambda *_: None)
        assert read_of(data, "prosjekt") == quick


@pytest.mark.parametrize(("body", "split"), [("P1;2023;a\r\nP2;2023;b", True), ('P1;2023;"a"', False), ("P1;2023", False)])
def test_which_texts_are_split_as_a_whole(body: str, split: bool) -> None:
    assert (text._plain(f"{HEAD}\n{body}\n", ";", "prosjekt") is not None) == split
