"""What a delivery does to its sender's own key figures: which persons each figure is about, at the moments a receipt compares.

Definitions as ``kpi.csv`` and the later stages have them, computed from the rows as delivered. What may be shown of them is decided in
``shown_figures``. Source of the definitions: file description 2026-1, decision 043.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.merge import with_entity
from pipeline.intake.senders import successors
from pipeline.tables import DELIVERY_TABLES
from pipeline.tables.deliveries import DIRECT_TRANSITION, PLACEMENTS

POOLED_YEARS = 3  # whole years behind a share: one municipality's single year has too few exits for a share to be shown
PLACED_WITHIN_WEEKS = 13
COUNTS = ("i_programmet", "avsluttet_ifjor", "avsluttet_iaar")
SHARES = ("overgang", "praksis_13u")
FIGURES = (*COUNTS, *SHARES)
_TABLES = ("deltaker", "tiltak")
_COLUMNS = {
    "deltaker": ["prosjekt_id", "fnr", "start_dato", "slutt_dato", "avslutning"],
    "tiltak": ["prosjekt_id", "fnr", "start_dato", "slutt_dato", "tiltak_type"],
}
_MOMENT = ["receipt_id", "moment"]
_LABELS = [*_MOMENT, "fnr"]


def key_of(figure: str, year: int) -> str:
    """Under which name a figure is counted and remembered: exits by their year, so that this year's are next year's last."""
    return {"avsluttet_ifjor": f"avsluttet_{year - 1}", "avsluttet_iaar": f"avsluttet_{year}"}.get(figure, figure)


@dataclass(frozen=True)
class Moment:
    """A sender's own rows as they stood after delivery number ``moment``, seen on ``day`` for the receipt ``receipt_id``.

    Attributes:
        receipt_id: the receipt that asks.
        sender: whose projects.
        moment: number of the last delivery that counts.
        day: the day of that delivery; years are counted from it.
        statusdato: the day the data are complete to, when stated.
    """

    receipt_id: str
    sender: str
    moment: int
    day: date
    statusdato: date | None


def own_rows(
    history: Mapping[str, pl.DataFrame], turn: Iterable[Delivery], owners: Mapping[str, str], senders: Collection[str]
) -> dict[str, pl.DataFrame]:
    """Every accepted row of ``deltaker`` and ``tiltak`` in projects of these senders, withdrawals included.

    Args:
        history: per delivery table every accepted row of the deliveries that stand.
        turn: deliveries that have been judged and come after those.
        owners: project to owner before the turn; a project first delivered in it is its sender's.
        senders: whose projects.

    Returns:
        Per table: the rows with ``order``, ``_entity``, ``_natural`` and ``own``: the sender whose project it is. Left out are rows that
        only say again what stood.
    """
    sound = [d for d in turn if not d.fatal]
    tonight = {table: [d.fates[table].filter(_kept()) for d in sound if table in d.fates] for table in _TABLES}
    spoken = [rows.select("prosjekt_id", "sender") for f in tonight.values() for rows in f]
    first = dict(pl.concat(spoken).unique().rows()) if spoken else {}
    projects = _projects(senders, first | dict(owners))
    out: dict[str, pl.DataFrame] = {}
    for table in _TABLES:
        own = [_own(table, frame, projects) for frame in (history[table], *tonight[table])]
        keyed = with_entity(table, pl.concat(own).sort("order", maintain_order=True)).filter(pl.col("_entity").is_not_null())
        out[table] = _news(keyed.select("order", "own", "_entity", "_natural", "slettes", *_COLUMNS[table]))
    return out


def members(rows: Mapping[str, pl.DataFrame], moments: Iterable[Moment]) -> pl.DataFrame:
    """Who each figure is about: one row per receipt, moment, figure and participation.

    Returns:
        ``receipt_id``, ``moment``, ``fnr``, ``figure`` (as ``key_of`` names it) and ``yes`` (for shares whether the person reached it; true for
        counts).
    """
    asked = pl.DataFrame(
        [(m.receipt_id, m.moment, m.sender, m.day, m.statusdato) for m in moments],
        schema={"receipt_id": pl.String(), "moment": pl.Int64(), "own": pl.String(), "day": pl.Date(), "stated": pl.Date()},
        orient="row",
    ).unique(_MOMENT, keep="first", maintain_order=True)
    stood = _with_status(_stood(rows["deltaker"], asked))
    year, status = pl.col("day").dt.year(), pl.col("status")
    begun, left = pl.col("start_dato") <= status, pl.col("slutt_dato") <= status
    exits = stood.filter(left.fill_null(False)).with_columns(_year=pl.col("slutt_dato").dt.year())
    pooled = pl.col("_year").is_between(year - POOLED_YEARS, year)
    direct = pl.col("avslutning").fill_null("ukjent").is_in(DIRECT_TRANSITION)
    started = stood.with_columns(_year=pl.col("start_dato").dt.year()).filter(pooled)
    counted = [
        stood.filter(begun & ~left.fill_null(False)).select(*_LABELS, figure=pl.lit("i_programmet"), yes=True),
        exits.select(*_LABELS, figure=pl.format("avsluttet_{}", "_year"), yes=True),
        exits.filter(pooled).select(*_LABELS, figure=pl.lit("overgang"), yes=direct),
        _placed(started, rows["tiltak"], asked).select(*_LABELS, "yes", figure=pl.lit("praksis_13u")),
    ]
    return pl.concat(frame.select(*_LABELS, "figure", "yes") for frame in counted)


def _own(table: str, rows: pl.DataFrame, projects: pl.DataFrame) -> pl.DataFrame:
    """The rows in those projects, with the columns by which things are told apart and those that figures are counted from."""
    named = ["deltakelse_id"] if table == "deltaker" else []
    wanted = list(dict.fromkeys(["order", "slettes", *DELIVERY_TABLES[table].key, *named, *_COLUMNS[table]]))
    return rows.select(wanted).join(projects, on="prosjekt_id", maintain_order="left")


def _news(rows: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that repeat the one before about the same thing: most of what is delivered month by month.

    Things that have ever shared a key keep all their rows: there the last one spoken of counts.
    """
    thing = ["own", "_entity"]
    said = [c for c in rows.columns if c not in ("order", *thing)]
    shared = pl.col("_entity").n_unique().over("own", "_natural") > 1
    told = rows.with_row_index("_at").with_columns(_again=pl.len().over(thing) > 1, _shared=shared)
    more = told.filter("_again")  # windows over many columns are slow, and most things are told of once
    same = pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift(1)).over(thing) for c in said)
    repeated = same & (pl.int_range(pl.len()).over(thing) > 0) & ~pl.col("_shared")
    return pl.concat([told.filter(~pl.col("_again")), more.filter(~repeated)]).sort("_at").select(rows.columns)


def _kept() -> pl.Expr:
    return pl.col("_fate").is_in(["accepted", "withdrawn"])


def _projects(senders: Collection[str], owners: Mapping[str, str]) -> pl.DataFrame:
    """Project and the sender whose own it is, under the municipality's earlier and later numbers too."""
    owned: dict[str, list[str]] = {}
    for project, owner in owners.items():
        owned.setdefault(owner, []).append(project)
    earlier: dict[str, set[str]] = {}
    for owner in owned:
        for later in successors(owner):
            earlier.setdefault(later, set()).add(owner)
    pairs = [
        (project, sender)
        for sender in sorted(senders)
        for owner in sorted(earlier.get(sender, set()) | (successors(sender) & owned.keys()))
        for project in owned[owner]
    ]
    return pl.DataFrame(pairs, schema={"prosjekt_id": pl.String(), "own": pl.String()}, orient="row")


def _stood(rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The rows as they stood at each moment: the last of each thing, unless it was withdrawn."""
    known = asked.join(rows, on="own", maintain_order="left_right").filter(pl.col("order") <= pl.col("moment"))
    latest = known.unique([*_MOMENT, "_entity"], keep="last", maintain_order=True)
    return latest.filter(pl.col("slettes").fill_null("nei") != "ja").unique(
        [*_MOMENT, "_natural"], keep="last", maintain_order=True
    )


def _with_status(stood: pl.DataFrame) -> pl.DataFrame:
    """Add ``status``: the stated day, else the latest start or exit up to the day of receipt, else that day."""
    told = (
        stood.select(*_MOMENT, "day", spoken=pl.concat_list("start_dato", "slutt_dato"))
        .explode("spoken")
        .filter(pl.col("spoken") <= pl.col("day"))
        .group_by(_MOMENT)
        .agg(derived=pl.col("spoken").max())
    )
    return stood.join(told, on=_MOMENT, how="left", maintain_order="left").with_columns(
        status=pl.min_horizontal(pl.coalesce("stated", "derived", "day"), "day")
    )


def _placed(started: pl.DataFrame, tiltak: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Participations followed for 13 weeks without a placement brought along, with ``yes``: placed within them."""
    window = pl.duration(days=7 * PLACED_WITHIN_WEEKS - 1)
    followed = started.filter(pl.col("start_dato") + window <= pl.col("status")).with_row_index("_at")
    spells = _stood(tiltak.filter(pl.col("tiltak_type").is_in(PLACEMENTS)), asked).select(
        *_MOMENT, "fnr", "prosjekt_id", _begun="start_dato", _ended="slutt_dato"
    )
    met = followed.join(spells, on=[*_MOMENT, "fnr", "prosjekt_id"])
    begun, start = pl.col("_begun"), pl.col("start_dato")
    carried = met.filter((begun < start) & (pl.col("_ended").is_null() | (pl.col("_ended") >= start)))["_at"].unique()
    inside = begun.is_between(start, pl.min_horizontal(start + window, "slutt_dato", "status"))
    placed = met.filter(inside)["_at"].unique()
    return followed.filter(~pl.col("_at").is_in(carried.implode())).with_columns(yes=pl.col("_at").is_in(placed.implode()))
