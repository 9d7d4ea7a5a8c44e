"""Municipality numbers of any year carried to the latest year of the code list.

Belongs here: what a number has become. Must not be here: which number an event has.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import polars as pl

from pipeline import codes

UNKNOWN = "9999"
"""The code list's own number for «Uoppgitt»: what an unknown number is harmonised to (county ``99``)."""
_Period = tuple[date, date | None]


def harmonise(komm_nr: str | None, day: date | None) -> str:
    """The number in the latest year of the code list that ``komm_nr``, reported for an event on ``day``, has become.

    A number is read as of the day nearest ``day`` on which it was valid: a sender who keeps using an old number, or reports
    an old event with a new one, means the municipality of that number. From there every later change is followed; a
    municipality that was split goes whole to its main successor (``regel = hovedandel``).

    Args:
        komm_nr: municipality number, four digits, of any year.
        day: the event the number is judged on (start of the participation); null = the number's last period.

    Returns:
        A number valid today, or ``9999`` when the number is missing or in no year of the list.
        Source: Statistics Norway, Klass 131.
    """
    periods = _validity().get(komm_nr or "")
    if not periods or komm_nr is None:
        return UNKNOWN
    current, known_on = komm_nr, _nearest_valid_day(periods, day)
    for changed_on, successors in _changes():
        if changed_on > known_on:
            current = successors.get(current, current)
    return current


@cache
def successors() -> pl.DataFrame:
    """``harmonise`` as a table to join with: one row per number of the list, ``komm_nr`` and the ``komm_nr_ref`` it has become.

    No number has meant two municipalities since the list begins, so that the day of the event makes no difference (tested).
    """
    numbers = sorted(_validity())
    return pl.DataFrame({"komm_nr": numbers, "komm_nr_ref": [harmonise(number, None) for number in numbers]})


def _nearest_valid_day(periods: list[_Period], day: date | None) -> date:
    if day is None:
        return max(start for start, _ in periods)
    return min((_clamp(period, day) for period in periods), key=lambda valid: abs(valid - day))


def _clamp(period: _Period, day: date) -> date:
    start, end = period
    if day < start:
        return start
    return day if end is None or day < end else end - timedelta(days=1)


@cache
def _validity() -> dict[str, list[_Period]]:
    out: dict[str, list[_Period]] = {}
    for komm_nr, start, end in codes.municipalities().select("komm_nr", "gyldig_fra", "gyldig_til").iter_rows():
        out.setdefault(komm_nr, []).append((start, end))
    return out


@cache
def _changes() -> list[tuple[date, dict[str, str]]]:
    """Each day of change with its successors, in order of time; of a split only the main successor."""
    kept = codes.municipality_changes().filter(pl.col("regel").is_null() | (pl.col("regel").is_in(["", "hovedandel"])))
    out: dict[date, dict[str, str]] = {}
    for changed_on, old, new in kept.sort("endret_dato").select("endret_dato", "fra_komm_nr", "til_komm_nr").iter_rows():
        out.setdefault(changed_on, {})[old] = new
    return list(out.items())
