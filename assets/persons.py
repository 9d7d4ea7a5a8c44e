"""Who is one person tonight: rows under earlier numbers, and what is told when persons who were two are found to be one.

Told first, pseudonymised afterwards: a night that dies in between finds the same persons again, writes the same lists and completes what
it had begun to rename in the registers' admitted rows.
"""

import polars as pl

from assets.night import Night
from pipeline.disclosure.erased import replace_members
from pipeline.intake import current_rows
from pipeline.pseudonyms import follow_merges, last_good_copy, remapping, to_inndata

REPLACED = "ompseudonymisering"


def identity_history(night: Night) -> None:
    """Read the identity history and say what came of it in the night's facts (counts only)."""
    night.facts["identity_history"] = night.guard("identity history", lambda: night.identity_history).facts


def pseudonymised(night: Night) -> dict[str, pl.DataFrame]:
    """The accepted rows as ``INNDATA`` tables, persons under the number they have now, and which pseudonyms that has replaced."""
    history = night.identity_history
    rows = current_rows(night.settings, resolve=history.current)
    frames = to_inndata(rows, night.keys, history)
    persons = pl.concat([frame["fnr"].cast(pl.String) for frame in rows.values() if "fnr" in frame.columns]).unique()
    history.keep(last_good_copy(night.settings), persons)
    before, standing = night.tables("inndata", frames), night.warehouse.read("inndata", REPLACED)
    merged = remapping.merged(before, frames, history.numbers_of(persons), night.keys)
    replaced = remapping.unknown_in(merged, standing)
    follow_merges(night.settings, merged)  # what was admitted of her stays hers
    _tell(night, replaced)
    table = remapping.extended(standing, replaced, "sammenslaaing", night.settings.today)
    return {**frames, REPLACED: remapping.still_true(table, frames)}


def _tell(night: Night, replaced: pl.DataFrame) -> None:
    """Recipients, and the guard between releases: else it sees everybody leave who only has another pseudonym."""
    if replaced.is_empty():
        return
    lists = remapping.write_recipient_lists(night.settings.home, replaced, night.keys, night.keys)
    replace_members(night.settings.home, remapping.replacements(replaced))
    kinds = dict(replaced.group_by("slag").len().iter_rows())
    night.facts["pseudonyms_replaced"] = {
        "persons": kinds.get("person", 0), "participations": kinds.get("deltakelse", 0), "lists": len(lists),
    }  # fmt: skip
