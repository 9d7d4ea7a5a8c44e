"""The truth: the same programme with the starts forced by a strategy, and nobody lost.

Belongs here: risks by intervention. Must not be here: any estimate.
"""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.dynamics import EDUCATION, WORK, Course
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.regimes import NATURAL, Regime
from pipeline.synthetic.world import course_of, population

GRACE_WEEKS = (2, 4, 8, 13, 26)
HORIZONS = (52, 78, 104)
OUTCOME_KINDS = {"arbeid": (WORK,), "utdanning": (EDUCATION,), "arbeid_eller_utdanning": (WORK, EDUCATION)}
REFERENCE = "ikke_innen_26u"


def regimes() -> dict[tuple[str, str | None], Regime]:
    """The rule behind each (strategi, variant) of placement timing and tempo."""
    named: dict[tuple[str, str | None], Regime] = {
        (REFERENCE, None): Regime("none_26"),
        ("naturlig", None): NATURAL,
        ("dobbelt_tempo", None): Regime("odds", factor=2.0),
        ("halvt_tempo", None): Regime("odds", factor=0.5),
    }
    for g in GRACE_WEEKS:
        named[(f"innen_{g}u", "jevn")] = Regime("uniform", g)
        named[(f"innen_{g}u", "naturlig")] = Regime("natural_grace", g)
    return named


def risks_of(course: Course) -> dict[str, dict[int, float]]:
    """utfall → weeks from start → share (0–1) that has left to it by then; horizons past the course repeat its end."""
    left = course.exit_week > 0
    return {
        outcome: {
            tau: float(np.mean(left & np.isin(course.exit_kind, kinds) & (course.exit_week <= tau))) for tau in HORIZONS
        }
        for outcome, kinds in OUTCOME_KINDS.items()
    }  # fmt: skip


def _contrast(risks: dict[str, dict[int, float]], against: dict[str, dict[int, float]]) -> dict[str, dict[int, float]]:
    return {o: {tau: risks[o][tau] - against[o][tau] for tau in HORIZONS} for o in risks}


def truth(params: SyntheticParams, seed: int, n: int = 50_000) -> dict[str, object]:
    """Cumulative incidence under every strategy, from ``n`` simulated participants per strategy.

    Other exits compete; flyttet and faset_ut are censoring, so they do not happen here. All strategies meet the same people
    and the same random numbers, which makes differences about three times as precise as the risks.

    Returns:
        ``risiko``: strategi → variant (``jevn``, ``naturlig`` or ``""``) → utfall → weeks from start → risk (0–1).
        ``differanse``: the same keys, against ``ikke_innen_26u`` for placement timing and against ``naturlig`` for tempo.
        ``n``: participants per strategy.
    """
    people = population(params.with_(participants=n), seed, n)
    risks: dict[str, dict[str, dict[str, dict[int, float]]]] = {}
    for (strategy, variant), regime in regimes().items():
        course = course_of(people, params, seed, regime, weeks=max(HORIZONS), lost=False, record=False)
        risks.setdefault(strategy, {})[variant or ""] = risks_of(course)
    differences = {
        strategy: {
            variant: _contrast(values, risks["naturlig" if strategy.endswith("tempo") else REFERENCE][""])
            for variant, values in variants.items()
        }
        for strategy, variants in risks.items()
        if strategy not in (REFERENCE, "naturlig")
    }
    return {"risiko": risks, "differanse": differences, "n": n}
