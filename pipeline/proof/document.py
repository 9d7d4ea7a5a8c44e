"""The recovery document's tables, made from the studies' lines: what was found, and the bars it is held against.

Belongs here: Markdown between marks. Must not be here: the document's own words, any number of its own but the bars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.proof.estimands import E1, RECOVERED, Found
from pipeline.proof.study import ANALYSES, STUDIES, Line
from pipeline.proof.summary import Summary, mean_and_error, summarise

Summaries = Mapping[tuple[str, str], Summary]
HEAD = (
    "| programme | replicates | analysis | truth (± its error) | bias (± simulation error) | sd | mean se | coverage | of own mean | found positive "
    "| grades |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
)
BARS_HEAD = "| programme | analysis | what | bar | measured (± simulation error) | met |\n|---|---|---|---|---|---|\n"
TABLE_MARKS = ("<!-- table -->\n", "<!-- end of table -->")
BARS_MARKS = ("<!-- bars -->\n", "<!-- end of bars -->")


def summaries(lines: Iterable[Line]) -> dict[tuple[str, str], Summary]:
    """(study, analysis) → summary, of all that has both estimates and a truth; the lines' order does not matter."""
    found: dict[tuple[str, str, str], list[Found]] = {}
    for line in sorted(lines, key=lambda one: one.number):
        for name, value in line.found.items():
            found.setdefault((line.study, line.kind, name), []).append(value)
    made = {}
    for study in STUDIES:
        for analysis in (a.name for a in ANALYSES):
            estimates, truths = (found.get((study, kind, analysis), []) for kind in ("estimert", "sannhet"))
            if estimates and truths:
                made[study, analysis] = summarise(estimates, mean_and_error(t.estimate for t in truths))
    return made


def _grades(grades: Mapping[str, float]) -> str:
    return " ".join(f"{grade} {share:.2f}" for grade, share in grades.items())


def table_rows(made: Summaries) -> str:
    """One line per study and analysis, in the order of ``STUDIES`` and ``ANALYSES``."""
    return "".join(
        f"| {study} | {s.n}{f' ({s.missing} without)' if s.missing else ''} | {analysis} | {s.truth:+.3f} ± {s.truth_se:.4f} "
        f"| {s.bias:+.4f} ± {s.bias_se:.4f} | {s.sd:.4f} | {s.se:.4f} | {s.coverage:.3f} | {s.own:.3f} | {s.positive:.2f} | {_grades(s.grades)} |\n"
        for (study, analysis), s in made.items()
    )


@dataclass(frozen=True)
class Bar:
    """A declared limit: the largest |bias|, or the coverage between two values."""

    study: str
    analysis: str
    what: str
    low: float
    high: float

    def measured(self, s: Summary) -> tuple[float, float]:
        """The value held against the bar, and its simulation error."""
        if self.what == "bias":
            return s.bias, math.hypot(s.bias_se, s.truth_se)
        return s.coverage, math.sqrt(s.coverage * (1 - s.coverage) / s.n)

    def met(self, s: Summary) -> bool:
        return self.low <= self.measured(s)[0] <= self.high


_UNIFORM = tuple(a.name for a in RECOVERED if a.variant == "jevn")
# In unmeasured the engine must be wrong: what nobody records cannot be adjusted for.
_WITH_HIDDEN_CAUSE = "unmeasured"
BARS = (
    Bar("main", E1.name, "bias", -0.01, 0.01),
    Bar("null", E1.name, "bias", -0.005, 0.005),
    *(Bar(study, name, "coverage", 0.93, 0.97) for study in ("main", "null") for name in _UNIFORM),
    *(
        Bar(study, name, "coverage", 0.91, 0.98)
        for study in STUDIES
        for name in _UNIFORM
        if study not in ("main", "null", _WITH_HIDDEN_CAUSE)
    ),
)


def bar_rows(made: Summaries) -> str:
    """One line per bar that has been measured."""
    rows = ""
    for bar in BARS:
        if s := made.get((bar.study, bar.analysis)):
            value, error = bar.measured(s)
            limits = f"at most {bar.high} from 0" if bar.what == "bias" else f"{bar.low} to {bar.high}"
            shown = f"{value:+.4f} ± {error:.4f}" if bar.what == "bias" else f"{value:.3f} ± {error:.3f}"
            rows += f"| {bar.study} | {bar.analysis} | {bar.what} | {limits} | {shown} | {'yes' if bar.met(s) else '**no**'} |\n"
    return rows


def _between(text: str, marks: tuple[str, str], content: str) -> str:
    before, rest = text.split(marks[0])
    return before + marks[0] + content + marks[1] + rest.split(marks[1])[1]


def with_tables(text: str, made: Summaries) -> str:
    """The document with both tables made anew between their marks; all other words stay."""
    text = _between(text, TABLE_MARKS, HEAD + table_rows(made))
    return _between(text, BARS_MARKS, BARS_HEAD + bar_rows(made))
