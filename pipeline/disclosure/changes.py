"""What a release says that the one before did not, as a sentence for readers.

Belongs here: comparing two releases from their published values alone. Must not be here: what may be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline.disclosure.transitions import KPI

FIRST, NONE = "Første utgivelse.", "Ingen endrede tall."
_STAMPS = (
    "beregnet", "protokoll_hash", "inndata_hash", "kode_versjon", "metode", "justert_for", "begrunnelse", "setning",
    "kan_si", "kan_si_nn", "kan_si_en", "kan_ikke_si", "kan_ikke_si_nn", "kan_ikke_si_en",
)  # fmt: skip
_TRANSITION, _MUNICIPAL = pl.col("kpi") == KPI, pl.col("nivaa") == "kommune"
_ALL = pl.lit(True)
_EFFECTS = "beregnede effekter"
# group of tables in readers' words, with the tables and the rows of them that it covers
_GROUPS: tuple[tuple[str, Mapping[str, pl.Expr]], ...] = (
    ("direkte overgang i landet og fylkene", {"nokkeltall": _TRANSITION & ~_MUNICIPAL}),
    ("direkte overgang i kommunene", {"nokkeltall": _TRANSITION & _MUNICIPAL, "kommune": _ALL}),
    ("andre nøkkeltall for landet", {"nokkeltall": ~_TRANSITION}),
    (_EFFECTS, {"effekt": _ALL, "effekt_naiv": _ALL, "kurver": _ALL, "aarsakskjede": _ALL, "selvtest": _ALL}),
    ("etterprøving på simulerte deltakere", {"etterproving": _ALL}),
    ("hva registrene kjenner til", {"koblingstap": _ALL}),
)


def change_text(tables: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame] | None) -> str:
    """Which groups of tables have a number, a sign or a row that the release before did not have, and which stand.

    Stamps and sentences do not count: they change with the program, not with the numbers.

    Args:
        tables: the new release.
        before: the release before; None for the first.
    """
    if before is None:
        return FIRST
    changed = {words: any(_differ(name, tables, before, rows) for name, rows in parts.items()) for words, parts in _GROUPS}
    new = [words + (_some(tables, before) if words == _EFFECTS else "") for words, differs in changed.items() if differs]
    stands = [words for words, differs in changed.items() if not differs]
    if not new:
        return NONE
    return f"Nye tall: {_listed(new)}." + (f" Uendret: {_listed(stands)}." if stands else "")


def _some(tables: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame]) -> str:
    """In how many analyses, where it is not in all."""
    every = tables["effekt"]["analyse"].unique().to_list()
    new = [one for one in every if _differ("effekt", tables, before, pl.col("analyse") == one)]
    return f" i {len(new)} av {len(every)} analyser" if 0 < len(new) < len(every) else ""


def _differ(name: str, tables: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame], rows: pl.Expr) -> bool:
    now, then = tables[name].filter(rows), before.get(name, tables[name].clear())
    numbers = [c for c in now.columns if c not in _STAMPS]
    if not set(numbers) <= set(then.columns):
        return now.height > 0
    then = then.filter(rows)
    return not now.select(numbers).sort(numbers).equals(then.select(numbers).sort(numbers))


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} og {last}" if most else last
