"""Municipality numbers of any year carried to the latest year of the code list."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import polars as pl

from pipeline import codes

UNKNOWN = "9999"
"""The code list's own number for «Uoppgitt»: what an unknown number is harmonised to (county ``99``)."""
OSLO = "0301"
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


def with_komm_nr_ref(frame: pl.DataFrame, day: str) -> pl.DataFrame:
    """``frame`` with ``komm_nr_ref``: its ``komm_nr`` harmonised on the event date in column ``day``; same rows, same order."""
    pairs = frame.select("komm_nr", pl.col(day).alias("_day")).unique(maintain_order=True)
    refs = [harmonise(komm_nr, event) for komm_nr, event in pairs.iter_rows()]
    looked_up = pairs.with_columns(pl.Series("komm_nr_ref", refs, dtype=pl.String))
    return frame.join(
        looked_up, left_on=["komm_nr", day], right_on=["komm_nr", "_day"], how="left", nulls_equal=True, maintain_order="left"
    )


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
