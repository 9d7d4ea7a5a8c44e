"""The estimate tables as one group: made together, replaced analysis by analysis, looked at together.

Belongs here: the guard between releases and the last look for estimates. Must not be here: the rules inside one table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import polars as pl

from pipeline.disclosure import estimates, links, trials
from pipeline.disclosure.curves import at_horizons, coarse_risks, curve_step, curves, unsafe_curves
from pipeline.disclosure.estimates import ARM, NO_NUMBER
from pipeline.disclosure.parameters import declared
from pipeline.disclosure.rounding import base, off_grid, unit
from pipeline.tables import UTDATA

GROUP = "estimater"
TABLES = ("effekt", "effekt_naiv", "kurver", "aarsakskjede")  # those with counts
PERSON = ["deltakelse_key", "person_key", "stand"]
COUNT = {"tabell": pl.String, "celle": pl.String, "maal": pl.String, "antall": pl.Int64}
_TIMING = "praksis_tidspunkt"
_OF = {"kurver": _TIMING, "effekt_naiv": _TIMING, "aarsakskjede": "aarsakskjede"}
_STAND = (
    "start_dato", "slutt_dato", "avslutning", "overgang", "forste_praksis_dato", "komm_nr_ref", "kjonn", "malgruppe", "utfaset",
)  # fmt: skip
_KEYS = {
    "effekt": [*ARM, "strategi", "sammenligning", "variant", "maal"],
    "effekt_naiv": ["strategi", "sammenligning", "utfall", "horisont_uker"],
    "aarsakskjede": ["fra", "til"],
    "nokkeltall": ["kpi", "nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"],
}
_COUNTS = {
    "effekt": ("n_personer", "n_hendelser"), "aarsakskjede": ("n", "n_hendelser"), "nokkeltall": ("nevner",),
    "effekt_naiv": ("n_strategi", "n_sammenligning", "k_strategi", "k_sammenligning"),
}  # fmt: skip


def protected(inputs: Mapping[str, pl.DataFrame], threshold: int) -> dict[str, pl.DataFrame]:
    """The tables of the group in ``UTDATA`` from those of ``STATISTIKK``, hidden and rounded."""
    effects = estimates.effects(inputs["effekt"], threshold)
    return {
        "effekt": effects,
        "effekt_naiv": estimates.naive(inputs["effekt_naiv"], threshold),
        "kurver": curves(inputs["kurver"], effects, threshold),
        "aarsakskjede": links.linked(links.chain(inputs["aarsakskjede"], threshold), effects),
        "selvtest": trials.self_test(inputs["selvtest"], effects, threshold),
    }


def as_today(tables: Mapping[str, pl.DataFrame], threshold: int) -> dict[str, pl.DataFrame]:
    """The tables of an earlier release, an absent one as empty, with all but their counts rounded by the rule of today.

    Rounding what was told takes nothing away, and what is rounded so already stays as it is.
    """
    stood = {name: tables[name] if name in tables else UTDATA[name].empty() for name in (*TABLES, "selvtest")}
    rows = stood["effekt"].with_columns(estimates.coarse_clusters(threshold))
    effects = UTDATA["effekt"].conform(estimates.coarse_numbers(rows, threshold))
    risks = at_horizons(stood["kurver"], effects).with_columns(curve_step(stood["kurver"], effects, threshold).alias("_step"))
    return {
        **stood,
        "effekt": effects,
        "kurver": UTDATA["kurver"].conform(coarse_risks(risks)),
        "aarsakskjede": links.linked(stood["aarsakskjede"], effects),
    }


def participants(deltakelse: pl.DataFrame) -> pl.DataFrame:
    """One row per participation, ended or not, with a digest of what the estimates depend on; personal."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in _STAND]
    rows = deltakelse.select("deltakelse_key", "person_key", stand=pl.concat_str(parts, separator="|")).sort("deltakelse_key")
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in rows["stand"].to_list()]
    return rows.with_columns(stand=pl.Series(digests, dtype=pl.String))


def exact_counts(inputs: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Counts before rounding of every estimate and mean: what the next release's guard compares with; never leaves the warehouse."""
    naive = inputs["effekt_naiv"].with_columns(
        (pl.col(f"andel_{s}") * pl.col(f"n_{s}")).round(0).cast(pl.Int64).alias(f"k_{s}") for s in ("strategi", "sammenligning")
    )
    means = inputs["nokkeltall"].filter(pl.col("kpi").is_in(declared()["gjennomsnitt"]) & (pl.col("nivaa") == "land"))
    others = inputs["aarsakskjede"].join(links.answered_links(), on=["fra", "til"], how="anti")  # the others have effekt's counts
    graded = {"effekt": _without_weak_events(inputs["effekt"]), "aarsakskjede": _without_weak_events(others)}
    frames = {**graded, "effekt_naiv": naive, "nokkeltall": means}
    long = [_long(name, frame, count) for name, frame in frames.items() for count in _COUNTS[name]]
    return pl.concat(long).drop_nulls("antall").sort("tabell", "celle", "maal")


def _without_weak_events(frame: pl.DataFrame) -> pl.DataFrame:
    # grades C and D release no events, so that nothing of them can move
    return frame.with_columns(n_hendelser=pl.when(~pl.col("grad").is_in(NO_NUMBER)).then("n_hendelser"))


def _long(table: str, frame: pl.DataFrame, count: str) -> pl.DataFrame:
    return frame.select(
        tabell=pl.lit(table), celle=cell(table), maal=pl.lit(count), antall=pl.col(count).round(0).cast(pl.Int64)
    ).cast(COUNT)  # type: ignore[arg-type]


def cell(table: str) -> pl.Expr:
    """The key of a row as one text."""
    return pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in _KEYS[table]], separator="|")


def part(table: str) -> pl.Expr:
    """The analysis that a row moves with: its own; curves and naive differences have the arms of placement timing."""
    return pl.lit(_OF[table]) if table in _OF else pl.col("analyse")


def parts(*releases: Mapping[str, pl.DataFrame]) -> set[str]:
    """Every analysis that some table of the releases has a row of."""
    rows = [frame.select(part(name).alias("_part")) for tables in releases for name, frame in tables.items()]
    return set(pl.concat(rows)["_part"].to_list())


def part_of_count() -> pl.Expr:
    """The same for rows of ``exact_counts``; null for those of other tables."""
    first = pl.when(pl.col("tabell") == "effekt").then(pl.col("celle").str.split("|").list.first())
    return pl.coalesce(first, pl.col("tabell").replace_strict(_OF, default=None, return_dtype=pl.String))


def enough_moved(before: pl.DataFrame, now: pl.DataFrame, threshold: int) -> bool:
    """Whether at least the threshold of persons joined, left or changed between two tables of ``PERSON``."""
    changed = pl.concat([now.join(before, on=PERSON, how="anti"), before.join(now, on=PERSON, how="anti")])
    return changed["person_key"].n_unique() >= threshold


def standing_parts(old: pl.DataFrame, new: pl.DataFrame, threshold: int) -> set[str]:
    """The analyses that keep their earlier numbers: too few persons moved, or a released count moves because of a few of them.

    An analysis moves as a whole, with all its horizons, outcomes, subgroups and sensitivities, since these are sums of each other or
    rest on the same persons. Too few persons moved when some count of the analysis moved and none by the threshold.

    Args:
        old: ``exact_counts`` behind the last release.
        new: ``exact_counts`` today.
        threshold: smallest number of persons.
    """
    step, gap = base(threshold), (pl.col("antall") - pl.col("antall_old")).abs()
    over_an_edge = (pl.col("antall") // step) != (pl.col("antall_old") // step)
    both = new.join(old, on=["tabell", "celle", "maal"], suffix="_old").filter(pl.col("tabell").is_in(TABLES))
    judged = both.group_by(part_of_count().alias("_part")).agg(
        few=(over_an_edge & (gap < threshold)).any() | gap.max().is_between(1, threshold - 1)
    )
    return set(judged.filter("few")["_part"])


def together(
    fresh: Mapping[str, pl.DataFrame], stood: Mapping[str, pl.DataFrame], stands: Collection[str]
) -> dict[str, pl.DataFrame]:
    """The tables with the analyses in ``stands`` as they stood and the others as they are now."""
    mixed = {}
    for name, frame in fresh.items():
        stays = part(name).is_in(list(stands))
        mixed[name] = UTDATA[name].conform(pl.concat([frame.filter(~stays), stood[name].select(frame.columns).filter(stays)]))
    return {**mixed, "aarsakskjede": links.linked(mixed["aarsakskjede"], mixed["effekt"])}


def unsafe_rows(tables: Mapping[str, pl.DataFrame], threshold: int) -> dict[str, int]:
    """Rows of each estimate table that are finer than the rounding rule allows, from the released values alone."""
    return {
        "effekt": _unsafe_effects(tables["effekt"], threshold),
        "effekt_naiv": _unsafe_naive(tables["effekt_naiv"], threshold),
        "kurver": unsafe_curves(tables["kurver"], tables["effekt"], threshold),
        "aarsakskjede": links.unsafe_links(tables["aarsakskjede"], tables["effekt"], threshold)
        + tables["aarsakskjede"].filter(_exact(threshold, "n", "n_hendelser")).height,
        "selvtest": trials.unsafe_self_test(tables["selvtest"], tables["effekt"], threshold),
    }


def _exact(threshold: int, *columns: str) -> pl.Expr:
    return pl.any_horizontal([(pl.col(c).is_not_null() & (pl.col(c) % base(threshold) != 0)) for c in columns])


def _unsafe_effects(frame: pl.DataFrame, threshold: int) -> int:
    rows = frame.with_columns(estimates.step(frame, threshold).alias("_step"))
    weak = pl.col("grad").is_in(NO_NUMBER) & pl.any_horizontal(pl.col("n_hendelser", "estimat").is_not_null())
    counts = _exact(threshold, "n_personer", "n_hendelser", "ess", "n_klynger")
    return rows.filter(counts | estimates.fine_numbers(rows, threshold) | weak).height


def _unsafe_naive(frame: pl.DataFrame, threshold: int) -> int:
    sides = ("strategi", "sammenligning")
    fine = pl.any_horizontal([off_grid(pl.col(f"andel_{s}"), unit(pl.col(f"n_{s}"), threshold)) for s in sides])
    apart = (pl.col("andel_strategi") - pl.col("andel_sammenligning") - pl.col("estimat")).abs() > 1e-6
    return frame.filter(_exact(threshold, "n_strategi", "n_sammenligning") | fine | apart.fill_null(False)).height
