"""What ``nightly`` says when it is over: no gap and no None where there was nothing."""

from jobbsjansen.nightly import NightResult


def test_a_night_without_deliveries_says_so():
    said = NightResult(
        1.0, {"deliveries": {"new": 0, "known": 0, "states": {}}, "release": {"release_id": None}, "site": None}
    ).text()
    assert said.splitlines()[0] == "Deliveries: 0 new, 0 in the ledger."
    assert "Release: none." in said
    assert "None" not in said
    assert "Dashboard" not in said


def test_a_night_with_deliveries_names_their_states_and_the_dashboard():
    facts = {
        "deliveries": {"new": 1, "known": 2, "states": {"accepted": 2}},
        "release": {"release_id": "r0001", "new": True},
        "site": "home/site/index.html",
    }
    said = NightResult(1.0, facts, ["inndata"]).text()
    assert said.splitlines()[:4] == [
        "Deliveries: 1 new, 2 in the ledger (2 accepted).",
        "Built anew: inndata.",
        "Release: r0001 (new).",
        "Dashboard: home/site/index.html",
    ]
