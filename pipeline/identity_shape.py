"""Is there something in this column that looks like the number of a person?

Belongs here: the shape and control digits of Norwegian person numbers.
Must not be here: what to do about a find, or any value in a message.
Covers fødselsnummer, D-number (day + 40), H-number (month + 40), synthetic numbers (month + 80), numbers issued from 2032
(first control digit with remainder 0-3) and DUF numbers. It looks for shapes, so it errs towards finding.
Source: Skatteetaten on the person number from 2032, UDI on the DUF number.
"""

from __future__ import annotations

import re
from unicodedata import category, normalize

import polars as pl

_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_DUF = (4, 6, 3, 2, 4, 6, 3, 2, 7, 5)
# Any blanks, and among them at most one mark: what is meant as one number, not a row of numbers.
_GAP = r"\s*(?:[._/\-\u2010-\u2015\u2212\u00b7]\s*)?"
_ODD = r"[^\p{L}\x20-\x7e\s]"  # what may be a digit of another script, or be seen by nobody
_UNSEEN = ("Cf", "Mn", "Me", "Cc")
_PERSON = re.compile(rf"(?<!\d)(\d\d){_GAP}(\d\d){_GAP}(\d\d){_GAP}(\d{{3}}){_GAP}(\d\d)(?!\d)")
_DUF_SHAPE = re.compile(r"(?<!\d)((?:19|20)\d{10})(?!\d)")
_SIFT = r"\d\d" + rf"{_GAP}\d\d" * 2 + rf"{_GAP}\d{{3}}{_GAP}\d\d"  # the same shapes without look-around, for polars
_HEX_RUN = r"[0-9a-fA-F]{26,}"  # our own pseudonyms and hashes hold runs of digits by chance


def _dot(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def is_person_number(digits: str) -> bool:
    """Whether eleven digits are a possible person number: day and month of any kind, and both control digits.

    Args:
        digits: the candidate; anything but eleven digits gives False.
    """
    if len(digits) != 11 or not (digits.isascii() and digits.isdigit()):
        return False
    day, month = int(digits[:2]) % 40, int(digits[2:4])
    if not (1 <= day <= 31 and int(digits[:2]) <= 71 and any(1 <= month - shift <= 12 for shift in (0, 40, 80))):
        return False
    return _dot(digits[:10], _K1) % 11 <= 3 and _dot(digits, _K2) % 11 == 0


def is_duf_number(digits: str) -> bool:
    """Whether twelve digits are a possible DUF number: a year first, and the two control digits."""
    if len(digits) != 12 or not (digits.isascii() and digits.isdigit()):
        return False
    return _dot(digits[:10], _DUF) % 11 == int(digits[10:])


def _text_holds(text: str, duf: bool) -> bool:
    if any(is_person_number("".join(match.groups())) for match in _PERSON.finditer(text)):
        return True
    return duf and any(is_duf_number(match.group(1)) for match in _DUF_SHAPE.finditer(text))


def _plain(text: str) -> str:
    """The text in compatibility form with digits of all scripts as ours, without the signs that nobody sees."""
    shown = (c for c in normalize("NFKC", text) if c.isspace() or category(c) not in _UNSEEN)
    return "".join(str(int(c)) if c.isdecimal() else c for c in shown)


def _in_plain_digits(texts: pl.Series) -> pl.Series:
    odd = texts.filter(texts.str.contains(_ODD)).unique().to_list()
    return texts.replace(odd, [_plain(text) for text in odd]) if odd else texts


def holds_identity_number(series: pl.Series, *, duf: bool = True) -> pl.Series:
    """Per value, whether it holds something shaped like a person number; null gives False.

    Text is searched anywhere inside, with any blanks and a point, slash, underscore or hyphen between the groups. Digits of other scripts,
    in full width or raised are digits, and signs that nobody sees (zero-width blanks) do not part them. Whole numbers are read with the
    leading zero that a spreadsheet may have eaten. Runs of 26 or more hexadecimal characters (pseudonyms, hashes) are passed
    over. Columns of other types give False throughout.

    Args:
        series: the column.
        duf: search for DUF numbers too; one in a hundred of senders' own twelve-digit ids looks like one by chance.

    Returns:
        A Boolean series of the same length and name.
    """
    if series.dtype.is_integer():
        text = series.cast(pl.String).str.replace(r"^(\d{10})$", "0$1")
    elif series.dtype == pl.String or isinstance(series.dtype, (pl.Categorical, pl.Enum)):
        text = series.cast(pl.String)
    else:
        return pl.Series(series.name, [False] * len(series), dtype=pl.Boolean)
    text = _in_plain_digits(text.fill_null("")).str.replace_all(_HEX_RUN, " ")
    suspects = text.filter(text.str.contains(_SIFT)).unique().sort()
    found = [value for value in suspects.to_list() if _text_holds(value, duf)]
    return text.is_in(found).alias(series.name) if found else pl.Series(series.name, [False] * len(series), dtype=pl.Boolean)
