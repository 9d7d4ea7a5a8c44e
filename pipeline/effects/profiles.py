"""How large a share left to work or education, by what marks the project. Described only: no difference, no effect, no ranking.

Shares are those of participants followed to the horizon, shrunken towards what their mix of participants lets one expect (``shares``).
Participants of one project are alike: a group counts as many as it would without that, n / (1 + (m - 1) ρ), with m the size of the
project that the average participant is in (Kish 1965) and ρ the posterior mean from all projects, so that a few projects which
happen to be equal are not taken to be. Must not be here: a comparison of two groups, or a word about why they differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.effects.findings import Interval
from pipeline.effects.funnel import expected_shares
from pipeline.effects.gates import AMBER, GREEN, RED, Gate, Verdict
from pipeline.effects.person_weeks import Floats
from pipeline.effects.profile_marks import WHO, Mark, ProjectTables, marks
from pipeline.effects.protocol import MAIN, declaration
from pipeline.effects.sentences import DESCRIPTIVE, Claim, said
from pipeline.effects.shares import Counts, likeness, shrink
from pipeline.tables.deliveries import DIRECT_EDUCATION, DIRECT_TRANSITION, DIRECT_WORK

METHOD = "andel blant fulgte, krympet mot forventet ut fra deltakerne, beta-binomisk"
_REASONS = {"arbeid": DIRECT_WORK, "utdanning": DIRECT_EDUCATION, "arbeid_eller_utdanning": DIRECT_TRANSITION}
_LOST = ("flyttet", "faset_ut")
Row = dict[str, Any]


def profile_protocol() -> tuple[dict[str, Any], str]:
    """The declared profiles and the hash of their file (``protocols/prosjektprofil.toml``)."""
    return declaration("prosjektprofil")


@dataclass(frozen=True)
class Group:
    """One level of a mark at one horizon, for one outcome: counts, and the share once it has been shrunken."""

    participations: int
    persons: int
    projects: int
    municipalities: int
    events: int
    size: float
    share: Interval


def profile_rows(tables: ProjectTables) -> list[Row]:
    """Rows of ``STATISTIKK["effekt"]`` without stamps: every declared level, outcome and horizon.

    Grade B with enough projects, participations and participations with and without the outcome; C below that, with counts but
    no share; D when no participation of the level is known or followed to the horizon. A share here never earns an A.

    Args:
        tables: the participations and what is known of their projects and advisers.
    """
    declared, digest = profile_protocol()
    rows = [row for mark in marks(tables, declared) for row in _of_mark(mark, tables.deltakelse, declared)]
    return [row | {"protokoll_hash": digest} for row in rows]


def _of_mark(mark: Mark, deltakelse: pl.DataFrame, declared: Mapping[str, Any]) -> Iterator[Row]:
    entered = pl.col("start_dato").dt.year() >= pl.col("forste_tilskuddsaar")
    people = deltakelse.filter(entered).join(mark.known, on=WHO).sort(WHO)
    for weeks in declared["utfall"]["horisonter_uker"]:
        followed = followed_to(people, weeks)
        for outcome in declared["utfall"]["utfall"]:
            rated = _with_expected(followed, outcome, weeks)
            alike = likeness_in_projects(rated)
            for column, levels in mark.shown.items():
                groups = grouped(rated, column, alike)
                for level in levels:
                    verdict = _verdict(groups.get(level), _why_nobody(people[column], level), declared["grad"])
                    yield _row(level, outcome, weeks, groups.get(level), verdict)


def _why_nobody(levels: pl.Series, level: str) -> str:
    """Why a level may have nobody who is followed: the mark is never reported, nobody has the level, or the horizon is too far."""
    if levels.is_empty():
        return "mangler_data"
    return "horisont" if level in levels else "ingen_deltakere"


def _last_day(weeks: int) -> pl.Expr:
    return pl.col("start_dato") + pl.duration(days=7 * weeks - 1)


def followed_to(people: pl.DataFrame, weeks: int) -> pl.DataFrame:
    """Those whose project data reach the last day of the horizon and who had not moved or been phased out by then."""
    lost = pl.col("avslutning").is_in(_LOST) & (pl.col("slutt_dato") <= _last_day(weeks))
    return people.filter((pl.col("statusdato") >= _last_day(weeks)) & ~lost.fill_null(value=False))


def _with_expected(followed: pl.DataFrame, outcome: str, weeks: int) -> pl.DataFrame:
    """With ``_reached`` (left to the outcome by the horizon) and ``_expected`` (its probability from the mix alone)."""
    left = pl.col("avslutning").is_in(_REASONS[outcome]) & (pl.col("slutt_dato") <= _last_day(weeks))
    rated = followed.with_columns(_reached=left.fill_null(value=False))
    expected = expected_shares(rated, rated["_reached"]) if rated.height else np.zeros(0)
    return rated.with_columns(_expected=pl.Series(expected, dtype=pl.Float64))


def _sums(rated: pl.DataFrame, by: str) -> pl.DataFrame:
    return rated.group_by(by).agg(
        n=pl.len(), reached=pl.col("_reached").sum(), expected=pl.col("_expected").sum(), persons=pl.col("person_key").n_unique(),
        projects=pl.col("prosjekt_id").n_unique(), municipalities=pl.col("komm_nr_ref").n_unique(),
    ).sort(by)  # fmt: skip


def _counts(sums: pl.DataFrame, too_much: Floats | float = 1.0) -> Counts:
    return Counts(*(sums[c].cast(pl.Float64).to_numpy() / too_much for c in ("n", "reached", "expected")))


def grouped(rated: pl.DataFrame, column: str, alike: float) -> dict[str, Group]:
    """The levels of one column that have anybody, shrunken together."""
    if rated.is_empty():
        return {}
    sums = _sums(rated, column)
    counts = _counts(sums, design_effects(rated, column, alike))
    found = shrink(counts)
    return {
        row[column]: Group(
            row["n"], row["persons"], row["projects"], row["municipalities"], row["reached"], float(counts.n[i]),
            Interval(*(float(values[i]) for values in (found.estimate, found.low, found.high, found.se))),
        )
        for i, row in enumerate(sums.iter_rows(named=True))
    }  # fmt: skip


def likeness_in_projects(rated: pl.DataFrame) -> float:
    """ρ: how alike participants of one project are beyond their mix, 0 … 1."""
    return likeness(_counts(_sums(rated, "prosjekt_id"))) if rated.height else 0.0


def design_effects(rated: pl.DataFrame, column: str, alike: float) -> Floats:
    """(levels, sorted) by how many times a level's participations count too much because they share projects; at least 1."""
    sizes = rated.group_by(column, "prosjekt_id").agg(m=pl.len().cast(pl.Float64)).group_by(column)
    average = sizes.agg(m=(pl.col("m") ** 2).sum() / pl.col("m").sum()).sort(column)["m"].to_numpy()
    return np.asarray(1 + (average - 1) * alike)


def _verdict(group: Group | None, why_nobody: str, least: Mapping[str, int]) -> Verdict:
    if group is None:
        return Verdict("D", {}, why_nobody)
    counts = {
        "prosjekter": (group.projects, least["prosjekter"], "for_faa_prosjekter"),
        "deltakelser": (group.participations, least["deltakelser"], "for_faa_deltakere"),
        "utfall": (min(group.events, group.participations - group.events), least["med_og_uten_utfall"], "faa_utfall"),
    }
    missed = {name: reason for name, (count, limit, reason) in counts.items() if count < limit}
    # the numbers themselves are not shown: those below a limit are small
    gates = {name: Gate(None, RED if name in missed else GREEN, f"minst {limit}") for name, (_, limit, _) in counts.items()}
    gates["beskrivelse"] = Gate(None, AMBER, "ingen sammenligning")
    return Verdict("C" if missed else "B", gates, "; ".join(missed.values()))


def _row(level: str, outcome: str, weeks: int, group: Group | None, verdict: Verdict) -> Row:
    shown = group.share if group and verdict.grade == "B" else None
    claim = Claim(
        level, None, outcome, weeks, "andel", verdict.grade, None, shown, math.nan, verdict.reason, analysis=DESCRIPTIVE
    )
    row: Row = {
        "analyse": DESCRIPTIVE, "strategi": level, "sammenligning": None, "utfall": outcome, "horisont_uker": weeks, "variant": None,
        "maal": "andel", "undergruppe": "alle", "folsomhet": MAIN, "metode": METHOD, "grad": verdict.grade, "funn": None,
        "e_verdi": None, "porter": verdict.json(), **said(claim),
    }  # fmt: skip
    if group:
        row |= {"n_personer": group.persons, "n_klynger": group.municipalities, "n_hendelser": group.events, "ess": group.size}
    if shown:
        row |= {"estimat": shown.estimate, "ki_nedre": shown.low, "ki_ovre": shown.high, "se": shown.se}
    return row
