"""What a new extract is measured by: against its description, against the participants, and against the last good one.

Belongs here: the measures, one row per column and one for the extract as a whole. Must not be here: how large a measure may be
(``rules/uttrekk.toml``) and the judgement (``expectations``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from pipeline.pseudonyms.extracts.profile import Profile
from pipeline.rules import extract_rules
from pipeline.tables import REGISTERS
from pipeline.tables.uttrekk import period_of

WHOLE = "uttrekket"
_FEW = 6
_MANY = 20  # distinct values from which on their number says something


@dataclass(frozen=True)
class Standing:
    """What is in use of a register before a new extract. Rows of a whole population are not held against those of a roster.

    Attributes:
        columns: ``uttrekksprofil`` of the last good extract of the same kind; empty without one.
        values: ``uttrekksfordeling`` of that extract.
        periods: rows per month or year of everything in use (``verdi``, ``n_rader``).
        alike: those of extracts of the same kind.
        participants: tonight's participants with at least one row in what is in use, in the months that are compared.
    """

    columns: pl.DataFrame
    values: pl.DataFrame
    periods: pl.DataFrame
    alike: pl.DataFrame
    participants: int


def measures(
    register: str,
    seen: Profile,
    standing: Standing,
    *,
    found: int,
    found_there: int,
    found_again: int,
    asked_for: int,
    whole_population: bool,
    has_basis: bool,
    sharing: int,
    distinct: int,
) -> pl.DataFrame:
    """The measures of an extract: one row per column of its description (``kolonne``) and one for the whole (``uttrekket``).

    A measure is null where it does not apply: another kind of column, no earlier extract, too few rows to compare.

    Args:
        register: name in ``REGISTERS``.
        seen: the new extract.
        standing: what is in use.
        found: participants with a row in it.
        found_there: participants with a row in it in the months that are compared with ``standing.participants``.
        found_again: those of ``standing.participants`` that are among them; where no month is held by both, as ``found_there``.
        asked_for: participants there are.
        whole_population: whether it holds far more persons than take part.
        has_basis: whether a legal basis for that is recorded, or none is needed.
        sharing: participants' rows with the key of another, different row.
        distinct: participants' rows, identical ones once.
    """
    by_column = _column_measures(register, seen, standing)
    whole = {
        "kolonne": WHOLE,
        "andel_ugyldig_person": seen.malformed / seen.rows if seen.rows else None,
        "andel_samme_nokkel": sharing / distinct if sharing >= extract_rules()["samme_nokkel"]["fra_rader"] else None,
        "n_hull": _gaps(register, seen, standing),
        "n_tynne": None if (thin := _thin(register, seen, standing)) is None else len(thin),
        "forhold_rader_maaned": _least_kept(register, seen, standing),
        "n_deltakere_funnet": found if asked_for and "person_key" in REGISTERS[register] else None,
        "uten_grunnlag": int(whole_population and not has_basis),
        **_growth(register, seen, standing, found_there, found_again),
    }
    return pl.concat([by_column, pl.DataFrame([whole])], how="diagonal_relaxed")


def places(register: str, seen: Profile, standing: Standing) -> dict[str, str]:
    """Where a rule is broken: sentences by code, with columns, months and numbers of rows, and no value."""
    required = [c.name for c in REGISTERS[register].columns if c.required]
    sizes = [c.name for c in REGISTERS[register].columns if _of_impossible_size(register, c.name, seen)]
    return {
        "uttrekk_uleselig": f" Unreadable: {_in_rows(seen, 'n_uleselig')}.",
        "uttrekk_utenfor_kodeliste": f" Outside: {_in_rows(seen, 'n_utenfor_kodeliste')}.",
        "uttrekk_mangler_verdi": f" Without a value: {_in_rows(seen, 'n_null', required)}.",
        "uttrekk_umulig_storrelse": f" Columns: {', '.join(sizes)}.",
        "uttrekk_tynn_maaned": f" {_listed(_thin(register, seen, standing) or [])}.",
    }


def _in_rows(seen: Profile, count: str, columns: list[str] | None = None) -> str:
    rows = seen.columns.filter(pl.col(count) > 0).sort("kolonne").select("kolonne", count, "n_rader").iter_rows()
    return ", ".join(f"{column} ({n} of {of})" for column, n, of in rows if columns is None or column in columns)


def _listed(months: list[str]) -> str:
    """The months or years, not more than a few."""
    return ", ".join(months[:_FEW]) + (f" and {len(months) - _FEW} more" if len(months) > _FEW else "")


def is_whole_population(persons: int, participants: int) -> bool:
    """Whether an extract holds so many more persons than take part that it was not made from a roster."""
    bar = extract_rules()["helbefolkning"]
    return bool(persons > bar["personer_per_deltaker"] * participants + bar["personer_i_tillegg"])


def _column_measures(register: str, seen: Profile, standing: Standing) -> pl.DataFrame:
    described = [c for c in REGISTERS[register].columns if c.name != "person_key"]
    facts = pl.DataFrame(
        {
            "kolonne": [c.name for c in described],
            "paakrevd": [c.required for c in described],
            "avgjorende": [c.decisive for c in described],
            "fri": [not c.codes and c.kind != "date" and c.name != period_of(register) for c in described],
            "utfylt_maaned": pl.Series([seen.least_filled.get(c.name) for c in described], dtype=pl.Float64),
            "utenfor": pl.Series([_of_impossible_size(register, c.name, seen) for c in described], dtype=pl.Int64),
        }
    )
    rows, floor = pl.col("n_rader"), _floor()
    share = {c: pl.when(rows > 0).then(pl.col(c) / rows) for c in ("n_null", "n_utenfor_kodeliste", "n_uleselig")}
    last = standing.columns.select(
        "kolonne", n_rader_sist="n_rader", n_null_sist="n_null", n_ulike_sist="n_ulike", middel_sist="middel"
    )
    joined = facts.join(seen.columns, on="kolonne", how="left", maintain_order="left").join(
        last, on="kolonne", how="left", maintain_order="left"
    )
    comparable = (rows >= floor) & (pl.col("n_rader_sist") >= floor)
    return joined.join(_code_changes(register, seen, standing), on="kolonne", how="left", maintain_order="left").select(
        "kolonne",
        "n_rader",
        andel_null_paakrevd=pl.when("paakrevd").then(share["n_null"]),
        andel_utenfor_kodeliste=share["n_utenfor_kodeliste"],
        andel_uleselig=share["n_uleselig"],
        n_utfylt_avgjorende=pl.when(pl.col("avgjorende") & (rows > 0)).then(rows - pl.col("n_null")),
        endring_null=pl.when(comparable).then(share["n_null"] - pl.col("n_null_sist") / pl.col("n_rader_sist")),
        endring_koder=pl.when(comparable).then("endring"),
        forhold_utfylt_maaned=pl.col("utfylt_maaned"),
        middel_utenfor=pl.col("utenfor"),
        forhold_middel=pl.when(comparable & (pl.col("middel_sist") > 0)).then(pl.col("middel") / pl.col("middel_sist")),
        # Fewer rows have fewer values: told only where there are about as many.
        forhold_ulike=pl.when(comparable & pl.col("fri") & (rows >= pl.col("n_rader_sist") / 2) & (pl.col("n_ulike_sist") >= _MANY))
        .then(pl.col("n_ulike") / pl.col("n_ulike_sist")),
    )  # fmt: skip


def _of_impossible_size(register: str, column: str, seen: Profile) -> int | None:
    """1 where the mean size of a column lies outside what its unit allows, 0 where inside; null where it has no bounds or few values."""
    bounds: list[float] | None = extract_rules()["middel"].get(register, {}).get(column)
    found: float | None = next(iter(seen.columns.filter(pl.col("kolonne") == column)["middel"]), None)
    if found == 0 and REGISTERS[register][column].minimum != 0:  # what may be a loss may be nothing for all
        return None
    return None if bounds is None or found is None else int(not bounds[0] <= found <= bounds[1])


def _code_changes(register: str, seen: Profile, standing: Standing) -> pl.DataFrame:
    """The largest change of any code's share, per column with a code list."""
    codes = pl.col("kolonne") != (period_of(register) or "")
    shares = [
        frame.filter(codes).select("kolonne", "verdi", andel=pl.col("n_rader") / pl.col("n_rader").sum().over("kolonne"))
        for frame in (seen.values, standing.values)
    ]
    both = shares[0].join(shares[1], on=["kolonne", "verdi"], how="inner", suffix="_sist")
    return both.group_by("kolonne").agg((pl.col("andel") - pl.col("andel_sist")).abs().max().alias("endring"))


def _gaps(register: str, seen: Profile, standing: Standing) -> int | None:
    """Months (or years) without a row between two that have rows, once the new extract stands beside what is in use."""
    new = _rows_by_period(register, seen)
    if new is None:
        return None
    rows = {_number(value): n for value, n in {**dict(standing.periods.iter_rows()), **new}.items()}
    bar = extract_rules()["sammenlign"]["fra_rader_i_nabomaaned"]
    known = sorted(rows)
    return sum(
        later - earlier - 1
        for earlier, later in pairwise(known)
        if later - earlier > 1 and min(rows[earlier], rows[later]) >= bar
    )


def _thin(register: str, seen: Profile, standing: Standing) -> list[str] | None:
    """Months (or years) of the new extract with far fewer rows than those before and after: half delivered, or a slip of the pen far away.

    The first has none before it and may be the beginning of something; the last is held against the one before.
    """
    new = _rows_by_period(register, seen)
    if new is None:
        return None
    bar, share = (float(extract_rules()["sammenlign"][name]) for name in ("fra_rader_tynn", "tynn_andel"))
    rows: dict[str, int] = {**dict(standing.alike.iter_rows()), **new}
    known = sorted(rows)
    # the month before, and the one after where there is one
    beside = {month: [rows[m] for m in known[i - 1 : i + 2 : 2]] for i, month in enumerate(known) if i}
    return sorted(m for m in new if m in beside and min(beside[m]) >= bar and new[m] < share * min(beside[m]))


def _least_kept(register: str, seen: Profile, standing: Standing) -> float | None:
    """Of the months (or years) that both hold, and that had many rows, the one that has kept the fewest: its rows as a ratio to those in use."""
    new, bar = _rows_by_period(register, seen), 2 * extract_rules()["faa"]["fra_rader_endret"]
    kept = [new[month] / n for month, n in standing.alike.iter_rows() if n >= bar and month in new] if new else []
    return min(kept, default=None)


def _rows_by_period(register: str, seen: Profile) -> dict[str, int] | None:
    period = period_of(register)
    return (
        None if period is None else dict(seen.values.filter(pl.col("kolonne") == period).select("verdi", "n_rader").iter_rows())
    )


def _number(value: str) -> int:
    """Months or years counted from year 0."""
    return int(value[:4]) * 12 + int(value[5:7]) if "-" in value else int(value)


def _growth(register: str, seen: Profile, standing: Standing, found: int, again: int) -> dict[str, float | None]:
    """Rows, rows a person and participants found again as ratios to the last good extract; over the months that both hold.

    Small registers have measures of their own (``_faa``), and none where the difference is too small to say anything.
    """
    new, old = _rows_compared(register, seen, standing)
    rows = new / old if old else None
    before, limits = standing.participants, extract_rules()["faa"]
    share, kept = (found / before, again / before) if before else (None, None)
    few, small = before < extract_rules()["sammenlign"]["fra_deltakere"], max(new, old) < _floor()
    lost, changed = before - again >= limits["fra_deltakere_borte"], abs(new - old) >= limits["fra_rader_endret"]
    return {
        "forhold_rader": None if small else rows,
        "forhold_rader_per_person": None if small else _per_person(rows, None if few else share),
        "forhold_deltakere": None if few else kept,
        "forhold_rader_faa": rows if small and changed else None,
        # of establishments, who have no participants, there may be ever more
        "forhold_rader_per_person_faa": _per_person(rows, share) if small and changed and before else None,
        "forhold_deltakere_faa": kept if few and lost else None,
    }


def _per_person(rows: float | None, participants: float | None) -> float | None:
    """The ratio of rows, less what more participants account for."""
    return None if rows is None else rows / max(1.0, participants or 1.0)


def _rows_compared(register: str, seen: Profile, standing: Standing) -> tuple[int, int]:
    """Rows of the new extract and of what is in use, in the months (or years) that both hold; all rows where there are none."""
    new = _rows_by_period(register, seen)
    if new is None:
        return seen.rows, max(standing.columns["n_rader"].to_list(), default=0)
    common = [(new[value], n) for value, n in standing.alike.iter_rows() if value in new]
    return sum(n for n, _ in common), sum(n for _, n in common)


def _floor() -> int:
    return int(extract_rules()["sammenlign"]["fra_rader"])
