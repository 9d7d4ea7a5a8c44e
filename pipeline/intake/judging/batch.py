"""Judging a night's deliveries together, so that one that the program cannot handle does not take the others with it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path

from pipeline.intake.judging.delivery import Delivery, Validate, failed, judge, share
from pipeline.intake.judging.known import Known
from pipeline.settings import Settings


def judge_safely(new: list[Delivery], known: Known, validate: Validate, settings: Settings) -> None:
    """Judge all deliveries in one batch; when that fails, one by one, so that the one at fault stands alone."""
    sound = [d for d in new if not d.fatal]
    try:
        share(judge(sound, known, validate, settings), sound)
        return
    except Exception as crash:
        if len(sound) < 2:
            _fail(sound, _where(crash))
            return
    failing = {d.receipt_id: text for d in sound if (text := _judged_alone(d, known, validate, settings))}
    for d in sound:
        if d.receipt_id in failing:
            _fail([d], failing[d.receipt_id])


def refuse_when_all_failed(judged: Iterable[Delivery]) -> None:
    """Stop the night when no delivery could be judged.

    Raises:
        RuntimeError: every delivery that could be read failed, several of them new: then the program is at fault, and nothing
            may be decided.
    """
    sound = [d for d in judged if d.crash or not d.fatal]
    if all(d.crash for d in sound) and sum(d.refused is None for d in sound) > 1:
        raise RuntimeError(
            f"No delivery could be judged: the rules or the validator are at fault ({sorted({d.crash for d in sound})})."
        )


def _judged_alone(d: Delivery, known: Known, validate: Validate, settings: Settings) -> str:
    """Where judging this delivery alone failed; empty when it did not."""
    try:
        share(judge([d], known, validate, settings), [d])
    except Exception as crash:
        return _where(crash)
    return ""


def _fail(deliveries: Iterable[Delivery], where: str) -> None:
    for d in deliveries:
        d.reading, d.fates, d.crash = failed(), {}, where


def _where(crash: Exception) -> str:
    """Kind and place of a failure; its text may quote the data and is dropped."""
    frame = traceback.extract_tb(crash.__traceback__)[-1]
    return f"{type(crash).__name__} in {Path(frame.filename).name}:{frame.lineno}"
