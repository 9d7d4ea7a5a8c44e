"""What one person or project adds to one indicator: the common shape that every family of indicators returns."""

from __future__ import annotations

import polars as pl

PLACE = ("prosjekt_id", "komm_nr_ref", "fylke_nr", "bydel_nr", "malgruppe", "kjonn")
SHAPE: dict[str, pl.DataType] = {
    "kpi": pl.String(), "nevnerregel": pl.String(), "aar": pl.Int64(), **dict.fromkeys(PLACE, pl.String()),
    "dim": pl.String(), "dim_verdi": pl.String(), "teller": pl.Float64(), "nevner": pl.Float64(),
}  # fmt: skip
ALL_EXITS, NOT_PHASED_OUT = "alle_avsluttede", "uten_utfasede"


def contribution(
    rows: pl.DataFrame,
    kpi: str,
    rule: str,
    numerator: pl.Expr,
    denominator: pl.Expr | None = None,
    split: tuple[str, pl.Expr] | None = None,
) -> pl.DataFrame:
    """One row per row of ``rows`` with a known ``numerator``, in the common shape.

    Args:
        rows: one row per unit with ``aar`` and those columns of ``PLACE`` that it has.
        kpi: indicator, as in ``codes/kpi.csv``.
        rule: denominator rule, as there.
        numerator: what the unit adds above the line (the value itself for medians); null = not in this indicator.
        denominator: what it adds below the line, 1 when left out.
        split: breakdown and its value when the indicator has one of its own; such rows stand in no other breakdown.
    """
    below = pl.lit(1.0) if denominator is None else denominator
    dim, dim_verdi = (pl.lit(None), pl.lit(None)) if split is None else (pl.lit(split[0]), split[1])
    place = [pl.col(name) if name in rows.columns else pl.lit(None).alias(name) for name in PLACE]
    named = rows.select(
        "aar", *place, kpi=pl.lit(kpi), nevnerregel=pl.lit(rule), dim=dim, dim_verdi=dim_verdi, teller=numerator, nevner=below
    )
    return named.select(pl.col(name).cast(dtype) for name, dtype in SHAPE.items()).drop_nulls("teller")


def both_rules(exits: pl.DataFrame, kpi: str, numerator: pl.Expr, split: tuple[str, pl.Expr] | None = None) -> pl.DataFrame:
    """The contribution of ``exits`` under both denominator rules: all leavers, and those not phased out."""
    kept = exits.filter(~pl.col("utfaset"))
    return pl.concat(
        [
            contribution(exits, kpi, ALL_EXITS, numerator, split=split),
            contribution(kept, kpi, NOT_PHASED_OUT, numerator, split=split),
        ]
    )
