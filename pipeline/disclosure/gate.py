"""The one gate: statistics in, released tables out, or a refusal.

Belongs here: putting the parts of a release together, and the last look at the whole. Must not be here: rules of one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from pipeline import codes
from pipeline.disclosure import carry, estimate_group, estimates, indicators, link_losses, trials
from pipeline.disclosure.audit import Audit
from pipeline.disclosure.changes import change_text
from pipeline.disclosure.last_look import last_look
from pipeline.disclosure.parameters import HIDDEN, declared
from pipeline.disclosure.transitions import KPI, MEMBER, members, protect_transitions
from pipeline.errors import ReleaseRefused
from pipeline.released import ReleasedTables
from pipeline.settings import Home, Settings
from pipeline.store import code_hash, parquet_bytes, sha256_bytes
from pipeline.tables import STATISTIKK, UTDATA

_NUMBERS = UTDATA["nokkeltall"]


@dataclass(frozen=True)
class ReleaseCandidate(ReleasedTables):
    """A release that is not written yet, with who stands behind its cells, the counts before rounding and its inputs' hashes.

    None of them leaves the pseudonymised zone: the first two are personal, and the hash of an unprotected table would confirm a guess
    at it and tell that something changed behind numbers that stand.
    """

    behind: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    counts: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)


def members_path(home: Home, release_id: str) -> Any:
    """Where the pseudonymised members behind a release are kept, for the guard of the next one."""
    return home.warehouse / "release_members" / f"{release_id}.parquet"


def counts_path(home: Home, release_id: str) -> Any:
    """Where the counts before rounding behind a release are kept, for the guard of the next one."""
    return home.warehouse / "release_members" / f"{release_id}.counts.parquet"


def inputs_path(home: Home, release_id: str) -> Any:
    """Where the hashes of a release's unprotected inputs are kept: whether they changed decides if a next release is due."""
    return home.warehouse / "release_members" / f"{release_id}.inputs.json"


def build_release(
    statistikk: Mapping[str, pl.DataFrame],
    deltakelse: pl.DataFrame,
    utfall: pl.DataFrame,
    previous: Sequence[ReleasedTables],
    settings: Settings,
) -> ReleaseCandidate:
    """The next release: every table of ``UTDATA``, protected, audited and guarded against the release before.

    Args:
        statistikk: tables of ``STATISTIKK``; a missing one counts as empty.
        deltakelse: ``KLARGJORT["deltakelse"]``.
        utfall: ``STATISTIKK["utfall"]``; no number of it is released, but a change in it makes a release due.
        previous: earlier releases, oldest first.
        settings: threshold, clock, home (the members behind the last release are read from the warehouse).

    Raises:
        ReleaseRefused: there are no leavers, the audit found a hidden number that can be computed, or a shown one is unsafe.
    """
    last_year = _last_year(statistikk.get("kommune"), settings.today)
    people = members(deltakelse, last_year)
    if people.is_empty():
        raise ReleaseRefused(
            "No participation has ended, so there is nothing to release.", "Take in deliveries with exits first."
        )
    inputs = {**{name: statistikk.get(name, STATISTIKK[name].empty()) for name in STATISTIKK}, "utfall": utfall}
    last = previous[-1] if previous else None
    earlier = _Earlier.of(last, settings.home)
    fresh, verdicts = _fresh_numbers(inputs["nokkeltall"], people, last_year, last, settings.threshold)
    counts = estimate_group.exact_counts(inputs)
    numbers, carried, behind = _against(fresh, last, earlier, counts, people, settings)
    group, persons, stands = _estimates(inputs, deltakelse, last, earlier, counts, settings.threshold)
    known = last.tables.get(link_losses.TABLE) if last else None
    losses, told, waiting = link_losses.link_losses(inputs[link_losses.TABLE], known, earlier.counts, settings.threshold)
    carried = [*carried, *_names(stands, estimate_group.parts(group)), *waiting]
    tables = {
        "nokkeltall": _NUMBERS.conform(_with_targets(numbers)),
        **group,
        "kommune": _municipalities(inputs["kommune"], numbers, last, carried),
        # simulated persons only: made anew with every release, also where the estimates stand
        "etterproving": trials.proof(inputs["etterproving"]),
        link_losses.TABLE: losses,
    }
    last_look(tables, settings.threshold)
    release_id = f"r{len(previous) + 1:04d}"
    manifest = _manifest(release_id, tables, verdicts, carried, last, settings)
    kept = pl.concat([carry.kept_counts(counts, earlier.counts, numbers, last, stands), told])
    hashes = {name: sha256_bytes(parquet_bytes(frame)) for name, frame in sorted({**inputs, "deltakelse": deltakelse}.items())}
    return ReleaseCandidate(release_id, tables, manifest, pl.concat([behind, persons], how="diagonal"), kept, hashes)


@dataclass(frozen=True)
class _Earlier:
    """Who and what stood behind the last release; None where nobody knows."""

    people: pl.DataFrame | None
    counts: pl.DataFrame | None

    @classmethod
    def of(cls, last: ReleasedTables | None, home: Home) -> _Earlier:
        if last is None:
            return cls(None, None)
        paths = members_path(home, last.release_id), counts_path(home, last.release_id)
        people, counts = (pl.read_parquet(path) if path.is_file() else None for path in paths)
        return cls(people, counts)


def _estimates(
    inputs: Mapping[str, pl.DataFrame],
    deltakelse: pl.DataFrame,
    last: ReleasedTables | None,
    earlier: _Earlier,
    counts: pl.DataFrame,
    threshold: int,
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, set[str]]:
    """The estimate tables, the participants behind the newest numbers in them, and the analyses carried forward from the last release."""
    fresh = estimate_group.protected(inputs, threshold)
    now = estimate_group.participants(deltakelse).with_columns(nivaa=pl.lit(estimate_group.GROUP))
    if last is None:
        return fresh, now, set()
    stood = estimate_group.as_today(last.tables, threshold)
    if all(frame.equals(stood[name]) for name, frame in fresh.items()):
        return fresh, now, set()
    before = now.clear()
    if earlier.people is not None and "stand" in earlier.people.columns:
        before = earlier.people.filter(pl.col("nivaa") == estimate_group.GROUP).select(now.columns)
    old = earlier.counts
    every = estimate_group.parts(fresh, stood)
    stands = every
    if before.height and old is not None and estimate_group.enough_moved(before, now, threshold):
        stands = every & estimate_group.standing_parts(old, counts, threshold)
    return estimate_group.together(fresh, stood, stands), before if stands == every else now, stands


def _names(stands: set[str], every: set[str]) -> list[str]:
    """What the manifest calls the estimates that were carried forward: all of them, or each analysis."""
    if not stands:
        return []
    return [estimate_group.GROUP] if stands == every else [f"{estimate_group.GROUP}:{analysis}" for analysis in sorted(stands)]


def _last_year(local: pl.DataFrame | None, today: date) -> int:
    """Last year of the municipalities' window, so that both show the same persons; without them the last whole year."""
    window = local["periode"].max() if local is not None and local.height else None
    return today.year - 1 if window is None else int(str(window)[-4:])


def _fresh_numbers(
    statistics: pl.DataFrame, people: pl.DataFrame, last_year: int, last: ReleasedTables | None, threshold: int
) -> tuple[pl.DataFrame, dict[str, Audit]]:
    before = last.tables["nokkeltall"] if last else _NUMBERS.empty()
    frozen = before.filter((pl.col("kpi") == KPI) & (pl.col("status") == HIDDEN))
    transitions = protect_transitions(people, threshold, frozen, last_year)
    single_year = pl.col("periode").str.contains(r"^\d{4}$")
    national = statistics.filter((pl.col("nivaa") == "land") & single_year)
    plain = national.filter(pl.col("dim") == "alle")
    status, status_audit = indicators.november(national, threshold)
    verdicts = {KPI: transitions.judged, **({"november_status": status_audit} if status_audit else {})}
    failed = sorted(name for name, judged in verdicts.items() if not judged.passed)
    if failed:
        raise ReleaseRefused(
            f"The audit found hidden numbers that can be computed ({', '.join(failed)}).", "The last release stays."
        )
    parts = [transitions.rows, indicators.shares(plain, threshold), indicators.means(plain), status]
    return pl.concat([_NUMBERS.conform(p) for p in parts]), verdicts


def _against(
    fresh: pl.DataFrame,
    last: ReleasedTables | None,
    earlier: _Earlier,
    counts: pl.DataFrame,
    people: pl.DataFrame,
    settings: Settings,
) -> tuple[pl.DataFrame, list[str], pl.DataFrame]:
    """Rows after the guard, what was carried forward, and the members behind each level."""
    levels = ("land_og_fylke", "kommune")
    if last is None:
        return fresh, [], _behind(people, people)
    before = last.tables["nokkeltall"]
    moved = carry.moved_means(earlier.counts, counts, settings.threshold)
    others = _apart(carry.carry_rows(_others(fresh), before, settings.threshold, moved), settings.threshold)
    if earlier.people is None:  # nobody knows who stands behind the last release: nothing of it may be replaced
        return pl.concat([before.filter(pl.col("kpi") == KPI), others]), list(levels), _behind(people.clear(), people.clear())
    old = {name: earlier.people.filter(pl.col("nivaa") == name) for name in levels}
    changed = pl.concat([carry.changed_persons(old[name], people).with_columns(nivaa=pl.lit(name)) for name in levels])
    since = date.fromisoformat(str(last.manifest["kommune_siden"]))
    rows, carried = carry.carry_levels(fresh, before, changed, since, settings.today, settings.threshold)
    behind = [old[n].select(MEMBER) if n in carried else people for n in levels]
    return pl.concat([rows, others]), carried, _behind(*behind)


def _apart(rows: pl.DataFrame, threshold: int) -> pl.DataFrame:
    # rows that stand beside rows that were replaced may have come too close to them
    hidden = indicators.apart(rows, threshold)["_hidden"]
    numbers = ("teller", "nevner", "verdi", "ki_nedre", "ki_ovre")
    kept = [pl.when(~hidden).then(pl.col(c)).alias(c) for c in numbers]
    return rows.with_columns(*kept, status=pl.when(hidden).then(pl.lit(HIDDEN)).otherwise("status"))


def _others(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("kpi") != KPI)


def _behind(country: pl.DataFrame, municipal: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([country.with_columns(nivaa=pl.lit("land_og_fylke")), municipal.with_columns(nivaa=pl.lit("kommune"))])


def _with_targets(rows: pl.DataFrame) -> pl.DataFrame:
    """A period has the target of its last year; only direct transition and the like have one."""
    targets = codes.targets().select("kpi", _aar="aar", _target="verdi")
    year = pl.col("periode").str.slice(-4).cast(pl.Int64)
    return rows.with_columns(_aar=year).join(targets, on=["kpi", "_aar"], how="left").with_columns(maaltall="_target")


def _municipalities(
    statistics: pl.DataFrame, numbers: pl.DataFrame, last: ReleasedTables | None, carried: Sequence[str]
) -> pl.DataFrame:
    if last is not None and "kommune" in carried:
        return estimates.coarse_municipalities(last.tables.get("kommune", UTDATA["kommune"].empty()))
    return estimates.municipalities(statistics, numbers)


def _manifest(
    release_id: str,
    tables: Mapping[str, pl.DataFrame],
    verdicts: Mapping[str, Audit],
    carried: Sequence[str],
    last: ReleasedTables | None,
    settings: Settings,
) -> dict[str, Any]:
    moment: datetime = settings.now
    since = last.manifest["kommune_siden"] if last and "kommune" in carried else moment.date().isoformat()
    log = list(last.manifest["endringslogg"]) if last else []
    entry = {
        "release_id": release_id, "dato": moment.date().isoformat(),
        "endring": change_text(tables, last.tables if last else None), "videreført": list(carried),
    }  # fmt: skip
    return {
        "release_id": release_id,
        "beregnet": moment.isoformat(),
        "kommune_siden": since,
        "terskel": settings.threshold,
        "parametre": {
            k: v
            for k, v in declared().items()
            if k in ("versjon", "kilde", "terskel_gjennomsnitt", "minste_kommune", "minste_klynger", "kalender")
        },
        "skjult": {
            name: {"rader": f.height, "skjult": f.filter(pl.col("status") == HIDDEN).height} for name, f in sorted(tables.items())
        },
        "hvorfor": "Antall under terskelen, alle eller ingen med utfallet, eller et tall som ellers ville røpet et slikt.",
        "revisjon": {name: judged.verdict() for name, judged in sorted(verdicts.items())},
        "videreført": list(carried),
        "kode": code_hash("disclosure"),
        "endringslogg": [*log, entry],
    }
