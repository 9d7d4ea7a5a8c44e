"""Signs of the released estimate tables: ``..`` for what was never a number, ``:`` for a number that is hidden."""

import polars as pl
from release_case import effect

from pipeline.disclosure import estimates, links
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
    released = links.chain(STATISTIKK["aarsakskjede"].conform(pl.DataFrame(rows)), 5).sort("fra")
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


def _arm(strategy: str, n: int, k: int, measure: str = "risiko", other: str | None = None, analysis: str = "kombinasjonslop"):
    return effect(strategy, n, k, "A") | {
        "analyse": analysis, "sammenligning": other, "maal": measure, "variant": None, "estimat": 0.2, "ki_nedre": 0.1, "ki_ovre": 0.3,
    }  # fmt: skip


def test_an_arm_made_of_others_is_hidden_with_the_smallest_of_them():
    """The interaction has no risk of its own; with the other differences shown it would give the hidden one away."""
    arms = [_arm("praksis_og_norsk", 400, 200), _arm("bare_norsk", 400, 200), _arm("ingen_av_delene", 400, 200)]
    joint = _arm("samspill", 400, 200, "risikodifferanse", "sum_av_delene")
    for k, hidden in ((3, True), (60, False)):
        rows = [*arms, _arm("bare_praksis", 90, k), joint]
        released = estimates.effects(STATISTIKK["effekt"].conform(pl.DataFrame(rows)), 5)
        found = released.filter(pl.col("strategi") == "samspill").row(0, named=True)
        assert (found["status"] == ":") is hidden
        assert (found["estimat"] is None) is hidden


def test_an_arm_made_of_others_is_as_coarse_as_the_smallest_of_them():
    rows = [_arm("praksis_og_norsk", 4000, 2000), _arm("bare_praksis", 100, 50), _arm("ingen_av_delene", 4000, 2000)]
    rows.append(_arm("samspill", 4000, 2000, "risikodifferanse", "sum_av_delene") | {"estimat": 0.2137})
    frame = STATISTIKK["effekt"].conform(pl.DataFrame(rows))
    released = estimates.effects(frame, 5).filter(pl.col("strategi") == "samspill").row(0, named=True)
    assert released["estimat"] == 0.2
