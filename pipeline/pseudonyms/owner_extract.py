"""An extract made ready by the register's owner: identity numbers become pseudonyms before the file leaves the owner.

Belongs here: what the owner runs at home. Must not be here: taking an extract in (``border`` does that).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.pseudonyms.extract_files import scan_extract, value_free
from pipeline.pseudonyms.identity_search import refuse_identities
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.person_keys import register_keys
from pipeline.store import parquet_bytes, write_bytes
from pipeline.tables import REGISTERS

_ID_FORM = r"^\d{11}$"
_UNREADABLE = "A registry extract ({register}) could not be read."


def pseudonymise_file(source: Path, target: Path, register: str, keys: Keys) -> int:
    """Write ``source`` with the register's own pseudonyms to ``target`` (Parquet) and return the number of rows.

    What the register's owner runs at home: ``person_id`` becomes ``person_key`` and ``key_version``, columns outside the file
    description are left out, all else stays as it is.

    Raises:
        UserError: no such register, unreadable, no ``person_id``, identity numbers that are not 11 digits, or one in another column.
    """
    if register not in REGISTERS:
        raise UserError("There is no such register.", f"Choose one of: {', '.join(REGISTERS)}.")
    table = REGISTERS[register]
    what = _UNREADABLE.format(register=register)
    rows = value_free(lambda: scan_extract(source).collect(), what)
    if "person_id" not in rows.columns or rows["person_id"].dtype != pl.String:
        raise UserError("The extract has no person_id column of text.", "Name the column person_id and keep leading zeros.")
    malformed = rows.height - int(rows["person_id"].str.contains(_ID_FORM).fill_null(False).sum())
    if malformed:
        raise UserError(f"person_id is not 11 digits in {malformed} row(s).", "Keep it as text: Excel eats leading zeros.")
    payload = rows.select([name for name in table.names if name in rows.columns and name != "person_key"])
    refuse_identities(register, payload)
    named = payload.with_columns(
        register_keys(rows["person_id"], keys, register).alias("person_key"), pl.lit(keys.version).alias("key_version")
    )
    write_bytes(target, parquet_bytes(named.select("person_key", "key_version", *payload.columns)))
    return rows.height
