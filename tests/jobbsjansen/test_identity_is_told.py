"""What status and night say of the identity history: counts and reasons, and nothing when there is nothing to say."""

from __future__ import annotations

from jobbsjansen.nightly import NightResult
from jobbsjansen.status import identity_lines


def test_refusal_findings_and_persons_found_to_be_one_are_told():
    facts = {
        "identity_history": {"files": 0, "links": 3, "findings": {"sirkel": 2, "identisk_rad": 9}, "refused": "Unreadable."},
        "pseudonyms_replaced": {"persons": 4, "participations": 1, "lists": 1},
    }
    text = NightResult(1.0, facts).text()
    assert "Identity history refused, the last good one stays: Unreadable." in text
    assert "Rows of the identity history left out: 2 sirkel." in text
    assert "Persons found to be one: 4; lists for recipients: 1." in text


def test_nothing_is_said_where_there_is_nothing_to_say():
    assert identity_lines({}) == []
    assert identity_lines({"identity_history": {"files": 1, "links": 9, "findings": {"identisk_rad": 2}}}) == []
