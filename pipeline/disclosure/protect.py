"""From problem to pattern: the engine, then the stronger attackers, until none of them finds anything.

Belongs here: the repair loop. It only ever adds protection, and each round starts the engine again from nothing.
Must not be here: the audit that decides on release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.disclosure import engine, intervals, lone_persons
from pipeline.disclosure.engine import Outcome, Vector
from pipeline.disclosure.guard import Guard
from pipeline.disclosure.intervals import Bounds, Margins
from pipeline.disclosure.problem import Pattern, Problem
from pipeline.errors import ReleaseRefused, UserError

_MOST_ROUNDS = 80
_PATIENCE = 2  # rounds in which margins that pin by themselves become sums to protect: cheaper in hidden numbers than the guard
_STEADY_ROUNDS = 20  # after them nothing hidden is shown again and whole margins are hidden, so that the repair comes to an end


def suppress(problem: Problem, keep_hidden: frozenset[int] = frozenset()) -> Pattern:
    """What may be shown of the problem's tables: deterministic, exact against linear attackers, lone persons and non-negativity.

    Lone persons and margins that pin by themselves become sums to protect, which the elimination alone can answer; against the
    chains of conclusions that remain, a guard watches the bounds while the engine publishes. Where the tables ask for it, hidden
    parts that a shown margin counts as a few persons together become such sums too.

    Args:
        problem: the tables.
        keep_hidden: measures that are protected although they are large enough, because an earlier release hid them.

    Returns:
        The pattern; every number that it hides without being protected itself would expose one that is.

    Raises:
        UserError: a profile that is not built.
        ReleaseRefused: the repairs do not come to an end, or a protected number follows from zeros and margins alone.
    """
    if problem.spec.profile != "exact":
        raise UserError(f"The profile {problem.spec.profile} is not built.", "Use the profile exact.")
    virtual: dict[tuple[tuple[int, int], ...], Vector] = {}
    forced, guard = keep_hidden, None
    tracked, leaves, margins = lone_persons.tracked(problem), lone_persons.Leaves(problem), intervals.margins(problem)
    for rounds in range(1, _MOST_ROUNDS + 1):
        outcome = engine.run(problem, list(virtual.values()), forced, tracked, guard)
        if outcome.determined:
            raise ReleaseRefused("A protected number follows from zeros and margins alone.", "Release fewer or coarser tables.")
        bounds = intervals.bounds(problem, outcome.shown, margins)
        pinned = intervals.pinned(problem, outcome.shown, bounds)
        sums = lone_persons.sums(problem, outcome, forced, len(virtual))
        new = {tuple(sorted(v.items())): v for v in sums if not leaves.vanishes(v)}
        new |= {tuple(sorted(v.items())): v for v in _small_sums(problem, outcome, margins)}
        if not new and not pinned:
            return Pattern(outcome.shown, rounds, len(virtual) + len(forced))
        if not guard and rounds <= _PATIENCE:
            new |= {tuple(sorted(v.items())): v for v in _pinned_sums(problem, outcome, margins, bounds, pinned)}
        virtual.update(new)
        if rounds > _STEADY_ROUNDS:
            forced |= _everything_near(problem, outcome.shown, margins, bounds, pinned)
            guard = None
        elif guard or not new:
            forced |= _missed(problem, outcome, margins, bounds, pinned, guard) if guard else frozenset()
            guard = _guard(problem, margins, outcome.shown, forced)
    raise ReleaseRefused(f"The tables could not be protected in {_MOST_ROUNDS} rounds.", "Release fewer or coarser tables.")


def _pinned_sums(problem: Problem, outcome: Outcome, margins: Margins, bounds: Bounds, pinned: Sequence[int]) -> Iterator[Vector]:
    """The sum of the hidden parts of a shown margin, where that sum leaves each of them one value."""
    known, wanted = intervals.is_known(problem, outcome.shown), set(pinned)
    for equation in bounds.roots:
        hidden = [p for p in margins.parts_of(equation) if not known[p]]
        if not wanted.isdisjoint(hidden):
            yield _sum_of(problem, hidden)


def _small_sums(problem: Problem, outcome: Outcome, margins: Margins) -> Iterator[Vector]:
    """The sum of the hidden parts of a shown margin, where these count too few together and the tables ask for more."""
    if problem.spec.remainders:
        for hidden in intervals.small_remainders(problem, outcome.shown, margins):
            yield _sum_of(problem, hidden)


def _sum_of(problem: Problem, parts: Iterable[int]) -> Vector:
    return {u: 1 for p in parts for u in engine.unknowns(problem, problem.measures[p])}


def _guard(problem: Problem, margins: Margins, shown: Sequence[bool], forced: frozenset[int]) -> Guard:
    """A guard whose base is what was shown last, without the margins that pin: their numbers must be admitted one by one."""
    base = list(shown)
    measures = problem.measures
    watched = {i for i, m in enumerate(measures) if m.primary or (m.printed and not shown[i]) or i in forced}
    while True:
        bounds = intervals.bounds(problem, base, margins)
        if watched.isdisjoint(intervals.pinned(problem, base, bounds)):
            return Guard(problem, margins, bounds, watched)
        # first the margins that pin by themselves; those at the end of the chain only when these have nothing more to give
        doubtful = _shown_in(problem, base, margins, bounds.roots) or _shown_in(problem, base, margins, bounds.later)
        if not doubtful:
            return Guard(problem, margins, bounds, watched)
        for i in doubtful:
            base[i] = False


def _shown_in(problem: Problem, shown: Sequence[bool], margins: Margins, equations: Iterable[int]) -> set[int]:
    """Positive shown members of the equations; a count without the outcome is known through the one with it."""
    members = {i for e in equations for i in (*margins.parts_of(e), int(margins.whole[e]))}
    told = {i - 1 if problem.measures[i].part == "nei" else i for i in members}
    return {i for i in told if shown[i] and problem.measures[i].value > 0}


def _missed(
    problem: Problem, outcome: Outcome, margins: Margins, bounds: Bounds, pinned: Sequence[int], guard: Guard
) -> frozenset[int]:
    """What must be protected from now on, because the guard could not prevent that something is pinned.

    It cannot when a number is pinned first and found too dangerous to publish later, or when it follows from shown numbers.
    """
    if not pinned:
        return frozenset()
    measures = problem.measures
    late = {i for i in pinned if measures[i].printed and measures[i].value > 0 and not measures[i].primary}
    found = (late | set(guard.unavoidable)) - set(outcome.protected)
    return frozenset(found or {_least_shown_nearby(problem, outcome.shown, margins, bounds, pinned)})


def _everything_near(
    problem: Problem, shown: Sequence[bool], margins: Margins, bounds: Bounds, pinned: Sequence[int]
) -> frozenset[int]:
    """All that is hidden already, and all that is shown in the margins that pin: each round shows strictly less."""
    hidden = {i for i, m in enumerate(problem.measures) if m.printed and not shown[i] and m.value > 0}
    if not pinned:
        return frozenset(hidden)
    near = _shown_in(problem, shown, margins, (*bounds.roots, *bounds.later))
    return frozenset(hidden | (near or {_least_shown_nearby(problem, shown, margins, bounds, pinned)}))


def _least_shown_nearby(problem: Problem, shown: Sequence[bool], margins: Margins, bounds: Bounds, pinned: Sequence[int]) -> int:
    """The shown number, positive and closest to the pinned ones, whose hiding loosens them at the least cost."""
    candidates = _shown_in(problem, shown, margins, bounds.roots)
    reached, previous = set(pinned), set[int]()
    while not candidates and reached != previous:
        previous = set(reached)
        equations = margins.containing(previous)
        candidates = _shown_in(problem, shown, margins, equations)
        for equation in equations:
            reached |= {int(margins.whole[equation]), *margins.parts_of(equation)}
    if not candidates:
        raise ReleaseRefused("A hidden number is pinned and nothing shown is left to hide.", "Release fewer or coarser tables.")
    return min(candidates, key=lambda i: (-problem.measures[i].level, problem.measures[i].value, i))
