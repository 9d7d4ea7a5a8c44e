"""One simulated programme: what the engine sees of it, and what would have happened to the same kind of people under a rule.

Belongs here: the generator's tables in the estimators' shapes. Must not be here: what is asked of them (``estimands``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from pipeline.effects.answers import Answers
from pipeline.effects.combination import combination_protocol, run_combination
from pipeline.effects.contacts import contact_protocol, run_contacts
from pipeline.effects.eligibility import Cohort, reaches, select_cohort
from pipeline.effects.mediation_arms import Mediation, run_mediation
from pipeline.effects.mediation_rows import mediation_protocol
from pipeline.effects.person_weeks import Bools, PersonWeeks
from pipeline.effects.protocol import Protocol, placement_protocol
from pipeline.effects.study import Results, Tables
from pipeline.effects.timing import Fitted, answer, fit_timing, run_timing, timing_study
from pipeline.synthetic.dynamics import Course
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.params import SyntheticParams
from pipeline.synthetic.regimes import Regime
from pipeline.synthetic.truth import HORIZONS, risks_of
from pipeline.synthetic.world import course_of, population, simulate
from pipeline.tables import STATISTIKK

T = TypeVar("T")


class Programme:
    """One programme as it happened, and its analyses, each made when first asked for.

    Args:
        params: the dials.
        seed: seed of the simulation and of the bootstrap.
        bootstraps: draws of municipalities.

    There are no registry extracts in it: the negative control is work experience from abroad.
    """

    def __init__(self, params: SyntheticParams, seed: int, bootstraps: int) -> None:
        self.params, self.seed, self.bootstraps = params, seed, bootstraps
        self._contacts: dict[str, Results] = {}

    @cached_property
    def protocol(self) -> Protocol:
        return placement_protocol()

    @cached_property
    def tables(self) -> Tables:
        """The programme's tables as the estimators take them."""
        made = as_klargjort(simulate(self.params, self.seed))
        return Tables(
            made["deltakelse"], made["tiltak"], made["kartlegging"], made["oppfolging"], STATISTIKK["utfall"].empty()
        )  # fmt: skip

    @cached_property
    def cohort(self) -> Cohort:
        return select_cohort(self.tables.deltakelse, self.protocol)

    @cached_property
    def _fitted(self) -> Fitted | Results:
        return fit_timing(self.cohort, self.tables, self.protocol, seed=self.seed, bootstraps=self.bootstraps)

    @cached_property
    def timing(self) -> Results:
        """The placement analyses as a night makes them."""
        return answer(self._fitted) if isinstance(self._fitted, Fitted) else self._fitted

    @cached_property
    def combination(self) -> Results:
        """The combination tracks as a night makes them."""
        timing = self._fitted if isinstance(self._fitted, Fitted) else None
        return run_combination(
            self.cohort, self.tables, combination_protocol(), seed=self.seed, bootstraps=self.bootstraps, timing=timing
        )  # fmt: skip

    def contacts(self, name: str) -> Results:
        """The analysis of contact with participants or employers as a night makes it, by its protocol's name."""
        if name not in self._contacts:
            self._contacts[name] = run_contacts(
                self.cohort, self.tables, contact_protocol(name), seed=self.seed, bootstraps=self.bootstraps
            )  # fmt: skip
        return self._contacts[name]

    @cached_property
    def mediation(self) -> Mediation:
        """The mediation analyses as a night makes them."""
        return run_mediation(self.cohort, self.tables, mediation_protocol(), seed=self.seed, bootstraps=self.bootstraps)

    @cached_property
    def answers(self) -> Answers:
        return Answers(self.timing, timing_study(self.protocol))

    @cached_property
    def from_the_start(self) -> Results:
        """The placement analyses adjusted for starting facts alone: wrong on purpose."""
        return run_timing(
            self.cohort, self.tables, self.protocol, seed=self.seed, bootstraps=self.bootstraps, baseline_only=True
        )  # fmt: skip

    @property
    def weeks(self) -> PersonWeeks:
        return self.timing.weeks

    def reaches(self, week: int) -> Bools:
        """(n,) whether the person's data are complete through the week, exit or not."""
        return reaches(self.cohort, (week,))[:, 0]


class Forced:
    """The same kind of people with their first placements forced by a rule, and nobody lost.

    Args:
        params: the dials.
        seed: all rules of one seed meet the same people and the same random numbers.
        people: how many; default as many as the programme has.
        weeks: how far they are followed; later horizons repeat the last week.
    """

    def __init__(self, params: SyntheticParams, seed: int, people: int | None = None, weeks: int = max(HORIZONS)) -> None:
        self.params, self.seed, self.weeks = params, seed, weeks
        self.people = params.participants if people is None else people
        self._courses: dict[Regime, Course] = {}
        self._found: dict[Callable[[SyntheticParams, int, int], Any], Any] = {}

    def once(self, truth: Callable[[SyntheticParams, int, int], T]) -> T:
        """What a truth of the generator's own says of this seed's people; asked again, it is not made again."""
        if truth not in self._found:
            self._found[truth] = truth(self.params, self.seed, self.people)
        found: T = self._found[truth]
        return found

    def course(self, regime: Regime) -> Course:
        """What happens under the rule."""
        if regime not in self._courses:
            people = population(self.params, self.seed, self.people)
            self._courses[regime] = course_of(
                people, self.params, self.seed, regime, weeks=self.weeks, lost=False, record=False
            )  # fmt: skip
        return self._courses[regime]

    def risk(self, regime: Regime, outcome: str, week: int) -> float:
        """Share (0–1) that has left to the outcome by the end of the week."""
        return risks_of(self.course(regime))[outcome][week]

    def placed(self, regime: Regime, week: int) -> float:
        """Share (0–1) placed by the end of the week."""
        started = self.course(regime).placement_week
        return float(((started > 0) & (started <= week)).mean())
