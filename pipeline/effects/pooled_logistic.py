"""Pooled logistic regression on many rows without random intercepts, by Newton steps, its columns held as small as they are.

Person-weeks repeat what does not change about a person: with n persons, T weeks, k columns that vary and q that do not, a step costs
n·T·k² + n·q² instead of n·T·(k + q)², and the same of memory. Belongs here: the fit. Must not be here: what is modelled with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit

from pipeline.effects.person_weeks import Floats, Ints
from pipeline.effects.start_model import design, sums_by_cluster


class Design(Protocol):
    """The columns of a regression, however they are held; the first is the intercept."""

    @property
    def width(self) -> int:
        """p, how many columns."""

    def times(self, beta: Floats) -> Floats:
        """(rows,) x'β."""

    def information(self, weight: Floats) -> Floats:
        """(p, p) Σ w x x'."""

    def score(self, residual: Floats) -> Floats:
        """(p,) Σ r x."""


@dataclass(frozen=True)
class Rows:
    """A row of ``x`` (rows, p) for each observation."""

    x: Floats

    @property
    def width(self) -> int:
        return int(self.x.shape[1])

    def times(self, beta: Floats) -> Floats:
        return np.asarray(self.x @ beta)

    def information(self, weight: Floats) -> Floats:
        half = self.x * np.sqrt(weight)[:, None]
        return np.asarray(half.T @ half)

    def score(self, residual: Floats) -> Floats:
        return np.asarray(self.x.T @ residual)


@dataclass(frozen=True)
class PersonRows:
    """Columns that vary from week to week, then columns of the person, which are not written out for every week.

    Attributes:
        weekly: (rows, k) the varying columns and the intercept before them.
        person: (n, q) standardised so that they would have mean 0 and standard deviation 1 in the rows.
        who: (rows,) person of the row; rows of a person stand together.
    """

    weekly: Floats
    person: Floats
    who: Ints

    @property
    def width(self) -> int:
        return int(self.weekly.shape[1] + self.person.shape[1])

    @staticmethod
    def of(weekly: Floats, person: Floats, who: Ints) -> PersonRows:
        """From columns in their own units, standardised as :func:`~pipeline.effects.start_model.design` does with written-out rows."""
        often = np.bincount(who, minlength=len(person))[:, None] / max(len(who), 1)
        centred = person - (often * person).sum(axis=0)
        spread = np.sqrt((often * centred**2).sum(axis=0))
        return PersonRows(design(weekly), centred / np.where(spread > 1e-12, spread, 1.0), who)

    def times(self, beta: Floats) -> Floats:
        k = self.weekly.shape[1]
        return np.asarray(self.weekly @ beta[:k] + (self.person @ beta[k:])[self.who])

    def information(self, weight: Floats) -> Floats:
        own = Rows(self.weekly).information(weight)
        summed = sums_by_cluster(self.weekly, weight, self.who, len(self.person))
        between = summed.T @ self.person
        persons = Rows(self.person).information(summed[:, 0])
        return np.block([[own, between], [between.T, persons]])

    def score(self, residual: Floats) -> Floats:
        return np.concatenate([self.weekly.T @ residual, self.person.T @ np.bincount(self.who, residual, len(self.person))])


def pooled_logistic(columns: Design, y: Floats, ridge: float = 1e-2) -> Floats:
    """(p,) coefficients of a logistic regression with a weak ridge on all but the intercept."""
    rate = float(np.clip(y.mean(), 1e-6, 1 - 1e-6))
    beta = np.zeros(columns.width)
    beta[0] = np.log(rate / (1 - rate))
    eta = np.full(len(y), beta[0])
    prior = np.r_[1e-6, np.full(len(beta) - 1, ridge)]
    for _ in range(40):
        p = expit(eta)
        delta = np.linalg.solve(columns.information(p * (1 - p)) + np.diag(prior), columns.score(y - p) - prior * beta)
        move = columns.times(delta)
        scale = min(1.0, 4.0 / max(float(np.max(np.abs(move))), 1e-12))
        beta, eta = beta + scale * delta, eta + scale * move
        if np.max(np.abs(delta)) < 1e-8:
            break
    return beta
