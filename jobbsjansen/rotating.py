"""``keys rotate``: a new master key, and new pseudonyms in all that stands, without anybody being taken for another person.

Every step can be repeated. From the first to the last no night runs in the home, with neither key; whoever stops in between runs the
same command again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.pseudonyms import Keys
from pipeline.settings import Settings
from pipeline.store import Warehouse, home_lock, sweep
from pipeline.tables import DELIVERY_TABLES, INNDATA

_REPLACED = "ompseudonymisering"
_NEXT = (
    "Next: jobbsjansen nightly --key-file {path}. Each register's owner needs a new key: jobbsjansen keys new FILE --register …"
)


def rotate_key(
    settings: Settings, new_file: Path, version: str | None, progress: Callable[[str], None]
) -> tuple[dict[str, Any], str]:
    """Give the home a new key, made in ``new_file``; what was done as dict and as text. Repeating it completes what was interrupted.

    Raises:
        HomeBusy: a night holds the home.
        RefusedStart: the key in use is not this home's, or another rotation has been interrupted.
        UserError: no night has run yet, the new key file holds something else, or its version has been used.
    """
    from pipeline.pseudonyms import load_keys
    from pipeline.pseudonyms.home_key import begin_rotation, end_rotation, is_home_key, refuse_other_key

    with home_lock(settings.home):
        sweep(settings.home)
        old = load_keys(settings)
        new = _new_key(settings, new_file, old, version)
        if is_home_key(settings.home, new):  # all is done but, at most, the journal's end
            end_rotation(settings.home, old, new, settings.now.isoformat())
            return _answer(new_file, old, new, {"completed_earlier": True})
        refuse_other_key(settings.home, old)
        began = begin_rotation(settings.home, old, new, settings.now.isoformat())
        done = _replace_everywhere(settings, old, new, datetime.fromisoformat(began), progress)
        progress("key_check")
        end_rotation(settings.home, old, new, began)
    return _answer(new_file, old, new, {"completed_earlier": False, **done})


def _new_key(settings: Settings, path: Path, old: Keys, version: str | None) -> Keys:
    from pipeline.pseudonyms.home_key import refuse_lost_key, refuse_other_key, versions_used
    from pipeline.pseudonyms.rotation import rotated_key_file

    used = versions_used(settings.home)
    if not path.exists():
        refuse_lost_key(settings.home)
        refuse_other_key(settings.home, old)
    return rotated_key_file(path, old, version, used, settings.home)


def _replace_everywhere(
    settings: Settings, old: Keys, new: Keys, began: datetime, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Lists first: they are made of what the last night called everybody."""
    from pipeline.disclosure.erased import replace_members
    from pipeline.pseudonyms import remapping
    from pipeline.pseudonyms.rotation import files_to_rekey, rekey_file

    home, warehouse = settings.home, Warehouse(settings.home)
    progress("pseudonyms")
    replaced = _everybody(settings, old, new)
    standing = warehouse.read("inndata", _REPLACED)
    used = replaced.filter(pl.col("gammel_key").is_in(_in_use(warehouse, standing).implode()))
    progress("lists")
    lists = remapping.write_recipient_lists(home, used, old, new)
    table = remapping.extended(standing, used, "noekkelbytte", began.date())
    warehouse.write("inndata", _REPLACED, table)
    replacements, changed = remapping.replacements(replaced), 0
    for path in files_to_rekey(home):
        progress(f"{path.parent.name}/{path.stem}")
        changed += rekey_file(path, replacements, settings)
    progress("release_members")
    changed += replace_members(home, replacements)
    kinds = dict(used.group_by("slag").len().iter_rows())
    return {
        "persons": kinds.get("person", 0), "participations": kinds.get("deltakelse", 0), "files": changed,
        "lists": [str(path) for path in lists],
    }  # fmt: skip


def _everybody(settings: Settings, old: Keys, new: Keys) -> pl.DataFrame:
    """Every pseudonym that rows in the identified zone have ever led to, and the new one in its place."""
    from pipeline.intake import current_rows, rows_ever
    from pipeline.pseudonyms import home_history, remapping

    history = home_history(settings)
    now, ever = current_rows(settings)["deltaker"], rows_ever(settings, "deltaker")
    rows = pl.concat([ever.select(now.columns), now])
    tables = [name for name, table in DELIVERY_TABLES.items() if "fnr" in table]
    others = pl.concat([rows_ever(settings, name)["fnr"].cast(pl.String) for name in tables])
    return remapping.rekeyed(rows, others, history, old, new)


def _in_use(warehouse: Warehouse, standing: pl.DataFrame) -> pl.Series:
    """The pseudonyms of the last night's tables, and those that lists have named: once this rotation has been told, the latter alone say it."""
    tables = [warehouse.read("inndata", name) for name in INNDATA if name in DELIVERY_TABLES]
    held = [f[n].alias("key") for f in tables for n in ("person_key", "deltakelse_key") if n in f.columns]
    return pl.concat([*held, standing["gammel_key"].alias("key")]).unique()


def _answer(path: Path, old: Keys, new: Keys, done: dict[str, Any]) -> tuple[dict[str, Any], str]:
    result = {"path": str(path), "from": old.version, "version": new.version, "check_value": new.check_value, **done}
    lines = [f"{path}: version {new.version}, check value {new.check_value}, in place of version {old.version}."]
    if done["completed_earlier"]:
        lines.append("This home had been rotated to it already.")
    else:
        lines.append(f"Replaced: the pseudonyms of {done['persons']} persons and {done['participations']} participations.")
        lines += [f"For the recipient: {listed}" for listed in done["lists"]]
    lines.append(_NEXT.format(path=path))
    return result, "\n".join(lines)
