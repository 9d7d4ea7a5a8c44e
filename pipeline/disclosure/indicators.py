"""National indicators beside direct transition: shares, means, and status in November.

Belongs here: their primary rule, and the guards against differences between nested counts of the same persons.
Only the country by year is released, so that their one link is between denominators and between nested numerators.
"""

from __future__ import annotations

import polars as pl

from pipeline.disclosure.audit import Audit, audit
from pipeline.disclosure.parameters import HIDDEN, ZERO, declared, share, unsafe
from pipeline.disclosure.problem import TOTAL, TableSpec, build_problem
from pipeline.disclosure.protect import suppress

_KEY = ["kpi", "nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"]
_ALL, _WITHOUT = "alle_avsluttede", "uten_utfasede"


def shares(national: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """The declared shares, country by year.

    Args:
        national: rows of ``STATISTIKK["nokkeltall"]``: country, single years, no breakdown, with ``overgang_direkte`` among them.
        threshold: smallest count shown.

    Returns:
        Rows of ``UTDATA["nokkeltall"]`` without target. Hidden: the primary rule, or a count of 1 to threshold - 1 follows from
        another released row: the other denominator, a wider numerator, a numerator that excludes it, or the denominator of
        an indicator of all leavers (how many of them have left the country or died).
    """
    rules = declared()
    counted = national.with_columns(pl.col("teller", "nevner").round(0).cast(pl.Int64))
    rows = counted.filter(pl.col("kpi").is_in(rules["andeler"]) & (pl.col("nevner") > 0))
    hidden = unsafe(pl.col("nevner"), pl.col("teller"), threshold)
    for narrow, wide in rules["delmengder"]:
        other = _other(counted, wide).with_columns(kpi=pl.lit(narrow))
        rows, close = _compare(rows, other, ["kpi", "periode", "nevnerregel"], threshold)
        hidden = hidden | close
    for one, excluded in rules["disjunkte"]:
        other = _other(counted, excluded).with_columns(kpi=pl.lit(one), _k=pl.col("_n") - pl.col("_k"))
        rows, close = _compare(rows, other, ["kpi", "periode", "nevnerregel"], threshold)
        hidden = hidden | close
    for fewer, everybody in rules["samme_personer"]:
        # denominators alone: those who left the country or died are in one and not in the other; what is hidden by now tells nothing
        told = rows.filter(~hidden.fill_null(False)) if everybody in rules["andeler"] else counted
        other = _other(told, everybody).with_columns(kpi=pl.lit(fewer), _k=pl.lit(None, pl.Int64))
        rows, close = _compare(rows, other, ["kpi", "periode", "nevnerregel"], threshold)
        hidden = hidden | close
    return _hide(apart(rows.with_columns(_hidden=hidden.fill_null(False)), threshold))


def apart(rows: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Rows with ``_hidden`` (added when missing) also where another denominator rule of the same cell is too close.

    Two rules count nearly the same persons: when denominators, numerators or those without the outcome differ by 1 to
    threshold - 1, the difference tells of these few. Of such a pair all leavers are kept before those without the phased-out, and
    these before other rules.

    Args:
        rows: ``kpi`` to ``nevnerregel``, ``teller`` and ``nevner`` (null where hidden already).
        threshold: smallest difference that may be told.
    """
    same = [c for c in _KEY if c != "nevnerregel"]
    ranked = rows.with_columns(_rank=_rank())
    other = ranked.select(*same, _n="nevner", _k="teller", _other="_rank")
    pairs = ranked.join(other, on=same).filter(pl.col("_other") < pl.col("_rank")).filter(_close(threshold)).select(_KEY).unique()
    close = rows.join(pairs.with_columns(_pair=pl.lit(True)), on=_KEY, how="left", maintain_order="left")["_pair"].fill_null(
        False
    )
    before = pl.col("_hidden") if "_hidden" in rows.columns else pl.lit(False)
    return rows.with_columns(_hidden=before | close)


def _rank() -> pl.Expr:
    rule = pl.col("nevnerregel")
    return pl.when(rule == _ALL).then(pl.lit("0")).when(rule == _WITHOUT).then(pl.lit("1")).otherwise(pl.lit("2") + rule)


def _other(counted: pl.DataFrame, kpi: str) -> pl.DataFrame:
    return counted.filter(pl.col("kpi") == kpi).select("kpi", "periode", "nevnerregel", _n="nevner", _k="teller")


def _compare(rows: pl.DataFrame, other: pl.DataFrame, on: list[str], threshold: int) -> tuple[pl.DataFrame, pl.Expr]:
    """Rows with a flag column: some difference to the other row counts 1 to threshold - 1 persons."""
    flag = f"_close_{len([c for c in rows.columns if c.startswith('_close_')])}"
    joined = rows.join(other, on=on, how="left", maintain_order="left")
    return joined.with_columns(_close(threshold).alias(flag)).drop("_n", "_k"), pl.col(flag)


def _close(threshold: int) -> pl.Expr:
    n, k = pl.col("_n") - pl.col("nevner"), pl.col("_k") - pl.col("teller")
    return pl.any_horizontal([(gap.abs() > 0) & (gap.abs() < threshold) for gap in (n, k, n - k)]).fill_null(False)


def _hide(rows: pl.DataFrame) -> pl.DataFrame:
    hidden = pl.col("_hidden")
    return share(
        rows.select(
            *_KEY, "enhet",
            pl.when(~hidden).then("teller").alias("teller"), pl.when(~hidden).then("nevner").alias("nevner"),
            pl.when(hidden).then(pl.lit(HIDDEN)).otherwise(pl.lit("")).alias("status"),
        )
    )  # fmt: skip


def means(national: pl.DataFrame) -> pl.DataFrame:
    """The declared means and medians, country by year, without counts of their own: one decimal, hidden under the larger threshold.

    Only the main denominator is released, so that no difference of two sums exists.
    """
    rules = declared()
    rows = national.filter(
        pl.col("kpi").is_in(rules["gjennomsnitt"]) & (pl.col("nevnerregel") != _WITHOUT) & (pl.col("nevner") > 0)
    )
    hidden = pl.col("nevner") < rules["terskel_gjennomsnitt"]
    digits = pl.when(pl.col("enhet") == "andel").then(pl.col("verdi").round(2)).otherwise(pl.col("verdi").round(1))
    return rows.select(
        *_KEY, "enhet",
        pl.when(~hidden).then(digits).alias("verdi"),
        pl.when(hidden).then(pl.lit(HIDDEN)).otherwise(pl.lit("")).alias("status"),
    )  # fmt: skip


def november(national: pl.DataFrame, threshold: int) -> tuple[pl.DataFrame, Audit | None]:
    """Status in November by year, protected as one linked table (status within active or not), and its audit.

    A year in which nearly everybody has the same status is hidden.
    A status that nobody has is a shown zero. Returns None as audit when there is nothing to release.
    """
    rows = national.filter((pl.col("dim") == "november_status") & (pl.col("nevnerregel") == _ALL))
    if rows.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys([*_KEY, "enhet", "status"], pl.String)}), None
    active = (
        pl.when(pl.col("dim_verdi").is_in(declared()["november_aktiv"])).then(pl.lit("aktiv")).otherwise(pl.lit("ikke_aktiv"))
    )
    inner = rows.select(aar="periode", status="dim_verdi", gruppe=active, n=pl.col("teller").round(0).cast(pl.Int64))
    spec = TableSpec(("aar", "status"), {"status": "gruppe"}, (("aar", "status"),), threshold, remainders=True)
    problem = build_problem(inner, spec, "n", None)
    pattern = suppress(problem)
    out = []
    total = {m.codes[0]: (m.value, s) for m, s in zip(problem.measures, pattern.shown, strict=True) if m.codes[1] == TOTAL}
    for measure, shown in zip(problem.measures, pattern.shown, strict=True):
        year, status = measure.codes
        if year != TOTAL and status not in (TOTAL, "ikke_aktiv") and total[year][0] > 0:
            n, n_shown = total[year]
            dim = ("alle", "alle") if status == "aktiv" else ("november_status", status)
            out.append(("november_status", "land", "0", year, *dim, _ALL, "andel", measure.value, n, not (shown and n_shown)))
    types = {**dict.fromkeys([*_KEY, "enhet"], pl.String), "teller": pl.Int64, "nevner": pl.Int64, "_hidden": pl.Boolean}
    frame = pl.DataFrame(out, schema=types, orient="row")
    rest, is_active = pl.col("nevner") - pl.col("teller"), pl.col("dim") == "alle"
    alike = ((rest < threshold) | (is_active & (pl.col("teller") < threshold))).any().over("periode")
    released = _hide(frame.with_columns(_hidden=pl.col("_hidden") | alike))
    zero = pl.when(pl.col("teller") == 0).then(pl.lit(ZERO)).otherwise("status")
    return released.with_columns(status=zero), audit(problem, pattern)
