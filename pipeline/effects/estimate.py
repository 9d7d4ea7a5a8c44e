"""Every declared estimate of the night, as the tables that readers rely on.

Belongs here: the order of the analyses and the stamps. Must not be here: any estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.effects.chain import chain_rows, reaches
from pipeline.effects.eligibility import Cohort, select_cohort, with_running_placement
from pipeline.effects.gates import Verdict
from pipeline.effects.naive import naive_rows
from pipeline.effects.protocol import MAIN, OUTCOMES, Analysis, Protocol, declared_but_not_computed, placement_protocol
from pipeline.effects.sentences import Claim, can_say, cannot_say
from pipeline.effects.timing import Tables, run_timing
from pipeline.effects.timing_rows import Answers
from pipeline.tables import STATISTIKK

NOT_COMPUTED = "ikke_beregnet"
_LINK = {
    "strategi": "innen_8u", "variant": "jevn", "utfall": "arbeid_eller_utdanning", "horisont_uker": 52, "maal": "risikodifferanse",
}  # fmt: skip


@dataclass(frozen=True)
class Stamps:
    """What every estimate is stamped with: hash of the input tables, version of the code, time of first computation (ISO 8601)."""

    inndata_hash: str
    kode_versjon: str
    beregnet: str


@dataclass(frozen=True)
class Effects:
    """The estimates as ``STATISTIKK`` tables, and how many participations were left out and why (counts only).

    ``utvalg`` is of the main analysis, ``utvalg_folsomhet`` of each sensitivity analysis by its name.
    """

    effekt: pl.DataFrame
    effekt_naiv: pl.DataFrame
    kurver: pl.DataFrame
    aarsakskjede: pl.DataFrame
    utvalg: dict[str, int]
    utvalg_folsomhet: dict[str, dict[str, int]]


def not_computed_rows(protocol: Protocol) -> list[dict[str, Any]]:
    """One row, graded D with the reason, per declared estimate that has no estimator in this version."""
    declared, digest = declared_but_not_computed()
    verdict = Verdict("D", {}, declared["grunn"].rstrip("."))
    rows = []
    for item in declared["analyse"]:
        for strategy in item["strategi"]:
            for outcome in OUTCOMES:
                for weeks in item.get("horisonter_uker", protocol.horizons):
                    for measure in item["maal"]:
                        claim = Claim(
                            strategy,
                            item.get("sammenligning"),
                            outcome,
                            weeks,
                            measure,
                            "D",
                            None,
                            None,
                            protocol.margin,
                            "ikke bygget ennå",
                        )
                        rows.append({
                            "analyse": item["analyse"], "strategi": strategy, "sammenligning": item.get("sammenligning"), "utfall": outcome,
                            "horisont_uker": weeks, "variant": None, "maal": measure, "undergruppe": "alle", "folsomhet": MAIN,
                            "metode": NOT_COMPUTED, "grad": "D", "porter": verdict.json(), "kan_si": can_say(claim),
                            "kan_ikke_si": f"{declared['grunn']} {cannot_say(claim)}", "protokoll_hash": digest,
                        })  # fmt: skip
    return rows


def _sensitivity(
    tables: Tables, protocol: Protocol, analysis: Analysis, seed: int, bootstraps: int
) -> tuple[Cohort, list[dict[str, Any]]]:
    """(cohort, rows) of a sensitivity analysis: the same engine with what it calls a placement, from eligibility on."""
    cohort = select_cohort(with_running_placement(tables.deltakelse, tables.tiltak, analysis.placements), protocol)
    timing = run_timing(cohort, tables, protocol, seed=seed, bootstraps=bootstraps, analysis=analysis)
    return cohort, Answers(timing, protocol, analysis).rows()


def _table(name: str, rows: Iterable[Mapping[str, Any]], stamps: Mapping[str, str]) -> pl.DataFrame:
    table = STATISTIKK[name]
    stamped = [{c: {**row, **stamps}.get(c) for c in table.names} for row in rows]
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
) -> Effects:
    """Estimate everything that is declared.

    Args:
        deltakelse, tiltak, kartlegging, oppfolging: ``KLARGJORT`` tables.
        utfall: ``STATISTIKK["utfall"]``, for the negative control.
        seed: seed of the bootstrap.
        bootstraps: draws of municipalities.
        stamps: stood beside every estimate.
        progress: told at each step.

    Returns:
        Every declared combination has a row; grades C and D have counts and a reason but no number.
    """
    protocol = placement_protocol()
    tables = Tables(deltakelse, tiltak, kartlegging, oppfolging, utfall)
    progress("Velger ut deltakere og følger dem uke for uke")
    cohort = select_cohort(deltakelse, protocol)
    progress("Beregner når praksis bør komme")
    timing = run_timing(cohort, tables, protocol, seed=seed, bootstraps=bootstraps)
    answers = Answers(timing, protocol)
    rows = answers.rows()
    progress("Beregner følsomhetsanalyser")
    beside = {a.name: _sensitivity(tables, protocol, a, seed, bootstraps) for a in protocol.sensitivities}
    more = [row for _, found in beside.values() for row in found]
    progress("Beregner lenkene i årsakskjeden")
    placement = next(r for r in rows if all(r[k] == v for k, v in _LINK.items()))
    stamp = {"inndata_hash": stamps.inndata_hash, "kode_versjon": stamps.kode_versjon, "beregnet": stamps.beregnet}
    return Effects(
        effekt=_table("effekt", rows + more + not_computed_rows(protocol), stamp),
        effekt_naiv=_table("effekt_naiv", naive_rows(timing.weeks, reaches(cohort, protocol.horizons), protocol), stamp),
        kurver=_table("kurver", answers.curve_rows(), stamp),
        aarsakskjede=_table("aarsakskjede", chain_rows(cohort, tables, protocol, placement), stamp),
        utvalg=cohort.counts,
        utvalg_folsomhet={name: other.counts for name, (other, _) in beside.items()},
    )
