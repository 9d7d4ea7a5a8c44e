"""Signs of the released estimate tables: ``..`` for what was never a number, ``:`` for a number that is hidden."""

import polars as pl

from pipeline.disclosure import estimates
from pipeline.tables import STATISTIKK


def _link(n: int | None, estimate: float | None, grade: str | None) -> dict[str, object]:
    return {
        "fra": f"a{n}{grade}",
        "til": "b",
        "estimat": estimate,
        "grad": grade,
        "n": n,
        "n_hendelser": n,
        "enhet": "andel",
        "beregnet": "x",
    }


def test_a_link_that_was_not_estimated_is_missing_and_a_small_one_is_hidden():
    rows = [_link(None, None, None), _link(3, 0.1, "A"), _link(400, 0.1, "A")]
    released = estimates.chain(STATISTIKK["aarsakskjede"].conform(pl.DataFrame(rows)), 5).sort("fra")
    assert dict(released.select("fra", "status").iter_rows()) == {"aNoneNone": "..", "a3A": ":", "a400A": ""}
    assert dict(released.select("fra", "estimat").iter_rows()) == {"aNoneNone": None, "a3A": None, "a400A": 0.1}


def test_steps_of_an_ungradable_curve_are_missing_not_hidden():
    base = {
        "strategi": "innen_8u",
        "variant": "jevn",
        "utfall": "arbeid",
        "risiko": 0.2,
        "n_hendelser": 50,
        "n_under_risiko": 500,
    }
    rows = [
        base | {"uke": 4, "grad": "C", "strategi": "x"},
        base | {"uke": 4, "grad": "A"},
        base | {"uke": 8, "grad": "A", "n_hendelser": 52},
    ]
    released = estimates.curves(STATISTIKK["kurver"].conform(pl.DataFrame(rows)), 5)
    assert {(s, u): sign for s, u, sign in released.select("strategi", "uke", "status").iter_rows()} == {
        ("x", 4): "..", ("innen_8u", 4): "", ("innen_8u", 8): ":",
    }  # fmt: skip
