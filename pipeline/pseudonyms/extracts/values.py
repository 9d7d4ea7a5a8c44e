"""One column's values read as its description's type, as DuckDB expressions over the type that its owner delivered.

Belongs here: reading a value in SQL, whatever file or folder it stands in. Must not be here: which columns an extract has (``columns``), files,
persons, or what to do about a value that can't be read.
"""

from __future__ import annotations

import re

from pipeline.tables import Column
from pipeline.tables.registers import ORGNR

SQL_TYPE = {"text": "VARCHAR", "date": "DATE", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN"}
# What looks like a code and is none of the description's is counted as one of its own kind; its text might be a name, and does not pass.
_CODE = "^[a-z_]{1,24}$"
UNKNOWN_CODE = "ukjent_kode"
_FIRST_YEAR, _NO_YEAR, _MOST = 1900, 2200, 10_000_000_000
# No form is longer; longer text is not even looked at.
_LONGEST = 64
# Blanks of any kind part groups of three digits. A point or comma before three digits may mark decimals or part thousands: nobody knows.
_BLANK = "[ \u00a0\u2009\u202f]"
_WHOLE = "[+-]?[0-9]+"
_IN_GROUPS = f"[+-]?[0-9]{{1,3}}({_BLANK}[0-9]{{3}})+"
_THOUSAND = 1000
# Before 1966 the zone's tables follow Berlin, whose summers were others than Norway's (source: tz database, file "backward", from 2022b on).
# A day of those years was never written down with its hour: a midnight in Norway is at most three hours before UTC's.
_OSLO_KNOWN, _AHEAD = 1966, 3
_MOMENTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_IN_A_ZONE = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_UNCLEAR = "[+-]?[1-9][0-9]{0,2}([.,][0-9]{3})+"
_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_ZONE = " ?([Zz]|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
_NO_SUCH_DAY = "9999-|[.]9999$"
# The owner's types that a column of each kind can be read from, and what stands for a value of such a type that cannot be read.
_NUMBER = re.compile(r"VARCHAR|BOOLEAN|DOUBLE|FLOAT|DECIMAL\(.*|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_HOLDS = {"date": re.compile("|".join(("VARCHAR", "DATE", *_MOMENTS, *_IN_A_ZONE))), "int": _NUMBER, "float": _NUMBER}
_NOBODY_MEANS = {"text": "'?'", "date": "DATE '0001-01-01'", "int": str(2**63 - 1), "float": "CAST('nan' AS DOUBLE)"}


def read(column: Column, name: str, kind: str) -> str:
    """The column read as its description's type; what cannot be read or meant becomes null.

    Text must have its form, dates and years must lie within 1900-2199, numbers within the description's range and ten thousand million.

    Args:
        column: its description.
        name: the owner's column as it stands in the statement.
        kind: the owner's DuckDB type.
    """
    if column.kind == "text":
        return _as_text(column, name, kind)
    value = _value(column, name, kind)
    if column.kind == "bool":
        return value
    if column.kind == "date":
        return f"CASE WHEN {value} >= DATE '{_FIRST_YEAR}-01-01' AND {value} < DATE '{_NO_YEAR}-01-01' THEN {value} END"
    low: float
    high: float
    low, high = (_FIRST_YEAR, _NO_YEAR - 1) if column.unit == "year" else (-_MOST, _MOST)
    low = low if column.minimum is None else max(low, column.minimum)
    high = high if column.maximum is None else min(high, column.maximum)
    return f"CASE WHEN {value} BETWEEN {low} AND {high} THEN {value} END"


def written(column: Column, name: str, kind: str) -> str:
    """Whether the owner has written anything there. A day after 2199 where none is needed means that there is no such day yet."""
    if kind == "VARCHAR":
        none = f" AND NOT regexp_matches({name}, '{_NO_SUCH_DAY}')" if column.kind == "date" and not column.required else ""
        return f"coalesce(trim({name}) <> ''{none}, false)"
    if column.kind == "date" and not column.required:
        return f"coalesce({name} < DATE '{_NO_YEAR}-01-01', false)"
    return f"{name} IS NOT NULL"


def in_one_type(column: Column, name: str, kind: str) -> str:
    """One of the several types that a column has in one extract, brought to the type in which all of them are read alike.

    DuckDB would bring them to the widest: a moment without a zone becomes one of this zone, an amount loses its decimals, yes becomes 1, and a
    number text without its zeros. Here ``read`` and ``written`` say the same of the result as of the owner's column: what is written there and
    cannot be read becomes a value that no description allows. A type that never holds such values (a number for a day) is left: it goes
    together with no other, which is told with the types.
    """
    if column.kind == "text":
        return name if _is_text(kind) else f"CASE WHEN {name} IS NOT NULL THEN {_NOBODY_MEANS['text']} END"
    if column.kind not in _NOBODY_MEANS or not _HOLDS[column.kind].fullmatch(kind):
        return name
    value = f"coalesce({_value(column, name, kind)}, {_NOBODY_MEANS[column.kind]})"
    return f"CASE WHEN {written(column, name, kind)} THEN {value} END"


def _value(column: Column, name: str, kind: str) -> str:
    return _from_text(column, name) if kind == "VARCHAR" else _cast(column, name, kind)


def _is_text(kind: str) -> bool:
    return kind == "VARCHAR" or kind.startswith("ENUM")


def _cast(column: Column, name: str, kind: str) -> str:
    if column.kind == "date":
        if kind in _MOMENTS:
            day = _day_of(f"CAST({name} AS TIMESTAMP)")
        elif kind in _IN_A_ZONE:
            day = _day_in_norway(name)
        else:
            day = f"TRY_CAST({name} AS DATE)"
        return f"CAST(date_trunc('month', {day}) AS DATE)" if column.name == "maaned" else day
    if kind == "BOOLEAN" and column.kind != "bool":
        return f"CAST(NULL AS {SQL_TYPE[column.kind]})"
    value = f"TRY_CAST({name} AS {SQL_TYPE[column.kind]})"
    if column.kind == "int" and kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return f"CASE WHEN {value} = {name} THEN {value} END"
    return value


def _day_of(moment: str) -> str:
    """The day of a moment without a zone. One that is midnight in Norway once it is read as UTC is that day: so Spark and others write days."""
    as_utc = f"timezone('UTC', {moment})"
    in_norway = f"timezone('Europe/Oslo', {as_utc})"
    evening = ", ".join(f"TIME '{24 - hours}:00:00'" for hours in range(1, _AHEAD + 1))
    midnight = (
        f"CASE WHEN {moment} < DATE '{_OSLO_KNOWN}-01-01' THEN CAST({moment} AS TIME) IN ({evening}) "
        f"ELSE CAST({in_norway} AS TIME) = TIME '00:00:00' END"
    )
    return f"CASE WHEN isfinite({moment}) AND {midnight} THEN {_day_in_norway(as_utc)} ELSE CAST({moment} AS DATE) END"


def _day_in_norway(moment: str) -> str:
    """The Norwegian day of a moment with a zone."""
    old = f"timezone('UTC', {moment}) < DATE '{_OSLO_KNOWN}-01-01'"
    then = f"CAST(timezone('UTC', {moment}) + INTERVAL {_AHEAD} HOUR AS DATE)"
    return f"CASE WHEN {old} THEN {then} ELSE TRY_CAST({moment} AS DATE) END"


def _as_text(column: Column, name: str, kind: str) -> str:
    # A number in a text column has lost its leading zeros already: it is not padded, it is unreadable.
    if not _is_text(kind):
        return "CAST(NULL AS VARCHAR)"
    if column.form:
        return _of_form(column.form, name if kind == "VARCHAR" else f"CAST({name} AS VARCHAR)")
    text = f"nullif(trim(CAST({name} AS VARCHAR)), '')"
    if not column.codes:
        return text
    codes = ", ".join(f"'{code}'" for code in column.codes)
    code = f"lower({text})"
    # Most values are codes as they stand: they are looked up once and not taken apart.
    return (
        f"CASE WHEN {name} IN ({codes}) THEN CAST({name} AS VARCHAR) WHEN {code} IN ({codes}) THEN {code} "
        f"WHEN regexp_matches({code}, '{_CODE}') THEN '{UNKNOWN_CODE}' END"
    )


def _of_form(form: str, text: str) -> str:
    slowly = f"WHEN strlen({text}) <= {_LONGEST} AND regexp_full_match(trim({text}), '{form}') THEN trim({text})"
    if form != ORGNR:
        return f"CASE {slowly} END"
    # Employers stand in every row of the largest register. There and back as a number takes a tenth of an expression's time, and nothing
    # but nine digits without a zero in front comes back as it was.
    return f"CASE WHEN strlen({text}) = 9 AND CAST(TRY_CAST({text} AS UINTEGER) AS VARCHAR) = {text} THEN {text} {slowly} END"


def _from_text(column: Column, name: str) -> str:
    text = f"trim({name})"
    if column.kind == "date":
        # A moment with a zone is the day that it is in Norway, as in a column of type timestamp with time zone.
        dotted = f"CAST(try_strptime({text}, '%d.%m.%Y') AS DATE)"
        iso = (
            f"CASE WHEN regexp_full_match({text}, '{_DAY}') THEN CAST(try_strptime({text}, '%Y-%m-%d') AS DATE) "
            f"WHEN regexp_full_match({text}, '{_DAY}{_CLOCK}') THEN {_day_of(f'TRY_CAST({text} AS TIMESTAMP)')} "
            f"WHEN regexp_full_match({text}, '{_DAY}{_CLOCK}{_ZONE}') THEN {_day_in_norway(f'TRY_CAST(upper({text}) AS TIMESTAMPTZ)')} END"
        )
        day = f"coalesce({iso}, {dotted})"
        return f"CAST(date_trunc('month', {day}) AS DATE)" if column.name == "maaned" else day
    plain = f"regexp_replace({text}, '{_BLANK}', '', 'g')"
    if column.kind == "float":
        point, groups = (f"TRY_CAST(replace({of}, ',', '.') AS DOUBLE)" for of in (text, plain))
        grouped = f"CASE WHEN regexp_full_match({text}, '{_IN_GROUPS}([.,][0-9]+)?') THEN {groups} END"
        if column.maximum is not None and column.maximum < _THOUSAND:  # a point can only be a decimal point
            return f"coalesce({point}, {grouped})"
        unclear = f"regexp_matches({text}, '[.,]') AND regexp_full_match({text}, '{_UNCLEAR}')"
        return f"CASE WHEN NOT ({unclear}) THEN coalesce({point}, {grouped}) END"
    ours = SQL_TYPE[column.kind]
    return (
        f"CASE WHEN regexp_full_match({text}, '{_WHOLE}') THEN TRY_CAST({text} AS {ours}) "
        f"WHEN regexp_full_match({text}, '{_IN_GROUPS}') THEN TRY_CAST({plain} AS {ours}) END"
    )
