"""Exact linear algebra modulo a prime on numpy arrays, for the audit only.

Belongs here: null spaces and solutions of dense systems. Must not be here: anything about tables.
The prime is another one than the engine's: 2**31 - 1, so that a product fits into 64 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PRIME = 2**31 - 1
Ints = npt.NDArray[np.int64]


def multiply(left: Ints, right: Ints) -> Ints:
    """Matrix product modulo the prime; ``left`` is split in two halves so that no sum overflows (inner size below 2**15)."""
    high, low = left >> 16, left & 0xFFFF
    return ((high @ right % PRIME << 16) + low @ right) % PRIME


def reduced(matrix: Ints) -> tuple[Ints, list[int]]:
    """Reduced row echelon form without zero rows, and its pivot columns."""
    work = matrix % PRIME
    pivots: list[int] = []
    for column in range(work.shape[1]):
        rank = len(pivots)
        if rank == work.shape[0]:
            break
        nonzero = np.flatnonzero(work[rank:, column])
        if nonzero.size == 0:
            continue
        if nonzero[0]:
            work[[rank, rank + nonzero[0]]] = work[[rank + nonzero[0], rank]]
        work[rank] = work[rank] * pow(int(work[rank, column]), -1, PRIME) % PRIME
        rows = np.flatnonzero(work[:, column])
        rows = rows[rows != rank]
        if rows.size:
            work[rows] = (work[rows] - work[rows, column][:, None] * work[rank]) % PRIME
        pivots.append(column)
    return work[: len(pivots)], pivots


def null_basis(matrix: Ints) -> Ints:
    """Rows that span all x with ``matrix @ x = 0``; shape (dimension, columns)."""
    form, pivots = reduced(matrix)
    free = [c for c in range(matrix.shape[1]) if c not in set(pivots)]
    basis = np.zeros((len(free), matrix.shape[1]), dtype=np.int64)
    for row, column in enumerate(free):
        basis[row, column] = 1
        basis[row, pivots] = -form[:, column] % PRIME
    return basis


def independent_rows(matrix: Ints) -> list[int]:
    """Positions of the first rows that are not combinations of earlier ones."""
    return reduced(np.ascontiguousarray(matrix.T))[1]


def solve(rows: Ints, target: Ints) -> Ints:
    """The x with ``x @ rows = target`` for independent ``rows``; one row of x per row of ``target``.

    Raises:
        ArithmeticError: when a target is no combination of the rows.
    """
    form, pivots = reduced(np.concatenate([rows, target]).T)
    if pivots != list(range(len(rows))):
        raise ArithmeticError("a target lies outside the span of the rows")
    return np.ascontiguousarray(form[:, len(rows) :].T)
