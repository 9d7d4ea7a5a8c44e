"""The joint cube of leavers and the released tables of direct transition made from it.

Belongs here: who is in which cell, and the rows that follow from a pattern. Must not be here: other indicators.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.disclosure.audit import Audit, audit
from pipeline.disclosure.parameters import HIDDEN, declared, share, transition_spec
from pipeline.disclosure.problem import TOTAL, Codes, Pattern, Problem, build_problem
from pipeline.disclosure.protect import suppress

KPI, OTHER = "overgang_direkte", "andre-"
MEMBER = ["deltakelse_key", "person_key", "komm_nr", "fylke_nr", "aar", "periode", "kjonn", "malgruppe", "utfaset", "overgang"]
CELL = ["nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"]


@dataclass(frozen=True)
class Transitions:
    """The cube, what is shown of it, and its rows for ``UTDATA["nokkeltall"]`` without target."""

    problem: Problem
    pattern: Pattern
    judged: Audit
    rows: pl.DataFrame


def members(deltakelse: pl.DataFrame, last_year: int) -> pl.DataFrame:
    """One row per leaver with the coordinates of the inner cell; personal, stays in the pseudonymised zone.

    Municipalities with few leavers in all periods together become "other municipalities of the county". Periods are groups of years
    that do not overlap; one of them ends with ``last_year``, the last year of the window that the municipalities are compared in.
    """
    leavers = deltakelse.filter(pl.col("overgang").is_not_null() & pl.col("slutt_dato").is_not_null())
    if leavers.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(MEMBER, pl.String), "overgang": pl.Boolean})
    rules, year = declared(), pl.col("slutt_dato").dt.year()
    size = rules["aar_i_periode"]
    last = last_year - (last_year - year).floordiv(size) * size
    small = pl.len().over("komm_nr_ref") < rules["minste_kommune"]
    return leavers.select(
        "deltakelse_key", "person_key",
        pl.when(small).then(OTHER + pl.col("fylke_nr")).otherwise("komm_nr_ref").alias("komm_nr"),
        pl.col("fylke_nr"),
        year.cast(pl.String).alias("aar"),
        pl.format("{}-{}", last - size + 1, last).alias("periode"),
        "kjonn", pl.col("malgruppe").fill_null("ukjent"),
        pl.when(pl.col("utfaset").fill_null(False)).then(pl.lit("ja")).otherwise(pl.lit("nei")).alias("utfaset"),
        "overgang",
    ).sort("deltakelse_key")  # fmt: skip


def protect_transitions(people: pl.DataFrame, threshold: int, stay_hidden: pl.DataFrame, last_year: int) -> Transitions:
    """Protect the declared tables of the leavers.

    Args:
        people: ``members``; at least one row.
        threshold: smallest count shown.
        stay_hidden: rows (``CELL``, ``nevner``) that an earlier release hid; what they hid is hidden again.
        last_year: last year of the municipalities' window, as in ``members``.

    Raises:
        ReleaseRefused: the tables cannot be protected.
    """
    spec = transition_spec(threshold)
    inner = people.group_by([*spec.dims, *spec.hierarchy.values()]).agg(pl.len().alias("n"), pl.col("overgang").sum().alias("k"))
    times = _printed_times(people, last_year)
    problem = build_problem(inner, spec, "n", "k", lambda codes: _is_printed(codes, times))
    pattern = suppress(problem, _stay_hidden(problem, stay_hidden))
    return Transitions(problem, pattern, audit(problem, pattern), _rows(problem, pattern))


def _stay_hidden(problem: Problem, rows: pl.DataFrame) -> frozenset[int]:
    """Positions of what the rows hid: the numerator always, the denominator when it was hidden too."""
    if rows.is_empty():
        return frozenset()
    hidden = {tuple(cell): denominator is None for *cell, denominator in rows.select(*CELL, "nevner").iter_rows()}
    cells = ((i, m, hidden.get(_cell(problem, m.codes))) for i, m in enumerate(problem.measures) if m.printed)
    return frozenset(
        i for i, m, both in cells if both is not None and m.value > 0 and (m.part == "ja" or (both and m.part == "alle"))
    )


def _printed_times(people: pl.DataFrame, last_year: int) -> frozenset[str]:
    """Every year, and the pools inside the years with leavers: another pool's name would promise years that nobody has seen.

    The municipalities' window is a released table of its own, and stays where the programme is younger than the window is long.
    """
    years = people["aar"].unique().sort()
    pools = [p for p in people["periode"].unique() if (years[0] <= p[:4] and p[-4:] <= years[-1]) or p[-4:] == str(last_year)]
    return frozenset([*years, *pools])


def _is_printed(codes: Codes, times: frozenset[str]) -> bool:
    """All periods together and the phased-out alone are protected and never printed; nor is any cross of two breakdowns."""
    _, time, sex, group, phased_out = codes
    return time in times and phased_out != "ja" and TOTAL in (sex, group)


def _cell(problem: Problem, codes: Codes) -> tuple[str, ...]:
    """The key of a printed cell in the released table."""
    area, time, sex, group, phased_out = codes
    counties = {code for code, _ in problem.dimensions[0].parents}
    level = "land" if area == TOTAL else ("fylke" if area in counties else "kommune")
    splits = [(dim, value) for dim, value in (("kjonn", sex), ("malgruppe", group)) if value != TOTAL]
    dim, value = splits[0] if splits else ("alle", "alle")
    rule = "alle_avsluttede" if phased_out == TOTAL else "uten_utfasede"
    return level, "0" if area == TOTAL else area, time, dim, value, rule


def _rows(problem: Problem, pattern: Pattern) -> pl.DataFrame:
    out = []
    for i in range(0, len(problem.measures), 3):
        n, k = problem.measures[i], problem.measures[i + 1]
        if n.printed and n.value > 0:
            cell = _cell(problem, n.codes)
            shown, both = pattern.shown[i], pattern.shown[i] and pattern.shown[i + 1]
            out.append((KPI, *cell, k.value if both else None, n.value if shown else None, "andel", None if both else HIDDEN))
    schema = ["kpi", *CELL, "teller", "nevner", "enhet", "status"]
    types = {**dict.fromkeys(schema, pl.String), "teller": pl.Int64, "nevner": pl.Int64}
    return share(pl.DataFrame(out, schema=types, orient="row")).with_columns(pl.col("status").fill_null(""))
