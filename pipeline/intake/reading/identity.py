"""What kind of identity number a text is; never who it belongs to, and nothing is derived from its digits.

Source: Skatteetaten, fødselsnummer and D-number; month + 80 = synthetic (Tenor); numbers issued from 2032 may leave a
remainder of 1, 2 or 3 at the first control digit, and their sex and century can no longer be read.
"""

from __future__ import annotations

import re
from unicodedata import category

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.identity_shape import holds_identity_number

KINDS = ("fnr", "dnr", "hnr", "synthetic", "duf", "ten_digits", "invalid")
_K1 = np.array([3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
_K2 = np.array([5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
_DUF = np.array([4, 6, 3, 2, 4, 6, 3, 2, 7, 5])
K1_REMAINDERS = (0, 1, 2, 3)
LAST_DAY = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_ELEVEN = re.compile(r"\d{11,}")
_FOREIGN = r"[\p{Cf}\p{Nd}&&[^0-9]]"  # unseen characters, and digits of other scripts
SHAPED = r"(?:^|\D)\d{6}[ \u00a0]?\d{5}(?:\D|$)"


def identity_kind(numbers: pl.Series) -> pl.Series:
    """The kind of each number, one of ``KINDS``; null stays null. Names nobody and keeps nothing."""
    kind = pl.Series(numbers.name, ["invalid"] * len(numbers), dtype=pl.String)
    kind = kind.zip_with(
        ~numbers.str.contains(r"^[0-9]{10}$").fill_null(False), pl.Series(["ten_digits"]).new_from_index(0, len(numbers))
    )
    for width, classify in ((11, _eleven), (12, _twelve)):
        at = numbers.str.contains(rf"^[0-9]{{{width}}}$").fill_null(False).arg_true()
        if len(at):
            kind = kind.scatter(at, classify(_digits(numbers.gather(at), width)))
    return kind.zip_with(numbers.is_not_null(), pl.Series([None], dtype=pl.String).new_from_index(0, len(numbers)))


def holds_identity(texts: pl.Series) -> pl.Series:
    """True where the text holds an identity number of any kind, in one run of digits or written in groups; null = false.

    Windows inside longer runs of digits count too: the search is at least as wide as the one at the border. Digits of other
    scripts are digits, and characters that nobody sees (zero-width blanks) do not part them.
    """
    texts = _in_plain_digits(texts)
    suspects = texts.unique().drop_nulls()
    suspects = suspects.filter(suspects.str.contains(r"\d{11}"))
    guilty = [text for text in suspects.to_list() if _any_valid(text)]
    return texts.is_in(guilty).fill_null(False) | holds_identity_number(texts, duf=False)


def _in_plain_digits(texts: pl.Series) -> pl.Series:
    foreign = texts.filter(texts.str.contains(_FOREIGN)).unique().to_list()
    if not foreign:
        return texts
    plain = ["".join(str(int(c)) if c.isdecimal() else c for c in text if category(c) != "Cf") for text in foreign]
    return texts.replace(foreign, plain)


def _any_valid(text: str) -> bool:
    windows = [run[i : i + 11] for run in _ELEVEN.findall(text) for i in range(len(run) - 10)]
    return bool((identity_kind(pl.Series(windows, dtype=pl.String)) != "invalid").any())


def _digits(numbers: pl.Series, width: int) -> npt.NDArray[np.int64]:
    raw = np.frombuffer("".join(numbers.to_list()).encode("ascii"), dtype=np.uint8)
    return (raw.reshape(-1, width) - ord("0")).astype(np.int64)


def _eleven(digits: npt.NDArray[np.int64]) -> pl.Series:
    day = digits[:, 0] * 10 + digits[:, 1]
    month = digits[:, 2] * 10 + digits[:, 3]
    year = digits[:, 4] * 10 + digits[:, 5]
    dnr, hnr, synthetic = day > 40, (month > 40) & (month <= 60), month > 80
    day = np.where(dnr, day - 40, day)
    month = np.where(synthetic, month - 80, np.where(hnr, month - 40, month))
    controls = np.isin(digits[:, :10] @ _K1 % 11, K1_REMAINDERS) & (digits @ _K2 % 11 == 0)
    valid = controls & _is_day(day, month, year) & ~(dnr & hnr)
    kind = np.where(synthetic, "synthetic", np.where(hnr, "hnr", np.where(dnr, "dnr", "fnr")))
    return pl.Series(np.where(valid, kind, "invalid").tolist(), dtype=pl.String)


def _is_day(day: npt.NDArray[np.int64], month: npt.NDArray[np.int64], year: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    known = (month >= 1) & (month <= 12) & (day >= 1)
    last = LAST_DAY[np.where(known, month, 0)]
    # the century is unknown: 29 February is allowed whenever some century has it
    leap = (month != 2) | (day < 29) | (year % 4 == 0)
    return np.asarray(known & (day <= last) & leap)


def _twelve(digits: npt.NDArray[np.int64]) -> pl.Series:
    valid = digits[:, :10] @ _DUF % 11 == digits[:, 10] * 10 + digits[:, 11]
    return pl.Series(np.where(valid, "duf", "invalid").tolist(), dtype=pl.String)
