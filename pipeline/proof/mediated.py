"""The language level as a way (E6) under proof: an early course's total effect, and the part of it through the level at mid-year.

The truth's level is the one nobody sees; the engine has the level that was written down, and says so in its sentences.
Must not be here: the estimator's own parts.
"""

from __future__ import annotations

from pipeline.effects.answers import contrast
from pipeline.effects.mediation_arms import VIA, declared_arms, mediation_results
from pipeline.effects.mediation_rows import NAME, mediation_protocol, rows_of
from pipeline.proof.estimands import NOTHING, OUTCOME, Estimand, Found, found_of
from pipeline.proof.programme import Forced, Programme
from pipeline.synthetic.mediation_truth import Effort, mediation_truth
from pipeline.synthetic.params import SyntheticParams

_EFFORT: Effort = "norskopplaering"
_WEEK, _WITHOUT = 52, "ingen_norskopplaering"
_PART = {_EFFORT: "total", _EFFORT + VIA: "via_norsk"}
Parts = dict[str, dict[tuple[str, int], float]]


def _true_parts(params: SyntheticParams, seed: int, people: int) -> Parts:
    return mediation_truth(params, seed, _EFFORT, people)


def _grade(programme: Programme, strategy: str) -> str:
    asked = (strategy, OUTCOME, _WEEK, "risikodifferanse")
    rows = rows_of(programme.mediation, mediation_protocol())
    return str(next(r["grad"] for r in rows if tuple(r[k] for k in ("strategi", "utfall", "horisont_uker", "maal")) == asked))


def _estimand(strategy: str) -> Estimand:
    def estimate(programme: Programme) -> Found:
        arms = declared_arms(_EFFORT, _WITHOUT)
        results = mediation_results(programme.mediation, arms, mediation_protocol())
        if not results.arms:
            return NOTHING
        chosen = next(one for one in arms if one.name == strategy)
        return found_of(contrast(results, chosen, arms[1], OUTCOME, _WEEK)[0], _grade(programme, strategy))

    def truth(forced: Forced) -> float:
        return forced.once(_true_parts)[_PART[strategy]][OUTCOME, _WEEK]

    return Estimand(f"E6 {strategy}, uke {_WEEK}", NAME, strategy, _WITHOUT, None, _WEEK, estimate, truth)


MEDIATED = (_estimand(_EFFORT), _estimand(_EFFORT + VIA))
