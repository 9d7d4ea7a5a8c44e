"""Rules within one row and among the rows of one delivery, as flag columns (true = broken)."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipeline.codes import rules_by_year
from pipeline.intake.merge import with_entity
from pipeline.rules import flag_name
from pipeline.tables import DELIVERY_TABLES

EARLIEST_BIRTH = date(1900, 1, 1)
FIRST_YEAR = date(2005, 1, 1)
ENDLESS = date(9999, 12, 31)  # the last day of what has not ended


def row_flags(table: str, frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """The batch with the flags of rules that look at one row, or at the other rows of the same delivery.

    Args:
        table: delivery table.
        frame: typed rows with ``receipt_id`` and ``row_no``.
        today: the day the deliveries are received.
    """
    flags = [f.fill_null(False).alias(flag_name(code)) for code, f in _within_row(table, today).items()]
    return _repeated(table, frame.with_columns(flags))


def _within_row(table: str, today: date) -> dict[str, pl.Expr]:
    start, end = pl.col("start_dato"), pl.col("slutt_dato")
    flags: dict[str, pl.Expr] = {}
    if table in ("prosjekt", "deltaker", "tiltak"):
        flags["JS201"] = end < start
    if table in ("kartlegging", "oppfolging", "etteroppfolging", "arbeidsgiver_svar"):
        flags["JS202"] = pl.col("dato") > today
    if table in ("deltaker", "tiltak"):
        flags |= {"JS203": start > today, "JS204": end > today, "JS206": start < FIRST_YEAR}
    if table in ("kartlegging", "oppfolging", "etteroppfolging"):
        flags["JS206"] = pl.col("dato") < FIRST_YEAR
    if table == "deltaker":
        flags |= _participation(today) | _eligibility()
    if table == "innsending":
        flags |= {"JS303": pl.col("avsender") != pl.col("sender"), "JS305": pl.col("statusdato") > today}
        flags["JS306"] = pl.len().over("receipt_id") > 1
    return flags


def _participation(today: date) -> dict[str, pl.Expr]:
    start, end, birth = pl.col("start_dato"), pl.col("slutt_dato"), pl.col("fodselsdato")
    return {
        "JS205": (birth < EARLIEST_BIRTH) | (birth >= start) | (birth > today),
        "JS234": end.is_not_null() & (end <= today) & pl.col("avslutning").is_null(),
        "JS235": end.is_null() & pl.col("avslutning").is_not_null(),
        "JS236": pl.col("antall_barn_under_6") > pl.col("antall_barn"),
        "JS237": pl.col("soknad_dato") > start,
    }


def _eligibility() -> dict[str, pl.Expr]:
    """The scheme's rules on the day the participation starts (``codes.rules_by_year``)."""
    start = pl.col("start_dato")
    age = _whole_months(pl.col("fodselsdato"), start) // 12
    since_intro = _whole_months(pl.col("intro_avsluttet_dato"), start)
    return {
        "JS230": (age < _on("alder_min", start)) | (age > _on("alder_max", start)),
        "JS231": since_intro < 12 * _on("intro_karantene", start),
        "JS232": (pl.col("inntektskilde_start") == "sosialhjelp") & (_on("uten_sosialhjelp", start) == 1),
        # the day on which the months are full is the last one; every day after it is too long
        "JS233": _whole_months(start, pl.col("slutt_dato").dt.offset_by("-1d")) >= _on("varighet_max", start),
    }


def _on(name: str, day: pl.Expr) -> pl.Expr:
    """The value of a rule of the scheme on a day; null before its first day."""
    value = pl.lit(None, dtype=pl.Float64)
    for rule in rules_by_year().filter(pl.col("regel") == name).iter_rows(named=True):
        inside = (day >= rule["gyldig_fra"]) & (day < (rule["gyldig_til"] or ENDLESS))
        value = pl.when(inside).then(pl.lit(float(rule["verdi"]))).otherwise(value)
    return value


def _whole_months(earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
    months = (later.dt.year() - earlier.dt.year()) * 12 + later.dt.month().cast(pl.Int32) - earlier.dt.month().cast(pl.Int32)
    return months - (later.dt.day() < earlier.dt.day()).cast(pl.Int32)


def _repeated(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Flag rows of one key: later identical ones (JS217), all of them when they differ (JS218)."""
    if table == "innsending":
        return frame.with_columns(pl.lit(False).alias(flag_name(c)) for c in ("JS217", "JS218"))
    cells = [pl.col(c).cast(pl.String).fill_null("\x00") for c in DELIVERY_TABLES[table].names]
    keyed = with_entity(table, frame, "receipt_id").with_columns(pl.concat_str(cells, separator="\x1f").alias("_content"))
    known = pl.col("_entity").is_not_null()
    differs = (pl.col("_content").n_unique().over("_entity") > 1) | (pl.col("_entity").n_unique().over("_natural") > 1)
    differs = known & differs & (pl.col("_natural").is_not_null() | (pl.col("_content").n_unique().over("_entity") > 1))
    later = pl.col("row_no") > pl.col("row_no").min().over("_entity")
    flagged = keyed.with_columns(differs.alias(flag_name("JS218")), (known & ~differs & later).alias(flag_name("JS217")))
    return flagged.drop("_entity", "_natural", "_content")


def flag_rows(frame: pl.DataFrame, broken: pl.DataFrame, code: str) -> pl.DataFrame:
    """Add the flag of ``code``, true for the rows (``receipt_id``, ``row_no``) that ``broken`` holds."""
    marked = broken.select("receipt_id", "row_no", pl.lit(True).alias("_broken")).unique()
    joined = frame.join(marked, on=["receipt_id", "row_no"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("_broken").fill_null(False).alias(flag_name(code))).drop("_broken")
