"""The programme theory on the page: its drawing and the list of its links. Must not be here: where things stand in the drawing."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.dashboard import numbers
from pipeline.dashboard.chain import Drawing, Link, draw_chain
from pipeline.dashboard.estimates import about
from pipeline.dashboard.hiding import NO_NUMBER_GRADES
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import DataTable, Field, Row, shown_table

_LINE_STYLE = {"A": "a", "B": "b", "C": "none", "D": "none"}
_PER = {"andel_per_kontakt": "works.per_contact", "andel_per_nivaa": "works.per_level"}


def theory_drawing(links: pl.DataFrame, t: Texts) -> Drawing | None:
    """The picture of ``aarsakskjede``, numbered as in ``theory_table``; None without links."""
    if links.is_empty():
        return None
    nodes = sorted({*links["fra"].to_list(), *links["til"].to_list()})
    drawn = [Link(r["fra"], r["til"], _link_lines(r, t), _link_style(r)) for r in links.iter_rows(named=True)]
    return draw_chain(drawn, {node: t.label("ledd", node) for node in nodes})


def _link_style(row: Row) -> str:
    return _LINE_STYLE.get(row["grad"] or "", "open")


def _link_lines(row: Row, t: Texts) -> tuple[str, ...]:
    """Number, interval and unit line by line, so that the picture stays narrow; the line style and the list have the grade."""
    size, bracket, interval = _link_effect(row, t).partition(" [")
    per = _PER.get(row["enhet"]) if row["estimat"] is not None else None
    return (size, *([bracket.strip() + interval] if interval else []), *([t(per)] if per else []))


def theory_list(links: pl.DataFrame, t: Texts) -> list[tuple[str, str, str]]:
    """(link, effect, grade) by number, for screens that are too narrow for the picture."""
    rows = list(enumerate(links.iter_rows(named=True), start=1))
    return [(_arrow(n, r, t), " ".join(_link_lines(r, t)), t.label("grad", r["grad"])) for n, r in rows]


def _arrow(number: int, row: Row, t: Texts) -> str:
    return t("works.chain_arrow", number=number, cause=t.label("ledd", row["fra"]), effect=t.label("ledd", row["til"]))


def _link_effect(row: Row, t: Texts) -> str:
    if row["status"] == numbers.SUPPRESSED:
        return numbers.SUPPRESSED
    if not row["grad"]:
        return t("works.not_estimated")
    if row["grad"] in NO_NUMBER_GRADES or row["estimat"] is None:
        return t("works.no_basis")
    unit = row["enhet"] if row["enhet"] in numbers.POINT_UNITS else t.label("enhet", row["enhet"])
    return numbers.effect(row["estimat"], row["ki_nedre"], row["ki_ovre"], unit)


def theory_table(links: pl.DataFrame, t: Texts) -> DataTable:
    """One row per link, in the order in which the drawing numbers them."""
    numbered = links.with_row_index("nr", offset=1)
    named = {_link_name(r, t): r["nr"] for r in numbered.iter_rows(named=True)}
    fields = (
        Field("nr", t("col.number"), lambda r: str(r["nr"])),
        Field("fra", t("col.from"), lambda r: t.label("ledd", r["fra"]), numeric=False),
        Field("til", t("col.to"), lambda r: t.label("ledd", r["til"]), numeric=False),
        Field("estimat", t("col.effect"), lambda r: _link_effect(r, t)),
        Field("n", t("col.n"), lambda r: about(r["n"]) if r["n"] is not None else r["status"] or numbers.MISSING),
        Field("grad", t("col.grade"), lambda r: t.label("grad", r["grad"]) or t("works.not_estimated"), numeric=False),
        Field("begrunnelse", t("col.reason"), lambda r: _with_numbers(r["begrunnelse"] or "", named, t), numeric=False),
    )
    return shown_table("kjede", t("works.chain_caption"), numbered, fields)


def _link_name(row: Row, t: Texts) -> str:
    cause, effect = (t.label("ledd", row[end]) for end in ("fra", "til"))
    return t("works.link", cause=cause[:1].lower() + cause[1:], effect=effect[:1].lower() + effect[1:])


def _with_numbers(reason: str, named: Mapping[str, int], t: Texts) -> str:
    """The reason with its number behind every link that it names."""
    for link, number in named.items():
        reason = reason.replace(link, t("works.numbered", link=link, n=number))
    return reason
