"""Rules over time: what a delivery says against what the same sender has said before, as flag columns (true = broken).

A sender is only held against its own deliveries: nothing here tells that another sender has delivered about the same person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipeline.intake.judging.known import Known
from pipeline.intake.judging.rows import ENDLESS, flag_rows
from pipeline.intake.merge import project_owners, with_entity
from pipeline.tables import DELIVERY_TABLES

LEVELS_FALLEN = 2
MONTHS_UNTIL_SETTLED = 12
DAYS_MOVED = 92
_LABELS = {"receipt_id": pl.String(), "row_no": pl.Int64(), "sender": pl.String()}
# a participation's facts that do not change by themselves
_LASTING = {"JS271": "kjonn", "JS272": "fodselsdato", "JS273": "landbakgrunn", "JS277": "fnr"}
_SAME = {"deltaker": ("JS207", ["fnr", "prosjekt_id"]), "tiltak": ("JS208", ["fnr", "prosjekt_id", "tiltak_type"])}


def history_flags(
    table: str, frame: pl.DataFrame, batches: Mapping[str, pl.DataFrame], known: Known, today: date
) -> pl.DataFrame:
    """One table's batch with the flags of rules over time.

    Args:
        table: delivery table.
        frame: its typed rows.
        batches: the turn's typed rows of every table.
        known: what stood before the turn.
        today: the day the deliveries are received.
    """
    if table in _SAME:
        frame = _overlapping(table, frame, batches, known)
    if table == "deltaker":
        frame = _elsewhere(_changed(frame, known, today), batches, known)
    if table == "kartlegging":
        frame = _fallen(frame, batches, known)
    return frame


def standing(table: str, batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    """The rows of a table that would stand if all of the turn were taken in, one per thing.

    Returns:
        The table's columns, ``_entity``, and ``receipt_id``, ``row_no``, ``sender``: of the delivery the row comes from; ``row_no`` is null
        for rows that stood before.
    """
    names = DELIVERY_TABLES[table].names
    senders = {r.receipt_id: r.avsender for r in known.ledger.deliveries}
    sender = pl.col("receipt_id").replace_strict(senders, default=None, return_dtype=pl.String)
    absent = [pl.lit(None, dtype=pl.String).alias(n) for n in names if n not in known.current[table].columns]
    before = known.current[table].with_columns(pl.lit(None, dtype=pl.Int64).alias("row_no"), sender.alias("sender"), *absent)
    came = batches[table] if table in batches else DELIVERY_TABLES[table].empty().with_columns(
        pl.lit(None, dtype=kind).alias(label) for label, kind in _LABELS.items()
    )  # fmt: skip
    rows = pl.concat([before.select(*names, *_LABELS), came.select(*names, *_LABELS)])
    latest = with_entity(table, rows).filter(pl.col("_entity").is_not_null()).unique("_entity", keep="last", maintain_order=True)
    return latest.filter(pl.col("slettes").fill_null("nei") != "ja").drop("_natural")


def owner_of_rows(batches: Mapping[str, pl.DataFrame], known: Known) -> dict[str, str]:
    """Project to owner, with the projects that the turn brings."""
    said = {n: f for n, f in batches.items() if "prosjekt_id" in DELIVERY_TABLES[n]}
    return project_owners(said) | dict(known.owners) if said else dict(known.owners)


def _overlapping(table: str, frame: pl.DataFrame, batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    """Spells of one person that overlap: participations of a project, measures of a type."""
    code, group = _SAME[table]
    spells = standing(table, batches, known).select("receipt_id", "row_no", *group, "_entity", *_span()).drop_nulls("start_dato")
    pairs = spells.join(spells, on=group, suffix="_other").filter(pl.col("_entity") != pl.col("_entity_other"))
    return flag_rows(frame, _of_turn(pairs.filter(_at_once())), code)


def _elsewhere(frame: pl.DataFrame, batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    """JS270: the same sender has the person in another project of the same owner at the same time."""
    owner = pl.col("prosjekt_id").replace_strict(owner_of_rows(batches, known), default=None, return_dtype=pl.String)
    group = ["fnr", "sender", "_owner"]
    spells = standing("deltaker", batches, known).with_columns(owner.alias("_owner"))
    spells = spells.select("receipt_id", "row_no", "prosjekt_id", *group, *_span()).drop_nulls([*group, "start_dato"])
    pairs = spells.join(spells, on=group, suffix="_other").filter(pl.col("prosjekt_id") != pl.col("prosjekt_id_other"))
    return flag_rows(frame, _of_turn(pairs.filter(_at_once())), "JS270")


def _changed(frame: pl.DataFrame, known: Known, today: date) -> pl.DataFrame:
    """JS271-JS273, JS277: a lasting fact of a participation is another than before; JS274: its start has moved by over three months;
    JS275: why it ended over a year ago is another."""
    facts = [*_LASTING.values(), "start_dato", "avslutning", "slutt_dato"]
    names = [*DELIVERY_TABLES["deltaker"].names]
    before = known.current["deltaker"].with_columns(pl.lit(None, dtype=pl.String).alias("slettes"))
    labelled = before.with_columns(
        pl.lit(None, dtype=pl.String).alias("receipt_id"), pl.lit(None, dtype=pl.Int64).alias("row_no")
    )
    columns = [*names, "receipt_id", "row_no"]
    rows = with_entity("deltaker", pl.concat([labelled.select(columns), frame.select(columns)]))
    then = rows.filter(pl.col("row_no").is_null()).select("_entity", *(pl.col(f).alias(f"_{f}") for f in facts))
    now = rows.filter(pl.col("row_no").is_not_null() & (pl.col("slettes").fill_null("nei") != "ja"))
    met = now.join(then.drop_nulls("_entity"), on="_entity")
    for code, fact in _LASTING.items():
        frame = flag_rows(frame, met.filter(pl.col(fact) != pl.col(f"_{fact}")), code)
    moved = (pl.col("start_dato") - pl.col("_start_dato")).dt.total_days().abs() > DAYS_MOVED
    frame = flag_rows(frame, met.filter(moved), "JS274")
    settled = pl.col("_slutt_dato").dt.offset_by(f"{MONTHS_UNTIL_SETTLED}mo") < today
    return flag_rows(frame, met.filter(settled & (pl.col("avslutning") != pl.col("_avslutning"))), "JS275")


def _fallen(frame: pl.DataFrame, batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    """JS276: the level of Norwegian is two or more below that of the person's assessment before."""
    levels = DELIVERY_TABLES["kartlegging"]["norsk_niva"].codes
    level = pl.col("norsk_niva").replace_strict({name: i for i, name in enumerate(levels)}, default=None, return_dtype=pl.Int64)
    rows = standing("kartlegging", batches, known).with_columns(level.alias("_level")).drop_nulls(["fnr", "dato", "_level"])
    ordered = rows.sort("fnr", "prosjekt_id", "dato", "_entity")
    before = pl.col("_level").shift(1).over("fnr", "prosjekt_id", order_by=["dato", "_entity"])
    fallen = ordered.with_columns(before.alias("_before")).filter(pl.col("_before") - pl.col("_level") >= LEVELS_FALLEN)
    return flag_rows(frame, _of_turn(fallen), "JS276")


def _span() -> list[pl.Expr]:
    return [pl.col("start_dato"), pl.col("slutt_dato").fill_null(ENDLESS).alias("_end")]


def _at_once() -> pl.Expr:
    return (pl.col("start_dato") <= pl.col("_end_other")) & (pl.col("start_dato_other") <= pl.col("_end"))


def _of_turn(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("row_no").is_not_null())
