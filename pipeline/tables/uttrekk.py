"""Registry extracts as the border saw them: which came, what they hold by column, month and code, and which are in use.

Counts only: no value of a person, no file name.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.registers import REGISTERS

_ID = C("uttrekk_id", "text", "extract: hash of its files", required=True, key=True)
_REGISTER = C("register", "text", "register", required=True, codes=tuple(REGISTERS))

UTTREKK = Table(
    "uttrekk", "statistikk", "one extract received: the files that came to a register's drop zone since the night before", (
        _ID, _REGISTER,
        C("rekkefolge", "int", "order of receipt within the register, 1, 2, …", required=True),
        C("mottatt", "text", "run clock when first seen, ISO 8601", required=True),
        C("tilstand", "text", "in use, in use for some months, replaced, or refused", required=True,
          codes=("i_bruk", "delvis_erstattet", "erstattet", "avvist")),
        C("begrunnelse", "text", "codes of what was found, separated by blanks; empty when nothing was"),
        C("n_filer", "int", "files", unit="files"),
        C("n_rader", "int", "rows in the files", unit="rows"),
        C("n_personer", "int", "persons in the files (approximate)", unit="persons"),
        C("n_ugyldig_person", "int", "rows whose person_id is not eleven digits; left out", unit="rows"),
        C("n_identiske", "int", "rows that repeat another of the participants' rows; kept once", unit="rows"),
        C("n_samme_nokkel", "int", "the participants' rows with the key of another, different row; one of each key is kept", unit="rows"),
        C("n_rader_deltakere", "int", "the participants' rows", unit="rows"),
        C("n_deltakere", "int", "participants with at least one row", unit="persons"),
        C("fra", "date", "first day or month it speaks of"),
        C("til", "date", "last day or month it speaks of"),
        C("helbefolkning", "bool", "it holds far more persons than take part", required=True),
    ), "pseudonyms",
)  # fmt: skip
UTTREKKSPROFIL = Table(
    "uttrekksprofil", "statistikk", "one extract and column of its description, all persons", (
        _ID, _REGISTER,
        C("kolonne", "text", "column", required=True, key=True),
        C("n_rader", "int", "rows", unit="rows"),
        C("n_null", "int", "rows without a value that can be used", unit="rows"),
        C("n_uleselig", "int", "rows whose value could not be read", unit="rows"),
        C("n_ulike", "int", "distinct values (approximate)"),
        C("n_utenfor_kodeliste", "int", "rows with a value outside the code list; null without one", unit="rows"),
        C("middel", "float", "mean size of its numbers but zeros, without their sign; null in other columns and where there are few"),
        C("minste", "text", "first month or year; null in other columns, where it may be one person's value"),
        C("storste", "text", "last month or year; null in other columns"),
    ), "pseudonyms",
)  # fmt: skip
UTTREKKSFORDELING = Table(
    "uttrekksfordeling", "statistikk", "one extract, column (month, year or one with a code list) and value, all persons", (
        _ID, _REGISTER,
        C("kolonne", "text", "column", required=True, key=True),
        C("verdi", "text", "first day of the month, year, or code of the description", required=True, key=True),
        C("n_rader", "int", "rows", unit="rows"),
    ), "pseudonyms",
)  # fmt: skip

UTENFOR_UTTREKK = Table(
    "utenfor_uttrekk", "klargjort", "one register, participant and unbroken run of months for which her rows were never asked for", (
        C("register", "text", "register", required=True, key=True, codes=tuple(REGISTERS)),
        C("person_key", "text", "pseudonym of the person", required=True, key=True, sensitivity="personal"),
        C("fra", "date", "first month; null where the register is replaced whole", key=True),
        C("til", "date", "last month; null where the register is replaced whole"),
    ), "pseudonyms",
)  # fmt: skip
REKKEVIDDE = Table(
    "uttrekk_rekkevidde", "klargjort", "one register with an extract in use: what it speaks of, whoever has rows in it", (
        C("register", "text", "register", required=True, key=True, codes=tuple(REGISTERS)),
        C("fra", "date", "first day, or first month", required=True),
        C("til", "date", "last day, or last month", required=True),
        C("mottatt", "date", "day the newest of the extracts in use was received: what a row dates later has not happened yet", required=True),
    ), "pseudonyms",
)  # fmt: skip


def period_of(register: str) -> str | None:
    """The column by which a new extract replaces the last one: ``maaned``, ``aar``, or None where an extract replaces it whole."""
    return next((c.name for c in REGISTERS[register].columns if c.name in ("maaned", "aar")), None)
