"""An extract admitted as a night would, on small frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.pseudonyms import Keys, admit, at_the_border, look_at, open_checked, person_keys
from pipeline.pseudonyms.extracts.profile import Profile
from pipeline.pseudonyms.extracts.source import pointing_out


@dataclass(frozen=True)
class Seen:
    """What came of it: the participants' rows, the profile, how many rows repeated another, and how many shared a key or were left out for it."""

    frame: pl.DataFrame
    profile: Profile
    repeated: int
    sharing: int = 0
    surplus: int = 0

    def column(self, name: str) -> dict[str, object]:
        return self.profile.columns.row(by_predicate=pl.col("kolonne") == name, named=True)


def persons(identities: pl.Series, keys: Keys) -> pl.DataFrame:
    return pl.DataFrame({"person_id": identities, "person_key": person_keys(identities, keys)})


def admitted(files: list[Path], register: str, keys: Keys, identities: pl.Series, folder: Path, memory: str = "300MB") -> Seen:
    scratch, target = folder / "scratch", folder / "admitted.parquet"
    with at_the_border(scratch, memory) as connection:
        source = open_checked(connection, files, register, keys, scratch)
        seen = pointing_out(connection, source, lambda: look_at(connection, source, register, keys, "abc"))
        result = pointing_out(
            connection, source, lambda: admit(connection, source, register, keys, persons(identities, keys), target)
        )
    assert not scratch.exists()
    frame = pl.read_parquet(target)
    assert (result.rows, result.participants) == (
        frame.height,
        frame["person_key"].n_unique() if "person_key" in frame.columns else 0,
    )
    return Seen(frame, seen, result.repeated, result.sharing, result.surplus)
