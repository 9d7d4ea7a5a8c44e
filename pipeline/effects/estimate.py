"""Every declared estimate of the night, as the tables that readers rely on.

Belongs here: the order of the analyses and the stamps. Must not be here: any estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.effects.answers import Answers
from pipeline.effects.chain import chain_rows
from pipeline.effects.combination import combination_protocol, combination_rows
from pipeline.effects.contacts import contact_protocol, contact_rows
from pipeline.effects.curves import curve_rows
from pipeline.effects.eligibility import Cohort, reaches, select_cohort, with_running_placement
from pipeline.effects.episodes import episodes
from pipeline.effects.mediation_arms import run_mediation
from pipeline.effects.mediation_rows import mediation_protocol, rows_of
from pipeline.effects.naive import naive_rows
from pipeline.effects.profile_marks import ProjectTables
from pipeline.effects.profiles import profile_rows
from pipeline.effects.protocol import Analysis, Protocol, load_protocol, placement_protocol
from pipeline.effects.self_test import self_test_rows
from pipeline.effects.study import Results, Tables
from pipeline.effects.subgroups import subgroup_rows
from pipeline.effects.timing import Fitted, answer, fit_timing, run_timing, timing_study, truncated
from pipeline.effects.workplace import workplace_rows
from pipeline.tables import INNDATA, KLARGJORT, STATISTIKK

Row = dict[str, Any]


@dataclass(frozen=True)
class Stamps:
    """What every estimate is stamped with: hash of the input tables, version of the code, time of first computation (ISO 8601)."""

    inndata_hash: str
    kode_versjon: str
    beregnet: str


@dataclass(frozen=True)
class Effects:
    """The estimates as ``STATISTIKK`` tables, and how many participations were left out and why (counts only).

    ``utvalg`` is of the main analysis, ``utvalg_folsomhet`` of the sensitivity analyses with another cohort and of the other
    analyses, by name.
    """

    effekt: pl.DataFrame
    effekt_naiv: pl.DataFrame
    kurver: pl.DataFrame
    aarsakskjede: pl.DataFrame
    selvtest: pl.DataFrame
    utvalg: dict[str, int]
    utvalg_folsomhet: dict[str, dict[str, int]]


@dataclass
class Night:
    """What the analyses of a night share: the tables, the seed, how many draws, and what they have found so far."""

    tables: Tables
    seed: int
    bootstraps: int
    rows: list[Row]
    counts: dict[str, dict[str, int]]

    def timing(self, cohort: Cohort, protocol: Protocol, analysis: Analysis | None = None) -> Results:
        return run_timing(cohort, self.tables, protocol, seed=self.seed, bootstraps=self.bootstraps, analysis=analysis)


def _sensitivity(night: Night, cohort: Cohort, protocol: Protocol, analysis: Analysis, main: Results) -> None:
    """A sensitivity analysis: the same engine with what it changes; another placement changes the cohort too."""
    if analysis.truncated:
        results = truncated(main)
    elif analysis.placements != protocol.main.placements:
        cohort = select_cohort(
            with_running_placement(night.tables.deltakelse, night.tables.tiltak, analysis.placements), protocol
        )
        night.counts[analysis.name] = cohort.counts
        results = night.timing(cohort, protocol, analysis)
    else:
        results = night.timing(cohort, protocol, analysis)
    night.rows += Answers(results, timing_study(protocol, analysis)).rows()


def _episodes(night: Night) -> None:
    """Waiting between measures (E5)."""
    protocol = load_protocol("tiltakskjede")
    everybody = night.tables.deltakelse.with_columns(praksis_foer_start=pl.lit(value=False))
    cohort = episodes(select_cohort(everybody, protocol), night.tables.tiltak, night.tables.oppfolging, protocol)
    night.counts[protocol.name] = cohort.counts
    night.rows += Answers(night.timing(cohort, protocol), timing_study(protocol)).rows()


def _with_one_fit(night: Night, cohort: Cohort, protocol: Protocol, progress: Callable[[str], None]) -> tuple[Results, list[Row]]:
    """Everything that rests on the placement analyses' fitted model, which is large and let go afterwards.

    Placement timing and tempo (E1, E2), subgroups, combination tracks (E3); returns the main results and the self-test's rows.
    """
    fitted = fit_timing(cohort, night.tables, protocol, seed=night.seed, bootstraps=night.bootstraps)
    main = answer(fitted) if isinstance(fitted, Fitted) else fitted
    night.rows += Answers(main, timing_study(protocol)).rows()
    progress("Beregner undergrupper og kombinasjonsløp")
    night.rows += subgroup_rows(fitted, protocol)
    night.rows += combination_rows(
        cohort, night.tables, combination_protocol(), seed=night.seed, bootstraps=night.bootstraps,
        timing=fitted if isinstance(fitted, Fitted) else None,
    )  # fmt: skip
    progress("Prøver metoden på omtrukne praksisstarter")
    return main, self_test_rows(fitted, night.tables, night.seed)


def _contacts(night: Night, cohort: Cohort) -> None:
    """Follow-up of participants and of employers (E4)."""
    for name in ("oppfolging_deltaker", "oppfolging_arbeidsgiver"):
        night.rows += contact_rows(cohort, night.tables, contact_protocol(name), seed=night.seed, bootstraps=night.bootstraps)


def _table(name: str, rows: Iterable[Mapping[str, Any]], stamps: Stamps) -> pl.DataFrame:
    table = STATISTIKK[name]
    stamped = [{c: {**row, **vars(stamps)}.get(c) for c in table.names} for row in rows]
    return table.conform(pl.DataFrame(stamped, schema=table.schema))


def estimate(
    deltakelse: pl.DataFrame,
    tiltak: pl.DataFrame,
    kartlegging: pl.DataFrame,
    oppfolging: pl.DataFrame,
    utfall: pl.DataFrame,
    *,
    seed: int,
    bootstraps: int,
    stamps: Stamps,
    progress: Callable[[str], None],
    projects: Mapping[str, pl.DataFrame] | None = None,
) -> Effects:
    """Estimate everything that is declared.

    Args:
        deltakelse, tiltak, kartlegging, oppfolging: ``KLARGJORT`` tables.
        utfall: ``STATISTIKK["utfall"]``, for the negative control.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        stamps: stood beside every estimate.
        progress: told at each step.
        projects: what the projects tell about themselves: ``KLARGJORT["prosjekt"]``, ``INNDATA["veileder"]`` and
            ``INNDATA["undersokelse"]`` by name; a missing table counts as empty.

    Returns:
        Every declared combination has a row; grades C and D have counts and a reason but no number.
    """
    protocol = placement_protocol()
    tables = Tables(deltakelse, tiltak, kartlegging, oppfolging, utfall)
    night = Night(tables, seed, bootstraps, [], {})
    progress("Velger ut deltakere og følger dem uke for uke")
    cohort = select_cohort(deltakelse, protocol)
    progress("Beregner når praksis bør komme")
    main, tested = _with_one_fit(night, cohort, protocol, progress)
    progress("Beregner følsomhetsanalyser")
    for analysis in protocol.sensitivities:
        _sensitivity(night, cohort, protocol, analysis, main)
    progress("Beregner oppfølging og ventetid mellom tiltak")
    _contacts(night, cohort)
    _episodes(night)
    told = {"prosjekt": KLARGJORT["prosjekt"], "veileder": INNDATA["veileder"], "undersokelse": INNDATA["undersokelse"]}
    about = {name: (projects or {}).get(name, table.empty()) for name, table in told.items()}
    night.rows += profile_rows(ProjectTables(deltakelse, tiltak, **about))
    progress("Beregner lenkene i årsakskjeden")
    mediation = run_mediation(cohort, tables, mediation_protocol(), seed=seed, bootstraps=bootstraps)
    night.rows += rows_of(mediation, mediation_protocol())
    night.rows += workplace_rows(cohort, tables, seed=seed, bootstraps=bootstraps)
    links = chain_rows(cohort, tables, protocol, night.rows, mediation)
    return Effects(
        effekt=_table("effekt", night.rows, stamps),
        effekt_naiv=_table("effekt_naiv", naive_rows(main.weeks, reaches(cohort, protocol.horizons), protocol), stamps),
        kurver=_table("kurver", curve_rows(Answers(main, timing_study(protocol))), stamps),
        aarsakskjede=_table("aarsakskjede", links, stamps),
        selvtest=_table("selvtest", tested, stamps),
        utvalg=cohort.counts,
        utvalg_folsomhet=night.counts,
    )
