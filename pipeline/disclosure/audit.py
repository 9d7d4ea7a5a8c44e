"""The independent judge: can any hidden number be computed from the shown ones?

Belongs here: tests of a finished pattern, by another method than the engine's and without a line of its code.
Must not be here: repairs.

Method: draw random tables that agree with every shown number (differences of two such tables are random vectors of the null space
of the shown numbers, drawn exactly, modulo a prime, from the leaves of the tree upwards and back down). A number that is the same
in all of them is determined; one that is not determined differs with probability 1 - 1/prime per draw. Nothing is ever missed, and
there is no tolerance and no iteration that could stop early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.disclosure import audit_bounds, field
from pipeline.disclosure.field import PRIME
from pipeline.disclosure.problem import Ints, Pattern, Problem

_DRAWS = 4
_SEED = 20240501


@dataclass(frozen=True)
class Audit:
    """Findings, each as positions in ``problem.measures``; all empty when the pattern may be released.

    Attributes:
        under_threshold: shown although too small, or shown although everybody or nobody has the outcome.
        recoverable: hidden, and a combination of shown numbers.
        by_lone_person: protected, and computable by a person who is alone in an inner cell and knows that.
        pinned: hidden, with one value left because counts are not negative and hidden counts of persons not zero.
        small_remainders: shown margins that leave a few persons to their hidden parts together; empty unless the tables ask for it.
        n_hidden: hidden printed numbers that were tested.
        complete: False when a test could not be finished; the release must then be refused.
    """

    under_threshold: tuple[int, ...]
    recoverable: tuple[int, ...]
    by_lone_person: tuple[int, ...]
    pinned: tuple[int, ...]
    small_remainders: tuple[int, ...]
    n_hidden: int
    complete: bool

    @property
    def passed(self) -> bool:
        found = self.under_threshold, self.recoverable, self.by_lone_person, self.pinned, self.small_remainders
        return self.complete and not any(found)

    def verdict(self) -> dict[str, int | bool]:
        """The counts, JSON-ready: no cell, no code, no number of a table."""
        return {
            "bestatt": self.passed, "fullfort": self.complete, "skjulte_tall_provd": self.n_hidden,
            "under_terskel": len(self.under_threshold), "kan_regnes_ut": len(self.recoverable),
            "kan_regnes_ut_av_enslig": len(self.by_lone_person), "kan_avgrenses_til_en_verdi": len(self.pinned),
            "rest_under_terskel": len(self.small_remainders),
        }  # fmt: skip


def audit(problem: Problem, pattern: Pattern) -> Audit:
    """Judge a pattern against the linear attacker, the lone person and the one who knows that counts are not negative.

    Returns:
        All findings; ``Audit.passed`` decides.

    Raises:
        ValueError: when pattern and problem do not belong together.
    """
    if len(pattern.shown) != len(problem.measures):
        raise ValueError("pattern and problem differ in length")
    known = _known(problem, pattern.shown)
    hidden = [i for i, m in enumerate(problem.measures) if not known[i] and (m.printed or _is_secret(problem, i))]
    seen = _values(problem, _draw(problem, pattern.shown))
    one_value, at_rest = audit_bounds.pinned(problem, known)
    return Audit(
        under_threshold=tuple(i for i, k in enumerate(known) if k and _is_secret(problem, i)),
        recoverable=tuple(i for i in hidden if not seen[i].any()),
        by_lone_person=tuple(_lone_person_findings(problem, [i for i in hidden if _is_secret(problem, i)], seen, pattern)),
        pinned=tuple(sorted(set(one_value).intersection(hidden))),
        small_remainders=tuple(audit_bounds.small_remainders(problem, known)) if problem.spec.remainders else (),
        n_hidden=len(hidden),
        complete=at_rest,
    )


def _known(problem: Problem, shown: Sequence[bool]) -> list[bool]:
    """Per measure, whether it is printed, or the difference of the two printed numbers of its own cell."""
    printed = {(m.codes, m.part) for m, s in zip(problem.measures, shown, strict=True) if s}
    pair = {m.codes for m in problem.measures if (m.codes, "alle") in printed and (m.codes, "ja") in printed}
    return [(m.codes, m.part) in printed or (m.part == "nei" and m.codes in pair) for m in problem.measures]


def _is_secret(problem: Problem, i: int) -> bool:
    """The rule, from the numbers themselves and not from the flag that the engine obeys."""
    measure, k = problem.measures[i], problem.spec.threshold
    if 0 < measure.value < k:
        return True
    if measure.part == "alle":
        return False
    persons = int(problem.counts[measure.node, [2 * (s // 2) for s in measure.support]].sum())
    persons += int(problem.counts[measure.node, [2 * (s // 2) + 1 for s in measure.support]].sum())
    return persons > 0 and (measure.value == 0 or (measure.part == "ja" and measure.value == persons))


def _draw(problem: Problem, shown: Sequence[bool]) -> Ints:
    """Random null vectors of the shown numbers, shape (draws, nodes, width)."""
    nodes, width = problem.counts.shape
    alive = ~problem.known_zero()
    stated = _stated(problem, shown)
    spaces: list[Ints] = [np.zeros((0, width), dtype=np.int64)] * nodes
    joined: dict[int, tuple[Ints, list[int]]] = {}
    for node in reversed(range(nodes)):
        if problem.children[node]:
            below = np.concatenate([spaces[c] for c in problem.children[node]])
            chosen = field.independent_rows(below) if len(below) else []
            joined[node] = (below, chosen)
            spaces[node] = _restrict(below[chosen], stated[node])
        else:
            spaces[node] = _leaf_space(alive[node], stated[node], width)
    return _descend(problem, spaces, joined)


def _stated(problem: Problem, shown: Sequence[bool]) -> list[Ints]:
    rows: list[list[Ints]] = [[] for _ in problem.node_codes]
    for i, measure in enumerate(problem.measures):
        if shown[i]:
            row = np.zeros(problem.width, dtype=np.int64)
            row[list(measure.support)] = 1
            rows[measure.node].append(row)
    empty = np.zeros((0, problem.width), dtype=np.int64)
    return [np.array(r, dtype=np.int64) if r else empty for r in rows]


def _leaf_space(alive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], stated: Ints, width: int) -> Ints:
    places = np.flatnonzero(alive)
    basis = field.null_basis(np.unique(stated[:, places], axis=0) if len(stated) else stated[:, places])
    out = np.zeros((len(basis), width), dtype=np.int64)
    out[:, places] = basis
    return out


def _restrict(rows: Ints, stated: Ints) -> Ints:
    """The combinations of ``rows`` on which every stated sum is 0."""
    if not len(rows) or not len(stated):
        return rows
    sums = np.array([[int(row[one].sum()) % PRIME for row in rows] for one in stated.astype(bool)], dtype=np.int64)
    return field.multiply(field.null_basis(sums), rows)


def _descend(problem: Problem, spaces: list[Ints], joined: dict[int, tuple[Ints, list[int]]]) -> Ints:
    random = np.random.default_rng(_SEED)
    out = np.zeros((_DRAWS, *problem.counts.shape), dtype=np.int64)
    out[:, 0] = field.multiply(random.integers(1, PRIME, (_DRAWS, len(spaces[0]))), spaces[0])
    for node in range(len(problem.node_codes)):
        if problem.children[node]:
            below, chosen = joined[node]
            weights = random.integers(0, PRIME, (_DRAWS, len(below)))
            if chosen:
                missing = (out[:, node] - field.multiply(weights, below)) % PRIME
                weights[:, chosen] = (weights[:, chosen] + field.solve(below[chosen], missing)) % PRIME
            place = 0
            for child in problem.children[node]:
                size = len(spaces[child])
                out[:, child] = field.multiply(weights[:, place : place + size], spaces[child])
                place += size
    return out


def _values(problem: Problem, draws: Ints) -> Ints:
    """The value of every measure in every draw, shape (measures, draws)."""
    out = np.zeros((len(problem.measures), len(draws)), dtype=np.int64)
    for i, measure in enumerate(problem.measures):
        out[i] = draws[:, measure.node, list(measure.support)].sum(axis=1) % PRIME
    return out


def _lone_person_findings(problem: Problem, secrets: list[int], seen: Ints, pattern: Pattern) -> list[int]:
    """Secrets that are a combination of shown numbers and of what one lone person knows, and not that knowledge alone."""
    persons = list(problem.lone_persons())
    if not persons or not secrets:
        return []
    draws, free = _draw(problem, pattern.shown), _draw(problem, [False] * len(problem.measures))
    base = _values(problem, free)
    found: set[int] = set()
    targets, own_targets = seen[secrets], base[secrets]
    for node, positions in persons:
        hit = _inside(targets, draws[:, node, list(positions)].T)
        if hit.any():
            own = _inside(own_targets[hit], free[:, node, list(positions)].T)
            found.update(np.array(secrets)[hit][~own].tolist())
    return sorted(found)


def _inside(targets: Ints, basis: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Per target row, whether it is a combination of the (one or two) basis rows."""
    form, pivots = field.reduced(basis)
    rest = targets
    for row, pivot in zip(form, pivots, strict=True):
        rest = (rest - targets[:, pivot][:, None] * row) % PRIME
    return np.asarray(~rest.any(axis=1))
