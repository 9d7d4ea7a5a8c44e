"""Every indicator on every level, period and breakdown, before disclosure control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from pipeline import codes
from pipeline.cohort.grunnlag import SHAPE
from pipeline.cohort.kpi_avslutning import at_exit, by_registers, combined, followed_up, leavers
from pipeline.cohort.kpi_drift import caseload_and_grants, contacts, deliveries
from pipeline.cohort.kpi_start import from_start
from pipeline.tables import STATISTIKK

POOL_YEARS = 3
LEVELS = {"land": None, "fylke": "fylke_nr", "kommune": "komm_nr_ref", "bydel": "bydel_nr", "prosjekt": "prosjekt_id"}
BREAKDOWNS = ("malgruppe", "kjonn")
ALL = "alle"


def nokkeltall(
    klargjort: Mapping[str, pl.DataFrame],
    person_maaned: pl.DataFrame | pl.LazyFrame,
    utfall: pl.DataFrame,
    etteroppfolging: pl.DataFrame,
    mottak: pl.DataFrame,
    today: date,
) -> pl.DataFrame:
    """``statistikk.nokkeltall``: one row per indicator, level, area, period, breakdown and denominator rule.

    ``verdi`` = ``teller`` / ``nevner``, for medians the median with ``teller`` null; shares are 0–1. A row exists only where
    its denominator is above 0. Periods are years and three-year pools inside the years of the indicator; what dates an
    indicator, its unit and its denominator rules stand in ``codes/kpi.csv``. A pool has the target of its last year.

    Args:
        klargjort: deltakelse, tiltak, oppfolging, kartlegging, prosjekt.
        person_maaned: ``klargjort.person_maaned``, best as a scan of its file, which is large; empty without registers.
        utfall: ``statistikk.utfall``; empty without registers.
        etteroppfolging: ``inndata.etteroppfolging``.
        mottak: ``inndata.mottak``, the ledger.
        today: later years are not yet periods.
    """
    sources = (klargjort, person_maaned, utfall, etteroppfolging, mottak, today)
    contributions = pl.concat([pl.DataFrame(schema=SHAPE), *_contributions(*sources)])
    medians = codes.indicators().filter(pl.col("beregning") == "median")["kpi"].unique().sort()
    is_median = pl.col("kpi").is_in(medians.implode())
    until_now = contributions.filter(pl.col("aar") <= today.year)
    rolled = pl.concat([_rolled_up(_condensed(until_now.filter(~is_median))), _rolled_up(until_now.filter(is_median))])
    return STATISTIKK["nokkeltall"].conform(_with_targets(_with_values(rolled)))


def _contributions(
    klargjort: Mapping[str, pl.DataFrame],
    person_maaned: pl.DataFrame | pl.LazyFrame,
    utfall: pl.DataFrame,
    etteroppfolging: pl.DataFrame,
    mottak: pl.DataFrame,
    today: date,
) -> Iterator[pl.DataFrame]:
    deltakelse, tiltak, prosjekt = klargjort["deltakelse"], klargjort["tiltak"], klargjort["prosjekt"]
    exits = leavers(deltakelse)
    yield from at_exit(exits, klargjort["kartlegging"])
    yield from by_registers(exits, utfall, person_maaned)
    yield from followed_up(exits, etteroppfolging)
    yield combined(exits, tiltak)
    yield from from_start(deltakelse)
    yield from contacts(deltakelse, tiltak, klargjort["oppfolging"])
    yield from caseload_and_grants(prosjekt, deltakelse)
    yield from deliveries(mottak, prosjekt, deltakelse, today)


def _condensed(contributions: pl.DataFrame) -> pl.DataFrame:
    """The same sums from fewer rows: persons who count alike everywhere are added up once, before all levels and pools."""
    alike = [name for name in SHAPE if name not in ("teller", "nevner")]
    return contributions.group_by(alike, maintain_order=True).agg(pl.col("teller", "nevner").sum()).select(*SHAPE)


def _rolled_up(contributions: pl.DataFrame) -> pl.DataFrame:
    """Sums and medians over every level, period and breakdown; ``_aar`` is the period's last year."""
    periods = pl.concat([_years(contributions), _pools(contributions)])
    parts = [
        _summed(frame, level, code)
        for level, code in LEVELS.items()
        for frame in (_broken_down(periods, None), *(_broken_down(periods, name) for name in BREAKDOWNS))
    ]
    return pl.concat(parts)


def _years(contributions: pl.DataFrame) -> pl.DataFrame:
    return contributions.with_columns(periode=pl.col("aar").cast(pl.String), _aar=pl.col("aar"))


def _pools(contributions: pl.DataFrame) -> pl.DataFrame:
    """Each row in the up to three pools that hold its year; a pool lies inside the years of its indicator."""
    first, last = pl.col("aar").min().over("kpi"), pl.col("aar").max().over("kpi")
    ends = contributions.with_columns(_first=first, _last=last, _aar=pl.int_ranges(pl.col("aar"), pl.col("aar") + POOL_YEARS))
    begin = pl.col("_aar") - POOL_YEARS + 1
    inside = (begin >= pl.col("_first")) & (pl.col("_aar") <= pl.col("_last"))
    name = pl.format("{}-{}", begin, pl.col("_aar"))
    pooled = ends.explode("_aar").filter(inside).with_columns(periode=name)
    return pooled.select(*contributions.columns, "periode", "_aar")


def _broken_down(periods: pl.DataFrame, breakdown: str | None) -> pl.DataFrame:
    """Without breakdown: rows with their own split keep it, the others count for all."""
    if breakdown is None:
        return periods.with_columns(pl.col("dim", "dim_verdi").fill_null(ALL))
    own = periods.filter(pl.col("dim").is_null() & pl.col(breakdown).is_not_null())
    return own.with_columns(dim=pl.lit(breakdown), dim_verdi=pl.col(breakdown))


def _summed(frame: pl.DataFrame, level: str, code: str | None) -> pl.DataFrame:
    area = pl.lit("0") if code is None else pl.col(code)
    keys = ["kpi", "nivaa", "omraade", "periode", "_aar", "dim", "dim_verdi", "nevnerregel"]
    located = frame.with_columns(nivaa=pl.lit(level), omraade=area).filter(pl.col("omraade").is_not_null())
    return located.group_by(keys).agg(
        teller=pl.col("teller").sum(), nevner=pl.col("nevner").sum(), _median=pl.col("teller").median()
    )


def _with_values(rolled: pl.DataFrame) -> pl.DataFrame:
    """Rounded far below any reported digit, because the order of a parallel sum is not fixed."""
    defined = codes.indicators().select("kpi", "nevnerregel", "enhet", "beregning")
    rows = rolled.filter(pl.col("nevner") > 0).join(defined, on=["kpi", "nevnerregel"])
    is_median = pl.col("beregning") == "median"
    value = pl.when(is_median).then(pl.col("_median")).otherwise(pl.col("teller") / pl.col("nevner"))
    return rows.with_columns(
        verdi=value.round(8), teller=pl.when(~is_median).then(pl.col("teller").round(4)), nevner=pl.col("nevner").round(4)
    )


def _with_targets(rows: pl.DataFrame) -> pl.DataFrame:
    targets = codes.targets().select("kpi", _aar="aar", maaltall="verdi")
    return rows.join(targets, on=["kpi", "_aar"], how="left")
