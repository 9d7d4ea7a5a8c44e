"""What earlier extracts of a register were found to hold: the measure of a new one.

Belongs here: looking up profiles. Must not be here: counting, or judging.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.pseudonyms.extracts.change import Standing
from pipeline.pseudonyms.extracts.profile import Profile
from pipeline.pseudonyms.extracts.received import Extract, in_use
from pipeline.tables.uttrekk import UTTREKKSFORDELING, UTTREKKSPROFIL, period_of


@dataclass(frozen=True)
class Counted:
    """The profiles of all extracts of one register: ``uttrekksprofil`` and ``uttrekksfordeling``."""

    columns: pl.DataFrame
    values: pl.DataFrame

    def of(self, extract_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        chosen = pl.col("uttrekk_id") == extract_id
        return self.columns.filter(chosen), self.values.filter(chosen)

    def with_profile(self, seen: Profile, extract_id: str) -> Counted:
        others = pl.col("uttrekk_id") != extract_id
        return Counted(
            pl.concat([self.columns.filter(others), seen.columns]), pl.concat([self.values.filter(others), seen.values])
        )


def standing_of(register: str, earlier: list[Extract], counted: Counted, *, whole_population: bool) -> Standing:
    """What is in use of the extracts that came before, for one that is of a whole population or of a roster."""
    accepted = [extract for extract in earlier if extract.accepted]
    alike = [extract for extract in accepted if extract.whole_population == whole_population]
    used, period, empty = in_use(register, accepted), period_of(register), UTTREKKSFORDELING.empty()
    parts = {
        extract_id: counted.of(extract_id)[1].filter(
            (pl.col("kolonne") == (period or "")) & (pl.lit(periods is None) | pl.col("verdi").is_in(periods or []))
        )
        for extract_id, periods in used.items()
    }
    last = counted.of(alike[-1].extract_id) if alike else (UTTREKKSPROFIL.empty(), empty)
    all_in_use, alike_in_use = (
        pl.concat([empty, *chosen]).select("verdi", "n_rader")
        for chosen in (parts.values(), [parts[e.extract_id] for e in alike if e.extract_id in parts])
    )
    return Standing(last[0], last[1], all_in_use, alike_in_use, 0)
