"""Programmes of a given shape with effects of known size: none, five and ten points, and what the generator takes for likely.

Belongs here: planting and its truth. Must not be here: the shape itself, estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipeline.proof.estimands import E1, Estimand
from pipeline.proof.steering import People, steer
from pipeline.proof.summary import mean_and_error
from pipeline.synthetic.params import PRESETS, SyntheticParams

NO_EFFECT, AS_ASSUMED = "uten_virkning", "antatt"
SIZES = {"5_poeng": 0.05, "10_poeng": 0.10}
_NO_OTHER_EFFECT = {
    "course_language": 0.0, "course_readiness": 0.0, "participant_contact_work": 0.0, "participant_contact_readiness": 0.0,
}  # fmt: skip
_PLACEMENT_DIAL = (-0.5, 2.0)


@dataclass(frozen=True)
class Planted:
    """One programme to be tried: its name, its dials, and per analysis the true effect with its simulation error."""

    name: str
    params: SyntheticParams
    truth: dict[str, tuple[float, float]]


def true_effects(params: SyntheticParams, analyses: Iterable[Estimand], people: People) -> dict[str, tuple[float, float]]:
    """Name → (true effect, its simulation error), by forcing every rule on the same people."""
    listed = list(analyses)
    last = max(a.horisont_uker for a in listed)
    found = [[a.truth(forced) for a in listed] for forced in people.forced(params, last)]
    return {a.name: mean_and_error(column) for a, column in zip(listed, zip(*found, strict=True), strict=True)}


def with_no_effect(params: SyntheticParams) -> SyntheticParams:
    """The same programme without any path from placements, courses or contacts to an outcome."""
    return params.with_(**PRESETS["null"], **_NO_OTHER_EFFECT)


def with_size(params: SyntheticParams, size: float, people: People) -> SyntheticParams:
    """The same programme with placement's effect on work turned until the true Ψ_8(52) is ``size`` (difference of shares)."""
    week = E1.horisont_uker
    return steer(
        lambda x: params.with_(placement_work=x), lambda p: people.mean(p, week, E1.truth), size, _PLACEMENT_DIAL
    )  # fmt: skip


def plant(
    base: SyntheticParams, analyses: Iterable[Estimand], people: People, progress: Callable[[str], None]
) -> Iterator[Planted]:
    """The programmes to be tried, each when asked for.

    Args:
        base: the shape, with the generator's main effects.
        analyses: whose true effects are wanted.
        people: who the truth is simulated on.
        progress: told before each.
    """
    listed = list(analyses)
    for name in (NO_EFFECT, *SIZES, AS_ASSUMED):
        progress(f"Planter virkninger: {name}")
        params = _dials(name, base, people)
        yield Planted(name, params, true_effects(params, listed, people))


def _dials(name: str, base: SyntheticParams, people: People) -> SyntheticParams:
    if name in SIZES:
        return with_size(base, SIZES[name], people)
    return with_no_effect(base) if name == NO_EFFECT else base
