"""What later horizons say of an early difference: exits that come sooner are not the same as more exits.

A difference in cumulative incidence at one horizon cannot tell the two apart; the same contrast at later horizons can speak against it.
Must not be here: any judgement about effects; only whether the later number is there, certain and as large.
"""

from __future__ import annotations

import polars as pl

from pipeline.dashboard.estimates import contrast_name, main_rows
from pipeline.dashboard.hiding import NO_NUMBER_GRADES
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import Row

EARLY = 52
_TIMING = ("praksis_tidspunkt", "praksis_tempo")
_CONTRAST = ("analyse", "strategi", "sammenligning", "variant")


def later_note(effects: pl.DataFrame, outcome: str, weeks: int, t: Texts) -> str:
    """One sentence beside the first horizon: which contrasts of when placements start are above zero, and later smaller or unknown.

    Args:
        effects: rows of ``effekt``, all horizons.
        outcome: code of the outcome.
        weeks: horizon of the panel; only the first one (``EARLY``) has a note.
        t: texts.
    """
    if weeks != EARLY:
        return ""
    timing = (pl.col("utfall") == outcome) & pl.col("analyse").is_in(_TIMING)
    rows = main_rows(effects.filter(timing), "risikodifferanse")
    later = rows.filter(pl.col("horisont_uker") > EARLY)
    names = []
    for early in rows.filter(pl.col("horisont_uker") == EARLY).iter_rows(named=True):
        same = [r for r in later.iter_rows(named=True) if all(r[c] == early[c] for c in _CONTRAST)]
        if _has_number(early) and early["estimat"] > 0 and any(_weaker(early, row) for row in same):
            name = contrast_name(early, t)
            names.append(name[:1].lower() + name[1:])
    if not names:
        return ""
    horizons = sorted(set(later["horisont_uker"].to_list()))
    return t("later.note", weeks=t("later.or").join(str(w) for w in horizons), names="; ".join(names))


def _has_number(row: Row) -> bool:
    return row["estimat"] is not None and not row["status"] and row["grad"] not in NO_NUMBER_GRADES


def _weaker(early: Row, later: Row) -> bool:
    return not _has_number(later) or later["funn"] == "uavklart" or later["estimat"] < early["estimat"]
