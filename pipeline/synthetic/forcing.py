"""Courses and contacts made to follow a rule, period by period, without new random numbers.

A rule sets the probability q of "active in the period" (at least some course weeks; at least one contact). Inside the period the
weekly chances p are tilted so that exactly the paths that reach it get q together, and keep their natural proportions:
    p' = p w(yes) / (p w(yes) + (1 - p) w(no)),   w = V q / H + (1 - V)(1 - q) / (1 - H),
with V the natural probability of reaching it after the week's yes or no, and H that at the period's beginning (Doob's transform).
What a rule makes of a contact period is felt when the period is over, as in an analysis whose decisions are known only then; or at
once, as in life. Belongs here: chances of a week under a rule. Must not be here: anything about outcomes.
"""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.regimes import ContactRule, CourseRule, Regime

_TINY = 1e-12


class _CourseForcing:
    def __init__(self, rule: CourseRule, n: int) -> None:
        self.rule = rule
        self.active = np.zeros(n, int)
        self.weeks = np.zeros(n, int)
        self.if_reached, self.if_not = np.ones(n), np.ones(n)

    def _reach(self, begin: np.ndarray, stay: float, left: int) -> np.ndarray:
        """(weeks on so far, off or on now, n) natural probability of enough weeks on when ``left`` weeks are left."""
        need, n = self.rule.weeks, len(begin)
        reach = np.zeros((need + 1, 2, n))
        reach[need] = 1.0
        for _ in range(left):
            later, reach = reach, reach.copy()
            for had in range(need):
                for now, chance in ((0, begin), (1, stay)):
                    reach[had, now] = chance * later[had + 1, 1] + (1 - chance) * later[had, 0]
        return reach

    def _demanded(self, period: int) -> np.ndarray:
        """(n,) probability of being active in the period that the rule sets; NaN = natural."""
        if self.rule.kind == "fewer":
            return np.where(self.active >= self.rule.periods_needed - 1, 0.0, np.nan)
        missing = self.rule.periods_needed - self.active
        return np.where(missing > 0, np.minimum(missing / (self.rule.periods - period + 1), 1.0), np.nan)

    def _open(self, on: np.ndarray, begin: np.ndarray, stay: float, period: int) -> None:
        self.active += self.weeks >= self.rule.weeks
        self.weeks[:] = 0
        q = self._demanded(period)
        natural = self._reach(begin, stay, self.rule.length)[0][on.astype(int), np.arange(len(on))]
        self.if_reached = np.where(np.isnan(q), 1.0, q / natural)
        self.if_not = np.where(np.isnan(q), 1.0, (1 - q) / (1 - natural))

    def chance(self, on: np.ndarray, begin: np.ndarray, stay: float, week: int) -> np.ndarray:
        """(n,) probability of a course week; to be followed by :meth:`note`."""
        natural = np.where(on, stay, begin)
        period, position = divmod(week - 1, self.rule.length)
        if period >= self.rule.periods:
            return natural
        if position == 0:
            self._open(on, begin, stay, period + 1)
        reach = self._reach(begin, stay, self.rule.length - position - 1)
        had, everybody = np.minimum(self.weeks, self.rule.weeks), np.arange(len(on))
        yes, no = reach[np.minimum(had + 1, self.rule.weeks), 1, everybody], reach[had, 0, everybody]
        up = natural * (self.if_reached * yes + self.if_not * (1 - yes))
        down = (1 - natural) * (self.if_reached * no + self.if_not * (1 - no))
        return np.asarray(up / (up + down))

    def note(self, on: np.ndarray) -> None:
        self.weeks += on


def carried(stock: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """What is felt of contacts a week later."""
    return np.asarray(0.75 * stock + 0.25 * contact)


class _ContactForcing:
    """Contacts under a rule: until a period is over they count as usual, then what the rule made of it takes their place."""

    def __init__(self, rule: ContactRule, n: int) -> None:
        self.rule = rule
        self.reached, self.made = np.zeros(n, bool), np.zeros(n, bool)
        self.stock, self.more = np.zeros(n), np.zeros(n)
        self.applies, self.ends = np.zeros(n, bool), np.zeros(n, bool)

    def contact(self, natural: np.ndarray, u: np.ndarray, may: np.ndarray, week: np.ndarray, stock: np.ndarray) -> np.ndarray:
        """(n,) contacts made, from natural chances; ``week`` is everybody's own week of the rule, 0 = it does not apply."""
        period, position = np.divmod(week - 1, self.rule.length)
        self.applies = (week > 0) & (period < self.rule.periods)
        opens, self.ends = self.applies & (position == 0), self.applies & (position == self.rule.length - 1)
        self.reached[opens], self.stock[opens], self.more[opens] = False, stock[opens], 0.0
        reach = np.maximum(1 - (1 - natural) ** (self.rule.length - position), _TINY)
        wanted = 1.0 if np.isinf(self.rule.odds) else self.rule.odds * reach / (self.rule.odds * reach + 1 - reach)
        tilted = np.where(self.applies & ~self.reached & (natural > 0), np.minimum(natural * wanted / reach, 1.0), natural)
        self.made = may & (u < tilted)
        self.reached |= self.made
        return self.made

    def settle(self, stock: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(stock, contacts more than usual) after the week, given the stock that usual contacts leave."""
        self.stock = carried(self.stock, self.made)
        self.more += self.made.astype(float) - usual
        counts = self.applies if self.rule.at_once else self.ends
        more = np.where(counts, self.more, 0.0)
        self.more[counts] = 0.0
        return np.where(counts, self.stock, stock), more


class Forcing:
    """What a regime demands of courses and contacts, with the memory it needs; a regime without such rules changes nothing."""

    def __init__(self, regime: Regime, n: int) -> None:
        self._course = _CourseForcing(regime.course, n) if regime.course else None
        self._contact = _ContactForcing(regime.contact, n) if regime.contact else None
        self._part = regime.contact.part if regime.contact else None

    def course_chances(self, on: np.ndarray, begin: np.ndarray, end: float, week: int) -> tuple[np.ndarray | float, np.ndarray]:
        """(chance of ending, chance of beginning) a course this week, from the natural ones."""
        if self._course is None:
            return end, begin
        chance = self._course.chance(on, begin, 1 - end, week)
        return 1 - chance, chance

    def contacts(
        self, part: str, natural: np.ndarray, u: np.ndarray, may: np.ndarray, week: np.ndarray, stock: np.ndarray
    ) -> np.ndarray:
        """Contacts with ``part`` under the rule; ``week`` is everybody's own (from the start; from the placement), 0 = no rule."""
        if self._contact is None or self._part != part:
            return np.asarray(may & (u < natural))
        return self._contact.contact(natural, u, may, week, stock)

    def settle_contacts(self, part: str, stock: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray | float]:
        """(stock, contacts more than usual) after the week, from the ``usual`` contacts and the stock they leave."""
        return self._contact.settle(stock, usual) if self._contact and self._part == part else (stock, 0.0)

    def note_course(self, on: np.ndarray) -> None:
        if self._course:
            self._course.note(on)
