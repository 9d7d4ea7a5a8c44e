"""Numbers and dates as Norwegian readers write them; null becomes the statistical sign it is given.

Belongs here: formatting alone. Must not be here: rounding that protects, which the release has done already.
"""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

LOCALE = "nb_NO"
MISSING = ".."
SUPPRESSED = ":"
NBSP = "\u00a0"
POINT_UNITS = frozenset({"andel", "risikodifferanse", "andel_per_kontakt", "andel_per_nivaa"})
_PERCENT_UNITS = frozenset({"andel"})


def decimal(value: float | None, digits: int = 0, sign: bool = False) -> str:
    """``1 234,5``; with ``sign`` a plus before what is above zero. Null gives ``..``."""
    if value is None:
        return MISSING
    rounded = round(value, digits) + 0.0
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    plus = "+" if sign and rounded > 0 else ""
    return plus + str(format_decimal(rounded, pattern, locale=LOCALE)).replace("-", "−")


def percent(share: float | None, digits: int = 0) -> str:
    """A share (0-1) as ``71 %``. Null gives ``..``."""
    return MISSING if share is None else decimal(share * 100, digits) + NBSP + "%"


def percent_range(low: float | None, high: float | None, digits: int = 0) -> str:
    """Two shares (0-1) as ``67–75 %``. ``..`` when either end is null."""
    if low is None or high is None:
        return MISSING
    return f"{decimal(low * 100, digits)}–{percent(high, digits)}"


def points(share: float | None, low: float | None, high: float | None) -> str:
    """A difference of shares with its interval as ``+6,2 pp [2,1–10,3]``. ``..`` when the difference is null."""
    if share is None:
        return MISSING
    return f"{decimal(share * 100, 1, sign=True)}{NBSP}pp{_interval(low, high, 100)}"


def effect(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    """An effect with its interval in the unit of the link; shares as percentage points, others with two decimals."""
    if unit in POINT_UNITS:
        return points(value, low, high)
    if value is None:
        return MISSING
    short = "pp" if unit in ("pp", "prosentpoeng") else unit
    return f"{decimal(value, 2, sign=True)}{NBSP}{short}{_interval(low, high, 1, 2)}"


def _interval(low: float | None, high: float | None, factor: int, digits: int = 1) -> str:
    if low is None or high is None:
        return ""
    dash = " til " if low < 0 else "–"
    return f" [{decimal(low * factor, digits)}{dash}{decimal(high * factor, digits)}]"


def measure(value: float | None, unit: str, denominator: float | None = None) -> str:
    """A key figure in its unit; a share gets a decimal only when its denominator is 100 or more."""
    if unit in _PERCENT_UNITS:
        return percent(value, 1 if denominator is not None and denominator >= 100 else 0)
    if unit == "kr":
        return decimal(value) + (NBSP + "kr" if value is not None else "")
    return decimal(value, 0 if value is None or float(value).is_integer() else 1)


def day(value: date) -> str:
    """``21. november 2026``."""
    return str(format_date(value, "d. MMMM y", locale=LOCALE))


def month(value: date) -> str:
    """``november 2026``."""
    return str(format_date(value, "MMMM y", locale=LOCALE))


def moment(value: datetime) -> str:
    """``21. november 2026 kl. 02.30``, in the clock's own time zone."""
    return str(format_datetime(value.replace(tzinfo=None), "d. MMMM y 'kl'. HH.mm", locale=LOCALE))
