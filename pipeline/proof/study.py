"""Named studies: many programmes of one kind, one line of JSON each, so that a study can be stopped, resumed and read at any time.

Belongs here: which programmes, running them, their lines. Must not be here: what the lines add up to (``summary``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.proof.estimands import NOTHING, RECOVERED, Estimand, Found
from pipeline.proof.programme import Forced, Programme
from pipeline.proof.wrong import STARTING_FACTS, WRONG
from pipeline.synthetic.params import SyntheticParams, preset

ANALYSES = RECOVERED + WRONG
_FIRST_SEED, _FIRST_TRUE_SEED = 5_000, 9_000_000
# The starting-facts analysis fits the engine a second time; its bias is plain long before a thousand programmes.
_STARTING_FACTS_UNTIL = 20


@dataclass(frozen=True)
class Study:
    """Programmes of one kind: their dials, how many are wanted, and how many people the truth is drawn from."""

    params: SyntheticParams
    replicates: int
    true_people: int = 300_000

    @property
    def true_replicates(self) -> int:
        return math.ceil(self.true_people / self.params.participants)


def _study(name: str, replicates: int, participants: int = 2500, municipalities: int = 60, **changes: object) -> Study:
    return Study(preset(name, participants=participants, municipalities=municipalities, **changes), replicates)


STUDIES: Mapping[str, Study] = {
    "main": _study("main", 1000),
    "null": _study("null", 1000),
    "strong_confounding": _study("strong_confounding", 200),
    "cluster_confounding": _study("cluster_confounding", 200),
    "unmeasured": _study("unmeasured", 200),
    "every_8_weeks": _study("main", 200, assessment_weeks=(8, 8)),
    "no_placement": _study("no_placement", 200),
    "n600": _study("main", 300, 600, 13),
    "n25000": _study("main", 50, 25_000, 250),
}


@dataclass(frozen=True)
class Line:
    """One programme's line: the study, ``kind`` (``estimert`` or ``sannhet``), the number of the programme, and what was found."""

    study: str
    kind: str
    number: int
    found: Mapping[str, Found]

    def text(self) -> str:
        found = {name: [_number(f.estimate), _number(f.se), f.grad, f.quantile] for name, f in self.found.items()}
        return (
            json.dumps({"studie": self.study, "slag": self.kind, "nr": self.number, "funnet": found}, ensure_ascii=False) + "\n"
        )


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _found(stored: Sequence[Any]) -> Found:
    estimate, se, grad, quantile = stored
    return NOTHING if estimate is None else Found(estimate, math.nan if se is None else se, grad, quantile)


def read_lines(paths: Iterable[Path]) -> Iterator[Line]:
    """The lines of the results files; a last line cut off by a stop is passed over."""
    for path in paths:
        for text in path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []:
            if text.endswith("\n"):
                row = json.loads(text)
                yield Line(row["studie"], row["slag"], row["nr"], {name: _found(f) for name, f in row["funnet"].items()})


def replicate(params: SyntheticParams, seed: int, bootstraps: int, analyses: Iterable[Estimand]) -> dict[str, Found]:
    """Every analysis of one simulated programme, by name."""
    programme = Programme(params, seed, bootstraps)
    return {analysis.name: analysis.estimate(programme) for analysis in analyses}


def true_replicate(params: SyntheticParams, seed: int, analyses: Iterable[Estimand]) -> dict[str, Found]:
    """The planted effect behind each analysis among the people and municipalities of one seed."""
    forced = Forced(params, seed)
    return {analysis.name: Found(analysis.truth(forced), math.nan) for analysis in analyses}


def _estimated(name: str, number: int, bootstraps: int) -> Line:
    analyses = [a for a in ANALYSES if a is not STARTING_FACTS or number < _STARTING_FACTS_UNTIL]
    return Line(name, "estimert", number, replicate(STUDIES[name].params, _FIRST_SEED + number, bootstraps, analyses))


def _planted(name: str, number: int) -> Line:
    return Line(name, "sannhet", number, true_replicate(STUDIES[name].params, _FIRST_TRUE_SEED + number, ANALYSES))


def plan(names: Sequence[str], done: set[tuple[str, str, int]], kind: str, share: tuple[int, int]) -> list[tuple[str, int]]:
    """(study, number) still to be made, so that all named studies grow evenly.

    Args:
        names: the studies.
        done: (study, kind, number) that are there already.
        kind: ``estimert`` or ``sannhet``.
        share: (i, n): only every n-th number from i on, so that n processes can work side by side.
    """
    first, step = share
    wanted = []
    for order, name in enumerate(names):
        size = STUDIES[name].replicates if kind == "estimert" else STUDIES[name].true_replicates
        wanted += [
            (number / size, order, name, number) for number in range(first, size, step) if (name, kind, number) not in done
        ]
    return [(name, number) for _, _, name, number in sorted(wanted)]


def run_studies(
    names: Sequence[str], results: Path, *, kind: str, bootstraps: int, share: tuple[int, int], progress: Callable[[str], None]
) -> None:
    """Make what is missing of the named studies and append a line per programme to ``results``.

    Args:
        names: keys of ``STUDIES``.
        results: the file; what stands there (or in a file beside it with the same ending) already is not made again.
        kind: ``estimert`` for analyses, ``sannhet`` for the truth.
        bootstraps: draws of municipalities.
        share: (i, n) of :func:`plan`.
        progress: told after each programme.
    """
    done = {(line.study, line.kind, line.number) for line in read_lines(sorted(results.parent.glob(f"*{results.suffix}")))}
    todo = plan(names, done, kind, share)
    for made, (name, number) in enumerate(todo, 1):
        line = _planted(name, number) if kind == "sannhet" else _estimated(name, number, bootstraps)
        with results.open("a", encoding="utf-8") as handle:
            handle.write(line.text())
        progress(f"{kind} {name} {number}: {made} of {len(todo)}")
