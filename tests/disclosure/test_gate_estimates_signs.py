"""Signs of the released estimate tables: ``..`` for what was never a number, ``:`` for a number that is hidden."""

import polars as pl

from pipeline.disclosure import estimates
from pipeline.disclosure.rounding import coarse_estimates
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
    assert dict(released.select("fra", "estimat").iter_rows()) == {"aNoneNone": None, "a3A": None, "a400A": 0.105}


def test_an_interval_never_crosses_zero_by_rounding():
    exact = pl.DataFrame(
        {"e": [0.0143, -0.0143, 0.0143], "l": [0.0007, -0.0279, -0.001], "h": [0.0279, -0.0007, 0.03], "_step": [0.01] * 3}
    )
    released = coarse_estimates(exact, "e", "l", "h")
    assert released["l"].to_list()[0] == 0.0
    assert released["h"].to_list()[1] == 0.0
    assert released["l"].to_list()[2] < 0
